//! Which tenant a request is for.

use std::time::Duration;

use multitenant_benches::{Random, Spread};

use crate::databases::ROWS;

/// How requests are spread over tenants.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Distribution {
    Uniform,
    Zipf(f64),
}

impl Distribution {
    pub(crate) fn over(self, tenants: usize) -> Spread {
        match self {
            Self::Uniform => Spread::zipf(tenants, 0.0),
            Self::Zipf(exponent) => Spread::zipf(tenants, exponent),
        }
    }
}

/// Chooses tenants and rows, the same ones for the same seed.
pub(crate) struct Chooser<'a> {
    random: Random,
    spread: &'a Spread,
}

impl<'a> Chooser<'a> {
    pub(crate) fn new(spread: &'a Spread, seed: u64) -> Self {
        let random = Random::seeded(seed);
        Self { random, spread }
    }

    /// The next request's tenant; the first is the hottest.
    pub(crate) fn tenant(&mut self) -> usize {
        self.spread.pick(self.random.next_number())
    }

    /// The next request's row.
    pub(crate) fn row(&mut self) -> i64 {
        1 + (self.random.next_number() * ROWS as f64) as i64
    }
}

/// The time to the next of requests that arrive at random, so many a second (a Poisson process).
pub(crate) fn pause(random: &mut Random, rate: f64) -> Duration {
    Duration::from_secs_f64(-(1.0 - random.next_number()).ln() / rate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_arrive_at_the_rate_and_unevenly() {
        let mut random = Random::seeded(3);
        let pauses: Vec<_> = (0..100_000).map(|_| pause(&mut random, 5.0)).collect();
        let mean = pauses.iter().sum::<Duration>() / 100_000;
        let millis = mean.as_millis();
        assert!((195..205).contains(&millis), "{mean:?}");
        // e^-1 of all are longer than the mean.
        let longer = pauses.iter().filter(|pause| **pause > mean).count();
        assert!((36_000..37_600).contains(&longer), "{longer}");
    }

    #[test]
    fn every_row_that_is_asked_for_exists() {
        let spread = Distribution::Zipf(1.0).over(150);
        let mut chooser = Chooser::new(&spread, 1);
        for _ in 0..10_000 {
            assert!((1..=ROWS).contains(&chooser.row()));
            assert!((0..150).contains(&chooser.tenant()));
        }
    }
}
