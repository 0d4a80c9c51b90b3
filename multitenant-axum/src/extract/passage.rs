use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use multitenant_core::gate::{self, Passage};
use multitenant_core::{Code, tenant};

use super::thin;
use crate::Problem;

/// Who acts: on a route with a rule for users or for the staff.
///
/// ```
/// use multitenant_axum::Principal;
///
/// async fn me(who: Principal) -> String {
///     who.subject().to_string()
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Principal(pub gate::Principal);

/// The tenant that the user acts in: on a route with a rule for users.
///
/// ```
/// use multitenant_axum::Tenant;
///
/// async fn ping(tenant: Tenant) -> String {
///     tenant.slug().to_string()
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Tenant(pub tenant::Tenant);

/// The tenant that a stranger names: on a route with the rule
/// [`Access::TenantHint`](gate::Access::TenantHint). `None` where there is none, which the answer
/// must not show.
#[derive(Debug, Clone)]
pub struct HintedTenant(pub Option<tenant::Tenant>);

thin!([] Principal, gate::Principal);
thin!([] Tenant, tenant::Tenant);
thin!([] HintedTenant, Option<tenant::Tenant>);

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get() {
            Some(Passage::User(principal, _) | Passage::Staff(principal)) => {
                Ok(Self(principal.clone()))
            }
            other => Err(misplaced("Principal", other)),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Tenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        users_tenant(parts, "Tenant").cloned().map(Self)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for HintedTenant {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        match parts.extensions.get() {
            Some(Passage::Hinted(tenant)) => Ok(Self(tenant.clone())),
            other => Err(misplaced("HintedTenant", other)),
        }
    }
}

/// The tenant of a user who was let through.
pub(super) fn users_tenant<'p>(
    parts: &'p Parts,
    extractor: &str,
) -> Result<&'p tenant::Tenant, Problem> {
    match parts.extensions.get() {
        Some(Passage::User(_, tenant)) => Ok(tenant),
        other => Err(misplaced(extractor, other)),
    }
}

/// The extractor stands on a route whose rule does not give what it takes.
fn misplaced(extractor: &str, passage: Option<&Passage>) -> Problem {
    let advice = match passage {
        None => {
            "nothing guards the route: add it by Guarded::route(rule, path, handler), or put \
             .route_layer(Guard::new(gate, rule)) after it"
        }
        Some(Passage::Public) => {
            "the route is public: add it by Guarded::route with a rule instead of Guarded::public"
        }
        Some(Passage::Hinted(_)) => {
            "the route's rule is Access::TenantHint, which gives a HintedTenant and nobody who acts"
        }
        Some(Passage::Staff(_)) => {
            "the route's rule is one for the staff, who have no tenant: give it a rule for users"
        }
        Some(_) => {
            "the route's rule is one for users: give it Access::TenantHint, or take Tenant and \
             Principal instead"
        }
    };
    tracing::error!(
        extractor,
        "a route cannot give what its handler takes: {advice}"
    );
    Code::Internal.into()
}
