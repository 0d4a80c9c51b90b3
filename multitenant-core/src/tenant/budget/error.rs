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
        /// When one may be free, by what is waited for and how fast that goes on.
        retry_after: Duration,
    },
    /// The database was not opened in time.
    #[error("the tenant's database was not opened within {waited:?}")]
    Opening {
        /// How long the request waited.
        waited: Duration,
        /// When another opening may have come to its end.
        retry_after: Duration,
    },
    /// All of the tenant's own connections stayed in use.
    #[error("none of the tenant's own connections became free within {waited:?}")]
    Checkout {
        /// How long the request waited.
        waited: Duration,
        /// When one may be free, by how many wait for them and how fast that goes on.
        retry_after: Duration,
    },
    /// Too many requests wait for this tenant already.
    #[error("{waiting} requests wait for this tenant already")]
    QueueFull {
        /// How many.
        waiting: usize,
        /// When half of them may have been served.
        retry_after: Duration,
    },
    /// Whoever asked holds a connection already, and all others that could be given are held by
    /// such as wait for another themselves.
    #[error(
        "a task that holds a connection asked for another, and all that could be given to it are \
         held by tasks that wait likewise; let the second use go through the transaction that is \
         open, or raise the tenant's connections above the number of such tasks"
    )]
    Deadlock,
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
    /// The tenant's database could not be opened for several times; nothing is tried until a pause
    /// is over.
    #[error(
        "the tenant's database could not be opened {failures} times; next try in {retry_after:?}"
    )]
    Tripped {
        /// How many times in a row.
        failures: u32,
        /// How long the pause lasts still.
        retry_after: Duration,
        /// The last failure.
        #[source]
        source: ConnectError,
    },
}

/// How long a caller is asked to wait where nothing better is known.
const RETRY: Duration = Duration::from_secs(1);

impl AcquireError {
    /// When it may be worth while to ask again.
    #[must_use]
    pub const fn retry_after(&self) -> Duration {
        match self {
            Self::Budget { retry_after, .. }
            | Self::Opening { retry_after, .. }
            | Self::Checkout { retry_after, .. }
            | Self::QueueFull { retry_after, .. }
            | Self::Tripped { retry_after, .. } => *retry_after,
            _ => RETRY,
        }
    }
}
