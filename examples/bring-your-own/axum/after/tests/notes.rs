//! The application's own tests, each on a database of its own.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode};
use bring_your_own_axum_after::{AppState, app, worker};
use multitenant_core::tenant::FixedTenants;
use serde_json::{Value, json};
use sqlx::PgPool;
use tower::ServiceExt;

fn on(pool: PgPool) -> Router {
    let tenants = FixedTenants::single("own", pool.clone()).unwrap();
    let tenant = tenants.get("own").unwrap().clone();
    app(AppState::new(pool.into(), "a secret".into(), tenant))
}

async fn ask(
    app: &Router,
    method: &str,
    path: &str,
    token: &str,
    body: Option<Value>,
) -> (StatusCode, String) {
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json");
    let body = body.map_or_else(Body::empty, |body| body.to_string().into());
    let response = app.clone().oneshot(request.body(body).unwrap()).await;
    let response = response.unwrap();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

async fn sign_up(app: &Router, email: &str) -> String {
    let ann = json!({ "email": email, "password": "a password" });
    let (status, token) = ask(app, "POST", "/sign-up", "", Some(ann)).await;
    assert_eq!(status, StatusCode::OK);
    token
}

async fn notes(app: &Router, token: &str) -> Value {
    let (status, notes) = ask(app, "GET", "/notes", token, None).await;
    assert_eq!(status, StatusCode::OK);
    notes.parse().unwrap()
}

#[sqlx::test]
async fn a_note_is_read_by_its_author_alone(pool: PgPool) {
    let app = on(pool);
    let (ann, bob) = (
        sign_up(&app, "ann@x.test").await,
        sign_up(&app, "bob@x.test").await,
    );
    let note = Some(json!({ "text": "buy milk" }));
    let (status, _) = ask(&app, "POST", "/notes", &ann, note).await;
    assert_eq!(status, StatusCode::CREATED);
    assert_eq!(
        notes(&app, &ann).await,
        json!([{ "text": "buy milk", "words": null }])
    );
    assert_eq!(notes(&app, &bob).await, json!([]));
}

#[sqlx::test]
async fn only_the_right_password_and_a_token_of_ours_are_good(pool: PgPool) {
    let app = on(pool);
    let token = sign_up(&app, "ann@x.test").await;
    for (password, expected) in [
        ("a password", StatusCode::OK),
        ("another", StatusCode::UNAUTHORIZED),
    ] {
        let given = json!({ "email": "ANN@x.test", "password": password });
        let (status, _) = ask(&app, "POST", "/sign-in", "", Some(given)).await;
        assert_eq!(status, expected);
    }
    for forged in [
        String::new(),
        token.replacen('1', "2", 1),
        format!("{token}A"),
    ] {
        let (status, _) = ask(&app, "GET", "/notes", &forged, None).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    }
}

#[sqlx::test]
async fn the_worker_counts_words(pool: PgPool) {
    let app = on(pool.clone());
    let ann = sign_up(&app, "ann@x.test").await;
    for text in ["buy milk", "buy milk and bread"] {
        ask(&app, "POST", "/notes", &ann, Some(json!({ "text": text }))).await;
    }
    assert_eq!(worker::work_off(&pool.into()).await.unwrap(), 2);
    let counted: Vec<_> = notes(&app, &ann).await.as_array().unwrap().clone();
    let words: Vec<_> = counted.iter().map(|note| note["words"].clone()).collect();
    assert_eq!(words, [json!(2), json!(4)]);
}
