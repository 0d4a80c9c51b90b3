//! A clock that a test moves.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use multitenant_core::{Clock, SystemClock, Timestamp};

/// The machine's clock, and as much ahead as the test has moved it.
#[derive(Default)]
pub struct MovedClock {
    microseconds: AtomicI64,
}

impl MovedClock {
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    pub fn advance(&self, by: Duration) {
        let by = i64::try_from(by.as_micros()).expect("a span of some years at most");
        self.microseconds.fetch_add(by, Ordering::SeqCst);
    }
}

impl Clock for MovedClock {
    fn now(&self) -> Timestamp {
        let ahead = self.microseconds.load(Ordering::SeqCst);
        SystemClock.now() + TimeDelta::microseconds(ahead)
    }
}
