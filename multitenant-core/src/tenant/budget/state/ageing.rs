use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::collections::binary_heap::PeekMut;

use tokio::time::Instant;

use super::order::Key;

/// Shares by the time that something of theirs has been idle: an entry for each, no later than its
/// oldest one.
///
/// A hot share takes its newest connection and gives it back all the time, so entries are not kept
/// up with that: each is found out of date when it comes to the front, and put off.
#[derive(Default)]
pub(super) struct Ageing {
    due: BinaryHeap<Reverse<(Instant, Key)>>,
}

impl Ageing {
    pub(super) fn note(&mut self, idle_since: Instant, key: Key) {
        self.due.push(Reverse((idle_since, key)));
    }

    /// The first share that has something idle since before `deadline`. `idle_since` says since
    /// when that is really so; a share of which it knows nothing loses its entry.
    pub(super) fn first(
        &mut self,
        deadline: Instant,
        mut idle_since: impl FnMut(Key) -> Option<Instant>,
    ) -> Option<Key> {
        while let Some(key) = self.take_due(deadline) {
            let Some(since) = idle_since(key) else {
                continue;
            };
            self.note(since, key);
            if since < deadline {
                return Some(key);
            }
        }
        None
    }

    fn take_due(&mut self, deadline: Instant) -> Option<Key> {
        let due = self.due.peek_mut()?;
        let Reverse((idle_since, _)) = *due;
        (idle_since < deadline).then(|| PeekMut::pop(due).0.1)
    }
}
