use futures_util::{StreamExt, TryStreamExt, stream};
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};

use super::{invented_name, keys};
use crate::engine::ConnectData;
use crate::engine::provisioner::{PostgresProvisioner, Provisioner};
use crate::keys::Vault;
use crate::platform::{Platform, PlatformBuilder};
use crate::rbac::Registry;
use crate::testing::error::{Doing, SetUpError};
use crate::{ServerId, TenantId};

/// The provisioner has as many connections to the server.
const DROPPED_AT_ONCE: usize = 2;

/// A server, and what was made there.
pub(super) struct Server {
    admin: SecretString,
    catalog: String,
    made: Mutex<Vec<String>>,
}

impl Server {
    pub(super) fn new(admin: SecretString) -> Self {
        Self {
            admin,
            catalog: invented_name(),
            made: Mutex::default(),
        }
    }

    pub(super) async fn database(&self) -> Result<ConnectData, SetUpError> {
        let name = self.note(invented_name());
        let create = format!("CREATE DATABASE {name}");
        self.run(create).await.to("make a database")?;
        Ok(ConnectData::new(ServerId::main(), self.url_of(&name)))
    }

    pub(super) fn url(&self) -> SecretString {
        self.url_of(&self.note(invented_name())).into()
    }

    pub(super) fn catalog_url(&self) -> SecretString {
        self.url_of(&self.note(self.catalog.clone())).into()
    }

    pub(super) fn platform(&self, registry: &'static Registry, vault: Vault) -> PlatformBuilder {
        let catalog = self.catalog_url();
        Platform::on_postgres(catalog, self.admin.clone(), keys(), vault, registry)
    }

    pub(super) async fn clear(&self) -> Result<(), SetUpError> {
        let made = std::mem::take(&mut *self.made.lock());
        if made.contains(&self.catalog) {
            self.drop_tenants().await?;
        }
        for name in made {
            self.drop_database(&name).await.to("drop a database")?;
        }
        Ok(())
    }

    /// Drops what the catalog knows of, were its making finished or not.
    async fn drop_tenants(&self) -> Result<(), SetUpError> {
        // A platform that was never started has no catalog.
        let Ok(tenants) = self.tenants().await else {
            return Ok(());
        };
        let server = self.provisioner()?;
        let dropping = tenants
            .into_iter()
            .map(|tenant| drop_tenant(&server, tenant));
        let dropping = stream::iter(dropping).buffer_unordered(DROPPED_AT_ONCE);
        dropping.try_collect::<()>().await?;
        server.close().await;
        Ok(())
    }

    async fn tenants(&self) -> sqlx::Result<Vec<TenantId>> {
        let mut catalog = PgConnection::connect(&self.url_of(&self.catalog)).await?;
        let ids = sqlx::query_scalar("SELECT id FROM mt_tenants");
        let ids = ids.fetch_all(&mut catalog).await;
        catalog.close().await?;
        ids
    }

    pub(super) fn provisioner(&self) -> Result<PostgresProvisioner, SetUpError> {
        PostgresProvisioner::new(&self.admin).to("reach the server")
    }

    /// `WITH (FORCE)` is refused where an autovacuum worker is in the database; the plain form ends
    /// those.
    async fn drop_database(&self, name: &str) -> sqlx::Result<()> {
        let drop = format!("DROP DATABASE IF EXISTS {name}");
        match self.run(format!("{drop} WITH (FORCE)")).await {
            Ok(()) => Ok(()),
            Err(_) => self.run(drop).await,
        }
    }

    async fn run(&self, statement: String) -> sqlx::Result<()> {
        let mut server = PgConnection::connect(self.admin.expose_secret()).await?;
        server.execute(AssertSqlSafe(statement)).await?;
        server.close().await
    }

    fn note(&self, name: String) -> String {
        let mut made = self.made.lock();
        if !made.contains(&name) {
            made.push(name.clone());
        }
        name
    }

    /// The server's URL with another database.
    fn url_of(&self, database: &str) -> String {
        let admin = self.admin.expose_secret();
        let (server, parameters) = admin.split_once('?').unwrap_or((admin, ""));
        let slashes = server.find("://").map_or(0, |scheme| scheme + 3);
        let server = server[slashes..]
            .find('/')
            .map_or(server, |path| &server[..slashes + path]);
        format!("{server}/{database}?{parameters}")
    }
}

async fn drop_tenant(server: &PostgresProvisioner, tenant: TenantId) -> Result<(), SetUpError> {
    let dropped = server.drop_database(tenant).await;
    dropped.to("drop a tenant's database")?;
    let dropped = server.drop_login(tenant).await;
    dropped.to("drop a tenant's login")
}

impl Drop for Server {
    /// On a thread of its own, since the test's runtime may be about to end, or busy panicking.
    fn drop(&mut self) {
        if self.made.lock().is_empty() {
            return;
        }
        let clear = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.map(|runtime| runtime.block_on(self.clear()))
        };
        let cleared = std::thread::scope(|scope| scope.spawn(clear).join());
        if !matches!(cleared, Ok(Ok(Ok(())))) {
            tracing::warn!("something of a test is left on the Postgres server");
        }
    }
}
