use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use tokio::time::Instant;

use super::order::Key;

/// When to look at which share for connections that have been idle for too long: an entry for each
/// share with idle connections, no later than its oldest one.
///
/// A hot share takes its newest connection and gives it back all the time, so entries are not kept
/// up with that: each is found out of date once in an idle time at most, and put off.
#[derive(Default)]
pub(super) struct Ageing {
    due: BinaryHeap<Reverse<(Instant, Key)>>,
}

impl Ageing {
    pub(super) fn note(&mut self, idle_since: Instant, key: Key) {
        self.due.push(Reverse((idle_since, key)));
    }

    /// Takes the entry of a share that may have something idle since before `deadline`.
    pub(super) fn take_due(&mut self, deadline: Instant) -> Option<Key> {
        let due = self.due.peek_mut()?;
        let Reverse((idle_since, _)) = *due;
        (idle_since < deadline).then(|| PeekMut::pop(due).0.1)
    }
}
