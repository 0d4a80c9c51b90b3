use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::watch;

use super::budget::{AcquireError, Share, WeakShare};
use super::wake::WakeUps;
use crate::directory::{TenantRecord, TenantStatus};
use crate::engine::{ConnectData, Connector};
use crate::{Slug, TenantId};

/// One tenant. Cheap to clone; owns no connection.
#[derive(Clone)]
pub struct Tenant {
    inner: Arc<TenantInner>,
}

/// In this order: what each request asks stands beside the count of references, which each request
/// changes, in one line of the processor's cache.
#[repr(C)]
pub(super) struct TenantInner {
    /// Whether the status is `Active`, without the lock inside `watch`.
    served: AtomicBool,
    id: TenantId,
    slug: Slug,
    connect: ConnectData,
    status: watch::Sender<TenantStatus>,
    connections: Box<dyn Connections>,
    wake_ups: Arc<WakeUps>,
}

/// The tenant's connections run on another engine than the one asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the tenant's database runs on another engine than {asked}")]
pub struct WrongEngine {
    asked: &'static str,
}

#[cfg(feature = "_sql")]
impl WrongEngine {
    pub(super) const fn new(asked: &'static str) -> Self {
        Self { asked }
    }
}

pub(super) type Checked = Pin<Box<dyn Future<Output = Result<bool, AcquireError>> + Send>>;
pub(super) type Drained = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A tenant's connections, whatever they connect to.
pub(super) trait Connections: Send + Sync + 'static {
    fn as_any(&self) -> &dyn Any;
    /// Keeps nothing idle from now on.
    fn drain(&self);
    /// Keeps connections idle again.
    fn reopen(&self);
    /// Refuses new work from now on.
    fn close(&self);
    /// Waits until no connection is open.
    fn drained(&self) -> Drained;
    /// Whether the database answers.
    fn check(&self) -> Checked;
    /// Open connections, and those of them that are idle.
    fn counts(&self) -> (usize, usize);
    /// Requests that wait for one.
    fn waiting(&self) -> usize;
    /// Leads back to them for as long as somebody holds them.
    fn downgrade(&self) -> Box<dyn WeakConnections>;
}

/// A tenant's connections, held by others.
pub(super) trait WeakConnections: Send + Sync + 'static {
    /// `None` once nobody holds them any more.
    fn upgrade(&self) -> Option<Box<dyn Connections>>;
}

impl<C: Connector> WeakConnections for WeakShare<C> {
    fn upgrade(&self) -> Option<Box<dyn Connections>> {
        Some(Box::new(WeakShare::upgrade(self)?))
    }
}

impl<C: Connector> Connections for Share<C> {
    fn as_any(&self) -> &dyn Any {
        self
    }

    fn drain(&self) {
        Share::drain(self);
    }

    fn reopen(&self) {
        Share::reopen(self);
    }

    fn close(&self) {
        Share::close(self);
    }

    fn drained(&self) -> Drained {
        let share = self.clone();
        Box::pin(async move { Share::drained(&share).await })
    }

    fn check(&self) -> Checked {
        let share = self.clone();
        Box::pin(async move { Share::check(&share).await })
    }

    fn counts(&self) -> (usize, usize) {
        self.connections()
    }

    fn waiting(&self) -> usize {
        Share::waiting(self)
    }

    fn downgrade(&self) -> Box<dyn WeakConnections> {
        Box::new(Share::downgrade(self))
    }
}

impl Tenant {
    pub(super) fn new(
        record: TenantRecord,
        connections: Box<dyn Connections>,
        wake_ups: Arc<WakeUps>,
    ) -> Self {
        let inner = TenantInner {
            id: record.id,
            slug: record.slug,
            connect: record.connect,
            served: AtomicBool::new(record.status == TenantStatus::Active),
            status: watch::Sender::new(record.status),
            connections,
            wake_ups,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(super) fn from_inner(inner: Arc<TenantInner>) -> Self {
        Self { inner }
    }

    pub(super) fn inner(&self) -> &Arc<TenantInner> {
        &self.inner
    }

    /// The tenant's id.
    #[must_use]
    pub fn id(&self) -> TenantId {
        self.inner.id
    }

    /// The tenant's slug.
    #[must_use]
    pub fn slug(&self) -> &Slug {
        &self.inner.slug
    }

    /// Whether the tenant is served, as far as this node knows.
    #[must_use]
    pub fn status(&self) -> TenantStatus {
        *self.inner.status.borrow()
    }

    /// Waits until the tenant is no longer served: suspended, archived or deleted. Ends streams
    /// and sockets.
    pub async fn revoked(&self) {
        let mut status = self.inner.status.subscribe();
        let not_served = |status: &TenantStatus| *status != TenantStatus::Active;
        // The sender lives as long as this handle.
        let _ = status.wait_for(not_served).await;
    }

    /// Says that there is work for this tenant, to whoever waits on this node for
    /// [`Tenants::woken`](super::Tenants::woken): instead of looking into each database now and
    /// then.
    pub fn notify(&self) {
        self.inner.wake_ups.add(self.id());
    }

    /// The tenant's part in the budget of connections of this kind.
    ///
    /// # Errors
    /// [`WrongEngine`] where the manager uses another connector.
    pub fn share<C: Connector>(&self) -> Result<&Share<C>, WrongEngine> {
        let asked = std::any::type_name::<C>();
        let connections = self.inner.connections.as_any();
        connections.downcast_ref().ok_or(WrongEngine { asked })
    }

    /// Open connections of this tenant on this node, and those of them that are idle.
    #[must_use]
    pub fn connections(&self) -> (usize, usize) {
        self.inner.connections.counts()
    }

    /// Requests of this tenant that wait for a connection on this node.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.inner.connections.waiting()
    }

    /// Whether the tenant's database answers, over a connection of its budget.
    ///
    /// # Errors
    /// [`AcquireError`] where no connection was to be had.
    pub async fn check(&self) -> Result<bool, AcquireError> {
        self.inner.connections.check().await
    }

    pub(super) fn is_served(&self) -> bool {
        self.inner.served.load(Ordering::Acquire)
    }

    pub(super) fn set_status(&self, status: TenantStatus) {
        self.inner.status.send_replace(status);
        let served = status == TenantStatus::Active;
        self.inner.served.store(served, Ordering::Release);
    }

    /// Whether it is this very handle, and no other of the same tenant.
    pub(super) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    pub(super) fn is_at(&self, connect: &ConnectData) -> bool {
        self.inner.connect == *connect
    }

    pub(super) fn control(&self) -> &dyn Connections {
        &*self.inner.connections
    }
}

impl fmt::Debug for Tenant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenant")
            .field("id", &self.id())
            .field("slug", &self.slug().as_str())
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
