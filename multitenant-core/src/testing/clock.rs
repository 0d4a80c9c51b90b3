use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;

use crate::{Clock, SystemClock, Timestamp};

/// A clock that a test moves, to be handed in wherever a [`Clock`] is taken.
///
/// ```
/// use std::time::Duration;
///
/// use multitenant_core::testing::MovableClock;
/// use multitenant_core::{Clock, Timestamp};
///
/// let clock = MovableClock::stopped_at(Timestamp::UNIX_EPOCH);
/// clock.advance(Duration::from_secs(900));
/// assert_eq!(clock.now().timestamp(), 900);
/// clock.go_back(Duration::from_secs(1_800));
/// assert_eq!(clock.now().timestamp(), -900);
/// ```
#[derive(Debug, Default)]
pub struct MovableClock {
    stands_at: Option<Timestamp>,
    microseconds: AtomicI64,
}

impl MovableClock {
    /// A clock that goes as the machine's does, and as much ahead as it is moved.
    #[must_use]
    pub fn running() -> Arc<Self> {
        Arc::default()
    }

    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn stopped_at(moment: Timestamp) -> Arc<Self> {
        Arc::new(Self {
            stands_at: Some(moment),
            ..Self::default()
        })
    }

    /// Moves it forward.
    pub fn advance(&self, by: Duration) {
        self.shift(microseconds(by));
    }

    /// Moves it back, as a machine's clock is that was set right.
    pub fn go_back(&self, by: Duration) {
        self.shift(-microseconds(by));
    }

    fn shift(&self, by: i64) {
        self.microseconds.fetch_add(by, Ordering::SeqCst);
    }
}

/// Half of all that can be counted, so that a move there and back stays within.
fn microseconds(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).map_or(i64::MAX / 2, |span| span.min(i64::MAX / 2))
}

impl Clock for MovableClock {
    fn now(&self) -> Timestamp {
        let moved = TimeDelta::microseconds(self.microseconds.load(Ordering::SeqCst));
        let now = self.stands_at.unwrap_or_else(|| SystemClock.now());
        now.checked_add_signed(moved).unwrap_or(now)
    }
}
