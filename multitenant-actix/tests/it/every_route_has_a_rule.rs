//! What is actix's own about guarded routes.

use actix_web::http::Method;
use actix_web::web::scope;
use multitenant_actix::{Guard, Guarded, any, get, post};
use multitenant_conformance::access::invoices;
use multitenant_conformance::{Ask, Server, World};
use multitenant_core::Code;
use multitenant_core::gate::Access;

use crate::common::serve;

async fn ok() -> &'static str {
    "ok"
}

#[tokio::test]
async fn guarded_routes_fit_into_a_scope() {
    let world = World::new().await;
    let gate = world.gate.clone();
    let running = serve(1, move |services| {
        let guarded = Guarded::new(gate.clone()).route(Access::USER, "/who", get(ok).post(ok));
        let own = Guard::new(gate.clone(), Access::USER);
        services
            .service(scope("/api").configure(|services| guarded.configure(services)))
            .service(
                scope("/own")
                    .wrap(own)
                    .route("/who", actix_web::web::get().to(ok)),
            );
    });
    let address = running.await.address;
    let server = Server { address };
    for path in ["/api/who", "/own/who"] {
        let _ = server.refuses(Ask::get(path), Code::TokenMissing).await;
        assert_eq!(
            server
                .ask(Ask::get(path).bearer("viewer-of-a"))
                .await
                .status,
            200
        );
    }
    let _ = server
        .refuses(Ask::get("/api/nothing"), Code::NotFound)
        .await;
    // Actix's own 404 and 405, which have no body, are problems too.
    let _ = server.refuses(Ask::get("/nothing"), Code::NotFound).await;
    let delete = Ask::new("DELETE", "/own/who").bearer("viewer-of-a");
    assert_eq!(server.ask(delete).await.status, 404);
}

#[tokio::test]
async fn the_routes_can_be_listed_with_their_rules() {
    let world = World::new().await;
    let new = || Guarded::new(world.gate.clone());
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
#[should_panic(expected = "has a handler for")]
async fn a_method_is_handled_once() {
    let world = World::new().await;
    let _ = Guarded::new(world.gate)
        .route(Access::USER, "/who", get(ok))
        .public("/who", get(ok));
}

#[tokio::test]
#[should_panic(expected = "/things/{name} and /things/{id} are one path")]
async fn the_parameters_of_a_path_have_one_name() {
    let world = World::new().await;
    let _ = Guarded::new(world.gate)
        .route(Access::USER, "/things/{id}", get(ok))
        .route(Access::USER, "/things/{name}", post(ok));
}

#[tokio::test]
#[should_panic(expected = "/things/{name} and /things/{id} are one path")]
async fn the_parameters_of_a_nested_path_have_the_same_name_too() {
    let world = World::new().await;
    let inner = Guarded::new(world.gate.clone()).route(Access::USER, "/{name}", post(ok));
    let _ = Guarded::new(world.gate)
        .route(Access::USER, "/things/{id}", get(ok))
        .nest("/things", inner);
}
