//! What is asked for: requests that wait, and connections that are opened for them.

use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Tripped;
use super::line::Need;
use super::order::{Key, NotQueued, Order, Waiting};
use super::share::{ShareState, TURN};
use super::shares::State;
use super::turn::AHEAD;

/// A tenant's only connection that was not used for so long may be taken for one that has others.
const REST: Duration = Duration::from_secs(2);

/// How often the only connection of a tenant that was used little, but a moment ago, makes room for
/// one that was used far more. Else each of many light tenants would wait for an opening again and
/// again for the sake of a single one that floods.
const PACE: Duration = Duration::from_secs(2);

/// What came of the search for a connection to close.
enum Room<C, W> {
    Made(Order<C, W>),
    /// There is one, but too many were taken for the same share.
    Imposes,
    None,
}

impl<C, W: Waiting> State<C, W> {
    /// Whether the share has, or is getting, no connection at all.
    pub(in crate::tenant::budget) fn has_none(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(|share| share.open == 0 && !share.opening)
    }

    /// Takes an idle connection of the share for a request, the most recently used one.
    pub(in crate::tenant::budget) fn lend_idle(
        &mut self,
        key: Key,
        holder: Option<W::Holder>,
    ) -> Option<C> {
        let connection = self.take_idle(key)?;
        self.holders.takes(holder, key);
        Some(connection)
    }

    /// Queues a request.
    pub(in crate::tenant::budget) fn wait(
        &mut self,
        key: Key,
        waiter: W,
        most: usize,
        now: Instant,
    ) -> Result<(), NotQueued> {
        if let Some(tripped) = self.tripped(key, now) {
            return Err(NotQueued::Tripped(tripped));
        }
        let holds = self.holders.holds(waiter.holder());
        let share = self.shares.get_mut(&key).ok_or(NotQueued::Closed)?;
        share.wait(waiter, holds, most)
    }

    /// Whether nothing could be opened for the share, which has nothing open either, for so often
    /// that a request is refused rather than let wait.
    fn tripped(&self, key: Key, now: Instant) -> Option<Tripped> {
        let share = self.shares.get(&key)?;
        let probes = !self.openings.is_empty();
        match share.open {
            0 => share
                .breaker
                .refuses(share.opening, now)
                .or_else(|| self.server.breaker.refuses(probes, now)),
            _ => None,
        }
    }

    /// Hands a connection of the share to the first of its requests.
    pub(super) fn deliver(
        &mut self,
        key: Key,
        connection: C,
        waiter: W,
        orders: &mut Vec<Order<C, W>>,
    ) {
        self.holders.takes(waiter.holder(), key);
        orders.push(Order::Deliver(key, connection, waiter));
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
            self.deliver(key, connection, waiter, orders);
        }
    }

    /// Puts the share in line for a connection to be opened, if one of its requests still waits.
    pub(in crate::tenant::budget) fn want(&mut self, key: Key, now: Instant) {
        let cap = self.cap_of(key);
        let Some(share) = self.shares.get_mut(&key) else {
            return;
        };
        match share.need(cap, now) {
            Some(need) if !share.queued => {
                share.queued = true;
                self.line.join(key, need);
            }
            Some(need @ (Need::Holding | Need::Cold)) => self.line.hurry(key, need),
            _ => {}
        }
    }

    /// Moves the line on: opens while there are permits, makes room where there are none. A
    /// reservation whose turn it is comes first, but for every second permit.
    pub(in crate::tenant::budget) fn advance(
        &mut self,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        if self.has_lapsed(now) {
            return;
        }
        loop {
            match self.serve_reservation(orders) {
                Some(true) => continue,
                Some(false) if !self.reservations.lets_pass() => return,
                _ => {}
            }
            let Some((key, is_paced)) = self.line.front() else {
                return;
            };
            let Some(need) = self.need_of(key, now) else {
                self.leave_line();
                self.forget_if_over(key);
                continue;
            };
            if self.server_waits(now) {
                return;
            }
            if self.has_permit_for(key) {
                if self.openings.left(now) == 0 {
                    return;
                }
                self.leave_line();
                self.reservations.passed();
                self.begin_opening(key, now);
                orders.push(Order::Open(key));
                continue;
            }
            let soon = self.openings.left(now) + AHEAD;
            if self.permits_to_come() >= self.line.len().min(soon) {
                return;
            }
            let need = if is_paced { Need::Paced } else { need };
            match self.make_room(key, need, now) {
                Room::Made(close) => orders.push(close),
                Room::Imposes if need == Need::Cold => self.line.hurry(key, Need::Paced),
                Room::Imposes | Room::None => return,
            }
        }
    }

    fn need_of(&mut self, key: Key, now: Instant) -> Option<Need> {
        let cap = self.cap_of(key);
        self.shares.get_mut(&key)?.need(cap, now)
    }

    /// Whether the server is not asked now: it failed, and one opening finds out how it is.
    fn server_waits(&self, now: Instant) -> bool {
        let server = &self.server;
        server.is_paused(now) || server.breaker.is_open() && !self.openings.is_empty()
    }

    fn begin_opening(&mut self, key: Key, now: Instant) {
        self.issued += 1;
        self.openings.begin(key, now);
        if let Some(share) = self.shares.get_mut(&key) {
            share.opening = true;
        }
    }

    fn leave_line(&mut self) {
        let left = self.line.leave();
        self.reservations.line_moved();
        if let Some(share) = left.and_then(|key| self.shares.get_mut(&key)) {
            share.queued = false;
        }
    }

    /// Begins to close the idle connection that is missed least, if the need is worth it.
    fn make_room(&mut self, key: Key, need: Need, now: Instant) -> Room<C, W> {
        let may_wait = matches!(need, Need::Paced | Need::Warm);
        let rested = if may_wait { TURN } else { Duration::ZERO };
        let donor = self.with_another(before(now, rested));
        let donor = donor.or_else(|| self.least_popular().filter(|donor| self.rests(*donor, now)));
        if let Some(donor) = donor {
            return self.close_oldest(donor).map_or(Room::None, Room::Made);
        }
        let Some(donor) = self.least_popular() else {
            return Room::None;
        };
        // Whoever had more than others gives one up as soon as it comes back.
        if may_wait || self.heavy_returns_soon(now) {
            return Room::None;
        }
        if self.imposes(key, donor, now) {
            return Room::Imposes;
        }
        self.close_oldest(donor).map_or(Room::None, Room::Made)
    }

    /// Whether the share, used far more than this one, took another's only connection a moment
    /// ago; if not, it does now.
    fn imposes(&mut self, key: Key, donor: Key, now: Instant) -> bool {
        if !self.is_far_above(key, donor) {
            return false;
        }
        let Some(share) = self.shares.get_mut(&key) else {
            return false;
        };
        let again = |before: Instant| now.duration_since(before) < PACE;
        let too_soon = share.imposed_at.is_some_and(again);
        if !too_soon {
            share.imposed_at = Some(now);
        }
        too_soon
    }

    /// Whether the share's connections are idle for long.
    fn rests(&self, key: Key, now: Instant) -> bool {
        let since = self.shares.get(&key).and_then(ShareState::idle_since);
        since.is_some_and(|since| now.duration_since(since) >= REST)
    }

    /// Whether an idle connection could be taken that nobody misses soon.
    pub(super) fn something_rests(&mut self, now: Instant) -> bool {
        self.least_popular().is_some_and(|key| self.rests(key, now))
    }
}

/// The time before which something has to be idle to have been so for `rested`.
fn before(now: Instant, rested: Duration) -> Instant {
    let deadline = now.checked_sub(rested).unwrap_or(now);
    deadline + Duration::from_nanos(1)
}
