use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;

use super::budget::Budget;
use super::cache::{Cached, TenantCache};
use super::error::TenantError;
use super::handle::{Connections, Tenant};
use super::live::Live;
use super::options::ManagerOptions;
use super::wake::WakeUps;
use crate::directory::{Directory, TenantRecord, TenantStatus};
use crate::engine::Connector;
use crate::{ServerId, TenantId};

/// Makes tenants out of records, and knows everything that somebody still holds of one: neither an
/// eviction nor a move hides it from a suspension, and an eviction makes no second one.
pub(super) struct Hosts<C: Connector> {
    pub(super) connector: Arc<C>,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) options: ManagerOptions,
    pub(super) runtime: Handle,
    pub(super) wake_ups: Arc<WakeUps>,
    pub(super) budgets: Mutex<HashMap<ServerId, Budget<C>>>,
    /// Of a tenant that was moved there are several.
    live: Mutex<HashMap<TenantId, Vec<Live>>>,
    /// Held while it is found out whether a handle is in the cache, and done what follows.
    settling: Mutex<()>,
}

impl<C: Connector> Hosts<C> {
    /// Hosts tenants on the current runtime.
    pub(super) fn new(
        connector: C,
        directory: Arc<dyn Directory>,
        options: ManagerOptions,
    ) -> Self {
        Self {
            connector: Arc::new(connector),
            directory,
            options,
            runtime: Handle::current(),
            wake_ups: Arc::default(),
            budgets: Mutex::default(),
            live: Mutex::default(),
            settling: Mutex::default(),
        }
    }

    pub(super) fn cache(self: &Arc<Self>) -> TenantCache<Tenant, TenantError> {
        let hosts = Arc::clone(self);
        let load = move |tenant| {
            let hosts = Arc::clone(&hosts);
            async move { hosts.load(tenant).await }
        };
        let hosts = Arc::clone(self);
        let moved = move |cache: &TenantCache<Tenant, TenantError>, tenant: &Cached<Tenant>| {
            hosts.settle(cache, tenant);
        };
        TenantCache::on_runtime(
            &self.options.tenants,
            self.runtime.clone(),
            load,
            Some(Box::new(moved)),
        )
    }

    async fn load(&self, tenant: TenantId) -> Result<Tenant, TenantError> {
        let found = self.directory.find(tenant).await;
        let record = found
            .map_err(TenantError::Record)?
            .ok_or(TenantError::Unknown)?;
        let held = self.each_live(tenant, |live| live.serve(&record, &self.wake_ups));
        let held = held.into_iter().flatten().next();
        Ok(held.unwrap_or_else(|| self.host(record)))
    }

    fn host(&self, record: TenantRecord) -> Tenant {
        let connect = record.connect.clone();
        let share = self
            .budget(&connect.server)
            .join(record.id, connect.clone());
        let tenant = Tenant::new(record, Box::new(share), Arc::clone(&self.wake_ups));
        let mut live = self.live.lock();
        let handles = live.entry(tenant.id()).or_default();
        handles.push(Live::of(&tenant, connect));
        tenant
    }

    pub(super) fn budget(&self, server: &ServerId) -> Budget<C> {
        let mut budgets = self.budgets.lock();
        let budget = budgets.entry(server.clone()).or_insert_with(|| {
            let own = self.options.servers.get(server);
            let options = own.unwrap_or(&self.options.budget).clone();
            Budget::new(Arc::clone(&self.connector), options, self.runtime.clone())
        });
        budget.clone()
    }

    /// Keeps a tenant's connections idle exactly while its handle is in the cache. Called after
    /// each change of that. Where one is evicted and comes back in the same moment, the calls come
    /// in any order; the later one sees how it is.
    pub(super) fn settle(&self, cache: &TenantCache<Tenant, TenantError>, tenant: &Tenant) {
        let _one_at_a_time = self.settling.lock();
        match cache.holds(tenant.id(), |held| held.is(tenant)) {
            true => tenant.control().reopen(),
            false => tenant.control().drain(),
        }
    }

    fn each_live<R>(&self, tenant: TenantId, each: impl FnMut(&mut Live) -> R) -> Vec<R> {
        let mut live = self.live.lock();
        let handles = live.get_mut(&tenant).into_iter().flatten();
        handles.map(each).collect()
    }

    /// Every tenant of which somebody holds anything.
    pub(super) fn tenants(&self) -> Vec<TenantId> {
        self.live.lock().keys().copied().collect()
    }

    /// Whether somebody holds anything of the tenant, the cache included.
    pub(super) fn is_held(&self, tenant: TenantId) -> bool {
        self.each_live(tenant, |live| live.is_held())
            .contains(&true)
    }

    /// Every handle of the tenant that somebody holds, the cache included.
    pub(super) fn handles(&self, tenant: TenantId) -> Vec<Tenant> {
        let held = self.each_live(tenant, |live| live.tenant());
        held.into_iter().flatten().collect()
    }

    /// Refuses new work on the tenant, whatever of it is held.
    pub(super) fn end(&self, tenant: TenantId, status: TenantStatus) {
        self.each_live(tenant, |live| live.end(status));
    }

    /// Refuses new work on the tenant and gives what is to be waited for.
    pub(super) fn close(&self, tenant: TenantId) -> Vec<Box<dyn Connections>> {
        let closed = self.each_live(tenant, |live| {
            live.close();
            live.connections()
        });
        closed.into_iter().flatten().collect()
    }

    /// Refuses new work on every tenant.
    pub(super) fn close_all(&self) {
        for live in self.live.lock().values_mut().flatten() {
            live.close();
        }
    }
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
        hosts.live.lock().retain(|_, handles| {
            handles.retain(Live::is_held);
            !handles.is_empty()
        });
    }
}

#[cfg(test)]
#[cfg(feature = "testing")]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::mpsc;

    use super::*;
    use crate::directory::FixedDirectory;
    use crate::tenant::CacheOptions;
    use crate::testing::Nowhere;

    fn hosts(records: &[TenantRecord]) -> Arc<Hosts<Nowhere>> {
        let directory = FixedDirectory::new(records.iter().cloned());
        let options = ManagerOptions::default();
        Arc::new(Hosts::new(Nowhere::default(), Arc::new(directory), options))
    }

    /// A cache of one, whose first eviction is held up on its way until `go` says so.
    fn held_up(
        hosts: &Arc<Hosts<Nowhere>>,
        go: mpsc::Receiver<()>,
    ) -> TenantCache<Tenant, TenantError> {
        let (loader, hosts) = (Arc::clone(hosts), Arc::clone(hosts));
        let load = move |tenant| {
            let hosts = Arc::clone(&loader);
            async move { hosts.load(tenant).await }
        };
        let (go, first) = (Mutex::new(go), AtomicBool::new(true));
        let moved = move |cache: &TenantCache<Tenant, TenantError>, tenant: &Cached<Tenant>| {
            let is_out = !cache.holds(tenant.id(), |held| held.is(tenant));
            if is_out && first.swap(false, Ordering::SeqCst) {
                let waits = tokio::task::block_in_place(|| go.lock().recv());
                waits.unwrap();
            }
            hosts.settle(cache, tenant);
        };
        let options = CacheOptions::capacity(1);
        TenantCache::on_runtime(&options, Handle::current(), load, Some(Box::new(moved)))
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 3)]
    async fn a_tenant_that_comes_back_while_its_eviction_is_under_way_keeps_connections_idle() {
        let (a, b) = (Nowhere::tenant("aaa"), Nowhere::tenant("bbb"));
        let hosts = hosts(&[a.clone(), b.clone()]);
        let (go, wait) = mpsc::channel();
        let cache = held_up(&hosts, wait);
        let tenant = cache.get(a.id).await.unwrap();

        let pushing = cache.clone();
        let pushed = tokio::spawn(async move { pushing.get(b.id).await.map(drop) });
        while !cache.holds(b.id, |_| true) {
            tokio::task::yield_now().await;
        }
        let back = cache.get(a.id).await.unwrap();
        assert!(back.is(&tenant));
        go.send(()).unwrap();
        pushed.await.unwrap().unwrap();

        drop(back.share::<Nowhere>().unwrap().acquire().await.unwrap());
        assert_eq!(back.connections(), (1, 1));
    }
}
