//! A server that is asked to end finishes what it was asked before.

use std::time::Duration;

use nix::sys::signal::Signal;

use crate::common::program::{answer, eventually};
use crate::on_both_engines;

on_both_engines! {
    async fn clients_that_are_being_made_are_made(place: Place) {
        let mut server = place.start().await;
        let admin = server.admin().await;
        let requests = ["one", "two", "three"].map(|slug| server.new_client(&admin, slug));
        let sent = requests.map(|request| tokio::spawn(answer(request)));
        eventually("all three are under way", Duration::from_secs(10), async || {
            place.ever_reserved().await.len() == 3
        })
        .await;
        server.signal(Signal::SIGTERM);
        for answered in sent {
            assert_eq!(answered.await.unwrap().status, 201);
        }
        assert!(server.has_ended().await.success());
        assert_eq!(place.databases(&place.ever_reserved().await).await, 3);
    }
}
