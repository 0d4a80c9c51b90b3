//! The catalog in SQL: one text per query, for both engines.

mod abandoned;
mod announcing;
mod audit;
mod domains;
mod endings;
mod gone;
mod intents;
mod key_checks;
mod lease;
mod log;
mod nodes;
mod open;
mod operation_audit;
mod operations;
mod prune;
mod reserve;
mod schemas;
mod secrets;
mod servers;
mod stored_operation;
mod tenant_state;
mod tenants;
mod transaction;
mod write;

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::Mutex;

use crate::directory::{Names, TenantStatus};
use crate::engine::AnyPool;
use crate::events::EventBus;
use crate::{Clock, Domain, ServerId, Slug, TenantId};

use super::{
    AuditFilter, AuditRecord, Catalog, CatalogError, Change, Idempotency, Listed, NewOperation,
    NewTenant, Page, Placement, Reserved, ServerPatch, ServerRow, TenantFilter, TenantPatch,
    TenantRow,
};
use transaction::LogTransaction;

pub use nodes::{Claim, Granted};
pub use open::OpenError;
pub use prune::run_pruner;
pub use write::Write;
#[cfg(feature = "accounts")]
pub(crate) use write::add_audit_row;

/// The catalog in a database of its own, on Postgres or SQLite. Cheap to clone.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use multitenant_core::ServerId;
/// use multitenant_core::catalog::{Actor, Catalog, Change, Page, SqlCatalog};
/// # let folder = tempfile::tempdir()?;
/// # let url = format!("sqlite://{}/data/catalog.db", folder.path().display());
/// let catalog = SqlCatalog::open(&url.into()).await?;
/// catalog.add_server(&Change::by(Actor::System), &ServerId::main()).await?;
/// assert_eq!(catalog.tenants(&Default::default(), Page::default()).await?.total, 0);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct SqlCatalog {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    pool: AnyPool,
    /// SQLite has one writer at a time and no queue for it: within this process, this is the queue.
    turn: Option<Arc<Mutex<()>>>,
    clock: Option<Arc<dyn Clock>>,
    own_bus: Arc<dyn EventBus>,
    /// All that are told, its own among them.
    buses: Arc<[Arc<dyn EventBus>]>,
}

impl SqlCatalog {
    /// Opens a catalog, which is made if it is missing and migrated if it is old. Any number of
    /// processes may open one at once.
    ///
    /// `postgres://user:password@host/database`: the role needs CREATEDB where the database is
    /// missing; nobody but its owner may connect to it afterwards. `sqlite:///folder/file.db`: the
    /// file gets mode 0600, a missing folder 0700; a symlink is refused.
    ///
    /// # Errors
    /// [`OpenError`] says what could not be done.
    pub async fn open(url: &SecretString) -> Result<Self, OpenError> {
        let pool = open::pool(url.expose_secret()).await?;
        let turn = matches!(pool, AnyPool::Sqlite(_)).then(Arc::default);
        let own_bus = announcing::own_bus(&pool);
        Ok(Self::of(Inner {
            pool,
            turn,
            clock: None,
            buses: Arc::new([Arc::clone(&own_bus)]),
            own_bus,
        }))
    }

    fn of(inner: Inner) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The same catalog by this clock. Without it, Postgres tells the time, so that leases and ages
    /// are measured by one clock over all nodes; SQLite has no other machine than this.
    #[must_use]
    pub fn with_clock(&self, clock: Arc<dyn Clock>) -> Self {
        Self::of(Inner {
            clock: Some(clock),
            ..Inner::clone(&self.inner)
        })
    }

    /// The same catalog, which also announces by `bus` what it adds to the log.
    #[must_use]
    pub fn announced_by(&self, bus: Arc<dyn EventBus>) -> Self {
        let buses = self.inner.buses.iter().cloned().chain([bus]);
        Self::of(Inner {
            buses: buses.collect(),
            ..Inner::clone(&self.inner)
        })
    }

    /// What announces to the nodes that something was added to the log: NOTIFY on Postgres, by the
    /// commit itself; on SQLite a bus within this process, of this catalog and its clones, so that
    /// another process finds out by its poll. Listening on Postgres holds one connection.
    #[must_use]
    pub fn event_bus(&self) -> Arc<dyn EventBus> {
        Arc::clone(&self.inner.own_bus)
    }

    /// Its pool, for reading; what writes goes through [`write`](Self::write).
    #[must_use]
    pub fn pool(&self) -> &AnyPool {
        &self.inner.pool
    }

    /// Begins a change: rows, audit rows and events that are committed together.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn write<'c>(&self, change: &'c Change) -> Result<Write<'c>, CatalogError> {
        Ok(Write::new(self.transaction().await?, change))
    }

    /// Asks the database something that it must answer.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn ping(&self) -> Result<(), CatalogError> {
        let answer = crate::on!(&self.inner.pool, pool =>
            sqlx::query("SELECT 1").fetch_one(pool).await.map(drop));
        Ok(answer?)
    }

    async fn transaction(&self) -> sqlx::Result<LogTransaction> {
        let Inner { pool, turn, .. } = &*self.inner;
        let (clock, buses) = (self.inner.clock.as_deref(), &self.inner.buses);
        LogTransaction::begin(pool, turn.as_ref(), clock, buses).await
    }

    /// Closes its connections; returns once they are closed.
    pub async fn close(&self) {
        crate::on!(&self.inner.pool, pool => pool.close().await);
    }
}

impl fmt::Debug for SqlCatalog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SqlCatalog")
    }
}

#[async_trait]
impl Catalog for SqlCatalog {
    async fn add_server(&self, change: &Change, server: &ServerId) -> Result<(), CatalogError> {
        servers::add(self, change, server).await
    }

    async fn servers(&self) -> Result<Vec<ServerRow>, CatalogError> {
        servers::list(self.pool()).await
    }

    async fn patch_server(
        &self,
        change: &Change,
        server: &ServerId,
        patch: &ServerPatch,
    ) -> Result<ServerRow, CatalogError> {
        servers::patch(self.write(change).await?, server, patch).await
    }

    async fn reserve(
        &self,
        change: &Change,
        tenant: &NewTenant,
        placement: Option<&Placement>,
        operation: &NewOperation,
        idempotency: Option<&Idempotency>,
    ) -> Result<Reserved, CatalogError> {
        reserve::reserve(self, change, tenant, placement, operation, idempotency).await
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Option<TenantRow>, CatalogError> {
        tenants::by_id(self.pool(), tenant).await
    }

    async fn tenant_of_slug(&self, slug: &Slug) -> Result<Option<TenantRow>, CatalogError> {
        tenants::by_slug(self.pool(), slug).await
    }

    async fn tenants(
        &self,
        filter: &TenantFilter,
        page: Page,
    ) -> Result<Listed<TenantRow>, CatalogError> {
        tenants::list(self.pool(), filter, page).await
    }

    async fn patch(
        &self,
        change: &Change,
        tenant: TenantId,
        patch: &TenantPatch,
    ) -> Result<TenantRow, CatalogError> {
        tenants::patch(self.write(change).await?, tenant, patch).await
    }

    async fn set_status(
        &self,
        change: &Change,
        tenant: TenantId,
        status: TenantStatus,
    ) -> Result<TenantRow, CatalogError> {
        tenant_state::set_status(self.write(change).await?, tenant, status).await
    }

    async fn place(
        &self,
        change: &Change,
        tenant: TenantId,
        placement: &Placement,
    ) -> Result<TenantRow, CatalogError> {
        tenant_state::place(self.write(change).await?, tenant, placement).await
    }

    async fn domains(&self, tenant: TenantId) -> Result<Vec<Domain>, CatalogError> {
        domains::of_tenant(self.pool(), tenant).await
    }

    async fn add_domain(
        &self,
        change: &Change,
        tenant: TenantId,
        domain: &Domain,
    ) -> Result<(), CatalogError> {
        domains::add(self.write(change).await?, tenant, domain).await
    }

    async fn remove_domain(
        &self,
        change: &Change,
        tenant: TenantId,
        domain: &Domain,
    ) -> Result<bool, CatalogError> {
        domains::remove(self.write(change).await?, tenant, domain).await
    }

    async fn names(&self) -> Result<Names, CatalogError> {
        log::names(self.pool()).await
    }

    async fn audit_logs(
        &self,
        filter: &AuditFilter,
        page: Page,
    ) -> Result<Listed<AuditRecord>, CatalogError> {
        audit::list(self.pool(), filter, page).await
    }
}
