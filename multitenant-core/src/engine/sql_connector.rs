use std::marker::PhantomData;
use std::time::Duration;

use secrecy::ExposeSecret;

use super::cell::Cell;
use super::sql_engine::SqlEngine;
use super::{ConnectData, ConnectError, Connector, Permit};

/// Opens connections to tenants' databases by sqlx.
#[derive(Debug, Clone)]
pub struct SqlConnector<DB> {
    deadline: Duration,
    engine: PhantomData<fn() -> DB>,
}

/// Opens connections to Postgres.
#[cfg(feature = "postgres")]
pub type PostgresConnector = SqlConnector<sqlx::Postgres>;
/// Opens SQLite files.
#[cfg(feature = "sqlite")]
pub type SqliteConnector = SqlConnector<sqlx::Sqlite>;

impl<DB: SqlEngine> SqlConnector<DB> {
    /// A connector that gives an opening five seconds.
    #[must_use]
    pub fn new() -> Self {
        Self::with_deadline(Duration::from_secs(5))
    }

    /// A connector that gives up an opening after `deadline`.
    #[must_use]
    pub fn with_deadline(deadline: Duration) -> Self {
        Self {
            deadline,
            engine: PhantomData,
        }
    }
}

impl<DB: SqlEngine> Default for SqlConnector<DB> {
    fn default() -> Self {
        Self::new()
    }
}

impl<DB: SqlEngine> Connector for SqlConnector<DB> {
    type Connection = Cell<DB>;

    async fn connect(&self, data: &ConnectData, permit: Permit) -> Result<Cell<DB>, ConnectError> {
        let options = DB::options(data.url.expose_secret())?;
        tokio::time::timeout(self.deadline, Cell::open(options, permit, self.deadline))
            .await
            .unwrap_or(Err(ConnectError::TimedOut))
    }

    fn is_fit(&self, cell: &Cell<DB>) -> bool {
        cell.is_settled()
    }

    async fn check(&self, cell: &mut Cell<DB>) -> bool {
        cell.settle().await
    }

    async fn close(&self, cell: Cell<DB>) {
        cell.close().await;
    }
}
