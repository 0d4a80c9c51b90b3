use axum::extract::State;
use multitenant_axum::{Json, Problem, Tenant};
use multitenant_core::accounts::StoredRole;
use multitenant_core::platform::Platform;
use serde::Serialize;
use utoipa::ToSchema;

use crate::caller::told;

/// A role, and what it grants.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Role)]
pub(super) struct RoleView {
    #[schema(example = "Viewer")]
    name: String,
    /// Whether it came with the client and stays.
    is_system: bool,
    /// `resource:action`, where `*` stands for any.
    #[schema(example = json!(["users:read"]))]
    permissions: Vec<String>,
}

impl From<StoredRole> for RoleView {
    fn from(role: StoredRole) -> Self {
        Self {
            name: role.name.to_string(),
            is_system: role.is_system,
            permissions: role.permissions,
        }
    }
}

/// Every role of a client.
#[derive(Serialize, ToSchema)]
pub(super) struct Roles {
    roles: Vec<RoleView>,
    total: usize,
}

/// Lists the client's roles.
#[utoipa::path(
    get,
    path = "/roles",
    responses((status = 200, description = "The roles", body = Roles))
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    tenant: Tenant,
) -> Result<Json<Roles>, Problem> {
    let roles = platform.accounts().roles(tenant.id()).await;
    let roles: Vec<_> = roles
        .map_err(told)?
        .into_iter()
        .map(RoleView::from)
        .collect();
    let total = roles.len();
    Ok(Json(Roles { roles, total }))
}

/// Everything that can be granted.
#[derive(Serialize, ToSchema)]
pub(super) struct Permissions {
    #[schema(example = json!(["users:read"]))]
    permissions: Vec<String>,
    total: usize,
}

/// Every permission that a role can grant.
#[utoipa::path(
    get,
    path = "/permissions",
    responses((status = 200, description = "The permissions", body = Permissions))
)]
pub(super) async fn permissions(State(platform): State<Platform>) -> Json<Permissions> {
    let all = platform.registry().permissions().iter();
    let permissions: Vec<_> = all.map(ToString::to_string).collect();
    let total = permissions.len();
    Json(Permissions { permissions, total })
}
