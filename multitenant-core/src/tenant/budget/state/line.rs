use std::collections::VecDeque;

use super::order::Key;

/// The shares that want a connection to be opened: those that have none come first, and within
/// each kind whoever came first.
#[derive(Default)]
pub(super) struct Line {
    cold: VecDeque<Key>,
    warm: VecDeque<Key>,
}

impl Line {
    /// Puts a share in line, which must not stand there already.
    pub(super) fn join(&mut self, key: Key, has_none: bool) {
        match has_none {
            true => self.cold.push_back(key),
            false => self.warm.push_back(key),
        }
    }

    /// Whose turn it is.
    pub(super) fn front(&self) -> Option<Key> {
        self.cold.front().or_else(|| self.warm.front()).copied()
    }

    /// Takes the one whose turn it is out of the line.
    pub(super) fn leave(&mut self) -> Option<Key> {
        self.cold.pop_front().or_else(|| self.warm.pop_front())
    }

    pub(super) fn len(&self) -> usize {
        self.cold.len() + self.warm.len()
    }

    /// How many have none.
    pub(super) fn cold(&self) -> usize {
        self.cold.len()
    }

    /// Whether somebody else than this share has none.
    pub(super) fn others_have_none(&self, key: Key) -> bool {
        self.cold.iter().any(|cold| *cold != key)
    }
}
