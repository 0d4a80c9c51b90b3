//! A caller's runtime may end at any time; connections live on the one they were opened on.

use std::sync::Arc;

use multitenant_core::tenant::Db;
use sqlx::{Executor, Postgres};
use tokio::sync::Notify;

use crate::common::PostgresPlace;
use multitenant_core::testing::eventually;

async fn backend(db: &Db<Postgres>) -> i32 {
    let backend = sqlx::query_scalar("SELECT pg_backend_pid()");
    backend.fetch_one(db).await.unwrap()
}

/// Runs something on a runtime of its own, on a thread of its own, until it says so; then the
/// runtime ends, whatever still runs on it.
async fn on_a_runtime_that_ends<F: Future<Output = ()>>(
    run: impl FnOnce(Arc<Notify>) -> F + Send + 'static,
) {
    let ending = tokio::task::spawn_blocking(|| {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        let enough = Arc::new(Notify::new());
        let local = tokio::task::LocalSet::new();
        runtime.block_on(local.run_until(async {
            tokio::select! {
                () = run(Arc::clone(&enough)) => {}
                () = enough.notified() => {}
            }
        }));
    });
    ending.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_a_short_lived_runtime_asked_for_outlives_it() {
    let place = PostgresPlace::new().await;
    let db = place.db(1).await;
    let (opened, mut found) = tokio::sync::mpsc::channel(1);
    let asking = db.clone();
    on_a_runtime_that_ends(async move |_| {
        opened.send(backend(&asking).await).await.unwrap();
        let mut transaction = asking.begin().await.unwrap();
        transaction.execute("SELECT 1").await.unwrap();
        transaction.commit().await.unwrap();
        drop(asking.acquire().await.unwrap());
    })
    .await;
    let first = found.recv().await.unwrap();
    for _ in 0..5 {
        assert_eq!(backend(&db).await, first);
    }
    place.clear().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_is_cut_off_by_the_end_of_its_runtime_leaves_its_connection() {
    let place = PostgresPlace::new().await;
    let db = place.db(1).await;
    let first = backend(&db).await;
    let asking = db.clone();
    on_a_runtime_that_ends(async move |enough| {
        tokio::task::spawn_local(async move {
            let mut connection = asking.acquire().await.unwrap();
            connection.execute("BEGIN").await.unwrap();
            enough.notify_one();
            let _ = connection.execute("SELECT pg_sleep(0.1)").await;
            std::future::pending::<()>().await;
        })
        .await
        .unwrap();
    })
    .await;
    eventually("the connection is used again", async || {
        backend(&db).await == first
    })
    .await;
    place.clear().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_is_cut_off_by_the_end_of_its_runtime_loses_no_permit() {
    let place = PostgresPlace::new().await;
    let db = place.db(1).await;
    db.execute("CREATE TABLE t (id BIGINT)").await.unwrap();
    let asking = db.clone();
    on_a_runtime_that_ends(async move |enough| {
        let mut transaction = asking.begin().await.unwrap();
        transaction
            .execute("INSERT INTO t VALUES (1)")
            .await
            .unwrap();
        enough.notify_one();
        std::future::pending::<()>().await;
    })
    .await;
    let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM t")
        .fetch_one(&db)
        .await
        .unwrap();
    assert_eq!(count, 0);
    place.clear().await.unwrap();
}
