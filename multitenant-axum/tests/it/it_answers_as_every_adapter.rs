//! The small application of the conformance suite, with axum.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::middleware::from_fn;
use axum::response::Response;
use axum::response::sse::{Event, Sse};
use axum::routing::{any, get, post};
use futures_util::{Stream, StreamExt};
use multitenant_axum::{Db, Guarded, HintedTenant, Json, Path, Principal, Problem, Query, Tenant};
use multitenant_conformance::access::invoices;
use multitenant_conformance::{Adapter, Order, Paging, Signals, Small, conform, handlers};
use multitenant_core::gate::{Access, Gate};
use multitenant_core::rbac::EnterpriseAction;
use sqlx::Sqlite;
use tower_http::timeout::TimeoutLayer;

type Shared = State<Arc<Signals>>;

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

async fn hold(State(signals): Shared, Db(db): Db<Sqlite>) -> Result<String, Problem> {
    Ok(handlers::hold(&db, &signals).await?)
}

async fn panics(Db(db): Db<Sqlite>) -> Result<String, Problem> {
    Ok(handlers::panic(&db).await?)
}

async fn stream(State(signals): Shared, Db(db): Db<Sqlite>) -> Body {
    Body::from_stream(handlers::stream(db, signals))
}

async fn late(State(signals): Shared) -> &'static str {
    handlers::late(&signals).await
}

async fn events(Tenant(tenant): Tenant) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    Sse::new(handlers::events(tenant).map(|word| Ok(Event::default().data(word))))
}

async fn socket(upgrade: WebSocketUpgrade, Tenant(tenant): Tenant) -> Response {
    upgrade.on_upgrade(async move |mut socket: WebSocket| {
        let begun = Message::text(handlers::BEGUN);
        let mut sent = socket.send(begun).await.is_ok();
        while sent {
            sent = tokio::select! {
                () = tenant.revoked() => break,
                // What is asked of the socket itself is answered while it is read.
                came = socket.recv() => matches!(came, Some(Ok(_))),
            };
        }
        let over = CloseFrame {
            code: close_code::POLICY,
            reason: handlers::OVER.into(),
        };
        let _ = socket.send(Message::Close(Some(over))).await;
        while let Some(Ok(_)) = socket.recv().await {}
    })
}

fn people(gate: Gate) -> Guarded<Arc<Signals>> {
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

fn inputs(gate: Gate) -> Guarded<Arc<Signals>> {
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

fn databases(gate: Gate) -> Guarded<Arc<Signals>> {
    Guarded::new(gate)
        .route(Access::USER, "/names", get(names))
        .route(Access::USER, "/hold", get(hold))
        .route(Access::USER, "/panic", get(panics))
        .route(Access::USER, "/stream", get(stream))
        .route(Access::USER, "/events", get(events))
        .route(Access::USER, "/socket", get(socket))
        .public("/late", get(late))
}

fn misplaced(gate: Gate) -> Guarded<Arc<Signals>> {
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

fn app(gate: &Gate) -> Router<Arc<Signals>> {
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
        .into_router()
        .route("/misplaced/none", get(async |_: Principal| "never"))
}

struct Axum;

impl Adapter for Axum {
    async fn serve(small: Small) -> SocketAddr {
        let late = StatusCode::REQUEST_TIMEOUT;
        let mut app = app(&small.gate).with_state(small.signals);
        if let Some(limit) = small.body_limit {
            app = app.layer(DefaultBodyLimit::max(limit));
        }
        let app = app
            .layer(TimeoutLayer::with_status_code(late, small.deadline))
            .layer(from_fn(multitenant_axum::problems));
        crate::common::serve(app).await.address
    }
}

conform!(Axum);
