//! What is wrong with a body, a query or a path is said.

use crate::common::{Ask, World};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use multitenant_axum::{Json, Path, Query};
use multitenant_core::Code;
use serde::{Deserialize, Serialize};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Order {
    name: String,
    line_items: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Paging {
    page: Option<u32>,
}

#[tokio::test]
async fn what_is_wrong_with_a_body_is_said() {
    let app = Router::new().route("/", post(async |Json(order): Json<Order>| Json(order)));
    let world = World::new().await;
    let server = world.serve(app.layer(DefaultBodyLimit::max(64))).await;
    let good = r#"{"name":"a","lineItems":[1]}"#;
    let answer = server.ask(Ask::post("/").json(good)).await;
    assert_eq!((answer.status, answer.text().as_str()), (200, good));
    assert_eq!(answer.header("content-type"), Some("application/json"));

    let send = |body: &[u8]| Ask::post("/").json(body);
    for (ask, code) in [
        (send(b""), Code::BodyMalformed),
        (send(b"{\"name\": \"\xff\"}"), Code::BodyMalformed),
        (send(b"{\"name\": "), Code::BodyMalformed),
        (
            send(format!("{good} {good}").as_bytes()),
            Code::BodyMalformed,
        ),
        (send(&[b' '; 65]), Code::BodyTooLarge),
        (Ask::post("/").body(good), Code::UnsupportedMediaType),
        (
            Ask::post("/")
                .body(good)
                .header("content-type", "text/plain"),
            Code::UnsupportedMediaType,
        ),
    ] {
        server.refuses(ask, code).await;
    }
    for (body, field) in [
        (r#"{"name": 1}"#, "name"),
        (r#"{"name": "a"}"#, "lineItems"),
        (r#"{"lineItems": [1, -1]}"#, "lineItems[1]"),
        (r#"{"isAdmin": true}"#, "isAdmin"),
    ] {
        let problem = server
            .refuses(send(body.as_bytes()), Code::ValidationFailed)
            .await;
        assert_eq!(problem["errors"][0]["field"], field, "{problem}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_harms_nobody() {
    let app = Router::new().route("/", post(async |Json(order): Json<Order>| Json(order)));
    let world = World::new().await;
    let server = world.serve(app).await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let whole = Ask::post("/")
        .json(r#"{"name":"a","lineItems":[1]}"#)
        .bytes();
    stream.write_all(&whole[..whole.len() - 4]).await.unwrap();
    drop(stream);
    let answer = Ask::post("/")
        .json(r#"{"name":"a","lineItems":[]}"#)
        .send(server.address)
        .await;
    assert_eq!(answer.status, 200);
}

#[tokio::test]
async fn a_bad_query_is_422_and_a_bad_id_in_a_path_is_404() {
    let page = async |Query(paging): Query<Paging>| paging.page.unwrap_or(1).to_string();
    let app = Router::new()
        .route("/list", get(page))
        .route("/one/{id}", get(async |Path(id): Path<u64>| id.to_string()))
        .route("/wrong/{id}", get(async |Path(_): Path<(u8, u8)>| "never"));
    let world = World::new().await;
    let server = world.serve(app).await;
    assert_eq!(server.ask(Ask::get("/list?page=3")).await.text(), "3");
    assert_eq!(server.ask(Ask::get("/list")).await.text(), "1");
    for (query, field) in [
        ("page=0x", "page"),
        ("page=1&page=2", "page"),
        ("limits=1", "limits"),
    ] {
        let ask = Ask::get(format!("/list?{query}"));
        let body = server.refuses(ask, Code::ValidationFailed).await;
        assert_eq!(body["errors"][0]["field"], field);
    }
    assert_eq!(server.ask(Ask::get("/one/7")).await.text(), "7");
    for id in ["seven", "-7", "99999999999999999999", "%ff", "7%00"] {
        server
            .refuses(Ask::get(format!("/one/{id}")), Code::NotFound)
            .await;
    }
    server.refuses(Ask::get("/wrong/1"), Code::Internal).await;
}
