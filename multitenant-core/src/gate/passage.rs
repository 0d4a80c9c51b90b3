use super::principal::Principal;
use crate::tenant::Tenant;

/// What a request was let through as.
///
/// An adapter keeps it with the request, where its extractors find it, and then with the response
/// until its body has ended: whoever still reads a tenant's rows holds on to the tenant, so that
/// a suspension reaches them.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Passage {
    /// Nobody in particular, no tenant.
    Public,
    /// Nobody in particular, who names a tenant. `None`: there is no such tenant, or it is not
    /// served, which the caller must not notice.
    Hinted(Option<Tenant>),
    /// Whoever names a tenant that is served. The application asks who they are by itself.
    Named(Tenant),
    /// A user of a tenant.
    User(Principal, Tenant),
    /// A member of the platform's staff.
    Staff(Principal),
}

impl Passage {
    /// Whether there is a tenant in it, to be held on to until the response has ended.
    #[must_use]
    pub fn has_tenant(&self) -> bool {
        matches!(
            self,
            Self::User(..) | Self::Named(_) | Self::Hinted(Some(_))
        )
    }

    pub(super) fn record(&self) {
        let span = tracing::Span::current();
        let (principal, tenant) = match self {
            Self::User(principal, tenant) => (Some(principal), Some(tenant)),
            Self::Staff(principal) => (Some(principal), None),
            Self::Named(tenant) => (None, Some(tenant)),
            Self::Hinted(tenant) => (None, tenant.as_ref()),
            Self::Public => (None, None),
        };
        if let Some(tenant) = tenant {
            span.record("tenant", tracing::field::display(tenant.id()));
        }
        if let Some(principal) = principal {
            span.record("subject", tracing::field::display(principal.subject()));
        }
    }
}
