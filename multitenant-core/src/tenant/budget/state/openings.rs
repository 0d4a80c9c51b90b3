use std::time::Duration;

use tokio::time::Instant;

use super::order::Key;

/// An opening that takes longer waits for something else than the processor, and lets others pass.
const SLOW: Duration = Duration::from_secs(1);

/// The openings that are under way.
pub(super) struct Openings {
    most: usize,
    under_way: Vec<(Key, Instant)>,
}

impl Openings {
    pub(super) fn at_most(most: usize) -> Self {
        Self {
            most: most.max(1),
            under_way: Vec::new(),
        }
    }

    pub(super) fn begin(&mut self, key: Key, now: Instant) {
        self.under_way.push((key, now));
    }

    pub(super) fn end(&mut self, key: Key) {
        self.under_way.retain(|(opening, _)| *opening != key);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.under_way.is_empty()
    }

    /// How many more may begin now.
    pub(super) fn left(&self, now: Instant) -> usize {
        let is_quick = |(_, began): &&(Key, Instant)| now.duration_since(*began) < SLOW;
        let quick = self.under_way.iter().filter(is_quick);
        self.most.saturating_sub(quick.count())
    }
}
