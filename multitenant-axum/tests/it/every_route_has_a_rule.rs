//! What becomes of routes, known and unknown.

use crate::common::{Ask, World, invoices};
use axum::http::Method;
use axum::routing::{any, get, post};
use multitenant_axum::{Guarded, Path};
use multitenant_core::Code;
use multitenant_core::gate::Access;

async fn ok() -> &'static str {
    "ok"
}

async fn id(Path(id): Path<u64>) -> String {
    id.to_string()
}

fn guarded(world: &World) -> Guarded {
    let new = || Guarded::new(world.gate.clone());
    let lines = new()
        .route(Access::USER, "/", get(ok))
        .route(Access::USER, "/{id}", get(id));
    new()
        .public("/health", get(ok))
        .route(invoices::READ, "/invoices", get(ok))
        .route(invoices::CREATE, "/invoices", post(ok))
        .route(Access::USER, "/any", any(ok))
        .route(Access::USER, "/own", get(ok).fallback(ok))
        .nest("/lines", lines)
        .merge(new().route(Access::USER, "/merged", get(ok)))
}

#[tokio::test]
async fn one_path_has_a_rule_for_each_method() {
    let world = World::new().await;
    let server = world.serve(guarded(&world)).await;
    let viewer = |method| Ask::new(method, "/invoices").by("viewer-of-a");
    assert_eq!(server.ask(viewer("GET")).await.status, 200);
    server.refuses(viewer("POST"), Code::PermissionDenied).await;
    let admin = Ask::post("/invoices").by("admin-of-a");
    assert_eq!(server.ask(admin).await.status, 200);
    let head = server.ask(viewer("HEAD")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    let stranger = server.ask(Ask::new("HEAD", "/invoices")).await;
    assert_eq!(stranger.status, 401);
}

#[tokio::test]
async fn what_is_not_there_is_said_to_everybody() {
    let world = World::new().await;
    let server = world.serve(guarded(&world)).await;
    for path in ["/", "/nothing", "/lines/1/2", "/invoices/", "*", "/%ff"] {
        server.refuses(Ask::get(path), Code::NotFound).await;
    }
    for (method, path, allow) in [
        ("DELETE", "/invoices", "GET,HEAD,POST"),
        ("OPTIONS", "/health", "GET,HEAD"),
        ("POST", "/lines/1", "GET,HEAD"),
        ("BREW", "/merged", "GET,HEAD"),
    ] {
        let answer = server.ask(Ask::new(method, path)).await;
        answer.check_problem(Code::MethodNotAllowed, path);
        assert_eq!(answer.header("allow"), Some(allow), "{method} {path}");
    }
}

#[tokio::test]
async fn a_rule_covers_whatever_its_route_answers_to() {
    let world = World::new().await;
    let server = world.serve(guarded(&world)).await;
    for path in [
        "/any",
        "/own",
        "/lines",
        "/lines/7",
        "/lines/nonsense",
        "/merged",
    ] {
        server.refuses(Ask::get(path), Code::TokenMissing).await;
    }
    for method in ["DELETE", "PATCH", "BREW"] {
        for path in ["/any", "/own"] {
            server
                .refuses(Ask::new(method, path), Code::TokenMissing)
                .await;
            let answer = server.ask(Ask::new(method, path).by("viewer-of-a")).await;
            assert_eq!(answer.status, 200, "{method} {path}");
        }
    }
    let lines = server.ask(Ask::get("/lines/7").by("viewer-of-a")).await;
    assert_eq!(lines.text(), "7");
}

#[tokio::test]
async fn the_routes_can_be_listed_with_their_rules() {
    let world = World::new().await;
    let guarded = guarded(&world);
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
            (get, "/own", Access::USER),
            (get, "/lines", Access::USER),
            (get, "/lines/{id}", Access::USER),
            (get, "/merged", Access::USER),
        ]
    );
}
