//! Whoever is signed in and refused leaves an audit row.

use std::time::Duration;

use crate::common::platform::Running;
use multitenant_core::catalog::{AuditFilter, AuditRecord, Catalog, Page};
use multitenant_core::gate::Access;
use multitenant_core::testing::TestRequest;
use multitenant_core::testing::eventually;
use multitenant_core::{Code, TenantId};

/// Somebody of a tenant asks three times for another.
async fn refused(world: &Running) -> TenantId {
    let (tenant, password) = world.tenant_at_work("acme").await;
    let signed_in = world.sign_in(tenant, &password).await.unwrap();
    let request = TestRequest::default()
        .token(&signed_in.access_token)
        .header("x-tenant-id", "other");
    for _ in 0..3 {
        let code = world.code(&request, Access::USER).await;
        assert_eq!(code, Some(Code::TenantMismatch));
    }
    tenant
}

async fn written(world: &Running, tenant: TenantId) -> u64 {
    let filter = AuditFilter {
        action: Some("request.refused".to_owned()),
        ..Default::default()
    };
    let catalog = world.platform.catalog();
    let Ok(rows) = catalog.audit_logs(&filter, Page::default()).await else {
        return 0;
    };
    let times = |row: &AuditRecord| row.details["times"].as_u64().unwrap();
    assert!(rows.items.iter().all(|row| row.tenant == Some(tenant)));
    rows.items.iter().map(times).sum()
}

on_both_engines! {
    async fn refusals_of_those_who_are_signed_in_are_counted(place: Place) {
        let world = Running::start(place.platform()).await;
        let tenant = refused(&world).await;
        eventually("all three are counted", async || written(&world, tenant).await == 3).await;
        world.stop().await;
    }

    async fn a_platform_that_ends_writes_what_waits(place: Place) {
        let world = Running::start(place.platform()).await;
        let tenant = refused(&world).await;
        assert!(world.platform.shut_down(Duration::from_secs(5)).await);
        assert_eq!(world.platform.lost_refusals(), 0);

        let again = Running::start(place.platform()).await;
        assert_eq!(written(&again, tenant).await, 3);
        again.stop().await;
    }
}
