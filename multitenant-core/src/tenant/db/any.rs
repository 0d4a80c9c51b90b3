use super::Db;
use crate::engine::{AnyTransaction, PerEngine};

#[cfg(feature = "postgres")]
type PostgresDb = Db<sqlx::Postgres>;
#[cfg(not(feature = "postgres"))]
type PostgresDb = std::convert::Infallible;
#[cfg(feature = "sqlite")]
type SqliteDb = Db<sqlx::Sqlite>;
#[cfg(not(feature = "sqlite"))]
type SqliteDb = std::convert::Infallible;

/// One tenant's database in a binary that runs on both engines. [`on!`](crate::on) writes each
/// query once:
///
/// ```
/// # use multitenant_core::{on, tenant::AnySql};
/// async fn count(db: &AnySql) -> sqlx::Result<i64> {
///     on!(db, db => sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(db).await)
/// }
/// ```
pub type AnySql = PerEngine<PostgresDb, SqliteDb>;

impl AnySql {
    /// Begins a transaction that may write; on SQLite it takes the write lock at once, so that it
    /// cannot fail half-way for having read first.
    ///
    /// # Errors
    /// As for [`Db::begin`].
    pub async fn begin(&self) -> sqlx::Result<AnyTransaction> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(db) => db.begin().await.map(PerEngine::Postgres),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(db) => db
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map(PerEngine::Sqlite),
            #[cfg(not(feature = "postgres"))]
            Self::Postgres(never) => crate::engine::absurd(never),
            #[cfg(not(feature = "sqlite"))]
            Self::Sqlite(never) => crate::engine::absurd(never),
        }
    }
}
