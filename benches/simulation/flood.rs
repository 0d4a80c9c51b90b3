use std::sync::Arc;
use std::time::Duration;

use multitenant_benches::Random;
use multitenant_core::tenant::{Budget, BudgetOptions, Share};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::load::{at_percent, join};
use crate::server::Server;

const LIGHT: u64 = 20;
/// Requests of each light tenant in a second.
const RATE: f64 = 5.0;
const WORKERS: usize = 200;
const QUERY: Duration = Duration::from_millis(1);
const WARM_UP: Duration = Duration::from_secs(2);
const TIME: Duration = Duration::from_secs(60);

/// How the light ones fared.
pub(crate) struct Fairness {
    pub(crate) waits: Vec<Duration>,
    /// Requests a second of the one that floods.
    pub(crate) flooded: f64,
}

impl Fairness {
    pub(crate) fn at_percent(&self, part: f64) -> Duration {
        at_percent(&self.waits, part)
    }
}

/// Twenty light tenants and a budget of as many connections, with one that floods or without.
pub(crate) async fn run(floods: bool) -> Fairness {
    let server = Arc::new(Server::new());
    let budget = Budget::new(server, BudgetOptions::connections(20), Handle::current());
    let begins = Instant::now() + WARM_UP;
    let ends = begins + TIME;
    let heavy = join(&budget);
    let workers = if floods { WORKERS } else { 0 };
    let workers: Vec<_> = (0..workers)
        .map(|_| tokio::spawn(flood(heavy.clone(), ends)))
        .collect();
    let light: Vec<_> = (0..LIGHT)
        .map(|seed| tokio::spawn(ask_now_and_then(join(&budget), seed, begins, ends)))
        .collect();
    let mut waits = Vec::new();
    for light in light {
        waits.extend(light.await.unwrap_or_default());
    }
    waits.sort_unstable();
    let mut served = 0;
    for worker in workers {
        served += worker.await.unwrap_or_default();
    }
    let flooded = f64::from(served) / (WARM_UP + TIME).as_secs_f64();
    Fairness { waits, flooded }
}

async fn flood(share: Share<Server>, ends: Instant) -> u32 {
    let mut served = 0;
    while Instant::now() < ends {
        if let Ok(lease) = share.acquire().await {
            tokio::time::sleep(QUERY).await;
            drop(lease);
            served += 1;
        }
    }
    served
}

/// Requests come when they come (a Poisson process), whether or not the last has been answered.
async fn ask_now_and_then(
    share: Share<Server>,
    seed: u64,
    begins: Instant,
    ends: Instant,
) -> Vec<Duration> {
    let mut random = Random::seeded(seed);
    let mut next = Instant::now();
    let mut asked = Vec::new();
    while next < ends {
        tokio::time::sleep_until(next).await;
        let share = share.clone();
        let is_measured = next >= begins;
        let request = async move {
            let began = Instant::now();
            let lease = share.acquire().await;
            let waited = began.elapsed();
            tokio::time::sleep(QUERY).await;
            drop(lease);
            is_measured.then_some(waited)
        };
        asked.push(tokio::spawn(request));
        next += Duration::from_secs_f64(-(1.0 - random.next_number()).ln() / RATE);
    }
    let mut waits = Vec::new();
    for request in asked {
        waits.extend(request.await.ok().flatten());
    }
    waits
}
