//! What the integration tests share: databases to run on, one set of test bodies for both engines.

pub mod catalog;
pub mod platform;
pub mod proxy;

use std::marker::PhantomData;
use std::ops::Deref;

use multitenant_core::accounts;
use multitenant_core::catalog::{Actor, Catalog, Change, SqlCatalog};
use multitenant_core::engine::provisioner::{Footprint, Provisioner, Schema};
use multitenant_core::engine::{ConnectData, SqlConnector, SqlEngine};
use multitenant_core::keys::Vault;
use multitenant_core::platform::{Platform, PlatformBuilder};
use multitenant_core::tenant::{Budget, BudgetOptions, Db};
use multitenant_core::testing::{Place, TestPlatform, TestPlatformBuilder};
use multitenant_core::{ServerId, TenantId};
use secrecy::{ExposeSecret, SecretString};
use sqlx::{Connection, PgConnection, Postgres, Sqlite};
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
                    place.clear().await.expect("nothing is left");
                }
            )+
        }
    };
}

/// Where the databases of one test stand, on this engine.
pub struct EnginePlace<DB> {
    place: Place,
    engine: PhantomData<fn() -> DB>,
}

pub type PostgresPlace = EnginePlace<Postgres>;
pub type SqlitePlace = EnginePlace<Sqlite>;

/// The server that `scripts/test` started.
pub fn server_url() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("set TEST_POSTGRES_URL, or run the tests by scripts/test, which starts a server")
}

impl PostgresPlace {
    pub async fn new() -> Self {
        Self::at(Place::postgres(server_url()))
    }

    /// The kit that users get, not started yet.
    pub fn kit(&self) -> TestPlatformBuilder {
        TestPlatform::on_postgres(server_url(), platform::permissions::REGISTRY)
    }

    /// A connection to the database that is there from the beginning.
    pub async fn connect() -> PgConnection {
        let connection = PgConnection::connect(&server_url()).await;
        connection.expect("a connection to the test server")
    }
}

impl SqlitePlace {
    pub async fn new() -> Self {
        Self::at(Place::sqlite().expect("a temporary folder"))
    }

    pub fn kit(&self) -> TestPlatformBuilder {
        TestPlatform::on_sqlite(platform::permissions::REGISTRY)
    }
}

impl<DB> Deref for EnginePlace<DB> {
    type Target = Place;

    fn deref(&self) -> &Place {
        &self.place
    }
}

impl<DB: SqlEngine> EnginePlace<DB> {
    const fn at(place: Place) -> Self {
        Self {
            place,
            engine: PhantomData,
        }
    }

    /// Makes an empty database.
    pub async fn data(&self) -> ConnectData {
        self.database().await.expect("a new database")
    }

    pub async fn catalog(&self) -> SqlCatalog {
        fresh(&self.url()).await
    }

    pub fn budget(&self, options: BudgetOptions) -> Budget<SqlConnector<DB>> {
        Budget::new(SqlConnector::new().into(), options, Handle::current())
    }

    /// A database of its own, with a budget of its own.
    pub async fn db(&self, connections: usize) -> Db<DB> {
        let budget = self.budget(BudgetOptions::connections(connections));
        budget.join(TenantId::generate(), self.data().await).into()
    }

    /// A node of the platform of this place, not started yet.
    pub fn platform(&self) -> PlatformBuilder {
        self.place.platform(platform::permissions::REGISTRY)
    }

    /// How to get in to another server of this place: on SQLite a folder of its own, on Postgres the
    /// same server once more.
    pub fn another_server(&self) -> SecretString {
        let url = self.place.url();
        match url.expose_secret().strip_prefix("sqlite://") {
            None => server_url().into(),
            Some(file) => {
                let folder = std::path::Path::new(file).parent().expect("a folder");
                folder
                    .with_file_name("another")
                    .display()
                    .to_string()
                    .into()
            }
        }
    }

    pub fn platform_with(&self, vault: Vault) -> PlatformBuilder {
        self.place
            .platform_with(platform::permissions::REGISTRY, vault)
    }

    /// What makes databases here as a platform does, and what one holds.
    pub fn provisioner(&self) -> (Box<dyn Provisioner>, Schema) {
        let schema = match DB::NAME {
            "SQLite" => accounts::sqlite_schema(),
            _ => accounts::postgres_schema(),
        };
        let provisioner = self.place.provisioner();
        (provisioner.expect("a place for tenants"), schema)
    }

    /// Whether there is a database or a login of a tenant.
    pub async fn has_traces(&self, tenant: TenantId) -> bool {
        !footprint(&self.place, tenant).await.is_gone()
    }

    pub async fn has_database(&self, tenant: TenantId) -> bool {
        footprint(&self.place, tenant).await.database.is_some()
    }

    /// How many of the tenants that the platform ever reserved still have a database.
    pub async fn tenant_databases(&self, platform: &Platform) -> usize {
        let mut found = 0;
        for tenant in platform::ever_reserved(platform).await {
            found += usize::from(self.has_traces(tenant).await);
        }
        found
    }
}

/// What there is of a tenant.
pub async fn footprint(place: &Place, tenant: TenantId) -> Footprint {
    let provisioner = place.provisioner().expect("a place for tenants");
    provisioner.inspect(tenant).await.expect("an answer")
}

/// A new catalog that knows the main server.
async fn fresh(url: &SecretString) -> SqlCatalog {
    let catalog = SqlCatalog::open(url).await.expect("a new catalog");
    let change = Change::by(Actor::System);
    let added = catalog.add_server(&change, &ServerId::main()).await;
    added.expect("the main server");
    catalog
}
