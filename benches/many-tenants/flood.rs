//! Twenty light tenants, with and without one that floods.

use std::sync::Arc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use multitenant_benches::Random;

use crate::Result;
use crate::arguments::Arguments;
use crate::arms::Manager;
use crate::census::Census;
use crate::databases::Databases;
use crate::load::{histogram, note};

const LIGHT: usize = 20;
/// Requests of each of them in a second.
const RATE: f64 = 5.0;
const BUDGET: usize = 20;
const WORKERS: usize = 200;
/// The one that floods comes after the light ones.
pub(crate) const TENANTS: usize = LIGHT + 1;
const WARM_UP: Duration = Duration::from_secs(1);
const TURNS: u32 = 2;

/// How the light ones fared, in microseconds until a connection was there.
pub(crate) struct Fairness {
    pub(crate) alone: Histogram<u64>,
    pub(crate) beside: Histogram<u64>,
    /// Requests a second of the one that floods.
    pub(crate) flood: f64,
    pub(crate) most_connections: i64,
    pub(crate) errors: u64,
}

pub(crate) async fn measure(
    arguments: &Arguments,
    databases: &Databases,
    census: &Census,
) -> Result<Fairness> {
    let length = Duration::from_secs(arguments.seconds.max(8)) / TURNS;
    let mut fairness = Fairness {
        alone: histogram()?,
        beside: histogram()?,
        flood: 0.0,
        most_connections: 0,
        errors: 0,
    };
    for _ in 0..TURNS {
        for floods in [false, true] {
            census.nobody_is_left().await?;
            let turn = turn(databases, floods, length).await?;
            match floods {
                true => fairness.beside.add(turn.waits)?,
                false => fairness.alone.add(turn.waits)?,
            }
            fairness.errors += turn.errors;
            fairness.flood += turn.flooded as f64 / length.as_secs_f64() / f64::from(TURNS);
            fairness.most_connections = fairness.most_connections.max(census.most());
        }
    }
    Ok(fairness)
}

struct Turn {
    waits: Histogram<u64>,
    flooded: u64,
    errors: u64,
}

async fn turn(databases: &Databases, floods: bool, length: Duration) -> Result<Turn> {
    let manager = Arc::new(Manager::start(databases, BUDGET).await?);
    let begins = Instant::now() + WARM_UP;
    let ends = begins + length;
    let workers = if floods { WORKERS } else { 0 };
    let heavy: Vec<_> = (0..workers)
        .map(|_| tokio::spawn(flood(Arc::clone(&manager), begins, ends)))
        .collect();
    let light: Vec<_> = (0..LIGHT)
        .map(|tenant| tokio::spawn(ask_now_and_then(Arc::clone(&manager), tenant, begins, ends)))
        .collect();
    let mut turn = Turn {
        waits: histogram()?,
        flooded: 0,
        errors: 0,
    };
    for light in light {
        let (waits, errors) = light.await??;
        turn.waits.add(waits)?;
        turn.errors += errors;
    }
    for heavy in heavy {
        let (served, errors) = heavy.await?;
        turn.flooded += served;
        turn.errors += errors;
    }
    if let Some(manager) = Arc::into_inner(manager) {
        manager.close().await;
    }
    Ok(turn)
}

async fn flood(manager: Arc<Manager>, begins: Instant, ends: Instant) -> (u64, u64) {
    let (mut served, mut errors) = (0, 0);
    while Instant::now() < ends {
        let answer = ask(&manager, LIGHT).await;
        let is_measured = Instant::now() >= begins;
        match answer {
            Ok(_) => served += u64::from(is_measured),
            Err(_) => errors += u64::from(is_measured),
        }
    }
    (served, errors)
}

/// Requests come when they come (a Poisson process), whether or not the last has been answered.
async fn ask_now_and_then(
    manager: Arc<Manager>,
    tenant: usize,
    begins: Instant,
    ends: Instant,
) -> Result<(Histogram<u64>, u64)> {
    let mut random = Random::seeded(1_000 + tenant as u64);
    let mut next = Instant::now();
    let mut asked = Vec::new();
    loop {
        next += Duration::from_secs_f64(-(1.0 - random.next_number()).ln() / RATE);
        if next >= ends {
            break;
        }
        tokio::time::sleep_until(next.into()).await;
        let manager = Arc::clone(&manager);
        let request = tokio::spawn(async move { ask(&manager, tenant).await });
        asked.push((next >= begins, request));
    }
    let (mut waits, mut errors) = (histogram()?, 0);
    for (is_measured, request) in asked {
        match request.await? {
            Ok(waited) if is_measured => note(&mut waits, waited),
            Ok(_) => {}
            Err(_) => errors += u64::from(is_measured),
        }
    }
    Ok((waits, errors))
}

/// One request, and how long it waited for a connection.
async fn ask(manager: &Manager, tenant: usize) -> Result<Duration> {
    let db = manager.db(tenant).await?;
    let began = Instant::now();
    let mut connection = db.acquire().await?;
    let waited = began.elapsed();
    let query = sqlx::query_scalar::<_, String>("SELECT name FROM items WHERE id = 1");
    query.fetch_one(&mut *connection).await?;
    Ok(waited)
}
