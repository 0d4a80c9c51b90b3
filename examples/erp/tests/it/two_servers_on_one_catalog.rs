//! What one server changes is in force on the other within a second.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::common::program::{Program, answer, text};
use crate::on_both_engines;

const PASSWORD: &str = "a password of my own";
const PROMISED: Duration = Duration::from_secs(1);

/// Waits for a code on the other server, for the time that was promised since the answer.
async fn in_force(server: &Program, token: &str, path: &str, code: Option<&str>) {
    let answered = Instant::now();
    loop {
        let asked = Instant::now();
        let found = answer(server.get(path, token)).await;
        if found.body["code"].as_str() == code {
            return;
        }
        let late = asked.duration_since(answered) > PROMISED;
        assert!(
            !late,
            "a second later the other server still says {}",
            found.body
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

on_both_engines! {
    async fn changes_are_in_force_on_both_within_a_second(place: Place) {
        let (one, other) = (place.start().await, place.start().await);
        let admin = one.admin().await;
        let id = one.client_at_work(&admin, "acme", PASSWORD).await;
        // Made on one, found on the other at once.
        let token = other.user("acme", PASSWORD).await;
        let ping = "/api/client/ping";
        assert_eq!(answer(other.get(ping, &token)).await.status, 200);

        let path = format!("/api/enterprise/clients/{id}");
        let suspend = one.request(Method::POST, &format!("{path}/suspend")).bearer_auth(&admin);
        assert_eq!(answer(suspend).await.status, 200);
        assert_eq!(answer(one.get(ping, &token)).await.body["code"], "tenant_suspended");
        in_force(&other, &token, ping, Some("tenant_suspended")).await;
        let activate = one.request(Method::POST, &format!("{path}/activate")).bearer_auth(&admin);
        assert_eq!(answer(activate).await.status, 200);
        in_force(&other, &token, ping, None).await;

        // A role that is taken away, and a sign-out.
        let new = json!({"email": "bob@example.com", "name": "Bob", "roles": ["User"]});
        let owner = one.user("acme", PASSWORD).await;
        let bob = answer(one.post("/api/client/users", &new).bearer_auth(&owner)).await;
        let credentials = json!({"email": "bob@example.com", "password": bob.body["temporaryPassword"]});
        let bobs = answer(other.post("/api/client/auth/login", &credentials).header("x-tenant-id", "acme")).await;
        let bobs = text(&bobs.body["token"]);
        let me = "/api/client/auth/me";
        assert_eq!(answer(other.get(me, &bobs)).await.status, 200);
        let roles = format!("/api/client/users/{}/roles", text(&bob.body["id"]));
        let viewer = one.request(Method::PUT, &roles).json(&json!({"roles": ["Viewer"]}));
        assert_eq!(answer(viewer.bearer_auth(&owner)).await.status, 200);
        assert_eq!(answer(one.get(me, &bobs)).await.body["code"], "token_revoked");
        in_force(&other, &bobs, me, Some("token_revoked")).await;
        let out = one.request(Method::POST, "/api/client/auth/logout").bearer_auth(&token);
        assert_eq!(answer(out).await.status, 204);
        in_force(&other, &token, ping, Some("token_revoked")).await;

        let gone = one.request(Method::DELETE, &format!("{path}?confirm=acme")).bearer_auth(&admin);
        assert_eq!(answer(gone).await.status, 204);
        in_force(&other, &owner, ping, Some("token_revoked")).await;
        one.stop().await;
        other.stop().await;
    }

    async fn of_two_creations_of_one_slug_on_two_servers_one_succeeds(place: Place) {
        let (one, other) = (place.start().await, place.start().await);
        let admin = one.admin().await;
        let (first, second) = tokio::join!(
            answer(one.new_client(&admin, "acme")),
            answer(other.new_client(&admin, "acme")),
        );
        let mut statuses = [first.status.as_u16(), second.status.as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409]);
        let refused = if first.status == 409 { first } else { second };
        assert_eq!(refused.body["code"], "slug_taken");
        assert_eq!(place.databases(&place.ever_reserved().await).await, 1);
        one.stop().await;
        other.stop().await;
    }

}
