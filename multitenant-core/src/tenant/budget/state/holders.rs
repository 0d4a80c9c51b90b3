use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::Hash;

use super::order::Key;

/// Who holds which shares' connections, as far as that is known.
pub(super) struct Holders<H> {
    holdings: HashMap<H, Holding>,
}

/// The shares whose connections one holds: mostly one, of one share.
struct Holding {
    first: Key,
    others: Vec<Key>,
}

impl<H> Default for Holders<H> {
    fn default() -> Self {
        let holdings = HashMap::new();
        Self { holdings }
    }
}

impl<H: Copy + Eq + Hash> Holders<H> {
    pub(super) fn takes(&mut self, holder: Option<H>, key: Key) {
        let Some(holder) = holder else { return };
        let held = self.holdings.entry(holder);
        held.and_modify(|held| held.others.push(key))
            .or_insert_with(|| Holding {
                first: key,
                others: Vec::new(),
            });
    }

    pub(super) fn lets_go(&mut self, holder: Option<H>, key: Key) {
        let Some(Entry::Occupied(mut held)) = holder.map(|holder| self.holdings.entry(holder))
        else {
            return;
        };
        let holding = held.get_mut();
        if let Some(index) = holding.others.iter().position(|other| *other == key) {
            holding.others.swap_remove(index);
        } else if let Some(other) = holding.others.pop() {
            holding.first = other;
        } else {
            held.remove();
        }
    }

    pub(super) fn holds(&self, holder: Option<H>) -> bool {
        holder.is_some_and(|holder| self.holdings.contains_key(&holder))
    }

    pub(super) fn held_by(&self, holder: H) -> impl Iterator<Item = Key> + '_ {
        let held = self.holdings.get(&holder).into_iter();
        held.flat_map(|held| held.others.iter().copied().chain([held.first]))
    }
}
