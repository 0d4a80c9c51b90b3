//! What the test kit promises beside the check for isolation.

use std::time::Duration;

use multitenant_core::catalog::{Actor, Catalog, Change};
use multitenant_core::directory::TenantStatus;
use multitenant_core::events::EventKind;
use multitenant_core::gate::Access;
use multitenant_core::testing::{MovableClock, audited_actions};
use multitenant_core::{Clock, Code, Problem, SystemClock, Timestamp};

use crate::common::platform::permissions;
use crate::common::{PostgresPlace, footprint};

on_both_engines! {
    async fn its_tenants_are_there_and_can_be_used(place: Place) {
        let kit = place.kit().tenants(["acme", "globex"]).start().await.unwrap();
        let (acme, globex) = (kit.tenant("acme"), kit.tenant("globex"));
        assert_ne!(acme.id(), globex.id());
        let gate = kit.platform().gate();
        for tenant in [acme, globex] {
            let request = tenant.request().await.unwrap();
            assert!(gate.admit(&request, permissions::invoices::CREATE.into()).await.is_ok());
        }
        let (token, at_globex) = (acme.token().await.unwrap(), globex.slug().as_str());
        let across = multitenant_core::testing::TestRequest::default().bearer(&token);
        let across = across.header("x-tenant-id", at_globex);
        let refusal = gate.admit(&across, Access::USER).await.unwrap_err();
        assert_eq!(Problem::from(&refusal).code, Code::TenantMismatch);
        kit.end().await.unwrap();
    }

    async fn nothing_of_it_is_left_when_it_has_ended(place: Place) {
        let kit = place.kit().tenants(["acme"]).start().await.unwrap();
        let acme = kit.tenant("acme").clone();
        acme.handle().await.unwrap().check().await.unwrap();
        assert!(!footprint(kit.place(), acme.id()).await.is_gone());
        assert!(kit.platform().shut_down(Duration::from_secs(5)).await);
        kit.place().clear().await.unwrap();
        // A folder goes when it is dropped.
        let is_left = !footprint(kit.place(), acme.id()).await.is_gone();
        assert_eq!(is_left, format!("{:?}", kit.place()).contains("SQLite"));
    }

    async fn a_recorder_tells_what_happened_since_it_was_started(place: Place) {
        let kit = place.kit().tenants(["acme"]).start().await.unwrap();
        let acme = kit.tenant("acme");
        let recorder = kit.record().await.unwrap();
        let change = Change::by(Actor::System).in_request("recorded");
        let catalog = kit.platform().catalog();
        catalog.set_status(&change, acme.id(), TenantStatus::Suspended).await.unwrap();
        catalog.set_status(&change, acme.id(), TenantStatus::Active).await.unwrap();
        let changed = EventKind::TenantChanged { tenant: acme.id() };
        assert_eq!(recorder.events().await.unwrap(), [changed.clone(), changed]);
        let audit = recorder.audit().await.unwrap();
        let requests: Vec<_> = audit.iter().map(|row| row.request_id.as_deref()).collect();
        assert_eq!(requests, [Some("recorded"), Some("recorded")]);
        // Both changes are in force here at some moment soon.
        kit.platform().tenants().catch_up().await.unwrap();
        let again = acme.handle().await.unwrap();
        assert_eq!(audited_actions(&again).await.unwrap(), ["tenant.seed"]);
        drop(again);
        kit.end().await.unwrap();
    }
}

/// With a failing test, nobody ends a platform.
#[tokio::test]
async fn dropping_a_platform_clears_a_postgres_server_too() {
    let place = PostgresPlace::new().await;
    let kit = place.kit().tenants(["acme"]).start().await.unwrap();
    let acme = kit.tenant("acme").clone();
    acme.handle().await.unwrap().check().await.unwrap();
    drop(kit);
    assert!(!place.has_traces(acme.id()).await);
}

#[test]
fn a_clock_is_moved_there_and_back() {
    let clock = MovableClock::stopped_at(Timestamp::UNIX_EPOCH);
    clock.advance(Duration::from_secs(60));
    clock.go_back(Duration::from_secs(90));
    assert_eq!(clock.now().timestamp(), -30);
    let running = MovableClock::running();
    running.advance(Duration::from_secs(3_600));
    assert!(running.now() > SystemClock.now());
    running.advance(Duration::MAX);
    assert!(running.now() > Timestamp::UNIX_EPOCH, "too far is no panic");
}
