//! Handlers that were written for one tenant take each tenant's part of the application's data,
//! under the name that they knew.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use actix_web::web::{self, ServiceConfig};
use multitenant_actix::{Guard, Guarded, Problem, TenantData as Data, get};
use multitenant_conformance::{Ask, Server, World};
use multitenant_core::directory::TenantStatus;
use multitenant_core::gate::Access;
use multitenant_core::resolve::{Resolver, Sources};
use multitenant_core::tenant::SqliteTenant as SqlitePool;
use multitenant_core::{Code, Slug};

use crate::common::serve;

struct App {
    pool: SqlitePool,
    hits: AtomicUsize,
}

async fn rows(pool: &SqlitePool) -> Result<String, Problem> {
    let names = sqlx::query_scalar("SELECT group_concat(name) FROM names");
    Ok(names.fetch_one(pool).await?)
}

async fn names(pool: Data<SqlitePool>) -> Result<String, Problem> {
    rows(&pool).await
}

async fn counted(app: Data<App>) -> Result<String, Problem> {
    let hits = app.hits.fetch_add(1, Ordering::SeqCst) + 1;
    Ok(format!("{} {hits}", rows(&app.get_ref().pool).await?))
}

async fn slug(slug: Data<Slug>) -> String {
    slug.to_string()
}

fn resolver(world: &World) -> Resolver {
    let mut sources = Sources::default();
    sources.base_domains = vec!["example.com".parse().unwrap()];
    Resolver::new(sources, Arc::new(world.manager.clone()))
}

fn at(tenant: &str, path: &str) -> Ask {
    Ask::get(path).header("host", format!("{tenant}.example.com"))
}

async fn answers(server: &Server, ask: Ask, body: &str) {
    let answer = server.ask(ask).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, body));
}

async fn served(world: &World) -> Server {
    let guard = Guard::by_name(resolver(world)).with_state(|tenant| {
        let (pool, hits) = (tenant.db()?, AtomicUsize::new(0));
        Ok(App { pool, hits })
    });
    let guard = guard.with_state(|tenant| Ok(tenant.slug().clone()));
    let gate = world.gate.clone();
    let configure = move |services: &mut ServiceConfig| {
        Guarded::new(gate.clone())
            .route(Access::USER, "/guarded", get(names))
            .route(Access::TenantHint, "/hint", get(names))
            .configure(services);
        let own = web::scope("/own")
            .wrap(guard.clone())
            .route("/names", web::get().to(names))
            .route("/counted", web::get().to(counted))
            .route("/slug", web::get().to(slug))
            .route("/unknown", web::get().to(async |_: Data<String>| "never"));
        services
            .service(own)
            .route("/nothing", web::get().to(names));
    };
    // As many counts as tenants, whatever the workers.
    let address = serve(2, configure).await.address;
    Server { address }
}

#[tokio::test]
async fn data_is_each_tenant_s_own() {
    let world = World::new().await;
    let server = served(&world).await;
    answers(&server, at("tenant-a", "/own/names"), "row of a").await;
    answers(&server, at("tenant-b", "/own/names"), "row of b").await;
    for hit in 1..=4 {
        let counted = format!("row of a {hit}");
        answers(&server, at("tenant-a", "/own/counted"), &counted).await;
    }
    answers(&server, at("tenant-b", "/own/counted"), "row of b 1").await;
    answers(&server, at("tenant-b", "/own/slug"), "tenant-b").await;
    answers(
        &server,
        Ask::get("/guarded").bearer("viewer-of-a"),
        "row of a",
    )
    .await;
    for (ask, code) in [
        (Ask::get("/own/names"), Code::TenantRequired),
        (at("tenant-c", "/own/names"), Code::NotFound),
        (
            at("tenant-a", "/own/names").header("x-tenant-id", "tenant-b"),
            Code::TenantMismatch,
        ),
        // A hint is no more than a place to sign in at.
        (at("tenant-a", "/hint"), Code::Internal),
        (at("tenant-a", "/nothing"), Code::Internal),
        (at("tenant-a", "/own/unknown"), Code::Internal),
    ] {
        let _ = server.refuses(ask, code).await;
    }
    world
        .directory
        .set_status(world.a.id, TenantStatus::Suspended);
    world.manager.catch_up().await.unwrap();
    let _ = server
        .refuses(at("tenant-a", "/own/names"), Code::NotFound)
        .await;
    answers(&server, at("tenant-b", "/own/names"), "row of b").await;
}
