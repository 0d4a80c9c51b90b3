//! The small application of the conformance suite, with actix.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Bytes, Data, PayloadConfig, ServiceConfig};
use actix_web::{Error, HttpRequest, HttpResponse, web};
use actix_ws::{CloseCode, CloseReason, Message};
use futures_util::{StreamExt, TryStreamExt};
use multitenant_actix::{
    Db, Guarded, HintedTenant, Json, Path, Principal, Problem, Query, Tenant, any, get, post,
};
use multitenant_conformance::access::invoices;
use multitenant_conformance::{Adapter, Order, Paging, Signals, Small, conform, handlers};
use multitenant_core::gate::{Access, Gate};
use multitenant_core::rbac::EnterpriseAction;
use sqlx::Sqlite;

type Shared = Data<Signals>;

async fn who(principal: Principal, tenant: Tenant) -> String {
    format!("{} at {}", principal.subject(), tenant.slug())
}

async fn staff(principal: Principal) -> String {
    principal.subject().to_string()
}

async fn login(HintedTenant(tenant): HintedTenant) -> &'static str {
    tenant.map_or("unknown", |_| "known")
}

async fn pair(Path((name, number)): Path<(String, u8)>) -> String {
    format!("{name} {number}")
}

async fn page(Query(paging): Query<Paging>) -> String {
    paging.page.unwrap_or(1).to_string()
}

async fn id(Path(id): Path<u64>) -> String {
    id.to_string()
}

async fn problem(Path(code): Path<String>) -> Problem {
    handlers::problem(&code).into()
}

async fn names(Db(db): Db<Sqlite>) -> Result<String, Problem> {
    Ok(handlers::names(&db).await?)
}

async fn hold(signals: Shared, Db(db): Db<Sqlite>) -> Result<String, Problem> {
    Ok(handlers::hold(&db, &signals).await?)
}

async fn panics(Db(db): Db<Sqlite>) -> Result<String, Problem> {
    Ok(handlers::panic(&db).await?)
}

async fn stream(signals: Shared, Db(db): Db<Sqlite>) -> HttpResponse {
    let parts = handlers::stream(db, signals.into_inner());
    HttpResponse::Ok().streaming(parts.map_ok(Bytes::from))
}

async fn late(signals: Shared) -> &'static str {
    handlers::late(&signals).await
}

async fn events(Tenant(tenant): Tenant) -> HttpResponse {
    let events = handlers::events(tenant).map(|word| format!("data: {word}\n\n"));
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(events.map(|event| Ok::<_, Error>(Bytes::from(event))))
}

async fn socket(
    request: HttpRequest,
    Tenant(tenant): Tenant,
    body: web::Payload,
) -> Result<HttpResponse, Error> {
    let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        let mut sent = session.text(handlers::BEGUN).await.is_ok();
        while sent {
            sent = tokio::select! {
                () = tenant.revoked() => break,
                came = messages.recv() => match came {
                    Some(Ok(Message::Ping(bytes))) => session.pong(&bytes).await.is_ok(),
                    other => matches!(other, Some(Ok(_))),
                },
            };
        }
        let over = CloseReason {
            code: CloseCode::Policy,
            description: Some(handlers::OVER.to_owned()),
        };
        let _ = session.close(Some(over)).await;
    });
    Ok(response)
}

fn people(gate: Gate) -> Guarded {
    Guarded::new(gate)
        .public("/public", get(async || "everybody"))
        .route(Access::USER, "/who", get(who))
        .route(Access::USER, "/t/{slug}/who", get(who))
        .route(invoices::READ, "/invoices", get(async || "listed"))
        .route(invoices::CREATE, "/invoices", post(async || "created"))
        .route(Access::USER_BEFORE_PASSWORD_CHANGE, "/password", get(who))
        .route(Access::TenantHint, "/login", get(login))
        .route(EnterpriseAction::Read, "/staff", get(staff))
        .route(EnterpriseAction::Administer, "/staff", post(staff))
}

fn inputs(gate: Gate) -> Guarded {
    Guarded::new(gate)
        .public(
            "/orders",
            post(async |Json(order): Json<Order>| Json(order)),
        )
        .public("/list", get(page))
        .public("/one/{id}", get(id))
        .public("/name/{name}", get(async |Path(name): Path<String>| name))
        .public("/pair/{name}/{number}", get(pair))
        .public("/wrong/{id}", get(async |_: Path<(u8, u8)>| "never"))
        .public("/codes/{code}", get(problem))
}

fn databases(gate: Gate) -> Guarded {
    Guarded::new(gate)
        .route(Access::USER, "/names", get(names))
        .route(Access::USER, "/hold", get(hold))
        .route(Access::USER, "/panic", get(panics))
        .route(Access::USER, "/stream", get(stream))
        .route(Access::USER, "/events", get(events))
        .route(Access::USER, "/socket", get(socket))
        .public("/late", get(late))
}

fn misplaced(gate: Gate) -> Guarded {
    Guarded::new(gate)
        .public("/public", get(async |_: Tenant| "never"))
        .route(
            Access::TenantHint,
            "/hint",
            get(async |_: Db<Sqlite>| "never"),
        )
        .route(
            EnterpriseAction::Read,
            "/staff",
            get(async |_: Tenant| "never"),
        )
        .route(Access::USER, "/user", get(async |_: HintedTenant| "never"))
}

fn app(gate: &Gate, services: &mut ServiceConfig) {
    let lines = Guarded::new(gate.clone())
        .route(Access::USER, "/", get(async || "lines"))
        .route(Access::USER, "/{id}", get(id))
        .route(Access::USER, "/new", get(async || "new"));
    let merged = Guarded::new(gate.clone()).route(Access::USER, "/merged", get(async || "merged"));
    people(gate.clone())
        .merge(inputs(gate.clone()))
        .merge(databases(gate.clone()))
        .route(Access::USER, "/any", any(async || "any"))
        .nest("/lines", lines)
        .merge(merged)
        .nest("/misplaced", misplaced(gate.clone()))
        .configure(services);
    services.route(
        "/misplaced/none",
        web::get().to(async |_: Principal| "never"),
    );
}

async fn in_time<B: MessageBody>(
    deadline: Duration,
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    match tokio::time::timeout(deadline, next.call(request)).await {
        Ok(answered) => answered,
        Err(late) => Err(InternalError::new(late, StatusCode::REQUEST_TIMEOUT).into()),
    }
}

struct Actix;

impl Adapter for Actix {
    async fn serve(small: Small) -> SocketAddr {
        let Small {
            gate,
            signals,
            deadline,
            body_limit,
        } = small;
        let serving = crate::common::serve(2, move |services| {
            let timed = move |request, next| in_time(deadline, request, next);
            if let Some(limit) = body_limit {
                services.app_data(PayloadConfig::new(limit));
            }
            services.app_data(Data::from(Arc::clone(&signals))).service(
                web::scope("")
                    .wrap(from_fn(timed))
                    .configure(|services| app(&gate, services)),
            );
        });
        serving.await.address
    }
}

conform!(Actix);
