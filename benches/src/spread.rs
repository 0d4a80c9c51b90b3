/// How requests are spread over tenants.
#[derive(Debug, Clone)]
pub struct Spread {
    /// The share of requests for a tenant and all that are hotter.
    up_to: Vec<f64>,
}

impl Spread {
    /// By Zipf's law with this exponent; 0 is uniform.
    #[must_use]
    pub fn zipf(tenants: usize, exponent: f64) -> Self {
        let weights = (1..=tenants).map(|rank| (rank as f64).powf(-exponent));
        let all: f64 = weights.clone().sum();
        let up_to = weights.scan(0.0, |sum, weight| {
            *sum += weight / all;
            Some(*sum)
        });
        Self {
            up_to: up_to.collect(),
        }
    }

    /// The tenant of a request, for a number from 0 up to 1.
    #[must_use]
    pub fn pick(&self, random: f64) -> usize {
        let hotter = self.up_to.partition_point(|up_to| *up_to < random);
        hotter.min(self.up_to.len().saturating_sub(1))
    }

    /// The share of requests for the hottest tenants.
    #[must_use]
    pub fn of_the_hottest(&self, tenants: usize) -> f64 {
        let last = tenants.checked_sub(1);
        let share = last.and_then(|last| self.up_to.get(last)).copied();
        share.unwrap_or(if tenants == 0 { 0.0 } else { 1.0 })
    }
}

/// The same numbers in every run: xorshift64* (Marsaglia 2003, Vigna 2016).
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    /// Another row of numbers for each seed.
    #[must_use]
    pub const fn seeded(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// From 0 up to 1.
    pub fn next_number(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let drawn = self.0.wrapping_mul(0x2545_f491_4f6c_dd1d);
        (drawn >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hottest_have_the_share_that_zipf_gives_them() {
        // 1 + 1/2 + … + 1/40 over 1 + … + 1/150
        let share = Spread::zipf(150, 1.0).of_the_hottest(40);
        assert!((0.764..0.766).contains(&share), "{share}");
        let uniform = Spread::zipf(150, 0.0).of_the_hottest(40);
        assert!((uniform - 40.0 / 150.0).abs() < 1e-9);
        assert!((Spread::zipf(30, 0.0).of_the_hottest(40) - 1.0).abs() < 1e-9);
    }

    #[test]
    fn picks_follow_the_spread() {
        let (spread, mut random) = (Spread::zipf(100, 1.0), Random::seeded(7));
        let mut picked = vec![0_usize; 100];
        for _ in 0..100_000 {
            picked[spread.pick(random.next_number())] += 1;
        }
        let hottest: usize = picked[..10].iter().sum();
        let share = hottest as f64 / 100_000.0;
        assert!((share - spread.of_the_hottest(10)).abs() < 0.01, "{share}");
        assert!(picked.iter().all(|count| *count > 0));
    }
}
