//! Who is told that something was added to the log.

#[cfg(feature = "postgres")]
mod notifications;

use std::sync::Arc;

use crate::engine::AnyPool;
use crate::events::EventBus;
#[cfg(feature = "sqlite")]
use crate::events::LocalBus;

/// On Postgres the commit itself announces what it adds; on SQLite it is announced to this process
/// only, and other processes find it out by their poll.
pub(super) fn own_bus(pool: &AnyPool) -> Arc<dyn EventBus> {
    match pool {
        #[cfg(feature = "postgres")]
        AnyPool::Postgres(pool) => Arc::new(notifications::Notifications::of(pool)),
        #[cfg(feature = "sqlite")]
        AnyPool::Sqlite(_) => Arc::new(LocalBus::default()),
        #[cfg(not(feature = "postgres"))]
        AnyPool::Postgres(never) => crate::engine::absurd(never),
        #[cfg(not(feature = "sqlite"))]
        AnyPool::Sqlite(never) => crate::engine::absurd(never),
    }
}
