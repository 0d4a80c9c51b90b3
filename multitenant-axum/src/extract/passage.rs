use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use multitenant_core::gate::{self, Passage};
use multitenant_core::tenant;

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

/// Takes what it needs of the passage that the guard left in the request.
macro_rules! from_passage {
    ($extractor:ident, $take:path) => {
        impl<S: Send + Sync> FromRequestParts<S> for $extractor {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
                let taken = $take(parts.extensions.get(), stringify!($extractor))?;
                Ok(Self(taken.clone()))
            }
        }
    };
}

from_passage!(Principal, Passage::principal);
from_passage!(Tenant, Passage::tenant);
from_passage!(HintedTenant, Passage::hinted);
