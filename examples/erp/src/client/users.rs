use axum::extract::State;
use axum::http::StatusCode;
use multitenant_axum::{Json, Path, Principal, Problem, Query, Tenant};
use multitenant_core::platform::Platform;
use multitenant_core::rbac::PermissionSet;
use multitenant_core::{Code, UserId};
use secrecy::ExposeSecret;
use serde::Serialize;
use utoipa::ToSchema;

use super::user::{NewUserForm, RolesForm, UserPatchForm, UserView, UsersQuery};
use crate::caller::{Caller, told};

/// A page of the list of users.
#[derive(Serialize, ToSchema)]
pub(super) struct Users {
    users: Vec<UserView>,
    /// How many there are on all pages.
    total: i64,
}

/// A user who was made.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct CreatedUser {
    #[serde(flatten)]
    user: UserView,
    /// Shown this once.
    temporary_password: String,
}

/// Lists the client's users, in the order of their addresses.
#[utoipa::path(
    get,
    path = "/users",
    params(UsersQuery),
    responses((status = 200, description = "A page of users", body = Users))
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    tenant: Tenant,
    Query(query): Query<UsersQuery>,
) -> Result<Json<Users>, Problem> {
    let (filter, page) = query.read()?;
    let listed = platform.accounts().users(tenant.id(), &filter, page).await;
    let listed = listed.map_err(told)?;
    Ok(Json(Users {
        users: listed.items.into_iter().map(UserView::from).collect(),
        total: listed.total,
    }))
}

/// Shows a user.
#[utoipa::path(
    get,
    path = "/users/{id}",
    params(("id" = String, Path, format = "uuid", description = "The user's id")),
    responses((status = 200, description = "The user", body = UserView))
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    tenant: Tenant,
    Path(id): Path<UserId>,
) -> Result<Json<UserView>, Problem> {
    let user = platform.accounts().user(tenant.id(), id).await;
    Ok(Json(user.map_err(told)?.into()))
}

/// Makes a user. Nobody gives what they do not hold.
#[utoipa::path(
    post,
    path = "/users",
    request_body = NewUserForm,
    responses((status = 201, description = "Made, with a temporary password", body = CreatedUser)),
    extensions(("x-problems" = json!(["conflict"])))
)]
pub(super) async fn create(
    State(platform): State<Platform>,
    tenant: Tenant,
    who: Principal,
    caller: Caller,
    Json(form): Json<NewUserForm>,
) -> Result<(StatusCode, Json<CreatedUser>), Problem> {
    let (change, new) = (caller.change(&who), form.read()?);
    let accounts = platform.accounts();
    let created = accounts.create_user(&change, tenant.id(), new, held(&who)?);
    let created = created.await.map_err(told)?;
    let created = CreatedUser {
        user: created.user.into(),
        temporary_password: created.temporary_password.expose_secret().to_owned(),
    };
    Ok((StatusCode::CREATED, Json(created)))
}

/// Changes a user, whose tokens end with that.
#[utoipa::path(
    patch,
    path = "/users/{id}",
    params(("id" = String, Path, format = "uuid", description = "The user's id")),
    request_body = UserPatchForm,
    responses((status = 200, description = "The user as they are now", body = UserView)),
    extensions(("x-problems" = json!(["conflict"])))
)]
pub(super) async fn update(
    State(platform): State<Platform>,
    tenant: Tenant,
    who: Principal,
    caller: Caller,
    Path(id): Path<UserId>,
    Json(form): Json<UserPatchForm>,
) -> Result<Json<UserView>, Problem> {
    let (change, patch) = (caller.change(&who), form.read()?);
    let accounts = platform.accounts();
    let patched = accounts.patch_user(&change, tenant.id(), id, patch, held(&who)?);
    Ok(Json(patched.await.map_err(told)?.into()))
}

/// Deletes a user with their sessions.
#[utoipa::path(
    delete,
    path = "/users/{id}",
    params(("id" = String, Path, format = "uuid", description = "The user's id")),
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["conflict"])))
)]
pub(super) async fn remove(
    State(platform): State<Platform>,
    tenant: Tenant,
    who: Principal,
    caller: Caller,
    Path(id): Path<UserId>,
) -> Result<StatusCode, Problem> {
    let change = caller.change(&who);
    let accounts = platform.accounts();
    let deleted = accounts.delete_user(&change, tenant.id(), id, held(&who)?);
    deleted.await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Gives a user these roles and no others.
#[utoipa::path(
    put,
    path = "/users/{id}/roles",
    params(("id" = String, Path, format = "uuid", description = "The user's id")),
    request_body = RolesForm,
    responses((status = 200, description = "The user as they are now", body = UserView)),
    extensions(("x-problems" = json!(["conflict"])))
)]
pub(super) async fn set_roles(
    State(platform): State<Platform>,
    tenant: Tenant,
    who: Principal,
    caller: Caller,
    Path(id): Path<UserId>,
    Json(form): Json<RolesForm>,
) -> Result<Json<UserView>, Problem> {
    let (change, roles) = (caller.change(&who), form.read()?);
    let accounts = platform.accounts();
    let set = accounts.set_user_roles(&change, tenant.id(), id, &roles, held(&who)?);
    Ok(Json(set.await.map_err(told)?.into()))
}

/// What the caller may do: nobody gives what they do not hold.
fn held(who: &Principal) -> Result<&PermissionSet, Problem> {
    Ok(who.granted().ok_or(Code::PermissionDenied)?)
}
