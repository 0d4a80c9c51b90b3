use axum::extract::State;
use multitenant_axum::{Json, Problem, Tenant};
use multitenant_core::accounts::StoredRole;
use multitenant_core::platform::Platform;
use serde::Serialize;

use crate::caller::told;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RoleView {
    name: String,
    is_system: bool,
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

#[derive(Serialize)]
pub(super) struct Roles {
    roles: Vec<RoleView>,
    total: usize,
}

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

#[derive(Serialize)]
pub(super) struct Permissions {
    permissions: Vec<String>,
    total: usize,
}

/// Every permission that a role can grant.
pub(super) async fn permissions(State(platform): State<Platform>) -> Json<Permissions> {
    let all = platform.registry().permissions().iter();
    let permissions: Vec<_> = all.map(ToString::to_string).collect();
    let total = permissions.len();
    Json(Permissions { permissions, total })
}
