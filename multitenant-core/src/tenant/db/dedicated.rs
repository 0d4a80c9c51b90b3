use std::fmt;
use std::ops::Deref;

use secrecy::ExposeSecret;
use sqlx::pool::PoolOptions;
use sqlx::{Connection, Pool};
use tokio::sync::oneshot;

use super::retirement::Retirement;
use super::{Db, Source, into_sqlx};
use crate::engine::{SqlConnector, SqlEngine};
use crate::tenant::budget::{AcquireError, Share};

/// A pool of sqlx's own for one tenant's database, for code that insists on one. Its connections
/// are reserved in the budget, whether they are in use or not.
///
/// It is closed when this is dropped, and when the tenant is suspended or deleted: clones of the
/// pool inside are good for as long as this is held. What it has reserved is free again once its
/// last connection has ended, one that is still in use included.
///
/// `detach` and `leak` take a connection out of the pool that the budget then no longer counts:
/// leave them alone.
pub struct DedicatedPool<DB: SqlEngine> {
    pool: Pool<DB>,
    /// Dropped with the handle, which tells whoever waits to retire the pool.
    held: Option<oneshot::Sender<()>>,
}

impl<DB: SqlEngine> Db<DB> {
    /// Reserves `connections` of the budget, opens them, and gives them as a pool of sqlx's own,
    /// for code that takes no handle: a job queue, a session store.
    ///
    /// ```
    /// # #[cfg(feature = "postgres")] {
    /// use multitenant_core::tenant::{Db, DedicatedPool};
    /// use sqlx::{PgPool, Postgres};
    ///
    /// # struct Queue;
    /// # impl Queue { async fn run(_: PgPool) {} }
    /// async fn work_off(db: Db<Postgres>) -> sqlx::Result<()> {
    ///     let pool: DedicatedPool<Postgres> = db.dedicated_pool(2).await?;
    ///     Queue::run(pool.clone()).await;
    ///     Ok(()) // here the pool is closed and the reservation ends
    /// }
    /// # }
    /// ```
    ///
    /// In single mode it is one more pool on the same database, which nothing counts.
    ///
    /// # Errors
    /// An [`AcquireError`](crate::tenant::AcquireError) or the driver's, as [`sqlx::Error`]: at
    /// once where a tenant may not have so many, and later where they did not come free in time.
    pub async fn dedicated_pool(&self, connections: u32) -> sqlx::Result<DedicatedPool<DB>> {
        match &self.source {
            Source::Share(share) => reserved(share, connections).await,
            Source::Pool(pool) => {
                let options = Connect::<DB>::clone(&pool.connect_options());
                let pool = PoolOptions::new().max_connections(connections);
                Ok(DedicatedPool {
                    pool: pool.connect_lazy_with(options),
                    held: None,
                })
            }
        }
    }
}

type Connect<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

async fn reserved<DB: SqlEngine>(
    share: &Share<SqlConnector<DB>>,
    connections: u32,
) -> sqlx::Result<DedicatedPool<DB>> {
    let options = DB::options(share.data().url.expose_secret());
    let options = options.map_err(|error| into_sqlx(AcquireError::Connect(error)))?;
    let reservation = share.reserve(connections as usize).await;
    let reservation = reservation.map_err(into_sqlx)?;
    let retirement = Retirement::new(share.clone(), reservation);
    let pool = retirement.pool(options, connections);
    let (held, dropped) = oneshot::channel();
    share.runtime().spawn(retirement.run(pool.clone(), dropped));
    // On the runtime where the tenants' other connections live.
    let opened = share.runtime().spawn(open_all(pool.clone(), connections));
    let dedicated = DedicatedPool {
        pool,
        held: Some(held),
    };
    opened.await.map_err(|_| sqlx::Error::WorkerCrashed)??;
    Ok(dedicated)
}

/// From here on the pool opens nothing but what takes the place of a connection that broke: an
/// opening that is cut off would be counted by the server for a moment longer than by the pool.
async fn open_all<DB: SqlEngine>(pool: Pool<DB>, connections: u32) -> sqlx::Result<()> {
    let mut opened = Vec::new();
    for _ in 0..connections {
        opened.push(pool.acquire().await?);
    }
    Ok(())
}

impl<DB: SqlEngine> Deref for DedicatedPool<DB> {
    type Target = Pool<DB>;

    fn deref(&self) -> &Pool<DB> {
        &self.pool
    }
}

impl<DB: SqlEngine> Drop for DedicatedPool<DB> {
    fn drop(&mut self) {
        if self.held.take().is_none() {
            // Marks it as closed; its connections end with it.
            drop(self.pool.close());
        }
    }
}

impl<DB: SqlEngine> fmt::Debug for DedicatedPool<DB> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DedicatedPool")
            .field("engine", &DB::NAME)
            .field("connections", &self.pool.options().get_max_connections())
            .finish()
    }
}
