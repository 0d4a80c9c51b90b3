//! A closed loop: so many workers, each of which asks again as soon as it is answered.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use multitenant_benches::Spread;
use tokio::task::JoinSet;
use tokio::time::timeout_at;

use crate::arms::Arm;
use crate::choice::{Chooser, Distribution};
use crate::tally::{Tally, Window};

/// How long a request may go on after the end; each way has its own, shorter, time-outs.
const GRACE: Duration = Duration::from_secs(60);

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Load {
    pub(crate) tenants: usize,
    pub(crate) distribution: Distribution,
    pub(crate) concurrency: usize,
    pub(crate) seed: u64,
}

impl Load {
    /// Keeps one way busy until the window closes.
    pub(crate) async fn put_on(self, arm: &impl Arm, window: Window) -> Result<Tally> {
        let spread = Arc::new(self.distribution.over(self.tenants));
        let mut workers = JoinSet::new();
        for worker in 0..self.concurrency as u64 {
            let seed = self.seed.wrapping_mul(1_000_003).wrapping_add(worker);
            workers.spawn(work(arm.clone(), Arc::clone(&spread), seed, window));
        }
        gather(workers, window).await
    }
}

async fn work(arm: impl Arm, spread: Arc<Spread>, seed: u64, window: Window) -> Result<Tally> {
    let mut chooser = Chooser::new(&spread, seed);
    let mut tally = Tally::new()?;
    loop {
        let began = Instant::now();
        if began >= window.until {
            return Ok(tally);
        }
        let outcome = arm.ask(chooser.tenant(), chooser.row()).await;
        tally.count(window, began, outcome);
    }
}

/// Waits for all workers and adds up what they counted.
pub(crate) async fn gather(mut workers: JoinSet<Result<Tally>>, window: Window) -> Result<Tally> {
    let mut sum = Tally::new()?;
    let end = (window.until + GRACE).into();
    while let Some(tally) = timeout_at(end, workers.join_next())
        .await
        .context("a request does not end")?
    {
        sum.merge(tally??)?;
    }
    Ok(sum)
}
