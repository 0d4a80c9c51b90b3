//! Tenants' databases are brought to a newer schema, never back, and whatever becomes of the nodes
//! that are at it, the tenant does not stay busy.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use sqlx::Pool;
use tokio::sync::Semaphore;

use crate::common::platform::Running;
use multitenant_core::catalog::{
    AuditFilter, Catalog, CatalogError, Lease, NewOperation, OperationStatus, Operations, Page,
};
use multitenant_core::engine::SqlEngine;
use multitenant_core::engine::provisioner::{MigrationSet, Schema};
use multitenant_core::platform::PlatformBuilder;
use multitenant_core::provision::ProvisioningError;
use multitenant_core::testing::{MovableClock, eventually};
use multitenant_core::{Code, NodeId, Problem, TenantId};

/// An application's function that counts its calls, and that waits in each where it is told to.
struct Function {
    calls: AtomicUsize,
    waits: AtomicBool,
    go: Semaphore,
}

impl Function {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicUsize::new(0),
            waits: AtomicBool::new(false),
            go: Semaphore::new(0),
        })
    }

    async fn call(&self) {
        self.calls.fetch_add(1, Ordering::SeqCst);
        if self.waits.load(Ordering::SeqCst) {
            self.go.acquire().await.unwrap().forget();
        }
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

fn with<DB: SqlEngine>(
    builder: PlatformBuilder,
    version: String,
    function: &Arc<Function>,
) -> PlatformBuilder {
    let function = Arc::clone(function);
    builder.schema_fn(version, move |_: Pool<DB>| {
        let function = Arc::clone(&function);
        async move {
            function.call().await;
            Ok::<_, sqlx::Error>(())
        }
    })
}

async fn ended(world: Running) {
    assert!(world.platform.shut_down(Duration::from_secs(5)).await);
}

async fn schema_of(world: &Running, tenant: TenantId) -> String {
    let row = world.platform.catalog().tenant(tenant).await;
    row.unwrap().unwrap().placement.unwrap().schema_version
}

/// Begins what a node that dies at once has begun.
async fn abandon(world: &Running, tenant: TenantId, kind: &'static str, version: &str) -> Lease {
    let steps: &[&str] = match kind {
        "tenant.migrate" => &["migrate"],
        _ => &["close", "drop_database", "drop_login"],
    };
    let operation = NewOperation {
        kind,
        steps,
        input: serde_json::json!({ "schema_version": version }),
        node: NodeId::generate(),
        lease: Duration::ZERO,
    };
    let catalog = world.platform.catalog();
    let begun = catalog.begin(&world.change(), tenant, &operation).await;
    begun.unwrap()
}

async fn status(world: &Running, lease: &Lease) -> OperationStatus {
    let operation = world.platform.catalog().operation(lease.operation()).await;
    operation.unwrap().unwrap().status
}

on_both_engines! {
    async fn a_node_of_an_older_version_leaves_alone_what_a_newer_one_has_migrated(place: Place) {
        let (newer, older) = (Function::new(), Function::new());
        let world = Running::start(with::<Engine>(place.platform(), "10".to_owned(), &newer)).await;
        let tenant = world.create("acme").await.unwrap().tenant.id;
        let schema = schema_of(&world, tenant).await;
        ended(world).await;

        let world = Running::start(with::<Engine>(place.platform(), "9".to_owned(), &older)).await;
        let calls = older.calls();
        let refused = world.platform.provisioning().migrate(&world.change(), tenant).await.unwrap_err();
        let ours = world.platform.provisioning().schema_version();
        assert!(matches!(&refused, ProvisioningError::SchemaNewer { theirs, .. } if *theirs == schema), "{refused:?}");
        let said = refused.to_string();
        assert!([schema.as_str(), ours.as_str()].iter().all(|version| said.contains(version)), "{said}");
        assert_eq!(Problem::from(&refused).code, Code::Conflict);
        assert_eq!((older.calls(), schema_of(&world, tenant).await), (calls, schema));
        let begun = AuditFilter { action: Some("operation.begin".to_owned()), ..AuditFilter::default() };
        let begun = world.platform.catalog().audit_logs(&begun, Page::default()).await.unwrap();
        assert_eq!(begun.total, 1, "the tenant's creation");
        ended(world).await;

        let world = Running::start(with::<Engine>(place.platform(), "11".to_owned(), &newer)).await;
        assert!(world.platform.provisioning().migrate(&world.change(), tenant).await.unwrap());
        let ours = world.platform.provisioning().schema_version().to_string();
        assert_eq!(schema_of(&world, tenant).await, ours);
        world.stop().await;
    }

    async fn what_a_version_stands_for_is_written_down_once(place: Place) {
        let catalog = place.catalog().await;
        let change = crate::common::catalog::change();
        assert_eq!(catalog.schema_levels("one").await.unwrap(), None);
        let levels = serde_json::json!(Schema::default().levels());
        for levels in [&levels, &serde_json::json!("another")] {
            catalog.add_schema(&change, "one", levels).await.unwrap();
        }
        assert_eq!(catalog.schema_levels("one").await.unwrap(), Some(levels));
        let added = AuditFilter { action: Some("schema.add".to_owned()), ..AuditFilter::default() };
        assert_eq!(catalog.audit_logs(&added, Page::default()).await.unwrap().total, 1);
    }

    async fn a_migration_to_a_version_that_no_node_has_ends_as_failed_once_it_was_waited_for(place: Place) {
        let clock = MovableClock::running();
        let world = Running::start(place.platform().clock(clock.clone())).await;
        let tenant = world.create("acme").await.unwrap().tenant.id;
        let schema = schema_of(&world, tenant).await;
        let lease = abandon(&world, tenant, "tenant.migrate", "0123456789abcdef").await;
        let (catalog, provisioning) = (world.platform.catalog(), world.platform.provisioning());
        clock.advance(Duration::from_secs(9 * 60));
        provisioning.recover().await.unwrap();
        catalog.check(&lease).await.expect("its own nodes may come back");

        clock.advance(Duration::from_secs(2 * 60));
        eventually("it is given up", async || {
            provisioning.recover().await.unwrap();
            !status(&world, &lease).await.is_under_way()
        }).await;
        let operation = catalog.operation(lease.operation()).await.unwrap().unwrap();
        assert_eq!(operation.status, OperationStatus::Failed);
        let why = operation.steps[0].error.as_deref().unwrap();
        assert!(why.contains("0123456789abcdef") && why.contains("10 minutes"), "{why}");
        assert!(matches!(catalog.check(&lease).await, Err(CatalogError::LeaseLost(_))));
        assert_eq!(schema_of(&world, tenant).await, schema);
        world.stop().await;
    }

    async fn a_migration_that_takes_long_holds_up_nothing_else_that_was_abandoned(place: Place) {
        let function = Function::new();
        let before = Running::start(with::<Engine>(place.platform(), "1".to_owned(), &function)).await;
        let slow = before.create("slow").await.unwrap().tenant.id;
        let gone = before.create("gone").await.unwrap().tenant.id;
        ended(before).await;

        // A template of its own, which no other test has left.
        let version = TenantId::generate().to_string();
        let world = Running::start(with::<Engine>(place.platform(), version, &function)).await;
        function.waits.store(true, Ordering::SeqCst);
        let calls = function.calls();
        let version = world.platform.provisioning().schema_version();
        let migrating = abandon(&world, slow, "tenant.migrate", version.as_str()).await;
        let deleting = abandon(&world, gone, "tenant.delete", "").await;
        eventually("the other is deleted", async || {
            status(&world, &deleting).await == OperationStatus::Succeeded
        }).await;
        eventually("the function is called", async || function.calls() > calls).await;
        assert_eq!(status(&world, &migrating).await, OperationStatus::Running);
        function.go.add_permits(1);
        eventually("the migration has ended", async || {
            status(&world, &migrating).await == OperationStatus::Succeeded
        }).await;
        assert_eq!(function.calls(), calls + 1);
        world.stop().await;
    }

    async fn what_a_node_goes_on_with_ends_with_its_platform(place: Place) {
        let function = Function::new();
        let before = Running::start(with::<Engine>(place.platform(), "1".to_owned(), &function)).await;
        let tenant = before.create("acme").await.unwrap().tenant.id;
        ended(before).await;

        let version = TenantId::generate().to_string();
        let world = Running::start(with::<Engine>(place.platform(), version, &function)).await;
        function.waits.store(true, Ordering::SeqCst);
        let calls = function.calls();
        let version = world.platform.provisioning().schema_version();
        let _lease = abandon(&world, tenant, "tenant.migrate", version.as_str()).await;
        eventually("the function is called", async || function.calls() > calls).await;
        drop(world);
        function.go.add_permits(1);
        eventually("nothing of the platform is left", async || Arc::strong_count(&function) == 1).await;
    }
}

#[test]
fn a_schema_says_how_far_its_sets_have_come() {
    let function = |version: &'static str| {
        let done = async |_: Pool<sqlx::Sqlite>| Ok::<_, sqlx::Error>(());
        let set = MigrationSet::function("application", version, done);
        Schema::default().with(set).levels()
    };
    assert!(function("1.9").is_older_than(&function("1.10")));
    assert!(!function("1.10").is_older_than(&function("1.9")));
    assert_eq!(
        serde_json::to_value(function("3")).unwrap(),
        serde_json::json!([{ "set": "application", "function": "3" }])
    );
}
