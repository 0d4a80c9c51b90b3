use std::collections::HashMap;
use std::time::Duration;

use lru::LruCache;
use tokio::time::Instant;

use super::ageing::Ageing;
use super::line::Line;
use super::order::{Key, Order, Waiting};
use super::reservation::Reservations;
use super::share::{Idle, Phase, ShareState};

/// How long a tenant may keep a connection for its own waiting requests while other tenants wait,
/// and how long an idle connection is safe from a tenant that holds others. Shorter turns spend
/// the time on opening.
pub(in crate::tenant::budget) const TURN: Duration = Duration::from_millis(20);

/// Every share, and what is counted over all of them.
pub(in crate::tenant::budget) struct State<C, W> {
    pub(super) limit: usize,
    /// Most connections of one share.
    pub(super) cap: usize,
    /// Permits out: opening, idle, in use, closing.
    pub(super) issued: usize,
    /// Connections on their way out whose permits will be back.
    pub(super) closing: usize,
    pub(super) shares: HashMap<Key, ShareState<C, W>>,
    next_key: Key,
    /// Shares with idle connections, the least recently used at its end.
    idle: LruCache<Key, ()>,
    ageing: Ageing,
    pub(super) line: Line,
    pub(super) reservations: Reservations,
}

impl<C, W: Waiting> State<C, W> {
    pub(in crate::tenant::budget) fn new(limit: usize, cap: usize) -> Self {
        Self {
            limit: limit.max(1),
            cap: cap.max(1),
            issued: 0,
            closing: 0,
            shares: HashMap::new(),
            next_key: 0,
            idle: LruCache::unbounded(),
            ageing: Ageing::default(),
            line: Line::default(),
            reservations: Reservations::default(),
        }
    }

    pub(in crate::tenant::budget) fn join(&mut self, now: Instant) -> Key {
        let key = self.next_key;
        self.next_key += 1;
        self.shares.insert(key, ShareState::new(now));
        key
    }

    /// Takes an idle connection of the share, the most recently used one.
    pub(in crate::tenant::budget) fn take_idle(&mut self, key: Key) -> Option<C> {
        let share = self.shares.get_mut(&key)?;
        let idle = share.idle.pop_back()?;
        if share.idle.is_empty() {
            self.idle.pop(&key);
        }
        Some(idle.connection)
    }

    /// Keeps a connection of the share for its next request.
    pub(super) fn keep_idle(&mut self, key: Key, connection: C, since: Instant) {
        if let Some(share) = self.shares.get_mut(&key) {
            share.idle.push_back(Idle { connection, since });
            self.idle.put(key, ());
            if !std::mem::replace(&mut share.ageing, true) {
                self.ageing.note(since, key);
            }
        }
    }

    pub(super) fn nothing_is_idle(&self) -> bool {
        self.idle.is_empty()
    }

    /// The least recently used share that has something idle, and since when.
    pub(super) fn least_recently_used(&self) -> Option<(Key, Instant)> {
        let (&key, ()) = self.idle.peek_lru()?;
        let oldest = self.shares.get(&key)?.idle.front()?;
        Some((key, oldest.since))
    }

    /// Begins to close what has been idle for longest in a share.
    pub(super) fn close_oldest(&mut self, key: Key) -> Option<Order<C, W>> {
        let share = self.shares.get_mut(&key)?;
        let oldest = share.idle.pop_front()?;
        if share.idle.is_empty() {
            self.idle.pop(&key);
        }
        self.begin_closing(key);
        Some(Order::Close(key, oldest.connection))
    }

    /// A share that has something idle since before `deadline`.
    pub(super) fn aged(&mut self, deadline: Instant) -> Option<Key> {
        while let Some(key) = self.ageing.take_due(deadline) {
            let Some(share) = self.shares.get_mut(&key) else {
                continue;
            };
            let oldest = share.idle.front().map(|idle| idle.since);
            share.ageing = oldest.is_some();
            let Some(since) = oldest else { continue };
            self.ageing.note(since, key);
            if since < deadline {
                return Some(key);
            }
        }
        None
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
        }
    }
}
