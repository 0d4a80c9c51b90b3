//! The decisions of the budget: who gets a connection, for whom one is opened, whose is closed.
//!
//! No I/O and no clock: every method takes what happened and says what to do about it. Whoever
//! calls holds the lock, and carries the orders out after letting go of it.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use lru::LruCache;

/// How long a tenant may keep a connection for its own waiting requests while other tenants wait,
/// and how long an idle connection is safe from a tenant that holds others. Shorter turns spend
/// the time on opening.
pub(super) const TURN: Duration = Duration::from_millis(20);

pub(super) type Key = u64;

/// Something to be done once the lock is released. `C` is a connection, `W` a waiting request.
pub(super) enum Order<C, W> {
    /// Open a connection for this share; a permit is already counted for it.
    Open(Key),
    /// Close this connection, of this share, then call [`State::closed`].
    Close(Key, C),
    /// Hand this connection, of this share, to this request.
    Deliver(Key, C, W),
}

/// A request in the queue of its share.
pub(super) trait Waiting {
    /// Whether the request has gone away.
    fn is_gone(&self) -> bool;
}

/// How a share of the budget ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Serves, and keeps connections idle for the next request.
    Open,
    /// Serves whoever still holds a handle, but keeps nothing idle.
    Draining,
    /// Serves nobody; what is in use is closed when it comes back.
    Closed,
}

/// Why a request cannot wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotQueued {
    /// The share serves nobody any more.
    Closed,
    /// As many wait as may.
    Full,
}

struct Idle<C> {
    connection: C,
    since: Instant,
}

struct ShareState<C, W> {
    phase: Phase,
    idle: VecDeque<Idle<C>>,
    waiting: VecDeque<W>,
    /// Idle or in use.
    open: usize,
    closing: usize,
    opening: bool,
    queued: bool,
    turn_began: Instant,
}

pub(super) struct State<C, W> {
    limit: usize,
    cap: usize,
    /// Permits out: opening, idle, in use, closing.
    issued: usize,
    /// Connections on their way out whose permits will be back.
    closing: usize,
    shares: HashMap<Key, ShareState<C, W>>,
    next_key: Key,
    /// Shares with idle connections, the least recently used at its end.
    idle: LruCache<Key, ()>,
    /// Shares that have no connection and want one, first come first.
    cold: VecDeque<Key>,
    /// Shares that have some and want another; they come after the cold ones.
    warm: VecDeque<Key>,
}

/// What a budget is doing, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetStats {
    /// Most connections that may be open.
    pub limit: usize,
    /// Connections open now, including those opening and closing.
    pub open: usize,
    /// Connections that wait for a request.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Tenants that take part.
    pub tenants: usize,
}

impl<C, W: Waiting> State<C, W> {
    pub(super) fn new(limit: usize, cap: usize) -> Self {
        Self {
            limit: limit.max(1),
            cap: cap.max(1),
            issued: 0,
            closing: 0,
            shares: HashMap::new(),
            next_key: 0,
            idle: LruCache::unbounded(),
            cold: VecDeque::new(),
            warm: VecDeque::new(),
        }
    }

    pub(super) fn join(&mut self, now: Instant) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        let share = ShareState {
            phase: Phase::Open,
            idle: VecDeque::new(),
            waiting: VecDeque::new(),
            open: 0,
            closing: 0,
            opening: false,
            queued: false,
            turn_began: now,
        };
        self.shares.insert(key, share);
        key
    }

    /// Takes an idle connection of the share, the most recently used one.
    pub(super) fn take_idle(&mut self, key: Key) -> Option<C> {
        let share = self.shares.get_mut(&key)?;
        let idle = share.idle.pop_back()?;
        if share.idle.is_empty() {
            self.idle.pop(&key);
        }
        Some(idle.connection)
    }

    pub(super) fn is_closed(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(|share| share.phase == Phase::Closed)
    }

    /// Whether the share has, or is getting, no connection at all.
    pub(super) fn has_none(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(|share| share.open == 0 && !share.opening)
    }

    /// Queues a request.
    pub(super) fn wait(&mut self, key: Key, waiter: W, most: usize) -> Result<(), NotQueued> {
        let share = self.shares.get_mut(&key).ok_or(NotQueued::Closed)?;
        if share.phase == Phase::Closed {
            return Err(NotQueued::Closed);
        }
        if share.waiting.len() >= most {
            share.waiting.retain(|waiter| !waiter.is_gone());
        }
        if share.waiting.len() >= most {
            return Err(NotQueued::Full);
        }
        share.waiting.push_back(waiter);
        Ok(())
    }

    /// Hands idle connections of the share to its waiting requests: a connection may have come back
    /// just before the request began to wait.
    pub(super) fn serve_idle(&mut self, key: Key, orders: &mut Vec<Order<C, W>>) {
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
    pub(super) fn want(&mut self, key: Key) {
        let cap = self.cap;
        let Some(share) = self.shares.get_mut(&key) else {
            return;
        };
        let wants = share.someone_waits() && !share.opening && !share.queued && share.open < cap;
        if wants {
            share.queued = true;
            match share.open {
                0 => self.cold.push_back(key),
                _ => self.warm.push_back(key),
            }
        }
    }

    /// Moves the queues on: opens while there are permits, makes room where there are none.
    pub(super) fn advance(&mut self, now: Instant, orders: &mut Vec<Order<C, W>>) {
        while let Some(&key) = self.cold.front().or_else(|| self.warm.front()) {
            if !self.still_wants(key) {
                self.leave_queue(key);
                self.forget_if_over(key);
            } else if self.issued < self.limit {
                self.leave_queue(key);
                self.issued += 1;
                if let Some(share) = self.shares.get_mut(&key) {
                    share.opening = true;
                }
                orders.push(Order::Open(key));
            } else if self.closing >= self.cold.len() + self.warm.len() {
                return;
            } else if let Some(close) = self.make_room(key, now) {
                orders.push(close);
            } else {
                return;
            }
        }
    }

    fn still_wants(&mut self, key: Key) -> bool {
        let cap = self.cap;
        self.shares.get_mut(&key).is_some_and(|share| {
            share.phase != Phase::Closed
                && !share.opening
                && share.open < cap
                && share.someone_waits()
        })
    }

    /// Takes the front of the queues, which is this share, out of them.
    fn leave_queue(&mut self, key: Key) {
        if self.cold.front() == Some(&key) {
            self.cold.pop_front();
        } else {
            self.warm.pop_front();
        }
        if let Some(share) = self.shares.get_mut(&key) {
            share.queued = false;
        }
    }

    /// Takes the least recently used idle connection, for a share that holds none or when it has
    /// been idle for a turn.
    fn make_room(&mut self, for_key: Key, now: Instant) -> Option<Order<C, W>> {
        let needy = self.shares.get(&for_key)?.open == 0;
        let (&donor_key, ()) = self.idle.peek_lru()?;
        let donor = self.shares.get_mut(&donor_key)?;
        let rested = now.duration_since(donor.idle.front()?.since) >= TURN;
        if !needy && !rested {
            return None;
        }
        let taken = donor.idle.pop_front()?;
        if donor.idle.is_empty() {
            self.idle.pop(&donor_key);
        }
        self.begin_closing(donor_key);
        Some(Order::Close(donor_key, taken.connection))
    }

    /// A connection that was in use is free and fit.
    pub(super) fn give_back(
        &mut self,
        key: Key,
        connection: C,
        now: Instant,
        orders: &mut Vec<Order<C, W>>,
    ) {
        // Another tenant has none, none of others is idle, and not enough are on their way out.
        let others_wait = self.cold.iter().any(|cold| *cold != key)
            && self.idle.is_empty()
            && self.closing < self.cold.len();
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
            (None, Phase::Open) => {
                let since = now;
                share.idle.push_back(Idle { connection, since });
                self.idle.put(key, ());
            }
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
    pub(super) fn lose(&mut self, key: Key, now: Instant, orders: &mut Vec<Order<C, W>>) {
        if let Some(share) = self.shares.get_mut(&key) {
            share.open -= 1;
        }
        self.want(key);
        self.advance(now, orders);
        self.forget_if_over(key);
    }

    /// A connection that was in use is unfit; the caller closes it and calls [`Self::closed`].
    pub(super) fn discard(&mut self, key: Key, now: Instant, orders: &mut Vec<Order<C, W>>) {
        self.begin_closing(key);
        self.want(key);
        self.advance(now, orders);
    }

    fn begin_closing(&mut self, key: Key) {
        self.closing += 1;
        if let Some(share) = self.shares.get_mut(&key) {
            share.open -= 1;
            share.closing += 1;
        }
    }

    /// An opening for the share came to an end.
    pub(super) fn opened(
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
    pub(super) fn not_opened(
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
    pub(super) fn closed(&mut self, key: Key, now: Instant, orders: &mut Vec<Order<C, W>>) {
        self.closing -= 1;
        if let Some(share) = self.shares.get_mut(&key) {
            share.closing -= 1;
        }
        self.advance(now, orders);
        self.forget_if_over(key);
    }

    /// A permit came back.
    pub(super) fn permit_returned(&mut self, now: Instant, orders: &mut Vec<Order<C, W>>) {
        self.issued -= 1;
        self.advance(now, orders);
    }

    /// Moves the share on to `phase`; returns the requests that are not served any more.
    pub(super) fn end(
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
            Phase::Closed => share.waiting.drain(..).collect(),
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
        while let Some(connection) = self.take_idle(key) {
            self.begin_closing(key);
            orders.push(Order::Close(key, connection));
        }
    }

    /// Closes what has been idle since before `deadline`.
    pub(super) fn reap(&mut self, deadline: Instant, orders: &mut Vec<Order<C, W>>) {
        while let Some((&key, ())) = self.idle.peek_lru() {
            let Some(share) = self.shares.get_mut(&key) else {
                self.idle.pop(&key);
                continue;
            };
            let stale = |idle: &mut Idle<C>| idle.since < deadline;
            let Some(idle) = share.idle.pop_front_if(stale) else {
                return;
            };
            if share.idle.is_empty() {
                self.idle.pop(&key);
            }
            self.begin_closing(key);
            orders.push(Order::Close(key, idle.connection));
        }
    }

    /// Whether nothing of the share is open, being opened or being closed.
    pub(super) fn is_drained(&self, key: Key) -> bool {
        self.shares.get(&key).is_none_or(ShareState::is_drained)
    }

    fn forget_if_over(&mut self, key: Key) {
        let over = |share: &ShareState<C, W>| {
            share.phase == Phase::Closed && share.is_drained() && !share.queued
        };
        if self.shares.get(&key).is_some_and(over) {
            self.shares.remove(&key);
        }
    }

    /// Whether no permit is out.
    pub(super) fn is_empty(&self) -> bool {
        self.issued == 0
    }

    pub(super) fn stats(&self) -> BudgetStats {
        BudgetStats {
            limit: self.limit,
            open: self.issued,
            idle: self.shares.values().map(|share| share.idle.len()).sum(),
            waiting: self.shares.values().map(|share| share.waiting.len()).sum(),
            tenants: self.shares.len(),
        }
    }

    /// Connections of one share that are open, and those of them that are idle.
    pub(super) fn share_stats(&self, key: Key) -> (usize, usize) {
        self.shares
            .get(&key)
            .map_or((0, 0), |share| (share.open, share.idle.len()))
    }
}

impl<C, W: Waiting> ShareState<C, W> {
    fn is_drained(&self) -> bool {
        self.open == 0 && self.closing == 0 && !self.opening
    }

    fn someone_waits(&mut self) -> bool {
        while self.waiting.front().is_some_and(Waiting::is_gone) {
            self.waiting.pop_front();
        }
        !self.waiting.is_empty()
    }

    fn next_waiting(&mut self) -> Option<W> {
        self.someone_waits();
        self.waiting.pop_front()
    }
}
