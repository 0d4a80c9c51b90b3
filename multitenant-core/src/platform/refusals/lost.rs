use std::sync::atomic::{AtomicU64, Ordering};

/// Counts refusals that are dropped unwritten, and says so in the log now and then.
#[derive(Default)]
pub(super) struct Lost(AtomicU64);

const SAY_EVERY: u64 = 1_000;

impl Lost {
    pub(super) fn add(&self, count: u64) {
        if count == 0 {
            return;
        }
        let before = self.0.fetch_add(count, Ordering::Relaxed);
        let now = before + count;
        if before == 0 || before / SAY_EVERY != now / SAY_EVERY {
            tracing::warn!(lost = now, "refused requests could not be written down");
        }
    }

    pub(super) fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
