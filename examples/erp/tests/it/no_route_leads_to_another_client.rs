//! Every route of the server, tried with the credentials and the ids of another client.

use multitenant_axum::Tested;
use multitenant_core::rbac::access;
use multitenant_core::testing::{TestPlatform, TestPlatformBuilder, assert_isolated};

async fn no_route_leads_across(kit: TestPlatformBuilder) {
    let kit = kit.tenants(["client-a", "client-b"]).start().await.unwrap();
    let a = kit.tenant("client-a").party().await.unwrap();
    let b = kit.tenant("client-b").party().await.unwrap();
    let router = erp_server::routes(kit.platform());
    let routes = erp_server::guarded(kit.platform());
    let app = Tested::new(router, routes.routes());
    assert_isolated(&app, a, b).await;
    kit.end().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_sqlite() {
    no_route_leads_across(TestPlatform::on_sqlite(access::REGISTRY)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_postgres() {
    let server = std::env::var("TEST_POSTGRES_URL")
        .expect("set TEST_POSTGRES_URL, or run the tests by scripts/test, which starts a server");
    no_route_leads_across(TestPlatform::on_postgres(server, access::REGISTRY)).await;
}
