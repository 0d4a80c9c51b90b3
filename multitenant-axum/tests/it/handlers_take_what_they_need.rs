//! Extractors and problems, as handlers use them.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::common::{Ask, Server, World, eventually};
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn};
use axum::response::Response;
use axum::routing::get;
use multitenant_axum::{AnySql, Db, Guarded, HintedTenant, Path, Principal, Problem, Tenant};
use multitenant_core::engine::SqliteConnector;
use multitenant_core::gate::Access;
use multitenant_core::rbac::EnterpriseAction;
use multitenant_core::tenant::TenantManager;
use multitenant_core::{Code, on};
use sqlx::{Postgres, Sqlite};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tracing::Instrument;

#[tokio::test]
async fn every_code_there_is_can_be_answered() {
    let by_name = async |Path(name): Path<String>| {
        let code = Code::ALL.iter().find(|code| code.as_str() == name);
        if *code.unwrap() == Code::ValidationFailed {
            return Problem(multitenant_core::Problem::invalid(vec![
                multitenant_core::FieldError::new("name", "is empty"),
            ]));
        }
        Problem::from(*code.unwrap())
    };
    let world = World::new().await;
    let server = world
        .serve(Router::new().route("/{name}", get(by_name)))
        .await;
    for code in Code::ALL {
        server.refuses(Ask::get(format!("/{code}")), *code).await;
    }
}

#[tokio::test]
async fn a_request_keeps_a_sane_id_and_is_given_one_otherwise() {
    let world = World::new().await;
    let server = world.serve(Router::new()).await;
    let theirs = Ask::get("/").header("x-request-id", "theirs-1");
    assert_eq!(
        server.ask(theirs).await.header("x-request-id"),
        Some("theirs-1")
    );
    for odd in ["", "a b", "<script>", &"a".repeat(129)] {
        let answer = server.ask(Ask::get("/").header("x-request-id", odd)).await;
        let given = answer.header("x-request-id").unwrap();
        assert_ne!(given, odd);
        assert_eq!(given.len(), 36);
    }
    let bare =
        crate::common::serve(Router::new().fallback(async || Problem::from(Code::NotFound))).await;
    let answer = bare.ask(Ask::get("/")).await;
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
    let server = world.serve(app).await;
    let ask = |path| Ask::get(path).by("viewer-of-a");
    server.refuses(ask("/absent"), Code::NotFound).await;
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
    let server = world.serve(app.into_router().with_state(manager)).await;
    let answer = server.ask(Ask::get("/").by("viewer-of-a")).await;
    answer.check_problem(Code::TenantUnavailable, "/");
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
    let server = world.serve(guarded.into_router().merge(unguarded)).await;
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
        let ask = Ask::get(path).by(word).header("x-tenant-id", "tenant-a");
        server.refuses(ask, Code::Internal).await;
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
    let server = world.serve(app.into_router().layer(from_fn(spanned))).await;
    server.ask(Ask::get("/").by("viewer-of-a")).await;
    let line = format!("request{{tenant={} subject=viewer-of-a}}", world.a.id);
    assert!(log.text().contains(&line), "{}", log.text());
}

/// Sends a request and goes away once the handler is at work.
async fn give_up(server: Server, at_work: &Notify) {
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let ask = Ask::get("/").by("viewer-of-a").bytes();
    stream.write_all(&ask).await.unwrap();
    at_work.notified().await;
}

#[tokio::test]
async fn a_client_that_goes_away_gives_its_connection_back() {
    let world = World::new().await;
    let at_work = Arc::new(Notify::new());
    let hold =
        async |State(notify): State<Arc<Notify>>, Db(db): Db<Sqlite>| -> Result<(), Problem> {
            let mut tx = db.begin().await?;
            sqlx::query("SELECT 1").execute(&mut *tx).await?;
            notify.notify_one();
            std::future::pending().await
        };
    let app = Guarded::new(world.gate.clone())
        .route(Access::USER, "/", get(hold))
        .route(
            Access::USER,
            "/one",
            get(async |Db(db): Db<Sqlite>| -> Result<String, Problem> {
                let one: i64 = sqlx::query_scalar("SELECT 1").fetch_one(&db).await?;
                Ok(one.to_string())
            }),
        );
    let app = app.into_router().with_state(Arc::clone(&at_work));
    let server = world.serve(app).await;
    // More often than there are connections.
    for _ in 0..5 {
        give_up(server, &at_work).await;
    }
    let tenant = world.manager.get(world.a.id).await.unwrap();
    eventually("all connections are idle again", || {
        let (open, idle) = tenant.connections();
        open == idle
    })
    .await;
    assert_eq!(
        server.ask(Ask::get("/one").by("viewer-of-a")).await.text(),
        "1"
    );
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
