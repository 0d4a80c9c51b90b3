//! Whom an idle connection is taken from.
//!
//! What a share has beside its only connection goes first; then the only one of the share that was
//! used least often of late. Choosing costs the logarithm of the number of shares with something
//! idle: entries of both lists are put right only when they come to the front.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use tokio::time::Instant;

use super::ageing::Ageing;
use super::order::{Key, Order, Waiting};
use super::popularity::Popularity;
use super::share::{Idle, ShareState};
use super::shares::State;

/// The shares with something idle.
#[derive(Default)]
pub(super) struct Donors {
    /// Idle connections of all shares.
    idle: usize,
    /// The least popular in front; popularity only grows, so an entry is never too late.
    by_popularity: BinaryHeap<Reverse<(Popularity, Key)>>,
    /// Those with several connections, by the time that one has been idle.
    with_several: Ageing,
    /// All, by the time that one has been idle.
    by_age: Ageing,
}

/// In which of the lists a share has its entry.
#[derive(Default)]
pub(super) struct Listed {
    by_popularity: bool,
    with_several: bool,
    by_age: bool,
}

impl<C, W: Waiting> State<C, W> {
    /// Takes an idle connection of the share, the most recently used one.
    pub(in crate::tenant::budget) fn take_idle(&mut self, key: Key) -> Option<C> {
        let idle = self.shares.get_mut(&key)?.idle.pop_back()?;
        self.donors.idle -= 1;
        Some(idle.connection)
    }

    /// Keeps a connection of the share for its next request.
    pub(super) fn keep_idle(&mut self, key: Key, connection: C, since: Instant) {
        let Some(share) = self.shares.get_mut(&key) else {
            return;
        };
        share.idle.push_back(Idle { connection, since });
        self.donors.idle += 1;
        self.donors.list(key, share);
    }

    pub(super) const fn idle(&self) -> usize {
        self.donors.idle
    }

    /// Begins to close what has been idle for longest in a share.
    pub(super) fn close_oldest(&mut self, key: Key) -> Option<Order<C, W>> {
        let oldest = self.shares.get_mut(&key)?.idle.pop_front()?;
        self.donors.idle -= 1;
        self.begin_closing(key);
        Some(Order::Close(key, oldest.connection))
    }

    /// A share that has another connection beside one that has been idle since before `deadline`.
    pub(super) fn with_another(&mut self, deadline: Instant) -> Option<Key> {
        let several = &mut self.donors.with_several;
        several.first(deadline, |key| {
            let share = self.shares.get_mut(&key)?;
            let since = share.idle_since().filter(|_| share.open > 1);
            let may_give = since.filter(|_| share.may_give());
            share.listed.with_several = may_give.is_some();
            may_give
        })
    }

    /// The share that was used least often of late, of those with something idle.
    pub(super) fn least_popular(&mut self) -> Option<Key> {
        loop {
            let first = self.donors.by_popularity.peek_mut()?;
            let Reverse((listed, key)) = *first;
            let Some(share) = self.shares.get_mut(&key) else {
                PeekMut::pop(first);
                continue;
            };
            if share.idle.is_empty() || !share.may_give() {
                share.listed.by_popularity = false;
                PeekMut::pop(first);
            } else if share.popularity == listed {
                return Some(key);
            } else {
                PeekMut::pop(first);
                let entry = Reverse((share.popularity, key));
                self.donors.by_popularity.push(entry);
            }
        }
    }

    /// A share that has something idle since before `deadline`.
    pub(super) fn aged(&mut self, deadline: Instant) -> Option<Key> {
        self.donors.by_age.first(deadline, |key| {
            let share = self.shares.get_mut(&key)?;
            let since = share.idle_since();
            share.listed.by_age = since.is_some();
            since
        })
    }
}

impl Donors {
    fn list<C, W: Waiting>(&mut self, key: Key, share: &mut ShareState<C, W>) {
        let Some(since) = share.idle_since() else {
            return;
        };
        if !std::mem::replace(&mut share.listed.by_age, true) {
            self.by_age.note(since, key);
        }
        if !std::mem::replace(&mut share.listed.by_popularity, true) {
            self.by_popularity.push(Reverse((share.popularity, key)));
        }
        if share.open > 1 && !std::mem::replace(&mut share.listed.with_several, true) {
            self.with_several.note(since, key);
        }
    }
}
