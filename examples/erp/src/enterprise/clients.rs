use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use multitenant_axum::{Json, Path, Principal, Problem, Query};
use multitenant_core::catalog::{Catalog, Idempotency, TenantRow};
use multitenant_core::directory::TenantStatus;
use multitenant_core::platform::Platform;
use multitenant_core::{Code, Problem as CoreProblem, TenantId};
use serde::Serialize;

use super::client::{ClientPatchForm, ClientView, ClientsQuery, Confirmation, NewClientForm};
use crate::caller::{Caller, told};
use crate::forms::Check;

#[derive(Serialize)]
pub(super) struct Created {
    success: bool,
    client: ClientView,
    admin: FirstAdmin,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FirstAdmin {
    email: String,
    /// Left out where the admin has chosen a password since.
    #[serde(skip_serializing_if = "Option::is_none")]
    temporary_password: Option<String>,
}

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
    let created = created.await.map_err(told)?;
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

#[derive(Serialize)]
pub(super) struct Clients {
    clients: Vec<ClientView>,
    total: i64,
}

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

pub(super) async fn show(
    State(platform): State<Platform>,
    Path(id): Path<TenantId>,
) -> Result<Json<ClientView>, Problem> {
    Ok(Json(find(&platform, id).await?.into()))
}

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

pub(super) async fn suspend(
    platform: State<Platform>,
    who: Principal,
    caller: Caller,
    Path(id): Path<TenantId>,
) -> Result<Json<ClientView>, Problem> {
    set_status(&platform, &who, &caller, id, TenantStatus::Suspended).await
}

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
