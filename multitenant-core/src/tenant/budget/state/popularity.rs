use std::cmp::Ordering;
use std::f64::consts::LN_2;
use std::time::Duration;

use tokio::time::Instant;

/// How often a share was used of late. Older uses count less, and so less that it never changes
/// who is ahead of whom: what is kept is the logarithm of what all uses would have counted at the
/// start of time, which only a further use changes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Popularity(f64);

/// Eight times as much, as the logarithm.
const FAR: f64 = 3.0;

impl Popularity {
    pub(super) const NONE: Self = Self(f64::NEG_INFINITY);

    /// Counts one more use.
    pub(super) fn used(self, at: Age) -> Self {
        let (less, more) = match self.0 < at.0 {
            true => (self.0, at.0),
            false => (at.0, self.0),
        };
        Self(more + (less - more).exp2().ln_1p() / LN_2)
    }

    /// Whether it was used so much more that the other's uses hardly count beside.
    pub(super) fn is_far_above(self, other: Self) -> bool {
        self.0 - other.0 >= FAR
    }

    /// Uses in a half-life, as far as they have not been forgotten.
    pub(super) fn uses(self, at: Age) -> f64 {
        (self.0 - at.0).exp2() * LN_2
    }
}

/// How long a budget has been there, in half-lives.
#[derive(Debug, Clone, Copy)]
pub(super) struct Age(f64);

/// A budget's time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time {
    start: Instant,
    half_life: f64,
}

impl Time {
    pub(super) fn starts(now: Instant, half_life: Duration) -> Self {
        Self {
            start: now,
            half_life: half_life.as_secs_f64().max(1e-6),
        }
    }

    pub(super) fn at(self, now: Instant) -> Age {
        let since_start = now.saturating_duration_since(self.start);
        Age(since_start.as_secs_f64() / self.half_life)
    }

    /// Uses a second.
    pub(super) fn rate(self, popularity: Popularity, now: Instant) -> f64 {
        popularity.uses(self.at(now)) / self.half_life
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

    fn used_at(times: &[f64]) -> Popularity {
        let uses = times.iter().copied().map(Age);
        uses.fold(Popularity::NONE, Popularity::used)
    }

    #[test]
    fn who_is_used_more_and_later_is_more_popular() {
        for (less, more) in [
            (&[][..], &[0.0][..]),
            (&[0.0], &[0.001]),
            (&[1.0], &[1.0, 1.0]),
            (&[0.0, 0.0, 0.0], &[2.0]),
            (&[2.0], &[0.0, 0.0, 0.0, 0.0, 0.0]),
        ] {
            assert!(used_at(less) < used_at(more), "{less:?} {more:?}");
        }
    }

    #[test]
    fn a_steady_use_has_its_rate_and_is_forgotten() {
        let (start, half_life) = (Instant::now(), Duration::from_secs(2));
        let time = Time::starts(start, half_life);
        let uses = (0..2_000).map(|i| time.at(start + Duration::from_millis(10) * i));
        let popularity = uses.fold(Popularity::NONE, Popularity::used);
        let rate = time.rate(popularity, start + Duration::from_secs(20));
        assert!((99.0..101.0).contains(&rate), "{rate}");
        let later = time.rate(popularity, start + Duration::from_secs(24));
        assert!((24.0..26.0).contains(&later), "{later}");
    }

    #[test]
    fn years_change_nothing() {
        let year = 365.0 * 86_400.0;
        assert!(used_at(&[year, year + 0.001]) > used_at(&[year + 0.001]));
        let uses = used_at(&[10.0 * year]).uses(Age(10.0 * year));
        assert!((0.69..0.7).contains(&uses), "{uses}");
    }
}
