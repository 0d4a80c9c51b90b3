//! Nobody's token, id or host is worth anything at another client.

use reqwest::Method;
use serde_json::json;

use crate::common::program::{answer, text};
use crate::on_both_engines;

const PASSWORD: &str = "a password of my own";

on_both_engines! {
    async fn what_is_a_s_is_refused_at_b(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        let a = server.client_at_work(&admin, "client-a", PASSWORD).await;
        let b = server.client_at_work(&admin, "client-b", PASSWORD).await;
        let (of_a, of_b) = (server.user("client-a", PASSWORD).await, server.user("client-b", PASSWORD).await);
        let at_b = [
            server.get("/api/client/users", &of_a).header("x-tenant-id", &*b),
            server.get("/api/client/users", &of_a).header("x-tenant-id", "client-b"),
            server.get("/api/client/users", &of_a).header("host", "client-b.example.com"),
            server.get("/api/client/users?tenant=client-b", &of_a),
            server.get("/api/client/users", &of_a).header("x-tenant-id", &*a).header("x-tenant-id", &*a),
        ];
        for (case, request) in at_b.into_iter().enumerate() {
            let refused = answer(request).await;
            assert_eq!((refused.status.as_u16(), refused.body["code"].as_str()), (403, Some("tenant_mismatch")), "case {case}");
        }
        // A user of B under A is byte for byte like nobody.
        let users = answer(server.get("/api/client/users", &of_b)).await;
        let theirs = text(&users.body["users"][0]["id"]);
        let nobody = "0190f5fe-7c00-7a00-8000-000000000000";
        let strip = |mut body: serde_json::Value| { body["requestId"] = json!(null); body };
        let (other, none) = (
            answer(server.get(&format!("/api/client/users/{theirs}"), &of_a)).await,
            answer(server.get(&format!("/api/client/users/{nobody}"), &of_a)).await,
        );
        assert_eq!((other.status, strip(other.body)), (none.status, strip(none.body)));
        // The realms.
        assert_eq!(answer(server.get("/api/client/ping", &admin)).await.body["code"], "wrong_realm");
        assert_eq!(answer(server.get("/api/enterprise/clients", &of_a)).await.body["code"], "wrong_realm");
        // A slug made again is another client.
        let gone = server.request(Method::DELETE, &format!("/api/enterprise/clients/{a}?confirm=client-a")).bearer_auth(&admin);
        assert_eq!(answer(gone).await.status, 204);
        server.client_at_work(&admin, "client-a", PASSWORD).await;
        assert_eq!(answer(server.get("/api/client/ping", &of_a)).await.body["code"], "token_revoked");
        server.stop().await;
    }
}
