use std::time::Duration;

use crate::engine::ConnectError;

/// Why there was no connection.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum AcquireError {
    /// The tenant's connections were closed: it is suspended, deleted or the manager shut down.
    #[error("the tenant takes no new work")]
    Closed,
    /// No connection was free in time.
    #[error("no connection became free within {waited:?}: the budget is in use by others")]
    Budget {
        /// How long the request waited.
        waited: Duration,
    },
    /// All of the tenant's own connections stayed in use.
    #[error("none of the tenant's own connections became free within {waited:?}")]
    Checkout {
        /// How long the request waited.
        waited: Duration,
    },
    /// Too many requests wait for this tenant already.
    #[error("{waiting} requests wait for this tenant already")]
    QueueFull {
        /// How many.
        waiting: usize,
    },
    /// So many connections are never reserved for one tenant.
    #[error("{asked} connections cannot be reserved; a tenant may reserve from 1 to {most}")]
    NeverReserved {
        /// How many were asked for.
        asked: usize,
        /// Most that may be had: one less than a tenant may have in all.
        most: usize,
    },
    /// The tenant's database could not be opened.
    #[error("the tenant's database could not be opened")]
    Connect(#[source] ConnectError),
}
