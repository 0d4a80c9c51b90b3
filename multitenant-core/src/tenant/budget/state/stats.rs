use std::time::Duration;

use tokio::time::Instant;

use super::order::{Key, Waiting};
use super::shares::State;

/// Nobody is asked to come back sooner.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
/// Nor later: by then everything may have changed.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// What a budget is doing, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct BudgetStats {
    /// Most connections that may be open.
    pub limit: usize,
    /// Connections open now, including those opening and closing, and all that are reserved.
    pub open: usize,
    /// Connections that pools and listeners have for themselves.
    pub reserved: usize,
    /// Connections that wait for a request.
    pub idle: usize,
    /// Requests that wait for a connection.
    pub waiting: usize,
    /// Tenants that take part.
    pub tenants: usize,
    /// Connections that were opened since the start.
    pub opened: u64,
    /// Openings that failed since the start.
    pub not_opened: u64,
}

impl<C, W: Waiting> State<C, W> {
    pub(in crate::tenant::budget) fn stats(&self) -> BudgetStats {
        BudgetStats {
            limit: self.limit,
            open: self.issued,
            reserved: self.reservations.permits(),
            idle: self.idle(),
            waiting: self
                .shares
                .values()
                .map(super::share::ShareState::queue_len)
                .sum(),
            tenants: self.shares.len(),
            opened: self.opened_ever,
            not_opened: self.not_opened_ever,
        }
    }

    /// Connections of one share that are open or reserved, and those of them that are idle.
    pub(in crate::tenant::budget) fn share_stats(&self, key: Key) -> (usize, usize) {
        self.shares.get(&key).map_or((0, 0), |share| {
            (share.open + share.reserved, share.idle.len())
        })
    }

    /// Requests of one share that wait.
    pub(in crate::tenant::budget) fn share_waiting(&self, key: Key) -> usize {
        let share = self.shares.get(&key);
        share.map_or(0, super::share::ShareState::queue_len)
    }

    pub(in crate::tenant::budget) fn is_opening(&self, key: Key) -> bool {
        self.shares.get(&key).is_some_and(|share| share.opening)
    }

    /// How long a request of the share would wait behind those that wait now, and at least behind
    /// `least`: by how fast the share was served of late, or one without a connection got one.
    pub(in crate::tenant::budget) fn expected_wait(
        &self,
        key: Key,
        least: usize,
        now: Instant,
    ) -> Duration {
        let Some(share) = self.shares.get(&key) else {
            return SHORTEST_WAIT;
        };
        let (ahead, popularity) = match share.open {
            0 => (self.line.len(), self.opened),
            _ => (share.queue_len(), share.popularity),
        };
        let seconds = (ahead.max(least) + 1) as f64 / self.time.rate(popularity, now);
        let wait = Duration::try_from_secs_f64(seconds).unwrap_or(LONGEST_WAIT);
        wait.clamp(SHORTEST_WAIT, LONGEST_WAIT)
    }

    /// Whether no permit is out.
    pub(in crate::tenant::budget) fn is_empty(&self) -> bool {
        self.issued == 0
    }

    pub(in crate::tenant::budget) fn is_closed(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(|share| share.phase == super::share::Phase::Closed)
    }

    /// Whether nothing of the share is open, being opened or being closed.
    pub(in crate::tenant::budget) fn is_drained(&self, key: Key) -> bool {
        self.shares
            .get(&key)
            .is_none_or(super::share::ShareState::is_drained)
    }
}
