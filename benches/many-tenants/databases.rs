//! The tenants' databases: clones of a template with a small table.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use futures_util::{StreamExt, TryStreamExt, stream};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, PgPool};
use tokio::time::{sleep, timeout};
use url::Url;

use crate::progress;

/// No tenant of an application has such a name: after `client_db_` theirs have an id in hexadecimal.
pub(crate) const PREFIX: &str = "client_db_load_";
/// Rows in each database's table, with keys from 1.
pub(crate) const ROWS: i64 = 1_000;
/// What each request asks, by primary key.
pub(crate) const QUERY: &str = "SELECT total_minor FROM invoices WHERE id = $1";

const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS invoices (id BIGINT PRIMARY KEY, total_minor BIGINT NOT NULL)";
const FILL: &str = "INSERT INTO invoices SELECT id, id * 100 FROM generate_series(1, $1) id ON CONFLICT DO NOTHING";
const EXISTING: &str = "SELECT datname::text FROM pg_database WHERE starts_with(datname::text, $1)";
/// Databases that are made or dropped at once.
const AT_ONCE: usize = 4;
const MAKER: &str = "many-tenants maker";
const END_MAKERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE application_name = $1 AND usename = current_user";

/// The right to make and drop our databases on a server: one run has it at a time.
pub(crate) struct Claim {
    url: Url,
    /// Holds the lock.
    _connection: PgConnection,
}

impl Claim {
    /// # Errors
    /// Where the server cannot be reached, or another run is at work on it.
    pub(crate) async fn on(url: Url) -> Result<Self> {
        let connected = PgConnection::connect(url.as_str()).await;
        let mut connection = connected.context("the server cannot be reached")?;
        let lock = sqlx::query_scalar("SELECT pg_try_advisory_lock(hashtext($1))").bind(PREFIX);
        let is_ours: bool = lock.fetch_one(&mut connection).await?;
        ensure!(is_ours, "another run is at work on this server");
        Ok(Self {
            url,
            _connection: connection,
        })
    }

    /// The server's own database, where we may connect without being counted.
    pub(crate) fn url(&self) -> &Url {
        &self.url
    }

    /// Databases for so many tenants: those of an earlier run, and what is missing.
    pub(crate) async fn databases(&self, tenants: usize) -> Result<Databases> {
        self.fill_template().await?;
        let makers = self.makers().await?;
        let existing = existing(&makers).await?;
        let names: Vec<_> = (0..tenants)
            .map(|tenant| format!("{PREFIX}{tenant:06}"))
            .collect();
        let missing = names.iter().filter(|name| !existing.contains(name));
        let statements: Vec<_> = missing
            .map(|name| format!("CREATE DATABASE {name} TEMPLATE {}", template()))
            .collect();
        execute_all(&makers, "making databases", statements).await?;
        makers.close().await;
        Ok(Databases {
            urls: names.iter().map(|name| self.url_of(name)).collect(),
        })
    }

    /// A clone is made whole or not at all, and only of a template that was filled.
    async fn fill_template(&self) -> Result<()> {
        let makers = self.makers().await?;
        if !existing(&makers).await?.contains(&template()) {
            let statement = format!("CREATE DATABASE {}", template());
            makers.execute(AssertSqlSafe(statement)).await?;
        }
        makers.close().await;
        let mut template = PgConnection::connect(self.url_of(&template()).as_str()).await?;
        template.execute(TABLE).await?;
        sqlx::query(FILL).bind(ROWS).execute(&mut template).await?;
        // So that no clone is vacuumed or analysed while it is measured.
        template.execute("VACUUM ANALYZE invoices").await?;
        Ok(template.close().await?)
    }

    /// Drops every database of ours, also those of a run that was cut off.
    pub(crate) async fn drop_databases(&self) -> Result<()> {
        self.end_makers().await?;
        let makers = self.makers().await?;
        let statements = existing(&makers).await?;
        let statements = statements
            .iter()
            .map(|name| format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"));
        execute_all(&makers, "dropping databases", statements.collect()).await?;
        makers.close().await;
        Ok(())
    }

    /// What was cut off may have left statements behind that still make databases.
    async fn end_makers(&self) -> Result<()> {
        let mut connection = PgConnection::connect(self.url.as_str()).await?;
        let ended = async {
            loop {
                let ended = sqlx::query(END_MAKERS).bind(MAKER);
                if ended.fetch_all(&mut connection).await?.is_empty() {
                    return anyhow::Ok(());
                }
                sleep(Duration::from_millis(20)).await;
            }
        };
        timeout(Duration::from_secs(30), ended).await?
    }

    async fn makers(&self) -> Result<PgPool> {
        let options: PgConnectOptions = self.url.as_str().parse()?;
        let pool = PgPoolOptions::new().max_connections(AT_ONCE as u32);
        Ok(pool.connect_with(options.application_name(MAKER)).await?)
    }

    fn url_of(&self, database: &str) -> Url {
        let mut url = self.url.clone();
        url.set_path(database);
        url
    }
}

/// Where the tenants' databases are, the hottest first.
pub(crate) struct Databases {
    pub(crate) urls: Vec<Url>,
}

impl Databases {
    pub(crate) fn options(&self, tenant: usize) -> Result<PgConnectOptions> {
        Ok(self.urls[tenant].as_str().parse()?)
    }
}

fn template() -> String {
    format!("{PREFIX}template")
}

async fn existing(makers: &PgPool) -> Result<Vec<String>> {
    let existing = sqlx::query_scalar(EXISTING).bind(PREFIX);
    Ok(existing.fetch_all(makers).await?)
}

async fn execute_all(makers: &PgPool, what: &'static str, statements: Vec<String>) -> Result<()> {
    let bar = progress::bar(statements.len(), what);
    stream::iter(statements)
        .map(|statement| async { makers.execute(AssertSqlSafe(statement)).await })
        .buffer_unordered(AT_ONCE)
        .try_for_each(|_| async {
            bar.inc(1);
            Ok(())
        })
        .await?;
    bar.finish_and_clear();
    Ok(())
}
