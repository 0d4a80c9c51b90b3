//! What is axum's own about guarded routes.

use crate::common::serve;
use axum::http::Method;
use axum::routing::{any, get, post};
use multitenant_axum::Guarded;
use multitenant_conformance::access::invoices;
use multitenant_conformance::{Ask, World};
use multitenant_core::Code;
use multitenant_core::gate::Access;

async fn ok() -> &'static str {
    "ok"
}

#[tokio::test]
async fn a_rule_covers_a_fallback_of_its_route() {
    let world = World::new().await;
    let own = get(ok).fallback(ok);
    let guarded = Guarded::new(world.gate.clone()).route(Access::USER, "/own", own);
    let server = serve(guarded).await;
    for method in ["GET", "DELETE", "BREW"] {
        let ask = Ask::new(method, "/own");
        let _ = server.refuses(ask.clone(), Code::TokenMissing).await;
        assert_eq!(server.ask(ask.bearer("viewer-of-a")).await.status, 200);
    }
}

#[tokio::test]
async fn a_target_that_is_no_path_is_not_found() {
    let world = World::new().await;
    let guarded = Guarded::new(world.gate.clone()).public("/", get(ok));
    let server = serve(guarded).await;
    let _ = server.refuses(Ask::get("*"), Code::NotFound).await;
}

#[tokio::test]
async fn the_routes_can_be_listed_with_their_rules() {
    let world = World::new().await;
    let new = || Guarded::<()>::new(world.gate.clone());
    let lines = new()
        .route(Access::USER, "/", get(ok))
        .route(Access::USER, "/{id}", get(ok));
    let guarded = new()
        .public("/health", get(ok))
        .route(invoices::READ, "/invoices", get(ok))
        .route(invoices::CREATE, "/invoices", post(ok))
        .route(Access::USER, "/any", any(ok))
        .nest("/lines", lines)
        .merge(new().route(Access::USER, "/merged", get(ok)));
    let listed: Vec<_> = guarded
        .routes()
        .iter()
        .map(|route| (route.methods.as_slice(), route.path.as_str(), route.access))
        .collect();
    let get = &[Method::GET][..];
    assert_eq!(
        listed,
        [
            (get, "/health", Access::Public),
            (get, "/invoices", invoices::READ.into()),
            (&[Method::POST][..], "/invoices", invoices::CREATE.into()),
            (&[][..], "/any", Access::USER),
            (get, "/lines", Access::USER),
            (get, "/lines/{id}", Access::USER),
            (get, "/merged", Access::USER),
        ]
    );
}

#[tokio::test]
#[should_panic(expected = "/things/{name} and /things/{id} are one path")]
async fn the_parameters_of_a_path_have_one_name() {
    let world = World::new().await;
    let _ = Guarded::<()>::new(world.gate)
        .route(Access::USER, "/things/{id}", get(ok))
        .route(Access::USER, "/things/{name}", post(ok));
}

#[tokio::test]
#[should_panic(expected = "/things/{name} and /things/{id} are one path")]
async fn the_parameters_of_a_nested_path_have_the_same_name_too() {
    let world = World::new().await;
    let inner = Guarded::<()>::new(world.gate.clone()).route(Access::USER, "/{name}", post(ok));
    let _ = Guarded::<()>::new(world.gate)
        .route(Access::USER, "/things/{id}", get(ok))
        .nest("/things", inner);
}
