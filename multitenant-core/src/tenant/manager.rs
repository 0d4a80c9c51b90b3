use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::cache::TenantCache;
use super::error::TenantError;
use super::handle::Tenant;
use super::hosts::{Hosts, reap};
use super::live::is_still;
use super::names::NameIndex;
use super::options::{ManagerOptions, ManagerStats};
use crate::directory::{Directory, DirectoryError, FixedDirectory, TenantRecord, TenantStatus};
use crate::engine::Connector;
use crate::events::{Event, EventKind, Follow, FollowError, Follower, LogReader, Position};
use crate::{Domain, ServerId, Slug, TenantId};

/// Any number of tenants through a fixed number of connections. Cheap to clone.
///
/// Connections, drains and timers run on the runtime on which the manager was started.
#[doc = ""]
#[doc = include_str!("../docs/tenant_manager.md")]
pub struct TenantManager<C: Connector> {
    inner: Arc<Inner<C>>,
}

struct Inner<C: Connector> {
    hosts: Arc<Hosts<C>>,
    cache: TenantCache<Tenant, TenantError>,
    names: NameIndex,
    follower: Follower,
    shut_down: AtomicBool,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl<C: Connector> Clone for TenantManager<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C: Connector> TenantManager<C> {
    /// Reads the names that exist and begins to follow the log, on the current runtime.
    ///
    /// # Errors
    /// [`DirectoryError`] when the names cannot be read.
    pub async fn start(
        connector: C,
        directory: Arc<dyn Directory>,
        options: ManagerOptions,
    ) -> Result<Self, DirectoryError> {
        let names = directory.names().await?;
        let follower_options = options.follower.clone();
        let log: Arc<dyn LogReader> = Arc::clone(&directory) as _;
        let follower = Follower::new(log, names.position, follower_options);
        let hosts = Arc::new(Hosts::new(connector, directory, options));
        let manager = Self {
            inner: Arc::new(Inner {
                cache: hosts.cache(),
                hosts,
                names: NameIndex::new(names),
                follower,
                shut_down: AtomicBool::new(false),
                tasks: Mutex::default(),
            }),
        };
        manager.run_in_background();
        Ok(manager)
    }

    /// Serves these tenants and no others: for tests of two, for a customer with a server of
    /// their own.
    ///
    /// # Errors
    /// Those of [`start`](Self::start); a fixed list of tenants has none.
    pub async fn fixed(
        connector: C,
        tenants: impl IntoIterator<Item = TenantRecord>,
        options: ManagerOptions,
    ) -> Result<Self, DirectoryError> {
        let directory = FixedDirectory::new(tenants);
        Self::start(connector, Arc::new(directory), options).await
    }

    fn run_in_background(&self) {
        let follower = &self.inner.follower;
        follower.follow(Arc::new(Follows(Arc::downgrade(&self.inner))));
        let runtime = &self.inner.hosts.runtime;
        let hosts = Arc::downgrade(&self.inner.hosts);
        let tasks = [follower.run(runtime), runtime.spawn(reap(hosts))];
        self.inner.tasks.lock().extend(tasks);
    }

    /// The reader of the log, for others who must hear of changes.
    #[must_use]
    pub fn follower(&self) -> &Follower {
        &self.inner.follower
    }

    /// The runtime on which the manager was started.
    #[must_use]
    pub fn runtime(&self) -> &Handle {
        &self.inner.hosts.runtime
    }

    /// The tenant, if it is served. A warm one costs a look into memory; a cold one is read once,
    /// however many wait for it.
    ///
    /// # Errors
    /// [`TenantError`] says why it is not served.
    pub async fn get(&self, tenant: TenantId) -> Result<Tenant, TenantError> {
        self.check_open()?;
        if let Some(served) = self.inner.cache.look(tenant, served) {
            return served;
        }
        if !self.exists(tenant).await? {
            return Err(TenantError::Unknown);
        }
        served(&*self.inner.cache.get(tenant).await?)
    }

    /// The tenant if it is served and in memory.
    pub(super) fn peek(&self, tenant: TenantId) -> Option<Tenant> {
        self.inner.cache.look(tenant, served)?.ok()
    }

    /// The id that belongs to a slug. A slug that is not known here is looked for in the log,
    /// so that a tenant made on another node a moment ago is found.
    ///
    /// # Errors
    /// [`TenantError::Log`] when the log cannot be read.
    pub async fn find(&self, slug: &Slug) -> Result<Option<TenantId>, TenantError> {
        if let Some(tenant) = self.inner.names.by_slug(slug) {
            return Ok(Some(tenant));
        }
        self.miss().await?;
        Ok(self.inner.names.by_slug(slug))
    }

    /// The tenant whose own domain this is. Unlike [`find`](Self::find) it knows what the log said
    /// when it was read last, and asks no more.
    #[must_use]
    pub fn find_domain(&self, domain: &Domain) -> Option<TenantId> {
        self.inner.names.by_domain(domain)
    }

    /// Whether there is a tenant with this id, whatever its status; looks for it as
    /// [`find`](Self::find) does.
    ///
    /// # Errors
    /// [`TenantError::Log`] when the log cannot be read.
    pub async fn exists(&self, tenant: TenantId) -> Result<bool, TenantError> {
        if self.inner.names.contains(tenant) {
            return Ok(true);
        }
        self.miss().await?;
        Ok(self.inner.names.contains(tenant))
    }

    async fn miss(&self) -> Result<(), TenantError> {
        let caught_up = self.inner.follower.catch_up_after_miss().await;
        caught_up.map_err(TenantError::Log)
    }

    /// Applies every change that was committed before the call. A change made on this node is in
    /// force here when this returns.
    ///
    /// # Errors
    /// [`TenantError::Log`] when the log cannot be read.
    pub async fn catch_up(&self) -> Result<(), TenantError> {
        self.inner
            .follower
            .catch_up()
            .await
            .map_err(TenantError::Log)
    }

    pub(super) fn check_open(&self) -> Result<(), TenantError> {
        if self.inner.shut_down.load(Ordering::Acquire) {
            return Err(TenantError::ShutDown);
        }
        if !self.inner.follower.is_fresh() {
            let age = self.inner.follower.staleness();
            return Err(TenantError::Stale { age });
        }
        Ok(())
    }

    /// Waits until there is work for a tenant, by [`Tenant::notify`] on this node; each is named
    /// once, however often it was notified meanwhile.
    pub async fn woken(&self) -> TenantId {
        self.inner.hosts.wake_ups.next().await
    }

    /// Every tenant's id, whatever its status, as far as this node knows.
    #[must_use]
    pub fn ids(&self) -> Vec<TenantId> {
        self.inner.names.ids()
    }

    /// What the manager is doing.
    #[must_use]
    pub fn stats(&self) -> ManagerStats {
        let budgets = self.inner.hosts.budgets.lock();
        ManagerStats {
            tenants: self.inner.cache.stats(),
            servers: budgets
                .iter()
                .map(|(server, budget)| (server.clone(), budget.stats()))
                .collect(),
        }
    }

    /// Changes how many connections to a server this node may have open, and until when it may open
    /// more; see [`Budget::set_connections`](super::Budget::set_connections).
    pub fn set_connections(&self, server: &ServerId, connections: usize, until: Option<Instant>) {
        let budget = self.inner.hosts.budget(server);
        budget.set_connections(connections, until);
    }

    /// Connections to a server that are open now, including those opening and closing.
    #[must_use]
    pub fn connections_open(&self, server: &ServerId) -> usize {
        let budgets = self.inner.hosts.budgets.lock();
        budgets.get(server).map_or(0, |budget| budget.stats().open)
    }

    /// Ends new work on this tenant here, waits for the old to come to its end, and returns
    /// whether no connection of it was left open after `deadline`.
    pub async fn close_tenant(&self, tenant: TenantId, deadline: Duration) -> bool {
        self.inner.cache.remove(tenant);
        let closed = self.inner.hosts.close(tenant);
        // A load that was under way may have come in between with what is closed now.
        self.inner.cache.remove(tenant);
        let drained = async {
            for connections in closed {
                connections.drained().await;
            }
        };
        tokio::time::timeout(deadline, drained).await.is_ok()
    }

    /// Refuses new work, waits for the old to come to its end, closes every connection, and
    /// returns whether none was left open after `deadline`.
    pub async fn shut_down(&self, deadline: Duration) -> bool {
        self.inner.shut_down.store(true, Ordering::Release);
        for task in self.inner.tasks.lock().drain(..) {
            task.abort();
        }
        self.inner.cache.clear();
        self.inner.hosts.close_all();
        let budgets: Vec<_> = self.inner.hosts.budgets.lock().values().cloned().collect();
        let emptied = async {
            for budget in budgets {
                budget.emptied().await;
            }
        };
        tokio::time::timeout(deadline, emptied).await.is_ok()
    }
}

/// How long reading one tenant, and opening its secret, may hold up the following of the log.
const FIND_DEADLINE: Duration = Duration::from_secs(1);

#[derive(Debug, thiserror::Error)]
#[error("reading it took longer than {FIND_DEADLINE:?}")]
struct TooSlow;

fn served(tenant: &Tenant) -> Result<Tenant, TenantError> {
    if tenant.is_served() {
        return Ok(tenant.clone());
    }
    Err(TenantError::NotServed(tenant.status()))
}

/// Applies the log to what the manager knows.
struct Follows<C: Connector>(Weak<Inner<C>>);

#[async_trait]
impl<C: Connector> Follow for Follows<C> {
    async fn apply(&self, event: &Event) -> Result<(), FollowError> {
        let Some(inner) = self.0.upgrade() else {
            return Ok(());
        };
        inner.names.apply(event);
        match &event.kind {
            EventKind::TenantChanged { tenant } => inner.reread(*tenant).await,
            EventKind::TenantDeleted { tenant } => inner.end(*tenant, TenantStatus::Deleting),
            EventKind::Unknown {
                tenant: Some(tenant),
                ..
            } => inner.relearn(*tenant, event.position).await?,
            EventKind::Missed => inner.relearn_all().await?,
            _ => {}
        }
        Ok(())
    }
}

impl<C: Connector> Inner<C> {
    /// Reads a tenant again that somebody holds. While that cannot be done the tenant is not
    /// served: it may have been suspended.
    async fn reread(&self, tenant: TenantId) {
        if !self.hosts.is_held(tenant) {
            self.cache.remove(tenant);
            // A load that was under way may have ended before that.
            if !self.hosts.is_held(tenant) {
                return;
            }
        }
        match self.find(tenant).await {
            Ok(Some(record)) if record.status == TenantStatus::Active => self.renew(&record),
            Ok(Some(record)) => self.end(tenant, record.status),
            Ok(None) => self.end(tenant, TenantStatus::Deleting),
            Err(error) => {
                tracing::warn!(%tenant, %error, "a changed tenant cannot be read and is not served");
                self.end(tenant, TenantStatus::Suspended);
            }
        }
    }

    /// Reads a tenant, without waiting for long: what follows in the log concerns others.
    async fn find(&self, tenant: TenantId) -> Result<Option<TenantRecord>, DirectoryError> {
        let found = self.hosts.directory.find(tenant);
        let found = tokio::time::timeout(FIND_DEADLINE, found).await;
        found.unwrap_or_else(|_| Err(DirectoryError::new(TooSlow)))
    }

    /// Reads a tenant again, and all names, after something happened to it that this version does
    /// not know. Where the names were read after that already, as for the event before it, they
    /// tell of it.
    async fn relearn(&self, tenant: TenantId, position: Position) -> Result<(), FollowError> {
        if self.names.as_of() < position {
            self.read_names().await?;
        }
        self.reread(tenant).await;
        Ok(())
    }

    /// Reads all names, and every tenant that is held, again.
    async fn relearn_all(&self) -> Result<(), FollowError> {
        self.read_names().await?;
        // What is being loaded may have been read before what was missed.
        self.cache.remove_where(|_, _| false);
        for tenant in self.hosts.tenants() {
            self.reread(tenant).await;
        }
        Ok(())
    }

    async fn read_names(&self) -> Result<(), FollowError> {
        let names = self.hosts.directory.names().await;
        self.names.replace(names.map_err(FollowError::new)?);
        Ok(())
    }

    /// Serves a tenant as it is now: a handle that leads elsewhere drains.
    fn renew(&self, record: &TenantRecord) {
        if !self.cache.holds(record.id, |held| is_still(held, record)) {
            self.cache.remove(record.id);
        }
        for handle in self.hosts.handles(record.id) {
            self.hosts.settle(&self.cache, &handle);
        }
    }

    fn end(&self, tenant: TenantId, status: TenantStatus) {
        self.hosts.end(tenant, status);
        self.cache.remove(tenant);
    }
}
