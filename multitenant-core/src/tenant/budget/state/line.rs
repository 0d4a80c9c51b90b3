use std::collections::VecDeque;

use super::order::Key;

/// How urgently a share wants a connection to be opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    /// One of its requests has a connection already, perhaps another tenant's, which nobody gets
    /// before it has a second.
    Holding,
    /// It has none.
    Cold,
    /// It has one, and wants more.
    Warm,
}

/// The shares that want a connection to be opened: the more urgent first, and of the same urgency
/// whoever came first.
#[derive(Default)]
pub(super) struct Line {
    urgent: VecDeque<Key>,
    warm: VecDeque<Key>,
    /// How many of the urgent, in front, hold connections.
    holding: usize,
}

impl Line {
    /// Puts a share in line, which must not stand there already.
    pub(super) fn join(&mut self, key: Key, need: Need) {
        match need {
            Need::Holding => {
                self.urgent.insert(self.holding, key);
                self.holding += 1;
            }
            Need::Cold => self.urgent.push_back(key),
            Need::Warm => self.warm.push_back(key),
        }
    }

    /// Whose turn it is.
    pub(super) fn front(&self) -> Option<Key> {
        self.urgent.front().or_else(|| self.warm.front()).copied()
    }

    /// Takes the one whose turn it is out of the line.
    pub(super) fn leave(&mut self) -> Option<Key> {
        let urgent = self.urgent.pop_front();
        self.holding = self.holding.saturating_sub(usize::from(urgent.is_some()));
        urgent.or_else(|| self.warm.pop_front())
    }

    /// Moves a share that stands in line forward, to where those of its greater need stand.
    pub(super) fn hurry(&mut self, key: Key, need: Need) {
        match self.urgent.iter().position(|urgent| *urgent == key) {
            Some(at) if need != Need::Holding || at < self.holding => return,
            Some(at) => drop(self.urgent.remove(at)),
            None => self.warm.retain(|warm| *warm != key),
        }
        self.join(key, need);
    }

    pub(super) fn len(&self) -> usize {
        self.urgent.len() + self.warm.len()
    }

    /// How many cannot do without.
    pub(super) fn urgent(&self) -> usize {
        self.urgent.len()
    }

    /// Whether somebody else than this share cannot do without.
    pub(super) fn others_are_urgent(&self, key: Key) -> bool {
        self.urgent.iter().any(|urgent| *urgent != key)
    }
}
