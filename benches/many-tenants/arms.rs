use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use lru::LruCache;
use multitenant_core::directory::TenantRecord;
use multitenant_core::engine::{ConnectData, PostgresConnector};
use multitenant_core::tenant::{BudgetOptions, Db, ManagerOptions, TenantManager};
use multitenant_core::{ServerId, TenantId};
use parking_lot::Mutex;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, Postgres};

use crate::Result;
use crate::arguments::Contender;
use crate::databases::Databases;

/// How many pools people keep in such a cache: their sum is what the server takes, on paper.
const POOLS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(9);
const LIMIT: Duration = Duration::from_secs(10);
const QUERY: &str = "SELECT name FROM items WHERE id = $1";

/// A contender at work.
pub(crate) enum Arm {
    Manager(Manager),
    SinglePool(PgPool, Opened),
    ConnectPerRequest(Vec<PgConnectOptions>, Opened),
    PoolPerTenant(Pools),
}

type Opened = Arc<AtomicU64>;

impl Arm {
    pub(crate) async fn of(
        contender: Contender,
        databases: &Databases,
        budget: usize,
    ) -> Result<Self> {
        let opened = Opened::default();
        let single = |ping| {
            let pool = counted(budget, &opened).test_before_acquire(ping);
            let options = databases.options(0)?;
            Ok::<_, crate::Failure>(pool.connect_lazy_with(options))
        };
        Ok(match contender {
            Contender::Manager => Self::Manager(Manager::start(databases, budget).await?),
            Contender::SinglePool => Self::SinglePool(single(true)?, opened),
            Contender::SinglePoolNoPing => Self::SinglePool(single(false)?, opened),
            Contender::ConnectPerRequest => {
                let options = databases
                    .urls()
                    .map(str::parse)
                    .collect::<sqlx::Result<_>>();
                Self::ConnectPerRequest(options?, opened)
            }
            Contender::PoolPerTenant => Self::PoolPerTenant(Pools::new(databases, opened)?),
        })
    }

    /// One request: the tenant, a connection of it, and a small query.
    pub(crate) async fn request(&self, tenant: usize, id: i64) -> Result<()> {
        let query = sqlx::query_scalar::<_, String>(QUERY).bind(id);
        match self {
            Self::Manager(manager) => query.fetch_one(&manager.db(tenant).await?).await?,
            Self::SinglePool(pool, _) => query.fetch_one(pool).await?,
            Self::ConnectPerRequest(options, opened) => {
                let options = options.get(tenant).ok_or("no such tenant")?;
                let mut connection = PgConnection::connect_with(options).await?;
                opened.fetch_add(1, Ordering::Relaxed);
                let name = query.fetch_one(&mut connection).await?;
                connection.close().await?;
                name
            }
            Self::PoolPerTenant(pools) => query.fetch_one(&pools.of(tenant)?).await?,
        };
        Ok(())
    }

    /// Connections that were opened.
    pub(crate) fn opened(&self) -> u64 {
        match self {
            Self::Manager(manager) => manager.opened(),
            Self::SinglePool(_, opened) | Self::ConnectPerRequest(_, opened) => {
                opened.load(Ordering::Relaxed)
            }
            Self::PoolPerTenant(pools) => pools.opened.load(Ordering::Relaxed),
        }
    }

    pub(crate) async fn close(self) {
        match self {
            Self::Manager(manager) => drop(manager.manager.shut_down(LIMIT).await),
            Self::SinglePool(pool, _) => pool.close().await,
            Self::ConnectPerRequest(..) => {}
            Self::PoolPerTenant(pools) => pools.close().await,
        }
    }
}

/// Ours, as an application uses it.
pub(crate) struct Manager {
    manager: TenantManager<PostgresConnector>,
    ids: Vec<TenantId>,
}

impl Manager {
    pub(crate) async fn start(databases: &Databases, budget: usize) -> Result<Self> {
        let mut records = Vec::new();
        for (tenant, url) in databases.urls().enumerate() {
            let data = ConnectData::new(ServerId::main(), url);
            let slug = format!("tenant-{tenant}").parse()?;
            records.push(TenantRecord::active(TenantId::generate(), slug, data));
        }
        let ids = records.iter().map(|record| record.id).collect();
        let mut options = ManagerOptions::default();
        options.budget = BudgetOptions::connections(budget);
        let connector = PostgresConnector::new();
        let manager = TenantManager::fixed(connector, records, options).await?;
        Ok(Self { manager, ids })
    }

    pub(crate) async fn db(&self, tenant: usize) -> Result<Db<Postgres>> {
        let id = self.ids.get(tenant).ok_or("no such tenant")?;
        Ok(self.manager.get(*id).await?.db()?)
    }

    pub(crate) async fn close(self) {
        self.manager.shut_down(LIMIT).await;
    }

    fn opened(&self) -> u64 {
        let servers = self.manager.stats().servers;
        servers.iter().map(|(_, stats)| stats.opened).sum()
    }
}

/// A pool of ten for each tenant, the least recently used of which is closed for another.
pub(crate) struct Pools {
    options: Vec<PgConnectOptions>,
    pools: Mutex<LruCache<usize, PgPool>>,
    opened: Opened,
}

impl Pools {
    fn new(databases: &Databases, opened: Opened) -> Result<Self> {
        let options = databases
            .urls()
            .map(str::parse)
            .collect::<sqlx::Result<_>>();
        Ok(Self {
            options: options?,
            pools: Mutex::new(LruCache::new(POOLS)),
            opened,
        })
    }

    fn of(&self, tenant: usize) -> Result<PgPool> {
        let mut pools = self.pools.lock();
        if let Some(pool) = pools.get(&tenant) {
            return Ok(pool.clone());
        }
        let options = self.options.get(tenant).ok_or("no such tenant")?;
        let pool = counted(10, &self.opened).connect_lazy_with(options.clone());
        if let Some((_, evicted)) = pools.push(tenant, pool.clone()) {
            tokio::spawn(async move { evicted.close().await });
        }
        Ok(pool)
    }

    async fn close(&self) {
        let pools: Vec<_> = self
            .pools
            .lock()
            .iter()
            .map(|(_, pool)| pool.clone())
            .collect();
        for pool in pools {
            pool.close().await;
        }
    }
}

fn counted(connections: usize, opened: &Opened) -> PgPoolOptions {
    let opened = Arc::clone(opened);
    let most = u32::try_from(connections).unwrap_or(u32::MAX);
    let options = PgPoolOptions::new().max_connections(most);
    options.acquire_timeout(LIMIT).after_connect(move |_, _| {
        opened.fetch_add(1, Ordering::Relaxed);
        Box::pin(async { Ok(()) })
    })
}
