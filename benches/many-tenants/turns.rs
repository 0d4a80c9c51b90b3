//! Every way gets its turns on the same databases, in an order that changes from round to round.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Result;

use crate::arguments::{Arguments, Way};
use crate::arms::{Arm, ConnectPerRequest, Manager, PoolPerTenant, SinglePool};
use crate::databases::Databases;
use crate::load::Load;
use crate::monitor::{Monitor, Watched};
use crate::progress;
use crate::tally::{Tally, Window};

/// What was counted of one way, over all its turns.
#[derive(Debug)]
pub(crate) struct Counted {
    pub(crate) tally: Tally,
    pub(crate) seconds: f64,
    pub(crate) watched: Watched,
    /// Answers a second, turn by turn.
    pub(crate) turns: Vec<f64>,
}

/// The turns that are taken.
pub(crate) struct Turns<'a> {
    pub(crate) databases: &'a Databases,
    pub(crate) load: Load,
    pub(crate) budget: usize,
    pub(crate) warm_up: Duration,
    pub(crate) length: Duration,
    pub(crate) rounds: u32,
}

impl<'a> Turns<'a> {
    pub(crate) fn of(arguments: &Arguments, databases: &'a Databases) -> Self {
        Self {
            databases,
            load: Load {
                tenants: arguments.tenants(),
                distribution: arguments.distribution(),
                concurrency: arguments.concurrency(),
                seed: arguments.seed,
            },
            budget: arguments.budget(),
            warm_up: arguments.warm_up,
            length: arguments.seconds / arguments.rounds,
            rounds: arguments.rounds,
        }
    }

    /// Lets each of the ways have its turns.
    pub(crate) async fn take(
        &self,
        mut ways: Vec<Way>,
        monitor: &mut Monitor,
    ) -> Result<BTreeMap<Way, Counted>> {
        let mut counted = BTreeMap::new();
        let bar = progress::bar(ways.len() * self.rounds as usize, "measuring in turns");
        for round in 0..self.rounds {
            for way in &ways {
                let (tally, watched) = monitor.watch(self.turn(*way, round)).await?;
                self.add(
                    counted.entry(*way).or_insert(Counted::new()?),
                    tally,
                    watched,
                )?;
                bar.inc(1);
            }
            if !ways.is_empty() {
                ways.rotate_left(1);
            }
        }
        bar.finish_and_clear();
        Ok(counted)
    }

    async fn turn(&self, way: Way, round: u32) -> Result<Tally> {
        let (databases, budget) = (self.databases, self.budget);
        match way {
            Way::Manager => {
                self.load(Manager::open(databases, budget).await?, round)
                    .await
            }
            Way::SinglePool => self.load(SinglePool::open(databases, budget)?, round).await,
            Way::SinglePoolNoPing => {
                self.load(SinglePool::open_without_ping(databases, budget)?, round)
                    .await
            }
            Way::ConnectPerRequest => self.load(ConnectPerRequest::open(databases)?, round).await,
            Way::PoolPerTenant => self.load(PoolPerTenant::open(databases)?, round).await,
        }
    }

    async fn load(&self, arm: impl Arm, round: u32) -> Result<Tally> {
        let mut load = self.load;
        load.seed = load.seed.wrapping_add(u64::from(round));
        let tally = load
            .put_on(&arm, Window::after(self.warm_up, self.length))
            .await;
        arm.close().await?;
        tally
    }

    fn add(&self, counted: &mut Counted, tally: Tally, watched: Watched) -> Result<()> {
        let seconds = self.length.as_secs_f64();
        counted.turns.push(tally.answered as f64 / seconds);
        counted.tally.merge(tally)?;
        counted.seconds += seconds;
        counted.watched.most = counted.watched.most.max(watched.most);
        counted.watched.opened += watched.opened;
        Ok(())
    }
}

impl Counted {
    fn new() -> Result<Self> {
        Ok(Self {
            tally: Tally::new()?,
            seconds: 0.0,
            watched: Watched { most: 0, opened: 0 },
            turns: Vec::new(),
        })
    }

    /// Answers a second.
    pub(crate) fn rate(&self) -> f64 {
        self.tally.answered as f64 / self.seconds
    }
}
