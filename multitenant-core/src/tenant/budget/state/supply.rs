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
        // Another tenant has none, none of others is idle, and not enough are on their way out.
        let others_wait = self.line.others_have_none(key)
            && self.nothing_is_idle()
            && self.closing < self.line.cold();
        let Some(share) = self.shares.get_mut(&key) else {
            self.closing += 1;
            orders.push(Order::Close(key, connection));
            return;
        };
        if !others_wait {
            share.turn_began = now;
        }
        let turn_is_over = now.duration_since(share.turn_began) >= TURN;
        let next = match share.phase {
            Phase::Closed => None,
            _ if others_wait && turn_is_over => None,
            _ => share.next_waiting(),
        };
        match (next, share.phase) {
            (Some(waiter), _) => orders.push(Order::Deliver(key, connection, waiter)),
            (None, Phase::Open) => self.keep_idle(key, connection, now),
            (None, Phase::Draining | Phase::Closed) => {
                self.begin_closing(key);
                orders.push(Order::Close(key, connection));
            }
        }
        self.want(key);
        self.advance(now, orders);
        self.forget_if_over(key);
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
