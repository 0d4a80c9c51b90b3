use actix_web::{HttpMessage, HttpRequest};
use multitenant_core::gate::{self, FromPassage};
use multitenant_core::{Problem, tenant};

use super::{taken_at_once, thin};

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

taken_at_once!([] Principal, gate::Principal, passage);
taken_at_once!([] Tenant, tenant::Tenant, passage);
taken_at_once!([] HintedTenant, Option<tenant::Tenant>, passage);

/// Takes what is inside of the passage that the guard left in the request.
pub(super) fn passage<T: FromPassage>(request: &HttpRequest) -> Result<T, Problem> {
    T::from_passage(request.extensions().get())
}
