use multitenant_core::gate;
use multitenant_core::tenant;

use super::{from_passage, thin};

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

from_passage!([] Principal, gate::Principal);
from_passage!([] Tenant, tenant::Tenant);
from_passage!([] HintedTenant, Option<tenant::Tenant>);
