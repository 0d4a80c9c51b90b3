use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use lru::LruCache;
use parking_lot::Mutex;
use sqlx::PgPool;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};

use super::Arm;
use crate::databases::{Databases, QUERY};

/// Pools that are kept: a number as people write it.
const POOLS: NonZeroUsize = NonZeroUsize::new(50).unwrap();
/// What a pool has by default.
const CONNECTIONS: u32 = 10;
/// Shorter than the default of 30 s, after which nobody waits any more.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(2);

/// The usual thing: an ordinary pool for each tenant, in an LRU, whatever the server has room for.
/// A pool that drops out of the LRU ends with the last request that uses it.
#[derive(Clone)]
pub(crate) struct PoolPerTenant {
    options: Arc<[PgConnectOptions]>,
    pools: Arc<Mutex<LruCache<usize, PgPool>>>,
}

impl PoolPerTenant {
    pub(crate) fn open(databases: &Databases) -> Result<Self> {
        let options: Result<Vec<_>> = (0..databases.urls.len())
            .map(|tenant| databases.options(tenant))
            .collect();
        Ok(Self {
            options: options?.into(),
            pools: Arc::new(Mutex::new(LruCache::new(POOLS))),
        })
    }

    fn pool(&self, tenant: usize) -> PgPool {
        let mut pools = self.pools.lock();
        let pool = pools.get_or_insert(tenant, || {
            PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .acquire_timeout(ACQUIRE_TIMEOUT)
                .connect_lazy_with(self.options[tenant].clone())
        });
        pool.clone()
    }
}

impl Arm for PoolPerTenant {
    async fn ask(&self, tenant: usize, row: i64) -> Result<()> {
        let pool = self.pool(tenant);
        let _: i64 = sqlx::query_scalar(QUERY).bind(row).fetch_one(&pool).await?;
        Ok(())
    }

    async fn close(self) -> Result<()> {
        let pools: Vec<_> = self
            .pools
            .lock()
            .iter()
            .map(|(_, pool)| pool.clone())
            .collect();
        for pool in pools {
            pool.close().await;
        }
        Ok(())
    }
}
