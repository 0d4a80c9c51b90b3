use std::time::Duration;

/// How many connections may be open, and how long requests may wait for one.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct BudgetOptions {
    /// Most connections open at once over all tenants, closing ones included. Default 60.
    pub connections: usize,
    /// Most connections of one tenant; never below two, so that a request that holds one can get
    /// another. Default: a quarter of `connections`.
    pub per_tenant: Option<usize>,
    /// How long a request waits for a connection. Default 10 s.
    pub acquire_timeout: Duration,
    /// Most requests that wait for one tenant's connections. Default 1,000.
    pub queue: usize,
    /// How long a connection may stay idle. Default 10 minutes.
    pub idle: Duration,
}

impl Default for BudgetOptions {
    fn default() -> Self {
        Self {
            connections: 60,
            per_tenant: None,
            acquire_timeout: Duration::from_secs(10),
            queue: 1_000,
            idle: Duration::from_secs(600),
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

    pub(super) fn cap(&self) -> usize {
        let quarter = self.connections / 4;
        self.per_tenant
            .unwrap_or(quarter)
            .max(2)
            .min(self.connections.max(1))
    }
}
