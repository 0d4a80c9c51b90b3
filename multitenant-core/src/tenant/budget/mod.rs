//! One budget of open connections over all tenants of a server.

mod lease;
#[cfg(feature = "_sql")]
mod loan;
mod share;
mod state;

use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, oneshot};

use crate::engine::{ConnectError, Connector, Permit};

pub use lease::LeasedConnection;
pub use share::{AcquireError, Share};
pub use state::BudgetStats;
use state::{Key, Order, State, Waiting};

/// How many connections may be open, and how long requests may wait for one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BudgetOptions {
    /// Most connections open at once over all tenants, closing ones included. Default 60.
    pub connections: usize,
    /// Most connections of one tenant; never below two, so that a request that holds one can get
    /// another. Default: a quarter of `connections`.
    pub per_tenant: Option<usize>,
    /// How long a request waits for a connection. Default 10 s.
    pub acquire_timeout: Duration,
    /// Most requests that wait for one tenant's connections. Default 1,000.
    pub queue: usize,
    /// How long a connection may stay idle. Default 10 minutes.
    pub idle: Duration,
}

impl Default for BudgetOptions {
    fn default() -> Self {
        Self {
            connections: 60,
            per_tenant: None,
            acquire_timeout: Duration::from_secs(10),
            queue: 1_000,
            idle: Duration::from_secs(600),
        }
    }
}

impl BudgetOptions {
    /// The defaults with this many connections.
    #[must_use]
    pub fn connections(connections: usize) -> Self {
        Self {
            connections,
            ..Self::default()
        }
    }

    fn cap(&self) -> usize {
        let quarter = self.connections / 4;
        self.per_tenant
            .unwrap_or(quarter)
            .max(2)
            .min(self.connections.max(1))
    }
}

/// The open connections of all tenants of one server. Cheap to clone.
///
/// The number of open connections, as the server counts them, never exceeds the budget. When it
/// is used up, the least recently used idle connection makes room.
pub struct Budget<C: Connector> {
    inner: Arc<Inner<C>>,
}

struct Inner<C: Connector> {
    state: Mutex<State<C::Connection, Waiter<C>>>,
    shares: Mutex<std::collections::HashMap<Key, std::sync::Weak<share::Inner<C>>>>,
    connector: Arc<C>,
    options: BudgetOptions,
    /// Where connections are opened and closed: a socket dies with the runtime that opened it,
    /// and the caller's may be short-lived.
    runtime: Handle,
    /// Told whenever a permit comes back.
    returned: Notify,
}

type Orders<C> = Vec<Order<<C as Connector>::Connection, Waiter<C>>>;

struct Waiter<C: Connector> {
    answer: oneshot::Sender<Result<LeasedConnection<C>, AcquireError>>,
}

impl<C: Connector> Waiting for Waiter<C> {
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
        let state = Mutex::new(State::new(options.connections, options.cap()));
        Self {
            inner: Arc::new(Inner {
                state,
                shares: Mutex::default(),
                connector,
                options,
                runtime,
                returned: Notify::new(),
            }),
        }
    }

    /// What the budget is doing now.
    #[must_use]
    pub fn stats(&self) -> BudgetStats {
        self.inner.state.lock().stats()
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
            if self.inner.state.lock().is_empty() {
                return;
            }
            returned.await;
        }
    }

    /// Changes the state under its lock, and carries out what follows after letting go of it.
    fn update<R>(
        &self,
        change: impl FnOnce(&mut State<C::Connection, Waiter<C>>, Instant, &mut Orders<C>) -> R,
    ) -> R {
        let mut orders = Vec::new();
        let result = change(&mut self.inner.state.lock(), Instant::now(), &mut orders);
        for order in orders {
            self.carry_out(order);
        }
        result
    }

    fn carry_out(&self, order: Order<C::Connection, Waiter<C>>) {
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
            Order::Close(key, connection) => self.close(key, connection),
            Order::Deliver(key, connection, waiter) => self.deliver(key, connection, waiter),
        }
    }

    fn close(&self, key: Key, connection: C::Connection) {
        let budget = self.clone();
        self.inner.runtime.spawn(async move {
            budget.inner.connector.close(connection).await;
            budget.closed(key);
        });
    }

    fn closed(&self, key: Key) {
        self.update(|state, now, orders| state.closed(key, now, orders));
        if let Some(share) = self.share(key) {
            share.tell_gone();
        }
    }

    fn deliver(&self, key: Key, connection: C::Connection, waiter: Waiter<C>) {
        match self.share(key) {
            // A request that has gone away drops the lease, which brings the connection back.
            Some(share) => drop(
                waiter
                    .answer
                    .send(Ok(LeasedConnection::new(share, connection))),
            ),
            None => self.update(|state, now, orders| state.give_back(key, connection, now, orders)),
        }
    }

    fn share(&self, key: Key) -> Option<Share<C>> {
        let inner = self.inner.shares.lock().get(&key)?.upgrade()?;
        Some(Share::from_inner(inner))
    }

    fn permit(&self) -> Permit {
        let budget = self.clone();
        Permit::new(move || {
            budget.update(State::permit_returned);
            budget.inner.returned.notify_waiters();
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
        let (Some(share), Some(permit)) = (self.budget.share(self.key), self.permit.take()) else {
            return;
        };
        let connector = Arc::clone(&self.budget.inner.connector);
        let opened = connector.connect(share.data(), permit).await;
        self.over = true;
        match opened {
            Ok(connection) => self.budget.update(|state, now, orders| {
                state.opened(self.key, connection, now, orders);
            }),
            Err(error) => self.failed(&error),
        }
        share.tell_gone();
    }

    fn failed(&self, error: &ConnectError) {
        let told = self
            .budget
            .update(|state, now, orders| state.not_opened(self.key, now, orders));
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
