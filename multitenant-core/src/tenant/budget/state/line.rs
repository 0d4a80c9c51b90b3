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
    /// It has none either, but was used so much of late, and took the only one of somebody who was
    /// not a moment ago, that now it takes only what nobody misses, or what others like it give up.
    Paced,
    /// It has one, and wants more.
    Warm,
}

/// The shares that want a connection to be opened: the more urgent first, and of the same urgency
/// whoever came first.
#[derive(Default)]
pub(super) struct Line {
    urgent: VecDeque<Key>,
    paced: VecDeque<Key>,
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
            Need::Paced => self.paced.push_back(key),
            Need::Warm => self.warm.push_back(key),
        }
    }

    /// Whose turn it is, and whether it is paced.
    pub(super) fn front(&self) -> Option<(Key, bool)> {
        let urgent = self.urgent.front().map(|key| (*key, false));
        let paced = || self.paced.front().map(|key| (*key, true));
        let warm = || self.warm.front().map(|key| (*key, false));
        urgent.or_else(paced).or_else(warm)
    }

    /// Takes the one whose turn it is out of the line.
    pub(super) fn leave(&mut self) -> Option<Key> {
        let urgent = self.urgent.pop_front();
        self.holding = self.holding.saturating_sub(usize::from(urgent.is_some()));
        let patient = || self.paced.pop_front().or_else(|| self.warm.pop_front());
        urgent.or_else(patient)
    }

    /// Moves a share that stands in line to where those of its need stand now.
    pub(super) fn hurry(&mut self, key: Key, need: Need) {
        match self.urgent.iter().position(|urgent| *urgent == key) {
            Some(at) if at < self.holding || need == Need::Cold => return,
            Some(at) => drop(self.urgent.remove(at)),
            None => {
                self.paced.retain(|paced| *paced != key);
                self.warm.retain(|warm| *warm != key);
            }
        }
        self.join(key, need);
    }

    pub(super) fn len(&self) -> usize {
        self.urgent.len() + self.paced.len() + self.warm.len()
    }

    /// How many have none, or cannot do without another.
    pub(super) fn needy(&self, with_paced: bool) -> usize {
        let paced = if with_paced { self.paced.len() } else { 0 };
        self.urgent.len() + paced
    }

    /// Whether another than this share is among them.
    pub(super) fn others_are_needy(&self, key: Key, with_paced: bool) -> bool {
        let paced = self.paced.iter().filter(|_| with_paced);
        self.urgent.iter().chain(paced).any(|needy| *needy != key)
    }
}
