//! What comes back: connections that were in use, opened or closed, and permits.

use tokio::time::Instant;

use super::breaker::Failure;
use super::order::{Key, Order, Waiting};
use super::share::Phase;
use super::shares::State;
use super::turn::Next;

impl<C, W: Waiting> State<C, W> {
    /// A request lets go of a connection of the share. What becomes of the connection is said by
    /// one of the other calls.
    pub(in crate::tenant::budget) fn let_go(&mut self, key: Key, holder: Option<W::Holder>) {
        self.holders.lets_go(holder, key);
    }

    /// A connection that was in use is free and fit.
    pub(in crate::tenant::budget) fn give_back(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        let keeps = match self.next_in_turn(key, now) {
            Next::Serves(waiter) => return self.serve(key, connection, waiter, now, orders),
            Next::Keeps => !self.is_over_limit(),
            Next::GivesUp => false,
        };
        match self.shares.get(&key).map(|share| share.phase) {
            Some(Phase::Open) if keeps => self.keep_idle(key, connection, now),
            Some(_) => {
                self.begin_closing(key);
                orders.push(Order::Close(key, connection));
            }
            None => {
                self.closing += 1;
                orders.push(Order::Close(key, connection));
                return;
            }
        }
        self.want(key, now);
        self.advance(now, orders);
        self.forget_if_over(key);
    }

    /// Gives a connection that was in use to the tenant's next request, and it back where none
    /// waits or another tenant comes first: it is in use still.
    #[cfg(feature = "_sql")]
    pub(in crate::tenant::budget) fn hand_over(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) -> Option<C> {
        let Next::Serves(waiter) = self.next_in_turn(key, now) else {
            return Some(connection);
        };
        self.serve(key, connection, waiter, now, orders);
        None
    }

    fn serve(
        &mut self,
        key: Key,
        connection: C,
        waiter: W,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.deliver(key, connection, waiter, orders);
        self.want(key, now);
        self.advance(now, orders);
    }

    /// A connection that was in use is gone.
    #[cfg(feature = "_sql")]
    pub(in crate::tenant::budget) fn lose(
        &mut self,
        key: Key,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        if let Some(share) = self.shares.get_mut(&key) {
            share.open -= 1;
        }
        self.want(key, now);
        self.advance(now, orders);
        self.forget_if_over(key);
    }

    /// A connection that was in use is unfit; the caller closes it and calls [`Self::closed`].
    pub(in crate::tenant::budget) fn discard(
        &mut self,
        key: Key,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.begin_closing(key);
        self.want(key, now);
        self.advance(now, orders);
    }

    /// A connection that was in use has served for long enough.
    pub(in crate::tenant::budget) fn retire(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.begin_closing(key);
        orders.push(Order::Close(key, connection));
        self.want(key, now);
        self.advance(now, orders);
    }

    /// An opening for the share came to an end.
    pub(in crate::tenant::budget) fn opened(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.openings.end(key);
        if let Some(share) = self.shares.get_mut(&key) {
            share.opening = false;
            share.open += 1;
            share.turn_began = now;
            share.busy_since = None;
            share.breaker.succeeded();
        }
        self.server.succeeded();
        self.note_opening(now);
        self.give_back(key, connection, now, orders);
    }

    /// An opening for the share failed; returns the requests to be told. Those that a connection
    /// of the share can serve wait on, and at first those that it may be worth while to.
    pub(in crate::tenant::budget) fn not_opened(
        &mut self,
        key: Key,
        failure: &Failure,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) -> Vec<W> {
        self.openings.end(key);
        self.not_opened_ever += 1;
        if failure.error.is_servers() {
            self.server.failed(key, failure, now);
        }
        let told = self.shares.get_mut(&key).map(|share| {
            share.opening = false;
            let worth_waiting = share.open > 0 || failure.is_passing() && !share.breaker.is_open();
            share.breaker.failed(failure, now);
            match worth_waiting {
                true => Vec::new(),
                false => share.empty_queue(),
            }
        });
        self.advance(now, orders);
        self.forget_if_over(key);
        told.unwrap_or_default()
    }

    /// A connection that [`Order::Close`] named is closed.
    pub(in crate::tenant::budget) fn closed(
        &mut self,
        key: Key,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.closing -= 1;
        if let Some(share) = self.shares.get_mut(&key) {
            share.closing -= 1;
        }
        self.advance(now, orders);
        self.forget_if_over(key);
    }

    /// A permit came back.
    pub(in crate::tenant::budget) fn permit_returned(
        &mut self,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.issued -= 1;
        self.reservations.permit_returned();
        self.advance(now, orders);
    }
}
