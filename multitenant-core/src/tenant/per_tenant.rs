use std::ops::Deref;
use std::sync::Arc;

use super::cache::{CacheOptions, Cached, TenantCache};
use super::error::TenantError;
use super::handle::Tenant;
use super::tenants::Tenants;
use crate::TenantId;

/// A value built out of each tenant's handle: its router, its caches, its client of a service.
///
/// It is built once, at first use, and kept while it is used. When the tenant is served through
/// another handle, for instance because its database was moved, it is built anew.
///
/// ```
/// use std::sync::Arc;
/// use multitenant_core::TenantId;
/// use multitenant_core::tenant::{CacheOptions, PerTenant, TenantError, Tenants};
///
/// struct Mailer { sender: String }
///
/// fn mailers(tenants: Arc<dyn Tenants>) -> PerTenant<Mailer> {
///     PerTenant::new(tenants, CacheOptions::default(), |tenant| Mailer {
///         sender: format!("{}@example.com", tenant.slug()),
///     })
/// }
///
/// async fn sender(mailers: &PerTenant<Mailer>, id: TenantId) -> Result<String, TenantError> {
///     let tenant = mailers.tenants().tenant(id).await?;
///     Ok(mailers.of(&tenant).await?.sender.clone())
/// }
/// ```
pub struct PerTenant<V> {
    tenants: Arc<dyn Tenants>,
    values: TenantCache<Built<V>, TenantError>,
}

struct Built<V> {
    tenant: Tenant,
    value: V,
}

/// A tenant's value, which stays while this is held.
pub struct TenantValue<V>(Cached<Built<V>>);

impl<V> Deref for TenantValue<V> {
    type Target = V;

    fn deref(&self) -> &V {
        &self.0.value
    }
}

impl<V> Clone for PerTenant<V> {
    fn clone(&self) -> Self {
        Self {
            tenants: Arc::clone(&self.tenants),
            values: self.values.clone(),
        }
    }
}

impl<V: Send + Sync + 'static> PerTenant<V> {
    /// Values that `build` makes; the current runtime is the one it runs on.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(
        tenants: Arc<dyn Tenants>,
        options: CacheOptions,
        build: impl Fn(&Tenant) -> V + Send + Sync + 'static,
    ) -> Self {
        let (found_in, build) = (Arc::clone(&tenants), Arc::new(build));
        let values = TenantCache::new(options, move |id| {
            let (tenants, build) = (Arc::clone(&found_in), Arc::clone(&build));
            async move {
                let tenant = tenants.tenant(id).await?;
                let value = build(&tenant);
                Ok(Built { tenant, value })
            }
        });
        Self { tenants, values }
    }

    /// Where the tenants are found.
    #[must_use]
    pub fn tenants(&self) -> &Arc<dyn Tenants> {
        &self.tenants
    }

    /// The value of a tenant that is served.
    ///
    /// # Errors
    /// [`TenantError`] where it is served no more.
    pub async fn of(&self, tenant: &Tenant) -> Result<TenantValue<V>, TenantError> {
        let known = match self.values.peek(tenant.id()) {
            Some(known) => known,
            None => self.values.get(tenant.id()).await?,
        };
        if known.tenant.is(tenant) {
            return Ok(TenantValue(known));
        }
        self.forget(tenant.id());
        Ok(TenantValue(self.values.get(tenant.id()).await?))
    }

    /// Lets a tenant's value go: the next use builds it anew.
    pub fn forget(&self, tenant: TenantId) {
        self.values.remove(tenant);
    }
}
