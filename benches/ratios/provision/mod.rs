//! Making a tenant, whole and step by step, beside what the server's own statements take.

mod steps;

use std::time::{Duration, Instant};

use criterion::Criterion;
use multitenant_core::accounts;
use multitenant_core::catalog::{Actor, Change, NewTenant};
use multitenant_core::platform::Platform;
use multitenant_core::provision::{CreatedTenant, TenantRequest};
use multitenant_core::testing::Place;
use sqlx::{Connection, PgConnection};
use tokio::runtime::Runtime;
use uuid::Uuid;

use self::steps::{Step, Steps};
use crate::contest::Contest;
use crate::permission::permissions::REGISTRY;
use crate::place::{connect, execute, server_url};
use crate::report::{Report, Target};

pub(crate) fn run(runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    let place = Place::sqlite().expect("a temporary folder");
    on_sqlite(&place, runtime, criterion, report);
    if let Some(url) = server_url() {
        let place = Place::postgres(url.clone());
        on_postgres(&place, &url, runtime, criterion, report);
        runtime.block_on(place.clear()).expect("nothing is left");
    }
}

fn on_sqlite(place: &Place, runtime: &Runtime, criterion: &mut Criterion, report: &mut Report) {
    let started = runtime.block_on(place.platform(REGISTRY).start());
    let platform = started.expect("a platform");
    let provisioner = place.provisioner().expect("a folder of tenants");
    let steps = Steps::new(&platform, provisioner, accounts::sqlite_schema());
    let contest = Contest::of("SQLite: a new tenant", |times| {
        runtime.block_on(tenants(&platform, times))
    });
    with_steps(contest.within(Duration::from_millis(10)), &steps, runtime).run(criterion, report);
    runtime.block_on(platform.shut_down(Duration::from_secs(5)));
}

fn on_postgres(
    place: &Place,
    url: &str,
    runtime: &Runtime,
    criterion: &mut Criterion,
    report: &mut Report,
) {
    let started = runtime.block_on(place.platform(REGISTRY).start());
    let platform = started.expect("a platform");
    let provisioner = place.provisioner().expect("a provisioner");
    let schema = accounts::postgres_schema();
    let template = format!("mt_template_{}", schema.version());
    let steps = Steps::new(&platform, provisioner, schema);
    let mut admin = runtime.block_on(connect(url));
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
        let created = create(platform, &slug).await;
        taken += began.elapsed();
        let provisioning = platform.provisioning();
        let deleted = provisioning.delete(&change(), created.tenant.id).await;
        deleted.expect("a deleted tenant");
    }
    taken
}

fn change() -> Change {
    Change::by(Actor::System).in_request("bench")
}

async fn create(platform: &Platform, slug: &str) -> CreatedTenant {
    let request = TenantRequest {
        tenant: NewTenant::new(slug.parse().expect("a slug"), slug, "BASIC"),
        admin_email: "admin@example.com".parse().expect("an address"),
        admin_name: "Admin".to_owned(),
    };
    let provisioning = platform.provisioning();
    let created = provisioning.create(&change(), &request, None).await;
    created.expect("a new tenant")
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
