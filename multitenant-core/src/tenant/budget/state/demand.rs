//! What is asked for: requests that wait, and connections that are opened for them.

use tokio::time::Instant;

use super::order::{Key, NotQueued, Order, Waiting};
use super::share::ShareState;
use super::shares::{State, TURN};

impl<C, W: Waiting> State<C, W> {
    /// Whether the share has, or is getting, no connection at all.
    pub(in crate::tenant::budget) fn has_none(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(|share| share.open == 0 && !share.opening)
    }

    /// Queues a request.
    pub(in crate::tenant::budget) fn wait(
        &mut self,
        key: Key,
        waiter: W,
        most: usize,
    ) -> Result<(), NotQueued> {
        let share = self.shares.get_mut(&key).ok_or(NotQueued::Closed)?;
        share.wait(waiter, most)
    }

    /// Hands idle connections of the share to its waiting requests: a connection may have come back
    /// just before the request began to wait.
    pub(in crate::tenant::budget) fn serve_idle(
        &mut self,
        key: Key,
        orders: &mut Vec<Order<C, W>>,
    ) {
        while self
            .shares
            .get_mut(&key)
            .is_some_and(|share| !share.idle.is_empty() && share.someone_waits())
        {
            let waiter = self.shares.get_mut(&key).and_then(ShareState::next_waiting);
            let Some((waiter, connection)) = waiter.zip(self.take_idle(key)) else {
                return;
            };
            orders.push(Order::Deliver(key, connection, waiter));
        }
    }

    /// Puts the share in line for a connection to be opened, if one of its requests still waits.
    pub(in crate::tenant::budget) fn want(&mut self, key: Key) {
        let cap = self.cap_of(key);
        let Some(share) = self.shares.get_mut(&key) else {
            return;
        };
        if !share.queued && share.wants(cap) {
            share.queued = true;
            self.line.join(key, share.open == 0);
        }
    }

    /// Moves the line on: opens while there are permits, makes room where there are none. A
    /// reservation whose turn it is comes first.
    pub(in crate::tenant::budget) fn advance(
        &mut self,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        loop {
            match self.serve_reservation(orders) {
                Some(true) => continue,
                Some(false) => return,
                None => {}
            }
            let Some(key) = self.line.front() else { return };
            if !self.still_wants(key) {
                self.leave_line();
                self.forget_if_over(key);
            } else if self.issued < self.limit {
                self.leave_line();
                self.issued += 1;
                if let Some(share) = self.shares.get_mut(&key) {
                    share.opening = true;
                }
                orders.push(Order::Open(key));
            } else if self.closing >= self.line.len() {
                return;
            } else if let Some(close) = self.make_room(key, now) {
                orders.push(close);
            } else {
                return;
            }
        }
    }

    fn still_wants(&mut self, key: Key) -> bool {
        let cap = self.cap_of(key);
        self.shares
            .get_mut(&key)
            .is_some_and(|share| share.wants(cap))
    }

    fn leave_line(&mut self) {
        let left = self.line.leave();
        self.reservations.line_moved();
        if let Some(share) = left.and_then(|key| self.shares.get_mut(&key)) {
            share.queued = false;
        }
    }

    /// Takes the least recently used idle connection, for a share that holds none or when it has
    /// been idle for a turn.
    fn make_room(&mut self, for_key: Key, now: Instant) -> Option<Order<C, W>> {
        let needy = self.shares.get(&for_key)?.open == 0;
        let (donor, idle_since) = self.least_recently_used()?;
        let rested = now.duration_since(idle_since) >= TURN;
        if !needy && !rested {
            return None;
        }
        self.close_oldest(donor)
    }
}
