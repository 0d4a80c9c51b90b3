//! What is counted of requests.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;

/// Most different errors that are kept by their text.
const REASONS: usize = 8;

/// The part of a turn that counts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Window {
    pub(crate) from: Instant,
    pub(crate) until: Instant,
}

impl Window {
    /// A window that opens after a while from now.
    pub(crate) fn after(warm_up: Duration, length: Duration) -> Self {
        let from = Instant::now() + warm_up;
        Self {
            from,
            until: from + length,
        }
    }

    fn holds(self, instant: Instant) -> bool {
        (self.from..self.until).contains(&instant)
    }
}

/// Requests counted.
#[derive(Debug)]
pub(crate) struct Tally {
    /// Answers that came within the window.
    pub(crate) answered: u64,
    /// Nanoseconds of every request that began within the window and was answered.
    pub(crate) took: Histogram<u64>,
    /// Requests that failed, at any time.
    pub(crate) errors: u64,
    /// Why, the first few reasons.
    pub(crate) reasons: BTreeMap<String, u64>,
}

impl Tally {
    pub(crate) fn new() -> anyhow::Result<Self> {
        Ok(Self {
            answered: 0,
            took: Histogram::new(3)?,
            errors: 0,
            reasons: BTreeMap::new(),
        })
    }

    /// Counts a request that has ended just now.
    pub(crate) fn count(&mut self, window: Window, began: Instant, outcome: anyhow::Result<()>) {
        let ended = Instant::now();
        match outcome {
            Ok(()) => self.succeed(window, began, ended),
            Err(error) => self.fail(&error),
        }
    }

    fn succeed(&mut self, window: Window, began: Instant, ended: Instant) {
        self.answered += u64::from(window.holds(ended));
        if window.holds(began) {
            let took = ended.duration_since(began).as_nanos();
            self.took += u64::try_from(took).unwrap_or(u64::MAX);
        }
    }

    fn fail(&mut self, error: &anyhow::Error) {
        self.errors += 1;
        self.add_reason(format!("{error:#}"), 1);
    }

    fn add_reason(&mut self, reason: String, times: u64) {
        if self.reasons.len() < REASONS || self.reasons.contains_key(&reason) {
            *self.reasons.entry(reason).or_default() += times;
        }
    }

    /// Adds what somebody else counted.
    pub(crate) fn merge(&mut self, other: Self) -> anyhow::Result<()> {
        self.answered += other.answered;
        self.took.add(other.took)?;
        self.errors += other.errors;
        for (reason, times) in other.reasons {
            self.add_reason(reason, times);
        }
        Ok(())
    }
}

/// A quantile of nanoseconds in milliseconds.
pub(crate) fn milliseconds(took: &Histogram<u64>, quantile: f64) -> f64 {
    took.value_at_quantile(quantile) as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_happens_in_the_window_counts_but_every_error_does() {
        let now = Instant::now();
        let minute = Duration::from_secs(60);
        let past = Window {
            from: now - minute * 2,
            until: now - minute,
        };
        let present = Window {
            from: now - minute,
            until: now + minute,
        };
        let mut tally = Tally::new().unwrap();
        tally.count(past, now, Ok(()));
        tally.count(present, now - minute * 2, Ok(())); // answered in the window, begun before
        tally.count(present, now, Ok(()));
        tally.count(past, now, Err(anyhow::anyhow!("no")));
        assert_eq!((tally.answered, tally.took.len(), tally.errors), (2, 1, 1));
        assert_eq!(tally.reasons["no"], 1);
    }
}
