//! Whatever is wrong with a request is told field by field, and nothing has changed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::common::program::{Program, answer};
use crate::on_both_engines;

fn client(change: &Value) -> Value {
    let mut form = json!({
        "name": "Acme", "slug": "acme", "adminEmail": "ann@example.com", "adminName": "Ann",
    });
    for (field, value) in change.as_object().unwrap() {
        form[field] = value.clone();
    }
    form
}

/// Forms of a new client that are refused, with the fields that are told.
fn forms() -> Vec<(Value, &'static [&'static str])> {
    let long = "a".repeat(64);
    vec![
        (client(&json!({"slug": "www"})), &["slug"]),
        (client(&json!({"slug": "Acme"})), &["slug"]),
        (client(&json!({"slug": "ac..me"})), &["slug"]),
        (client(&json!({"slug": "ac\u{0}me"})), &["slug"]),
        (client(&json!({"slug": "xn--cme-7cd"})), &["slug"]),
        (
            client(&json!({"slug": "0190f5fe-7c00-7a00-8000-000000000000"})),
            &["slug"],
        ),
        (client(&json!({"slug": long})), &["slug"]),
        (client(&json!({"adminEmail": "nobody"})), &["adminEmail"]),
        (client(&json!({"name": ""})), &["name"]),
        (client(&json!({"name": "a\u{7}b"})), &["name"]),
        (client(&json!({"tier": "GOLD"})), &["tier"]),
        (
            client(&json!({"name": " ", "slug": "-", "adminEmail": "@"})),
            &["name", "slug", "adminEmail"],
        ),
        (client(&json!({"isActive": true})), &["isActive"]),
        (client(&json!({"name": 7})), &["name"]),
        (json!({}), &["name"]),
        (json!([]), &["."]),
    ]
}

async fn assert_no_clients(server: &Program, admin: &str) {
    let listed = answer(server.get("/api/enterprise/clients", admin)).await;
    assert_eq!(listed.body["total"], 0);
}

on_both_engines! {
    async fn every_offending_field_of_a_new_client_is_told(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        for (form, fields) in forms() {
            let refused = answer(server.post("/api/enterprise/clients", &form).bearer_auth(&admin)).await;
            assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (422, Some("validation_failed")), "{form}");
            let told: Vec<_> = refused.body["errors"].as_array().unwrap().iter().map(|error| error["field"].as_str().unwrap()).collect();
            assert_eq!(told, fields, "{form}");
        }
        let post = |content_type: &str, body: Vec<u8>| {
            let request = server.request(Method::POST, "/api/enterprise/clients").bearer_auth(&admin);
            request.header("content-type", content_type).body(body)
        };
        let json = "application/json";
        let table = [
            (post(json, b"{".to_vec()), 400, "body_malformed"),
            (post(json, b"{\"name\": \"\xff\"}".to_vec()), 400, "body_malformed"),
            (post("text/plain", b"{}".to_vec()), 415, "unsupported_media_type"),
            (post(json, vec![b' '; 2 * 1024 * 1024]), 413, "body_too_large"),
        ];
        for (request, status, code) in table {
            let refused = answer(request).await;
            assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (status, Some(code)));
        }
        for query in ["page=0", "limit=0", "limit=201", "page=x", "status=GONE", "order=name", "search=%00"] {
            let refused = answer(server.get(&format!("/api/enterprise/clients?{query}"), &admin)).await;
            assert_eq!(refused.status, 422, "{query}");
        }
        for id in ["x", "0190f5fe-7c00-7a00-8000-000000000000", "..%2f..", "%00"] {
            let refused = answer(server.get(&format!("/api/enterprise/clients/{id}"), &admin)).await;
            assert_eq!(refused.body["code"], "not_found", "{id}");
        }
        assert_no_clients(&server, &admin).await;
        server.stop().await;
    }

    async fn passwords_and_users_within_bounds(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        server.client_at_work(&admin, "acme", "a password of my own").await;
        let token = server.user("acme", "a password of my own").await;
        for new in ["short", &"x".repeat(1_025)] {
            let form = json!({"currentPassword": "a password of my own", "newPassword": new});
            let refused = answer(server.post("/api/client/auth/password", &form).bearer_auth(&token)).await;
            assert_eq!(refused.body["errors"][0]["field"], "newPassword");
        }
        let forms = [
            (json!({"email": "x", "name": "", "roles": []}), 422),
            (json!({"email": "b@example.com", "name": "B", "roles": ["Emperor"]}), 422),
            (json!({"email": "b@example.com", "name": "B", "roles": [""]}), 422),
            (json!({"email": "ANN@example.com", "name": "B"}), 409),
            (json!({"email": "b@example.com", "name": "B", "tenantId": "x"}), 422),
        ];
        for (form, status) in forms {
            let refused = answer(server.post("/api/client/users", &form).bearer_auth(&token)).await;
            assert_eq!(refused.status, status, "{form}: {}", refused.body);
        }
        let users = answer(server.get("/api/client/users", &token)).await;
        assert_eq!(users.body["total"], 1);
        server.stop().await;
    }
}
