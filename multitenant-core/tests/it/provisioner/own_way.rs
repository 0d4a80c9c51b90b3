//! An application that migrates by a function of its own.

use multitenant_core::engine::AnyPool;
use multitenant_core::engine::provisioner::{MigrationSet, ProvisionerError, Schema, Step};
use multitenant_core::on;
use sqlx::{Executor, PgPool, SqlitePool};

use super::world::{World, migrator, on_each_engine, on_postgres};

on_each_engine! {
    a_function_migrates_in_place_of_a_migrator,
    another_version_of_a_function_is_another_template,
    a_function_and_a_migrator_follow_each_other,
    a_function_that_fails_is_named_and_leaves_no_template,
    a_database_holds_what_its_schema_makes_and_nothing_of_ours,
}

on_postgres! {
    what_a_function_makes_belongs_to_the_owner_and_a_tenant_may_only_use_it,
    a_function_for_another_engine_is_refused,
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
