use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use multitenant_core::gate::{self, Passage};
use multitenant_core::tenant;

use super::thin;
use crate::Problem;

/// Who acts: on a route with a rule for users or for the staff.
///
/// ```
/// use multitenant_actix::Principal;
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
/// use multitenant_actix::Tenant;
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
        impl FromRequest for $extractor {
            type Error = Problem;
            type Future = Ready<Result<Self, Problem>>;

            fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
                let extensions = request.extensions();
                let taken = $take(extensions.get(), stringify!($extractor));
                ready(taken.cloned().map(Self).map_err(Problem::from))
            }
        }
    };
}

from_passage!(Principal, Passage::principal);
from_passage!(Tenant, Passage::tenant);
from_passage!(HintedTenant, Passage::hinted);
