//! The one place where the wall clock is read.

use chrono::{DateTime, SubsecRound, Utc};

/// A moment in UTC, to the microsecond: what both engines can store without loss.
pub type Timestamp = DateTime<Utc>;

/// Tells the time. Whatever depends on the time of day takes a clock, so that tests can move it.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, cut to the microsecond.
    fn now(&self) -> Timestamp;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Utc::now().trunc_subsecs(6)
    }
}
