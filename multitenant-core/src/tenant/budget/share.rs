use std::sync::{Arc, Weak};
use std::time::Duration;

#[cfg(feature = "_sql")]
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::error::AcquireError;
use super::lease::{Holder, Home, LeasedConnection, Opened, holder};
use super::options::ShareOptions;
use super::scheduler::{Budget, StateOf, Waiter};
use super::state::{Key, NotQueued, Phase, TURN};
use crate::TenantId;
use crate::engine::{ConnectData, Connector};

/// How long a request waits for one of its tenant's own busy connections before it asks for
/// another to be opened. A transaction's connection comes back a moment after the commit; without
/// this, one sequential task would grow to several.
const PATIENCE: Duration = Duration::from_millis(1);

/// After this long a request of somebody who holds a connection may be waiting for ever.
const SUSPICIOUS: Duration = Duration::from_millis(100);

/// One tenant's part in a [`Budget`]. Cheap to clone; owns no connection.
pub struct Share<C: Connector> {
    inner: Arc<Inner<C>>,
}

struct Inner<C: Connector> {
    budget: Budget<C>,
    key: Key,
    tenant: TenantId,
    data: ConnectData,
    /// Told whenever a connection of this share is gone, a reservation of it is there, or it ends.
    gone: Notify,
}

impl<C: Connector> Clone for Share<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

/// A share that others may hold.
pub(crate) struct WeakShare<C: Connector> {
    inner: Weak<Inner<C>>,
}

impl<C: Connector> WeakShare<C> {
    pub(crate) fn upgrade(&self) -> Option<Share<C>> {
        let inner = self.inner.upgrade()?;
        Some(Share { inner })
    }
}

impl<C: Connector> Budget<C> {
    /// Lets a tenant take part in the budget, as any other. Opens nothing yet.
    #[must_use]
    pub fn join(&self, tenant: TenantId, data: ConnectData) -> Share<C> {
        self.join_as(tenant, data, ShareOptions::default())
    }

    /// Lets a tenant take part in the budget by terms of its own. Opens nothing yet.
    #[must_use]
    pub fn join_as(&self, tenant: TenantId, data: ConnectData, options: ShareOptions) -> Share<C> {
        let key = self.update(|state, now, _| state.join(options, now));
        let inner = Arc::new(Inner {
            budget: self.clone(),
            key,
            tenant,
            data,
            gone: Notify::new(),
        });
        let home: Weak<dyn Home<C>> = Arc::<Inner<C>>::downgrade(&inner);
        self.settle(key, home);
        Share { inner }
    }
}

impl<C: Connector> Share<C> {
    /// The tenant whose share it is.
    #[must_use]
    pub fn tenant(&self) -> TenantId {
        self.inner.tenant
    }

    pub(super) fn budget(&self) -> &Budget<C> {
        &self.inner.budget
    }

    pub(super) fn key(&self) -> Key {
        self.inner.key
    }

    fn lease(&self, opened: Opened<C::Connection>) -> LeasedConnection<C> {
        LeasedConnection::new(Arc::clone(&self.inner) as _, opened)
    }

    /// Connections of this tenant that are open, and those of them that are idle.
    #[must_use]
    pub fn connections(&self) -> (usize, usize) {
        self.budget().read(|state| state.share_stats(self.key()))
    }

    /// Requests of this tenant that wait for a connection.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.budget().read(|state| state.share_waiting(self.key()))
    }

    /// Takes a connection: an idle one at once, else the first that comes free or is opened.
    ///
    /// # Errors
    /// [`AcquireError`] says which wait ran out.
    pub async fn acquire(&self) -> Result<LeasedConnection<C>, AcquireError> {
        loop {
            let lease = self.acquire_unchecked().await?;
            if let Some(lease) = self.checked(lease).await {
                return Ok(lease);
            }
        }
    }

    /// Checks a connection that came without. One that is unfit is closed behind us.
    pub(crate) async fn checked(
        &self,
        mut lease: LeasedConnection<C>,
    ) -> Option<LeasedConnection<C>> {
        if !lease.is_fit() {
            lease.soil();
            if !self.budget().connector().check(&mut lease).await {
                return None;
            }
            lease.cleanse();
        }
        Some(lease)
    }

    /// As [`acquire`](Self::acquire), for a use that itself finds out whether the connection
    /// [is fit](LeasedConnection::is_fit).
    pub(crate) async fn acquire_unchecked(&self) -> Result<LeasedConnection<C>, AcquireError> {
        if let Some(lease) = self.try_acquire()? {
            return Ok(lease);
        }
        let (answer, answered) = oneshot::channel();
        let holder = holder();
        self.enter_queue(Waiter { answer, holder })?;
        self.wait_for(answered, holder).await
    }

    /// Takes an idle connection if there is one.
    ///
    /// # Errors
    /// [`AcquireError::Closed`].
    pub fn try_acquire(&self) -> Result<Option<LeasedConnection<C>>, AcquireError> {
        let holder = holder();
        let taken = self.budget().take(|state| {
            let open = !state.is_closed(self.key());
            open.then(|| state.lend_idle(self.key(), holder))
        });
        let taken = taken.ok_or(AcquireError::Closed)?;
        Ok(taken.map(|opened| self.lease(opened.lent_to(holder))))
    }

    /// Takes a connection and has its connector check it: whether the tenant's database answers.
    ///
    /// # Errors
    /// [`AcquireError`] where no connection was to be had.
    pub async fn check(&self) -> Result<bool, AcquireError> {
        let mut lease = self.acquire().await?;
        lease.soil();
        let fit = self.budget().connector().check(&mut lease).await;
        if fit {
            lease.cleanse();
        }
        Ok(fit)
    }

    fn enter_queue(&self, waiter: Waiter<C>) -> Result<(), AcquireError> {
        let most = self.budget().options().queue;
        let entered = self.budget().update(|state, now, orders| {
            state.wait(self.key(), waiter, most, now)?;
            state.serve_idle(self.key(), orders);
            if state.has_none(self.key()) {
                state.want(self.key(), now);
                state.advance(now, orders);
            }
            Ok(())
        });
        entered.map_err(|why| match why {
            NotQueued::Closed => AcquireError::Closed,
            NotQueued::Full => AcquireError::QueueFull {
                waiting: most,
                retry_after: self.expected_wait(most / 2),
            },
            NotQueued::Tripped(tripped) => AcquireError::Tripped {
                failures: tripped.failures,
                retry_after: tripped.pause,
                source: tripped.error,
            },
        })
    }

    async fn wait_for(
        &self,
        mut answered: oneshot::Receiver<Result<LeasedConnection<C>, AcquireError>>,
        holder: Option<Holder>,
    ) -> Result<LeasedConnection<C>, AcquireError> {
        let began = Instant::now();
        let deadline = began + self.budget().options().acquire_timeout;
        let mut patience = PATIENCE;
        let mut look_for_deadlock = began + SUSPICIOUS;
        loop {
            let ask_again = (Instant::now() + patience).min(deadline);
            match tokio::time::timeout_at(ask_again, &mut answered).await {
                Ok(Ok(answer)) => return answer,
                Ok(Err(_)) => return Err(AcquireError::Closed),
                Err(_) if Instant::now() >= deadline => return Err(self.too_late(began.elapsed())),
                Err(_) => self.ask_for_opening(),
            }
            if Instant::now() >= look_for_deadlock {
                look_for_deadlock += began.elapsed();
                self.check_for_deadlock(holder)?;
            }
            patience = TURN;
        }
    }

    pub(super) fn ask_for_opening(&self) {
        self.budget().update(|state, now, orders| {
            state.want(self.key(), now);
            state.advance(now, orders);
        });
    }

    fn check_for_deadlock(&self, holder: Option<Holder>) -> Result<(), AcquireError> {
        let refused = holder.is_some_and(|holder| {
            self.budget()
                .take(|state| state.refuse_deadlocked(self.key(), holder))
        });
        match refused {
            true => Err(AcquireError::Deadlock),
            false => Ok(()),
        }
    }

    fn too_late(&self, waited: Duration) -> AcquireError {
        let retry_after = self.expected_wait(0);
        match (self.connections(), self.is_opening()) {
            ((0, _), true) => AcquireError::Opening {
                waited,
                retry_after,
            },
            ((0, _), false) => AcquireError::Budget {
                waited,
                retry_after,
            },
            _ => AcquireError::Checkout {
                waited,
                retry_after,
            },
        }
    }

    fn is_opening(&self) -> bool {
        self.budget().read(|state| state.is_opening(self.key()))
    }

    /// How long a request would wait that comes after those that wait now, but for `least` of them.
    pub(super) fn expected_wait(&self, least: usize) -> Duration {
        let now = Instant::now();
        self.budget()
            .read(|state| state.expected_wait(self.key(), least, now))
    }

    pub(crate) fn downgrade(&self) -> WeakShare<C> {
        let inner = Arc::downgrade(&self.inner);
        WeakShare { inner }
    }

    /// Keeps nothing idle any more; whoever holds a handle is served still.
    pub(crate) fn drain(&self) {
        self.end(Phase::Draining);
    }

    /// Keeps connections idle for the next request again.
    pub(crate) fn reopen(&self) {
        self.end(Phase::Open);
    }

    /// Refuses all new work; what is in use is closed when it comes back.
    pub(crate) fn close(&self) {
        self.end(Phase::Closed);
    }

    fn end(&self, phase: Phase) {
        let refused = self
            .budget()
            .update(|state, now, orders| state.end(self.key(), phase, now, orders));
        for waiter in refused {
            let _ = waiter.answer.send(Err(AcquireError::Closed));
        }
        self.inner.tell_gone();
    }

    /// Waits until no connection of this tenant is open.
    pub(crate) async fn drained(&self) {
        let key = self.key();
        self.until(|state| state.is_drained(key)).await;
    }

    /// Waits until the tenant takes no new work.
    #[cfg(feature = "_sql")]
    pub(crate) async fn closed(&self) {
        let key = self.key();
        self.until(|state| state.is_closed(key)).await;
    }

    /// Waits until something holds of the budget that is told of.
    pub(super) async fn until(&self, holds: impl Fn(&StateOf<C>) -> bool) {
        loop {
            let told = self.inner.gone.notified();
            tokio::pin!(told);
            told.as_mut().enable();
            if self.budget().read(&holds) {
                return;
            }
            told.await;
        }
    }

    pub(super) fn tell(&self) {
        self.inner.tell_gone();
    }

    /// Where the tenant's database is.
    #[cfg(feature = "_sql")]
    pub(crate) fn data(&self) -> &ConnectData {
        &self.inner.data
    }

    /// Where its connections live.
    #[cfg(feature = "_sql")]
    pub(crate) fn runtime(&self) -> &Handle {
        self.budget().runtime()
    }
}

impl<C: Connector> Inner<C> {
    async fn accept_checked(&self, mut back: Opened<C::Connection>) {
        if self.budget.connector().check(&mut back.connection).await {
            return self.accept(back);
        }
        self.discard(back).await;
    }

    /// Closes a connection that nobody is to have any more.
    async fn discard(&self, back: Opened<C::Connection>) {
        self.budget.update(|state, now, orders| {
            state.let_go(self.key, back.terms.holder);
            state.discard(self.key, now, orders);
        });
        self.budget.connector().close(back.connection).await;
        self.budget.closed(self.key);
    }
}

impl<C: Connector> Home<C> for Inner<C> {
    fn data(&self) -> &ConnectData {
        &self.data
    }

    #[cfg(feature = "_sql")]
    fn runtime(&self) -> &Handle {
        self.budget.runtime()
    }

    fn is_fit(&self, connection: &C::Connection) -> bool {
        self.budget.connector().is_fit(connection)
    }

    #[cfg(feature = "_sql")]
    fn hand_over(self: Arc<Self>, back: Opened<C::Connection>) {
        let holder = back.terms.holder;
        let left = self.budget.update(|state, now, orders| {
            state.let_go(self.key, holder);
            match back.terms.retires > now {
                true => state.hand_over(self.key, back, now, orders),
                false => Some(back),
            }
        });
        if let Some(left) = left {
            self.inspect(left.lent_to(None));
        }
    }

    fn accept(&self, back: Opened<C::Connection>) {
        self.budget.update(|state, now, orders| {
            state.let_go(self.key, back.terms.holder);
            match back.terms.retires > now {
                true => state.give_back(self.key, back, now, orders),
                false => state.retire(self.key, back, now, orders),
            }
        });
        self.tell_gone();
    }

    fn inspect(self: Arc<Self>, back: Opened<C::Connection>) {
        // Whoever held it may ask for another while it is being looked at.
        self.budget
            .take(|state| state.let_go(self.key, back.terms.holder));
        let back = back.lent_to(None);
        let runtime = self.budget.runtime().clone();
        runtime.spawn(async move { self.accept_checked(back).await });
    }

    #[cfg(feature = "_sql")]
    fn lost(&self, holder: Option<Holder>) {
        self.budget.update(|state, now, orders| {
            state.let_go(self.key, holder);
            state.lose(self.key, now, orders);
        });
        self.tell_gone();
    }

    fn tell_gone(&self) {
        self.gone.notify_waiters();
    }
}

impl<C: Connector> Drop for Inner<C> {
    fn drop(&mut self) {
        self.budget.unsettle(self.key);
        let refused = self
            .budget
            .update(|state, now, orders| state.end(self.key, Phase::Closed, now, orders));
        drop(refused);
    }
}
