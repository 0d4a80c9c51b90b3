use std::collections::{HashMap, VecDeque};

use crate::TenantId;
use crate::catalog::Actor;

/// Who was refused, and why.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Noted {
    pub(super) actor: Actor,
    pub(super) tenant: Option<TenantId>,
    pub(super) reason: String,
}

/// Refusals that wait to be written, those alike together. Bounded in number and in tries.
#[derive(Default)]
pub(super) struct Pending {
    waiting: HashMap<Noted, Waiting>,
    /// Whose turn it is to be written.
    turns: VecDeque<Noted>,
}

#[derive(Default)]
struct Waiting {
    times: u64,
    tries: u32,
}

/// Refusals that wait to be written; a flood beyond is counted and dropped rather than kept.
pub(super) const WAITING: usize = 10_000;

/// How often a row is tried to be written. With a pause of a second between tries, a catalog that
/// is away for half a minute loses none.
const TRIES: u32 = 30;

impl Pending {
    pub(super) fn is_empty(&self) -> bool {
        self.turns.is_empty()
    }

    /// Adds a refusal, unless `most` different ones wait already; returns how many were dropped.
    pub(super) fn add(&mut self, noted: Noted, most: usize) -> u64 {
        if let Some(waiting) = self.waiting.get_mut(&noted) {
            waiting.times += 1;
            return 0;
        }
        if self.turns.len() >= most {
            return 1;
        }
        self.turns.push_back(noted.clone());
        let waiting = Waiting { times: 1, tries: 0 };
        self.waiting.insert(noted, waiting);
        0
    }

    /// What is to be written next, and how often it happened.
    pub(super) fn next(&self) -> Option<(&Noted, u64)> {
        let noted = self.turns.front()?;
        let times = self.waiting.get(noted).map_or(0, |waiting| waiting.times);
        Some((noted, times))
    }

    /// That one is written.
    pub(super) fn written(&mut self) {
        if let Some(noted) = self.turns.pop_front() {
            self.waiting.remove(&noted);
        }
    }

    /// That one could not be written, and comes last in the next round. Returns how many refusals
    /// are given up: those of a row that was tried often enough.
    pub(super) fn failed(&mut self) -> u64 {
        let Some(noted) = self.turns.pop_front() else {
            return 0;
        };
        match self.waiting.get_mut(&noted) {
            Some(waiting) if waiting.tries + 1 < TRIES => {
                waiting.tries += 1;
                self.turns.push_back(noted);
                0
            }
            _ => self
                .waiting
                .remove(&noted)
                .map_or(0, |waiting| waiting.times),
        }
    }

    /// How many refusals wait.
    pub(super) fn total(&self) -> u64 {
        self.waiting.values().map(|waiting| waiting.times).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noted(reason: &str) -> Noted {
        Noted {
            actor: Actor::System,
            tenant: None,
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn those_alike_are_counted_together_and_only_so_many_different_ones_are_kept() {
        let mut pending = Pending::default();
        for (reason, dropped) in [("a", 0), ("b", 0), ("a", 0), ("c", 1), ("b", 0)] {
            assert_eq!(pending.add(noted(reason), 2), dropped, "{reason}");
        }
        assert_eq!(pending.next(), Some((&noted("a"), 2)));
        pending.written();
        assert_eq!(pending.next(), Some((&noted("b"), 2)));
        assert_eq!(pending.total(), 2);
        pending.written();
        assert!(pending.is_empty() && pending.next().is_none());
    }

    #[test]
    fn what_cannot_be_written_lets_others_pass_and_is_given_up_in_the_end() {
        let mut pending = Pending::default();
        for reason in ["bad", "bad", "good"] {
            pending.add(noted(reason), 10);
        }
        assert_eq!(pending.failed(), 0);
        assert_eq!(pending.next(), Some((&noted("good"), 1)));
        pending.written();
        for _ in 2..TRIES {
            assert_eq!(pending.failed(), 0);
        }
        assert_eq!(pending.failed(), 2);
        assert!(pending.is_empty() && pending.total() == 0);
    }
}
