//! A server that is killed in the middle of making clients leaves none half made.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::common::program::{Place, answer, eventually, text};
use crate::on_both_engines;

/// A lease runs out after eight seconds, and is looked for every two.
const RECOVERY: Duration = Duration::from_secs(40);

/// Kills the server while it makes a client, `after` the request was sent.
async fn kill_while_creating(place: &Place, slug: &'static str, after: Duration) {
    let mut server = place.start().await;
    let admin = server.admin().await;
    let request = server.new_client(&admin, slug);
    let sent = tokio::spawn(async move { drop(request.send().await) });
    tokio::time::sleep(after).await;
    server.signal(Signal::SIGKILL);
    server.has_ended().await;
    sent.await.unwrap();
}

on_both_engines! {
    async fn what_was_half_made_is_undone_and_its_slug_free(place: Place) {
        for (slug, milliseconds) in [("first", 5), ("second", 25), ("third", 60), ("fourth", 120)] {
            kill_while_creating(place, slug, Duration::from_millis(milliseconds)).await;
        }
        let server = place.start().await;
        let admin = server.admin().await;
        eventually("every client is complete or gone", RECOVERY, async || {
            let listed = answer(server.get("/api/enterprise/clients", &admin)).await;
            let clients = listed.body["clients"].as_array().unwrap().clone();
            let all_active = clients.iter().all(|client| client["status"] == "ACTIVE");
            let reserved = place.ever_reserved().await;
            all_active && place.databases(&reserved).await == clients.len()
        })
        .await;
        let listed = answer(server.get("/api/enterprise/clients", &admin)).await;
        let taken: Vec<_> = listed.body["clients"].as_array().unwrap().iter().map(|client| text(&client["slug"])).collect();
        for slug in ["first", "second", "third", "fourth"] {
            let expected = if taken.iter().any(|taken| taken == slug) { 409 } else { 201 };
            assert_eq!(answer(server.new_client(&admin, slug)).await.status, expected, "{slug}");
        }
        server.stop().await;
    }

    async fn a_repetition_with_the_same_key_makes_one_client(place: Place) {
        let mut server = place.start().await;
        let admin = server.admin().await;
        let request = server.new_client(&admin, "acme").header("idempotency-key", "key-1");
        let sent = tokio::spawn(async move { drop(request.send().await) });
        tokio::time::sleep(Duration::from_millis(30)).await;
        server.signal(Signal::SIGKILL);
        server.has_ended().await;
        sent.await.unwrap();

        let server = place.start().await;
        let admin = server.admin().await;
        let again = || server.new_client(&admin, "acme").header("idempotency-key", "key-1");
        let mut password = String::new();
        eventually("the repetition is answered", RECOVERY, async || {
            let made = answer(again()).await;
            if made.status == 201 {
                password = text(&made.body["admin"]["temporaryPassword"]);
            }
            made.status == 201
        })
        .await;
        assert_eq!(server.sign_in("acme", &password).await.status, 200);
        let listed = answer(server.get("/api/enterprise/clients", &admin)).await;
        assert_eq!(listed.body["total"], 1);
        server.stop().await;
    }
}
