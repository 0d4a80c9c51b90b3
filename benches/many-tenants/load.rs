use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use indicatif::{ProgressBar, ProgressStyle};
use multitenant_benches::{Random, Spread};

use crate::Result;
use crate::arguments::{Arguments, Contender};
use crate::arms::Arm;
use crate::census::Census;
use crate::databases::{Databases, rows};

/// What comes before a turn is measured: first connections, warm caches.
const WARM_UP: Duration = Duration::from_millis(500);

/// What came of a contender's turn.
pub(crate) struct Slice {
    pub(crate) took: Duration,
    /// Of the requests that were served, in microseconds.
    pub(crate) latencies: Histogram<u64>,
    pub(crate) errors: u64,
    pub(crate) first_error: Option<String>,
    pub(crate) most_connections: i64,
    pub(crate) opened: u64,
}

pub(crate) fn progress(arguments: &Arguments, contenders: usize) -> ProgressBar {
    let turns = u64::from(arguments.slices()) * contenders as u64;
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} turns, {eta} left");
    let bar = ProgressBar::new(turns);
    bar.with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// Nanoseconds to a minute, in microseconds, by three digits.
pub(crate) fn histogram() -> Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 60_000_000, 3)?)
}

pub(crate) fn note(histogram: &mut Histogram<u64>, took: Duration) {
    histogram.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
}

pub(crate) async fn slice(
    arguments: &Arguments,
    databases: &Databases,
    census: &Census,
    contender: Contender,
) -> Result<Slice> {
    let arm = Arc::new(Arm::of(contender, databases, arguments.budget).await?);
    let spread = Arc::new(Spread::zipf(arguments.tenants, arguments.exponent()));
    let begins = Instant::now() + WARM_UP;
    let ends = begins + arguments.slice();
    let workers = (0..arguments.concurrency as u64).map(|seed| {
        let worker = Worker {
            arm: Arc::clone(&arm),
            spread: Arc::clone(&spread),
            random: Random::seeded(seed + 1),
            begins,
            ends,
        };
        tokio::spawn(worker.work())
    });
    let workers: Vec<_> = workers.collect();
    tokio::time::sleep(WARM_UP).await;
    let opened_before = arm.opened();
    let mut slice = Slice {
        took: arguments.slice(),
        latencies: histogram()?,
        errors: 0,
        first_error: None,
        most_connections: 0,
        opened: 0,
    };
    for worker in workers {
        let done = worker.await??;
        slice.latencies.add(done.latencies)?;
        slice.errors += done.errors;
        slice.first_error = slice.first_error.or(done.first_error);
    }
    slice.opened = arm.opened() - opened_before;
    slice.most_connections = census.most();
    if let Some(arm) = Arc::into_inner(arm) {
        arm.close().await;
    }
    Ok(slice)
}

struct Worker {
    arm: Arc<Arm>,
    spread: Arc<Spread>,
    random: Random,
    begins: Instant,
    ends: Instant,
}

struct Done {
    latencies: Histogram<u64>,
    errors: u64,
    first_error: Option<String>,
}

impl Worker {
    async fn work(mut self) -> Result<Done> {
        let mut done = Done {
            latencies: histogram()?,
            errors: 0,
            first_error: None,
        };
        loop {
            let asked = Instant::now();
            if asked >= self.ends {
                return Ok(done);
            }
            let tenant = self.spread.pick(self.random.next_number());
            let id = 1 + (self.random.next_number() * rows() as f64) as i64;
            let answer = self.arm.request(tenant, id).await;
            let is_measured = asked >= self.begins;
            match answer {
                Ok(()) if is_measured => note(&mut done.latencies, asked.elapsed()),
                Ok(()) => {}
                Err(error) => {
                    done.errors += u64::from(is_measured);
                    done.first_error.get_or_insert_with(|| error.to_string());
                }
            }
        }
    }
}
