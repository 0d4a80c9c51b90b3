use axum::extract::State;
use axum::http::StatusCode;
use multitenant_axum::{Json, Path, Principal, Problem};
use multitenant_core::catalog::Catalog;
use multitenant_core::platform::Platform;
use multitenant_core::{Code, Domain, TenantId};
use serde::Serialize;
use utoipa::ToSchema;

use super::clients::find;
use crate::caller::{Caller, told};
use crate::forms::Check;

/// A client's own domains, by name.
#[derive(Serialize, ToSchema)]
pub(super) struct Domains {
    #[schema(example = json!(["shop.acme.example"]))]
    domains: Vec<String>,
    total: usize,
}

/// Lists a client's own domains.
#[utoipa::path(
    get,
    path = "/clients/{id}/domains",
    params(("id" = String, Path, format = "uuid", description = "The client's id")),
    responses((status = 200, description = "The client's domains", body = Domains))
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    Path(id): Path<TenantId>,
) -> Result<Json<Domains>, Problem> {
    find(&platform, id).await?;
    let domains = platform.catalog().domains(id).await.map_err(told)?;
    let domains: Vec<_> = domains.iter().map(ToString::to_string).collect();
    let total = domains.len();
    Ok(Json(Domains { domains, total }))
}

/// Gives a client a domain of its own; have its owner prove first that it is theirs.
#[utoipa::path(
    put,
    path = "/clients/{id}/domains/{domain}",
    params(("id" = String, Path, format = "uuid", description = "The client's id"), ("domain" = String, Path, description = "A host that names the client", example = "shop.acme.example")),
    responses((status = 204, description = "The domain names the client")),
    extensions(("x-problems" = json!(["conflict", "validation_failed"])))
)]
pub(super) async fn add(
    State(platform): State<Platform>,
    who: Principal,
    caller: Caller,
    Path((id, domain)): Path<(TenantId, String)>,
) -> Result<StatusCode, Problem> {
    let mut check = Check::default();
    let domain: Option<Domain> = check.field("domain", domain.parse());
    let (domain, change) = (check.done(domain)?, caller.change(&who));
    let added = platform.catalog().add_domain(&change, id, &domain).await;
    added.map_err(told)?;
    in_force(&platform).await
}

/// Takes a domain away from a client.
#[utoipa::path(
    delete,
    path = "/clients/{id}/domains/{domain}",
    params(("id" = String, Path, format = "uuid", description = "The client's id"), ("domain" = String, Path, description = "A host that names the client", example = "shop.acme.example")),
    responses((status = 204, description = "The domain names nobody"))
)]
pub(super) async fn remove(
    State(platform): State<Platform>,
    who: Principal,
    caller: Caller,
    Path((id, domain)): Path<(TenantId, String)>,
) -> Result<StatusCode, Problem> {
    let domain: Domain = domain.parse().map_err(|_| Code::NotFound)?;
    let change = caller.change(&who);
    let removed = platform.catalog().remove_domain(&change, id, &domain);
    match removed.await.map_err(told)? {
        true => in_force(&platform).await,
        false => Err(Code::NotFound.into()),
    }
}

async fn in_force(platform: &Platform) -> Result<StatusCode, Problem> {
    platform.tenants().catch_up().await.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}
