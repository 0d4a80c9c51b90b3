//! An application that migrates by a function of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use multitenant_core::engine::AnyPool;
use multitenant_core::engine::provisioner::{
    DatabaseName, MigrationSet, ProvisionerError, Schema, Step,
};
use multitenant_core::on;
use multitenant_core::testing::eventually;
use sqlx::{Executor, PgPool, SqlitePool};
use tokio::sync::Semaphore;

use super::world::{World, migrator, on_each_engine, on_postgres};

on_each_engine! {
    a_function_migrates_in_place_of_a_migrator,
    another_version_of_a_function_is_another_template,
    a_function_and_a_migrator_follow_each_other,
    a_function_that_fails_is_named_and_leaves_no_template,
    a_database_holds_what_its_schema_makes_and_nothing_of_ours,
    one_caller_at_a_time_migrates_a_tenant,
}

on_postgres! {
    what_a_function_makes_belongs_to_the_owner_and_a_tenant_may_only_use_it,
    a_function_for_another_engine_is_refused,
    what_counts_the_migrations_of_a_function_can_be_read_and_not_written,
    whoever_migrates_next_waits_for_what_a_function_that_was_cut_off_still_does,
}

const NOTES: &str = "CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY)";
const MORE: &str = "CREATE TABLE IF NOT EXISTS more (id INTEGER PRIMARY KEY)";

/// A function as an application has it, over a pool, which it uses twice at once.
macro_rules! migrating {
    ($pool:ty, $statement:expr) => {
        move |pool: $pool| async move {
            let mut tx = pool.begin().await?;
            tx.execute($statement).await?;
            pool.execute("SELECT 1").await?;
            tx.commit().await
        }
    };
}

fn by_function(world: &World, version: &'static str, statement: &'static str) -> MigrationSet {
    if world.is_postgres() {
        MigrationSet::function("own", version, migrating!(PgPool, statement))
    } else {
        MigrationSet::function("own", version, migrating!(SqlitePool, statement))
    }
}

async fn tables(pool: &AnyPool) -> Vec<String> {
    let tables = match pool {
        AnyPool::Postgres(_) => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        }
        AnyPool::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
    };
    on!(pool, pool => sqlx::query_scalar(tables).fetch_all(pool).await).unwrap()
}

async fn tables_of_a_tenant(world: &World, schema: &Schema) -> Vec<String> {
    let template = world.provisioner().ensure_template(schema).await.unwrap();
    let tenant = world.tenant_from(&template).await;
    let pool = world.connect(&tenant.url).await.unwrap();
    let tables = tables(&pool).await;
    on!(pool, pool => pool.close().await);
    tables
}

async fn a_function_migrates_in_place_of_a_migrator(world: &World) {
    let schema = Schema::default().with(by_function(world, "1", NOTES));
    let template = world.provisioner().ensure_template(&schema).await.unwrap();
    let tenant = world.tenant_from(&template).await;
    let grown = Schema::default().with(by_function(world, "2", MORE));
    for _ in 0..2 {
        let migrated = world.provisioner().migrate(tenant.id, &grown).await;
        migrated.unwrap();
    }
    let pool = world.connect(&tenant.url).await.unwrap();
    assert_eq!(tables(&pool).await, ["more", "notes"]);
    on!(pool, pool => pool.close().await);
}

async fn another_version_of_a_function_is_another_template(world: &World) {
    let provisioner = world.provisioner();
    let one = Schema::default().with(by_function(world, "1", NOTES));
    let two = Schema::default().with(by_function(world, "2", MORE));
    let first = provisioner.ensure_template(&one).await.unwrap();
    assert_eq!(provisioner.ensure_template(&one).await.unwrap(), first);
    assert_ne!(provisioner.ensure_template(&two).await.unwrap(), first);
}

async fn a_function_and_a_migrator_follow_each_other(world: &World) {
    let first = migrator(&["CREATE TABLE first (id INTEGER PRIMARY KEY)"]);
    let schema = Schema::default()
        .with(MigrationSet::new("application", first))
        .with(by_function(
            world,
            "1",
            "CREATE TABLE second AS SELECT * FROM first",
        ));
    let tables = tables_of_a_tenant(world, &schema).await;
    assert_eq!(tables, ["_sqlx_migrations", "first", "second"]);
}

async fn a_function_that_fails_is_named_and_leaves_no_template(world: &World) {
    let broken = Schema::default().with(by_function(world, "1", "CREATE NONSENSE"));
    for _ in 0..2 {
        let failed = world.provisioner().ensure_template(&broken).await;
        assert!(
            matches!(&failed, Err(ProvisionerError::Function { step: Step::Template, set, .. }) if set == "own"),
            "{failed:?}"
        );
    }
}

async fn a_database_holds_what_its_schema_makes_and_nothing_of_ours(world: &World) {
    let own = migrator(&["CREATE TABLE users (id INTEGER PRIMARY KEY)"]);
    let schema = Schema::default().with(MigrationSet::new("application", own));
    let tables = tables_of_a_tenant(world, &schema).await;
    assert_eq!(tables, ["_sqlx_migrations", "users"]);
}

async fn what_a_function_makes_belongs_to_the_owner_and_a_tenant_may_only_use_it(world: &World) {
    let schema = Schema::default().with(by_function(world, "1", NOTES));
    let template = world.provisioner().ensure_template(&schema).await.unwrap();
    let tenant = world.tenant_from(&template).await;
    let AnyPool::Postgres(pool) = world.connect(&tenant.url).await.unwrap() else {
        panic!("this test is for Postgres");
    };
    let owner = "SELECT tableowner::text FROM pg_tables WHERE tablename = 'notes'";
    let owner: String = sqlx::query_scalar(owner).fetch_one(&pool).await.unwrap();
    assert_eq!(owner, world.server().role("owner"));
    pool.execute("INSERT INTO notes VALUES (1)").await.unwrap();
    assert!(pool.execute("DROP TABLE notes").await.is_err());
    pool.close().await;
}

async fn a_function_for_another_engine_is_refused(world: &World) {
    let sqlite = MigrationSet::function("own", "1", migrating!(SqlitePool, NOTES));
    let schema = Schema::default().with(sqlite);
    let failed = world
        .provisioner()
        .ensure_template(&schema)
        .await
        .unwrap_err();
    let ProvisionerError::Function { source, .. } = failed else {
        panic!("{failed:?}");
    };
    assert!(source.to_string().contains("another engine"), "{source}");
}

/// How many are at it, and were at most.
#[derive(Clone, Default)]
struct Inside {
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

macro_rules! counting {
    ($pool:ty, $inside:expr) => {{
        let inside: Inside = $inside;
        move |pool: $pool| {
            let inside = inside.clone();
            async move {
                let now = inside.now.fetch_add(1, Ordering::SeqCst) + 1;
                inside.most.fetch_max(now, Ordering::SeqCst);
                for _ in 0..100 {
                    pool.execute("SELECT 1").await?;
                }
                inside.now.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, sqlx::Error>(())
            }
        }
    }};
}

async fn one_caller_at_a_time_migrates_a_tenant(world: &World) {
    let inside = Inside::default();
    let set = match world.is_postgres() {
        true => MigrationSet::function("own", "1", counting!(PgPool, inside.clone())),
        false => MigrationSet::function("own", "1", counting!(SqlitePool, inside.clone())),
    };
    let schema = Schema::default().with(set);
    let template = world.provisioner().ensure_template(&schema).await.unwrap();
    let tenant = world.tenant_from(&template).await.id;
    let nodes = [world.another_node(), world.another_node()];
    let callers = [&nodes[0], &nodes[1], &nodes[0], &nodes[1]];
    let migrating = callers.map(|node| node.migrate(tenant, &schema));
    for migrated in futures_util::future::join_all(migrating).await {
        migrated.unwrap();
    }
    assert_eq!(inside.most.load(Ordering::SeqCst), 1);
}

async fn what_counts_the_migrations_of_a_function_can_be_read_and_not_written(world: &World) {
    let function = async |pool: PgPool| {
        migrator(&[NOTES]).run(&pool).await?;
        pool.execute("CREATE TABLE IF NOT EXISTS history (version INTEGER)")
            .await?;
        Ok::<_, sqlx::migrate::MigrateError>(())
    };
    let set = MigrationSet::function("own", "1", function);
    let schema = Schema::default().with(set).read_only("history");
    let template = world.provisioner().ensure_template(&schema).await.unwrap();
    let tenant = world.tenant_from(&template).await;
    let AnyPool::Postgres(pool) = world.connect(&tenant.url).await.unwrap() else {
        panic!("this test is for Postgres");
    };
    let applied: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM _sqlx_migrations")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(applied, 1);
    pool.execute("SELECT * FROM history").await.unwrap();
    for refused in [
        "DELETE FROM _sqlx_migrations",
        "UPDATE _sqlx_migrations SET version = 9",
        "INSERT INTO history VALUES (9)",
        "DELETE FROM history",
    ] {
        assert!(pool.execute(refused).await.is_err(), "{refused}");
    }
    pool.close().await;
    let missing = schema.read_only("nowhere");
    let missing = world.provisioner().migrate(tenant.id, &missing).await;
    assert!(
        matches!(&missing, Err(ProvisionerError::TableMissing { table }) if table == "nowhere"),
        "{missing:?}"
    );
}

async fn whoever_migrates_next_waits_for_what_a_function_that_was_cut_off_still_does(
    world: &World,
) {
    const WAITING: &str = "SELECT COUNT(*) FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database \
         WHERE locktype = 'advisory' AND NOT granted AND datname = $1";
    let (entered, go) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let parts = (Arc::clone(&entered), Arc::clone(&go));
    // It works in a task of its own, which goes on when its caller is cut off.
    let function = move |pool: PgPool| {
        let (entered, go) = parts.clone();
        let working = async move {
            let mut connection = pool.acquire().await?;
            entered.add_permits(1);
            go.acquire().await.unwrap().forget();
            connection.execute("SELECT 1").await.map(drop)
        };
        async move { tokio::spawn(working).await.unwrap() }
    };
    let plain = Schema::default().with(by_function(world, "1", NOTES));
    let template = world.provisioner().ensure_template(&plain).await.unwrap();
    let tenant = world.tenant_from(&template).await.id;
    let slow = Schema::default().with(MigrationSet::function("own", "2", function));
    let node = world.another_node();
    let cut_off = tokio::spawn(async move { node.migrate(tenant, &slow).await });
    entered.acquire().await.unwrap().forget();
    cut_off.abort();

    let next = world.another_node();
    let next = tokio::spawn(async move { next.migrate(tenant, &plain).await });
    let database = DatabaseName::of_tenant(tenant).to_string();
    let mut admin = world.server().admin().await;
    eventually("the next waits", async || {
        let waiting = sqlx::query_scalar(WAITING).bind(&database);
        let waiting: i64 = waiting.fetch_one(&mut admin).await.unwrap();
        waiting == 1
    })
    .await;
    assert!(!next.is_finished());
    go.add_permits(1);
    next.await.unwrap().unwrap();
}
