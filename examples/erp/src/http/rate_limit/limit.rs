use std::hash::RandomState;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use super::key::Key;

/// Most addresses that are counted each on its own, some 40 bytes each.
const MOST_ADDRESSES: usize = 100_000;

/// So many requests a second from one address, and a burst.
pub(super) struct Limit<C: Clock = DefaultClock> {
    limiter: RateLimiter<Key, DashMapStateStore<Key>, C, NoOpMiddleware<C::Instant>>,
    clock: C,
    is_full: AtomicBool,
    hashing: RandomState,
}

impl<C: Clock + Clone> Limit<C> {
    pub(super) fn new(per_second: NonZeroU32, burst: NonZeroU32, clock: C) -> Self {
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self {
            limiter: RateLimiter::new(quota, DashMapStateStore::default(), clock.clone()),
            clock,
            is_full: AtomicBool::new(false),
            hashing: RandomState::new(),
        }
    }

    /// Counts one request; where it is one too many, says when the next may come.
    pub(super) fn check(&self, address: IpAddr) -> Result<(), Duration> {
        let own = Key::of(address);
        let key = match self.is_full.load(Ordering::Relaxed) {
            true => own.shared(&self.hashing),
            false => own,
        };
        self.limiter
            .check_key(&key)
            .map_err(|not_until| not_until.wait_time_from(self.clock.now()))
    }

    /// Forgets the addresses that have their whole burst again. Called every second, it bounds
    /// the memory by the addresses of that second.
    pub(super) fn tidy(&self) {
        let before = self.limiter.len();
        self.limiter.retain_recent();
        let after = self.limiter.len();
        if after < before / 2 {
            self.limiter.shrink_to_fit();
        }
        self.is_full
            .store(after > MOST_ADDRESSES, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use governor::clock::FakeRelativeClock;

    use super::*;

    fn limit(per_second: u32, burst: u32) -> (Limit<FakeRelativeClock>, FakeRelativeClock) {
        let clock = FakeRelativeClock::default();
        let [per_second, burst] = [per_second, burst].map(|n| NonZeroU32::new(n).unwrap());
        (Limit::new(per_second, burst, clock.clone()), clock)
    }

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn after_the_burst_an_address_waits_its_turn_and_no_other_does() {
        let (limit, clock) = limit(2, 3);
        for _ in 0..3 {
            limit.check(address(1)).unwrap();
        }
        assert_eq!(limit.check(address(1)), Err(Duration::from_millis(500)));
        limit.check(address(2)).unwrap();
        clock.advance(Duration::from_millis(500));
        limit.check(address(1)).unwrap();
        assert!(limit.check(address(1)).is_err());
    }

    #[test]
    fn addresses_are_forgotten_once_they_have_their_burst_again() {
        let (limit, clock) = limit(1, 2);
        for number in 0..1_000 {
            limit.check(address(number)).unwrap();
        }
        assert_eq!(limit.limiter.len(), 1_000);
        clock.advance(Duration::from_secs(5));
        limit.tidy();
        assert_eq!(limit.limiter.len(), 0);
    }

    #[test]
    fn a_flood_from_ever_new_addresses_fills_no_memory() {
        let (limit, _) = limit(1, 2);
        for number in 0..=MOST_ADDRESSES as u32 {
            limit.check(address(number)).unwrap();
        }
        limit.tidy();
        for number in 0..300_000 {
            let _ = limit.check(address(1_000_000 + number));
        }
        assert!(limit.limiter.len() <= MOST_ADDRESSES + 1 + 65_536);
    }
}
