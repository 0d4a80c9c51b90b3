use std::convert::Infallible;

/// One thing on Postgres, its counterpart on SQLite: pools, handles or transactions of a binary
/// that runs on both. [`on!`](crate::on) writes one text for both.
///
/// In a build with one engine only, the other side is [`Infallible`] and costs nothing.
#[derive(Debug, Clone)]
pub enum PerEngine<P, S> {
    /// The thing on Postgres.
    Postgres(P),
    /// The thing on SQLite.
    Sqlite(S),
}

#[cfg(feature = "postgres")]
mod postgres {
    pub(super) type Pool = sqlx::PgPool;
    pub(super) type Transaction = sqlx::Transaction<'static, sqlx::Postgres>;
}
#[cfg(not(feature = "postgres"))]
mod postgres {
    pub(super) type Pool = std::convert::Infallible;
    pub(super) type Transaction = std::convert::Infallible;
}
#[cfg(feature = "sqlite")]
mod sqlite {
    pub(super) type Pool = sqlx::SqlitePool;
    pub(super) type Transaction = sqlx::Transaction<'static, sqlx::Sqlite>;
}
#[cfg(not(feature = "sqlite"))]
mod sqlite {
    pub(super) type Pool = std::convert::Infallible;
    pub(super) type Transaction = std::convert::Infallible;
}

/// An ordinary pool on either engine.
pub type AnyPool = PerEngine<postgres::Pool, sqlite::Pool>;
/// A transaction on either engine.
pub type AnyTransaction = PerEngine<postgres::Transaction, sqlite::Transaction>;

impl AnyPool {
    /// Begins a transaction that may write. On SQLite it takes the write lock at once, so that it
    /// waits for other writers here and cannot fail half-way for having read first.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn begin(&self) -> sqlx::Result<AnyTransaction> {
        match self {
            #[cfg(feature = "postgres")]
            Self::Postgres(pool) => pool.begin().await.map(PerEngine::Postgres),
            #[cfg(feature = "sqlite")]
            Self::Sqlite(pool) => pool
                .begin_with("BEGIN IMMEDIATE")
                .await
                .map(PerEngine::Sqlite),
            #[cfg(not(feature = "postgres"))]
            Self::Postgres(never) => absurd(never),
            #[cfg(not(feature = "sqlite"))]
            Self::Sqlite(never) => absurd(never),
        }
    }
}

impl AnyTransaction {
    /// Commits.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn commit(self) -> sqlx::Result<()> {
        crate::on!(self, tx => tx.commit().await)
    }

    /// Rolls back, and says so when that fails; dropping does it silently.
    ///
    /// # Errors
    /// Those of the driver.
    pub async fn rollback(self) -> sqlx::Result<()> {
        crate::on!(self, tx => tx.rollback().await)
    }
}

/// A value that cannot exist, owned or borrowed.
#[doc(hidden)]
pub trait Never {
    fn absurd(self) -> !;
}

impl Never for Infallible {
    fn absurd(self) -> ! {
        match self {}
    }
}
impl Never for &Infallible {
    fn absurd(self) -> ! {
        match *self {}
    }
}
impl Never for &mut Infallible {
    fn absurd(self) -> ! {
        match *self {}
    }
}

#[doc(hidden)]
pub fn absurd(never: impl Never) -> ! {
    never.absurd()
}

/// Writes a query once for both engines: `on!(value, name => expression)` matches a [`PerEngine`]
/// and evaluates the expression with `name` bound to the Postgres or the SQLite side.
///
/// ```
/// # use multitenant_core::{engine::AnyPool, on};
/// async fn count(pool: &AnyPool) -> sqlx::Result<i64> {
///     on!(pool, p => sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(p).await)
/// }
/// ```
#[cfg(all(feature = "postgres", feature = "sqlite"))]
#[macro_export]
macro_rules! on {
    ($subject:expr, $name:pat => $body:expr) => {
        match $subject {
            $crate::engine::PerEngine::Postgres($name) => $body,
            $crate::engine::PerEngine::Sqlite($name) => $body,
        }
    };
}

/// Writes a query once for both engines; this build has Postgres only.
#[cfg(all(feature = "postgres", not(feature = "sqlite")))]
#[macro_export]
macro_rules! on {
    ($subject:expr, $name:pat => $body:expr) => {
        match $subject {
            $crate::engine::PerEngine::Postgres($name) => $body,
            $crate::engine::PerEngine::Sqlite(never) => $crate::engine::absurd(never),
        }
    };
}

/// Writes a query once for both engines; this build has SQLite only.
#[cfg(all(not(feature = "postgres"), feature = "sqlite"))]
#[macro_export]
macro_rules! on {
    ($subject:expr, $name:pat => $body:expr) => {
        match $subject {
            $crate::engine::PerEngine::Postgres(never) => $crate::engine::absurd(never),
            $crate::engine::PerEngine::Sqlite($name) => $body,
        }
    };
}

/// Writes a query once for both engines; this build has neither, so nothing is ever matched.
#[cfg(not(any(feature = "postgres", feature = "sqlite")))]
#[macro_export]
macro_rules! on {
    ($subject:expr, $name:pat => $body:expr) => {
        match $subject {
            $crate::engine::PerEngine::Postgres(never) => $crate::engine::absurd(never),
            $crate::engine::PerEngine::Sqlite(never) => $crate::engine::absurd(never),
        }
    };
}
