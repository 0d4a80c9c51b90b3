//! The one decision: who acts for which tenant, or why not.

mod principal;
mod refusal;
mod rule;

use std::sync::Arc;

use crate::auth::{Authenticator, Identity, Policies, Standing};
use crate::rbac::{EnterpriseAction, Permission};
use crate::resolve::{RequestView, ResolveError, Resolver, single_header};
use crate::tenant::{Tenant, TenantError};
use crate::{Realm, TenantId};

pub use principal::Principal;
pub use refusal::Refusal;
pub use rule::Access;

/// What a request was let through as.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Passage {
    /// Nobody in particular, no tenant.
    Public,
    /// Nobody in particular, who names a tenant. `None`: there is no such tenant, or it is not
    /// served, which the caller must not notice.
    Hinted(Option<Tenant>),
    /// A user of a tenant.
    User(Principal, Tenant),
    /// A member of the platform's staff.
    Staff(Principal),
}

/// Decides for each request who acts for which tenant, or why not. Cheap to clone.
#[derive(Clone)]
pub struct Gate {
    inner: Arc<Inner>,
}

struct Inner {
    resolver: Resolver,
    authenticator: Arc<dyn Authenticator>,
    policies: Policies,
}

impl Gate {
    /// A gate that resolves, authenticates and decides by these.
    pub fn new(
        resolver: Resolver,
        authenticator: Arc<dyn Authenticator>,
        policies: Policies,
    ) -> Self {
        Self {
            inner: Arc::new(Inner {
                resolver,
                authenticator,
                policies,
            }),
        }
    }

    /// Decides about one request to a route with this rule.
    ///
    /// # Errors
    /// [`Refusal`] says why not; as a [`Problem`](crate::Problem) it says what the caller may know.
    pub async fn admit(
        &self,
        request: &(impl RequestView + ?Sized),
        access: Access,
    ) -> Result<Passage, Refusal> {
        match access {
            Access::Public => Ok(Passage::Public),
            Access::TenantHint => self.hinted(request).await.map(Passage::Hinted),
            Access::User {
                while_password_change_due,
            } => {
                let identity = self.authenticate(request, Realm::Client).await?;
                check_password(&identity, while_password_change_due)?;
                self.user(request, identity, None).await
            }
            Access::Permission(permission) => {
                let identity = self.authenticate(request, Realm::Client).await?;
                check_password(&identity, false)?;
                self.user(request, identity, Some(permission)).await
            }
            Access::Staff {
                action,
                while_password_change_due,
            } => {
                let identity = self.authenticate(request, Realm::Enterprise).await?;
                check_password(&identity, while_password_change_due)?;
                staff(identity, action).map(Passage::Staff)
            }
        }
    }

    /// Checks that nothing in a request contradicts a tenant that is known from elsewhere, such as
    /// a refresh token.
    ///
    /// # Errors
    /// [`Refusal::Resolve`] where a source names another tenant, or nobody.
    pub async fn confirm(
        &self,
        request: &(impl RequestView + ?Sized),
        tenant: TenantId,
    ) -> Result<(), Refusal> {
        Ok(self.inner.resolver.confirm(tenant, request).await?)
    }

    async fn hinted(
        &self,
        request: &(impl RequestView + ?Sized),
    ) -> Result<Option<Tenant>, Refusal> {
        let tenant = match self.inner.resolver.hinted(request).await {
            Ok(tenant) => tenant,
            Err(ResolveError::Unknown) => return Ok(None),
            Err(other) => return Err(other.into()),
        };
        match self.inner.resolver.tenants().tenant(tenant).await {
            Ok(tenant) => Ok(Some(tenant)),
            Err(TenantError::Unknown | TenantError::NotServed(_)) => Ok(None),
            Err(other) => Err(ResolveError::Lookup(other).into()),
        }
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
        identity: Identity,
        permission: Option<Permission>,
    ) -> Result<Passage, Refusal> {
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
        let granted = policy.resolve(roles);
        Ok(Passage::User(Principal::user(identity, granted), served))
    }
}

fn staff(identity: Identity, action: EnterpriseAction) -> Result<Principal, Refusal> {
    match identity.standing {
        Standing::Staff(role) if role.may(action) => Ok(Principal::staff(identity)),
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
