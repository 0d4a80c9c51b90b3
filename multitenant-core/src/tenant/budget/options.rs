use std::time::Duration;

/// How many connections may be open, and how long requests may wait for one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BudgetOptions {
    /// Most connections open at once over all tenants, closing ones included. Default 60; with none,
    /// nothing is opened until [`set_connections`](super::Budget::set_connections) allows some.
    pub connections: usize,
    /// Most connections of one tenant; never below two, so that a request that holds one can get
    /// another. Default: a quarter of `connections`.
    pub per_tenant: Option<usize>,
    /// Most connections that are being opened at once. Default 4.
    pub openings: usize,
    /// How long a request waits for a connection. Default 10 s.
    pub acquire_timeout: Duration,
    /// Most requests that wait for one tenant's connections. Default 1,000.
    pub queue: usize,
    /// After this long a use of a tenant counts half when it is asked whose connection is missed
    /// least. Much shorter, it is the one of whoever was used least recently. Default 2 s.
    pub half_life: Duration,
    /// How long a connection may stay idle. Default 10 minutes.
    pub idle: Duration,
    /// How long a connection serves at most; up to a fifth less, so that those that were opened
    /// together are not all renewed together. Default 30 minutes.
    pub lifetime: Duration,
}

impl Default for BudgetOptions {
    fn default() -> Self {
        Self {
            connections: 60,
            per_tenant: None,
            openings: 4,
            acquire_timeout: Duration::from_secs(10),
            queue: 1_000,
            half_life: Duration::from_secs(2),
            idle: Duration::from_secs(600),
            lifetime: Duration::from_secs(1_800),
        }
    }
}

impl BudgetOptions {
    /// The defaults with this many connections.
    #[must_use]
    pub fn connections(connections: usize) -> Self {
        Self {
            connections,
            ..Self::default()
        }
    }
}

/// What one tenant has of a budget.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ShareOptions {
    /// Most connections of the tenant, where it differs from
    /// [`BudgetOptions::per_tenant`]; never below two.
    pub most: Option<usize>,
    /// Connections that are always to be had for the tenant, and that no other takes: at most half
    /// of the budget for all tenants together, given to whoever comes first. Default 0.
    pub reserve: usize,
    /// How many times as long as another it may keep a connection for its waiting requests while
    /// others wait. Default 1.
    pub weight: u32,
}

impl Default for ShareOptions {
    fn default() -> Self {
        Self {
            most: None,
            reserve: 0,
            weight: 1,
        }
    }
}
