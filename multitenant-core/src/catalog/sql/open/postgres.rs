use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, Executor, PgPool, Postgres};

use super::{CONNECTIONS, OpenError, options, with_our_table};
use crate::engine::SqlEngine;

/// Any number that nothing else locks by; sqlx's own migration lock is another.
const LOCK: i64 = 0x6d74_5f63_6174_616c;

/// The connection that waits for notifications.
const LISTENING: u32 = 1;

pub(super) async fn open(url: &str) -> Result<PgPool, OpenError> {
    let connect = Postgres::options(url).map_err(OpenError::Url)?;
    create_if_missing(&connect).await?;
    let options = options::<Postgres>().max_connections(CONNECTIONS + LISTENING);
    let pool = options.connect_with(connect).await?;
    close_to_public(&pool).await?;
    let migrator = with_our_table(sqlx::migrate!("migrations/catalog/postgres"));
    migrator.run(&pool).await?;
    Ok(pool)
}

async fn create_if_missing(connect: &PgConnectOptions) -> sqlx::Result<()> {
    match connect.connect().await {
        Ok(connection) => connection.close().await,
        Err(error) if has_code(&error, &["3D000"]) => create(connect).await,
        Err(error) => Err(error),
    }
}

async fn create(connect: &PgConnectOptions) -> sqlx::Result<()> {
    let name = connect.get_database().unwrap_or(connect.get_username());
    let mut server = connect.clone().database("postgres").connect().await?;
    // template0 has no sessions that would block the copy, and takes any encoding.
    let create = format!(
        "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'",
        quoted(name)
    );
    match server.execute(AssertSqlSafe(create)).await {
        // Another process was faster.
        Err(error) if !has_code(&error, &["42P04", "23505"]) => return Err(error),
        Ok(_) | Err(_) => {}
    }
    server.close().await
}

/// Takes from PUBLIC the right to connect, which every new database grants.
async fn close_to_public(pool: &PgPool) -> sqlx::Result<()> {
    const OPEN: &str = "SELECT current_database(), \
         has_database_privilege('public', current_database(), 'CONNECT')";
    let mut tx = pool.begin().await?;
    // Two that revoke at once would fail: the server locks no row of its catalogs.
    sqlx::query("SELECT pg_advisory_xact_lock($1)")
        .bind(LOCK)
        .execute(&mut *tx)
        .await?;
    let (name, is_open): (String, bool) = sqlx::query_as(OPEN).fetch_one(&mut *tx).await?;
    if is_open {
        let revoke = format!(
            "REVOKE CONNECT, TEMPORARY ON DATABASE {} FROM PUBLIC",
            quoted(&name)
        );
        tx.execute(AssertSqlSafe(revoke)).await?;
    }
    tx.commit().await
}

fn quoted(identifier: &str) -> String {
    format!("\"{}\"", identifier.replace('"', "\"\""))
}

fn has_code(error: &sqlx::Error, codes: &[&str]) -> bool {
    let code = error.as_database_error().and_then(|error| error.code());
    code.is_some_and(|code| codes.contains(&code.as_ref()))
}
