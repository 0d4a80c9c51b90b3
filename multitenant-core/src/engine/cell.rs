//! One open connection, kept in a private pool of one.
//!
//! sqlx's `Transaction<'static, _>` can only be built from a `PoolConnection`, so each connection
//! sits in a pool of its own, a cell. The permit lives in the pool's `after_release` hook and so
//! exactly as long as the pool's inner part: in a live transaction, in sqlx's own return task,
//! after every handle of ours is gone. While nobody uses the connection it stays checked *out* of
//! its cell: a warm use has no ping, no spawn and no timer.

use std::sync::Arc;
use std::time::Duration;

use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{Connection, Pool, Transaction};

use super::passing::is_passing;
use super::sql_engine::SqlEngine;
use super::{ConnectError, Permit};

/// How long a server may take to end a connection before it counts as ended.
const END_DEADLINE: Duration = Duration::from_secs(3);

/// One open connection and the private pool it belongs to.
pub struct Cell<DB: SqlEngine> {
    connection: PoolConnection<DB>,
    home: Home<DB>,
    /// Known to be this cell's own connection, with no transaction open.
    settled: bool,
    /// A statement that was cut off may be at work at the server still.
    at_work: bool,
}

/// The place a connection comes back to after a transaction.
pub(crate) struct Home<DB: SqlEngine> {
    pool: Pool<DB>,
    identity: DB::Identity,
}

type Options<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

impl<DB: SqlEngine> Cell<DB> {
    /// Opens the one connection of a new cell, within `deadline`.
    pub(super) async fn open(
        options: Options<DB>,
        permit: Permit,
        deadline: Duration,
    ) -> Result<Self, ConnectError> {
        let pool = pool_of_one::<DB>(options, permit, deadline);
        let mut connection = pool.acquire().await.map_err(|error| match error {
            sqlx::Error::PoolTimedOut => ConnectError::TimedOut,
            passing if is_passing(&passing) => ConnectError::unavailable(passing),
            other => ConnectError::failed(other),
        })?;
        let identity = DB::identify(&mut connection)
            .await
            .map_err(ConnectError::failed)?;
        // From now on the pool must never open a second connection by itself, and the password
        // has no business in memory.
        pool.set_connect_options(DB::unreachable());
        Ok(Self {
            connection,
            home: Home { pool, identity },
            settled: true,
            at_work: false,
        })
    }

    pub(crate) fn connection(&mut self) -> &mut DB::Connection {
        &mut self.connection
    }

    pub(crate) fn connection_ref(&self) -> &DB::Connection {
        &self.connection
    }

    /// Begins a transaction that takes the connection along; it comes back to [`Home::reclaim`].
    pub(crate) fn begin(
        self,
        statement: Option<sqlx::SqlStr>,
    ) -> (
        impl Future<Output = sqlx::Result<Transaction<'static, DB>>> + Send,
        Home<DB>,
    ) {
        let begun = Transaction::begin(
            sqlx::pool::MaybePoolConnection::PoolConnection(self.connection),
            statement,
        );
        (begun, self.home)
    }

    /// Whether it is known to be this cell's own connection, with no transaction open. One that
    /// comes back from a transaction is not.
    pub(crate) fn is_settled(&self) -> bool {
        self.settled
    }

    /// A statement that settles the connection and begins a transaction, in one round trip. It
    /// fails where the connection is not this cell's own. `None`: this engine has none.
    pub(crate) fn settle_and_begin(&self) -> Option<sqlx::SqlStr> {
        DB::settle_and_begin(&self.home.identity)
    }

    /// Ends what a former user left open. `false`: the connection is unfit for another.
    pub(super) async fn settle(&mut self) -> bool {
        let tidied = in_time::<DB, _>(DB::settle(&mut self.connection)).await;
        self.at_work = matches!(tidied, Tidied::AtWork);
        self.settled = matches!(tidied, Tidied::Done(found) if found == self.home.identity)
            && !self.connection.is_in_transaction();
        self.settled
    }

    /// Ends the connection and waits until the server no longer counts it.
    pub(super) async fn close(mut self) {
        if !self.at_work {
            end::<DB>(&mut self.connection).await;
        }
        let _ = tokio::time::timeout(END_DEADLINE, self.connection.close()).await;
        if self.at_work {
            tokio::time::sleep(DB::LINGERS).await;
        }
    }
}

impl<DB: SqlEngine> Home<DB> {
    /// Waits for the connection to come back from a transaction. `None`: it is gone.
    pub(crate) async fn reclaim(self) -> Option<Cell<DB>> {
        loop {
            match self.pool.acquire().await {
                Ok(connection) => {
                    return Some(Cell {
                        connection,
                        home: self,
                        settled: false,
                        at_work: false,
                    });
                }
                // The transaction is still at work.
                Err(sqlx::Error::PoolTimedOut) => {}
                Err(_) => return None,
            }
        }
    }
}

fn pool_of_one<DB: SqlEngine>(
    options: Options<DB>,
    permit: Permit,
    deadline: Duration,
) -> Pool<DB> {
    let permit = Arc::new(permit);
    PoolOptions::new()
        .max_connections(1)
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(deadline)
        .acquire_slow_threshold(Duration::MAX)
        .after_release(move |connection: &mut DB::Connection, _| {
            let permit = Arc::clone(&permit);
            Box::pin(async move {
                // Answers that nobody read, of a statement that was cut off or a rollback that was
                // sent along. sqlx's own wait would have no end.
                let tidied = in_time::<DB, _>(connection.flush()).await;
                match tidied {
                    Tidied::Done(()) => return Ok(true),
                    Tidied::AtWork => drop(tokio::spawn(linger::<DB>(permit))),
                    Tidied::Broken => end::<DB>(connection).await,
                }
                Ok(false)
            })
        })
        .connect_lazy_with(options)
}

/// Keeps a permit for as long as the server may count a connection that is closed while it works.
async fn linger<DB: SqlEngine>(permit: Arc<Permit>) {
    tokio::time::sleep(END_DEADLINE + DB::LINGERS).await;
    drop(permit);
}

/// What tidying a connection up came to.
enum Tidied<T> {
    Done(T),
    /// It did not end in time.
    AtWork,
    Broken,
}

async fn in_time<DB: SqlEngine, T>(tidying: impl Future<Output = sqlx::Result<T>>) -> Tidied<T> {
    match tokio::time::timeout(DB::CUT_OFF_GRACE, tidying).await {
        Ok(Ok(done)) => Tidied::Done(done),
        Ok(Err(error)) => {
            tracing::debug!(%error, "a connection could not be tidied and is closed");
            Tidied::Broken
        }
        Err(_) => {
            tracing::warn!("a cut-off statement did not end in time; its connection is closed");
            Tidied::AtWork
        }
    }
}

/// Ends a connection from the server's side, for as long as that may take.
pub(crate) async fn end<DB: SqlEngine>(connection: &mut DB::Connection) {
    if tokio::time::timeout(END_DEADLINE, DB::end(connection))
        .await
        .is_err()
    {
        tracing::warn!("the database server did not confirm the end of a connection in time");
    }
}
