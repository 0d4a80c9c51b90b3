use std::path::PathBuf;
use std::time::Duration;

use clap::{Parser, ValueEnum};

/// Many tenants' databases through few connections, beside what people do otherwise.
#[derive(Debug, Clone, Parser)]
pub(crate) struct Arguments {
    /// How many tenants, each with a database.
    #[arg(long, default_value_t = 150)]
    pub(crate) tenants: usize,
    /// Most connections at once.
    #[arg(long, default_value_t = 40)]
    pub(crate) budget: usize,
    /// Workers, each with one request at a time.
    #[arg(long, default_value_t = 64)]
    pub(crate) concurrency: usize,
    /// How long each contender is measured, in all its turns.
    #[arg(long, default_value_t = 8)]
    pub(crate) seconds: u64,
    /// A server, by a role that may make databases and roles. Without, one is started.
    #[arg(long, env = "TEST_POSTGRES_URL")]
    pub(crate) postgres_url: Option<String>,
    /// Each tenant is asked for as often as any other.
    #[arg(long, conflicts_with = "zipf")]
    pub(crate) uniform: bool,
    /// The second hottest tenant is asked for half as often as the hottest, and so on, at 1.0.
    #[arg(long, default_value_t = 1.0)]
    pub(crate) zipf: f64,
    /// Whom to measure; all where nothing is said.
    #[arg(long, value_delimiter = ',')]
    pub(crate) only: Vec<Contender>,
    /// Leaves out how light tenants do beside one that floods.
    #[arg(long)]
    pub(crate) no_flood: bool,
    /// Keeps the databases for the next run.
    #[arg(long)]
    pub(crate) keep: bool,
    /// Where to write the figures.
    #[arg(long)]
    pub(crate) json: Option<PathBuf>,
}

/// Who serves the requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Contender {
    /// Ours.
    Manager,
    /// One ordinary pool as large as the budget, on one database.
    SinglePool,
    /// The same that does not ask a connection whether it is alive before each use.
    SinglePoolNoPing,
    /// A connection for each request.
    ConnectPerRequest,
    /// An ordinary pool of ten for each tenant, in a cache.
    PoolPerTenant,
}

impl Arguments {
    pub(crate) fn contenders(&self) -> Vec<Contender> {
        match self.only.is_empty() {
            true => Contender::value_variants().to_vec(),
            false => self.only.clone(),
        }
    }

    /// Turns of each contender.
    pub(crate) fn slices(&self) -> u32 {
        match self.seconds {
            ..4 => 1,
            4..30 => 4,
            _ => 2,
        }
    }

    pub(crate) fn slice(&self) -> Duration {
        Duration::from_secs(self.seconds) / self.slices()
    }

    pub(crate) fn exponent(&self) -> f64 {
        if self.uniform { 0.0 } else { self.zipf }
    }
}
