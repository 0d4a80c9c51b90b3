//! A query and a transaction through the handle, beside the same through sqlx's own pool.

use std::time::{Duration, Instant};

use criterion::Criterion;
use multitenant_core::engine::{ConnectData, SqlConnector, SqlEngine};
use multitenant_core::tenant::{Budget, BudgetOptions, Db};
use multitenant_core::testing::Place;
use multitenant_core::{ServerId, TenantId};
use secrecy::ExposeSecret;
use sqlx::pool::PoolOptions;
use sqlx::{Executor, PgPool, Postgres, Sqlite, SqlitePool};
use tempfile::TempDir;
use tokio::runtime::{Handle, Runtime};
use tokio::task::JoinSet;

use crate::contest::Contest;
use crate::place::{NO_SERVER, server_url};
use crate::report::{Report, Target};

/// As many as sqlx's pool opens by default.
const CONNECTIONS: usize = 10;

const TABLE: &str = "CREATE TABLE invoices (id BIGINT PRIMARY KEY, total_minor BIGINT NOT NULL);
    INSERT INTO invoices VALUES (1, 100), (2, 250), (3, 999)";
const ONE: &str = "SELECT total_minor FROM invoices WHERE id = $1";

/// What is asked of a pool and of a handle alike.
trait Queries: Clone + Send + Sync + 'static {
    fn one(&self) -> impl Future<Output = sqlx::Result<i64>> + Send;
    fn transaction(&self) -> impl Future<Output = sqlx::Result<i64>> + Send;
}

macro_rules! queries {
    ($($database:ty),+) => {$(
        impl Queries for $database {
            async fn one(&self) -> sqlx::Result<i64> {
                sqlx::query_scalar(ONE).bind(2_i64).fetch_one(self).await
            }

            async fn transaction(&self) -> sqlx::Result<i64> {
                let mut tx = self.begin().await?;
                let found = sqlx::query_scalar(ONE).bind(2_i64).fetch_one(&mut *tx).await?;
                tx.commit().await?;
                Ok(found)
            }
        }
    )+};
}

queries!(PgPool, Db<Postgres>, SqlitePool, Db<Sqlite>);

#[derive(Clone, Copy)]
enum Kind {
    One,
    Transaction,
}

/// The three ways to one database.
struct Ways<DB: SqlEngine> {
    engine: &'static str,
    handle: Db<DB>,
    pool: sqlx::Pool<DB>,
    without_ping: sqlx::Pool<DB>,
}

impl<DB: SqlEngine> Ways<DB>
where
    for<'c> &'c mut DB::Connection: Executor<'c, Database = DB>,
{
    async fn to(engine: &'static str, url: String) -> Self {
        let pool = sqlx::Pool::<DB>::connect(&url).await.expect("a pool");
        pool.execute(TABLE).await.expect("a table");
        let without_ping = PoolOptions::new().test_before_acquire(false);
        let without_ping = without_ping.connect(&url).await.expect("a pool");
        let mut options = BudgetOptions::connections(60);
        options.per_tenant = Some(CONNECTIONS);
        let connector = SqlConnector::<DB>::new();
        let budget = Budget::new(connector.into(), options, Handle::current());
        let data = ConnectData::new(ServerId::main(), url);
        let handle = budget.join(TenantId::generate(), data).into();
        Self {
            engine,
            handle,
            pool,
            without_ping,
        }
    }
}

pub(crate) fn run(runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    if let Some(url) = server_url() {
        let place = Place::postgres(url);
        let made = runtime.block_on(place.database()).expect("a new database");
        let url = made.url.expose_secret().to_owned();
        let ways = runtime.block_on(Ways::<Postgres>::to("Postgres", url));
        contests(
            runtime,
            &ways,
            [Some(0.6), Some(0.8), Some(1.0)],
            criterion,
            report,
        );
        runtime.block_on(ways.pool.close());
        runtime.block_on(ways.without_ping.close());
        drop(ways);
        runtime.block_on(place.clear()).expect("nothing is left");
    } else {
        report.leave_out(NO_SERVER);
    }
    let folder = TempDir::new().expect("a temporary folder");
    let url = format!("sqlite://{}?mode=rwc", folder.path().join("a.db").display());
    let ways = runtime.block_on(Ways::<Sqlite>::to("SQLite", url));
    contests(runtime, &ways, [None; 3], criterion, report);
}

fn contests<DB>(
    runtime: &Runtime,
    ways: &Ways<DB>,
    [query, query_without_ping, transaction]: [Option<f64>; 3],
    criterion: &mut Criterion,
    report: &mut Report,
) where
    DB: SqlEngine,
    Db<DB>: Queries,
    sqlx::Pool<DB>: Queries,
{
    for (kind, what, default, without_ping) in [
        (Kind::One, "a query", query, query_without_ping),
        (
            Kind::Transaction,
            "begin, a query, commit",
            transaction,
            None,
        ),
    ] {
        for (tasks, how_many) in [(1, "1 task"), (16, "16 tasks")] {
            Contest::of(format!("{}: {what}, {how_many}", ways.engine), |times| {
                runtime.block_on(ask(&ways.handle, kind, tasks, times))
            })
            .against("default pool", default.map(Target::AtMost), |times| {
                runtime.block_on(ask(&ways.pool, kind, tasks, times))
            })
            .against(
                "pool without ping",
                without_ping.map(Target::AtMost),
                |times| runtime.block_on(ask(&ways.without_ping, kind, tasks, times)),
            )
            .run(criterion, report);
        }
    }
}

/// Asks `times` times in all, from so many tasks on the runtime's own threads, as a server would.
async fn ask(database: &impl Queries, kind: Kind, tasks: u64, times: u64) -> Duration {
    let mut asking = JoinSet::new();
    let began = Instant::now();
    for task in 0..tasks {
        let share = times / tasks + u64::from(task < times % tasks);
        let database = database.clone();
        asking.spawn(async move {
            for _ in 0..share {
                let found = match kind {
                    Kind::One => database.one().await,
                    Kind::Transaction => database.transaction().await,
                };
                assert_eq!(found.expect("an answer"), 250);
            }
        });
    }
    asking.join_all().await;
    began.elapsed()
}
