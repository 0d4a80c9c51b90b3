use std::time::Duration;

use tokio::time::Instant;

use super::order::Key;
use crate::engine::ConnectError;

/// How long nothing is opened after the first failure; twice as long after each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// At most so long: whatever comes back is found within a second.
const LONGEST_PAUSE: Duration = Duration::from_millis(800);
/// After so many failures in a row requests are refused rather than let wait.
const OPEN_AFTER: u32 = 3;

/// An opening that failed.
#[derive(Debug)]
pub(in crate::tenant::budget) struct Failure {
    pub(in crate::tenant::budget) error: ConnectError,
    /// From 0 to 1, so that what failed together is not tried again together.
    pub(in crate::tenant::budget) jitter: f64,
}

impl Failure {
    /// Whether it may be over in a moment.
    pub(super) const fn is_passing(&self) -> bool {
        matches!(self.error, ConnectError::Unavailable(_))
    }
}

/// Why a request is refused while nothing can be opened.
#[derive(Debug, Clone)]
pub(in crate::tenant::budget) struct Tripped {
    /// Failures in a row.
    pub(in crate::tenant::budget) failures: u32,
    /// After what time it is tried again.
    pub(in crate::tenant::budget) pause: Duration,
    /// The last failure.
    pub(in crate::tenant::budget) error: ConnectError,
}

/// Keeps from opening what could not be opened a moment ago. There is no state in which it stays
/// for good: after each pause one opening is let through, and finds out.
#[derive(Default)]
pub(super) struct Breaker {
    failures: u32,
    last: Option<(ConnectError, Instant)>,
}

impl Breaker {
    /// How long to wait before the next opening may be tried.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        let (_, retry_at) = self.last.as_ref()?;
        let pause = retry_at.saturating_duration_since(now);
        (!pause.is_zero()).then_some(pause)
    }

    /// Whether it failed so often that only one opening at a time finds out how it is.
    pub(super) const fn is_open(&self) -> bool {
        self.failures >= OPEN_AFTER
    }

    /// Why requests are refused now: during a pause, or while a probe is on its way.
    pub(super) fn refuses(&self, probes: bool, now: Instant) -> Option<Tripped> {
        let pause = self.pause(now);
        let (error, _) = self.last.as_ref()?;
        (self.is_open() && (probes || pause.is_some())).then(|| Tripped {
            failures: self.failures,
            pause: pause.unwrap_or(FIRST_PAUSE),
            error: error.clone(),
        })
    }

    /// An opening failed; jitter takes up to a third off the pause.
    pub(super) fn failed(&mut self, failure: &Failure, now: Instant) {
        let doublings = self.failures.min(8);
        self.failures = self.failures.saturating_add(1);
        let pause = (FIRST_PAUSE * 2_u32.pow(doublings)).min(LONGEST_PAUSE);
        let retry_at = now + pause.mul_f64(1.0 - failure.jitter / 3.0);
        self.last = Some((failure.error.clone(), retry_at));
    }

    /// An opening succeeded.
    pub(super) fn succeeded(&mut self) {
        if self.failures > 0 {
            *self = Self::default();
        }
    }
}

/// The same for all shares, once several of them failed for what is the server's fault.
#[derive(Default)]
pub(super) struct ServerBreaker {
    pub(super) breaker: Breaker,
    first: Option<Key>,
}

impl ServerBreaker {
    pub(super) fn failed(&mut self, key: Key, failure: &Failure, now: Instant) {
        let first = *self.first.get_or_insert(key);
        if first != key || self.breaker.is_open() {
            self.breaker.failed(failure, now);
        }
    }

    pub(super) fn succeeded(&mut self) {
        self.first = None;
        self.breaker.succeeded();
    }

    /// Whether nothing is opened for anybody now.
    pub(super) fn is_paused(&self, now: Instant) -> bool {
        self.breaker.is_open() && self.breaker.pause(now).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failure(jitter: f64) -> Failure {
        let error = ConnectError::TimedOut;
        Failure { error, jitter }
    }

    #[test]
    fn the_pause_doubles_up_to_a_limit_and_ends_with_a_success() {
        let (mut breaker, now) = (Breaker::default(), Instant::now());
        assert!(breaker.pause(now).is_none());
        for (failures, millis) in [50, 100, 200, 400, 800, 800].into_iter().enumerate() {
            breaker.failed(&failure(0.0), now);
            let pause = Duration::from_millis(millis);
            assert_eq!(breaker.pause(now), Some(pause));
            assert_eq!(breaker.pause(now + pause), None, "one may find out");
            let refuses = failures >= 2;
            assert_eq!(breaker.refuses(false, now).is_some(), refuses);
            assert_eq!(breaker.refuses(true, now + pause).is_some(), refuses);
            assert!(breaker.refuses(false, now + pause).is_none());
        }
        for _ in 0..1_000 {
            breaker.failed(&failure(1.0), now);
        }
        assert!(
            breaker
                .pause(now)
                .is_some_and(|pause| pause < LONGEST_PAUSE)
        );
        breaker.succeeded();
        assert!(breaker.pause(now).is_none() && !breaker.is_open());
    }

    #[test]
    fn one_tenants_failures_are_not_the_servers() {
        let (mut server, now) = (ServerBreaker::default(), Instant::now());
        for _ in 0..100 {
            server.failed(7, &failure(0.0), now);
        }
        assert!(!server.is_paused(now));
        for key in 8..11 {
            server.failed(key, &failure(0.0), now);
        }
        assert!(server.is_paused(now));
        server.succeeded();
        assert!(!server.is_paused(now));
    }
}
