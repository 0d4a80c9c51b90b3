use std::fmt;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::{Access, Gate, Passage, Refusal};
use crate::resolve::{RequestView, Resolver};
use crate::tenant::Tenants;
use crate::{Code, Problem};

/// What an adapter asks about each request to a route: a [`Gate`] by a rule, or only which tenant
/// it is for.
#[derive(Clone)]
pub struct Entrance(Kind);

#[derive(Clone)]
enum Kind {
    Guarded(Gate, Access),
    ByName(Arc<Resolver>),
}

impl Entrance {
    /// Lets those through whom the gate lets through by this rule.
    pub fn guarded(gate: impl Into<Gate>, access: impl Into<Access>) -> Self {
        Self(Kind::Guarded(gate.into(), access.into()))
    }

    /// Lets everybody through who names a tenant that is served, and asks nobody who they are: for
    /// an application that does so itself, by means that are bound to the tenant.
    pub fn by_name(resolver: impl Into<Resolver>) -> Self {
        Self(Kind::ByName(Arc::new(resolver.into())))
    }

    /// Decides about one request, with what an adapter does around it: a refusal leaves a line in
    /// the log, and whoever is let through stands in the current span's fields `tenant` and
    /// `subject`, if it has them.
    ///
    /// # Errors
    /// The [`Problem`] that the caller is told. Without a gate: 400 `tenant_required` for nobody's
    /// name, 403 `tenant_mismatch` for two, 404 `not_found` for a tenant that does not exist or is
    /// not served.
    pub async fn admit(&self, request: &(impl RequestView + ?Sized)) -> Result<Passage, Problem> {
        let resolver = match &self.0 {
            Kind::Guarded(gate, access) => return gate.guard(request, *access).await,
            Kind::ByName(resolver) => resolver,
        };
        let named = resolver.served(request).await;
        let tenant = named.map_err(|error| Refusal::from(error).tell())?;
        let passage = Passage::Named(tenant.ok_or(Code::NotFound)?);
        passage.record();
        Ok(passage)
    }

    /// Where tenants are found.
    #[must_use]
    pub fn tenants(&self) -> &Arc<dyn Tenants> {
        match &self.0 {
            Kind::Guarded(gate, _) => gate.tenants(),
            Kind::ByName(resolver) => resolver.tenants(),
        }
    }

    /// The runtime on which tenants' connections live, as for [`Gate::runtime`].
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        self.tenants().runtime()
    }
}

impl fmt::Debug for Entrance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Guarded(_, access) => f.debug_tuple("Guarded").field(access).finish(),
            Kind::ByName(_) => f.write_str("ByName"),
        }
    }
}
