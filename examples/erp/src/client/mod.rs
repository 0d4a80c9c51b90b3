//! What a client's people do: sign in, and look after each other.

mod auth;
mod ping;
mod roles;
mod user;
mod users;

use axum::routing::{delete, get, patch, post, put};
use multitenant_axum::Guarded;
use multitenant_core::gate::Access;
use multitenant_core::platform::Platform;
use multitenant_core::rbac::access;
use utoipa::OpenApi;

use crate::own_account;

/// The same routes as the document has them.
#[derive(OpenApi)]
#[openapi(paths(
    auth::login,
    auth::refresh,
    own_account::logout,
    auth::me,
    own_account::change_password,
    ping::ping,
    users::list,
    users::create,
    users::show,
    users::update,
    users::remove,
    users::set_roles,
    roles::list,
    roles::permissions
))]
pub(crate) struct Documented;

/// The routes under `/api/client`, in the order of the story.
pub(crate) fn routes(platform: &Platform) -> Guarded<Platform> {
    let oneself = Access::USER_BEFORE_PASSWORD_CHANGE;
    Guarded::new(platform.gate().clone())
        .route(Access::TenantHint, "/auth/login", post(auth::login))
        .public("/auth/refresh", post(auth::refresh))
        .route(oneself, "/auth/logout", post(own_account::logout))
        .route(oneself, "/auth/me", get(auth::me))
        .route(
            oneself,
            "/auth/password",
            post(own_account::change_password),
        )
        .route(Access::USER, "/ping", get(ping::ping))
        .route(access::users::READ, "/users", get(users::list))
        .route(access::users::CREATE, "/users", post(users::create))
        .route(access::users::READ, "/users/{id}", get(users::show))
        .route(access::users::UPDATE, "/users/{id}", patch(users::update))
        .route(access::users::DELETE, "/users/{id}", delete(users::remove))
        .route(
            access::users::UPDATE,
            "/users/{id}/roles",
            put(users::set_roles),
        )
        .route(access::roles::READ, "/roles", get(roles::list))
        .route(access::roles::READ, "/permissions", get(roles::permissions))
}
