//! Who waits for what can never come: those who hold connections and wait for others that are
//! held by such as themselves.

use std::collections::HashMap;

use super::order::{Key, Waiting};
use super::shares::State;

/// What may still come free, of what is known.
struct Prospects<H> {
    /// Who holds something and waits, and for which share.
    waiting: HashMap<H, Key>,
    /// Connections of a share in the hands of those.
    stuck: HashMap<Key, usize>,
}

impl<C, W: Waiting> State<C, W> {
    /// Lets a request of one who holds connections wait no longer if what it waits for never comes
    /// unless somebody gives up: all that could be handed to it is held by others who wait like it.
    pub(in crate::tenant::budget) fn refuse_deadlocked(
        &mut self,
        key: Key,
        holder: W::Holder,
    ) -> bool {
        let is_deadlocked = self.holders.holds(Some(holder)) && self.is_deadlocked(holder);
        if let Some(share) = self.shares.get_mut(&key).filter(|_| is_deadlocked) {
            let others = |waiter: &W| waiter.holder() != Some(holder);
            share.holding.retain(others);
        }
        is_deadlocked
    }

    fn is_deadlocked(&self, holder: W::Holder) -> bool {
        let mut prospects = self.prospects();
        while let Some(moves) = self.one_that_moves(&prospects) {
            prospects.release(moves, self.holders.held_by(moves));
        }
        prospects.waiting.contains_key(&holder)
    }

    fn prospects(&self) -> Prospects<W::Holder> {
        let mut waiting = HashMap::new();
        for (key, share) in &self.shares {
            let holders = share.holding.iter().filter(|waiter| !waiter.is_gone());
            waiting.extend(holders.filter_map(|waiter| Some((waiter.holder()?, *key))));
        }
        let mut stuck = HashMap::new();
        for holder in waiting.keys() {
            for key in self.holders.held_by(*holder) {
                *stuck.entry(key).or_default() += 1;
            }
        }
        Prospects { waiting, stuck }
    }

    fn one_that_moves(&self, prospects: &Prospects<W::Holder>) -> Option<W::Holder> {
        let some_permit_comes = self.some_permit_comes(prospects);
        let mut waiting = prospects.waiting.iter();
        let moves = waiting.find(|(_, key)| {
            let own_comes = self.lent_to_others(**key, prospects) > 0 || self.is_served_soon(**key);
            own_comes || some_permit_comes && !self.is_at_cap(**key)
        });
        moves.map(|(holder, _)| *holder)
    }

    /// Whether a permit is free or comes free: of what is idle, opening, on its way out or in the
    /// hands of somebody who does not wait.
    fn some_permit_comes(&self, prospects: &Prospects<W::Holder>) -> bool {
        let stuck: usize = prospects.stuck.values().sum();
        stuck + self.reservations.permits() < self.limit
    }

    fn lent_to_others(&self, key: Key, prospects: &Prospects<W::Holder>) -> usize {
        let lent = self.shares.get(&key).map_or(0, |share| share.open);
        lent.saturating_sub(prospects.stuck.get(&key).copied().unwrap_or_default())
    }

    fn is_served_soon(&self, key: Key) -> bool {
        self.shares.get(&key).is_some_and(|share| share.opening)
    }

    fn is_at_cap(&self, key: Key) -> bool {
        let open = self.shares.get(&key).map_or(0, |share| share.open);
        open >= self.cap_of(key)
    }
}

impl<H: Copy + Eq + std::hash::Hash> Prospects<H> {
    /// One who waits is served, and lets go of what it holds.
    fn release(&mut self, holder: H, held: impl Iterator<Item = Key>) {
        self.waiting.remove(&holder);
        for key in held {
            if let Some(stuck) = self.stuck.get_mut(&key) {
                *stuck -= 1;
            }
        }
    }
}
