//! Extractors and problems, as handlers use them.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::serve;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use multitenant_axum::{AnySql, Db, Guarded, HintedTenant, Path, Principal, Problem, Tenant};
use multitenant_conformance::{Ask, World};
use multitenant_core::engine::SqliteConnector;
use multitenant_core::gate::Access;
use multitenant_core::rbac::EnterpriseAction;
use multitenant_core::tenant::TenantManager;
use multitenant_core::{Code, on};
use sqlx::{Postgres, Sqlite};
use tracing::Instrument;

#[tokio::test]
async fn a_problem_outside_of_the_layer_has_no_request_id() {
    let app = Router::new().fallback(async || Problem::from(Code::NotFound));
    let server = crate::common::serve_bare(app).await;
    let answer = server.ask(Ask::get("/")).await;
    assert!(!answer.text().contains("requestId"));
}

async fn fail(Db(db): Db<Sqlite>, Path(how): Path<String>) -> Result<String, Problem> {
    let query = match how.as_str() {
        "absent" => "SELECT name FROM sqlite_master WHERE name = 'absent'",
        _ => "SELECT secret FROM nowhere",
    };
    Ok(sqlx::query_scalar(query).fetch_one(&db).await?)
}

#[tokio::test]
async fn a_failing_query_tells_the_log_everything_and_the_caller_nothing() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let app = Guarded::new(world.gate.clone()).route(Access::USER, "/{how}", get(fail));
    let server = serve(app).await;
    let ask = |path| Ask::get(path).bearer("viewer-of-a");
    let _ = server.refuses(ask("/absent"), Code::NotFound).await;
    let problem = server.refuses(ask("/broken"), Code::Internal).await;
    assert!(!problem.to_string().contains("nowhere"));
    assert!(
        log.text().contains("no such table: nowhere"),
        "{}",
        log.text()
    );
}

#[tokio::test]
async fn a_tenant_that_is_closed_meanwhile_is_unavailable() {
    let world = World::new().await;
    let manager = world.manager.clone();
    let closes = async |State(manager): State<TenantManager<SqliteConnector>>,
                        AnySql(db): AnySql,
                        tenant: Tenant|
           -> Result<String, Problem> {
        manager.close_tenant(tenant.id(), Duration::ZERO).await;
        let one: i64 = on!(&db, db => sqlx::query_scalar("SELECT 1").fetch_one(db).await)?;
        Ok(one.to_string())
    };
    let app = Guarded::new(world.gate.clone()).route(Access::USER, "/", get(closes));
    let server = serve(app.into_router().with_state(manager)).await;
    let answer = server.ask(Ask::get("/").bearer("viewer-of-a")).await;
    let _ = answer.check_problem(Code::TenantUnavailable, "/");
    assert_eq!(answer.header("retry-after"), Some("1"));
}

#[tokio::test]
async fn a_handler_on_the_wrong_route_says_in_the_log_what_is_missing() {
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let unguarded = Router::new()
        .route("/none", get(async |_: Principal| ()))
        .route("/none/db", get(async |_: AnySql| ()));
    let guarded = Guarded::new(world.gate.clone())
        .public("/public", get(async |_: Tenant| ()))
        .route(Access::TenantHint, "/hint", get(async |_: Db<Sqlite>| ()))
        .route(EnterpriseAction::Read, "/staff", get(async |_: Tenant| ()))
        .route(Access::USER, "/user", get(async |_: HintedTenant| ()))
        .route(Access::USER, "/engine", get(async |_: Db<Postgres>| ()));
    let server = serve(guarded.into_router().merge(unguarded)).await;
    let user = "viewer-of-a";
    for (path, word, sentence) in [
        ("/none", user, "nothing guards the route"),
        ("/none/db", user, "AnySql"),
        ("/public", user, "the route is public"),
        ("/hint", user, "gives a HintedTenant"),
        ("/staff", "reader-of-staff", "who have no tenant"),
        ("/user", user, "give it Access::TenantHint"),
        ("/engine", user, "another engine"),
    ] {
        log.clear();
        let ask = Ask::get(path)
            .bearer(word)
            .header("x-tenant-id", "tenant-a");
        let _ = server.refuses(ask, Code::Internal).await;
        assert!(log.text().contains(sentence), "{path}: {}", log.text());
    }
}

#[tokio::test]
async fn a_span_learns_who_acts_where() {
    async fn spanned(request: Request, next: Next) -> Response {
        use tracing::field::Empty;
        let span = tracing::info_span!("request", tenant = Empty, subject = Empty);
        next.run(request).instrument(span).await
    }
    let (log, _guard) = Log::start();
    let world = World::new().await;
    let note = async || tracing::info!("here");
    let app = Guarded::new(world.gate.clone()).route(Access::USER, "/", get(note));
    let server = serve(app.into_router().layer(from_fn(spanned))).await;
    server.ask(Ask::get("/").bearer("viewer-of-a")).await;
    let line = format!("request{{tenant={} subject=viewer-of-a}}", world.a.id);
    assert!(log.text().contains(&line), "{}", log.text());
}

/// What is logged while the test runs, on its thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn start() -> (Self, tracing::subscriber::DefaultGuard) {
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    fn clear(&self) {
        self.0.lock().unwrap().clear();
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
