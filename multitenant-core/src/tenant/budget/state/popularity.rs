use std::cmp::Ordering;
use std::time::Duration;

use tokio::time::Instant;

/// After this long a use counts half.
const HALF_LIFE: Duration = Duration::from_secs(2);

/// How often a share was used of late. Older uses count less, and so less that it never changes
/// who is ahead of whom: what is kept is the logarithm of what all uses would have counted at the
/// start of time, which only a further use changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Popularity(f64);

impl Popularity {
    pub(super) const NONE: Self = Self(f64::NEG_INFINITY);

    /// Counts one more use, so long after the start of time.
    pub(super) fn used(self, since_start: Duration) -> Self {
        let use_now = half_lives(since_start);
        let (less, more) = match self.0 < use_now {
            true => (self.0, use_now),
            false => (use_now, self.0),
        };
        Self(more + (less - more).exp2().ln_1p() / std::f64::consts::LN_2)
    }

    /// Uses a second, as far as they have not been forgotten.
    pub(super) fn rate(self, since_start: Duration) -> f64 {
        let uses = (self.0 - half_lives(since_start)).exp2();
        uses * std::f64::consts::LN_2 / HALF_LIFE.as_secs_f64()
    }
}

fn half_lives(time: Duration) -> f64 {
    time.as_secs_f64() / HALF_LIFE.as_secs_f64()
}

/// Where a budget's time starts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Start(Instant);

impl Start {
    pub(super) const fn at(now: Instant) -> Self {
        Self(now)
    }

    pub(super) fn until(self, now: Instant) -> Duration {
        now.saturating_duration_since(self.0)
    }
}

impl PartialEq for Popularity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Popularity {}

impl PartialOrd for Popularity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Popularity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used_at(times: &[u64]) -> Popularity {
        let uses = times.iter().copied().map(Duration::from_millis);
        uses.fold(Popularity::NONE, Popularity::used)
    }

    #[test]
    fn who_is_used_more_and_later_is_more_popular() {
        for (less, more) in [
            (&[][..], &[0][..]),
            (&[0], &[1]),
            (&[1_000], &[1_000, 1_000]),
            (&[0, 0, 0], &[4_000]),
            (&[4_000], &[0, 0, 0, 0, 0]),
        ] {
            assert!(used_at(less) < used_at(more), "{less:?} {more:?}");
        }
    }

    #[test]
    fn a_steady_use_has_its_rate_and_is_forgotten() {
        let steady: Vec<u64> = (0..2_000).map(|i| i * 10).collect();
        let popularity = used_at(&steady);
        let rate = popularity.rate(Duration::from_secs(20));
        assert!((99.0..101.0).contains(&rate), "{rate}");
        let later = popularity.rate(Duration::from_secs(24));
        assert!((24.0..26.0).contains(&later), "{later}");
    }

    #[test]
    fn years_change_nothing() {
        let year = 365 * 86_400_000;
        assert!(used_at(&[year, year + 1]) > used_at(&[year + 1]));
        let rate = used_at(&[10 * year]).rate(Duration::from_millis(10 * year));
        assert!(rate.is_finite() && rate > 0.0);
    }
}
