//! `assert_isolated` over a whole application, sound and with a leak of each kind.

use std::sync::{Arc, Mutex};

use axum::extract::RawQuery;
use axum::routing::{get, post};
use multitenant_axum::{AnySql, Guarded, Json, Path, Principal, Problem, Tested};
use multitenant_core::gate::Access;
use multitenant_core::platform::Platform;
use multitenant_core::testing::{Isolation, Party, TestPlatform, TestPlatformBuilder};
use multitenant_core::{Code, on, tenant};
use serde_json::Value;
use sqlx::SqlSafeStr;
use sqlx::migrate::{Migration, MigrationType, Migrator};

mod permissions {
    multitenant_core::permissions! {
        extends multitenant_core::rbac::access::REGISTRY;
        invoices: [READ, CREATE],
    }
}
use permissions::invoices;

const BODY: &str = r#"{"id": "an invoice made by a test"}"#;

fn migrations() -> Migrator {
    let table = "CREATE TABLE invoices (id TEXT PRIMARY KEY)".into_sql_str();
    let create = Migration::new(1, "invoices".into(), MigrationType::Simple, table, false);
    Migrator::with_migrations(vec![create])
}

async fn insert(db: &tenant::AnySql, id: &str) -> sqlx::Result<()> {
    on!(db, db => sqlx::query("INSERT INTO invoices VALUES ($1) ON CONFLICT DO NOTHING")
        .bind(id).execute(db).await.map(drop))
}

async fn all(db: &tenant::AnySql) -> sqlx::Result<Vec<String>> {
    on!(db, db => sqlx::query_scalar("SELECT id FROM invoices").fetch_all(db).await)
}

async fn list(AnySql(db): AnySql) -> Result<Json<Vec<String>>, Problem> {
    Ok(Json(all(&db).await?))
}

async fn create(AnySql(db): AnySql, Json(new): Json<Value>) -> Result<&'static str, Problem> {
    let id = new["id"].as_str().ok_or(Code::ValidationFailed)?;
    insert(&db, id).await?;
    Ok("made")
}

async fn show(AnySql(db): AnySql, Path(id): Path<String>) -> Result<String, Problem> {
    let found = all(&db).await?.into_iter().find(|known| *known == id);
    Ok(found.ok_or(Code::NotFound)?)
}

fn sound(platform: &Platform) -> Guarded {
    Guarded::new(platform.gate().clone())
        .public("/health", get(async || "healthy"))
        .route(
            Access::USER,
            "/me",
            get(async |who: Principal| who.subject().to_string()),
        )
        .route(invoices::READ, "/invoices", get(list))
        .route(invoices::CREATE, "/invoices", post(create))
        .route(invoices::READ, "/invoices/{id}", get(show))
}

/// The tenant that a query names, whoever asks.
async fn named(platform: &Platform, query: Option<String>) -> Result<tenant::AnySql, Problem> {
    let query = query.unwrap_or_default();
    let slug = query.strip_prefix("tenant=").ok_or(Code::NotFound)?;
    let slug = slug.parse().map_err(|_| Code::NotFound)?;
    let id = platform
        .tenants()
        .id_of(&slug)
        .await
        .map_err(|_| Code::NotFound)?;
    let tenant = platform.tenant(id.ok_or(Code::NotFound)?).await;
    Ok(tenant
        .map_err(|_| Code::NotFound)?
        .any_sql()
        .map_err(|_| Code::Internal)?)
}

fn reads_by_query(platform: &Platform) -> Guarded {
    let served = platform.clone();
    let report = async move |RawQuery(query): RawQuery| {
        let db = named(&served, query).await?;
        Ok::<_, Problem>(Json(all(&db).await?))
    };
    sound(platform).route(invoices::READ, "/report", get(report))
}

fn writes_by_query(platform: &Platform) -> Guarded {
    let served = platform.clone();
    let import = async move |RawQuery(query): RawQuery| {
        insert(&named(&served, query).await?, "imported").await?;
        Ok::<_, Problem>("done")
    };
    sound(platform).route(invoices::CREATE, "/import", post(import))
}

/// Remembers by a number what it has shown, and not for whom.
fn keeps_a_global_map(platform: &Platform) -> Guarded {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let recent = async move |AnySql(db): AnySql| {
        let rows = all(&db).await?;
        let mut seen = seen.lock().unwrap();
        seen.extend(rows);
        Ok::<_, Problem>(Json(seen.clone()))
    };
    sound(platform).route(invoices::READ, "/recent", get(recent))
}

async fn parties(kit: &TestPlatform) -> (Party, Party) {
    let party = async |slug: &str| {
        let tenant = kit.tenant(slug);
        let id = format!("invoice-of-{slug}");
        let db = tenant.handle().await.unwrap().any_sql().unwrap();
        insert(&db, &id).await.unwrap();
        tenant.party().await.unwrap().id(id)
    };
    (party("acme").await, party("globex").await)
}

async fn leaks(kit: TestPlatformBuilder, app: fn(&Platform) -> Guarded) -> Vec<String> {
    let kit = kit.tenants(["acme", "globex"]);
    let kit = kit.with(|platform| platform.schema(migrations()));
    let kit = kit.start().await.unwrap();
    let (acme, globex) = parties(&kit).await;
    let app = Tested::from(app(kit.platform()));
    let isolation = Isolation::of(&app).body("/invoices", BODY);
    let leaks = isolation.leaks(acme, globex).await;
    kit.end().await.unwrap();
    leaks.iter().map(ToString::to_string).collect()
}

fn kits() -> [TestPlatformBuilder; 2] {
    let server = std::env::var("TEST_POSTGRES_URL")
        .expect("set TEST_POSTGRES_URL, or run the tests by scripts/test, which starts a server");
    [
        TestPlatform::on_sqlite(permissions::REGISTRY),
        TestPlatform::on_postgres(server, permissions::REGISTRY),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sound_application_is_isolated() {
    for kit in kits() {
        assert_eq!(leaks(kit, sound).await, Vec::<String>::new());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_reads_what_a_query_names_is_found() {
    for kit in kits() {
        let leaks = leaks(kit, reads_by_query).await;
        let named = "GET /report: shows acme what is of globex: \"invoice-of-globex\" (asked GET /report?tenant=globex)";
        assert!(leaks.iter().any(|leak| leak == named), "{leaks:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_route_that_writes_where_a_query_says_is_found() {
    for kit in kits() {
        let leaks = leaks(kit, writes_by_query).await;
        let named = "POST /import: lets acme change rows of globex, in ";
        assert!(
            leaks.iter().any(|leak| leak.starts_with(named)),
            "{leaks:#?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_map_that_all_tenants_share_is_found() {
    for kit in kits() {
        let leaks = leaks(kit, keeps_a_global_map).await;
        let named = "GET /recent: shows globex what is of acme: \"invoice-of-acme\"";
        assert!(
            leaks.iter().any(|leak| leak.starts_with(named)),
            "{leaks:#?}"
        );
    }
}
