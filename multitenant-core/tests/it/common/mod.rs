//! What the integration tests share: databases to run on, one set of test bodies for both engines.

pub mod catalog;
pub mod clock;
pub mod nowhere;
pub mod platform;
pub mod request;

use std::time::Duration;

use multitenant_core::catalog::{Actor, Catalog, Change, SqlCatalog};
use multitenant_core::engine::{ConnectData, PostgresConnector, SqliteConnector};
use multitenant_core::tenant::{Budget, BudgetOptions, Db};
use multitenant_core::{ServerId, TenantId};
use secrecy::SecretString;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Postgres, Sqlite};
use tempfile::TempDir;
use tokio::runtime::Handle;

/// Runs each test body on both engines: `on_both_engines! { async fn name(place: Place) { … } }`
/// makes `postgres::name` and `sqlite::name`, where `Engine` is sqlx's type and `Place` makes
/// databases.
#[macro_export]
macro_rules! on_both_engines {
    ($($(#[$attribute:meta])* async fn $name:ident($place:ident: Place) $body:block)+) => {
        $crate::on_both_engines!(@module postgres, sqlx::Postgres, PostgresPlace, $($(#[$attribute])* $name, $place, $body;)+);
        $crate::on_both_engines!(@module sqlite, sqlx::Sqlite, SqlitePlace, $($(#[$attribute])* $name, $place, $body;)+);
    };
    (@module $engine:ident, $sqlx:ty, $make:ident, $($(#[$attribute:meta])* $name:ident, $place:ident, $body:block;)+) => {
        mod $engine {
            #[allow(unused_imports, reason = "a body may need nothing of its file")]
            use super::*;
            #[allow(dead_code, reason = "not every body names its engine")]
            type Engine = $sqlx;
            $(
                $(#[$attribute])*
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    let place = $crate::common::$make::new().await;
                    {
                        let $place = &place;
                        $body
                    }
                    place.clear().await;
                }
            )+
        }
    };
}

/// A Postgres server on which databases can be made.
pub struct PostgresPlace {
    made: parking_lot::Mutex<Vec<String>>,
}

/// The server that `scripts/test` started.
pub fn server_url() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("set TEST_POSTGRES_URL, or run the tests by scripts/test, which starts a server")
}

fn url_of(database: &str) -> String {
    let server = server_url();
    let (server, parameters) = server.split_once('?').unwrap_or((&server, ""));
    let (server, _) = server.rsplit_once('/').expect("a URL with a database");
    format!("{server}/{database}?{parameters}")
}

impl PostgresPlace {
    pub async fn new() -> Self {
        Self {
            made: parking_lot::Mutex::default(),
        }
    }

    pub async fn connect(database: &str) -> PgConnection {
        PgConnection::connect(&url_of(database))
            .await
            .expect("a connection to the test server")
    }

    /// Makes an empty database.
    pub async fn data(&self) -> ConnectData {
        let name = format!("test_{}", TenantId::generate().as_uuid().simple());
        let create = format!("CREATE DATABASE {name}");
        Self::connect("postgres")
            .await
            .execute(AssertSqlSafe(create))
            .await
            .expect("a new database");
        let url = url_of(&name);
        self.made.lock().push(name);
        ConnectData::new(ServerId::main(), url)
    }

    /// The URL of a catalog that nobody has made yet.
    pub fn catalog_url(&self) -> SecretString {
        let name = format!("test_{}", TenantId::generate().as_uuid().simple());
        let url = url_of(&name);
        self.made.lock().push(name);
        url.into()
    }

    pub async fn catalog(&self) -> SqlCatalog {
        fresh(&self.catalog_url()).await
    }

    pub fn budget(&self, options: BudgetOptions) -> Budget<PostgresConnector> {
        Budget::new(PostgresConnector::new().into(), options, Handle::current())
    }

    /// A database of its own, with a budget of its own.
    pub async fn db(&self, connections: usize) -> Db<Postgres> {
        let budget = self.budget(BudgetOptions::connections(connections));
        budget.join(TenantId::generate(), self.data().await).into()
    }

    pub async fn clear(&self) {
        let made = std::mem::take(&mut *self.made.lock());
        let mut connection = Self::connect("postgres").await;
        for name in made {
            drop_database(&mut connection, &name).await;
        }
    }
}

/// `WITH (FORCE)` is refused where an autovacuum worker is in the database; the plain form ends those.
async fn drop_database(server: &mut PgConnection, name: &str) {
    let drop = format!("DROP DATABASE IF EXISTS {name}");
    let force = AssertSqlSafe(format!("{drop} WITH (FORCE)"));
    if server.execute(force).await.is_err() {
        let dropped = server.execute(AssertSqlSafe(drop)).await;
        dropped.expect("the database is dropped");
    }
}

/// A folder in which SQLite files can be made.
pub struct SqlitePlace {
    folder: TempDir,
}

impl SqlitePlace {
    pub async fn new() -> Self {
        Self {
            folder: TempDir::new().expect("a temporary folder"),
        }
    }

    pub async fn data(&self) -> ConnectData {
        let path = self
            .folder
            .path()
            .join(format!("{}.db", TenantId::generate()));
        std::fs::File::create(&path).expect("a new file");
        ConnectData::new(ServerId::main(), format!("sqlite://{}", path.display()))
    }

    /// The URL of a catalog that nobody has made yet.
    pub fn catalog_url(&self) -> SecretString {
        let (folder, id) = (self.folder.path().display(), TenantId::generate());
        format!("sqlite://{folder}/data/{id}.db").into()
    }

    pub async fn catalog(&self) -> SqlCatalog {
        fresh(&self.catalog_url()).await
    }

    pub fn budget(&self, options: BudgetOptions) -> Budget<SqliteConnector> {
        Budget::new(SqliteConnector::new().into(), options, Handle::current())
    }

    pub async fn db(&self, connections: usize) -> Db<Sqlite> {
        let budget = self.budget(BudgetOptions::connections(connections));
        budget.join(TenantId::generate(), self.data().await).into()
    }

    pub async fn clear(&self) {}
}

/// A new catalog that knows the main server.
async fn fresh(url: &SecretString) -> SqlCatalog {
    let catalog = SqlCatalog::open(url).await.expect("a new catalog");
    let change = Change::by(Actor::System);
    let added = catalog.add_server(&change, &ServerId::main()).await;
    added.expect("the main server");
    catalog
}

/// Waits until something holds, and fails with a sentence when it does not in five seconds.
pub async fn eventually(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if holds().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("within five seconds it did not come about that {what}");
}
