//! A platform whose tenants' users are the application's own: nothing of ours in their databases.

use async_trait::async_trait;
use multitenant_core::catalog::{Actor, Change, Idempotency, NewTenant, TenantRow};
use multitenant_core::directory::TenantStatus;
use multitenant_core::engine::provisioner::ProvisionerError;
use multitenant_core::on;
use multitenant_core::platform::PlatformError;
use multitenant_core::provision::{OnCreate, TenantRequest};
use multitenant_core::tenant::{AnySql, Tenant};
use multitenant_core::{Code, Problem};
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Executor, PgPool, SqlSafeStr, SqlitePool};

use crate::common::SqlitePlace;

fn migrations() -> Migrator {
    let users = "CREATE TABLE users (email TEXT NOT NULL)".into_sql_str();
    let first = Migration::new(1, "users".into(), MigrationType::Simple, users, false);
    Migrator::with_migrations(vec![first])
}

struct FirstUser;

#[async_trait]
impl OnCreate for FirstUser {
    async fn on_create(
        &self,
        tenant: &TenantRow,
        db: &AnySql,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        let insert = "INSERT INTO users VALUES ($1)";
        on!(db, db => sqlx::query(insert).bind(&tenant.admin_email).execute(db).await.map(drop))?;
        Ok(())
    }
}

fn request() -> TenantRequest {
    let email: multitenant_core::Email = "ann@example.com".parse().unwrap();
    let mut tenant = NewTenant::new("acme".parse().unwrap(), "Acme", "free");
    tenant.admin_email = Some(email.to_string());
    TenantRequest {
        tenant,
        admin_email: email,
        admin_name: "Ann".to_owned(),
    }
}

async fn tables(tenant: &Tenant) -> Vec<String> {
    let db = tenant.any_sql().unwrap();
    let tables = match &db {
        AnySql::Postgres(_) => {
            "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
        }
        AnySql::Sqlite(_) => "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY 1",
    };
    on!(&db, db => sqlx::query_scalar(tables).fetch_all(db).await).unwrap()
}

async fn add_more_on_postgres(pool: PgPool) -> sqlx::Result<()> {
    pool.execute("CREATE TABLE IF NOT EXISTS more (id INTEGER)")
        .await
        .map(drop)
}

async fn add_more_on_sqlite(pool: SqlitePool) -> sqlx::Result<()> {
    pool.execute("CREATE TABLE IF NOT EXISTS more (id INTEGER)")
        .await
        .map(drop)
}

on_both_engines! {
    async fn a_tenants_database_holds_nothing_of_ours(place: Place) {
        let platform = place.platform().schema(migrations());
        let platform = if std::any::TypeId::of::<Engine>() == std::any::TypeId::of::<sqlx::Postgres>() {
            platform.schema_fn("1", add_more_on_postgres)
        } else {
            platform.schema_fn("1", add_more_on_sqlite)
        };
        let platform = platform.without_accounts().on_create(FirstUser).start().await.unwrap();
        let change = Change::by(Actor::System);
        let idempotency = Idempotency::new("once", b"acme").unwrap();
        let asked = request();
        let made = platform.provisioning().create(&change, &asked, Some(&idempotency)).await.unwrap();
        assert_eq!(made.tenant.status, TenantStatus::Active);
        assert!(made.temporary_password.is_none());
        let again = platform.provisioning().create(&change, &request(), Some(&idempotency)).await.unwrap();
        assert_eq!(again.tenant.id, made.tenant.id);
        assert!(again.temporary_password.is_none());

        let tenant = platform.tenant(made.tenant.id).await.unwrap();
        assert_eq!(tables(&tenant).await, ["_sqlx_migrations", "more", "users"]);
        let db = tenant.any_sql().unwrap();
        let users: Vec<String> = on!(&db, db => sqlx::query_scalar("SELECT email FROM users").fetch_all(db).await).unwrap();
        assert_eq!(users, ["ann@example.com"]);
        drop((db, tenant));
        platform.provisioning().delete(&change, made.tenant.id).await.unwrap();
        // What is left of a tenant is looked for by its id, which so is nobody's ever again.
        let again = platform.provisioning().create(&change, &asked, None).await.err().unwrap();
        assert_eq!(Problem::from(&again).code, Code::Conflict, "{again}");
        assert!(platform.shut_down(std::time::Duration::from_secs(5)).await);
    }
}

#[allow(clippy::panic, reason = "it is what the test is about")]
async fn panics(_: SqlitePool) -> sqlx::Result<()> {
    panic!("as an application's function may")
}

#[tokio::test]
async fn a_function_that_panics_fails_the_start_and_not_the_process() {
    let place = SqlitePlace::new().await;
    let platform = place.platform().schema_fn("1", panics);
    let error = platform.without_accounts().start().await.err().unwrap();
    assert!(
        matches!(
            error,
            PlatformError::Provisioner(ProvisionerError::Function { .. })
        ),
        "{error:?}"
    );
}
