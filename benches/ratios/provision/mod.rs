//! Making a tenant, whole and step by step, beside what the server's own statements take.

mod steps;

use std::time::{Duration, Instant};

use criterion::Criterion;
use multitenant_core::accounts;
use multitenant_core::engine::provisioner::{PostgresProvisioner, SqliteProvisioner};
use multitenant_core::platform::Platform;
use sqlx::{Connection, PgConnection};
use tempfile::TempDir;
use tokio::runtime::Runtime;
use uuid::Uuid;

use self::steps::{Step, Steps};
use crate::contest::Contest;
use crate::place::{Server, execute};
use crate::platform;
use crate::report::{Report, Target};

pub(crate) fn run(runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    let folder = TempDir::new().expect("a temporary folder");
    on_sqlite(&folder, runtime, criterion, report);
    if let Some(mut server) = Server::from_environment() {
        on_postgres(&mut server, runtime, criterion, report);
        runtime.block_on(server.clear());
    }
}

fn on_sqlite(folder: &TempDir, runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    let data = folder.path().join("data");
    let started = runtime.block_on(platform::on_sqlite(&data).start());
    let platform = started.expect("a platform");
    let provisioner = SqliteProvisioner::open(data.join("tenants")).expect("a folder of tenants");
    let steps = Steps::new(&platform, Box::new(provisioner), accounts::sqlite_schema());
    let contest = Contest::of("SQLite: a new tenant", |times| {
        runtime.block_on(tenants(&platform, times))
    });
    with_steps(contest.within(Duration::from_millis(10)), &steps, runtime).run(criterion, report);
    runtime.block_on(platform.shut_down(Duration::from_secs(5)));
}

fn on_postgres(
    server: &mut Server,
    runtime: &Runtime,
    criterion: &mut Criterion,
    report: &mut Report,
) {
    let builder = platform::on_postgres(server.new_url(), server.admin_url());
    let platform = runtime.block_on(builder.start()).expect("a platform");
    let provisioner = PostgresProvisioner::new(&server.admin_url()).expect("a provisioner");
    let schema = accounts::postgres_schema();
    let template = format!("mt_template_{}", schema.version());
    let steps = Steps::new(&platform, Box::new(provisioner), schema);
    let server = &*server;
    let mut admin = runtime.block_on(server.connect());
    let contest = Contest::of("Postgres: a new tenant", |times| {
        runtime.block_on(tenants(&platform, times))
    })
    .against(
        "CREATE DATABASE … TEMPLATE, CREATE ROLE",
        Target::AtMost(1.5),
        |times| runtime.block_on(bare_databases(&mut admin, &template, times)),
    );
    with_steps(contest, &steps, runtime).run(criterion, report);
    runtime.block_on(platform.shut_down(Duration::from_secs(5)));
    runtime.block_on(admin.close()).expect("an end");
}

fn with_steps<'a>(contest: Contest<'a>, steps: &'a Steps, runtime: &'a Runtime) -> Contest<'a> {
    let add = |contest: Contest<'a>, (name, step): (&str, Step)| {
        contest.part(name, move |times| {
            runtime.block_on(steps.times(step, times))
        })
    };
    let all = [
        ("the catalog's rows", Step::Catalog),
        ("the login", Step::Login),
        ("the database", Step::Database),
        ("a connection, roles and first admin", Step::Seed),
    ];
    all.into_iter().fold(contest.samples(20), add)
}

/// Tenants made whole; each is deleted again when the clock stands.
async fn tenants(platform: &Platform, times: u64) -> Duration {
    let mut taken = Duration::ZERO;
    for _ in 0..times {
        let slug = format!("t-{}", Uuid::now_v7().simple());
        let began = Instant::now();
        let created = platform::create(platform, &slug).await;
        taken += began.elapsed();
        let provisioning = platform.provisioning();
        let deleted = provisioning
            .delete(&platform::change(), created.tenant.id)
            .await;
        deleted.expect("a deleted tenant");
    }
    taken
}

async fn bare_databases(admin: &mut PgConnection, template: &str, times: u64) -> Duration {
    let mut taken = Duration::ZERO;
    for _ in 0..times {
        let name = format!("bench_bare_{}", Uuid::now_v7().simple());
        let began = Instant::now();
        execute(admin, format!("CREATE DATABASE {name} TEMPLATE {template}")).await;
        execute(admin, format!("CREATE ROLE {name} LOGIN PASSWORD '{name}'")).await;
        taken += began.elapsed();
        execute(admin, format!("DROP DATABASE {name}")).await;
        execute(admin, format!("DROP ROLE {name}")).await;
    }
    taken
}
