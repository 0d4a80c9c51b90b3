//! A Postgres server on which databases can be made, where there is one.

use multitenant_core::TenantId;
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

/// The server that `scripts/bench` started, and what was made there.
pub(crate) struct Server {
    url: String,
    made: Vec<String>,
}

pub(crate) const NO_SERVER: &str =
    "everything on Postgres, since TEST_POSTGRES_URL names no server; scripts/bench starts one";

impl Server {
    pub(crate) fn from_environment() -> Option<Self> {
        let url = std::env::var("TEST_POSTGRES_URL").ok()?;
        let made = Vec::new();
        Some(Self { url, made })
    }

    pub(crate) fn admin_url(&self) -> SecretString {
        self.url.clone().into()
    }

    /// The URL of a database that nobody has made yet.
    pub(crate) fn new_url(&mut self) -> String {
        let name = format!("bench_{}", TenantId::generate().as_uuid().simple());
        let (server, parameters) = self.url.split_once('?').unwrap_or((&self.url, ""));
        let (server, _) = server.rsplit_once('/').expect("a URL with a database");
        let url = format!("{server}/{name}?{parameters}");
        self.made.push(name);
        url
    }

    pub(crate) async fn new_database(&mut self) -> String {
        let url = self.new_url();
        let name = self.made.last().cloned().unwrap_or_default();
        self.execute(format!("CREATE DATABASE {name}")).await;
        url
    }

    pub(crate) async fn connect(&self) -> PgConnection {
        let connected = PgConnection::connect(&self.url).await;
        connected.expect("a connection to the server")
    }

    pub(crate) async fn execute(&self, sql: String) {
        let mut connection = self.connect().await;
        execute(&mut connection, sql).await;
    }

    /// Drops what was made.
    pub(crate) async fn clear(self) {
        for name in &self.made {
            let drop = format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)");
            self.execute(drop).await;
        }
    }
}

pub(crate) async fn execute(connection: &mut PgConnection, sql: String) {
    let done = connection.execute(AssertSqlSafe(sql)).await;
    done.expect("a statement that succeeds");
}
