use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::budget::Budget;
use super::cache::{Cached, TenantCache};
use super::error::TenantError;
use super::handle::{Tenant, TenantInner};
use super::options::ManagerOptions;
use crate::directory::{Directory, TenantRecord};
use crate::engine::Connector;
use crate::{ServerId, TenantId};

/// Makes tenants out of records, and knows every tenant that somebody still holds: an eviction
/// must not hide one from a suspension, nor make a second one.
pub(super) struct Hosts<C: Connector> {
    pub(super) connector: Arc<C>,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) options: ManagerOptions,
    pub(super) runtime: Handle,
    pub(super) budgets: Mutex<HashMap<ServerId, Budget<C>>>,
    pub(super) live: Mutex<HashMap<TenantId, Weak<TenantInner>>>,
}

impl<C: Connector> Hosts<C> {
    pub(super) fn cache(self: &Arc<Self>) -> TenantCache<Tenant, TenantError> {
        let hosts = Arc::clone(self);
        let load = move |tenant| {
            let hosts = Arc::clone(&hosts);
            async move { hosts.load(tenant).await }
        };
        let evicted = Box::new(|tenant: Cached<Tenant>| tenant.control().drain());
        TenantCache::on_runtime(
            &self.options.tenants,
            self.runtime.clone(),
            load,
            Some(evicted),
        )
    }

    async fn load(&self, tenant: TenantId) -> Result<Tenant, TenantError> {
        let found = self.directory.find(tenant).await;
        let record = found
            .map_err(TenantError::Record)?
            .ok_or(TenantError::Unknown)?;
        if let Some(held) = self.held(tenant).filter(|held| is_still(held, &record)) {
            held.control().reopen();
            return Ok(held);
        }
        Ok(self.host(record))
    }

    fn host(&self, record: TenantRecord) -> Tenant {
        let budget = self.budget(&record.connect.server);
        let share = budget.join(record.id, record.connect.clone());
        let tenant = Tenant::new(record, Box::new(share));
        let mut live = self.live.lock();
        live.insert(tenant.id(), Arc::downgrade(tenant.inner()));
        tenant
    }

    fn budget(&self, server: &ServerId) -> Budget<C> {
        let mut budgets = self.budgets.lock();
        let budget = budgets.entry(server.clone()).or_insert_with(|| {
            let own = self.options.servers.get(server);
            let options = own.unwrap_or(&self.options.budget).clone();
            Budget::new(Arc::clone(&self.connector), options, self.runtime.clone())
        });
        budget.clone()
    }

    pub(super) fn held(&self, tenant: TenantId) -> Option<Tenant> {
        let inner = self.live.lock().get(&tenant)?.upgrade()?;
        Some(Tenant::from_inner(inner))
    }

    pub(super) fn all_held(&self) -> Vec<Tenant> {
        let live = self.live.lock();
        let held = live.values().filter_map(Weak::upgrade);
        held.map(Tenant::from_inner).collect()
    }
}

pub(super) fn is_still(held: &Tenant, record: &TenantRecord) -> bool {
    held.status() == record.status && held.is_at(&record.connect)
}

/// Closes connections that are idle for too long, and forgets tenants that nobody holds.
pub(super) async fn reap<C: Connector>(hosts: Weak<Hosts<C>>) {
    const PAUSE: Duration = Duration::from_secs(1);
    loop {
        tokio::time::sleep(PAUSE).await;
        let Some(hosts) = hosts.upgrade() else { return };
        for budget in hosts.budgets.lock().values() {
            budget.reap();
        }
        let still_held = |tenant: &Weak<TenantInner>| tenant.strong_count() > 0;
        hosts.live.lock().retain(|_, tenant| still_held(tenant));
    }
}
