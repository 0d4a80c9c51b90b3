//! The gate's decisions as they arrive over a socket.

use std::sync::atomic::Ordering;

use crate::common::{Ask, World, invoices};
use axum::extract::State;
use axum::routing::get;
use multitenant_axum::{Db, Guarded, HintedTenant, Principal, Problem, Tenant};
use multitenant_core::Code;
use multitenant_core::directory::TenantStatus;
use multitenant_core::gate::Access;
use multitenant_core::rbac::EnterpriseAction;
use sqlx::Sqlite;

async fn who(principal: Principal, tenant: Tenant) -> String {
    format!("{} at {}", principal.subject(), tenant.slug())
}

async fn staff(principal: Principal) -> String {
    principal.subject().to_string()
}

async fn names(Db(db): Db<Sqlite>) -> Result<String, Problem> {
    let names = sqlx::query_scalar("SELECT group_concat(name) FROM names");
    Ok(names.fetch_one(&db).await?)
}

async fn hint(HintedTenant(tenant): HintedTenant, State(greeting): State<&'static str>) -> String {
    format!("{greeting}, {}", tenant.is_some())
}

fn app(world: &World) -> axum::Router {
    Guarded::new(world.gate.clone())
        .public("/health", get(async || "healthy"))
        .route(Access::USER, "/who", get(who))
        .route(Access::USER, "/names", get(names))
        .route(invoices::CREATE, "/new", get(who))
        .route(Access::USER_BEFORE_PASSWORD_CHANGE, "/password", get(who))
        .route(Access::TenantHint, "/login", get(hint))
        .route(EnterpriseAction::Read, "/staff", get(staff))
        .route(EnterpriseAction::Administer, "/staff/new", get(staff))
        .into_router()
        .with_state("hello")
}

#[tokio::test]
async fn those_who_may_are_let_through() {
    let world = World::new().await;
    let server = world.serve(app(&world)).await;
    for (ask, expected) in [
        (Ask::get("/health"), "healthy"),
        (Ask::get("/health").by("nonsense"), "healthy"),
        (
            Ask::get("/who").by("viewer-of-a"),
            "viewer-of-a at tenant-a",
        ),
        (Ask::get("/new").by("admin-of-b"), "admin-of-b at tenant-b"),
        (Ask::get("/password").by("due-of-a"), "due-of-a at tenant-a"),
        (Ask::get("/staff").by("reader-of-staff"), "reader-of-staff"),
        (
            Ask::get("/login").header("x-tenant-id", "tenant-a"),
            "hello, true",
        ),
        (
            Ask::get("/login").header("x-tenant-id", "nobody-here"),
            "hello, false",
        ),
        (
            Ask::get("/login").header("host", "tenant-b.example.com:80"),
            "hello, true",
        ),
        (Ask::get("http://tenant-b.example.com/login"), "hello, true"),
    ] {
        let answer = server.ask(ask.clone()).await;
        assert_eq!(
            (answer.status, answer.text().as_str()),
            (200, expected),
            "{ask:?}"
        );
    }
}

#[tokio::test]
async fn a_refused_person_is_told_by_a_problem() {
    let world = World::new().await;
    let server = world.serve(app(&world)).await;
    for (ask, code) in [
        (Ask::get("/who"), Code::TokenMissing),
        (Ask::get("/who").by("nonsense"), Code::TokenInvalid),
        (
            Ask::get("/who").by("viewer-of-a").by("viewer-of-a"),
            Code::TokenInvalid,
        ),
        (
            Ask::get("/who").header("authorization", b"Bearer \xff".as_slice()),
            Code::TokenInvalid,
        ),
        (
            Ask::get("/who").header("authorization", "Bearer a, Bearer a"),
            Code::TokenInvalid,
        ),
        (Ask::get("/who").by("expired"), Code::TokenExpired),
        (Ask::get("/who").by("revoked"), Code::TokenRevoked),
        (Ask::get("/who").by("reader-of-staff"), Code::WrongRealm),
        (Ask::get("/staff").by("admin-of-a"), Code::WrongRealm),
        (
            Ask::get("/who").by("due-of-a"),
            Code::PasswordChangeRequired,
        ),
        (Ask::get("/new").by("viewer-of-a"), Code::PermissionDenied),
        (
            Ask::get("/staff/new").by("reader-of-staff"),
            Code::PermissionDenied,
        ),
        (Ask::get("/who").by("away"), Code::Unavailable),
    ] {
        server.refuses(ask, code).await;
    }
}

#[tokio::test]
async fn a_request_that_names_two_tenants_is_told_by_a_problem() {
    let world = World::new().await;
    let server = world.serve(app(&world)).await;
    let user = || Ask::get("/who").by("viewer-of-a");
    let login = || Ask::get("/login");
    server.refuses(login(), Code::TenantRequired).await;
    for ask in [
        user().header("x-tenant-id", "tenant-b"),
        user().header("x-tenant-id", b"\xff\xfe".as_slice()),
        user()
            .header("x-tenant-id", "tenant-a")
            .header("x-tenant-id", "tenant-a"),
        user().header("host", "tenant-b.example.com"),
        user()
            .header("host", "localhost")
            .header("host", "tenant-a.example.com"),
        Ask::get("http://x@tenant-b.example.com/who")
            .header("host", "tenant-a.example.com")
            .by("viewer-of-a"),
        login()
            .header("x-tenant-id", "tenant-a")
            .header("host", "tenant-b.example.com"),
    ] {
        server.refuses(ask, Code::TenantMismatch).await;
    }
}

#[tokio::test]
async fn a_tenant_that_is_not_served_is_said_to_its_users_only() {
    let world = World::new().await;
    let server = world.serve(app(&world)).await;
    let user = || Ask::get("/who").by("viewer-of-a");
    world
        .directory
        .set_status(world.a.id, TenantStatus::Suspended);
    world.manager.catch_up().await.unwrap();
    server.refuses(user(), Code::TenantSuspended).await;
    let hinted = server
        .ask(Ask::get("/login").header("x-tenant-id", "tenant-a"))
        .await;
    assert_eq!(hinted.text(), "hello, false");
    world.directory.delete(world.a.id);
    world.manager.catch_up().await.unwrap();
    server.refuses(user(), Code::TokenRevoked).await;
}

#[tokio::test]
async fn a_tenant_whose_record_cannot_be_read_is_asked_for_again_later() {
    let world = World::new().await;
    let server = world.serve(app(&world)).await;
    world.directory.away.store(true, Ordering::SeqCst);
    let answer = server.ask(Ask::get("/who").by("viewer-of-a")).await;
    answer.check_problem(Code::TenantUnavailable, "/who");
    assert_eq!(answer.header("retry-after"), Some("1"));
    world.directory.away.store(false, Ordering::SeqCst);
    assert_eq!(
        server.ask(Ask::get("/who").by("viewer-of-a")).await.status,
        200
    );
}

#[tokio::test]
async fn each_user_reads_their_own_tenant_s_rows_and_no_others() {
    let world = World::new().await;
    let make = "CREATE TABLE names (name TEXT)";
    world.execute(&world.a, make).await;
    world.execute(&world.b, make).await;
    world
        .execute(&world.a, "INSERT INTO names VALUES ('row of a')")
        .await;
    world
        .execute(&world.b, "INSERT INTO names VALUES ('row of b')")
        .await;
    let server = world.serve(app(&world)).await;
    for (word, row) in [("viewer-of-a", "row of a"), ("viewer-of-b", "row of b")] {
        assert_eq!(server.ask(Ask::get("/names").by(word)).await.text(), row);
    }
    let across = Ask::get("/names")
        .by("viewer-of-a")
        .header("x-tenant-id", "tenant-b");
    let problem = server.refuses(across, Code::TenantMismatch).await;
    assert!(!problem.to_string().contains("row"));
}
