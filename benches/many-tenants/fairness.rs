//! What one tenant's flood does to others: twenty light tenants whose requests arrive whatever
//! becomes of those before, with and without somebody who asks for all he can get.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use multitenant_benches::Random;
use parking_lot::Mutex;
use sqlx::Postgres;
use tokio::task::JoinSet;
use tokio::time::{sleep_until, timeout_at};

use crate::arguments::Arguments;
use crate::arms::{Arm, Manager};
use crate::choice::{Distribution, pause};
use crate::databases::{Databases, QUERY};
use crate::load::Load;
use crate::monitor::{Monitor, Watched};
use crate::progress;
use crate::tally::{Tally, Window};

const LIGHT: usize = 20;
/// Requests a second of each light tenant, on average; they arrive at random (a Poisson process).
const RATE: f64 = 5.0;
const FLOOD: usize = 200;
pub(crate) const BUDGET: usize = 20;
/// The one that floods, and the light ones after it.
pub(crate) const TENANTS: usize = 1 + LIGHT;
/// What each of both gets beside other measurements.
const SHORT: Duration = Duration::from_secs(8);
const GRACE: Duration = Duration::from_secs(60);

/// What light tenants saw.
pub(crate) struct Light {
    /// From asking for a connection to having it.
    pub(crate) waits: Tally,
    /// From arriving to being answered.
    pub(crate) requests: Tally,
}

/// Both, over all turns.
pub(crate) struct Fairness {
    pub(crate) alone: Light,
    pub(crate) flooded: Light,
    pub(crate) flood: Tally,
    pub(crate) seconds: f64,
    pub(crate) most: i64,
}

/// Measures with and without the flood, in turns.
pub(crate) async fn measure(
    arguments: &Arguments,
    databases: &Databases,
    monitor: &mut Monitor,
) -> Result<Fairness> {
    let seconds = if arguments.is_fairness_alone() {
        arguments.seconds
    } else {
        SHORT
    };
    let length = seconds / arguments.rounds;
    let mut fairness = Fairness::new()?;
    let bar = progress::bar(2 * arguments.rounds as usize, "measuring fairness");
    for round in 0..arguments.rounds {
        // Who is first changes from round to round.
        for flooding in [round % 2 == 1, round % 2 == 0] {
            let turn = Turn {
                databases,
                flooding,
                seed: arguments.seed.wrapping_add(u64::from(round)),
            };
            let watched = monitor.watch(turn.take(arguments.warm_up, length)).await?;
            fairness.add(flooding, watched)?;
            bar.inc(1);
        }
        fairness.seconds += length.as_secs_f64();
    }
    bar.finish_and_clear();
    Ok(fairness)
}

/// One turn, with a manager of its own.
struct Turn<'a> {
    databases: &'a Databases,
    flooding: bool,
    seed: u64,
}

impl Turn<'_> {
    async fn take(self, warm_up: Duration, length: Duration) -> Result<(Light, Tally)> {
        let manager = Manager::open(self.databases, BUDGET).await?;
        let window = Window::after(warm_up, length);
        let flood = Load {
            tenants: 1,
            distribution: Distribution::Uniform,
            concurrency: if self.flooding { FLOOD } else { 0 },
            seed: self.seed,
        };
        let seen = tokio::try_join!(
            light_tenants(&manager, window, self.seed),
            flood.put_on(&manager, window)
        );
        manager.close().await?;
        seen
    }
}

async fn light_tenants(manager: &Manager, window: Window, seed: u64) -> Result<Light> {
    let seen = Arc::new(Mutex::new(Light::new()?));
    let mut tenants = JoinSet::new();
    for number in 1..TENANTS {
        let tenant = LightTenant {
            manager: manager.clone(),
            number,
            window,
            seen: Arc::clone(&seen),
        };
        tenants.spawn(tenant.arrive(seed.wrapping_mul(1_000_003).wrapping_add(number as u64)));
    }
    while let Some(ended) = tenants.join_next().await {
        ended??;
    }
    let seen = std::mem::replace(&mut *seen.lock(), Light::new()?);
    Ok(seen)
}

#[derive(Clone)]
struct LightTenant {
    manager: Manager,
    number: usize,
    window: Window,
    seen: Arc<Mutex<Light>>,
}

impl LightTenant {
    /// Requests arrive one after another, whether or not those before are answered.
    async fn arrive(self, seed: u64) -> Result<()> {
        let mut random = Random::seeded(seed);
        let mut requests = JoinSet::new();
        let mut next = Instant::now();
        loop {
            next += pause(&mut random, RATE);
            if next >= self.window.until {
                break;
            }
            sleep_until(next.into()).await;
            requests.spawn(self.clone().request(next));
        }
        let end = (self.window.until + GRACE).into();
        timeout_at(end, requests.join_all())
            .await
            .context("a light tenant's request does not end")?;
        Ok(())
    }

    async fn request(self, arrived: Instant) {
        let outcome = self.ask().await;
        self.seen
            .lock()
            .requests
            .count(self.window, arrived, outcome);
    }

    async fn ask(&self) -> Result<()> {
        let db = self.manager.tenant(self.number).await?.db::<Postgres>()?;
        let asked = Instant::now();
        let mut connection = db.acquire().await?;
        self.seen.lock().waits.count(self.window, asked, Ok(()));
        let _: i64 = sqlx::query_scalar(QUERY)
            .bind(1_i64)
            .fetch_one(&mut *connection)
            .await?;
        Ok(())
    }
}

impl Light {
    fn new() -> Result<Self> {
        Ok(Self {
            waits: Tally::new()?,
            requests: Tally::new()?,
        })
    }

    fn merge(&mut self, other: Self) -> Result<()> {
        self.waits.merge(other.waits)?;
        self.requests.merge(other.requests)
    }
}

impl Fairness {
    fn new() -> Result<Self> {
        Ok(Self {
            alone: Light::new()?,
            flooded: Light::new()?,
            flood: Tally::new()?,
            seconds: 0.0,
            most: 0,
        })
    }

    fn add(
        &mut self,
        flooding: bool,
        ((light, flood), watched): ((Light, Tally), Watched),
    ) -> Result<()> {
        let seen = if flooding {
            &mut self.flooded
        } else {
            &mut self.alone
        };
        seen.merge(light)?;
        self.most = self.most.max(watched.most);
        self.flood.merge(flood)
    }

    /// Requests that failed, of whomever.
    pub(crate) fn errors(&self) -> u64 {
        self.alone.requests.errors + self.flooded.requests.errors + self.flood.errors
    }

    /// Answers a second that the flooding tenant got.
    pub(crate) fn flood_rate(&self) -> f64 {
        self.flood.answered as f64 / self.seconds
    }
}
