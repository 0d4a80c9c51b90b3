use super::misplaced::Misplaced;
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
    /// Who acts, for the extractor of this name.
    ///
    /// # Errors
    /// [`Misplaced`] where the route's rule lets nobody in particular through.
    pub fn principal<'p>(
        found: Option<&'p Self>,
        extractor: &'static str,
    ) -> Result<&'p Principal, Misplaced> {
        match found {
            Some(Self::User(principal, _) | Self::Staff(principal)) => Ok(principal),
            other => Err(Misplaced::new(extractor, advice(other))),
        }
    }

    /// The tenant that a user acts in, or that is named where the application asks by itself who
    /// acts, for the extractor of this name.
    ///
    /// # Errors
    /// [`Misplaced`] where the route's rule is none for users.
    pub fn tenant<'p>(
        found: Option<&'p Self>,
        extractor: &'static str,
    ) -> Result<&'p Tenant, Misplaced> {
        match found {
            Some(Self::User(_, tenant) | Self::Named(tenant)) => Ok(tenant),
            other => Err(Misplaced::new(extractor, advice(other))),
        }
    }

    /// The tenant that a stranger names, for the extractor of this name.
    ///
    /// # Errors
    /// [`Misplaced`] where the route's rule is not [`Access::TenantHint`](super::Access::TenantHint).
    pub fn hinted<'p>(
        found: Option<&'p Self>,
        extractor: &'static str,
    ) -> Result<&'p Option<Tenant>, Misplaced> {
        match found {
            Some(Self::Hinted(tenant)) => Ok(tenant),
            other => Err(Misplaced::new(extractor, advice(other))),
        }
    }

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

/// What to do where a handler takes what it was not given.
const fn advice(found: Option<&Passage>) -> &'static str {
    match found {
        None => {
            "nothing guards the route, so the layer `Guard` is missing: add the route by \
             Guarded::route(rule, path, handler), or put Guard::new(gate, rule) around it \
             (axum: .route_layer(…) after it; actix-web: .wrap(…) on its resource or scope)"
        }
        Some(Passage::Public) => {
            "the route is public: add it by Guarded::route with a rule instead of \
             Guarded::public"
        }
        Some(Passage::Hinted(_)) => {
            "the route's rule is Access::TenantHint, which gives a HintedTenant and nobody \
             who acts"
        }
        Some(Passage::Named(_)) => {
            "nobody is asked there who they are, since the application does that itself: take \
             Tenant, or put Guard::new(gate, rule) around the route in place of \
             Guard::by_name or TenantRouter"
        }
        Some(Passage::Staff(_)) => {
            "the route's rule is one for the staff, who have no tenant: give it a rule for \
             users"
        }
        Some(Passage::User(..)) => {
            "the route's rule is one for users: give it Access::TenantHint, or take Tenant \
             and Principal instead"
        }
    }
}
