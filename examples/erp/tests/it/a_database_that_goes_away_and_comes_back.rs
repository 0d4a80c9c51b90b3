//! Without its databases the server says when to try again, and goes on by itself once they are
//! back.

use std::time::Duration;

use crate::common::program::{Place, answer, eventually, server_address, through};
use crate::common::proxy::Proxy;

const PASSWORD: &str = "a password of my own";
const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn what_needs_a_database_is_503_until_it_is_back() {
    let place = Place::postgres();
    let proxy = Proxy::start(server_address()).await;
    let server = place.start_with(&through(&place, proxy.address)).await;
    let admin = server.admin().await;
    server.client_at_work(&admin, "acme", PASSWORD).await;
    let token = server.user("acme", PASSWORD).await;
    assert_eq!(
        answer(server.get("/api/client/ping", &token)).await.status,
        200
    );

    proxy.cut();
    for (path, token, code) in [
        ("/api/enterprise/clients", &admin, "unavailable"),
        ("/api/client/users", &token, "tenant_unavailable"),
    ] {
        let refused = answer(server.get(path, token)).await;
        assert_eq!(
            (refused.status.as_u16(), refused.body["code"].as_str()),
            (503, Some(code))
        );
        assert!(refused.retry_after.is_some(), "{path}");
    }
    // What is in memory is served meanwhile.
    assert_eq!(
        answer(server.get("/api/client/ping", &token)).await.status,
        200
    );

    proxy.mend();
    eventually("everything is served again", SOON, async || {
        let clients = answer(server.get("/api/enterprise/clients", &admin)).await;
        let users = answer(server.get("/api/client/users", &token)).await;
        clients.status == 200 && users.status == 200
    })
    .await;
    server.stop().await;
    place.clear().await;
}
