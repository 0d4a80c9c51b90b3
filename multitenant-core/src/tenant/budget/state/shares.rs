use std::collections::HashMap;
use std::time::Duration;

use tokio::time::Instant;

use super::breaker::ServerBreaker;
use super::donors::Donors;
use super::holders::Holders;
use super::line::Line;
use super::openings::Openings;
use super::order::{Key, Order, Waiting};
use super::popularity::{Popularity, Time};
use super::reservation::Reservations;
use super::share::{Phase, ShareState};
use crate::tenant::budget::{BudgetOptions, ShareOptions};

/// Every share, and what is counted over all of them.
pub(in crate::tenant::budget) struct State<C, W: Waiting> {
    pub(super) limit: usize,
    /// Until when connections may be opened, if not for good.
    lapses: Option<Instant>,
    /// Most connections of one share, where neither it nor a part of the limit says otherwise.
    pub(super) per_tenant: Option<usize>,
    /// Permits out: opening, idle, in use, closing.
    pub(super) issued: usize,
    /// Connections on their way out whose permits will be back.
    pub(super) closing: usize,
    pub(super) shares: HashMap<Key, ShareState<C, W>>,
    next_key: Key,
    pub(super) time: Time,
    /// Openings of all shares.
    pub(super) opened: Popularity,
    pub(super) opened_ever: u64,
    pub(super) not_opened_ever: u64,
    pub(super) server: ServerBreaker,
    pub(super) donors: Donors,
    pub(super) line: Line,
    pub(super) openings: Openings,
    pub(super) reservations: Reservations,
    pub(super) holders: Holders<W::Holder>,
    /// When a connection of a heavy share came back last.
    pub(super) heavy_return: Option<Instant>,
    /// Shares for which permits are kept.
    keeping: Vec<Key>,
}

impl<C, W: Waiting> State<C, W> {
    pub(in crate::tenant::budget) fn new(options: &BudgetOptions, now: Instant) -> Self {
        Self {
            limit: options.connections,
            lapses: None,
            per_tenant: options.per_tenant,
            issued: 0,
            closing: 0,
            shares: HashMap::new(),
            next_key: 0,
            time: Time::starts(now, options.half_life),
            opened: Popularity::NONE,
            opened_ever: 0,
            not_opened_ever: 0,
            server: ServerBreaker::default(),
            donors: Donors::default(),
            line: Line::default(),
            openings: Openings::at_most(options.openings),
            reservations: Reservations::default(),
            holders: Holders::default(),
            heavy_return: None,
            keeping: Vec::new(),
        }
    }

    /// Lets a share take part. Of the permits that it wants kept for it, it gets what is left of
    /// half of the budget.
    pub(in crate::tenant::budget) fn join(
        &mut self,
        mut options: ShareOptions,
        now: Instant,
    ) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        let kept = self.keeping.iter().filter_map(|key| self.shares.get(key));
        let kept: usize = kept.map(|share| share.options.reserve).sum();
        options.reserve = options.reserve.min((self.limit / 2).saturating_sub(kept));
        if options.reserve > 0 {
            self.keeping.push(key);
        }
        self.shares.insert(key, ShareState::new(options, now));
        key
    }

    /// Most connections that the share may have, reserved ones included.
    pub(super) fn cap(&self, key: Key) -> usize {
        let own = self.shares.get(&key).and_then(|share| share.options.most);
        let most = own.or(self.per_tenant).unwrap_or(self.limit / 4);
        most.max(2).min(self.limit)
    }

    /// Whether a permit may be had for the share: one that is kept for another may not.
    pub(super) fn has_permit_for(&self, key: Key) -> bool {
        let others = self.keeping.iter().filter(|keeping| **keeping != key);
        let shares = others.filter_map(|key| self.shares.get(key));
        let kept: usize = shares.map(ShareState::kept).sum();
        self.issued + kept < self.limit
    }

    /// Permits that are free, and those of connections on their way out.
    pub(super) const fn permits_to_come(&self) -> usize {
        self.limit.saturating_sub(self.issued) + self.closing
    }

    /// Whether more are open than may be: the limit was lowered. A permit may be back before its
    /// connection is known to be closed.
    pub(super) const fn is_over_limit(&self) -> bool {
        self.issued.saturating_sub(self.closing) > self.limit
    }

    /// Changes how many connections may be open, and until when more may be opened. Closes what is idle
    /// beyond; what is in use beyond is closed when it comes back.
    pub(in crate::tenant::budget) fn set_connections(
        &mut self,
        connections: usize,
        lapses: Option<Instant>,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        (self.limit, self.lapses) = (connections, lapses);
        while self.is_over_limit() {
            let reserved_too = now + Duration::from_nanos(1);
            let donor = self.least_popular().or_else(|| self.aged(reserved_too));
            let Some(close) = donor.and_then(|donor| self.close_oldest(donor)) else {
                break;
            };
            orders.push(close);
        }
        self.advance(now, orders);
    }

    /// Whether nothing may be opened until it is said anew how many connections there may be.
    pub(super) fn has_lapsed(&self, now: Instant) -> bool {
        self.lapses.is_some_and(|lapses| now >= lapses)
    }

    /// Counts a use of the share.
    pub(super) fn note_use(&mut self, key: Key, now: Instant) {
        let age = self.time.at(now);
        if let Some(share) = self.shares.get_mut(&key) {
            share.popularity = share.popularity.used(age);
        }
    }

    pub(super) fn note_opening(&mut self, now: Instant) {
        self.opened = self.opened.used(self.time.at(now));
        self.opened_ever += 1;
    }

    pub(super) fn begin_closing(&mut self, key: Key) {
        self.closing += 1;
        if let Some(share) = self.shares.get_mut(&key) {
            share.open -= 1;
            share.closing += 1;
        }
    }

    pub(super) fn forget_if_over(&mut self, key: Key) {
        let over = |share: &ShareState<C, W>| {
            share.phase == Phase::Closed && share.is_drained() && !share.queued
        };
        if self.shares.get(&key).is_some_and(over) {
            self.shares.remove(&key);
            self.keeping.retain(|keeping| *keeping != key);
        }
    }
}
