#[cfg(feature = "provision")]
use secrecy::{ExposeSecret, SecretString};

use super::Db;
#[cfg(feature = "provision")]
use crate::engine::ConnectError;
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

    /// Opens one connection outside of any budget, for what is done to a tenant before it is
    /// served; [`close`](Self::close) it afterwards.
    ///
    /// # Errors
    /// [`ConnectError`](crate::engine::ConnectError) where the URL cannot be read or nothing answers.
    #[cfg(feature = "provision")]
    pub(crate) async fn connect_once(url: &SecretString) -> Result<Self, ConnectError> {
        let url = url.expose_secret();
        #[cfg(feature = "sqlite")]
        if url.starts_with("sqlite:") {
            return Ok(Self::Sqlite(Db::connect_once(url).await?));
        }
        #[cfg(feature = "postgres")]
        if url.starts_with("postgres") {
            return Ok(Self::Postgres(Db::connect_once(url).await?));
        }
        Err(ConnectError::Data("expected postgres://… or sqlite://…"))
    }

    /// Closes what [`connect_once`](Self::connect_once) opened.
    #[cfg(feature = "provision")]
    pub(crate) async fn close(&self) {
        crate::on!(self, db => db.close_pool().await);
    }
}
