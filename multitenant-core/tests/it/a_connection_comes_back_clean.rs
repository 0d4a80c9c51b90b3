//! Whatever a use of the handle leaves behind, the next user does not find it.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use multitenant_core::tenant::Db;
use multitenant_core::testing::eventually;
use sqlx::Executor;

use crate::common::PostgresPlace;

/// Polls a future so many times and drops it: a caller that goes away.
async fn polled<F: Future>(future: F, times: usize) -> Option<F::Output> {
    let mut future = pin!(future);
    for _ in 0..times {
        let poll = future
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        if let Poll::Ready(output) = poll {
            return Some(output);
        }
        tokio::time::sleep(std::time::Duration::from_micros(300)).await;
    }
    None
}

on_both_engines! {
    async fn a_begin_cut_off_at_any_point_leaves_no_open_transaction(place: Place) {
        let db = place.db(2).await;
        db.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)").await.unwrap();
        for round in 0..60_i64 {
            drop(polled(db.begin(), 1 + usize::try_from(round).unwrap() % 6).await);
            sqlx::query("INSERT INTO t VALUES ($1)").bind(round).execute(&db).await.unwrap();
            // Seen by another connection: it was not swallowed by a transaction left open.
            let mut held = db.acquire().await.unwrap();
            let seen: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM t").fetch_one(&db).await.unwrap();
            let also: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM t").fetch_one(&mut *held).await.unwrap();
            assert_eq!((seen, also), (round + 1, round + 1), "round {round}");
        }
    }

    async fn a_query_cut_off_at_any_point_leaves_the_connection_usable(place: Place) {
        let db = place.db(1).await;
        for round in 0..40 {
            drop(polled(sqlx::query("SELECT 1").fetch_all(&db), 1 + round % 5).await);
            sqlx::query("SELECT 1").fetch_one(&db).await.unwrap();
        }
    }

    async fn a_raw_begin_is_noticed(place: Place) {
        let db = place.db(1).await;
        db.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)").await.unwrap();
        sqlx::raw_sql("BEGIN").execute(&db).await.unwrap();
        db.execute("INSERT INTO t VALUES (1)").await.unwrap();
        // The transaction that BEGIN opened is not that of the INSERT, nor of what follows.
        let mut tx = db.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (2)").await.unwrap();
        tx.rollback().await.unwrap();
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t").fetch_all(&db).await.unwrap();
        assert_eq!(ids, [1]);
    }

    async fn a_transaction_left_open_on_an_acquired_connection_is_rolled_back(place: Place) {
        let db = place.db(1).await;
        db.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)").await.unwrap();
        let mut connection = db.acquire().await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        connection.execute("INSERT INTO t VALUES (1)").await.unwrap();
        drop(connection);
        assert!(sqlx::query("SELECT id FROM t").fetch_all(&db).await.unwrap().is_empty());
    }

    async fn a_failed_transaction_does_not_fail_the_next_user(place: Place) {
        let db = place.db(1).await;
        let mut connection = db.acquire().await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        connection.execute("SELECT * FROM nothing").await.unwrap_err();
        drop(connection);
        db.execute("SELECT 1").await.unwrap();
    }

    async fn connections_swapped_between_two_tenants_serve_neither(place: Place) {
        let (a, b) = (place.db(1).await, place.db(1).await);
        for (db, name) in [(&a, "a"), (&b, "b")] {
            db.execute("CREATE TABLE who (name TEXT)").await.unwrap();
            sqlx::query("INSERT INTO who VALUES ($1)").bind(name).execute(db).await.unwrap();
        }
        let (mut of_a, mut of_b) = (a.acquire().await.unwrap(), b.acquire().await.unwrap());
        std::mem::swap(&mut *of_a, &mut *of_b);
        drop((of_a, of_b));
        let (mut of_a, mut of_b) = (a.begin().await.unwrap(), b.begin().await.unwrap());
        std::mem::swap(&mut *of_a, &mut *of_b);
        of_a.commit().await.unwrap();
        of_b.commit().await.unwrap();
        for (db, name) in [(&a, "a"), (&b, "b")] {
            let found: String = sqlx::query_scalar("SELECT name FROM who").fetch_one(db).await.unwrap();
            assert_eq!(found, name);
        }
    }

    async fn connections_swapped_between_two_tenants_reach_nobody_who_waits_for_them(place: Place) {
        const WHO: &str = "SELECT name FROM who";
        async fn asked_in_every_way(db: Db<Engine>) -> [String; 3] {
            let by_transaction = async {
                let mut tx = db.begin().await.unwrap();
                sqlx::query_scalar(WHO).fetch_one(&mut *tx).await.unwrap()
            };
            let by_connection = async {
                let mut connection = db.acquire().await.unwrap();
                sqlx::query_scalar(WHO).fetch_one(&mut *connection).await.unwrap()
            };
            let by_statement = async { sqlx::query_scalar(WHO).fetch_one(&db).await.unwrap() };
            tokio::join!(by_transaction, by_statement, by_connection).into()
        }
        let (a, b) = (place.db(1).await, place.db(1).await);
        for (db, name) in [(&a, "a"), (&b, "b")] {
            db.execute("CREATE TABLE who (name TEXT)").await.unwrap();
            sqlx::query("INSERT INTO who VALUES ($1)").bind(name).execute(db).await.unwrap();
        }
        for _ in 0..5 {
            let (mut of_a, mut of_b) = (a.begin().await.unwrap(), b.begin().await.unwrap());
            let waiting = [(&a, "a"), (&b, "b")]
                .map(|(db, name)| (tokio::spawn(asked_in_every_way(db.clone())), name));
            tokio::time::sleep(std::time::Duration::from_millis(2)).await;
            std::mem::swap(&mut *of_a, &mut *of_b);
            of_a.commit().await.unwrap();
            of_b.commit().await.unwrap();
            for (found, name) in waiting {
                assert_eq!(found.await.unwrap(), [name, name, name]);
            }
        }
    }

    async fn a_begin_cut_off_leaves_nothing_to_who_waits_for_its_connection(place: Place) {
        let db = place.db(1).await;
        db.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)").await.unwrap();
        for round in 0..60_i64 {
            let cut = polled(db.begin(), 1 + usize::try_from(round).unwrap() % 6);
            let waiting = async {
                let mut tx = db.begin().await.unwrap();
                sqlx::query("INSERT INTO t VALUES ($1)").bind(round).execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
            };
            tokio::join!(async { drop(cut.await) }, waiting);
        }
        let seen: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM t").fetch_one(&db).await.unwrap();
        assert_eq!(seen, 60);
    }
}

/// The statement that begins it after another must not have taken a snapshot in it.
#[tokio::test]
async fn a_transaction_right_after_another_may_choose_its_isolation() {
    let place = PostgresPlace::new().await;
    let db = place.db(1).await;
    let in_turn = (0..8).map(|_| async {
        let mut tx = db.begin().await.unwrap();
        tx.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            .await
            .unwrap();
        tx.execute("SELECT 1").await.unwrap();
        tx.commit().await.unwrap();
    });
    futures_util::future::join_all(in_turn).await;
    place.clear().await.unwrap();
}

/// Waits until nobody works at this on the server any more.
async fn ended_at_the_server(work: &str) {
    let mut observer = PostgresPlace::connect().await;
    eventually("the server works at it no more", async || {
        let at_work =
            "SELECT COUNT(*) FROM pg_stat_activity WHERE query LIKE $1 AND pid <> pg_backend_pid()";
        let at_work = sqlx::query_scalar(at_work).bind(format!("%{work}%"));
        let at_work: i64 = at_work.fetch_one(&mut observer).await.unwrap();
        at_work == 0
    })
    .await;
}

/// With a budget of one there is nothing left to send a cancellation by.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cut_off_ends_at_the_server_and_its_place_is_free() {
    let place = PostgresPlace::new().await;
    let db = place.db(1).await;
    let soon = std::time::Duration::from_millis(100);
    let query = tokio::time::timeout(soon, db.execute("SELECT pg_sleep(3601)"));
    assert!(query.await.is_err(), "it was cut off");
    ended_at_the_server("pg_sleep(3601)").await;
    db.execute("SELECT 1").await.unwrap();

    let mut tx = db.begin().await.unwrap();
    let query = tokio::time::timeout(soon, tx.execute("SELECT pg_sleep(3602)"));
    assert!(query.await.is_err(), "it was cut off");
    drop(tx);
    ended_at_the_server("pg_sleep(3602)").await;
    db.execute("SELECT 1").await.unwrap();
}
