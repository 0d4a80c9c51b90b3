//! Pools and listeners that code insists on, within the budget.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::PostgresPlace;
use multitenant_core::TenantId;
use multitenant_core::directory::TenantRecord;
use multitenant_core::engine::{ConnectData, PostgresConnector};
use multitenant_core::tenant::{
    AcquireError, BudgetOptions, Db, ManagerOptions, Tenant, TenantManager,
};
use multitenant_core::testing::eventually;
use secrecy::ExposeSecret;
use sqlx::{Executor, PgConnection, Postgres};

fn options(connections: usize, per_tenant: usize) -> BudgetOptions {
    let mut options = BudgetOptions::connections(connections);
    options.per_tenant = Some(per_tenant);
    options.acquire_timeout = Duration::from_millis(300);
    options
}

fn refusal(error: &sqlx::Error) -> &AcquireError {
    let sqlx::Error::Configuration(source) = error else {
        panic!("{error:?}");
    };
    source.downcast_ref().expect("an error of the budget")
}

on_both_engines! {
    async fn code_that_insists_on_a_pool_has_one(place: Place) {
        let budget = place.budget(options(4, 3));
        let share = budget.join(TenantId::generate(), place.data().await);
        let db = Db::<Engine>::from(share.clone());
        let dedicated = db.dedicated_pool(2).await.unwrap();
        let pool: sqlx::Pool<Engine> = dedicated.clone();
        let (mut one, two) = (pool.begin().await.unwrap(), pool.begin().await.unwrap());
        one.execute("CREATE TABLE t (x BIGINT)").await.unwrap();
        one.commit().await.unwrap();
        drop(two);
        pool.execute("INSERT INTO t VALUES (1)").await.unwrap();
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM t").fetch_one(&db).await.unwrap();
        assert_eq!(count, 1);
        assert_eq!((budget.stats().reserved, share.connections()), (2, (3, 1)));
        let in_use = pool.acquire().await.unwrap();
        drop(dedicated);
        eventually("the pool is closed", async || pool.is_closed()).await;
        assert_eq!(budget.stats().reserved, 2, "one is in use still");
        drop(in_use);
        eventually("the reservation is over", async || budget.stats().reserved == 0).await;
        assert!(pool.acquire().await.is_err());
    }

    async fn a_pool_that_its_user_closes_gives_its_part_back(place: Place) {
        let budget = place.budget(options(4, 3));
        let db = Db::<Engine>::from(budget.join(TenantId::generate(), place.data().await));
        let dedicated = db.dedicated_pool(2).await.unwrap();
        dedicated.close().await;
        eventually("the reservation is over", async || budget.stats().reserved == 0).await;
    }

    async fn no_more_is_reserved_than_may_ever_be_had(place: Place) {
        let budget = place.budget(options(4, 3));
        let data = place.data().await;
        let share = budget.join(TenantId::generate(), data.clone());
        let db = Db::<Engine>::from(share.clone());
        for asked in [0, 3, 1_000] {
            let error = db.dedicated_pool(asked).await.unwrap_err();
            assert!(matches!(refusal(&error), AcquireError::NeverReserved { most: 2, .. }), "{error:?}");
        }
        let two = db.dedicated_pool(2).await.unwrap();
        let error = db.dedicated_pool(1).await.unwrap_err();
        assert!(matches!(refusal(&error), AcquireError::Budget { .. }), "{error:?}");
        // Neither this tenant nor another waits for what is refused.
        db.execute("SELECT 1").await.unwrap();
        Db::<Engine>::from(budget.join(TenantId::generate(), data)).execute("SELECT 1").await.unwrap();
        drop(two);
        drop(db.dedicated_pool(2).await.unwrap());
    }

    async fn a_pool_ends_with_its_tenants_service(place: Place) {
        let record = TenantRecord::active(TenantId::generate(), "acme".parse().unwrap(), place.data().await);
        let mut manager_options = ManagerOptions::default();
        manager_options.budget = options(4, 3);
        let connector = multitenant_core::engine::SqlConnector::<Engine>::new();
        let manager = TenantManager::fixed(connector, [record.clone()], manager_options);
        let manager = manager.await.unwrap();
        let tenant: Tenant = manager.get(record.id).await.unwrap();
        let dedicated = tenant.db::<Engine>().unwrap().dedicated_pool(2).await.unwrap();
        let in_use = dedicated.acquire().await.unwrap();
        assert!(!manager.close_tenant(record.id, Duration::from_millis(50)).await);
        assert!(dedicated.acquire().await.is_err(), "no new work");
        drop(in_use);
        assert!(manager.close_tenant(record.id, Duration::from_secs(5)).await);
        assert!(manager.shut_down(Duration::from_secs(5)).await);
    }
}

#[tokio::test]
async fn in_single_mode_there_are_the_same_means() {
    let place = PostgresPlace::new().await;
    let url = place.data().await.url;
    let own = sqlx::PgPool::connect(url.expose_secret()).await.unwrap();
    let db = Db::from(own.clone());
    let dedicated = db.dedicated_pool(1).await.unwrap();
    dedicated.execute("SELECT 1").await.unwrap();
    let pool: sqlx::PgPool = dedicated.clone();
    drop(dedicated);
    assert!(pool.is_closed() && !own.is_closed());
    drop(pool);
    let mut listener = db.listener().await.unwrap();
    listener.listen("mail").await.unwrap();
    db.execute("NOTIFY mail, 'one'").await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "one");
    drop(listener);
    own.close().await;
    place.clear().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_is_counted_until_it_is_dropped_and_ends_with_its_tenant() {
    let place = PostgresPlace::new().await;
    let record = TenantRecord::active(
        TenantId::generate(),
        "acme".parse().unwrap(),
        place.data().await,
    );
    let mut manager_options = ManagerOptions::default();
    manager_options.budget = options(3, 3);
    let connector = PostgresConnector::new();
    let manager = TenantManager::fixed(connector, [record.clone()], manager_options);
    let manager = manager.await.unwrap();
    let tenant = manager.get(record.id).await.unwrap();
    let db = tenant.db::<Postgres>().unwrap();

    let mut listener = db.listener().await.unwrap();
    listener.listen("mail").await.unwrap();
    db.execute("NOTIFY mail, 'one'").await.unwrap();
    assert_eq!(listener.recv().await.unwrap().payload(), "one");
    eventually("it is counted beside the idle one", async || {
        tenant.connections() == (2, 1)
    })
    .await;
    drop(listener);
    eventually("it is counted no more", async || {
        tenant.connections() == (1, 1)
    })
    .await;

    let mut listener = db.listener().await.unwrap();
    listener.listen("mail").await.unwrap();
    let waiting = tokio::spawn(async move { listener.recv().await.map(drop) });
    assert!(
        manager
            .close_tenant(record.id, Duration::from_secs(10))
            .await
    );
    let ended = waiting.await.unwrap();
    assert!(matches!(ended, Err(sqlx::Error::PoolClosed)), "{ended:?}");
    drop((db, tenant));
    assert!(manager.shut_down(Duration::from_secs(5)).await);
    place.clear().await.unwrap();
}

fn name(data: &ConnectData) -> String {
    let url = data.url.expose_secret();
    let name = url.rsplit('/').next().unwrap_or_default();
    name.trim_end_matches('?').to_owned()
}

async fn count(observer: &mut PgConnection, databases: &[String]) -> i64 {
    let count = "SELECT COUNT(*) FROM pg_stat_activity
                 WHERE datname = ANY($1) AND backend_type = 'client backend'";
    let counted = sqlx::query_scalar(count)
        .bind(databases)
        .fetch_one(observer);
    counted.await.unwrap()
}

/// Three databases, a budget of five. Two tasks have pools of two, one closes its own, one
/// listens; four ask, and a quarter of their calls are cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_never_counts_more_connections_than_the_budget_with_pools_in_it() {
    let place = PostgresPlace::new().await;
    let mut budget_options = options(5, 4);
    budget_options.acquire_timeout = Duration::from_secs(20);
    let budget = place.budget(budget_options);
    let (mut dbs, mut names) = (Vec::new(), Vec::new());
    for _ in 0..3 {
        let data = place.data().await;
        names.push(name(&data));
        dbs.push(Db::from(budget.join(TenantId::generate(), data)));
    }
    let over = Arc::new(AtomicBool::new(false));
    let watching = {
        let (over, names) = (Arc::clone(&over), names.clone());
        let mut observer = PostgresPlace::connect().await;
        tokio::spawn(async move {
            let mut most = 0;
            while !over.load(Ordering::SeqCst) {
                most = most.max(count(&mut observer, &names).await);
            }
            most
        })
    };
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..8_usize {
        let db = dbs[task % 3].clone();
        tasks.spawn(async move {
            for round in 0..12 {
                match task {
                    0..=2 => with_a_pool(&db, task == 2).await,
                    3 => drop(db.listener().await.unwrap()),
                    _ => ask(&db, round).await,
                }
            }
        });
    }
    tasks.join_all().await;
    over.store(true, Ordering::SeqCst);
    let most = watching.await.unwrap();
    assert!((3..=5).contains(&most), "the server counted {most}");
    drop(dbs);
    let mut observer = PostgresPlace::connect().await;
    eventually("every connection is closed", async || {
        count(&mut observer, &names).await == 0 && budget.stats().open == 0
    })
    .await;
    place.clear().await.unwrap();
}

async fn with_a_pool(db: &Db<Postgres>, closes: bool) {
    let pool = db.dedicated_pool(2).await.unwrap();
    let (one, two) = tokio::join!(pool.execute("SELECT 1"), pool.execute("SELECT 1"));
    one.and(two).unwrap();
    let in_use = pool.acquire().await.unwrap();
    if closes {
        let closed = pool.close();
        drop(in_use);
        closed.await;
    } else {
        drop(pool);
        drop(in_use);
    }
}

async fn ask(db: &Db<Postgres>, round: u64) {
    let transaction = async {
        let mut tx = db.begin().await?;
        tx.execute("SELECT 1").await?;
        tx.commit().await
    };
    if round.is_multiple_of(4) {
        let _ = tokio::time::timeout(Duration::from_millis(round), transaction).await;
    } else {
        transaction.await.unwrap();
    }
}
