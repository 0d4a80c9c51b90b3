use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use multitenant_axum::{Json, Path, Principal, Problem, Query};
use multitenant_core::catalog::{Catalog, Idempotency, TenantRow};
use multitenant_core::directory::TenantStatus;
use multitenant_core::platform::Platform;
use multitenant_core::provision::ProvisioningError;
use multitenant_core::{Code, FieldError, Problem as CoreProblem, TenantId};
use serde::Serialize;
use utoipa::ToSchema;

use super::client::{
    ClientPatchForm, ClientView, ClientsQuery, Confirmation, NO_SERVER, NewClientForm,
};
use crate::caller::{Caller, told};
use crate::forms::Check;

/// A client that was made.
#[derive(Serialize, ToSchema)]
#[schema(as = CreatedClient)]
pub(super) struct Created {
    /// Always true.
    success: bool,
    client: ClientView,
    admin: FirstAdmin,
}

/// Who administers a new client.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct FirstAdmin {
    #[schema(format = "email", example = "ann@acme.example")]
    email: String,
    /// Shown this once; left out where the admin has chosen a password since.
    #[serde(skip_serializing_if = "Option::is_none")]
    temporary_password: Option<String>,
}

/// Makes a client with a database and a first admin of its own.
#[utoipa::path(
    post,
    path = "/clients",
    params(("Idempotency-Key" = Option<String>, Header, min_length = 1, max_length = 255, pattern = "^[!-~]+$", description = "A repetition with the same key answers the same client")),
    request_body = NewClientForm,
    responses((status = 201, description = "Made, and served", body = Created)),
    extensions(("x-problems" = json!(["slug_taken", "conflict", "validation_failed"])))
)]
pub(super) async fn create(
    State(platform): State<Platform>,
    who: Principal,
    caller: Caller,
    headers: HeaderMap,
    Json(form): Json<NewClientForm>,
) -> Result<(StatusCode, Json<Created>), Problem> {
    let request = form.read()?;
    let idempotency = idempotency(&headers, &form)?;
    let change = caller.change(&who);
    let provisioning = platform.provisioning();
    let created = provisioning.create(&change, &request, idempotency.as_ref());
    let created = created.await.map_err(not_created)?;
    let temporary = created.temporary_password;
    let created = Created {
        success: true,
        client: created.tenant.into(),
        admin: FirstAdmin {
            email: request.admin_email.to_string(),
            temporary_password: temporary.map(|password| password.reveal().to_owned()),
        },
    };
    Ok((StatusCode::CREATED, Json(created)))
}

fn not_created(error: ProvisioningError) -> Problem {
    match error {
        ProvisioningError::ServerUnknown(_) => {
            CoreProblem::invalid(vec![FieldError::new("server", NO_SERVER)]).into()
        }
        error => told(error),
    }
}

fn idempotency(
    headers: &HeaderMap,
    form: &NewClientForm,
) -> Result<Option<Idempotency>, CoreProblem> {
    let mut values = headers.get_all("idempotency-key").iter();
    let (key, second) = (values.next(), values.next());
    let Some(key) = key else {
        return Ok(None);
    };
    let mut check = Check::default();
    if second.is_some() {
        check.wrong("Idempotency-Key", "send one key");
    }
    let key = key.to_str().unwrap_or_default();
    let read = check.field("Idempotency-Key", Idempotency::new(key, &form.canonical()));
    check.done(read).map(Some)
}

/// A page of the list of clients.
#[derive(Serialize, ToSchema)]
pub(super) struct Clients {
    clients: Vec<ClientView>,
    /// How many there are on all pages.
    total: i64,
}

/// Lists clients, the newest first.
#[utoipa::path(
    get,
    path = "/clients",
    params(ClientsQuery),
    responses((status = 200, description = "A page of clients", body = Clients))
)]
pub(super) async fn list(
    State(platform): State<Platform>,
    Query(query): Query<ClientsQuery>,
) -> Result<Json<Clients>, Problem> {
    let (filter, page) = query.read()?;
    let listed = platform.catalog().tenants(&filter, page).await;
    let listed = listed.map_err(told)?;
    Ok(Json(Clients {
        clients: listed.items.into_iter().map(ClientView::from).collect(),
        total: listed.total,
    }))
}

/// Shows a client.
#[utoipa::path(
    get,
    path = "/clients/{id}",
    params(("id" = String, Path, format = "uuid", description = "The client's id")),
    responses((status = 200, description = "The client", body = ClientView))
)]
pub(super) async fn show(
    State(platform): State<Platform>,
    Path(id): Path<TenantId>,
) -> Result<Json<ClientView>, Problem> {
    Ok(Json(find(&platform, id).await?.into()))
}

/// Changes what a client is called and pays for.
#[utoipa::path(
    patch,
    path = "/clients/{id}",
    params(("id" = String, Path, format = "uuid", description = "The client's id")),
    request_body = ClientPatchForm,
    responses((status = 200, description = "The client as it is now", body = ClientView))
)]
pub(super) async fn update(
    State(platform): State<Platform>,
    who: Principal,
    caller: Caller,
    Path(id): Path<TenantId>,
    Json(form): Json<ClientPatchForm>,
) -> Result<Json<ClientView>, Problem> {
    let (change, patch) = (caller.change(&who), form.read()?);
    let patched = platform.catalog().patch(&change, id, &patch).await;
    Ok(Json(patched.map_err(told)?.into()))
}

/// Deletes a client with its database, at once and for good.
#[utoipa::path(
    delete,
    path = "/clients/{id}",
    params(("id" = String, Path, format = "uuid", description = "The client's id"), Confirmation),
    responses((status = 204, description = "Deleted")),
    extensions(("x-problems" = json!(["conflict"])))
)]
pub(super) async fn remove(
    State(platform): State<Platform>,
    who: Principal,
    caller: Caller,
    Path(id): Path<TenantId>,
    Query(confirmation): Query<Confirmation>,
) -> Result<StatusCode, Problem> {
    confirmation.check(&find(&platform, id).await?)?;
    let change = caller.change(&who);
    let deleted = platform.provisioning().delete(&change, id).await;
    deleted.map_err(told)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Serves a client no longer; what was issued to it works again once it is activated.
#[utoipa::path(
    post,
    path = "/clients/{id}/suspend",
    params(("id" = String, Path, format = "uuid", description = "The client's id")),
    responses((status = 200, description = "The client as it is now", body = ClientView)),
    extensions(("x-problems" = json!(["conflict"])))
)]
pub(super) async fn suspend(
    platform: State<Platform>,
    who: Principal,
    caller: Caller,
    Path(id): Path<TenantId>,
) -> Result<Json<ClientView>, Problem> {
    set_status(&platform, &who, &caller, id, TenantStatus::Suspended).await
}

/// Serves a client again.
#[utoipa::path(
    post,
    path = "/clients/{id}/activate",
    params(("id" = String, Path, format = "uuid", description = "The client's id")),
    responses((status = 200, description = "The client as it is now", body = ClientView)),
    extensions(("x-problems" = json!(["conflict"])))
)]
pub(super) async fn activate(
    platform: State<Platform>,
    who: Principal,
    caller: Caller,
    Path(id): Path<TenantId>,
) -> Result<Json<ClientView>, Problem> {
    set_status(&platform, &who, &caller, id, TenantStatus::Active).await
}

/// Answers once the status is in force on this node.
async fn set_status(
    platform: &Platform,
    who: &Principal,
    caller: &Caller,
    id: TenantId,
    status: TenantStatus,
) -> Result<Json<ClientView>, Problem> {
    let change = caller.change(who);
    let row = platform.catalog().set_status(&change, id, status).await;
    let row = row.map_err(told)?;
    platform.tenants().catch_up().await.map_err(told)?;
    Ok(Json(row.into()))
}

pub(super) async fn find(platform: &Platform, id: TenantId) -> Result<TenantRow, Problem> {
    let found = platform.catalog().tenant(id).await.map_err(told)?;
    Ok(found.ok_or(Code::NotFound)?)
}
