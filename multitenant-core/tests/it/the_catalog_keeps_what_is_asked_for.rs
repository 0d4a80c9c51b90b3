//! What nobody asks for any more is deleted after a stated time, and who did is told.

use std::sync::Arc;
use std::time::Duration;

use crate::common::PostgresPlace;
use crate::common::catalog::{MINUTE, active, change, log, new_operation, new_tenant, tamper};
use multitenant_core::catalog::{
    AuditEntry, Catalog, CatalogDirectory, CatalogError, ConnectUrls, Idempotency, Operations,
    Outcome, Placement, Reserved, Retention, SqlCatalog,
};
use multitenant_core::directory::{DirectoryError, TenantStatus};
use multitenant_core::engine::ConnectData;
use multitenant_core::events::{EventKind, LogReader, Position};
use multitenant_core::keys::{LocalKeys, Vault};
use multitenant_core::tenant::{ManagerOptions, TenantManager};
use multitenant_core::testing::MovableClock;
use multitenant_core::testing::Nowhere;
use multitenant_core::{ServerId, TenantId};
use secrecy::SecretString;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn publish(catalog: &SqlCatalog, count: usize) {
    let (change, tenant) = (change(), TenantId::generate());
    let mut write = catalog.write(&change).await.unwrap();
    let entry = AuditEntry::new("test.write", "tenant", tenant);
    write.audit(entry).await.unwrap();
    for _ in 0..count {
        write.publish(EventKind::TenantChanged { tenant });
    }
    write.commit().await.unwrap();
}

async fn prune(catalog: &SqlCatalog) -> (u64, u64) {
    let pruned = catalog.prune(&Retention::default()).await.unwrap();
    (pruned.events, pruned.idempotency_keys)
}

/// The numbers of what is read after `position`, and how many of it say that some was missed.
async fn read(catalog: &SqlCatalog, position: i64) -> (Vec<i64>, usize) {
    let events = catalog
        .changes_since(Position::new(position))
        .await
        .unwrap();
    let numbers = events.iter().map(|event| event.position.number()).collect();
    let missed = events
        .iter()
        .filter(|event| event.kind == EventKind::Missed);
    (numbers, missed.count())
}

/// Connects every tenant to nowhere.
struct Urls;

impl ConnectUrls for Urls {
    fn connect_data(
        &self,
        _: TenantId,
        placement: &Placement,
        _: Option<SecretString>,
    ) -> Result<ConnectData, DirectoryError> {
        Ok(ConnectData::new(placement.server.clone(), "nowhere://here"))
    }
}

async fn placed(catalog: &SqlCatalog, slug: &str) -> TenantId {
    let tenant = active(catalog, slug).await.id;
    let placement = Placement {
        server: ServerId::main(),
        database: format!("client_db_{slug}"),
        role: None,
        secret: None,
        schema_version: "1".to_owned(),
    };
    catalog.place(&change(), tenant, &placement).await.unwrap();
    tenant
}

/// A node that reads the log only when it is told to.
async fn node(catalog: &SqlCatalog) -> TenantManager<Nowhere> {
    let key = "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI".into();
    let vault = Vault::new(LocalKeys::from_setting("DB_ENCRYPTION_KEY", &key).unwrap());
    let catalog = Arc::new(catalog.clone());
    let directory = CatalogDirectory::new(catalog, Arc::new(vault), Arc::new(Urls));
    let mut options = ManagerOptions::default();
    options.follower.poll = Duration::from_secs(3_600);
    let started = TenantManager::start(Nowhere::default(), Arc::new(directory), options);
    started.await.unwrap()
}

on_both_engines! {
    async fn old_events_go_from_the_front_and_a_reader_is_told_what_it_has_missed(place: Place) {
        let clock = MovableClock::running();
        let catalog = place.catalog().await.with_clock(clock.clone());
        publish(&catalog, 3).await;
        clock.advance(6 * DAY);
        publish(&catalog, 2).await;
        assert_eq!(prune(&catalog).await.0, 0, "nothing is seven days old");
        clock.advance(2 * DAY);
        assert_eq!(prune(&catalog).await.0, 3);
        assert_eq!(read(&catalog, 3).await, (vec![4, 5], 0));
        assert_eq!(read(&catalog, 2).await, (vec![3, 4, 5], 1));
        assert_eq!(read(&catalog, 0).await, (vec![3, 4, 5], 1));

        clock.advance(8 * DAY);
        assert_eq!(prune(&catalog).await.0, 1, "the newest stays");
        assert_eq!(prune(&catalog).await.0, 0);
        assert_eq!(read(&catalog, 5).await, (vec![], 0));
        assert_eq!(read(&catalog, 4).await, (vec![5], 0));
        assert_eq!(read(&catalog, 3).await, (vec![4, 5], 1));
        publish(&catalog, 1).await;
        assert_eq!(read(&catalog, 5).await, (vec![6], 0));
    }

    async fn no_more_than_some_hundred_rows_go_at_once(place: Place) {
        let clock = MovableClock::running();
        let catalog = place.catalog().await.with_clock(clock.clone());
        publish(&catalog, 1_201).await;
        clock.advance(8 * DAY);
        for expected in [500, 500, 200, 0] {
            assert_eq!(prune(&catalog).await.0, expected);
        }
    }

    async fn a_request_is_known_by_its_key_for_a_day(place: Place) {
        let clock = MovableClock::running();
        let catalog = place.catalog().await.with_clock(clock.clone());
        let reserve = async |slug: &str| {
            let key = Idempotency::new("key-1", slug.as_bytes()).unwrap();
            catalog.reserve(&change(), &new_tenant(slug), None, &new_operation(MINUTE), Some(&key)).await
        };
        assert!(matches!(reserve("acme").await, Ok(Reserved::New(_))));
        clock.advance(DAY - MINUTE);
        assert_eq!(prune(&catalog).await.1, 0);
        assert!(matches!(reserve("other").await, Err(CatalogError::KeyReused)));
        clock.advance(2 * MINUTE);
        assert_eq!(prune(&catalog).await.1, 1);
        assert!(matches!(reserve("other").await, Ok(Reserved::New(_))));
    }

    async fn a_node_notices_that_the_catalog_was_restored_and_reads_everything_again(place: Place) {
        let catalog = place.catalog().await;
        let acme = placed(&catalog, "acme").await;
        let node = node(&catalog).await;
        let backup = log(&catalog).await.len();

        catalog.set_status(&change(), acme, TenantStatus::Suspended).await.unwrap();
        let made = placed(&catalog, "made-since").await;
        node.catch_up().await.unwrap();
        assert!(node.get(acme).await.is_err());
        node.get(made).await.unwrap();

        let restore = format!(
            "DELETE FROM mt_events WHERE position > {backup};
             UPDATE mt_event_head SET position = {backup};
             UPDATE mt_tenants SET status = 'ACTIVE' WHERE slug = 'acme';
             DELETE FROM mt_tenants WHERE slug = 'made-since'"
        );
        tamper(&catalog, restore.leak()).await.unwrap();
        let head = i64::try_from(backup).unwrap();
        assert_eq!(read(&catalog, head + 3).await, (vec![head], 1));
        assert_eq!(read(&catalog, head).await, (vec![], 0));
        node.catch_up().await.unwrap();
        let held = node.get(acme).await.unwrap();
        assert!(node.get(made).await.is_err());
        assert_eq!(node.ids(), [acme]);

        catalog.set_status(&change(), acme, TenantStatus::Suspended).await.unwrap();
        node.catch_up().await.unwrap();
        assert_eq!(held.status(), TenantStatus::Suspended, "it goes on from there");
    }

    async fn a_node_notices_a_restore_also_where_as_much_has_happened_since(place: Place) {
        let catalog = place.catalog().await;
        let acme = placed(&catalog, "acme").await;
        for node_has_read_the_log in [true, false] {
            let reader = node(&catalog).await;
            let backup = log(&catalog).await.len();
            publish(&catalog, 2).await;
            let made = placed(&catalog, "made-since").await;
            // Its place comes from the log, or from the names that it begins with.
            let node = match node_has_read_the_log {
                true => reader,
                false => node(&catalog).await,
            };
            node.catch_up().await.unwrap();
            assert_eq!(node.ids().len(), 2);

            let read = log(&catalog).await.len();
            let restore = format!(
                "DELETE FROM mt_events WHERE position > {backup};
                 UPDATE mt_event_head SET position = {backup};
                 DELETE FROM mt_tenants WHERE slug = 'made-since'"
            );
            tamper(&catalog, restore.leak()).await.unwrap();
            publish(&catalog, read - backup).await;
            assert_eq!(log(&catalog).await.len(), read);
            node.catch_up().await.unwrap();
            assert_eq!(node.ids(), [acme]);
            assert!(node.get(made).await.is_err());

            // It goes on from there.
            let again = placed(&catalog, "made-again").await;
            node.catch_up().await.unwrap();
            node.get(again).await.unwrap();
            let lease = catalog.begin(&change(), again, &new_operation(MINUTE)).await.unwrap();
            catalog.remove(&change(), &lease, Outcome::Succeeded).await.unwrap();
        }
    }

    async fn a_node_that_was_away_for_longer_than_events_are_kept_reads_everything_again(place: Place) {
        let clock = MovableClock::running();
        let catalog = place.catalog().await.with_clock(clock.clone());
        let (acme, other) = (placed(&catalog, "acme").await, placed(&catalog, "other").await);
        let node = node(&catalog).await;
        let held = node.get(acme).await.unwrap();

        let suspended = TenantStatus::Suspended;
        catalog.set_status(&change(), acme, suspended).await.unwrap();
        let made = placed(&catalog, "made-meanwhile").await;
        let lease = catalog.begin(&change(), other, &new_operation(MINUTE)).await.unwrap();
        catalog.remove(&change(), &lease, Outcome::Succeeded).await.unwrap();
        publish(&catalog, 1).await;
        clock.advance(8 * DAY);
        assert!(prune(&catalog).await.0 > 0);

        node.catch_up().await.unwrap();
        assert_eq!(held.status(), suspended);
        node.get(made).await.unwrap();
        assert_eq!(node.ids().len(), 2);
        assert_eq!(node.find(&"other".parse().unwrap()).await.unwrap(), None);
    }
}

/// SQLite has one writer at a time, so nothing is deleted between two statements of another.
#[tokio::test]
async fn a_key_that_is_deleted_while_it_is_asked_for_is_free() {
    const OLD: &str = "UPDATE mt_idempotency_keys SET created_at = created_at - interval '2 days'";
    // Deletes after a statement that has found the key there, and before the next one.
    const PRUNER: &str = "CREATE FUNCTION prune() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
         DELETE FROM mt_idempotency_keys WHERE created_at < now() - interval '1 day'; \
         RETURN NULL; END $$; \
         CREATE TRIGGER prune AFTER INSERT ON mt_idempotency_keys \
         FOR EACH STATEMENT EXECUTE FUNCTION prune()";
    let place = PostgresPlace::new().await;
    let catalog = place.catalog().await;
    let reserve = async |slug: &str| {
        let (tenant, operation) = (new_tenant(slug), new_operation(MINUTE));
        let key = Idempotency::new("key-1", slug.as_bytes()).unwrap();
        catalog
            .reserve(&change(), &tenant, None, &operation, Some(&key))
            .await
    };
    assert!(matches!(reserve("acme").await, Ok(Reserved::New(_))));
    tamper(&catalog, OLD).await.unwrap();
    tamper(&catalog, PRUNER).await.unwrap();
    let reserved = reserve("other").await;
    assert!(matches!(reserved, Ok(Reserved::New(_))), "{reserved:?}");
    assert!(matches!(
        reserve("acme").await,
        Err(CatalogError::KeyReused)
    ));
    catalog.close().await;
    place.clear().await.unwrap();
}
