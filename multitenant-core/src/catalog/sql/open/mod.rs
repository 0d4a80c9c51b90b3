//! Opening the catalog's database: made if missing, migrated if old.

mod error;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "sqlite")]
mod sqlite;

use std::borrow::Cow;
use std::time::Duration;

use sqlx::migrate::Migrator;

use crate::engine::{AnyPool, SqlEngine};

pub use error::OpenError;

/// The table that counts the catalog's migrations, beside an application's own.
const MIGRATIONS_TABLE: &str = "mt_catalog_migrations";

/// Connections of one node to the catalog.
const CONNECTIONS: u32 = 5;

pub(super) async fn pool(url: &str) -> Result<AnyPool, OpenError> {
    let (scheme, _) = url.split_once(':').ok_or(OpenError::Scheme)?;
    match scheme {
        #[cfg(feature = "postgres")]
        "postgres" | "postgresql" => postgres::open(url).await.map(AnyPool::Postgres),
        #[cfg(feature = "sqlite")]
        "sqlite" => sqlite::open(url).await.map(AnyPool::Sqlite),
        _ => Err(OpenError::Scheme),
    }
}

fn with_our_table(mut migrator: Migrator) -> Migrator {
    migrator.dangerous_set_table_name(Cow::Borrowed(MIGRATIONS_TABLE));
    migrator
}

fn options<DB: SqlEngine>() -> sqlx::pool::PoolOptions<DB> {
    sqlx::pool::PoolOptions::new()
        .max_connections(CONNECTIONS)
        .acquire_timeout(Duration::from_secs(5))
        // sqlx does not know of a transaction whose BEGIN was cut off.
        .after_release(|connection, _| {
            Box::pin(async move {
                let settled = DB::settle(connection);
                let settled = tokio::time::timeout(Duration::from_millis(500), settled).await;
                Ok(matches!(settled, Ok(Ok(_))))
            })
        })
}
