//! An operation that was cut off is found and gone on with, and by one node at a time.

use std::time::Duration;

use crate::common::catalog::{MINUTE, active, change, kinds, new_operation, new_tenant, reserve};
use multitenant_core::catalog::{
    AuditFilter, Catalog, CatalogError, NewOperation, NewTenant, OperationStatus, Operations,
    Outcome, Page, Placement, Reserved, SealedSecret, SqlCatalog, StepStatus, Workable,
};
use multitenant_core::directory::TenantStatus;
use multitenant_core::events::EventKind;
use multitenant_core::testing::MovableClock;
use multitenant_core::{Clock, NodeId, OperationId, ServerId, SystemClock, TenantId};

/// Reserves a tenant on a node that dies at once.
async fn cut_off(catalog: &SqlCatalog) -> multitenant_core::catalog::Lease {
    let operation = new_operation(Duration::ZERO);
    let reserved = catalog
        .reserve(&change(), &new_tenant("acme"), None, &operation, None)
        .await;
    let Ok(Reserved::New(lease)) = reserved else {
        panic!("{reserved:?}");
    };
    lease
}

fn workable() -> Workable {
    Workable {
        kinds: vec!["tenant.create"],
        servers: vec![ServerId::main()],
    }
}

/// Those that a node finds which makes tenants on the main server.
async fn abandoned(catalog: &SqlCatalog) -> Vec<OperationId> {
    let (mut found, workable) = (Vec::new(), workable());
    loop {
        let page = catalog.abandoned(&workable, found.last().copied()).await;
        let page = page.unwrap();
        if page.is_empty() {
            return found;
        }
        found.extend(page);
    }
}

/// Reserves a tenant on this server by an operation of this kind, on a node that dies at once.
async fn cut_off_elsewhere(
    catalog: &SqlCatalog,
    number: usize,
    kind: &'static str,
    server: &str,
) -> OperationId {
    let tenant = NewTenant {
        server: Some(ServerId::new(server)),
        ..new_tenant(&format!("tenant-{number}"))
    };
    let operation = NewOperation {
        kind,
        ..new_operation(Duration::ZERO)
    };
    let change = change();
    let reserved = catalog.reserve(&change, &tenant, None, &operation, None);
    match reserved.await {
        Ok(Reserved::New(lease)) => lease.operation(),
        other => panic!("{other:?}"),
    }
}

on_both_engines! {
    async fn what_others_have_abandoned_stands_before_nothing_that_this_node_can_end(place: Place) {
        let catalog = place.catalog().await;
        catalog.add_server(&change(), &ServerId::new("moon")).await.unwrap();
        for number in 0..502 {
            let (kind, server) = if number % 2 == 0 { ("tenant.teleport", "main") } else { ("tenant.create", "moon") };
            cut_off_elsewhere(&catalog, number, kind, server).await;
        }
        let ours = cut_off(&catalog).await;
        assert_eq!(abandoned(&catalog).await, [ours.operation()]);
        let everything = Workable {
            kinds: vec!["tenant.teleport", "tenant.create"],
            servers: vec![ServerId::new("moon"), ServerId::main()],
        };
        let first = catalog.abandoned(&everything, None).await.unwrap();
        assert_eq!(first.len(), 500);
        let rest = catalog.abandoned(&everything, first.last().copied()).await.unwrap();
        assert_eq!((rest.len(), rest.last()), (3, Some(&ours.operation())));
        for nothing in [Workable { kinds: Vec::new(), ..workable() }, Workable { servers: Vec::new(), ..workable() }] {
            assert!(catalog.abandoned(&nothing, None).await.unwrap().is_empty());
        }
    }

    async fn an_operation_tells_how_far_it_has_come(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, lease) = reserve(&catalog, "acme").await;
        catalog.mark(&lease, "role", StepStatus::Done, None).await.unwrap();
        catalog.mark(&lease, "database", StepStatus::Failed, Some("no space")).await.unwrap();
        let operation = catalog.operation(lease.operation()).await.unwrap().unwrap();
        let steps: Vec<_> = operation.steps.iter().map(|s| (&*s.name, s.status, s.error.as_deref())).collect();
        assert_eq!(steps, [
            ("role", StepStatus::Done, None),
            ("database", StepStatus::Failed, Some("no space")),
            ("activate", StepStatus::Pending, None),
        ]);
        assert_eq!((operation.tenant, operation.status, operation.progress()), (tenant.id, OperationStatus::Running, 33));
        assert_eq!(operation.input["adminEmail"], "bob@example.org");
        let unknown = catalog.mark(&lease, "moon", StepStatus::Done, None).await;
        assert!(matches!(unknown, Err(CatalogError::StepUnknown { .. })));
        assert!(catalog.operation(OperationId::generate()).await.unwrap().is_none());
    }

    async fn an_operation_that_nobody_works_on_is_taken_over_by_one_node(place: Place) {
        let catalog = place.catalog().await;
        let dead = cut_off(&catalog).await;
        assert_eq!(abandoned(&catalog).await, [dead.operation()]);

        let mut nodes = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (catalog, operation) = (catalog.clone(), dead.operation());
            nodes.spawn(async move { catalog.take_over(operation, NodeId::generate(), MINUTE).await });
        }
        let (won, lost): (Vec<_>, Vec<_>) = nodes.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(won.len(), 1);
        for refused in lost {
            assert!(matches!(refused, Err(CatalogError::LeaseHeld(_))));
        }
        let lease = won.into_iter().next().unwrap().unwrap();
        assert_eq!(lease.attempt(), 2);
        assert!(abandoned(&catalog).await.is_empty());
        catalog.mark(&lease, "role", StepStatus::Done, None).await.unwrap();
    }

    async fn the_node_that_was_taken_for_dead_writes_nothing_any_more(place: Place) {
        let catalog = place.catalog().await;
        let dead = cut_off(&catalog).await;
        catalog.mark(&dead, "role", StepStatus::Done, None).await.expect("nobody has taken over yet");
        let lease = catalog.take_over(dead.operation(), NodeId::generate(), MINUTE).await.unwrap();
        let lost = [
            catalog.mark(&dead, "role", StepStatus::Undone, None).await,
            catalog.check(&dead).await,
            catalog.renew(&dead).await,
            catalog.turn_back(&change(), &dead, "late").await,
            catalog.finish(&change(), &dead, Outcome::Succeeded).await,
            catalog.remove(&change(), &dead, Outcome::Undone).await,
            catalog.activate(&change(), &dead).await.map(drop),
            catalog.migrated(&change(), &dead, "2").await.map(drop),
        ];
        for refused in lost {
            assert!(matches!(refused, Err(CatalogError::LeaseLost(_))), "{refused:?}");
        }
        let operation = catalog.operation(lease.operation()).await.unwrap().unwrap();
        assert_eq!((operation.steps[0].status, operation.error), (StepStatus::Done, None));
        assert_eq!(catalog.tenant(lease.tenant()).await.unwrap().unwrap().status, TenantStatus::Provisioning);
    }

    async fn a_tenant_is_served_with_the_end_of_its_making(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, lease) = reserve(&catalog, "acme").await;
        let row = catalog.activate(&change(), &lease).await.unwrap();
        assert_eq!((row.id, row.status), (tenant.id, TenantStatus::Active));
        let stored = catalog.tenant(tenant.id).await.unwrap().unwrap();
        assert_eq!((stored.status, stored.updated_at), (row.status, row.updated_at));
        let operation = catalog.operation(lease.operation()).await.unwrap().unwrap();
        assert_eq!((operation.status, operation.progress()), (OperationStatus::Succeeded, 100));
        let told = EventKind::TenantChanged { tenant: tenant.id };
        assert_eq!(kinds(&catalog).await.pop(), Some(told));
        assert!(matches!(catalog.check(&lease).await, Err(CatalogError::LeaseLost(_))));
        assert!(matches!(catalog.activate(&change(), &lease).await, Err(CatalogError::LeaseLost(_))));
    }

    async fn what_is_being_undone_is_never_served(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, lease) = reserve(&catalog, "acme").await;
        catalog.turn_back(&change(), &lease, "no space").await.unwrap();
        assert!(matches!(catalog.activate(&change(), &lease).await, Err(CatalogError::LeaseLost(_))));
        let row = catalog.tenant(tenant.id).await.unwrap().unwrap();
        assert_eq!(row.status, TenantStatus::Provisioning);
        catalog.mark(&lease, "role", StepStatus::Done, None).await.unwrap();
        catalog.remove(&change(), &lease, Outcome::Undone).await.unwrap();
        let operation = catalog.operation(lease.operation()).await.unwrap().unwrap();
        let steps: Vec<_> = operation.steps.iter().map(|step| step.status).collect();
        assert_eq!(operation.status, OperationStatus::Undone);
        assert_eq!(steps, [StepStatus::Undone, StepStatus::Pending, StepStatus::Pending]);
    }

    async fn only_what_is_being_made_is_activated_by_an_operation(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await;
        catalog.set_status(&change(), tenant.id, TenantStatus::Suspended).await.unwrap();
        let lease = catalog.begin(&change(), tenant.id, &new_operation(MINUTE)).await.unwrap();
        assert!(matches!(catalog.activate(&change(), &lease).await, Err(CatalogError::Transition { .. })));
        catalog.check(&lease).await.expect("the operation goes on");
        assert_eq!(catalog.tenant(tenant.id).await.unwrap().unwrap().status, TenantStatus::Suspended);
    }

    async fn a_migration_ends_with_the_tenants_schema_and_touches_nothing_else_of_its_row(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await.id;
        let begin = async || catalog.begin(&change(), tenant, &new_operation(MINUTE)).await.unwrap();
        let nowhere = begin().await;
        let refused = catalog.migrated(&change(), &nowhere, "2").await;
        assert!(matches!(refused, Err(CatalogError::NoDatabase(_))), "{refused:?}");
        catalog.finish(&change(), &nowhere, Outcome::Failed).await.unwrap();
        let secret = |text: &str| Some(SealedSecret::from_text(text.to_owned()));
        let before = Placement {
            server: ServerId::main(),
            database: "client_db_acme".to_owned(),
            role: None,
            secret: secret("v1.before"),
            schema_version: "1".to_owned(),
        };
        catalog.place(&change(), tenant, &before).await.unwrap();

        let lease = begin().await;
        let meanwhile = Placement { secret: secret("v1.meanwhile"), ..before };
        catalog.place(&change(), tenant, &meanwhile).await.unwrap();
        let row = catalog.migrated(&change(), &lease, "2").await.unwrap();
        let expected = Placement { schema_version: "2".to_owned(), ..meanwhile };
        assert_eq!(row.placement.as_ref(), Some(&expected));
        let stored = catalog.tenant(tenant).await.unwrap().unwrap();
        assert_eq!((stored.placement.as_ref(), stored.updated_at), (Some(&expected), row.updated_at));
        let operation = catalog.operation(lease.operation()).await.unwrap().unwrap();
        assert_eq!((operation.status, operation.progress()), (OperationStatus::Succeeded, 100));
        assert_eq!(kinds(&catalog).await.pop(), Some(EventKind::TenantChanged { tenant }));
        let rows = AuditFilter { action: Some("tenant.migrate".to_owned()), ..Default::default() };
        let rows = catalog.audit_logs(&rows, Page::default()).await.unwrap().items;
        assert_eq!(rows[0].details, serde_json::json!({"from": "1", "to": "2"}));

        // Of one whose lease is lost nothing is written, and what is there already is no change.
        let lost = catalog.migrated(&change(), &lease, "3").await;
        assert!(matches!(lost, Err(CatalogError::LeaseLost(_))));
        let same = begin().await;
        let unchanged = catalog.migrated(&change(), &same, "2").await.unwrap();
        assert_eq!((unchanged.placement, unchanged.updated_at), (Some(expected), row.updated_at));
    }

    async fn an_operation_is_left_to_others_for_as_long_as_is_said(place: Place) {
        let clock = MovableClock::running();
        let catalog = place.catalog().await.with_clock(clock.clone());
        let dead = cut_off(&catalog).await;
        let take = async || catalog.take_over_silent(dead.operation(), NodeId::generate(), MINUTE, 10 * MINUTE).await;
        clock.advance(9 * MINUTE);
        assert!(matches!(take().await, Err(CatalogError::LeaseHeld(_))));
        clock.advance(2 * MINUTE);
        assert_eq!(take().await.unwrap().attempt(), 2);
        assert!(matches!(take().await, Err(CatalogError::LeaseHeld(_))));
    }

    async fn who_begins_and_who_ends_an_operation_do_not_wait_for_each_other(place: Place) {
        let catalog = place.catalog().await;
        for number in 0..20 {
            let (tenant, lease) = reserve(&catalog, &format!("tenant-{number}")).await;
            let (change, operation) = (change(), new_operation(MINUTE));
            let (activated, begun) = tokio::join!(
                catalog.activate(&change, &lease),
                catalog.begin(&change, tenant.id, &operation),
            );
            activated.unwrap();
            assert!(matches!(begun, Ok(_) | Err(CatalogError::TenantBusy(_))), "{begun:?}");
        }
    }

    async fn a_lease_that_is_renewed_is_not_taken(place: Place) {
        let catalog = place.catalog().await;
        let (_, lease) = reserve(&catalog, "acme").await;
        catalog.renew(&lease).await.unwrap();
        assert!(abandoned(&catalog).await.is_empty());
        let refused = catalog.take_over(lease.operation(), NodeId::generate(), MINUTE).await;
        assert!(matches!(refused, Err(CatalogError::LeaseHeld(_))));
    }

    async fn an_operation_that_has_ended_stays_as_it_is(place: Place) {
        let catalog = place.catalog().await;
        let lease = cut_off(&catalog).await;
        catalog.turn_back(&change(), &lease, "no space").await.unwrap();
        assert_eq!(abandoned(&catalog).await, [lease.operation()], "it must be undone");
        catalog.turn_back(&change(), &lease, "again").await.unwrap();
        catalog.finish(&change(), &lease, Outcome::Undone).await.unwrap();
        assert!(abandoned(&catalog).await.is_empty());
        let taken = catalog.take_over(lease.operation(), NodeId::generate(), MINUTE).await;
        assert!(matches!(taken, Err(CatalogError::LeaseLost(_))));
        let unknown = catalog.take_over(OperationId::generate(), NodeId::generate(), MINUTE).await;
        assert!(matches!(unknown, Err(CatalogError::OperationUnknown(_))));
        let operation = catalog.operation(lease.operation()).await.unwrap().unwrap();
        assert_eq!((operation.status, operation.error.as_deref()), (OperationStatus::Undone, Some("no space")));
        let filter = AuditFilter { entity: Some("operation".to_owned()), ..Default::default() };
        let rows = catalog.audit_logs(&filter, Page::default()).await.unwrap();
        let actions: Vec<&str> = rows.items.iter().map(|row| &*row.action).collect();
        assert_eq!(actions, ["operation.finish", "operation.turn_back", "operation.begin"]);
    }

    async fn a_tenant_has_one_operation_at_a_time(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await;
        let lease = catalog.begin(&change(), tenant.id, &new_operation(MINUTE)).await.unwrap();
        let busy = catalog.begin(&change(), tenant.id, &new_operation(MINUTE)).await;
        assert!(matches!(busy, Err(CatalogError::TenantBusy(_))));
        catalog.finish(&change(), &lease, Outcome::Succeeded).await.unwrap();
        assert!(catalog.begin(&change(), tenant.id, &new_operation(MINUTE)).await.is_ok());
        let unknown = catalog.begin(&change(), TenantId::generate(), &new_operation(MINUTE)).await;
        assert!(matches!(unknown, Err(CatalogError::TenantUnknown(_))));
    }

    async fn a_clock_that_is_set_back_keeps_no_operation_from_its_end(place: Place) {
        const DATE: &str = "UPDATE mt_operations SET lease_until = $1, updated_at = $1 WHERE id = $2";
        let catalog = place.catalog().await;
        let dead = cut_off(&catalog).await;
        let hour_ahead = SystemClock.now() + Duration::from_secs(3_600);
        multitenant_core::on!(catalog.pool(), pool => sqlx::query(DATE)
            .bind(hour_ahead)
            .bind(dead.operation())
            .execute(pool)
            .await.map(drop)).unwrap();
        assert_eq!(abandoned(&catalog).await, [dead.operation()]);
        let lease = catalog.take_over(dead.operation(), NodeId::generate(), MINUTE).await.unwrap();
        assert_eq!(lease.attempt(), 2);
        assert!(abandoned(&catalog).await.is_empty(), "it is dated anew");
    }

    async fn a_node_that_is_silent_is_forgotten(place: Place) {
        let catalog = place.catalog().await;
        let node = NodeId::generate();
        catalog.heartbeat(node).await.unwrap();
        catalog.heartbeat(node).await.unwrap();
        assert_eq!(catalog.live_nodes(MINUTE).await.unwrap(), [node]);
        multitenant_core::testing::eventually("the node is forgotten", async || {
            catalog.live_nodes(Duration::ZERO).await.unwrap().is_empty()
        }).await;
    }
}
