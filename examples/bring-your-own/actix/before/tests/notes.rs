//! The application's own tests, each on a database of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use actix_http::Request;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::AUTHORIZATION;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use actix_web::{App, Error};
use bring_your_own_actix_before::{AppState, app, worker};
use serde_json::{Value, json};
use sqlx::PgPool;

trait Served: Service<Request, Response = ServiceResponse<Self::Body>, Error = Error> {
    type Body: MessageBody;
}

impl<B: MessageBody, S: Service<Request, Response = ServiceResponse<B>, Error = Error>> Served
    for S
{
    type Body = B;
}

async fn on(pool: PgPool) -> impl Served {
    let state = Data::new(AppState::new(pool, "a secret".into(), Default::default()));
    init_service(App::new().app_data(state).configure(app)).await
}

async fn ask(
    app: &impl Served,
    request: TestRequest,
    token: &str,
    body: Option<Value>,
) -> (StatusCode, String) {
    let request = request.insert_header((AUTHORIZATION, format!("Bearer {token}")));
    let request = match body {
        Some(body) => request.set_json(body),
        None => request,
    };
    let response = call_service(app, request.to_request()).await;
    let status = response.status();
    let body = read_body(response).await;
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn sign_up(app: &impl Served, email: &str) -> String {
    let ann = json!({ "email": email, "password": "a password" });
    let (status, token) = ask(app, TestRequest::post().uri("/sign-up"), "", Some(ann)).await;
    assert_eq!(status, StatusCode::OK);
    token
}

async fn notes(app: &impl Served, token: &str) -> Value {
    let (status, notes) = ask(app, TestRequest::get().uri("/notes"), token, None).await;
    assert_eq!(status, StatusCode::OK);
    notes.parse().unwrap()
}

#[sqlx::test]
async fn a_note_is_read_by_its_author_alone(pool: PgPool) {
    let app = on(pool).await;
    let (ann, bob) = (
        sign_up(&app, "ann@x.test").await,
        sign_up(&app, "bob@x.test").await,
    );
    let note = Some(json!({ "text": "buy milk" }));
    let (status, _) = ask(&app, TestRequest::post().uri("/notes"), &ann, note).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        notes(&app, &ann).await,
        json!([{ "text": "buy milk", "words": null }])
    );
    assert_eq!(notes(&app, &bob).await, json!([]));
}

#[sqlx::test]
async fn only_the_right_password_and_a_token_of_ours_are_good(pool: PgPool) {
    let app = on(pool).await;
    let token = sign_up(&app, "ann@x.test").await;
    for (password, expected) in [
        ("a password", StatusCode::OK),
        ("another", StatusCode::UNAUTHORIZED),
    ] {
        let given = json!({ "email": "ANN@x.test", "password": password });
        let (status, _) = ask(&app, TestRequest::post().uri("/sign-in"), "", Some(given)).await;
        assert_eq!(status, expected);
    }
    for forged in [
        String::new(),
        token.replacen('1', "2", 1),
        format!("{token}A"),
    ] {
        let (status, _) = ask(&app, TestRequest::get().uri("/notes"), &forged, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[sqlx::test]
async fn the_worker_counts_words(pool: PgPool) {
    let app = on(pool.clone()).await;
    let ann = sign_up(&app, "ann@x.test").await;
    for text in ["buy milk", "buy milk and bread"] {
        ask(
            &app,
            TestRequest::post().uri("/notes"),
            &ann,
            Some(json!({ "text": text })),
        )
        .await;
    }
    assert_eq!(worker::work_off(&pool).await.unwrap(), 2);
    let counted: Vec<_> = notes(&app, &ann).await.as_array().unwrap().clone();
    let words: Vec<_> = counted.iter().map(|note| note["words"].clone()).collect();
    assert_eq!(words, [json!(2), json!(4)]);
}
