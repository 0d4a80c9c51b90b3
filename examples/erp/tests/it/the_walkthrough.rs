//! The main job, as a person does it: an admin makes a client, whose first admin goes to work.

use reqwest::Method;
use serde_json::json;

use crate::common::program::{answer, text};
use crate::on_both_engines;

on_both_engines! {
    async fn from_the_platforms_admin_to_a_client_at_work(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        let made = answer(server.new_client(&admin, "acme")).await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(made.body["success"], true);
        let client = &made.body["client"];
        assert_eq!((client["slug"].as_str(), client["status"].as_str()), (Some("acme"), Some("ACTIVE")));
        let id = text(&client["id"]);
        assert_eq!(text(&client["dbName"]), format!("client_db_{}", id.replace('-', "")));
        let temporary = text(&made.body["admin"]["temporaryPassword"]);

        // By its slug and by its id.
        assert_eq!(server.sign_in(&id, &temporary).await.status, 200);
        let signed_in = server.sign_in("acme", &temporary).await;
        assert_eq!(signed_in.body["mustChangePassword"], true);
        let token = text(&signed_in.body["token"]);
        for path in ["/users", "/ping", "/roles", "/permissions"] {
            let refused = answer(server.get(&format!("/api/client{path}"), &token)).await;
            assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (403, Some("password_change_required")), "{path}");
        }
        assert_eq!(answer(server.get("/api/client/auth/me", &token)).await.status, 200);

        let change = json!({"currentPassword": temporary, "newPassword": "a password of my own"});
        let changed = server.post("/api/client/auth/password", &change).bearer_auth(&token);
        assert_eq!(answer(changed).await.status, 204);
        assert_eq!(server.sign_in("acme", &temporary).await.status, 401);
        let token = server.user("acme", "a password of my own").await;
        let users = answer(server.get("/api/client/users", &token)).await;
        assert_eq!((users.status.as_u16(), users.body["total"].as_i64()), (200, Some(1)));
        assert_eq!(users.body["users"][0]["email"], "ann@example.com");
        let pong = answer(server.get("/api/client/ping", &token)).await;
        assert_eq!(pong.body, json!({"tenant": "acme"}));
        let by_host = server.get("/api/client/ping", &token).header("host", "acme.example.com");
        assert_eq!(answer(by_host).await.status, 200);

        // The client's people: one is made, works, loses their role and is gone.
        let new = json!({"email": "bob@example.com", "name": "Bob", "roles": ["Viewer"]});
        let bob = answer(server.post("/api/client/users", &new).bearer_auth(&token)).await;
        assert_eq!(bob.status, 201, "{}", bob.body);
        let path = format!("/api/client/users/{}", text(&bob.body["id"]));
        let roles = server.request(Method::PUT, &format!("{path}/roles")).json(&json!({"roles": ["User"]}));
        assert_eq!(answer(roles.bearer_auth(&token)).await.body["roles"], json!(["User"]));
        let patch = server.request(Method::PATCH, &path).json(&json!({"isActive": false}));
        assert_eq!(answer(patch.bearer_auth(&token)).await.body["isActive"], false);
        let gone = server.request(Method::DELETE, &path).bearer_auth(&token);
        assert_eq!(answer(gone).await.status, 204);
        assert_eq!(answer(server.get(&path, &token)).await.status, 404);

        // Staying signed in, and signing out.
        let signed_in = server.sign_in("acme", "a password of my own").await;
        let refresh = json!({"refreshToken": signed_in.body["refreshToken"]});
        let refreshed = answer(server.post("/api/client/auth/refresh", &refresh)).await;
        let token = text(&refreshed.body["token"]);
        let out = server.request(Method::POST, "/api/client/auth/logout").bearer_auth(&token);
        assert_eq!(answer(out).await.status, 204);
        let refused = answer(server.get("/api/client/ping", &token)).await;
        assert_eq!(refused.body["code"], "token_revoked");
        server.stop().await;
    }

    async fn what_the_staff_do_with_a_client(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        let id = server.client_at_work(&admin, "acme", "a password of my own").await;
        let path = format!("/api/enterprise/clients/{id}");
        let token = server.user("acme", "a password of my own").await;

        let listed = answer(server.get("/api/enterprise/clients?search=ACM&status=ACTIVE&limit=1", &admin)).await;
        assert_eq!((listed.body["total"].as_i64(), listed.body["clients"][0]["id"].as_str()), (Some(1), Some(&*id)));
        let patch = server.request(Method::PATCH, &path).json(&json!({"name": "Acme Ltd", "segment": "retail"}));
        assert_eq!(answer(patch.bearer_auth(&admin)).await.body["segment"], "retail");
        let clear = server.request(Method::PATCH, &path).json(&json!({"segment": null}));
        let cleared = answer(clear.bearer_auth(&admin)).await;
        assert_eq!((&cleared.body["segment"], &cleared.body["name"]), (&json!(null), &json!("Acme Ltd")));

        let suspended = server.request(Method::POST, &format!("{path}/suspend")).bearer_auth(&admin);
        assert_eq!(answer(suspended).await.body["status"], "SUSPENDED");
        let refused = answer(server.get("/api/client/ping", &token)).await;
        assert_eq!(refused.body["code"], "tenant_suspended");
        // To a stranger a suspended client looks like one that there is not.
        let (suspended, unknown) = (server.sign_in("acme", "a password of my own").await, server.sign_in("nobody-here", "a password of my own").await);
        assert_eq!((suspended.status, &suspended.body["code"]), (unknown.status, &unknown.body["code"]));
        assert_eq!(suspended.body["code"], "invalid_credentials");
        let activated = server.request(Method::POST, &format!("{path}/activate")).bearer_auth(&admin);
        assert_eq!(answer(activated).await.body["status"], "ACTIVE");
        assert_eq!(answer(server.get("/api/client/ping", &token)).await.status, 200);

        let unconfirmed = server.request(Method::DELETE, &path).bearer_auth(&admin);
        assert_eq!(answer(unconfirmed).await.body["errors"][0]["field"], "confirm");
        let deleted = server.request(Method::DELETE, &format!("{path}?confirm=acme")).bearer_auth(&admin);
        assert_eq!(answer(deleted).await.status, 204);
        assert_eq!(answer(server.get(&path, &admin)).await.status, 404);
        let refused = answer(server.get("/api/client/ping", &token)).await;
        assert_eq!(refused.body["code"], "token_revoked");
        assert_eq!(place.databases(&[id]).await, 0);
        server.stop().await;
    }
}
