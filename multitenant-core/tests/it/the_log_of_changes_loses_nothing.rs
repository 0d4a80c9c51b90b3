//! Who follows the log of changes hears of every change, in the order of the commits, and of none
//! that was not committed.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use crate::common::catalog::{
    MINUTE, active, change, kinds, log, new_operation, new_tenant, reserve, tamper,
};
use multitenant_core::TenantId;
use multitenant_core::catalog::{
    AuditEntry, AuditFilter, Catalog, CatalogError, Operations, Outcome, Page, SqlCatalog,
    TenantFilter, TenantPatch,
};
use multitenant_core::directory::TenantStatus;
use multitenant_core::events::{EventKind, Intents, LogReader, ORPHAN_AGE, Position};

const WRITERS: usize = 16;
const CHANGES: usize = 20;

/// Publishes its changes, the first of its tenant first.
async fn write_events(catalog: &SqlCatalog, tenants: &[TenantId]) {
    for &tenant in tenants {
        let change = change();
        let mut write = catalog.write(&change).await.unwrap();
        write
            .audit(AuditEntry::new("test.write", "tenant", tenant))
            .await
            .unwrap();
        write.publish(EventKind::TenantChanged { tenant });
        write.commit().await.unwrap();
    }
}

/// Reads until it has seen so many events, always from the last it saw.
async fn follow(catalog: &SqlCatalog, count: usize) -> Vec<(Position, TenantId)> {
    let mut seen = Vec::new();
    let mut position = Position::START;
    while seen.len() < count {
        for event in catalog.changes_since(position).await.unwrap() {
            position = event.position;
            seen.push((event.position, event.kind.tenant().unwrap()));
        }
    }
    seen
}

on_both_engines! {
    async fn a_reader_beside_sixteen_writers_sees_every_event_in_order_and_without_gaps(place: Place) {
        let url = place.url();
        let written: Vec<Vec<TenantId>> = (0..WRITERS)
            .map(|_| (0..CHANGES).map(|_| TenantId::generate()).collect())
            .collect();
        let reader = SqlCatalog::open(&url).await.unwrap();
        // Two nodes, so that what orders the writers is not within one process.
        let nodes = [SqlCatalog::open(&url).await.unwrap(), SqlCatalog::open(&url).await.unwrap()];
        let mut writers = tokio::task::JoinSet::new();
        for (writer, tenants) in written.iter().cloned().enumerate() {
            let node = nodes[writer % 2].clone();
            writers.spawn(async move { write_events(&node, &tenants).await });
        }
        let seen = tokio::time::timeout(MINUTE, follow(&reader, WRITERS * CHANGES)).await.unwrap();
        while let Some(done) = writers.join_next().await {
            done.unwrap();
        }
        let numbers: Vec<i64> = seen.iter().map(|(position, _)| position.number()).collect();
        assert_eq!(numbers, (1..=320).collect::<Vec<_>>());
        let places: HashMap<TenantId, usize> =
            seen.iter().enumerate().map(|(place, (_, tenant))| (*tenant, place)).collect();
        for tenants in written {
            assert!(tenants.is_sorted_by_key(|tenant| places[tenant]), "one writer's order is kept");
        }
    }

    async fn row_audit_row_and_event_are_written_together_or_not_at_all(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await;
        let before = (log(&catalog).await, audit_rows(&catalog).await);
        let patch = TenantPatch { tier: Some("gold".to_owned()), ..Default::default() };

        for broken in ["mt_events", "mt_event_head", "mt_audit_logs"] {
            rename(&catalog, broken, "away").await;
            let refused = catalog.patch(&change(), tenant.id, &patch).await;
            assert!(matches!(refused, Err(CatalogError::Database(_))), "without {broken}");
            rename(&catalog, "away", broken).await;
            let row = catalog.tenant(tenant.id).await.unwrap().unwrap();
            assert_eq!((row.tier, row.updated_at), (tenant.tier.clone(), tenant.updated_at));
            assert_eq!((log(&catalog).await, audit_rows(&catalog).await), before);
        }
        assert_eq!(catalog.patch(&change(), tenant.id, &patch).await.unwrap().tier, "gold");
        assert_eq!(log(&catalog).await.len(), before.0.len() + 1);
        assert_eq!(audit_rows(&catalog).await, before.1 + 1);
    }

    async fn a_change_that_is_given_up_leaves_no_gap(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, change) = (TenantId::generate(), change());
        for given_up in [true, false] {
            let mut write = catalog.write(&change).await.unwrap();
            write.audit(AuditEntry::new("test.write", "tenant", tenant)).await.unwrap();
            write.publish(EventKind::TenantChanged { tenant });
            if !given_up {
                write.commit().await.unwrap();
            }
        }
        let numbers: Vec<_> = log(&catalog).await.iter().map(|e| e.position.number()).collect();
        assert_eq!(numbers, [1]);
    }

    async fn a_change_without_an_audit_row_is_not_committed(place: Place) {
        let catalog = place.catalog().await;
        let change = change();
        let mut write = catalog.write(&change).await.unwrap();
        write.publish(EventKind::TenantChanged { tenant: TenantId::generate() });
        assert!(matches!(write.commit().await, Err(CatalogError::Unaudited)));
        assert!(log(&catalog).await.is_empty());
    }

    async fn a_call_that_changes_nothing_tells_nobody(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await;
        let before = (log(&catalog).await, audit_rows(&catalog).await);
        catalog.set_status(&change(), tenant.id, TenantStatus::Active).await.unwrap();
        catalog.patch(&change(), tenant.id, &TenantPatch::default()).await.unwrap();
        assert_eq!((log(&catalog).await, audit_rows(&catalog).await), before);
    }

    async fn names_fit_their_place_in_the_log_while_tenants_come(place: Place) {
        let catalog = Arc::new(place.catalog().await);
        let writer = tokio::spawn({
            let catalog = Arc::clone(&catalog);
            async move {
                for number in 0..30 {
                    let _lease = reserve(&catalog, &format!("tenant-{number}")).await;
                }
            }
        });
        let mut rounds = 0;
        while !writer.is_finished() || rounds == 0 {
            let names = catalog.names().await.unwrap();
            assert_eq!(names.names.len(), usize::try_from(names.position.number()).unwrap());
            rounds += 1;
        }
        writer.await.unwrap();
        assert_eq!(catalog.names().await.unwrap().names.len(), 30);
    }

    async fn two_nodes_see_each_others_changes(place: Place) {
        let url = place.url();
        let here = SqlCatalog::open(&url).await.unwrap();
        let there = SqlCatalog::open(&url).await.unwrap();
        here.add_server(&change(), &multitenant_core::ServerId::main()).await.unwrap();
        let tenant = active(&here, "acme").await;
        assert_eq!(there.tenant(tenant.id).await.unwrap().unwrap().status, TenantStatus::Active);
        there.set_status(&change(), tenant.id, TenantStatus::Suspended).await.unwrap();
        let last = log(&here).await.pop().unwrap();
        assert_eq!(last.kind, EventKind::TenantChanged { tenant: tenant.id });
        assert!(here.changes_since(last.position).await.unwrap().is_empty());
    }

    async fn a_closed_intent_is_an_event_and_nothing_remains_of_it(place: Place) {
        let catalog = place.catalog().await;
        let tenant = TenantId::generate();
        let events = vec![EventKind::PolicyChanged { tenant }, EventKind::TenantChanged { tenant }];
        let intent = catalog.open(events.clone()).await.unwrap();
        assert!(log(&catalog).await.is_empty());
        Intents::close(&catalog, &intent).await.unwrap();
        assert_eq!(kinds(&catalog).await, events);
        assert_eq!(catalog.sweep(Duration::ZERO).await.unwrap(), 0);
    }

    async fn an_orphaned_intent_becomes_an_event_once_it_is_old(place: Place) {
        let catalog = place.catalog().await;
        let tenant = TenantId::generate();
        let subject = multitenant_core::Subject::new("bob").unwrap();
        let events = vec![
            EventKind::SubjectChanged { tenant: Some(tenant), subject },
            EventKind::PolicyChanged { tenant },
        ];
        let late = catalog.open(events.clone()).await.unwrap();
        assert_eq!(catalog.sweep(ORPHAN_AGE).await.unwrap(), 0, "it is young");
        assert_eq!(catalog.sweep(Duration::ZERO).await.unwrap(), 1);
        assert_eq!(catalog.sweep(Duration::ZERO).await.unwrap(), 0);
        assert_eq!(kinds(&catalog).await.len(), 2);
        // Its maker was only slow: what it commits after the sweep must be heard of again.
        Intents::close(&catalog, &late).await.unwrap();
        assert_eq!(kinds(&catalog).await.len(), 4);
    }

    async fn what_a_newer_version_says_is_read_as_unknown_and_published_as_it_is(place: Place) {
        let catalog = place.catalog().await;
        let tenant = TenantId::generate();
        let unknown = EventKind::Unknown {
            word: "moon_landed".to_owned(),
            tenant: Some(tenant),
            detail: Some("apollo".to_owned()),
        };
        let events = vec![unknown.clone(), EventKind::PolicyChanged { tenant }];
        let _orphan = catalog.open(events.clone()).await.unwrap();
        assert_eq!(catalog.sweep(Duration::ZERO).await.unwrap(), 1);
        let read = kinds(&catalog).await;
        assert!(read.contains(&unknown) && read.len() == 2, "{read:?}");
    }

    async fn a_deleted_tenant_is_gone_but_for_its_audit_rows(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await;
        let lease = catalog.begin(&change(), tenant.id, &new_operation(MINUTE)).await.unwrap();
        catalog.remove(&change(), &lease, Outcome::Succeeded).await.unwrap();
        assert!(catalog.tenant(tenant.id).await.unwrap().is_none());
        assert_eq!(catalog.tenants(&TenantFilter::default(), Page::default()).await.unwrap().total, 0);
        let deleted = EventKind::TenantDeleted { tenant: tenant.id };
        assert_eq!(kinds(&catalog).await.pop(), Some(deleted));
        let filter = AuditFilter { tenant: Some(tenant.id), ..Default::default() };
        let rows = catalog.audit_logs(&filter, Page::default()).await.unwrap();
        let actions: Vec<&str> = rows.items.iter().map(|row| &*row.action).collect();
        assert_eq!(actions, [
            "operation.finish", "tenant.delete", "operation.begin",
            "tenant.status", "operation.finish", "tenant.reserve", "operation.begin",
        ]);
        let again = catalog.reserve(&change(), &new_tenant("acme"), None, &new_operation(MINUTE), None).await;
        assert!(again.is_ok(), "the slug is free again");
    }
}

async fn audit_rows(catalog: &SqlCatalog) -> i64 {
    let rows = catalog
        .audit_logs(&AuditFilter::default(), Page::default())
        .await;
    rows.unwrap().total
}

async fn rename(catalog: &SqlCatalog, from: &str, to: &str) {
    let sql = format!("ALTER TABLE {from} RENAME TO {to}");
    tamper(catalog, sql.leak()).await.unwrap();
}
