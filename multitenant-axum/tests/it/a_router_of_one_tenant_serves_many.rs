//! An application that was written for one tenant, served for several: its router, its state and
//! its own tokens.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::{Router, routing::get};
use multitenant_axum::{Problem, TenantRouter};
use multitenant_conformance::Ask;
use multitenant_core::resolve::{Resolver, Sources};
use multitenant_core::tenant::{CacheOptions, FixedTenants, SqliteTenant as SqlitePool, Tenant};
use secrecy::{ExposeSecret, SecretString};
use sqlx::Executor;
use tempfile::TempDir;

use crate::common::serve_bare;

/// The application as it was, but for the import above.
#[derive(Clone)]
struct App {
    pool: SqlitePool,
    secret: Arc<SecretString>,
    hits: Arc<AtomicUsize>,
}

fn app(pool: SqlitePool, secret: SecretString) -> Router {
    let (secret, hits) = (Arc::new(secret), Arc::default());
    let routes = Router::new()
        .route("/token/{who}", get(sign))
        .route("/names", get(names));
    routes.with_state(App { pool, secret, hits })
}

async fn sign(State(app): State<App>, Path(who): Path<String>) -> String {
    format!("{who}:{}", app.secret.expose_secret())
}

async fn names(State(app): State<App>, headers: HeaderMap) -> Result<String, StatusCode> {
    let token = headers
        .get("x-own-token")
        .and_then(|value| value.to_str().ok());
    let (_, signature) = token
        .and_then(|token| token.split_once(':'))
        .ok_or(StatusCode::FORBIDDEN)?;
    if signature != app.secret.expose_secret() {
        return Err(StatusCode::FORBIDDEN);
    }
    let hits = app.hits.fetch_add(1, Ordering::SeqCst) + 1;
    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM t")
        .fetch_all(&app.pool)
        .await
        .map_err(|_| StatusCode::INTERNAL_SERVER_ERROR)?;
    Ok(format!("{} {hits}", names.join(" ")))
}

async fn pool(folder: &TempDir, name: &str) -> sqlx::SqlitePool {
    let url = format!("sqlite://{}/{name}.db?mode=rwc", folder.path().display());
    let pool = sqlx::SqlitePool::connect(&url).await.unwrap();
    pool.execute("CREATE TABLE t (name TEXT)").await.unwrap();
    let insert = sqlx::query("INSERT INTO t VALUES ($1)").bind(name);
    insert.execute(&pool).await.unwrap();
    pool
}

fn of_tenant(tenant: &Tenant) -> Result<Router, Problem> {
    Ok(app(tenant.db()?, tenant.derive_secret("the application's")))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_tenant_has_its_own_router_state_and_tokens() {
    let folder = TempDir::new().unwrap();
    let pools = [
        ("tenant-a", pool(&folder, "a").await),
        ("tenant-b", pool(&folder, "b").await),
    ];
    let tenants = Arc::new(FixedTenants::new(pools).unwrap());
    let mut sources = Sources::default();
    sources.base_domains = vec!["example.com".parse().unwrap()];
    let routers = TenantRouter::new(
        Resolver::new(sources, tenants),
        CacheOptions::default(),
        of_tenant,
    );
    let outside = Router::new().route("/livez", get(async || "alive"));
    let server = serve_bare(outside.fallback_service(routers)).await;

    let token_of = async |tenant: &str| {
        let ask = Ask::get("/token/ann").header("x-tenant-id", tenant);
        ask.send(server.address).await.text()
    };
    let (a, b) = (token_of("tenant-a").await, token_of("tenant-b").await);
    let names = |tenant: &str, token: &str| {
        let ask = Ask::get("/names").header("host", format!("{tenant}.example.com"));
        ask.header("x-own-token", token)
    };
    for (ask, status, body) in [
        (Ask::get("/livez"), 200, Some("alive")),
        (names("tenant-a", &a), 200, Some("a 1")),
        (names("tenant-a", &a), 200, Some("a 2")),
        (names("tenant-b", &b), 200, Some("b 1")),
        // A's token at B, and B's at A.
        (names("tenant-b", &a), 403, None),
        (names("tenant-a", &b), 403, None),
        (
            names("tenant-a", &a).header("x-tenant-id", "tenant-b"),
            403,
            None,
        ),
        (names("tenant-c", &a), 404, None),
        (Ask::get("/names"), 400, None),
        (
            Ask::get("/elsewhere").header("x-tenant-id", "tenant-a"),
            404,
            None,
        ),
    ] {
        let answer = ask.send(server.address).await;
        assert_eq!(answer.status, status, "{ask:?}");
        if let Some(body) = body {
            assert_eq!(answer.text(), body, "{ask:?}");
        }
    }
}
