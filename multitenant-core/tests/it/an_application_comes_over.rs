//! What an application that was written for one tenant is given, so that it serves many.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{PostgresPlace, SqlitePlace};
use multitenant_core::directory::TenantStatus;
use multitenant_core::engine::ConnectData;
use multitenant_core::resolve::{RequestView, ResolveError, Resolver, Sources};
use multitenant_core::tenant::{
    BaseUrl, CacheOptions, FixedTenants, ManagerOptions, PerTenant, Tenant, TenantManager, Tenants,
    VisitError,
};
use multitenant_core::testing::TestRequest;
use multitenant_core::testing::{MemoryDirectory, Nowhere};
use multitenant_core::{ServerId, TenantId};
use secrecy::ExposeSecret;
use sqlx::{Executor, PgPool, SqlitePool};

/// Pools as an application has them.
trait PoolPlace {
    type Pool;
    async fn pool(&self) -> Self::Pool;
}

impl PoolPlace for PostgresPlace {
    type Pool = PgPool;
    async fn pool(&self) -> PgPool {
        PgPool::connect(self.data().await.url.expose_secret())
            .await
            .unwrap()
    }
}

impl PoolPlace for SqlitePlace {
    type Pool = SqlitePool;
    async fn pool(&self) -> SqlitePool {
        SqlitePool::connect(self.data().await.url.expose_secret())
            .await
            .unwrap()
    }
}

on_both_engines! {
    async fn pools_that_exist_are_tenants_with_the_same_handles(place: Place) {
        let (a, b) = (place.pool().await, place.pool().await);
        let tenants = FixedTenants::new([("tenant-a", a), ("tenant-b", b)]).unwrap();
        for tenant in ["tenant-a", "tenant-b"] {
            let db = tenants.get(tenant).unwrap().db::<Engine>().unwrap();
            db.execute("CREATE TABLE t (name TEXT)").await.unwrap();
            sqlx::query("INSERT INTO t VALUES ($1)").bind(tenant).execute(&db).await.unwrap();
        }
        for tenant in ["tenant-a", "tenant-b"] {
            let found = tenants.get(tenant).unwrap();
            assert_eq!(tenants.id_of(found.slug()).await.unwrap(), Some(found.id()));
            assert!(found.check().await.unwrap());
            let db = tenants.tenant(found.id()).await.unwrap().db::<Engine>().unwrap();
            let names: Vec<String> = sqlx::query_scalar("SELECT name FROM t").fetch_all(&db).await.unwrap();
            assert_eq!(names, [tenant]);
            let mut tx = db.begin().await.unwrap();
            tx.execute("DELETE FROM t").await.unwrap();
            tx.rollback().await.unwrap();
            assert!(found.any_sql().is_ok());
        }
        assert!(tenants.tenant(TenantId::generate()).await.is_err());
        assert_eq!(tenants.ids().len(), 2);
    }

    async fn in_single_mode_every_request_belongs_to_the_one_tenant(place: Place) {
        let tenants = FixedTenants::single("acme", place.pool().await).unwrap();
        let acme = tenants.get("acme").unwrap().id();
        let again = FixedTenants::single("acme", place.pool().await).unwrap();
        assert_eq!(again.get("acme").unwrap().id(), acme, "in every run");
        let mut sources = Sources::default();
        sources.only = Some(acme);
        let resolver = Resolver::new(sources, Arc::new(tenants));
        for request in [
            TestRequest::default(),
            TestRequest::default().host("anything.test"),
            TestRequest::default().header("x-tenant-id", "acme"),
        ] {
            assert_eq!(resolver.hinted(&request).await.unwrap(), acme);
        }
        let other = TestRequest::default().header("x-tenant-id", "other");
        assert!(matches!(resolver.hinted(&other).await, Err(ResolveError::Mismatch)));
    }
}

async fn two(place: &SqlitePlace) -> FixedTenants {
    let pools = [
        ("tenant-a", place.pool().await),
        ("tenant-b", place.pool().await),
    ];
    FixedTenants::new(pools).unwrap()
}

#[tokio::test]
async fn what_an_application_derives_for_one_tenant_is_no_others() {
    let place = SqlitePlace::new().await;
    let tenants = two(&place).await;
    let [a, b] = ["tenant-a", "tenant-b"].map(|slug| tenants.get(slug).unwrap());
    let secret = |tenant: &Tenant, of: &str| tenant.derive_secret(of).expose_secret().to_owned();
    let derived = secret(a, "the application's");
    assert_eq!(derived.len(), 64);
    assert_eq!(derived, secret(a, "the application's"));
    assert_ne!(derived, secret(b, "the application's"));
    assert_ne!(derived, secret(a, "another"));
    assert_eq!(a.scope("cart"), format!("{}.cart", a.id()));
    assert_ne!(a.scope("cart"), b.scope("cart"));
    for (base, origin) in [
        ("https://example.com", "https://tenant-a.example.com"),
        ("http://localhost:3000/", "http://tenant-a.localhost:3000"),
    ] {
        assert_eq!(a.origin(&base.parse::<BaseUrl>().unwrap()), origin);
    }
}

#[tokio::test]
async fn the_tenant_in_an_applications_own_token_is_one_more_source() {
    fn claim(request: &dyn RequestView) -> Option<String> {
        let header = request.header("x-own-token");
        let text = std::str::from_utf8(header.first()?).ok()?;
        text.strip_prefix("signed:").map(str::to_owned)
    }
    let place = SqlitePlace::new().await;
    let tenants = Arc::new(two(&place).await);
    let a = tenants.get("tenant-a").unwrap().id();
    let resolver = Resolver::new(Sources::default(), tenants).with_claim(claim);
    let token = |text: &str| TestRequest::default().header("x-own-token", text);
    let found = resolver.hinted(&token("signed:tenant-a")).await;
    assert_eq!(found.unwrap(), a);
    let agreeing = token("signed:tenant-a").header("x-tenant-id", a.to_string());
    assert_eq!(resolver.hinted(&agreeing).await.unwrap(), a);
    let disagreeing = token("signed:tenant-a").header("x-tenant-id", "tenant-b");
    let refused = resolver.hinted(&disagreeing).await;
    assert!(matches!(refused, Err(ResolveError::Mismatch)));
    let unsigned = resolver.hinted(&token("tenant-a")).await;
    assert!(matches!(unsigned, Err(ResolveError::Required)));
}

async fn served(directory: Arc<MemoryDirectory>) -> TenantManager<Nowhere> {
    let options = ManagerOptions::default();
    TenantManager::start(Nowhere::default(), directory, options)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_value_is_built_once_for_each_tenant_and_anew_for_one_that_was_moved() {
    let acme = Nowhere::tenant("acme");
    let directory = Arc::new(MemoryDirectory::of([acme.clone()]));
    let manager = served(directory.clone()).await;
    let built = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&built);
    let tenants: Arc<dyn Tenants> = Arc::new(manager.clone());
    let values = PerTenant::new(tenants, CacheOptions::default(), move |_| {
        count.fetch_add(1, Ordering::SeqCst)
    });
    let tenant = manager.get(acme.id).await.unwrap();
    for _ in 0..3 {
        assert_eq!(*values.of(&tenant).await.unwrap(), 0);
    }
    directory.set(acme.id, |record| {
        record.connect = ConnectData::new(ServerId::main(), "nowhere://moved");
    });
    manager.catch_up().await.unwrap();
    let moved = manager.get(acme.id).await.unwrap();
    for _ in 0..2 {
        assert_eq!(*values.of(&moved).await.unwrap(), 1);
    }
    directory.set_status(acme.id, TenantStatus::Suspended);
    manager.catch_up().await.unwrap();
    values.forget(acme.id);
    assert!(values.of(&moved).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_tenant_that_is_served_is_visited_and_no_failure_stops_the_others() {
    let records: Vec<_> = (0..20)
        .map(|n| Nowhere::tenant(&format!("tenant-{n}")))
        .collect();
    let directory = Arc::new(MemoryDirectory::of(&records));
    let manager = served(directory.clone()).await;
    directory.set_status(records[0].id, TenantStatus::Suspended);
    manager.catch_up().await.unwrap();
    let (now, most) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let counts = (Arc::clone(&now), Arc::clone(&most));
    let work = move |tenant: Tenant| {
        let (now, most) = counts.clone();
        async move {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::task::yield_now().await;
            now.fetch_sub(1, Ordering::SeqCst);
            match tenant.slug().as_str() {
                "tenant-1" => Err("told to fail"),
                "tenant-2" => panic!("told to panic"),
                _ => Ok(()),
            }
        }
    };
    let tenants: Arc<dyn Tenants> = Arc::new(manager);
    let visits = tenants.for_each(NonZeroUsize::new(3).unwrap(), work).await;
    assert_eq!((visits.done, visits.passed_over), (17, 1));
    assert!((1..=3).contains(&most.load(Ordering::SeqCst)));
    let mut failed: Vec<_> = visits
        .failed
        .into_iter()
        .map(|(id, error)| {
            let record = records.iter().find(|record| record.id == id).unwrap();
            let panicked = matches!(error, VisitError::Panicked);
            (record.slug.to_string(), panicked)
        })
        .collect();
    failed.sort();
    assert_eq!(
        failed,
        [
            ("tenant-1".to_owned(), false),
            ("tenant-2".to_owned(), true)
        ]
    );
}

#[tokio::test]
async fn a_worker_is_woken_for_the_tenant_that_has_work() {
    let records = [Nowhere::tenant("acme"), Nowhere::tenant("beta")];
    let manager = served(Arc::new(MemoryDirectory::of(&records))).await;
    let beta = manager.get(records[1].id).await.unwrap();
    let worker = manager.clone();
    let woken = tokio::spawn(async move { (worker.woken().await, worker.woken().await) });
    beta.notify();
    manager.get(records[0].id).await.unwrap().notify();
    assert_eq!(woken.await.unwrap(), (records[1].id, records[0].id));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_kept_done_for_whoever_was_there_and_whoever_is_notified_of() {
    let records = [Nowhere::tenant("acme"), Nowhere::tenant("beta")];
    let manager = served(Arc::new(MemoryDirectory::of(&records))).await;
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let work = move |tenant: Tenant| {
        let told = tell.send(tenant.id());
        async move {
            match tenant.slug().as_str() {
                "acme" => Err("told to fail"),
                _ => told.map_err(|_| "nobody hears"),
            }
        }
    };
    let tenants: Arc<dyn Tenants> = Arc::new(manager.clone());
    let hour = std::time::Duration::from_secs(3_600);
    let worker = tokio::spawn(tenants.keep_visiting(NonZeroUsize::MIN, hour, work));
    let mut first = [told.recv().await.unwrap(), told.recv().await.unwrap()];
    first.sort();
    let mut both = records.clone().map(|record| record.id);
    both.sort();
    assert_eq!(first, both);
    for record in [&records[1], &records[0], &records[1]] {
        manager.get(record.id).await.unwrap().notify();
        assert_eq!(told.recv().await, Some(record.id));
    }
    worker.abort();
}
