//! Whatever compiled with `&pool` compiles with `&db`, and does the same.

use futures_util::TryStreamExt;
use sqlx::{Acquire, Executor, Row};

on_both_engines! {
    async fn queries_run_on_the_handle(place: Place) {
        let db = place.db(2).await;
        sqlx::raw_sql("CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT NOT NULL)")
            .execute(&db).await.unwrap();
        sqlx::query("INSERT INTO t (id, name) VALUES ($1, $2)")
            .bind(1_i64).bind("one").execute(&db).await.unwrap();
        #[derive(sqlx::FromRow)]
        struct T { id: i64, name: String }
        let t: T = sqlx::query_as("SELECT name, id FROM t WHERE id = $1")
            .bind(1_i64).fetch_one(&db).await.unwrap();
        assert_eq!((t.id, t.name.as_str()), (1, "one"));
        let none = sqlx::query("SELECT id FROM t WHERE id = 2").fetch_optional(&db).await.unwrap();
        assert!(none.is_none());
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM t").fetch_one(&db).await.unwrap();
        assert_eq!(count, 1);
    }

    async fn a_stream_dropped_midway_leaves_the_connection_usable(place: Place) {
        let db = place.db(1).await;
        let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i FROM n";
        {
            let mut rows = sqlx::query(numbers).fetch(&db);
            assert!(rows.try_next().await.unwrap().is_some());
        }
        let all = sqlx::query(numbers).fetch_all(&db).await.unwrap();
        assert_eq!(all.len(), 5000);
    }

    async fn a_transaction_is_sqlxs_own(place: Place) {
        async fn add(tx: &mut sqlx::Transaction<'_, Engine>, id: i64) {
            sqlx::query("INSERT INTO t (id) VALUES ($1)").bind(id).execute(&mut **tx).await.unwrap();
        }
        let db = place.db(2).await;
        db.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)").await.unwrap();
        let mut tx: sqlx::Transaction<'static, Engine> = db.begin().await.unwrap();
        add(&mut tx, 1).await;
        let mut savepoint = tx.begin().await.unwrap();
        add(&mut savepoint, 2).await;
        savepoint.rollback().await.unwrap();
        tx.commit().await.unwrap();
        let dropped = db.begin().await.unwrap();
        let mut dropped = dropped;
        add(&mut dropped, 3).await;
        drop(dropped);
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t ORDER BY id").fetch_all(&db).await.unwrap();
        assert_eq!(ids, [1]);
    }

    async fn generic_code_takes_the_handle(place: Place) {
        async fn by_executor<'e, E: Executor<'e, Database = Engine>>(executor: E) -> i64 {
            let row = executor.fetch_one("SELECT 7").await.unwrap();
            row.try_get::<i64, _>(0).or_else(|_| row.try_get::<i32, _>(0).map(i64::from)).unwrap()
        }
        async fn by_acquire<'a, A: Acquire<'a, Database = Engine>>(acquire: A) {
            let mut connection = acquire.acquire().await.unwrap();
            let mut tx = (&mut *connection).begin().await.unwrap();
            (&mut *tx).execute("SELECT 1").await.unwrap();
            tx.commit().await.unwrap();
        }
        let db = place.db(2).await;
        assert_eq!(by_executor(&db).await, 7);
        by_acquire(&db).await;
        let mut connection = db.acquire().await.unwrap();
        assert_eq!(by_executor(&mut *connection).await, 7);
        let spawned = db.clone();
        tokio::spawn(async move { spawned.execute("SELECT 1").await.unwrap() }).await.unwrap();
    }

    async fn migrations_run_on_the_handle(place: Place) {
        use sqlx::migrate::{Migration, MigrationType, Migrator};
        let db = place.db(2).await;
        let table = Migration::new(
            1, "table".into(), MigrationType::Simple,
            sqlx::SqlSafeStr::into_sql_str("CREATE TABLE t (id BIGINT PRIMARY KEY)"), false,
        );
        Migrator::with_migrations(vec![table]).run(&db).await.unwrap();
        db.execute("INSERT INTO t (id) VALUES (1)").await.unwrap();
    }

    async fn statements_are_prepared_on_the_handle(place: Place) {
        let db = place.db(1).await;
        let statement = (&db).prepare(sqlx::SqlSafeStr::into_sql_str("SELECT 1 WHERE 1 = $1")).await.unwrap();
        drop(statement);
        assert!(db.try_acquire().unwrap().is_some());
    }

    async fn a_handle_made_from_a_pool_is_the_same_handle(place: Place) {
        let data = place.data().await;
        let url = secrecy::ExposeSecret::expose_secret(&data.url);
        let pool = sqlx::Pool::<Engine>::connect(url).await.unwrap();
        let db = multitenant_core::tenant::Db::from(pool.clone());
        db.execute("CREATE TABLE t (id BIGINT PRIMARY KEY)").await.unwrap();
        let mut tx = db.begin().await.unwrap();
        tx.execute("INSERT INTO t VALUES (1)").await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(sqlx::query("SELECT id FROM t").fetch_all(&db).await.unwrap().len(), 1);
        pool.close().await;
    }
}
