//! Handlers that were written for one tenant take each tenant's part of the state, under the name
//! that they knew.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::FromRef;
use axum::{Router, routing::get};
use multitenant_axum::{Guard, Guarded, Problem, TenantState as State, TenantStates};
use multitenant_conformance::{Ask, Server, World};
use multitenant_core::Code;
use multitenant_core::gate::Access;
use multitenant_core::resolve::{Resolver, Sources};
use multitenant_core::tenant::{CacheOptions, SqliteTenant as SqlitePool, Tenants};

use crate::common::serve;

#[derive(Clone)]
struct App {
    pool: SqlitePool,
    hits: Arc<AtomicUsize>,
}

impl FromRef<App> for SqlitePool {
    fn from_ref(app: &App) -> Self {
        app.pool.clone()
    }
}

async fn rows(pool: &SqlitePool) -> Result<String, Problem> {
    let names = sqlx::query_scalar("SELECT group_concat(name) FROM names");
    Ok(names.fetch_one(pool).await?)
}

async fn names(State(pool): State<SqlitePool>) -> Result<String, Problem> {
    rows(&pool).await
}

async fn counted(State(app): State<App>) -> Result<String, Problem> {
    let hits = app.hits.fetch_add(1, Ordering::SeqCst) + 1;
    Ok(format!("{} {hits}", rows(&app.pool).await?))
}

fn resolver(world: &World) -> Resolver {
    let mut sources = Sources::default();
    sources.base_domains = vec!["example.com".parse().unwrap()];
    Resolver::new(sources, Arc::new(world.manager.clone()))
}

fn at(tenant: &str, path: &str) -> Ask {
    Ask::get(path).header("host", format!("{tenant}.example.com"))
}

async fn answers(server: &Server, ask: Ask, body: &str) {
    let answer = server.ask(ask).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, body));
}

#[tokio::test]
async fn a_state_is_each_tenant_s_own_and_so_are_its_parts() {
    let world = World::new().await;
    let tenants: Arc<dyn Tenants> = Arc::new(world.manager.clone());
    let states = TenantStates::new(tenants, CacheOptions::default(), |tenant| {
        let (pool, hits) = (tenant.db()?, Arc::default());
        Ok(App { pool, hits })
    });
    let app = Router::new()
        .route("/names", get(names))
        .route("/counted", get(counted))
        .layer(Guard::by_name(resolver(&world)))
        .route("/livez", get(async || "alive"))
        .with_state(states);
    let server = serve(app).await;
    answers(&server, at("tenant-a", "/names"), "row of a").await;
    answers(&server, at("tenant-b", "/names"), "row of b").await;
    answers(&server, at("tenant-a", "/counted"), "row of a 1").await;
    answers(&server, at("tenant-a", "/counted"), "row of a 2").await;
    answers(&server, at("tenant-b", "/counted"), "row of b 1").await;
    answers(&server, Ask::get("/livez"), "alive").await;
    for (ask, code) in [
        (Ask::get("/names"), Code::TenantRequired),
        (at("tenant-c", "/names"), Code::NotFound),
        (
            at("tenant-a", "/names").header("x-tenant-id", "tenant-b"),
            Code::TenantMismatch,
        ),
    ] {
        let _ = server.refuses(ask, code).await;
    }
}

#[tokio::test]
async fn without_a_state_it_is_the_tenant_s_database_behind_any_guard() {
    let world = World::new().await;
    let by_name = Router::new()
        .route("/by-name", get(names))
        .layer(Guard::by_name(resolver(&world)));
    let app = Guarded::new(world.gate.clone())
        .route(Access::USER, "/guarded", get(names))
        .route(Access::TenantHint, "/hint", get(names))
        .into_router()
        .merge(by_name)
        .route("/nothing", get(names));
    let server = serve(app).await;
    answers(&server, at("tenant-b", "/by-name"), "row of b").await;
    answers(
        &server,
        Ask::get("/guarded").bearer("viewer-of-a"),
        "row of a",
    )
    .await;
    // A hint is no more than a place to sign in at.
    let _ = server
        .refuses(at("tenant-a", "/hint"), Code::Internal)
        .await;
    let _ = server
        .refuses(at("tenant-a", "/nothing"), Code::Internal)
        .await;
}

#[tokio::test]
async fn a_tenant_that_is_suspended_is_served_no_more() {
    use multitenant_core::directory::TenantStatus;
    let world = World::new().await;
    let app = Router::new()
        .route("/names", get(names))
        .layer(Guard::by_name(resolver(&world)));
    let server = serve(app).await;
    answers(&server, at("tenant-a", "/names"), "row of a").await;
    world
        .directory
        .set_status(world.a.id, TenantStatus::Suspended);
    world.manager.catch_up().await.unwrap();
    let _ = server
        .refuses(at("tenant-a", "/names"), Code::NotFound)
        .await;
    answers(&server, at("tenant-b", "/names"), "row of b").await;
}
