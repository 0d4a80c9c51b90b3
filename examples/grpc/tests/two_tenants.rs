//! Two tenants by gRPC, over a socket.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use multitenant_core::catalog::{Actor, Catalog, Change};
use multitenant_core::directory::TenantStatus;
use multitenant_core::rbac::access;
use multitenant_core::testing::TestPlatform;
use tokio::net::TcpListener;
use tonic::transport::Channel;
use tonic::{Code, Request};
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

async fn client(kit: &TestPlatform) -> HealthClient<Channel> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let gate = kit.platform().gate().clone();
    tokio::spawn(grpc_example::serve(gate, listener));
    let channel = Channel::builder(format!("http://{address}").parse().unwrap());
    HealthClient::new(channel.connect().await.unwrap())
}

fn call(headers: &[(&'static str, &str)]) -> Request<HealthCheckRequest> {
    let mut call = Request::new(HealthCheckRequest::default());
    for (name, value) in headers {
        call.metadata_mut().insert(*name, value.parse().unwrap());
    }
    call
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_one_tenants_and_its_stream_ends_with_the_tenant() {
    let kit = TestPlatform::on_sqlite(access::REGISTRY).tenants(["acme", "globex"]);
    let kit = kit.start().await.unwrap();
    let mut client = client(&kit).await;
    let bearer = format!("Bearer {}", kit.tenant("acme").token().await.unwrap());
    let of_acme = ("authorization", bearer.as_str());

    let own = client.check(call(&[of_acme])).await.unwrap();
    assert_eq!(own.into_inner().status(), ServingStatus::Serving);
    let at_globex = call(&[of_acme, ("x-tenant-id", "globex")]);
    let refused = client.check(at_globex).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    let refused = client.check(call(&[])).await.unwrap_err();
    assert_eq!(refused.code(), Code::Unauthenticated);

    let watched = client.watch(call(&[of_acme])).await.unwrap();
    let mut watched = watched.into_inner();
    let first = watched.message().await.unwrap().unwrap();
    assert_eq!(first.status(), ServingStatus::Serving);
    let (catalog, change) = (kit.platform().catalog(), Change::by(Actor::System));
    let acme = kit.tenant("acme").id();
    let suspended = catalog.set_status(&change, acme, TenantStatus::Suspended);
    suspended.await.unwrap();
    let last = watched.message().await.unwrap().unwrap();
    assert_eq!(last.status(), ServingStatus::NotServing);
    assert!(watched.message().await.unwrap().is_none());
    kit.end().await.unwrap();
}
