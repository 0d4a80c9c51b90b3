//! The budget on real databases: Postgres itself does the counting.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::PostgresPlace;
use multitenant_core::TenantId;
use multitenant_core::engine::ConnectData;
use multitenant_core::tenant::{BudgetOptions, Db};
use multitenant_core::testing::eventually;
use secrecy::ExposeSecret;
use sqlx::{Executor, PgConnection};

fn name(data: &ConnectData) -> String {
    let url = data.url.expose_secret();
    let name = url.rsplit('/').next().unwrap_or_default();
    name.trim_end_matches('?').to_owned()
}

async fn count(observer: &mut PgConnection, databases: &[String]) -> i64 {
    // An autovacuum worker is nobody's connection.
    let count = "SELECT COUNT(*) FROM pg_stat_activity
                 WHERE datname = ANY($1) AND backend_type = 'client backend'";
    let counted = sqlx::query_scalar(count)
        .bind(databases)
        .fetch_one(observer);
    counted.await.unwrap()
}

/// Six databases, a budget of three, twelve tasks; a quarter of the calls are cut off.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_never_counts_more_connections_than_the_budget() {
    let place = PostgresPlace::new().await;
    let budget = place.budget(BudgetOptions::connections(3));
    let (mut dbs, mut names) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let data = place.data().await;
        names.push(name(&data));
        dbs.push(Db::from(budget.join(TenantId::generate(), data)));
    }
    let over = Arc::new(AtomicBool::new(false));
    let watching = {
        let (over, names) = (over.clone(), names.clone());
        let mut observer = PostgresPlace::connect().await;
        tokio::spawn(async move {
            let mut most = 0;
            while !over.load(Ordering::SeqCst) {
                most = most.max(count(&mut observer, &names).await);
            }
            most
        })
    };
    let tasks: Vec<_> = (0..12_u64)
        .map(|task| {
            let dbs = dbs.clone();
            tokio::spawn(async move {
                for round in 0..25_u64 {
                    let mix = (task * 7919 + round * 104_729) % 1_000_003;
                    work(&dbs[usize::try_from(mix % 6).unwrap()], mix).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    over.store(true, Ordering::SeqCst);
    let most = watching.await.unwrap();
    assert!((1..=3).contains(&most), "the server counted {most}");
    drop(dbs);
    let mut observer = PostgresPlace::connect().await;
    eventually("every connection is closed", async || {
        count(&mut observer, &names).await == 0 && budget.stats().open == 0
    })
    .await;
    place.clear().await.unwrap();
}

async fn work(db: &Db<sqlx::Postgres>, mix: u64) {
    let transaction = async {
        let mut tx = db.begin().await?;
        tx.execute("SELECT 1").await?;
        tx.commit().await
    };
    match mix % 4 {
        0 => {
            let patience = Duration::from_micros(mix % 5_000);
            let _ = tokio::time::timeout(patience, transaction).await;
        }
        1 => transaction.await.unwrap(),
        _ => drop(db.execute("SELECT 1").await.unwrap()),
    }
}

#[tokio::test]
async fn a_connection_that_the_server_ended_is_replaced_and_its_permit_is_back() {
    let place = PostgresPlace::new().await;
    let budget = place.budget(BudgetOptions::connections(1));
    let db = Db::from(budget.join(TenantId::generate(), place.data().await));
    for _ in 0..3 {
        let ended = sqlx::query("SELECT pg_terminate_backend(pg_backend_pid())")
            .execute(&db)
            .await;
        assert!(ended.is_err());
        db.execute("SELECT 1").await.unwrap();
    }
    let mut tx = db.begin().await.unwrap();
    assert!(
        tx.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            .await
            .is_err()
    );
    drop(tx);
    db.execute("SELECT 1").await.unwrap();
    assert_eq!(budget.stats().open, 1);
    drop(db);
    place.clear().await.unwrap();
}

#[tokio::test]
async fn a_check_finds_out_whether_the_database_answers() {
    let place = PostgresPlace::new().await;
    let budget = place.budget(BudgetOptions::connections(2));
    let share = budget.join(TenantId::generate(), place.data().await);
    assert!(share.check().await.unwrap());
    let db = Db::from(share.clone());
    let ends_itself = "SELECT pg_terminate_backend(pg_backend_pid())";
    let mut connection = db.acquire().await.unwrap();
    assert!(connection.execute(ends_itself).await.is_err());
    drop(connection);
    assert!(share.check().await.unwrap());
    let nowhere = ConnectData::new(
        multitenant_core::ServerId::main(),
        "postgres://nobody:x@127.0.0.1:1/none",
    );
    assert!(
        budget
            .join(TenantId::generate(), nowhere)
            .check()
            .await
            .is_err()
    );
    drop((db, share));
    place.clear().await.unwrap();
}

#[tokio::test]
async fn a_sequential_task_keeps_to_a_few_connections() {
    let place = PostgresPlace::new().await;
    let budget = place.budget(BudgetOptions::connections(10));
    let share = budget.join(TenantId::generate(), place.data().await);
    let db = Db::from(share.clone());
    for _ in 0..50 {
        let mut tx = db.begin().await.unwrap();
        tx.execute("SELECT 1").await.unwrap();
        tx.commit().await.unwrap();
    }
    assert!(share.connections().0 <= 4, "{:?}", share.connections());
    drop((db, share));
    place.clear().await.unwrap();
}
