//! What holds on either engine.

use std::time::Duration;

use multitenant_core::TenantId;
use multitenant_core::engine::AnyPool;
use multitenant_core::engine::provisioner::{
    DatabaseState, LoginPassword, Provisioner, ProvisionerError, Schema, Step,
};
use multitenant_core::on;

use super::world::{World, on_each_engine, schema, schema_with};

on_each_engine! {
    a_tenant_comes_works_and_goes_without_a_trace,
    every_step_may_be_repeated_and_keeps_the_data,
    steps_cut_off_at_any_moment_converge,
    a_template_cut_off_at_any_moment_is_never_taken_for_a_whole_one,
    many_callers_at_once_build_one_template,
    two_tenants_share_nothing,
    another_schema_is_another_template,
    migrating_brings_an_old_tenant_to_the_new_schema,
    a_failing_migration_names_its_set_and_keeps_those_before,
    a_failing_migration_leaves_no_template,
    a_login_is_not_dropped_before_its_database,
    what_is_missing_is_said,
    the_list_finds_what_there_is_and_nothing_else,
}

async fn insert(pool: &AnyPool) {
    let done = on!(pool, p => sqlx::query("INSERT INTO invoices (id, total) VALUES (1, 100)")
        .execute(p).await.map(|_| ()));
    done.unwrap();
}

async fn count(pool: &AnyPool) -> i64 {
    on!(pool, p => sqlx::query_scalar("SELECT COUNT(*) FROM invoices").fetch_one(p).await).unwrap()
}

async fn close(pool: &AnyPool) {
    on!(pool, p => p.close().await);
}

async fn a_tenant_comes_works_and_goes_without_a_trace(world: &World) {
    let tenant = world.tenant().await;
    let pool = world.connect(&tenant.url).await.unwrap();
    insert(&pool).await;
    assert_eq!(count(&pool).await, 1);
    close(&pool).await;

    let provisioner = world.provisioner();
    let footprint = provisioner.inspect(tenant.id).await.unwrap();
    assert_eq!(footprint.database, Some(DatabaseState::Open));
    provisioner.drop_database(tenant.id).await.unwrap();
    provisioner.drop_login(tenant.id).await.unwrap();
    assert!(provisioner.inspect(tenant.id).await.unwrap().is_gone());
    assert!(world.connect(&tenant.url).await.is_err());
}

async fn every_step_may_be_repeated_and_keeps_the_data(world: &World) {
    let provisioner = world.provisioner();
    let tenant = world.tenant().await;
    let pool = world.connect(&tenant.url).await.unwrap();
    insert(&pool).await;

    provisioner.prepare().await.unwrap();
    let template = provisioner.ensure_template(&schema()).await.unwrap();
    provisioner
        .create_login(tenant.id, &tenant.password)
        .await
        .unwrap();
    provisioner
        .create_database(tenant.id, &template)
        .await
        .unwrap();
    provisioner.migrate(tenant.id, &schema()).await.unwrap();
    provisioner.migrate(tenant.id, &schema()).await.unwrap();
    assert_eq!(count(&pool).await, 1);
    close(&pool).await;

    for _ in 0..2 {
        provisioner.end_sessions(tenant.id).await.unwrap();
        provisioner.drop_database(tenant.id).await.unwrap();
    }
    for _ in 0..2 {
        provisioner.drop_login(tenant.id).await.unwrap();
        provisioner.drop_template(&template).await.unwrap();
    }
    assert!(provisioner.inspect(tenant.id).await.unwrap().is_gone());
}

/// Cuts a step off after ever more time, until it is through, each time as another process would
/// find what the one before left, and perhaps still at work.
async fn cut_off<T>(
    world: &World,
    step: impl AsyncFn(&dyn Provisioner) -> Result<T, ProvisionerError>,
) -> T {
    for millis in [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233, 377] {
        let node = world.another_node();
        let time = Duration::from_millis(millis);
        if let Ok(done) = tokio::time::timeout(time, step(&*node)).await {
            return done.unwrap();
        }
    }
    step(world.provisioner()).await.unwrap()
}

async fn steps_cut_off_at_any_moment_converge(world: &World) {
    let template = world.template().await;
    let (tenant, password) = (TenantId::generate(), LoginPassword::generate().unwrap());
    let grown = schema_with(&["CREATE TABLE more (id INTEGER PRIMARY KEY)"]);

    cut_off(world, async |node| {
        node.create_login(tenant, &password).await
    })
    .await;
    cut_off(world, async |node| {
        node.create_database(tenant, &template).await
    })
    .await;
    cut_off(world, async |node| node.migrate(tenant, &grown).await).await;
    let url = world.provisioner().connect_data(tenant, &password);
    let pool = world.connect(&url).await.unwrap();
    insert(&pool).await;
    close(&pool).await;

    cut_off(world, async |node| node.drop_database(tenant).await).await;
    cut_off(world, async |node| node.drop_login(tenant).await).await;
    assert!(world.provisioner().inspect(tenant).await.unwrap().is_gone());
}

async fn a_template_cut_off_at_any_moment_is_never_taken_for_a_whole_one(world: &World) {
    let template = cut_off(world, async |node| node.ensure_template(&schema()).await).await;
    let tenant = world.tenant_from(&template).await;
    let pool = world.connect(&tenant.url).await.unwrap();
    assert_eq!(count(&pool).await, 0);
    close(&pool).await;
}

async fn many_callers_at_once_build_one_template(world: &World) {
    let nodes: Vec<_> = (0..3).map(|_| world.another_node()).collect();
    let schema = schema();
    let calls = nodes
        .iter()
        .chain(&nodes)
        .map(|node| node.ensure_template(&schema));
    let templates = futures_util::future::try_join_all(calls).await.unwrap();
    assert!(templates.iter().all(|template| *template == templates[0]));
    world.tenant_from(&templates[0]).await;
}

async fn two_tenants_share_nothing(world: &World) {
    let (a, b) = (world.tenant().await, world.tenant().await);
    let pool_a = world.connect(&a.url).await.unwrap();
    let pool_b = world.connect(&b.url).await.unwrap();
    insert(&pool_a).await;
    assert_eq!((count(&pool_a).await, count(&pool_b).await), (1, 0));
    close(&pool_a).await;
    close(&pool_b).await;
}

async fn another_schema_is_another_template(world: &World) {
    let old = world.template().await;
    let grown = schema_with(&["CREATE TABLE more (id INTEGER PRIMARY KEY)"]);
    let new = world.provisioner().ensure_template(&grown).await.unwrap();
    assert_ne!(old, new);
    world.tenant_from(&old).await;
    world.tenant_from(&new).await;
}

async fn migrating_brings_an_old_tenant_to_the_new_schema(world: &World) {
    let tenant = world.tenant().await;
    let grown = schema_with(&["ALTER TABLE invoices ADD COLUMN note TEXT"]);
    world
        .provisioner()
        .migrate(tenant.id, &grown)
        .await
        .unwrap();

    let pool = world.connect(&tenant.url).await.unwrap();
    let done = on!(&pool, p => sqlx::query("INSERT INTO invoices (id, total, note) VALUES (1, 2, 'x')")
        .execute(p).await.map(|_| ()));
    done.unwrap();
    close(&pool).await;
}

async fn a_failing_migration_names_its_set_and_keeps_those_before(world: &World) {
    let tenant = world.tenant().await;
    let broken = schema_with(&[
        "CREATE TABLE more (id INTEGER PRIMARY KEY)",
        "CREATE NONSENSE",
    ]);
    let failed = world.provisioner().migrate(tenant.id, &broken).await;
    assert!(
        matches!(&failed, Err(ProvisionerError::Migration { step: Step::Migrate, set, .. }) if set == "application"),
        "{failed:?}"
    );
    let mended = schema_with(&[
        "CREATE TABLE more (id INTEGER PRIMARY KEY)",
        "CREATE TABLE yet_more (id INTEGER PRIMARY KEY)",
    ]);
    world
        .provisioner()
        .migrate(tenant.id, &mended)
        .await
        .unwrap();
}

async fn a_failing_migration_leaves_no_template(world: &World) {
    let broken = schema_with(&["CREATE NONSENSE"]);
    for _ in 0..2 {
        let failed = world.provisioner().ensure_template(&broken).await;
        assert!(
            matches!(
                failed,
                Err(ProvisionerError::Migration {
                    step: Step::Template,
                    ..
                })
            ),
            "{failed:?}"
        );
    }
    world.tenant().await;
}

async fn a_login_is_not_dropped_before_its_database(world: &World) {
    let tenant = world.tenant().await;
    let refused = world.provisioner().drop_login(tenant.id).await;
    assert!(matches!(
        refused,
        Err(ProvisionerError::DatabaseRemains { .. })
    ));
}

async fn what_is_missing_is_said(world: &World) {
    let provisioner = world.provisioner();
    let (tenant, password) = (TenantId::generate(), LoginPassword::generate().unwrap());
    let missing = provisioner.migrate(tenant, &schema()).await;
    assert!(
        matches!(missing, Err(ProvisionerError::DatabaseMissing { .. })),
        "{missing:?}"
    );

    let template = provisioner
        .ensure_template(&Schema::default())
        .await
        .unwrap();
    provisioner.drop_template(&template).await.unwrap();
    provisioner.create_login(tenant, &password).await.unwrap();
    let missing = provisioner.create_database(tenant, &template).await;
    assert!(
        matches!(missing, Err(ProvisionerError::TemplateMissing { .. })),
        "{missing:?}"
    );
}

async fn the_list_finds_what_there_is_and_nothing_else(world: &World) {
    let provisioner = world.provisioner();
    assert_eq!(provisioner.list().await.unwrap(), []);
    let (a, b) = (world.tenant().await, world.tenant().await);
    let listed: Vec<_> = provisioner.list().await.unwrap();
    let inspected = [
        provisioner.inspect(a.id).await.unwrap(),
        provisioner.inspect(b.id).await.unwrap(),
    ];
    assert_eq!(listed, inspected);
}
