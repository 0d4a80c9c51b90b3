//! What comes back: connections that were in use, opened or closed, and permits.

use tokio::time::Instant;

use super::order::{Key, Order, Waiting};
use super::share::Phase;
use super::shares::{State, TURN};

impl<C, W: Waiting> State<C, W> {
    /// A connection that was in use is free and fit.
    pub(in crate::tenant::budget) fn give_back(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        let Some(connection) = self.hand_over(key, connection, now, orders) else {
            return;
        };
        match self.shares.get(&key).map(|share| share.phase) {
            Some(Phase::Open) => self.keep_idle(key, connection, now),
            Some(Phase::Draining | Phase::Closed) => {
                self.begin_closing(key);
                orders.push(Order::Close(key, connection));
            }
            None => {
                self.closing += 1;
                orders.push(Order::Close(key, connection));
                return;
            }
        }
        self.want(key);
        self.advance(now, orders);
        self.forget_if_over(key);
    }

    /// Gives a connection that was in use to the tenant's next request, and it back where none
    /// waits or another tenant comes first: it is in use still.
    pub(in crate::tenant::budget) fn hand_over(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) -> Option<C> {
        let Some(waiter) = self.next_in_turn(key, now) else {
            return Some(connection);
        };
        orders.push(Order::Deliver(key, connection, waiter));
        self.want(key);
        self.advance(now, orders);
        None
    }

    fn next_in_turn(&mut self, key: Key, now: Instant) -> Option<W> {
        // Another tenant has none, none of others is idle, and not enough are on their way out.
        let others_wait = self.nothing_is_idle()
            && (self.line.others_have_none(key) && self.closing < self.line.cold()
                || self.reservation_lacks());
        let cap = self.cap_of(key);
        let share = self.shares.get_mut(&key)?;
        if !others_wait {
            share.turn_began = now;
        }
        let turn_is_over = now.duration_since(share.turn_began) >= TURN;
        let has_too_many = share.open > cap;
        if share.phase == Phase::Closed || has_too_many || (others_wait && turn_is_over) {
            return None;
        }
        share.next_waiting()
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
        self.want(key);
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
        self.want(key);
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
        if let Some(share) = self.shares.get_mut(&key) {
            share.opening = false;
            share.open += 1;
            share.turn_began = now;
        }
        self.give_back(key, connection, now, orders);
    }

    /// An opening for the share failed; returns the requests to be told.
    pub(in crate::tenant::budget) fn not_opened(
        &mut self,
        key: Key,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) -> Vec<W> {
        let told = self.shares.get_mut(&key).map(|share| {
            share.opening = false;
            share.waiting.drain(..).collect()
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
        self.advance(now, orders);
    }
}
