//! What comes back: connections that were in use, opened or closed, and permits.

use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Failure;
use super::order::{Key, Order, Waiting};
use super::share::{Phase, ShareState};
use super::shares::{State, TURN};

/// A wait that is no longer than what opening takes anyway.
const SOON: Duration = Duration::from_millis(5);

/// Permits that should be free when an opening ends, so that the next can begin.
pub(super) const AHEAD: usize = 2;

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
        let Some(connection) = self.hand_over(key, connection, now, orders) else {
            return;
        };
        let over_limit = self.is_over_limit();
        match self.shares.get(&key).map(|share| share.phase) {
            Some(Phase::Open) if !over_limit => self.keep_idle(key, connection, now),
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
    pub(in crate::tenant::budget) fn hand_over(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) -> Option<C> {
        self.note_use(key, now);
        let Some(waiter) = self.next_in_turn(key, now) else {
            return Some(connection);
        };
        self.deliver(key, connection, waiter, orders);
        self.want(key, now);
        self.advance(now, orders);
        None
    }

    fn next_in_turn(&mut self, key: Key, now: Instant) -> Option<W> {
        let others_wait = self.others_lack(key, now);
        let cap = self.cap_of(key);
        let is_rich = self.shares.get(&key)?.open > 1;
        self.note_rich_return(key, now);
        let over_limit = self.is_over_limit();
        let gives = others_wait && self.gives(is_rich, now);
        let share = self.shares.get_mut(&key)?;
        if !others_wait {
            share.turn_began = now;
        }
        let turn = TURN * share.options.weight.max(1);
        let turn_is_over = is_rich || now.duration_since(share.turn_began) >= turn;
        let has_too_many = share.open > cap || over_limit;
        let comes_first = share.a_holder_waits() && !has_too_many;
        if share.phase == Phase::Closed
            || has_too_many
            || (gives && turn_is_over && share.may_give() && !comes_first)
        {
            return None;
        }
        share.next_waiting()
    }

    /// Whether others wait who cannot do without, and fewer permits are free, or soon will be, than
    /// connections could be opened for them.
    fn others_lack(&mut self, key: Key, now: Instant) -> bool {
        let lack = |state: &Self| {
            let wanted = state.line.urgent().min(state.openings.left(now) + AHEAD);
            !state.server.is_paused(now) && state.permits_to_come() < wanted
        };
        self.line.others_are_urgent(key) && lack(self) || self.reservation_lacks()
    }

    /// Whether others should have a connection that comes back rather than one that is idle.
    fn gives(&mut self, is_rich: bool, now: Instant) -> bool {
        match is_rich {
            true => !self.something_rests(now),
            false => self.idle() == 0,
        }
    }

    fn note_rich_return(&mut self, key: Key, now: Instant) {
        let busy = |share: &ShareState<C, W>| share.open > 1 && share.queue_len() > 0;
        if self.shares.get(&key).is_some_and(busy) {
            self.rich_return = Some(now);
        }
    }

    /// Whether connections of busy shares with several come back all the time.
    pub(super) fn rich_return_soon(&self, now: Instant) -> bool {
        self.rich_return
            .is_some_and(|returned| now.duration_since(returned) < SOON)
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
