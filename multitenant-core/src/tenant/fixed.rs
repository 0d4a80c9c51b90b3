use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use sqlx::{Connection, Pool};
use tokio::runtime::Handle;
use uuid::Builder;

use super::budget::AcquireError;
use super::error::TenantError;
use super::handle::{Checked, Connections, Drained, Tenant, WeakConnections};
use super::tenants::Tenants;
use super::wake::WakeUps;
use crate::directory::TenantRecord;
use crate::engine::{ConnectData, ConnectError, SqlEngine};
use crate::{Domain, InvalidSlug, ServerId, Slug, TenantId};

/// Tenants whose databases are pools that somebody else made: for the customer who wants a server
/// of their own, for development, for tests of two. The same handles, outside of any budget.
///
/// ```
/// # #[cfg(feature = "postgres")] {
/// use multitenant_core::tenant::FixedTenants;
/// use multitenant_core::InvalidSlug;
/// use sqlx::PgPool;
///
/// fn two(pool_a: PgPool, pool_b: PgPool) -> Result<FixedTenants, InvalidSlug> {
///     FixedTenants::new([("tenant-a", pool_a), ("tenant-b", pool_b)])
/// }
/// # }
/// ```
pub struct FixedTenants {
    tenants: HashMap<TenantId, Tenant>,
    wake_ups: Arc<WakeUps>,
    runtime: Handle,
}

impl FixedTenants {
    /// One tenant for each pool, under a slug. The same slug has the same id in every run.
    ///
    /// # Errors
    /// [`InvalidSlug`].
    ///
    /// # Panics
    /// Outside of a tokio runtime, as sqlx's pools do.
    pub fn new<DB: SqlEngine>(
        pools: impl IntoIterator<Item = (impl AsRef<str>, Pool<DB>)>,
    ) -> Result<Self, InvalidSlug> {
        let wake_ups = Arc::<WakeUps>::default();
        let mut tenants = HashMap::new();
        for (slug, pool) in pools {
            let slug: Slug = slug.as_ref().parse()?;
            let id = id_of(&slug);
            // Nothing connects by it: the pool is open.
            let connect = ConnectData::new(ServerId::main(), "");
            let record = TenantRecord::active(id, slug, connect);
            let tenant = Tenant::new(record, Box::new(pool), Arc::clone(&wake_ups));
            tenants.insert(id, tenant);
        }
        Ok(Self {
            tenants,
            wake_ups,
            runtime: Handle::current(),
        })
    }

    /// Single mode: one tenant, to which every request belongs where
    /// [`Sources::only`](crate::resolve::Sources::only) says so.
    ///
    /// # Errors
    /// [`InvalidSlug`].
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn single<DB: SqlEngine>(slug: &str, pool: Pool<DB>) -> Result<Self, InvalidSlug> {
        Self::new([(slug, pool)])
    }

    /// The tenant of a slug.
    #[must_use]
    pub fn get(&self, slug: &str) -> Option<&Tenant> {
        let mut tenants = self.tenants.values();
        tenants.find(|tenant| tenant.slug().as_str() == slug)
    }
}

/// An id that depends on the slug alone (UUIDv8, RFC 9562, section 5.8).
fn id_of(slug: &Slug) -> TenantId {
    let derived = crate::mac::derive(&[b"multitenant fixed tenant v1"], slug.as_str().as_bytes());
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&derived[..16]);
    TenantId::from_uuid(Builder::from_custom_bytes(bytes).into_uuid())
}

impl<DB: SqlEngine> Connections for Pool<DB> {
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }

    // The pool is its maker's to close, and outside of the budget.
    fn drain(&self) {}

    fn reopen(&self) {}

    fn close(&self) {}

    fn drained(&self) -> Drained {
        Box::pin(std::future::ready(()))
    }

    fn check(&self) -> Checked {
        let pool = self.clone();
        Box::pin(async move {
            let opened = pool.acquire().await;
            let mut connection =
                opened.map_err(|error| AcquireError::Connect(ConnectError::failed(error)))?;
            Ok(connection.ping().await.is_ok())
        })
    }

    fn counts(&self) -> (usize, usize) {
        (self.size() as usize, self.num_idle())
    }

    /// A pool does not tell.
    fn waiting(&self) -> usize {
        0
    }

    fn downgrade(&self) -> Box<dyn WeakConnections> {
        Box::new(self.clone())
    }
}

impl<DB: SqlEngine> WeakConnections for Pool<DB> {
    fn upgrade(&self) -> Option<Box<dyn Connections>> {
        Some(Box::new(self.clone()))
    }
}

#[async_trait]
impl Tenants for FixedTenants {
    fn check_fresh(&self) -> Result<(), TenantError> {
        Ok(())
    }

    fn runtime(&self) -> &Handle {
        &self.runtime
    }

    fn warm(&self, tenant: TenantId) -> Option<Tenant> {
        self.tenants.get(&tenant).cloned()
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Tenant, TenantError> {
        self.warm(tenant).ok_or(TenantError::Unknown)
    }

    async fn exists(&self, tenant: TenantId) -> Result<bool, TenantError> {
        Ok(self.tenants.contains_key(&tenant))
    }

    async fn id_of(&self, slug: &Slug) -> Result<Option<TenantId>, TenantError> {
        Ok(self.get(slug.as_str()).map(Tenant::id))
    }

    fn id_of_domain(&self, _: &Domain) -> Option<TenantId> {
        None
    }

    fn ids(&self) -> Vec<TenantId> {
        self.tenants.keys().copied().collect()
    }

    async fn woken(&self) -> TenantId {
        self.wake_ups.next().await
    }
}
