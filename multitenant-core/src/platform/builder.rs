use std::borrow::Cow;
use std::collections::HashMap;
#[cfg(feature = "sqlite")]
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
#[cfg(feature = "sqlite")]
use secrecy::ExposeSecret;
use secrecy::SecretString;
use sqlx::Pool;
use sqlx::migrate::Migrator;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::people::People;
use super::refusals::Refusals;
use super::servers::{self, Server, ServerOptions};
use super::urls::ProvisionedUrls;
use super::{Inner, Platform, PlatformError, keys};
use crate::accounts;
use crate::auth::sign_in::SignInOptions;
use crate::catalog::{Actor, Catalog, CatalogDirectory, Change, Retention, SqlCatalog, run_pruner};
use crate::engine::provisioner::{MigrationSet, Provisioner, Schema, ServerWarning};
use crate::engine::{SqlConnector, SqlEngine};
use crate::events::{EventBus, Follower, run_sweeper};
use crate::keys::Vault;
use crate::password::HashingCost;
use crate::provision::{LEASE, OnCreate, Parts, Provisioning, run_recovery};
use crate::rbac::Registry;
use crate::resolve::{Resolver, Sources};
use crate::tenant::{CacheOptions, ManagerOptions, TenantControl, TenantManager};
use crate::token::KeyRings;
use crate::{Clock, NodeId, ServerId, SystemClock};

/// What failures call the application's migrations.
const APPLICATION: &str = "application";

/// Where a platform's databases are.
enum Databases {
    #[cfg(feature = "postgres")]
    Postgres {
        catalog: SecretString,
        admin: SecretString,
    },
    #[cfg(feature = "sqlite")]
    Sqlite { folder: PathBuf },
}

/// Says how a node of a platform is to run.
#[must_use = "a platform runs once it is started"]
pub struct PlatformBuilder {
    databases: Databases,
    keys: KeyRings,
    vault: Vault,
    registry: &'static Registry,
    sources: Sources,
    manager: ManagerOptions,
    sign_in: SignInOptions,
    hashing_cost: HashingCost,
    application: Vec<MigrationSet>,
    read_only: Vec<Cow<'static, str>>,
    accounts: bool,
    on_create: Vec<Arc<dyn OnCreate>>,
    pub(super) servers: ServerOptions,
    clock: Option<Arc<dyn Clock>>,
    lease: Duration,
    retention: Retention,
    listens: bool,
    buses: Vec<Arc<dyn EventBus>>,
}

impl Platform {
    /// A platform on Postgres. `catalog` is the URL of the catalog's database, made if it is
    /// missing; `admin` that of a role with CREATEDB and CREATEROLE on the tenants' server.
    #[cfg(feature = "postgres")]
    pub fn on_postgres(
        catalog: SecretString,
        admin: SecretString,
        keys: KeyRings,
        vault: Vault,
        registry: &'static Registry,
    ) -> PlatformBuilder {
        let databases = Databases::Postgres { catalog, admin };
        PlatformBuilder::new(databases, keys, vault, registry)
    }

    /// A platform on SQLite files in `folder`, which is made if it is missing.
    #[cfg(feature = "sqlite")]
    pub fn on_sqlite(
        folder: impl AsRef<Path>,
        keys: KeyRings,
        vault: Vault,
        registry: &'static Registry,
    ) -> PlatformBuilder {
        let folder = folder.as_ref().to_owned();
        PlatformBuilder::new(Databases::Sqlite { folder }, keys, vault, registry)
    }
}

impl PlatformBuilder {
    fn new(
        databases: Databases,
        keys: KeyRings,
        vault: Vault,
        registry: &'static Registry,
    ) -> Self {
        let mut manager = ManagerOptions::default();
        // Nothing is opened before it is granted.
        manager.budget.connections = 0;
        Self {
            databases,
            keys,
            vault,
            registry,
            sources: Sources::default(),
            manager,
            sign_in: SignInOptions::default(),
            hashing_cost: HashingCost::OWASP,
            application: Vec::new(),
            read_only: Vec::new(),
            accounts: true,
            on_create: Vec::new(),
            servers: ServerOptions::default(),
            clock: None,
            lease: LEASE,
            retention: Retention::default(),
            listens: true,
            buses: Vec::new(),
        }
    }

    /// Where in a request a tenant can be named.
    pub fn sources(mut self, sources: Sources) -> Self {
        self.sources = sources;
        self
    }

    /// Most tenants kept in memory. Default 10,000.
    pub fn cached_tenants(mut self, tenants: usize) -> Self {
        self.manager.tenants = CacheOptions::capacity(tenants);
        self
    }

    /// How long sessions last.
    pub fn sign_in(mut self, options: SignInOptions) -> Self {
        self.sign_in = options;
        self
    }

    /// What hashing a password costs. Default: OWASP's parameters.
    pub fn hashing_cost(mut self, cost: HashingCost) -> Self {
        self.hashing_cost = cost;
        self
    }

    /// The application's own migrations of a tenant's database, for the engine at hand: what
    /// `sqlx::migrate!()` gives.
    pub fn schema(mut self, migrations: Migrator) -> Self {
        let set = MigrationSet::new(APPLICATION, migrations);
        self.application.push(set);
        self
    }

    /// The same by a function of the application's, under a version that it is given:
    /// [`MigrationSet::function`]. A version of numbers that grow, such as `3` or `1.12`, keeps a
    /// node of an older one from migrating backwards.
    pub fn schema_fn<DB, F, Fut, E>(
        mut self,
        version: impl Into<Cow<'static, str>>,
        function: F,
    ) -> Self
    where
        DB: SqlEngine,
        F: Fn(Pool<DB>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send + 'static,
        E: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let set = MigrationSet::function(APPLICATION, version, function);
        self.application.push(set);
        self
    }

    /// A table that tenants may read and not write, such as the one in which a function of
    /// [`schema_fn`](Self::schema_fn) counts what it has applied: [`Schema::read_only`].
    pub fn read_only(mut self, table: impl Into<Cow<'static, str>>) -> Self {
        self.read_only.push(table.into());
        self
    }

    /// Leaves the tenants' users, sessions and roles to the application: their databases hold what
    /// its own migrations make and nothing of ours, and a new tenant has no first admin but one
    /// that [`on_create`](Self::on_create) makes. What [`accounts`](Platform::accounts),
    /// [`sign_in`](Platform::sign_in) and [`gate`](Platform::gate) do is for the staff only then.
    pub fn without_accounts(mut self) -> Self {
        self.accounts = false;
        self
    }

    /// What the application does in a new tenant's database.
    pub fn on_create(mut self, hook: impl OnCreate) -> Self {
        self.on_create.push(Arc::new(hook));
        self
    }

    /// How long the catalog keeps what nobody asks for any more.
    pub fn retention(mut self, retention: Retention) -> Self {
        self.retention = retention;
        self
    }

    /// Announces changes to the other nodes, and hears of theirs, over this bus too.
    pub fn wake_by(mut self, bus: Arc<dyn EventBus>) -> Self {
        self.buses.push(bus);
        self
    }

    /// Does not listen to what the catalog itself announces, for which it keeps one connection on
    /// Postgres: behind a proxy that pools transactions nothing would be heard there.
    pub fn without_listening(mut self) -> Self {
        self.listens = false;
        self
    }

    /// What tells the time of day to everything, for tests that move it. Default: the machine's
    /// clock, and the database server's for what all nodes must agree on.
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = Some(clock);
        self
    }

    /// How long this node may be silent while it makes or deletes a tenant before another takes
    /// over. Default 8 s.
    pub fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// Opens the catalog, readies the place of the tenants' databases and begins to serve, on the
    /// current runtime.
    ///
    /// # Errors
    /// [`PlatformError`] says what could not be done.
    pub async fn start(self) -> Result<Platform, PlatformError> {
        match &self.databases {
            #[cfg(feature = "postgres")]
            Databases::Postgres { catalog, admin } => {
                use crate::engine::provisioner::PostgresProvisioner;
                let catalog = self.configured(SqlCatalog::open(catalog).await?);
                let make = |url: &SecretString| Ok(Arc::new(PostgresProvisioner::new(url)?) as _);
                let schema = self.schema_on(accounts::postgres_schema);
                let servers = self.servers.all(make(admin)?, &schema, make)?;
                let connector = SqlConnector::<sqlx::Postgres>::new();
                self.join(catalog, servers, schema, connector).await
            }
            #[cfg(feature = "sqlite")]
            Databases::Sqlite { folder } => {
                use crate::engine::provisioner::SqliteProvisioner;
                let url = format!("sqlite://{}", folder.join("catalog.db").display());
                let catalog = self.configured(SqlCatalog::open(&url.into()).await?);
                let main = Arc::new(SqliteProvisioner::open(folder.join("tenants"))?);
                let make = |folder: &SecretString| {
                    Ok(Arc::new(SqliteProvisioner::open(folder.expose_secret())?) as _)
                };
                let schema = self.schema_on(accounts::sqlite_schema);
                let servers = self.servers.all(main, &schema, make)?;
                let connector = SqlConnector::<sqlx::Sqlite>::new();
                self.join(catalog, servers, schema, connector).await
            }
        }
    }

    fn configured(&self, catalog: SqlCatalog) -> SqlCatalog {
        let timed = match &self.clock {
            Some(clock) => catalog.with_clock(Arc::clone(clock)),
            None => catalog,
        };
        let announce = |catalog: SqlCatalog, bus| catalog.announced_by(Arc::clone(bus));
        self.buses.iter().fold(timed, announce)
    }

    /// What this node listens to.
    fn wakers(&self, catalog: &SqlCatalog) -> Vec<Arc<dyn EventBus>> {
        let own = self.listens.then(|| catalog.event_bus());
        own.into_iter().chain(self.buses.iter().cloned()).collect()
    }

    /// What a tenant's database holds: ours, if it is wanted, then the application's.
    fn schema_on(&self, ours: impl FnOnce() -> Schema) -> Schema {
        let ours = if self.accounts {
            ours()
        } else {
            Schema::default()
        };
        let schema = self.application.iter().cloned().fold(ours, Schema::with);
        let tables = self.read_only.iter().cloned();
        tables.fold(schema, Schema::read_only)
    }

    /// Joins the parts.
    async fn join<DB: SqlEngine>(
        self,
        catalog: SqlCatalog,
        servers: Vec<Arc<Server>>,
        schema: Schema,
        connector: SqlConnector<DB>,
    ) -> Result<Platform, PlatformError> {
        let warnings = ready(&catalog, &self.vault, &self.keys, &servers).await?;
        let provisioners = servers::provisioners(&servers);
        let wakers = self.wakers(&catalog);
        let (id, vault) = (NodeId::generate(), Arc::new(self.vault));
        let directory = directory(&catalog, &vault, &provisioners);
        let manager = TenantManager::start(connector, Arc::new(directory), self.manager).await?;
        let tenants: Arc<dyn TenantControl> = Arc::new(manager.clone());
        let node = self.servers.join(id, &catalog, &tenants, &servers).await;
        let clock = self.clock.unwrap_or_else(|| Arc::new(SystemClock));
        let (keys, cost) = (self.keys, self.hashing_cost);
        let people = People::new(&catalog, &manager, keys, cost, self.registry, clock)?;
        let provisioning = Provisioning::new(Parts {
            catalog: catalog.clone(),
            vault,
            provisioners,
            placement: self.servers.placement,
            reachable: servers::reachable(&servers),
            tenants: Arc::clone(&tenants),
            seeding: self.accounts.then(|| people.seeding(self.registry)),
            schema,
            on_create: self.on_create,
            node: id,
            lease: self.lease,
        });
        provisioning.declare_schema().await?;
        let refusals = Refusals::written_to(catalog.clone(), &Handle::current());
        let resolver = Resolver::new(self.sources.clone(), Arc::clone(&tenants) as _);
        let mut tasks = in_background(&catalog, &provisioning, self.retention);
        tasks.extend(listening(manager.follower(), wakers));
        let inner = Inner {
            tasks: Mutex::new(tasks),
            catalog,
            gate: people.gate(resolver, &manager, Arc::clone(&refusals)),
            sign_in: people.sign_in(self.sign_in),
            accounts: people.accounts,
            hashing: people.hashing,
            tenants,
            servers,
            node,
            sources: self.sources,
            provisioning,
            refusals,
            registry: self.registry,
            warnings,
        };
        Ok(Platform {
            inner: Arc::new(inner),
        })
    }
}

/// Readies the keys, the places of the tenants' databases and the templates that they are cloned
/// from.
async fn ready(
    catalog: &SqlCatalog,
    vault: &Vault,
    rings: &KeyRings,
    servers: &[Arc<Server>],
) -> Result<Vec<ServerWarning>, PlatformError> {
    keys::prepare_vault(catalog, vault).await?;
    keys::compare_signing_keys(catalog, rings).await?;
    let warnings = servers::prepare_all(servers).await?;
    let change = Change::by(Actor::System);
    for server in servers {
        catalog.add_server(&change, &server.id).await?;
    }
    Ok(warnings)
}

/// What goes on for as long as the platform runs.
fn in_background(
    catalog: &SqlCatalog,
    provisioning: &Provisioning,
    retention: Retention,
) -> Vec<JoinHandle<()>> {
    let runtime = Handle::current();
    vec![
        run_sweeper(Arc::new(catalog.clone()), &runtime),
        run_recovery(provisioning, &runtime),
        run_pruner(catalog, retention, &runtime),
    ]
}

fn listening(follower: &Follower, wakers: Vec<Arc<dyn EventBus>>) -> Vec<JoinHandle<()>> {
    let runtime = Handle::current();
    let wakers = wakers.into_iter();
    wakers.map(|bus| follower.wake_by(bus, &runtime)).collect()
}

fn directory(
    catalog: &SqlCatalog,
    vault: &Arc<Vault>,
    provisioners: &HashMap<ServerId, Arc<dyn Provisioner>>,
) -> CatalogDirectory {
    let urls = ProvisionedUrls {
        provisioners: provisioners.clone(),
    };
    let (catalog, vault) = (Arc::new(catalog.clone()), Arc::clone(vault) as _);
    CatalogDirectory::new(catalog, vault, Arc::new(urls))
}
