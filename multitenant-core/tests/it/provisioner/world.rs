//! A server or folder of its own for each test, removed afterwards.

use std::panic::{AssertUnwindSafe, resume_unwind};
use std::path::PathBuf;

use futures_util::FutureExt;
use multitenant_core::TenantId;
use multitenant_core::engine::provisioner::{
    LoginPassword, MigrationSet, PostgresProvisioner, Provisioner, RolePrefix, Schema,
    SqliteProvisioner, Template,
};
use multitenant_core::engine::{AnyPool, PerEngine};
use secrecy::{ExposeSecret, SecretString};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::SqlitePoolOptions;
use sqlx::{AssertSqlSafe, Connection, PgConnection, SqlSafeStr};

/// The tables of the library, such as they matter here.
const LIBRARY: &[&str] = &[
    "CREATE TABLE mt_audit_logs (id INTEGER PRIMARY KEY, action TEXT NOT NULL)",
    "CREATE TABLE mt_users (id INTEGER PRIMARY KEY, name TEXT NOT NULL)",
];
const APPLICATION: &[&str] =
    &["CREATE TABLE invoices (id INTEGER PRIMARY KEY, total INTEGER NOT NULL)"];

pub(crate) fn migrator(statements: &[&'static str]) -> Migrator {
    let migrations = (1..).zip(statements).map(|(version, sql)| {
        let sql = sql.into_sql_str();
        Migration::new(version, "test".into(), MigrationType::Simple, sql, false)
    });
    Migrator::with_migrations(migrations.collect())
}

/// The library's tables, and the application's with some more.
pub(crate) fn schema_with(more: &[&'static str]) -> Schema {
    let application = [APPLICATION, more].concat();
    Schema::default()
        .with(MigrationSet::with_table(
            "library",
            migrator(LIBRARY),
            "mt_migrations",
        ))
        .with(MigrationSet::new("application", migrator(&application)))
        .append_only("mt_audit_logs")
}

pub(crate) fn schema() -> Schema {
    schema_with(&[])
}

/// Where a test's tenants live.
pub(crate) struct World {
    place: PerEngine<Server, Folder>,
    provisioner: Box<dyn Provisioner>,
}

pub(crate) struct Server {
    pub(crate) admin_url: SecretString,
    pub(crate) prefix: RolePrefix,
    pub(crate) prefix_text: String,
}

struct Folder(PathBuf);

impl World {
    pub(crate) fn provisioner(&self) -> &dyn Provisioner {
        &*self.provisioner
    }

    /// Another process's provisioner in the same place.
    pub(crate) fn another_node(&self) -> Box<dyn Provisioner> {
        match &self.place {
            PerEngine::Postgres(server) => Box::new(server.provisioner()),
            PerEngine::Sqlite(folder) => Box::new(SqliteProvisioner::open(&folder.0).unwrap()),
        }
    }

    pub(crate) fn is_postgres(&self) -> bool {
        matches!(self.place, PerEngine::Postgres(_))
    }

    /// What is only on a Postgres server.
    pub(crate) fn server(&self) -> &Server {
        match &self.place {
            PerEngine::Postgres(server) => server,
            PerEngine::Sqlite(_) => panic!("this test is for Postgres"),
        }
    }

    pub(crate) async fn template(&self) -> Template {
        self.provisioner.ensure_template(&schema()).await.unwrap()
    }

    /// A tenant with login and database.
    pub(crate) async fn tenant(&self) -> Tenant {
        let template = self.template().await;
        self.tenant_from(&template).await
    }

    pub(crate) async fn tenant_from(&self, template: &Template) -> Tenant {
        let (id, password) = (TenantId::generate(), LoginPassword::generate().unwrap());
        self.provisioner.create_login(id, &password).await.unwrap();
        self.provisioner
            .create_database(id, template)
            .await
            .unwrap();
        let url = self.provisioner.connect_data(id, &password);
        Tenant { id, password, url }
    }

    /// Connects by a tenant's connect data.
    pub(crate) async fn connect(&self, url: &SecretString) -> sqlx::Result<AnyPool> {
        let url = url.expose_secret();
        Ok(match self.place {
            PerEngine::Postgres(_) => {
                let options = PgPoolOptions::new().max_connections(1);
                PerEngine::Postgres(options.connect(url).await?)
            }
            PerEngine::Sqlite(_) => {
                let options = SqlitePoolOptions::new().max_connections(1);
                PerEngine::Sqlite(options.connect(url).await?)
            }
        })
    }
}

pub(crate) struct Tenant {
    pub(crate) id: TenantId,
    pub(crate) password: LoginPassword,
    pub(crate) url: SecretString,
}

impl Server {
    fn new() -> Self {
        let url = std::env::var("TEST_POSTGRES_URL")
            .expect("TEST_POSTGRES_URL is not set: run scripts/test, which starts a server");
        let random = TenantId::generate().as_uuid().simple().to_string();
        let prefix_text = format!("t{}", &random[20..]);
        Self {
            admin_url: SecretString::from(url),
            prefix: prefix_text.parse().unwrap(),
            prefix_text,
        }
    }

    pub(crate) fn provisioner(&self) -> PostgresProvisioner {
        let provisioner = PostgresProvisioner::new(&self.admin_url).unwrap();
        provisioner.with_prefix(self.prefix.clone())
    }

    pub(crate) fn role(&self, name: &str) -> String {
        format!("{}_{name}", self.prefix_text)
    }

    pub(crate) async fn admin(&self) -> PgConnection {
        PgConnection::connect(self.admin_url.expose_secret())
            .await
            .unwrap()
    }

    /// Runs a statement as the admin.
    pub(crate) async fn run(&self, sql: impl Into<String>) {
        let mut admin = self.admin().await;
        sqlx::raw_sql(AssertSqlSafe(sql.into()))
            .execute(&mut admin)
            .await
            .unwrap();
    }

    /// Connects by a URL, but to another database.
    pub(crate) async fn connect_elsewhere(
        &self,
        url: &SecretString,
        database: &str,
    ) -> sqlx::Result<PgConnection> {
        let options: PgConnectOptions = url.expose_secret().parse()?;
        PgConnection::connect_with(&options.database(database)).await
    }

    async fn clean_up(&self) {
        let provisioner = self.provisioner();
        for footprint in provisioner.list().await.unwrap() {
            provisioner.drop_database(footprint.tenant).await.unwrap();
            provisioner.drop_login(footprint.tenant).await.unwrap();
        }
        let databases: Vec<String> = sqlx::query_scalar(
            "SELECT datname::text FROM pg_database WHERE starts_with(datname, $1)",
        )
        .bind(&self.prefix_text)
        .fetch_all(&mut self.admin().await)
        .await
        .unwrap();
        for database in databases {
            self.run(format!("DROP DATABASE {database}")).await;
        }
        for role in ["migrator", "app", "owner"] {
            self.run(format!("DROP ROLE IF EXISTS {}", self.role(role)))
                .await;
        }
        provisioner.close().await;
    }
}

/// Runs a test against a prepared server, and cleans up also when it fails.
pub(crate) async fn with_postgres(test: impl AsyncFnOnce(&World)) {
    let server = Server::new();
    let provisioner = server.provisioner();
    provisioner.prepare().await.unwrap();
    let world = World {
        place: PerEngine::Postgres(server),
        provisioner: Box::new(provisioner),
    };
    let outcome = AssertUnwindSafe(test(&world)).catch_unwind().await;
    world.server().clean_up().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

/// Runs a test in a folder of its own.
pub(crate) async fn with_sqlite(test: impl AsyncFnOnce(&World)) {
    let parent = tempfile::tempdir().unwrap();
    let folder = parent
        .path()
        .join("tenants with ? # and % in their folder's name");
    let provisioner = SqliteProvisioner::open(&folder).unwrap();
    provisioner.prepare().await.unwrap();
    let world = World {
        place: PerEngine::Sqlite(Folder(folder)),
        provisioner: Box::new(provisioner),
    };
    test(&world).await;
}

/// Makes a test on each engine of each function.
macro_rules! on_each_engine {
    ($($test:ident,)+) => {
        mod postgres {
            $(#[tokio::test]
            async fn $test() {
                crate::provisioner::world::with_postgres(super::$test).await;
            })+
        }
        mod sqlite {
            $(#[tokio::test]
            async fn $test() {
                crate::provisioner::world::with_sqlite(super::$test).await;
            })+
        }
    };
}
pub(crate) use on_each_engine;

/// Makes a test on Postgres of each function.
macro_rules! on_postgres {
    ($($test:ident,)+) => {
        mod on {
            $(#[tokio::test]
            async fn $test() {
                crate::provisioner::world::with_postgres(super::$test).await;
            })+
        }
    };
}
pub(crate) use on_postgres;
