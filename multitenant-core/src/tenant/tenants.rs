//! What others hold of a manager, whatever it connects to.

use std::fmt::Display;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::time::Instant;

use super::error::TenantError;
use super::handle::Tenant;
use super::manager::TenantManager;
use super::options::ManagerStats;
use super::visits::{self, Visits};
use crate::engine::Connector;
use crate::events::Follower;
use crate::{Domain, ServerId, Slug, TenantId};

/// Finds tenants, whatever they connect to: what a gate and an adapter hold of a
/// [`TenantManager`].
#[async_trait]
pub trait Tenants: Send + Sync + 'static {
    /// Whether what this node knows of tenants and sessions is recent enough to be served.
    ///
    /// # Errors
    /// [`TenantError::Stale`] where the log could not be read for too long.
    fn check_fresh(&self) -> Result<(), TenantError>;

    /// Where connections are opened, kept and closed.
    fn runtime(&self) -> &Handle;

    /// The tenant if it is served and in memory.
    fn warm(&self, tenant: TenantId) -> Option<Tenant>;

    /// The tenant, if it is served.
    ///
    /// # Errors
    /// [`TenantError`] says why not.
    async fn tenant(&self, tenant: TenantId) -> Result<Tenant, TenantError>;

    /// Whether there is a tenant with this id, whatever its status.
    ///
    /// # Errors
    /// [`TenantError::Log`] where that cannot be known now.
    async fn exists(&self, tenant: TenantId) -> Result<bool, TenantError>;

    /// The id that belongs to a slug; `None` where there is no such tenant.
    ///
    /// # Errors
    /// [`TenantError::Log`] where that cannot be known now.
    async fn id_of(&self, slug: &Slug) -> Result<Option<TenantId>, TenantError>;

    /// The tenant whose own domain this is, as far as is known here. A host that nobody owns is
    /// common, so the log is not looked at: a new domain counts once the log was read next.
    fn id_of_domain(&self, domain: &Domain) -> Option<TenantId>;

    /// Every tenant's id, whatever its status, as far as this node knows.
    fn ids(&self) -> Vec<TenantId>;

    /// Waits until there is work for a tenant, by [`Tenant::notify`] on this node; each is named
    /// once, however often it was notified meanwhile.
    async fn woken(&self) -> TenantId;
}

impl dyn Tenants {
    /// Does `work` for every tenant that is served, for at most `concurrency` at once: a worker's
    /// round, a report. One that fails stops no other; cut off, it stops where it is.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use std::sync::Arc;
    /// use multitenant_core::tenant::{Tenant, Tenants};
    ///
    /// async fn send_mail(tenant: Tenant) -> Result<(), std::io::Error> {
    ///     println!("mail of {}", tenant.slug());
    ///     Ok(())
    /// }
    ///
    /// async fn worker(tenants: Arc<dyn Tenants>) {
    ///     let visits = Arc::clone(&tenants).for_each(NonZeroUsize::MIN, send_mail).await;
    ///     for (tenant, error) in visits.failed {
    ///         eprintln!("{tenant}: {error}");
    ///     }
    ///     loop {
    ///         let woken = tenants.woken().await;
    ///         if let Ok(tenant) = tenants.tenant(woken).await {
    ///             let _ = send_mail(tenant).await;
    ///         }
    ///     }
    /// }
    /// ```
    pub async fn for_each<F, Fut, E>(
        self: Arc<Self>,
        concurrency: NonZeroUsize,
        work: F,
    ) -> Visits<E>
    where
        F: Fn(Tenant) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: Send + 'static,
    {
        visits::visit_all(self, concurrency, work).await
    }

    /// Keeps the work of all tenants done, until it is cut off: visits every tenant, then each that
    /// [is notified](Tenant::notify) of, and after `every` all of them again, since a notice is
    /// lost with the process that has it. At most `concurrency` are visited at once; one that is
    /// notified of meanwhile is visited once more, perhaps before the first visit has ended. What
    /// fails is logged and left to the next visit.
    ///
    /// ```
    /// use std::num::NonZeroUsize;
    /// use std::sync::Arc;
    /// use std::time::Duration;
    /// use multitenant_core::tenant::{Tenant, Tenants};
    ///
    /// async fn send_mail(tenant: Tenant) -> Result<(), std::io::Error> {
    ///     println!("mail of {}", tenant.slug());
    ///     Ok(())
    /// }
    ///
    /// async fn worker(tenants: Arc<dyn Tenants>) {
    ///     let every = Duration::from_secs(300);
    ///     tenants.keep_visiting(NonZeroUsize::MIN, every, send_mail).await;
    /// }
    /// ```
    pub async fn keep_visiting<F, Fut, E>(
        self: Arc<Self>,
        concurrency: NonZeroUsize,
        every: Duration,
        work: F,
    ) where
        F: Fn(Tenant) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: Display + Send + 'static,
    {
        let work = Arc::new(work);
        loop {
            let round = visits::visit_all_by(&self, concurrency, &work).await;
            round.log();
            visits::visit_woken(&self, concurrency, every, &work).await;
        }
    }
}

/// Runs a node's tenants, whatever they connect to: what a platform holds of a
/// [`TenantManager`].
#[async_trait]
pub trait TenantControl: Tenants {
    /// Applies every change that was committed before the call.
    ///
    /// # Errors
    /// [`TenantError::Log`] when the log cannot be read.
    async fn catch_up(&self) -> Result<(), TenantError>;

    /// As [`TenantManager::close_tenant`].
    async fn close_tenant(&self, tenant: TenantId, deadline: Duration) -> bool;

    /// As [`TenantManager::shut_down`].
    async fn shut_down(&self, deadline: Duration) -> bool;

    /// As [`TenantManager::set_connections`].
    fn set_connections(&self, server: &ServerId, connections: usize, until: Option<Instant>);

    /// As [`TenantManager::connections_open`].
    fn connections_open(&self, server: &ServerId) -> usize;

    /// As [`TenantManager::stats`].
    fn stats(&self) -> ManagerStats;

    /// As [`TenantManager::follower`].
    fn follower(&self) -> &Follower;
}

#[async_trait]
impl<C: Connector> Tenants for TenantManager<C> {
    fn check_fresh(&self) -> Result<(), TenantError> {
        self.check_open()
    }

    fn runtime(&self) -> &Handle {
        Self::runtime(self)
    }

    fn warm(&self, tenant: TenantId) -> Option<Tenant> {
        self.check_open().ok()?;
        self.peek(tenant)
    }

    async fn tenant(&self, tenant: TenantId) -> Result<Tenant, TenantError> {
        self.get(tenant).await
    }

    async fn exists(&self, tenant: TenantId) -> Result<bool, TenantError> {
        Self::exists(self, tenant).await
    }

    async fn id_of(&self, slug: &Slug) -> Result<Option<TenantId>, TenantError> {
        self.find(slug).await
    }

    fn id_of_domain(&self, domain: &Domain) -> Option<TenantId> {
        self.find_domain(domain)
    }

    fn ids(&self) -> Vec<TenantId> {
        Self::ids(self)
    }

    async fn woken(&self) -> TenantId {
        Self::woken(self).await
    }
}

#[async_trait]
impl<C: Connector> TenantControl for TenantManager<C> {
    async fn catch_up(&self) -> Result<(), TenantError> {
        Self::catch_up(self).await
    }

    async fn close_tenant(&self, tenant: TenantId, deadline: Duration) -> bool {
        Self::close_tenant(self, tenant, deadline).await
    }

    async fn shut_down(&self, deadline: Duration) -> bool {
        Self::shut_down(self, deadline).await
    }

    fn set_connections(&self, server: &ServerId, connections: usize, until: Option<Instant>) {
        Self::set_connections(self, server, connections, until);
    }

    fn connections_open(&self, server: &ServerId) -> usize {
        Self::connections_open(self, server)
    }

    fn stats(&self) -> ManagerStats {
        Self::stats(self)
    }

    fn follower(&self) -> &Follower {
        Self::follower(self)
    }
}
