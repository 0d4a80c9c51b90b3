//! Tenants are reserved once, found, changed by rules, and every change is told in audit rows.

use std::collections::HashSet;

use crate::common::catalog::{MINUTE, active, change, new_operation, new_tenant, reserve, tamper};
use multitenant_core::catalog::{
    Actor, AuditFilter, Catalog, CatalogError, Change, Idempotency, NewTenant, Operations, Outcome,
    Page, Placement, Reserved, SealedSecret, TenantFilter, TenantPatch,
};
use multitenant_core::directory::TenantStatus;
use multitenant_core::{Code, Problem, ServerId, Slug, Subject, TenantId};

fn slug(text: &str) -> Slug {
    text.parse().unwrap()
}

fn placement() -> Placement {
    Placement {
        server: ServerId::main(),
        database: "client_db_1".to_owned(),
        role: Some("mt_1".to_owned()),
        secret: Some(SealedSecret::from_text("v1.sealed".to_owned())),
        schema_version: "0123456789abcdef".to_owned(),
    }
}

on_both_engines! {
    async fn of_many_who_want_one_slug_at_once_one_gets_it(place: Place) {
        let catalog = place.catalog().await;
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let catalog = catalog.clone();
            attempts.spawn(async move {
                catalog.reserve(&change(), &new_tenant("acme"), None, &new_operation(MINUTE), None).await
            });
        }
        let results = attempts.join_all().await;
        assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 1);
        for refused in results.into_iter().filter_map(Result::err) {
            assert!(matches!(&refused, CatalogError::SlugTaken(taken) if *taken == slug("acme")));
            assert_eq!(Problem::from(&refused).code, Code::SlugTaken);
        }
        assert_eq!(catalog.tenants(&TenantFilter::default(), Page::default()).await.unwrap().total, 1);
    }

    async fn a_tenant_needs_a_server_that_is_known(place: Place) {
        let catalog = place.catalog().await;
        let tenant = NewTenant { server: Some(ServerId::new("moon")), ..new_tenant("acme") };
        let refused = catalog.reserve(&change(), &tenant, None, &new_operation(MINUTE), None).await;
        assert!(matches!(refused, Err(CatalogError::ServerUnknown(_))));
    }

    async fn a_reserved_tenant_is_found_by_id_and_by_slug(place: Place) {
        let catalog = place.catalog().await;
        let new = NewTenant {
            segment: Some("retail".to_owned()),
            admin_email: Some("bob@example.org".to_owned()),
            ..new_tenant("acme")
        };
        catalog.reserve(&change(), &new, None, &new_operation(MINUTE), None).await.unwrap();
        let row = catalog.tenant(new.id).await.unwrap().unwrap();
        let by_slug = catalog.tenant_of_slug(&slug("acme")).await.unwrap().unwrap();
        assert_eq!((row.id, by_slug.id), (new.id, new.id));
        assert_eq!((row.status, row.placement), (TenantStatus::Provisioning, None));
        assert_eq!((&*row.name, row.segment, row.admin_email), ("acme Ltd", new.segment, new.admin_email));
        assert!(catalog.tenant_of_slug(&slug("other")).await.unwrap().is_none());
        assert!(catalog.tenant(TenantId::generate()).await.unwrap().is_none());
    }

    async fn a_list_is_searched_filtered_and_paged_the_newest_first(place: Place) {
        let catalog = place.catalog().await;
        for name in ["acme", "beta-100", "gamma"] {
            active(&catalog, name).await;
        }
        let _lease = reserve(&catalog, "acme-two").await;
        let table: [(Option<&str>, Option<TenantStatus>, &[&str]); 7] = [
            (None, None, &["acme-two", "gamma", "beta-100", "acme"]),
            (Some("ACME"), None, &["acme-two", "acme"]),
            (Some("beta-1"), None, &["beta-100"]),
            (Some("%"), None, &[]),
            (Some("_"), None, &[]),
            (Some("acme"), Some(TenantStatus::Active), &["acme"]),
            (None, Some(TenantStatus::Suspended), &[]),
        ];
        for (search, status, expected) in table {
            let filter = TenantFilter { search: search.map(str::to_owned), status };
            let found = catalog.tenants(&filter, Page::default()).await.unwrap();
            let slugs: Vec<&str> = found.items.iter().map(|row| row.slug.as_str()).collect();
            assert_eq!((&*slugs, found.total), (expected, expected.len() as i64), "{filter:?}");
        }
        let second = catalog.tenants(&TenantFilter::default(), Page::new(2, 3).unwrap()).await.unwrap();
        assert_eq!((second.items.len(), second.items[0].slug.as_str(), second.total), (1, "acme", 4));
        let beyond = catalog.tenants(&TenantFilter::default(), Page::new(9, 3).unwrap()).await.unwrap();
        assert_eq!((beyond.items.len(), beyond.total), (0, 4));
    }

    async fn a_patch_changes_what_it_names_and_clears_what_it_says(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await;
        let patch = TenantPatch { segment: Some(Some("retail".to_owned())), ..Default::default() };
        catalog.patch(&change(), tenant.id, &patch).await.unwrap();
        let patch = TenantPatch {
            name: Some("Acme \"Quoted\" $$ '; --".to_owned()),
            segment: Some(None),
            ..Default::default()
        };
        catalog.patch(&change(), tenant.id, &patch).await.unwrap();
        let row = catalog.tenant(tenant.id).await.unwrap().unwrap();
        assert_eq!((Some(row.name), row.segment, row.tier), (patch.name, None, tenant.tier));
        let unknown = catalog.patch(&change(), TenantId::generate(), &patch_name("x")).await;
        assert!(matches!(unknown, Err(CatalogError::TenantUnknown(_))));
        let too_long = catalog.patch(&change(), tenant.id, &patch_name(&"x".repeat(201))).await;
        assert!(matches!(too_long, Err(CatalogError::Database(_))));
    }

    async fn a_status_follows_the_rules(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, lease) = reserve(&catalog, "acme").await;
        let set = async |status| catalog.set_status(&change(), tenant.id, status).await;
        for status in [TenantStatus::Active, TenantStatus::Suspended, TenantStatus::Archived] {
            assert!(matches!(set(status).await, Err(CatalogError::Transition { .. })), "{status} while it is made");
        }
        catalog.activate(&change(), &lease).await.unwrap();
        for status in [TenantStatus::Suspended, TenantStatus::Active, TenantStatus::Deleting] {
            assert_eq!(set(status).await.unwrap().status, status);
        }
        assert!(matches!(set(TenantStatus::Active).await, Err(CatalogError::Transition { .. })));
        let row = catalog.tenant(tenant.id).await.unwrap().unwrap();
        assert_eq!(row.status, TenantStatus::Deleting);
    }

    async fn a_placement_is_kept_and_its_secret_is_in_no_audit_row(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, _lease) = reserve(&catalog, "acme").await;
        let placed = catalog.place(&change(), tenant.id, &placement()).await.unwrap();
        assert_eq!(placed.placement, Some(placement()));
        let row = catalog.tenant(tenant.id).await.unwrap().unwrap();
        assert_eq!(row.placement, Some(placement()));
        let elsewhere = Placement { server: ServerId::new("moon"), ..placement() };
        let refused = catalog.place(&change(), tenant.id, &elsewhere).await;
        assert!(matches!(refused, Err(CatalogError::ServerUnknown(_))));
        let filter = AuditFilter { action: Some("tenant.place".to_owned()), ..Default::default() };
        let rows = catalog.audit_logs(&filter, Page::default()).await.unwrap();
        assert_eq!(rows.total, 1);
        let keys: HashSet<&str> = rows.items[0].details.as_object().unwrap().keys().map(|k| &**k).collect();
        assert_eq!(keys, HashSet::from(["server", "database", "role", "schemaVersion"]));
    }

    async fn a_placement_can_be_reserved_with_the_slug(place: Place) {
        let catalog = place.catalog().await;
        let (tenant, operation) = (new_tenant("acme"), new_operation(MINUTE));
        let reserved = catalog.reserve(&change(), &tenant, Some(&placement()), &operation, None).await;
        assert!(matches!(reserved, Ok(Reserved::New(_))));
        let row = catalog.tenant(tenant.id).await.unwrap().unwrap();
        assert_eq!(row.placement, Some(placement()));
        let rows = catalog.audit_logs(&AuditFilter::default(), Page::default()).await.unwrap();
        assert!(rows.items.iter().all(|row| !row.details.to_string().contains("sealed")));
    }

    async fn two_tenants_never_share_a_database(place: Place) {
        let catalog = place.catalog().await;
        let (one, _lease) = reserve(&catalog, "one").await;
        let (two, _lease) = reserve(&catalog, "two").await;
        catalog.place(&change(), one.id, &placement()).await.unwrap();
        assert!(catalog.place(&change(), two.id, &placement()).await.is_err());
    }

    async fn an_audit_row_tells_who_did_what_for_whom_and_why(place: Place) {
        let catalog = place.catalog().await;
        let tenant = active(&catalog, "acme").await;
        let bob = Actor::User { tenant: tenant.id, subject: Subject::new("bob").unwrap() };
        let change = Change::by(Actor::Admin(Subject::new("eve").unwrap()))
            .on_behalf_of(bob.clone())
            .because("unpaid 'since' May")
            .in_request("request-7");
        catalog.set_status(&change, tenant.id, TenantStatus::Suspended).await.unwrap();
        let by_eve = AuditFilter { actor: Some(change.actor.clone()), ..Default::default() };
        let rows = catalog.audit_logs(&by_eve, Page::default()).await.unwrap();
        assert_eq!(rows.total, 1);
        let row = &rows.items[0];
        assert_eq!((&row.actor, row.on_behalf_of.as_ref()), (&change.actor, Some(&bob)));
        assert_eq!((&*row.action, &*row.entity, &*row.entity_id), ("tenant.status", "tenant", &*tenant.id.to_string()));
        assert_eq!((row.tenant, &row.reason, &row.request_id), (Some(tenant.id), &change.reason, &change.request_id));
        assert_eq!(row.details, serde_json::json!({"from": "ACTIVE", "to": "SUSPENDED"}));
    }

    async fn audit_rows_are_never_changed_nor_deleted(place: Place) {
        let catalog = place.catalog().await;
        active(&catalog, "acme").await;
        for sql in ["UPDATE mt_audit_logs SET actor = 'system'", "DELETE FROM mt_audit_logs"] {
            assert!(tamper(&catalog, sql).await.is_err(), "{sql}");
        }
    }

    async fn a_repeated_request_finds_what_was_begun_before(place: Place) {
        let catalog = place.catalog().await;
        let key = Idempotency::new("key-1", b"acme").unwrap();
        let mut attempts = tokio::task::JoinSet::new();
        for _ in 0..6 {
            let (catalog, key) = (catalog.clone(), key.clone());
            attempts.spawn(async move {
                catalog.reserve(&change(), &new_tenant("acme"), None, &new_operation(MINUTE), Some(&key)).await.unwrap()
            });
        }
        let (mut begun, mut repeated) = (HashSet::new(), HashSet::new());
        for reserved in attempts.join_all().await {
            match reserved {
                Reserved::New(lease) => begun.insert(lease.operation()),
                Reserved::Repeated { operation, .. } => repeated.insert(operation),
            };
        }
        assert_eq!((begun.len(), &repeated), (1, &begun));
    }

    async fn a_key_stands_for_one_request_of_one_actor(place: Place) {
        let catalog = place.catalog().await;
        let reserve = async |change: Change, slug: &str| {
            let key = Idempotency::new("key-1", slug.as_bytes()).unwrap();
            catalog.reserve(&change, &new_tenant(slug), None, &new_operation(MINUTE), Some(&key)).await
        };
        assert!(matches!(reserve(change(), "acme").await, Ok(Reserved::New(_))));
        assert!(matches!(reserve(change(), "other").await, Err(CatalogError::KeyReused)));
        let eve = Change::by(Actor::Admin(Subject::new("eve").unwrap()));
        assert!(matches!(reserve(eve, "other").await, Ok(Reserved::New(_))));
    }

    async fn a_key_whose_operation_was_undone_begins_anew(place: Place) {
        let catalog = place.catalog().await;
        let key = Idempotency::new("key-1", b"acme").unwrap();
        let first = new_tenant("acme");
        let reserved = catalog.reserve(&change(), &first, None, &new_operation(MINUTE), Some(&key)).await;
        let Ok(Reserved::New(lease)) = reserved else { panic!("{reserved:?}") };
        catalog.turn_back(&change(), &lease, "no space").await.unwrap();
        catalog.remove(&change(), &lease, Outcome::Undone).await.unwrap();

        let second = new_tenant("acme");
        let reserved = catalog.reserve(&change(), &second, None, &new_operation(MINUTE), Some(&key)).await;
        let Ok(Reserved::New(lease)) = reserved else { panic!("{reserved:?}") };
        let repeated = Reserved::Repeated { operation: lease.operation(), tenant: second.id };
        let reserved = catalog.reserve(&change(), &new_tenant("acme"), None, &new_operation(MINUTE), Some(&key)).await;
        assert_eq!(reserved.unwrap(), repeated);
    }
}

fn patch_name(name: &str) -> TenantPatch {
    TenantPatch {
        name: Some(name.to_owned()),
        ..Default::default()
    }
}
