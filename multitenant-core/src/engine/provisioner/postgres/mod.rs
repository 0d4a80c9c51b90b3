//! Tenants on a Postgres server.
//!
//! The admin role owns every tenant's database. A role without sign-in owns what is inside, another
//! is the group that has rights on rows, and one login runs migrations. A tenant's login is a
//! member of the group and may connect to its own database. Databases are cloned from a template,
//! so that what is inside (owners, rights, default rights) needs no work per tenant.

mod admin;
mod attendance;
mod database;
mod listing;
mod login;
mod migration;
mod preparation;
mod rights;
mod scram;
mod sessions;
mod template;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use sqlx::Postgres;
use sqlx::pool::PoolConnection;

use self::admin::Admin;
use super::attendance::Attendance;
use super::error::{ProvisionerError, Step};
use super::footprint::{Footprint, Login};
use super::names::{DatabaseName, DatabaseRole, RolePrefix};
use super::password::LoginPassword;
use super::schema::Schema;
use super::seam::{Provisioner, Template};
use super::warning::ServerWarning;
use crate::{NodeId, TenantId};

/// Makes, migrates and drops tenants' databases and logins on one Postgres server (15 or newer).
///
/// The admin role needs `LOGIN CREATEDB CREATEROLE` and no more. Keeps at most two connections open
/// to the admin's database, and up to two more while a template is built or a tenant is migrated,
/// besides two of an application's own function that migrates.
pub struct PostgresProvisioner {
    admin: Admin,
    roles: Roles,
    migrator_password: LoginPassword,
    connections_per_login: Option<u16>,
    lock_timeout: Duration,
}

/// The roles that all tenants of a platform share.
struct Roles {
    prefix: RolePrefix,
    owner: DatabaseRole,
    app: DatabaseRole,
    migrator: DatabaseRole,
}

impl PostgresProvisioner {
    /// Takes the URL of the admin role; tenants' connect data has its host, port and TLS
    /// parameters. Connects later, when first needed.
    ///
    /// # Errors
    /// [`ProvisionerError::AdminUrl`] where the URL cannot be read.
    pub fn new(admin_url: &SecretString) -> Result<Self, ProvisionerError> {
        Ok(Self {
            admin: Admin::new(admin_url)?,
            roles: Roles::new(RolePrefix::default()),
            migrator_password: LoginPassword::generate()?,
            connections_per_login: None,
            lock_timeout: Duration::from_secs(5),
        })
    }

    /// Lets roles and templates begin with another word than `mt`.
    #[must_use]
    pub fn with_prefix(mut self, prefix: RolePrefix) -> Self {
        self.roles = Roles::new(prefix);
        self
    }

    /// Gives the migrating login a password that all nodes know. Without it each node makes one of
    /// its own and sets it anew whenever another node has set theirs.
    #[must_use]
    pub fn with_migrator_password(mut self, password: LoginPassword) -> Self {
        self.migrator_password = password;
        self
    }

    /// Bounds the connections of each tenant's login, as the server counts them.
    #[must_use]
    pub fn with_connections_per_login(mut self, most: u16) -> Self {
        self.connections_per_login = Some(most);
        self
    }

    /// How long a migration waits for a lock before it fails rather than hold up the tenant;
    /// 5 seconds by default.
    #[must_use]
    pub fn with_lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// Closes the admin's connections.
    pub async fn close(&self) {
        self.admin.pool().close().await;
    }

    fn login(&self, tenant: TenantId) -> DatabaseRole {
        DatabaseRole::of_tenant(&self.roles.prefix, tenant)
    }

    /// The admin's connection on which one step at a time works on a tenant.
    async fn locked(
        &self,
        step: Step,
        tenant: TenantId,
    ) -> Result<PoolConnection<Postgres>, ProvisionerError> {
        // Not the login's name: that is the lock of `as_member_of`, which other sessions of the same
        // step take.
        let lock = DatabaseName::of_tenant(tenant);
        self.admin.locked(step, lock.as_str()).await
    }
}

impl Roles {
    fn new(prefix: RolePrefix) -> Self {
        Self {
            owner: DatabaseRole::owner(&prefix),
            app: DatabaseRole::app(&prefix),
            migrator: DatabaseRole::migrator(&prefix),
            prefix,
        }
    }
}

impl fmt::Debug for PostgresProvisioner {
    /// Leaves out the admin's connect options, which hold a password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresProvisioner")
            .field("prefix", &self.roles.prefix)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl Provisioner for PostgresProvisioner {
    async fn prepare(&self) -> Result<Vec<ServerWarning>, ProvisionerError> {
        self.prepare_server().await
    }

    async fn ensure_template(&self, schema: &Schema) -> Result<Template, ProvisionerError> {
        self.find_or_build_template(schema).await
    }

    async fn drop_template(&self, template: &Template) -> Result<(), ProvisionerError> {
        self.remove_template(template).await
    }

    async fn create_login(
        &self,
        tenant: TenantId,
        password: &LoginPassword,
    ) -> Result<(), ProvisionerError> {
        self.make_login(tenant, password).await
    }

    async fn create_database(
        &self,
        tenant: TenantId,
        template: &Template,
    ) -> Result<(), ProvisionerError> {
        self.clone_template(tenant, template).await
    }

    async fn migrate(&self, tenant: TenantId, schema: &Schema) -> Result<(), ProvisionerError> {
        self.migrate_tenant(tenant, schema).await
    }

    async fn set_login(&self, tenant: TenantId, login: Login) -> Result<(), ProvisionerError> {
        self.switch_login(tenant, login).await
    }

    async fn end_sessions(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        self.end_all_sessions(tenant).await
    }

    async fn drop_database(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        self.remove_database(tenant).await
    }

    async fn drop_login(&self, tenant: TenantId) -> Result<(), ProvisionerError> {
        self.remove_login(tenant).await
    }

    async fn inspect(&self, tenant: TenantId) -> Result<Footprint, ProvisionerError> {
        self.look_up(self.admin.pool(), tenant).await
    }

    async fn list(&self) -> Result<Vec<Footprint>, ProvisionerError> {
        self.look_up_all().await
    }

    async fn attend(&self, node: NodeId) -> Result<Box<dyn Attendance>, ProvisionerError> {
        self.show(node).await
    }

    async fn attending(&self, among: &[NodeId]) -> Result<Vec<NodeId>, ProvisionerError> {
        self.shown(among).await
    }

    async fn room(&self) -> Result<Option<u32>, ProvisionerError> {
        PostgresProvisioner::room(self).await.map(Some)
    }

    fn connect_data(&self, tenant: TenantId, password: &LoginPassword) -> SecretString {
        let database = DatabaseName::of_tenant(tenant);
        self.admin
            .tenant_url(&self.login(tenant), password, &database)
    }
}
