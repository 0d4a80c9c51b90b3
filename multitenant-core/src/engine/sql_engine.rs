use std::future::Future;
#[cfg(any(feature = "postgres", feature = "sqlite"))]
use std::str::FromStr;
use std::time::Duration;

use sqlx::{Connection, Database, SqlStr};

use super::ConnectError;

/// What a tenant's connection needs of a database beyond sqlx's own traits. Sealed: it is
/// implemented for Postgres and SQLite.
#[diagnostic::on_unimplemented(
    message = "no tenant's database runs on `{Self}`",
    label = "expected `sqlx::Postgres` or `sqlx::Sqlite`",
    note = "the features `postgres` and `sqlite` of the adapter, or of `multitenant-core`, bring one each; a binary that runs on both takes `AnySql` in place of `Db<…>`"
)]
pub trait SqlEngine: Database<Connection: Connection<Options: Clone>> + sealed::Sealed {
    /// Tells one connection from another, as the server sees it.
    #[doc(hidden)]
    type Identity: Clone + PartialEq + Send + Sync + 'static;

    /// How long a statement that was cut off may run on before its connection is given up.
    #[doc(hidden)]
    const CUT_OFF_GRACE: Duration;

    /// How long the server may go on with a statement, and count its connection, once that is
    /// closed.
    #[doc(hidden)]
    const LINGERS: Duration;

    /// Reads a connect URL.
    #[doc(hidden)]
    fn options(url: &str) -> Result<<Self::Connection as Connection>::Options, ConnectError>;

    /// Options that reach nothing.
    #[doc(hidden)]
    fn unreachable() -> <Self::Connection as Connection>::Options;

    /// Asks a fresh connection who it is, and has the server notice soon when it is closed.
    #[doc(hidden)]
    fn identify(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<Self::Identity>> + Send;

    /// Rolls back whatever is open, also what sqlx does not know of, and tells who the
    /// connection is: two guards' connections may have been swapped behind our back.
    #[doc(hidden)]
    fn settle(
        connection: &mut Self::Connection,
    ) -> impl Future<Output = sqlx::Result<Self::Identity>> + Send;

    /// A statement that does what [`settle`](Self::settle) does, fails for another connection than
    /// `identity`, and begins a transaction, in one round trip.
    #[doc(hidden)]
    fn settle_and_begin(identity: &Self::Identity) -> Option<SqlStr>;

    /// Whether the server counts none of these connections any more.
    #[doc(hidden)]
    fn are_gone(
        connection: &mut Self::Connection,
        identities: &[Self::Identity],
    ) -> impl Future<Output = sqlx::Result<bool>> + Send;

    /// Ends the connection from the server's side and waits for the end of the stream.
    #[doc(hidden)]
    fn end(connection: &mut Self::Connection) -> impl Future<Output = ()> + Send;
}

mod sealed {
    pub trait Sealed {}
    #[cfg(feature = "postgres")]
    impl Sealed for sqlx::Postgres {}
    #[cfg(feature = "sqlite")]
    impl Sealed for sqlx::Sqlite {}
}

#[cfg(any(feature = "postgres", feature = "sqlite"))]
fn parse<O: FromStr>(url: &str, expected: &'static str) -> Result<O, ConnectError> {
    // The parser's own error may repeat the URL, password included.
    url.parse().map_err(|_| ConnectError::Data(expected))
}

#[cfg(feature = "postgres")]
mod postgres {
    use std::time::Duration;

    use sqlx::postgres::PgConnectOptions;
    use sqlx::{
        AssertSqlSafe, Connection, Executor, PgConnection, Postgres, Row, SqlSafeStr, SqlStr,
    };

    use super::{ConnectError, SqlEngine, parse};

    /// Has the server look now and then, while a statement runs, whether anybody still wants its
    /// result. Not every platform can.
    const NOTICE_CLOSING: &str = "SET client_connection_check_interval = 500";

    /// Asks over the simple protocol, so that nothing is prepared. A transaction began before the
    /// statement if their times differ; sqlx's own record misses one left by a cancelled BEGIN.
    const PROBE: &str = "SELECT pg_backend_pid(), now() <> statement_timestamp()";

    struct Probe {
        backend: i32,
        in_transaction: bool,
    }

    async fn probe(connection: &mut PgConnection) -> sqlx::Result<Probe> {
        let row = connection.fetch_one(sqlx::raw_sql(PROBE)).await?;
        Ok(Probe {
            backend: row.try_get(0)?,
            in_transaction: row.try_get(1)?,
        })
    }

    impl SqlEngine for Postgres {
        type Identity = i32;

        const CUT_OFF_GRACE: Duration = Duration::from_secs(1);
        const LINGERS: Duration = Duration::from_secs(1);

        fn options(url: &str) -> Result<PgConnectOptions, ConnectError> {
            parse(url, "expected postgres://user:password@host:port/database")
        }

        fn unreachable() -> PgConnectOptions {
            PgConnectOptions::new_without_pgpass().socket("/nonexistent")
        }

        async fn identify(connection: &mut PgConnection) -> sqlx::Result<i32> {
            let both = AssertSqlSafe(format!("{NOTICE_CLOSING}; {PROBE}"));
            match connection.fetch_one(sqlx::raw_sql(both)).await {
                Ok(row) => row.try_get(0),
                Err(sqlx::Error::Database(_)) => Ok(probe(connection).await?.backend),
                Err(error) => Err(error),
            }
        }

        async fn settle(connection: &mut PgConnection) -> sqlx::Result<i32> {
            match probe(connection).await {
                Ok(probe) if !probe.in_transaction => return Ok(probe.backend),
                // Inside a failed transaction every statement is refused.
                Ok(_) | Err(sqlx::Error::Database(_)) => {}
                Err(error) => return Err(error),
            }
            connection.execute(sqlx::raw_sql("ROLLBACK")).await?;
            Ok(probe(connection).await?.backend)
        }

        /// One simple query. Rolls back what is open without the warning that a ROLLBACK alone
        /// would leave in the server's log; divides by zero in a stranger. The question is asked
        /// before the transaction that stays, which so may still choose its isolation.
        fn settle_and_begin(backend: &i32) -> Option<SqlStr> {
            let statement =
                format!("BEGIN; SELECT 1 / (pg_backend_pid() = {backend})::int; ROLLBACK; BEGIN");
            Some(AssertSqlSafe(statement).into_sql_str())
        }

        async fn are_gone(connection: &mut PgConnection, backends: &[i32]) -> sqlx::Result<bool> {
            let gone = "SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = ANY($1))";
            sqlx::query_scalar(gone)
                .bind(backends)
                .fetch_one(connection)
                .await
        }

        /// A plain close returns before the backend has ended, and the server counts it for a
        /// moment longer. One that terminates itself is gone when the stream ends.
        async fn end(connection: &mut PgConnection) {
            let terminate = sqlx::raw_sql("SELECT pg_terminate_backend(pg_backend_pid())");
            if connection.execute(terminate).await.is_err() {
                let _ = connection.ping().await;
            }
            while connection.ping().await.is_ok() {}
        }
    }
}

#[cfg(feature = "sqlite")]
mod sqlite {
    use std::time::Duration;

    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{Executor, SqlStr, Sqlite, SqliteConnection};

    use super::{ConnectError, SqlEngine, parse};

    const FILE: &str = "SELECT file FROM pragma_database_list WHERE name = 'main'";

    impl SqlEngine for Sqlite {
        type Identity = String;

        /// A statement at work cannot be left; its thread would go on.
        const CUT_OFF_GRACE: Duration = Duration::from_secs(10);
        const LINGERS: Duration = Duration::ZERO;

        fn options(url: &str) -> Result<SqliteConnectOptions, ConnectError> {
            parse(url, "expected sqlite:///folder/file.db").map(with_our_settings)
        }

        fn unreachable() -> SqliteConnectOptions {
            SqliteConnectOptions::new()
                .filename("/nonexistent/file.db")
                .create_if_missing(false)
        }

        async fn identify(connection: &mut SqliteConnection) -> sqlx::Result<String> {
            sqlx::query_scalar(FILE).fetch_one(connection).await
        }

        /// SQLite has no question for an open transaction, but rolling back none is an error
        /// that changes nothing.
        async fn settle(connection: &mut SqliteConnection) -> sqlx::Result<String> {
            let rolled_back = connection.execute(sqlx::raw_sql("ROLLBACK")).await;
            match rolled_back {
                Ok(_) | Err(sqlx::Error::Database(_)) => Self::identify(connection).await,
                Err(error) => Err(error),
            }
        }

        fn settle_and_begin(_: &String) -> Option<SqlStr> {
            None
        }

        /// Nothing counts them.
        async fn are_gone(_: &mut SqliteConnection, _: &[String]) -> sqlx::Result<bool> {
            Ok(true)
        }

        /// Closing waits for the connection's thread; nothing else counts it.
        async fn end(_: &mut SqliteConnection) {}
    }

    fn with_our_settings(options: SqliteConnectOptions) -> SqliteConnectOptions {
        use sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
        options
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(std::time::Duration::from_secs(5))
    }
}
