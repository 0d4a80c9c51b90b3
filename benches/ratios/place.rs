//! A Postgres server on which databases can be made, where there is one.

use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

pub(crate) const NO_SERVER: &str =
    "everything on Postgres, since TEST_POSTGRES_URL names no server; scripts/bench starts one";

/// The URL of the server that `scripts/bench` started.
pub(crate) fn server_url() -> Option<String> {
    std::env::var("TEST_POSTGRES_URL").ok()
}

pub(crate) async fn connect(url: &str) -> PgConnection {
    let connected = PgConnection::connect(url).await;
    connected.expect("a connection to the server")
}

pub(crate) async fn execute(connection: &mut PgConnection, sql: String) {
    let done = connection.execute(AssertSqlSafe(sql)).await;
    done.expect("a statement that succeeds");
}
