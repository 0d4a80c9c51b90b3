//! The one decision: who acts for which tenant, or why not.

mod entrance;
mod misplaced;
mod passage;
mod principal;
mod refusal;
mod refusal_log;
mod route;
mod routes;
mod rule;
mod taken;
mod within;

use std::sync::Arc;

use tokio::runtime::Handle;

use crate::auth::{Authenticator, Identity, Policies};
use crate::rbac::{EnterpriseAction, Permission, PermissionSet, Reach};
use crate::resolve::{RequestView, Resolver, single_header};
use crate::tenant::{Tenant, Tenants};
use crate::{Problem, Realm, Standing, TenantId};

pub use entrance::Entrance;
pub use misplaced::Misplaced;
pub use passage::Passage;
pub use principal::Principal;
pub use refusal::Refusal;
pub use refusal_log::RefusalLog;
pub use route::Route;
pub use routes::{RoutedPath, Routes};
pub use rule::{Access, AccessRule};
pub use taken::FromPassage;
pub use within::Within;

/// Decides for each request who acts for which tenant, or why not. Cheap to clone.
#[doc = include_str!("../docs/gate.md")]
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    resolver: Resolver,
    authenticator: Arc<dyn Authenticator>,
    policies: Policies,
    log: Option<Arc<dyn RefusalLog>>,
}

impl Gate {
    /// A gate that resolves, authenticates and decides by these.
    pub fn new(
        resolver: Resolver,
        authenticator: Arc<dyn Authenticator>,
        policies: Policies,
    ) -> Self {
        Self::build(resolver, authenticator, policies, None)
    }

    /// A gate as [`new`](Self::new) makes it, that tells `log` whenever it refuses somebody who
    /// was signed in.
    #[must_use]
    pub fn with_refusal_log(
        resolver: Resolver,
        authenticator: Arc<dyn Authenticator>,
        policies: Policies,
        log: Arc<dyn RefusalLog>,
    ) -> Self {
        Self::build(resolver, authenticator, policies, Some(log))
    }

    fn build(
        resolver: Resolver,
        authenticator: Arc<dyn Authenticator>,
        policies: Policies,
        log: Option<Arc<dyn RefusalLog>>,
    ) -> Self {
        let inner = Inner {
            resolver,
            authenticator,
            policies,
            log,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// Decides about one request to a route with this rule.
    ///
    /// # Errors
    /// [`Refusal`] says why not; as a [`Problem`] it says what the caller may know.
    pub async fn admit(
        &self,
        request: &(impl RequestView + ?Sized),
        access: Access,
    ) -> Result<Passage, Refusal> {
        match access {
            Access::Public => Ok(Passage::Public),
            Access::TenantHint => Ok(Passage::Hinted(self.inner.resolver.served(request).await?)),
            Access::User {
                while_password_change_due,
            } => self.user(request, while_password_change_due, None).await,
            Access::Permission(permission) => self.user(request, false, Some(permission)).await,
            Access::Staff {
                action,
                while_password_change_due,
            } => self.staff(request, while_password_change_due, action).await,
        }
    }

    /// As [`admit`](Self::admit), with what an adapter does around it: a refusal leaves a line in
    /// the log, and whoever is let through stands in the current span's fields `tenant` and
    /// `subject`, if it has them.
    ///
    /// # Errors
    /// The [`Problem`] that the caller is told.
    pub async fn guard(
        &self,
        request: &(impl RequestView + ?Sized),
        access: Access,
    ) -> Result<Passage, Problem> {
        match self.admit(request, access).await {
            Ok(passage) => {
                passage.record();
                Ok(passage)
            }
            Err(refusal) => Err(refusal.tell()),
        }
    }

    /// The runtime on which tenants' connections live. An adapter whose handlers run on
    /// runtimes of their own polls them [`Within`] this one.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        self.tenants().runtime()
    }

    /// Where tenants are found.
    #[must_use]
    pub fn tenants(&self) -> &Arc<dyn Tenants> {
        self.inner.resolver.tenants()
    }

    /// Checks that nothing in a request contradicts a tenant that is known from elsewhere, such as
    /// a refresh token.
    ///
    /// # Errors
    /// [`Refusal::Resolve`] where a source names another tenant, or one that does not exist.
    pub async fn confirm(
        &self,
        request: &(impl RequestView + ?Sized),
        tenant: TenantId,
    ) -> Result<(), Refusal> {
        Ok(self.inner.resolver.confirm(tenant, request).await?)
    }

    async fn authenticate(
        &self,
        request: &(impl RequestView + ?Sized),
        realm: Realm,
    ) -> Result<Identity, Refusal> {
        let token = bearer(request)?;
        self.inner.resolver.tenants().check_fresh()?;
        Ok(self.inner.authenticator.authenticate(realm, token).await?)
    }

    async fn user(
        &self,
        request: &(impl RequestView + ?Sized),
        while_due: bool,
        permission: Option<Permission>,
    ) -> Result<Passage, Refusal> {
        let identity = self.authenticate(request, Realm::Client).await?;
        let passed = self.check_user(request, &identity, while_due, permission);
        let (granted, tenant) = passed.await.inspect_err(|why| self.note(&identity, why))?;
        Ok(Passage::User(Principal::user(identity, granted), tenant))
    }

    async fn check_user(
        &self,
        request: &(impl RequestView + ?Sized),
        identity: &Identity,
        while_due: bool,
        permission: Option<Permission>,
    ) -> Result<(PermissionSet, Tenant), Refusal> {
        check_password(identity, while_due)?;
        let Standing::User { tenant, roles } = &identity.standing else {
            return Err(denied("a member of the staff is no user of a tenant"));
        };
        self.inner.resolver.confirm(*tenant, request).await?;
        let tenants = self.inner.resolver.tenants();
        let served = match tenants.warm(*tenant) {
            Some(warm) => warm,
            None => tenants.tenant(*tenant).await?,
        };
        let policy = self.inner.policies.of(*tenant).await?;
        if let Some(permission) = permission {
            let decision = policy.decide(roles, permission);
            if !decision.is_allowed() {
                return Err(denied(decision));
            }
        }
        Ok((policy.resolve(roles), served))
    }

    async fn staff(
        &self,
        request: &(impl RequestView + ?Sized),
        while_due: bool,
        action: EnterpriseAction,
    ) -> Result<Passage, Refusal> {
        let identity = self.authenticate(request, Realm::Enterprise).await?;
        let passed = check_password(&identity, while_due).and_then(|()| may(&identity, action));
        passed.inspect_err(|why| self.note(&identity, why))?;
        Ok(Passage::Staff(Principal::staff(identity)))
    }

    fn note(&self, who: &Identity, why: &Refusal) {
        if let Some(log) = &self.inner.log {
            log.refused(who, why);
        }
    }
}

fn may(identity: &Identity, action: EnterpriseAction) -> Result<(), Refusal> {
    match identity.standing {
        // Which tenants are assigned is not kept yet: whoever has only those has none.
        Standing::Staff(role) if role.reach() == Reach::Assigned => {
            Err(denied(format_args!("no tenants are assigned to a {role}")))
        }
        Standing::Staff(role) if role.may(action) => Ok(()),
        Standing::Staff(role) => Err(denied(format_args!("{role} may not {action:?}"))),
        Standing::User { .. } => Err(denied("a tenant's user is no member of the staff")),
    }
}

fn check_password(identity: &Identity, while_due: bool) -> Result<(), Refusal> {
    if identity.password_change_due && !while_due {
        return Err(Refusal::PasswordChangeDue);
    }
    Ok(())
}

fn denied(reason: impl std::fmt::Display) -> Refusal {
    Refusal::Denied {
        reason: reason.to_string(),
    }
}

/// The bearer token of a request (RFC 6750, section 2.1).
fn bearer(request: &(impl RequestView + ?Sized)) -> Result<&str, Refusal> {
    let header = single_header(request, "authorization")
        .map_err(|_| Refusal::TokenUnreadable)?
        .ok_or(Refusal::TokenMissing)?;
    let (scheme, token) = std::str::from_utf8(header)
        .ok()
        .and_then(|text| text.split_once(' '))
        .ok_or(Refusal::TokenUnreadable)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Refusal::TokenUnreadable);
    }
    Ok(token)
}
