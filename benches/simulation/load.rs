use std::sync::Arc;
use std::time::Duration;

use multitenant_benches::{Random, Spread};
use multitenant_core::engine::ConnectData;
use multitenant_core::tenant::{Budget, BudgetOptions, Share};
use multitenant_core::{ServerId, TenantId};
use tokio::runtime::Handle;
use tokio::time::Instant;

use crate::server::Server;

/// Workers that ask for one tenant after another.
pub(crate) struct Load {
    pub(crate) tenants: usize,
    pub(crate) budget: usize,
    pub(crate) workers: u64,
    pub(crate) query: Duration,
    pub(crate) time: Duration,
    /// Of Zipf's law; 0 is uniform.
    pub(crate) exponent: f64,
    pub(crate) half_life: Duration,
    pub(crate) openings: usize,
}

impl Default for Load {
    fn default() -> Self {
        Self {
            tenants: 150,
            budget: 40,
            workers: 64,
            query: Duration::from_millis(1),
            time: Duration::from_secs(20),
            exponent: 1.0,
            half_life: Duration::from_secs(2),
            openings: 4,
        }
    }
}

/// What came of it.
pub(crate) struct Outcome {
    /// Requests a second.
    pub(crate) rate: f64,
    /// Connections a second.
    pub(crate) opened: f64,
    pub(crate) median: Duration,
    /// One in a hundred took longer.
    pub(crate) slowest_hundredth: Duration,
}

impl Load {
    pub(crate) async fn run(&self, server: Server) -> Outcome {
        let mut options = BudgetOptions::connections(self.budget);
        options.half_life = self.half_life;
        options.openings = self.openings;
        options.acquire_timeout = Duration::from_secs(3_600);
        let budget = Budget::new(Arc::new(server.clone()), options, Handle::current());
        let shares: Arc<[_]> = (0..self.tenants).map(|_| join(&budget)).collect();
        let picks = Arc::new(Spread::zipf(self.tenants, self.exponent));
        let ends = Instant::now() + self.time;
        let workers = (0..self.workers).map(|seed| {
            let worker = Worker {
                shares: Arc::clone(&shares),
                picks: Arc::clone(&picks),
                random: Random::seeded(seed),
                query: self.query,
            };
            tokio::spawn(worker.work(ends))
        });
        let workers: Vec<_> = workers.collect();
        let mut took = Vec::new();
        for worker in workers {
            took.extend(worker.await.unwrap_or_default());
        }
        self.outcome(took, server.opened())
    }

    fn outcome(&self, mut took: Vec<Duration>, opened: usize) -> Outcome {
        took.sort_unstable();
        Outcome {
            rate: took.len() as f64 / self.time.as_secs_f64(),
            opened: opened as f64 / self.time.as_secs_f64(),
            median: at_percent(&took, 50.0),
            slowest_hundredth: at_percent(&took, 99.0),
        }
    }

    /// Requests a second if only those for others than the hottest tenants cost an opening each.
    pub(crate) fn opening_limit(&self, openings_a_second: f64) -> f64 {
        let hottest = Spread::zipf(self.tenants, self.exponent).of_the_hottest(self.budget);
        openings_a_second / (1.0 - hottest)
    }
}

/// The time within which this part of all fell, which are in order.
pub(crate) fn at_percent(took: &[Duration], part: f64) -> Duration {
    let index = (took.len() as f64 * part / 100.0) as usize;
    took.get(index).copied().unwrap_or_default()
}

pub(crate) fn join(budget: &Budget<Server>) -> Share<Server> {
    let data = ConnectData::new(ServerId::main(), "simulated://");
    budget.join(TenantId::generate(), data)
}

struct Worker {
    shares: Arc<[Share<Server>]>,
    picks: Arc<Spread>,
    random: Random,
    query: Duration,
}

impl Worker {
    async fn work(mut self, ends: Instant) -> Vec<Duration> {
        let mut took = Vec::new();
        while Instant::now() < ends {
            let asked = Instant::now();
            let pick = self.picks.pick(self.random.next_number());
            let Some(share) = self.shares.get(pick) else {
                continue;
            };
            let Ok(lease) = share.acquire().await else {
                continue;
            };
            tokio::time::sleep(self.query).await;
            drop(lease);
            took.push(asked.elapsed());
        }
        took
    }
}
