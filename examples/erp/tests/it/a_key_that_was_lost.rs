//! A key file that is missing beside a catalog that needs it is said, not replaced.

use std::process::Stdio;

use crate::common::LONG;
use crate::common::program::{Place, answer};
use crate::on_both_engines;

const PASSWORD: &str = "a password of my own";

/// Starts the server where it does not start, and tells what it said.
async fn refusal(place: &Place, settings: &[(&str, &str)]) -> String {
    let mut command = place.command();
    command.envs(settings.iter().copied());
    let ending = command.stderr(Stdio::piped()).output();
    let output = tokio::time::timeout(LONG, ending).await.unwrap().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

on_both_engines! {
    async fn the_server_does_not_start_until_the_key_is_back(place: Place) {
        let server = place.start().await;
        let admin = server.admin().await;
        let key = place.data().join("keys/db-encryption");
        assert!(key.exists(), "it is made at the first start");
        server.client_at_work(&admin, "acme", PASSWORD).await;
        server.stop().await;

        let elsewhere = place.data().join("elsewhere");
        std::fs::rename(&key, &elsewhere).unwrap();
        let said = refusal(place, &[]).await;
        assert!(said.contains("data/keys/db-encryption is missing"), "{said}");
        assert!(said.contains("put it back from a backup"), "{said}");
        assert!(!key.exists(), "no other is made in its place");

        std::fs::rename(&elsewhere, &key).unwrap();
        let server = place.start().await;
        let token = server.user("acme", PASSWORD).await;
        assert_eq!(answer(server.get("/api/client/users", &token)).await.status, 200);
        server.stop().await;
    }

    async fn another_key_is_refused_also_before_the_first_client(place: Place) {
        place.start().await.stop().await;
        let key = place.data().join("keys/db-encryption");
        let elsewhere = place.data().join("elsewhere");
        std::fs::rename(&key, &elsewhere).unwrap();
        assert!(refusal(place, &[]).await.contains("copy it from a node that has it"));
        assert!(!key.exists());

        let other = ("DB_ENCRYPTION_KEY", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        let said = refusal(place, &[other]).await;
        assert!(said.contains("and this node's key is"), "{said}");

        std::fs::rename(&elsewhere, &key).unwrap();
        place.start().await.stop().await;
    }
}
