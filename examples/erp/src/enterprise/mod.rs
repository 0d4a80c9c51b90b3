//! What the platform's staff do: sign in, and look after clients.

mod auth;
mod client;
mod client_health;
mod clients;
mod domains;
mod servers;

use axum::routing::{delete, get, patch, post, put};
use multitenant_axum::Guarded;
use multitenant_core::gate::Access;
use multitenant_core::platform::Platform;
use multitenant_core::rbac::EnterpriseAction::{Administer, Manage, Read};
use utoipa::OpenApi;

use crate::own_account;

pub(crate) use client::TIERS;

/// The same routes as the document has them.
#[derive(OpenApi)]
#[openapi(paths(
    auth::login,
    auth::refresh,
    own_account::logout,
    auth::me,
    own_account::change_password,
    clients::create,
    clients::list,
    clients::show,
    clients::update,
    clients::remove,
    clients::suspend,
    clients::activate,
    client_health::show,
    domains::list,
    domains::add,
    domains::remove,
    servers::list
))]
pub(crate) struct Documented;

/// The routes under `/api/enterprise`, in the order of the story.
pub(crate) fn routes(platform: &Platform) -> Guarded<Platform> {
    let oneself = Access::STAFF_BEFORE_PASSWORD_CHANGE;
    Guarded::new(platform.gate().clone())
        .public("/auth/login", post(auth::login))
        .public("/auth/refresh", post(auth::refresh))
        .route(oneself, "/auth/logout", post(own_account::logout))
        .route(oneself, "/auth/me", get(auth::me))
        .route(
            oneself,
            "/auth/password",
            post(own_account::change_password),
        )
        .route(Administer, "/clients", post(clients::create))
        .route(Read, "/clients", get(clients::list))
        .route(Read, "/clients/{id}", get(clients::show))
        .route(Manage, "/clients/{id}", patch(clients::update))
        .route(Manage, "/clients/{id}", delete(clients::remove))
        .route(Manage, "/clients/{id}/suspend", post(clients::suspend))
        .route(Manage, "/clients/{id}/activate", post(clients::activate))
        .route(Read, "/clients/{id}/health", get(client_health::show))
        .route(Read, "/clients/{id}/domains", get(domains::list))
        .route(Manage, "/clients/{id}/domains/{domain}", put(domains::add))
        .route(
            Manage,
            "/clients/{id}/domains/{domain}",
            delete(domains::remove),
        )
        .route(Read, "/servers", get(servers::list))
}
