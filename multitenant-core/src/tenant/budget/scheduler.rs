use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use super::error::AcquireError;
use super::jitter::Jitter;
use super::lease::{Holder, Home, LeasedConnection, Opened, Terms};
use super::options::BudgetOptions;
use super::state::{BudgetStats, Failure, Key, Order, State, Waiting};
use crate::engine::{ConnectError, Connector, Permit};

/// The open connections of all tenants of one server. Cheap to clone.
///
/// The number of open connections, as the server counts them, never exceeds the budget. When it
/// is used up, the least recently used idle connection makes room.
pub struct Budget<C: Connector> {
    inner: Arc<Inner<C>>,
}

struct Inner<C: Connector> {
    state: Mutex<StateOf<C>>,
    homes: Mutex<HashMap<Key, Weak<dyn Home<C>>>>,
    connector: Arc<C>,
    options: BudgetOptions,
    /// Where connections are opened and closed: a socket dies with the runtime that opened it,
    /// and the caller's may be short-lived.
    runtime: Handle,
    /// Told whenever a permit comes back.
    returned: Notify,
    jitter: Jitter,
}

pub(super) type StateOf<C> = State<Opened<<C as Connector>::Connection>, Waiter<C>>;
type OrderOf<C> = Order<Opened<<C as Connector>::Connection>, Waiter<C>>;
type Orders<C> = Vec<OrderOf<C>>;

/// A request that waits for a connection.
pub(super) struct Waiter<C: Connector> {
    pub(super) answer: oneshot::Sender<Result<LeasedConnection<C>, AcquireError>>,
    pub(super) holder: Option<Holder>,
}

impl<C: Connector> Waiting for Waiter<C> {
    type Holder = Holder;

    fn holder(&self) -> Option<Holder> {
        self.holder
    }

    fn is_gone(&self) -> bool {
        self.answer.is_closed()
    }
}

impl<C: Connector> Clone for Budget<C> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<C: Connector> Budget<C> {
    /// A budget whose connections are opened, tidied and closed on `runtime`.
    pub fn new(connector: Arc<C>, options: BudgetOptions, runtime: Handle) -> Self {
        let state = Mutex::new(State::new(&options, Instant::now()));
        Self {
            inner: Arc::new(Inner {
                state,
                homes: Mutex::default(),
                connector,
                options,
                runtime,
                returned: Notify::new(),
                jitter: Jitter::default(),
            }),
        }
    }

    /// What the budget is doing now.
    #[must_use]
    pub fn stats(&self) -> BudgetStats {
        self.read(State::stats)
    }

    /// Changes how many connections may be open. Where that are fewer, idle ones are closed now and
    /// those in use when they come back; [`BudgetStats::open`] tells how many are left. With `until`,
    /// none is opened after that until this is called again.
    pub fn set_connections(&self, connections: usize, until: Option<Instant>) {
        self.update(|state, now, orders| state.set_connections(connections, until, now, orders));
    }

    pub(super) fn connector(&self) -> &C {
        &self.inner.connector
    }

    pub(super) fn options(&self) -> &BudgetOptions {
        &self.inner.options
    }

    pub(super) fn runtime(&self) -> &Handle {
        &self.inner.runtime
    }

    /// Says where the connections of a share belong.
    pub(super) fn settle(&self, key: Key, home: Weak<dyn Home<C>>) {
        self.inner.homes.lock().insert(key, home);
    }

    /// Forgets where they belong; what is in use still comes back.
    pub(super) fn unsettle(&self, key: Key) {
        self.inner.homes.lock().remove(&key);
    }

    /// Closes connections that have been idle for too long.
    pub(crate) fn reap(&self) {
        let idle = self.inner.options.idle;
        self.update(|state, now, orders| {
            if let Some(deadline) = now.checked_sub(idle) {
                state.reap(deadline, orders);
            }
        });
    }

    /// Waits until no connection is open.
    pub(crate) async fn emptied(&self) {
        loop {
            let returned = self.inner.returned.notified();
            tokio::pin!(returned);
            returned.as_mut().enable();
            if self.read(State::is_empty) {
                return;
            }
            returned.await;
        }
    }

    /// Looks at the state under its lock.
    pub(super) fn read<R>(&self, look: impl FnOnce(&StateOf<C>) -> R) -> R {
        look(&self.inner.state.lock())
    }

    /// Takes something that is at hand, which has no consequences.
    pub(super) fn take<R>(&self, take: impl FnOnce(&mut StateOf<C>) -> R) -> R {
        take(&mut self.inner.state.lock())
    }

    /// Changes the state under its lock, and carries out what follows after letting go of it.
    pub(super) fn update<R>(
        &self,
        change: impl FnOnce(&mut StateOf<C>, Instant, &mut Orders<C>) -> R,
    ) -> R {
        let mut orders = Vec::new();
        let result = change(&mut self.inner.state.lock(), Instant::now(), &mut orders);
        for order in orders {
            self.carry_out(order);
        }
        result
    }

    fn carry_out(&self, order: OrderOf<C>) {
        match order {
            Order::Open(key) => {
                let budget = self.clone();
                let permit = Some(self.permit());
                let opening = Opening {
                    budget,
                    key,
                    permit,
                    over: false,
                };
                self.inner.runtime.spawn(opening.run());
            }
            Order::Close(key, opened) => self.close(key, opened.connection),
            Order::Deliver(key, opened, waiter) => self.deliver(key, opened, waiter),
            Order::Reserved(key) => self.tell(key),
        }
    }

    fn close(&self, key: Key, connection: C::Connection) {
        let budget = self.clone();
        self.inner.runtime.spawn(async move {
            budget.inner.connector.close(connection).await;
            budget.closed(key);
        });
    }

    /// A connection of this share that was on its way out is closed.
    pub(super) fn closed(&self, key: Key) {
        self.update(|state, now, orders| state.closed(key, now, orders));
        self.tell(key);
    }

    fn tell(&self, key: Key) {
        if let Some(home) = self.home(key) {
            home.tell_gone();
        }
    }

    fn deliver(&self, key: Key, opened: Opened<C::Connection>, waiter: Waiter<C>) {
        let opened = opened.lent_to(waiter.holder);
        match self.home(key) {
            // A request that has gone away drops the lease, which brings the connection back.
            Some(home) => drop(waiter.answer.send(Ok(LeasedConnection::new(home, opened)))),
            None => self.update(|state, now, orders| {
                state.let_go(key, waiter.holder);
                state.give_back(key, opened, now, orders);
            }),
        }
    }

    /// A connection that was just opened. Those of one moment do not retire in one moment.
    fn fresh(&self, connection: C::Connection) -> Opened<C::Connection> {
        let lifetime = self.inner.options.lifetime;
        let retires = Instant::now() + lifetime.mul_f64(1.0 - 0.2 * self.inner.jitter.next());
        let holder = None;
        let terms = Terms { holder, retires };
        Opened { connection, terms }
    }

    fn home(&self, key: Key) -> Option<Arc<dyn Home<C>>> {
        self.inner.homes.lock().get(&key)?.upgrade()
    }

    /// Tells whoever waits for the budget to be empty that permits came back.
    pub(super) fn tell_returned(&self) {
        self.inner.returned.notify_waiters();
    }

    fn permit(&self) -> Permit {
        let budget = self.clone();
        Permit::new(move || {
            budget.update(State::permit_returned);
            budget.tell_returned();
        })
    }
}

/// An opening on its way, which reports its end whatever happens to it.
struct Opening<C: Connector> {
    budget: Budget<C>,
    key: Key,
    permit: Option<Permit>,
    over: bool,
}

impl<C: Connector> Opening<C> {
    async fn run(mut self) {
        let (Some(home), Some(permit)) = (self.budget.home(self.key), self.permit.take()) else {
            return;
        };
        let connector = Arc::clone(&self.budget.inner.connector);
        let opened = connector.connect(home.data(), permit).await;
        self.over = true;
        match opened {
            Ok(connection) => {
                let opened = self.budget.fresh(connection);
                self.budget.update(|state, now, orders| {
                    state.opened(self.key, opened, now, orders);
                });
            }
            Err(error) => self.failed(&error),
        }
        home.tell_gone();
    }

    fn failed(&self, error: &ConnectError) {
        let failure = Failure {
            error: error.clone(),
            jitter: self.budget.inner.jitter.next(),
        };
        let told = self
            .budget
            .update(|state, now, orders| state.not_opened(self.key, &failure, now, orders));
        for waiter in told {
            let _ = waiter
                .answer
                .send(Err(AcquireError::Connect(error.clone())));
        }
    }
}

impl<C: Connector> Drop for Opening<C> {
    fn drop(&mut self) {
        if !self.over {
            self.failed(&ConnectError::TimedOut);
        }
    }
}
