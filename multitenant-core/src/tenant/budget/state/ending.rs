//! What ends: shares, and connections that nobody uses.

use tokio::time::Instant;

use super::order::{Key, Order, Waiting};
use super::share::Phase;
use super::shares::State;

impl<C, W: Waiting> State<C, W> {
    /// Moves the share on to `phase`; returns the requests that are not served any more.
    pub(in crate::tenant::budget) fn end(
        &mut self,
        key: Key,
        phase: Phase,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) -> Vec<W> {
        let Some(share) = self.shares.get_mut(&key) else {
            return Vec::new();
        };
        if share.phase != Phase::Closed {
            share.phase = phase;
        }
        let refused = match share.phase {
            Phase::Closed => {
                self.reservations.refuse(key);
                share.empty_queue()
            }
            Phase::Open | Phase::Draining => Vec::new(),
        };
        if share.phase != Phase::Open {
            self.close_idle(key, orders);
        }
        self.advance(now, orders);
        self.forget_if_over(key);
        refused
    }

    fn close_idle(&mut self, key: Key, orders: &mut Vec<Order<C, W>>) {
        while let Some(close) = self.close_oldest(key) {
            orders.push(close);
        }
    }

    /// Closes what has been idle since before `deadline`.
    pub(in crate::tenant::budget) fn reap(
        &mut self,
        deadline: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        while let Some(key) = self.aged(deadline) {
            orders.extend(self.close_oldest(key));
        }
    }
}
