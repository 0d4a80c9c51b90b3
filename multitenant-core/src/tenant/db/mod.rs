//! The handle that stands wherever code has `&PgPool` or `&SqlitePool`.

#[cfg(any(feature = "postgres", feature = "sqlite"))]
mod any;
mod connection;
mod dedicated;
mod executor;
#[cfg(feature = "postgres")]
mod listener;
mod problem;
mod retirement;
mod watched;

use std::fmt;

use sqlx::{Pool, SqlSafeStr, SqlStr, Transaction};

use super::budget::{AcquireError, LeasedConnection, Share};
use super::handle::{Tenant, WrongEngine};
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
use crate::engine::ConnectError;
use crate::engine::{SqlConnector, SqlEngine};

#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use any::AnySql;
pub use connection::DbConnection;
pub use dedicated::DedicatedPool;
#[cfg(feature = "postgres")]
pub use listener::Listener;

/// One tenant's database. Cheap to clone; owns no connection.
///
/// It stands wherever existing code has `&Pool<DB>`: queries run on `&db`, [`begin`](Self::begin)
/// returns sqlx's own `Transaction<'static, DB>`, and every connection is counted in the budget.
///
/// ```
/// # #[cfg(feature = "sqlite")] {
/// use multitenant_core::tenant::Db;
/// use sqlx::Sqlite;
///
/// async fn rename(db: &Db<Sqlite>, id: i64, name: &str) -> sqlx::Result<i64> {
///     let mut tx = db.begin().await?;
///     sqlx::query("UPDATE customers SET name = $1 WHERE id = $2")
///         .bind(name)
///         .bind(id)
///         .execute(&mut *tx)
///         .await?;
///     tx.commit().await?;
///     sqlx::query_scalar("SELECT COUNT(*) FROM customers").fetch_one(db).await
/// }
/// # }
/// ```
pub struct Db<DB: SqlEngine> {
    source: Source<DB>,
}

enum Source<DB: SqlEngine> {
    /// A tenant's share in the budget of its server.
    Share(Share<SqlConnector<DB>>),
    /// A pool that somebody else made and counts, in single mode and in tests.
    Pool(Pool<DB>),
}

impl<DB: SqlEngine> Clone for Db<DB> {
    fn clone(&self) -> Self {
        let source = match &self.source {
            Source::Share(share) => Source::Share(share.clone()),
            Source::Pool(pool) => Source::Pool(pool.clone()),
        };
        Self { source }
    }
}

impl<DB: SqlEngine> fmt::Debug for Db<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Db").field("engine", &DB::NAME).finish()
    }
}

impl<DB: SqlEngine> From<Share<SqlConnector<DB>>> for Db<DB> {
    fn from(share: Share<SqlConnector<DB>>) -> Self {
        Self {
            source: Source::Share(share),
        }
    }
}

impl<DB: SqlEngine> From<Pool<DB>> for Db<DB> {
    /// Wraps a pool that stays outside of any budget: for single mode, for `#[sqlx::test]`.
    fn from(pool: Pool<DB>) -> Self {
        Self {
            source: Source::Pool(pool),
        }
    }
}

impl<DB: SqlEngine> Db<DB> {
    #[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
    async fn connect_once(url: &str) -> Result<Self, ConnectError> {
        let options = sqlx::pool::PoolOptions::new().max_connections(1);
        let pool = options.connect_with(DB::options(url)?).await;
        pool.map(Self::from).map_err(ConnectError::failed)
    }

    #[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
    async fn close_pool(&self) {
        if let Source::Pool(pool) = &self.source {
            pool.close().await;
        }
    }

    /// Takes a connection for several statements in a row.
    ///
    /// # Errors
    /// An [`AcquireError`], or the driver's, as [`sqlx::Error`].
    pub async fn acquire(&self) -> sqlx::Result<DbConnection<DB>> {
        match &self.source {
            Source::Share(share) => {
                let lease = share.acquire().await.map_err(into_sqlx)?;
                Ok(DbConnection::leased(lease))
            }
            Source::Pool(pool) => pool.acquire().await.map(DbConnection::pooled),
        }
    }

    /// Takes an idle connection, if there is one.
    ///
    /// # Errors
    /// Where the tenant takes no new work.
    pub fn try_acquire(&self) -> sqlx::Result<Option<DbConnection<DB>>> {
        match &self.source {
            Source::Share(share) => {
                let lease = share.try_acquire().map_err(into_sqlx)?;
                Ok(lease.map(DbConnection::leased))
            }
            Source::Pool(pool) => Ok(pool.try_acquire().map(DbConnection::pooled)),
        }
    }

    /// Begins a transaction.
    ///
    /// # Errors
    /// An [`AcquireError`], or the driver's, as [`sqlx::Error`].
    pub async fn begin(&self) -> sqlx::Result<Transaction<'static, DB>> {
        self.begin_transaction(None).await
    }

    /// Begins a transaction by a statement of the caller's, such as `BEGIN IMMEDIATE` on SQLite.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin), and where the statement begins no transaction.
    pub async fn begin_with(
        &self,
        statement: impl SqlSafeStr,
    ) -> sqlx::Result<Transaction<'static, DB>> {
        self.begin_transaction(Some(statement.into_sql_str())).await
    }

    /// Begins a transaction on an idle connection, if there is one.
    ///
    /// # Errors
    /// As for [`begin`](Self::begin).
    pub async fn try_begin(&self) -> sqlx::Result<Option<Transaction<'static, DB>>> {
        match &self.source {
            Source::Share(share) => match share.try_acquire().map_err(into_sqlx)? {
                Some(lease) => begin_on(lease, None).await.map(Some),
                None => Ok(None),
            },
            Source::Pool(pool) => pool.try_begin().await,
        }
    }

    async fn begin_transaction(
        &self,
        statement: Option<SqlStr>,
    ) -> sqlx::Result<Transaction<'static, DB>> {
        match &self.source {
            Source::Share(share) => begin_in(share, statement).await,
            Source::Pool(pool) => match statement {
                Some(statement) => pool.begin_with(statement).await,
                None => pool.begin().await,
            },
        }
    }
}

/// A connection that comes straight from another transaction is settled by the statement that
/// begins this one: a round trip less than asking first.
async fn begin_in<DB: SqlEngine>(
    share: &Share<SqlConnector<DB>>,
    statement: Option<SqlStr>,
) -> sqlx::Result<Transaction<'static, DB>> {
    let lease = share.acquire_unchecked().await.map_err(into_sqlx)?;
    if lease.is_fit() {
        return begin_on(lease, statement).await;
    }
    if let (None, Some(settle_and_begin)) = (&statement, lease.settle_and_begin()) {
        if let Ok(transaction) = begin_on(lease, Some(settle_and_begin)).await {
            return Ok(transaction);
        }
    } else if let Some(lease) = share.checked(lease).await {
        return begin_on(lease, statement).await;
    }
    let lease = share.acquire().await.map_err(into_sqlx)?;
    begin_on(lease, statement).await
}

/// Gives the connection to a transaction, and sets a watch that takes it back afterwards.
async fn begin_on<DB: SqlEngine>(
    lease: LeasedConnection<SqlConnector<DB>>,
    statement: Option<SqlStr>,
) -> sqlx::Result<Transaction<'static, DB>> {
    let runtime = lease.runtime().clone();
    let (cell, loan) = lease.into_parts();
    let (begun, home) = cell.begin(statement);
    runtime.spawn(async move {
        if let Some(cell) = home.reclaim().await {
            loan.give_back(cell);
        }
    });
    begun.await
}

/// Code that has sqlx's errors keeps them; ours is the source.
pub(crate) fn into_sqlx(error: AcquireError) -> sqlx::Error {
    sqlx::Error::Configuration(Box::new(error))
}

impl From<WrongEngine> for sqlx::Error {
    /// For code that has sqlx's errors.
    fn from(error: WrongEngine) -> Self {
        Self::Configuration(Box::new(error))
    }
}

impl Tenant {
    /// The tenant's database.
    ///
    /// # Errors
    /// [`WrongEngine`] where the tenant's database runs on another engine.
    pub fn db<DB: SqlEngine>(&self) -> Result<Db<DB>, WrongEngine> {
        if let Ok(share) = self.share::<SqlConnector<DB>>() {
            return Ok(share.clone().into());
        }
        let pool = self.control().as_any().downcast_ref::<Pool<DB>>();
        let pool = pool.ok_or(WrongEngine::new(DB::NAME))?;
        Ok(pool.clone().into())
    }

    #[cfg(any(feature = "postgres", feature = "sqlite"))]
    /// The tenant's database, on whichever engine it runs.
    ///
    /// # Errors
    /// [`WrongEngine`] where it runs on neither.
    pub fn any_sql(&self) -> Result<AnySql, WrongEngine> {
        #[cfg(feature = "postgres")]
        if let Ok(db) = self.db() {
            return Ok(AnySql::Postgres(db));
        }
        #[cfg(feature = "sqlite")]
        if let Ok(db) = self.db() {
            return Ok(AnySql::Sqlite(db));
        }
        Err(WrongEngine::new("Postgres or SQLite"))
    }
}
