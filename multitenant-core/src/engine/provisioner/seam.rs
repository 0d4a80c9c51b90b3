use async_trait::async_trait;
use secrecy::SecretString;

use super::attendance::Attendance;
use super::error::ProvisionerError;
use super::footprint::{Footprint, Login};
use super::password::LoginPassword;
use super::schema::{Schema, SchemaVersion};
use super::warning::ServerWarning;
use crate::{NodeId, TenantId};

/// A migrated template that exists; [`Provisioner::ensure_template`] gives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    version: SchemaVersion,
}

impl Template {
    /// The template of this state of a schema, for a [`Provisioner`] that has it.
    #[must_use]
    pub const fn new(version: SchemaVersion) -> Self {
        Self { version }
    }

    /// The schema that it was built from.
    #[must_use]
    pub fn version(&self) -> &SchemaVersion {
        &self.version
    }
}

/// Makes, migrates and drops tenants' databases and logins on one server.
///
/// Every method is one step, and running it again after a crash at any instant ends in the same
/// state. Nothing here keeps two callers from working on one tenant at once: a saga's lease does. Only
/// [`migrate`](Self::migrate) lets one in at a time, whatever became of the other's lease.
///
/// | a tenant | in this order |
/// | --- | --- |
/// | comes | `ensure_template`, `create_login`, `create_database` |
/// | is suspended | `set_login(Refused)`, `end_sessions` |
/// | goes | `drop_database`, `drop_login` |
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use multitenant_core::TenantId;
/// use multitenant_core::engine::provisioner::{
///     LoginPassword, MigrationSet, Provisioner, Schema, SqliteProvisioner,
/// };
/// # let folder = tempfile::tempdir()?;
/// # let data = folder.path().join("tenants");
/// # let migrations = sqlx::migrate::Migrator::with_migrations(Vec::new());
/// let provisioner = SqliteProvisioner::open(&data)?;
/// for warning in provisioner.prepare().await? {
///     tracing::warn!("{warning}");
/// }
/// // `migrations` is what `sqlx::migrate!()` gives
/// let schema = Schema::default().with(MigrationSet::new("application", migrations));
/// let template = provisioner.ensure_template(&schema).await?;
///
/// let (tenant, password) = (TenantId::generate(), LoginPassword::generate()?);
/// provisioner.create_login(tenant, &password).await?;
/// provisioner.create_database(tenant, &template).await?;
/// let url = provisioner.connect_data(tenant, &password);
/// # let _ = url;
///
/// provisioner.drop_database(tenant).await?;
/// provisioner.drop_login(tenant).await?;
/// assert!(provisioner.inspect(tenant).await?.is_gone());
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
///
#[doc = include_str!("../../docs/seams/provisioner.md")]
#[async_trait]
pub trait Provisioner: Send + Sync {
    /// Readies the server, once at start, and tells what only an operator can close there.
    ///
    /// # Errors
    /// Where the server is too old, or the admin role may not do what is needed.
    async fn prepare(&self) -> Result<Vec<ServerWarning>, ProvisionerError>;

    /// Builds the template of this schema if there is none. Callers in any number of processes may
    /// ask at once: one builds, and a template half built is never taken for one.
    ///
    /// An `INSERT` in a migration is cloned into every tenant; keep ids and passwords out of them.
    ///
    /// # Errors
    /// [`ProvisionerError::Migration`] where a migration fails.
    async fn ensure_template(&self, schema: &Schema) -> Result<Template, ProvisionerError>;

    /// Drops a template that is no longer wanted. Tenants cloned from it stay.
    ///
    /// # Errors
    /// Those of the server.
    async fn drop_template(&self, template: &Template) -> Result<(), ProvisionerError>;

    /// Makes the tenant's login, or gives the one there is this password and lets it sign in.
    ///
    /// # Errors
    /// Those of the server.
    async fn create_login(
        &self,
        tenant: TenantId,
        password: &LoginPassword,
    ) -> Result<(), ProvisionerError>;

    /// Makes the tenant's database from a template. From its first moment no other tenant's login
    /// can connect to it. One that is there is kept as it is and only opened: where it may stem from an
    /// older template, [`migrate`](Self::migrate) it.
    ///
    /// # Errors
    /// [`ProvisionerError::LoginMissing`] before `create_login`; [`ProvisionerError::TemplateMissing`].
    async fn create_database(
        &self,
        tenant: TenantId,
        template: &Template,
    ) -> Result<(), ProvisionerError>;

    /// Brings a tenant's database to this schema. One caller at a time does: others wait until its
    /// connections have gone, by locks in the database (Postgres) or beside the files, which all
    /// processes of the machine share (SQLite).
    ///
    /// # Errors
    /// [`ProvisionerError::BeingMigrated`] after waiting for another for a minute;
    /// [`ProvisionerError::Migration`] where a migration fails; those before it stay applied.
    async fn migrate(&self, tenant: TenantId, schema: &Schema) -> Result<(), ProvisionerError>;

    /// Allows or refuses new connections of the tenant's login. Does nothing on SQLite, where
    /// whoever holds the handle decides.
    ///
    /// # Errors
    /// Those of the server.
    async fn set_login(&self, tenant: TenantId, login: Login) -> Result<(), ProvisionerError>;

    /// Ends the sessions of the tenant's login, and returns once none is left. Refuse the login
    /// first, or they come again. Does nothing on SQLite.
    ///
    /// # Errors
    /// [`ProvisionerError::SessionsRemain`] where some do not end in time.
    async fn end_sessions(&self, tenant: TenantId) -> Result<(), ProvisionerError>;

    /// Drops the tenant's database, if there is one, and refuses its login.
    ///
    /// # Errors
    /// Those of the server.
    async fn drop_database(&self, tenant: TenantId) -> Result<(), ProvisionerError>;

    /// Drops the tenant's login, if there is one.
    ///
    /// # Errors
    /// [`ProvisionerError::DatabaseRemains`] before `drop_database`.
    async fn drop_login(&self, tenant: TenantId) -> Result<(), ProvisionerError>;

    /// What there is of one tenant.
    ///
    /// # Errors
    /// Those of the server.
    async fn inspect(&self, tenant: TenantId) -> Result<Footprint, ProvisionerError>;

    /// What there is of all tenants, ordered by tenant: compare it with the catalog to find
    /// orphans.
    ///
    /// # Errors
    /// Those of the server.
    async fn list(&self) -> Result<Vec<Footprint>, ProvisionerError>;

    /// Shows the other nodes that this one lives, before it opens its first connection to a tenant.
    /// Takes one connection of its own.
    ///
    /// # Errors
    /// Those of the server.
    async fn attend(&self, node: NodeId) -> Result<Box<dyn Attendance>, ProvisionerError>;

    /// Which of these nodes show that they live.
    ///
    /// # Errors
    /// Those of the server.
    async fn attending(&self, among: &[NodeId]) -> Result<Vec<NodeId>, ProvisionerError>;

    /// Most connections that all nodes together should open to tenants' databases: what the server
    /// is set up for, less what superusers have for themselves and a reserve of 20 for
    /// administration, migrations and listeners. `None` where the server has no limit.
    ///
    /// # Errors
    /// Those of the server.
    async fn room(&self) -> Result<Option<u32>, ProvisionerError>;

    /// The URL by which the tenant's login connects to its database.
    fn connect_data(&self, tenant: TenantId, password: &LoginPassword) -> SecretString;
}
