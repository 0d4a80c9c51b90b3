//! What a manager serves, and what it no longer serves.

use std::sync::Arc;
use std::time::Duration;

use multitenant_core::TenantId;
use multitenant_core::directory::TenantStatus;
use multitenant_core::events::EventKind;
use multitenant_core::tenant::{
    AcquireError, CacheOptions, ManagerOptions, TenantError, TenantManager,
};
use multitenant_core::testing::eventually;
use multitenant_core::testing::{MemoryDirectory, Nowhere};

struct Platform {
    connector: Nowhere,
    directory: Arc<MemoryDirectory>,
    manager: TenantManager<Nowhere>,
}

impl Platform {
    async fn of(directory: MemoryDirectory, change: impl FnOnce(&mut ManagerOptions)) -> Self {
        let connector = Nowhere::default();
        let directory = Arc::new(directory);
        let mut options = ManagerOptions::default();
        options.follower.poll = Duration::from_secs(3_600);
        change(&mut options);
        let manager = TenantManager::start(connector.clone(), directory.clone(), options)
            .await
            .unwrap();
        Self {
            connector,
            directory,
            manager,
        }
    }
}

#[tokio::test]
async fn a_cold_tenant_is_read_once_however_many_wait() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |_| {}).await;
    let waiting: Vec<_> = (0..50)
        .map(|_| {
            let manager = platform.manager.clone();
            tokio::spawn(async move { manager.get(acme.id).await.unwrap() })
        })
        .collect();
    for waiter in waiting {
        assert_eq!(waiter.await.unwrap().slug().as_str(), "acme");
    }
    assert_eq!(platform.directory.finds(), 1);
}

#[tokio::test]
async fn a_suspended_tenant_is_refused_and_served_again_after_activation() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |_| {}).await;
    let held = platform.manager.get(acme.id).await.unwrap();
    let share = held.share::<Nowhere>().unwrap();
    let at_work = share.acquire().await.unwrap();

    platform
        .directory
        .set_status(acme.id, TenantStatus::Suspended);
    platform.manager.catch_up().await.unwrap();
    let refused = platform.manager.get(acme.id).await;
    assert!(matches!(
        refused,
        Err(TenantError::NotServed(TenantStatus::Suspended))
    ));
    assert!(matches!(share.acquire().await, Err(AcquireError::Closed)));
    held.revoked().await;
    drop(at_work);
    eventually("its connections are closed", async || {
        platform.connector.open() == 0
    })
    .await;

    platform.directory.set_status(acme.id, TenantStatus::Active);
    platform.manager.catch_up().await.unwrap();
    let again = platform.manager.get(acme.id).await.unwrap();
    again.share::<Nowhere>().unwrap().acquire().await.unwrap();
}

#[tokio::test]
async fn a_change_that_overtakes_a_load_is_not_lost() {
    let acme = Nowhere::tenant("acme");
    let directory = MemoryDirectory::of([acme.clone()]);
    directory.hold();
    let platform = Platform::of(directory, |_| {}).await;
    let manager = platform.manager.clone();
    let loading = tokio::spawn(async move { manager.get(acme.id).await });
    eventually("the record has been read", async || {
        platform.directory.finds() == 1
    })
    .await;
    platform
        .directory
        .set_status(acme.id, TenantStatus::Suspended);
    platform.manager.catch_up().await.unwrap();
    platform.directory.let_through(10);
    let loaded = loading.await.unwrap();
    assert!(
        matches!(loaded, Err(TenantError::NotServed(TenantStatus::Suspended))),
        "{loaded:?}"
    );
}

#[tokio::test]
async fn a_tenant_made_on_another_node_is_found_at_once() {
    let platform = Platform::of(MemoryDirectory::default(), |_| {}).await;
    let acme = Nowhere::tenant("acme");
    platform.directory.add(acme.clone());
    let found = platform.manager.find(&acme.slug).await.unwrap();
    assert_eq!(found, Some(acme.id));
    platform.manager.get(acme.id).await.unwrap();
}

#[tokio::test]
async fn a_flood_of_unknown_tenants_reads_no_record_and_pushes_nobody_out() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |options| {
        options.tenants = CacheOptions::capacity(1);
    })
    .await;
    platform.manager.get(acme.id).await.unwrap();
    let finds = platform.directory.finds();
    let flood: Vec<_> = (0..1_000)
        .map(|_| {
            let manager = platform.manager.clone();
            tokio::spawn(async move { manager.get(TenantId::generate()).await })
        })
        .collect();
    for unknown in flood {
        assert!(matches!(unknown.await.unwrap(), Err(TenantError::Unknown)));
    }
    platform.manager.get(acme.id).await.unwrap();
    assert_eq!(platform.directory.finds(), finds);
    let reads = platform.directory.log_reads();
    assert!(
        reads < 100,
        "a thousand misses shared {reads} reads of the log"
    );
}

#[tokio::test]
async fn an_evicted_tenant_drains_and_work_in_flight_goes_on() {
    let (a, b) = (Nowhere::tenant("aaa"), Nowhere::tenant("bbb"));
    let platform = Platform::of(MemoryDirectory::of([a.clone(), b.clone()]), |options| {
        options.tenants = CacheOptions::capacity(1);
    })
    .await;
    let held = platform.manager.get(a.id).await.unwrap();
    let at_work = held.share::<Nowhere>().unwrap().acquire().await.unwrap();
    platform.manager.get(b.id).await.unwrap();
    // Whoever holds the evicted tenant goes on, but nothing of it stays idle.
    held.share::<Nowhere>().unwrap().acquire().await.unwrap();
    assert_eq!(held.connections().1, 0);
    drop(at_work);
    eventually("it has drained", async || held.connections() == (0, 0)).await;
    // It is the same tenant when it comes back, so that a suspension reaches every handle.
    platform.manager.get(a.id).await.unwrap();
    platform.directory.set_status(a.id, TenantStatus::Suspended);
    platform.manager.catch_up().await.unwrap();
    assert_eq!(held.status(), TenantStatus::Suspended);
}

#[tokio::test]
async fn a_moved_tenant_gets_a_new_handle_and_the_old_one_drains() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |_| {}).await;
    let old = platform.manager.get(acme.id).await.unwrap();
    let at_work = old.share::<Nowhere>().unwrap().acquire().await.unwrap();
    platform.directory.set(acme.id, |r| {
        r.connect.url = "nowhere://elsewhere".to_owned().into();
    });
    platform.manager.catch_up().await.unwrap();
    let new = platform.manager.get(acme.id).await.unwrap();
    new.share::<Nowhere>().unwrap().acquire().await.unwrap();
    assert_eq!(new.connections().0, 1);
    drop(at_work);
    eventually("the old handle has drained", async || {
        old.connections().0 == 0
    })
    .await;
}

#[tokio::test]
async fn a_suspension_reaches_every_handle_that_somebody_holds() {
    let (acme, other) = (Nowhere::tenant("acme"), Nowhere::tenant("other"));
    let records = [acme.clone(), other.clone()];
    let platform = Platform::of(MemoryDirectory::of(&records), |options| {
        options.tenants = CacheOptions::capacity(1);
    })
    .await;
    let mut held = Vec::new();
    for place in ["nowhere://one", "nowhere://two", "nowhere://three"] {
        platform
            .directory
            .set(acme.id, |r| r.connect.url = place.to_owned().into());
        platform.manager.catch_up().await.unwrap();
        held.push(platform.manager.get(acme.id).await.unwrap());
    }
    // The last one is evicted as well.
    platform.manager.get(other.id).await.unwrap();
    for handle in &held {
        handle.share::<Nowhere>().unwrap().acquire().await.unwrap();
    }

    platform
        .directory
        .set_status(acme.id, TenantStatus::Suspended);
    platform.manager.catch_up().await.unwrap();
    for handle in &held {
        assert_eq!(handle.status(), TenantStatus::Suspended);
        handle.revoked().await;
        let refused = handle.share::<Nowhere>().unwrap().acquire().await;
        assert!(matches!(refused, Err(AcquireError::Closed)));
    }
    // Activation serves new handles; the old ones stay closed.
    platform.directory.set_status(acme.id, TenantStatus::Active);
    platform.manager.catch_up().await.unwrap();
    let again = platform.manager.get(acme.id).await.unwrap();
    again.share::<Nowhere>().unwrap().acquire().await.unwrap();
    assert_eq!(held[0].status(), TenantStatus::Suspended);
}

#[tokio::test]
async fn connections_that_are_held_without_their_tenant_are_closed_by_a_suspension_too() {
    let (acme, other) = (Nowhere::tenant("acme"), Nowhere::tenant("other"));
    let records = [acme.clone(), other.clone()];
    let platform = Platform::of(MemoryDirectory::of(&records), |options| {
        options.tenants = CacheOptions::capacity(1);
    })
    .await;
    let tenant = platform.manager.get(acme.id).await.unwrap();
    let share = tenant.share::<Nowhere>().unwrap().clone();
    drop(tenant);
    platform.manager.get(other.id).await.unwrap();
    drop(share.acquire().await.unwrap());

    // Coming back, the tenant has these connections and no second share of the budget.
    let again = platform.manager.get(acme.id).await.unwrap();
    drop(again.share::<Nowhere>().unwrap().acquire().await.unwrap());
    assert_eq!(share.connections(), again.connections());
    assert_eq!(share.connections(), (1, 1));
    drop(again);
    platform.manager.get(other.id).await.unwrap();

    platform
        .directory
        .set_status(acme.id, TenantStatus::Suspended);
    platform.manager.catch_up().await.unwrap();
    assert!(matches!(share.acquire().await, Err(AcquireError::Closed)));
}

#[tokio::test]
async fn closing_a_tenant_waits_for_every_handle_that_is_at_work() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |_| {}).await;
    let old = platform.manager.get(acme.id).await.unwrap();
    let at_work = old.share::<Nowhere>().unwrap().acquire().await.unwrap();
    let elsewhere = "nowhere://elsewhere".to_owned();
    platform
        .directory
        .set(acme.id, |r| r.connect.url = elsewhere.into());
    platform.manager.catch_up().await.unwrap();
    let new = platform.manager.get(acme.id).await.unwrap();
    new.share::<Nowhere>().unwrap().acquire().await.unwrap();
    let brief = Duration::from_millis(20);
    assert!(!platform.manager.close_tenant(acme.id, brief).await);
    drop(at_work);
    let closed = platform
        .manager
        .close_tenant(acme.id, Duration::from_secs(5));
    assert!(closed.await);
    assert_eq!(platform.connector.open(), 0);

    let again = platform.manager.get(acme.id).await.unwrap();
    again.share::<Nowhere>().unwrap().acquire().await.unwrap();
    let closed = new.share::<Nowhere>().unwrap().acquire().await;
    assert!(matches!(closed, Err(AcquireError::Closed)));
}

#[tokio::test(start_paused = true)]
async fn a_tenant_whose_record_hangs_is_not_served_and_holds_up_no_other() {
    let (acme, other) = (Nowhere::tenant("acme"), Nowhere::tenant("other"));
    let directory = MemoryDirectory::of([acme.clone(), other.clone()]);
    directory.hold();
    directory.let_through(2);
    let platform = Platform::of(directory, |_| {}).await;
    let held = platform.manager.get(acme.id).await.unwrap();
    platform.manager.get(other.id).await.unwrap();

    platform.directory.set(acme.id, |_| {});
    platform.directory.delete(other.id);
    platform.manager.catch_up().await.unwrap();
    assert_eq!(held.status(), TenantStatus::Suspended);
    let gone = platform.manager.get(other.id).await;
    assert!(matches!(gone, Err(TenantError::Unknown)));
}

#[tokio::test]
async fn a_deleted_tenant_is_unknown_and_its_slug_can_be_had_again() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |_| {}).await;
    let held = platform.manager.get(acme.id).await.unwrap();
    platform.directory.delete(acme.id);
    platform.manager.catch_up().await.unwrap();
    assert!(matches!(
        platform.manager.get(acme.id).await,
        Err(TenantError::Unknown)
    ));
    assert!(matches!(
        held.share::<Nowhere>().unwrap().acquire().await,
        Err(AcquireError::Closed)
    ));
    let again = Nowhere::tenant("acme");
    platform.directory.add(again.clone());
    assert_eq!(
        platform.manager.find(&acme.slug).await.unwrap(),
        Some(again.id)
    );
}

#[tokio::test]
async fn an_event_of_a_newer_version_makes_a_node_read_its_tenant_again_and_go_on() {
    let (acme, other) = (Nowhere::tenant("acme"), Nowhere::tenant("other"));
    let records = [acme.clone(), other.clone()];
    let platform = Platform::of(MemoryDirectory::of(&records), |_| {}).await;
    let held = platform.manager.get(acme.id).await.unwrap();
    platform.manager.get(other.id).await.unwrap();
    let unknown = |tenant| EventKind::Unknown {
        word: "moon_landed".to_owned(),
        tenant,
        detail: Some("apollo".to_owned()),
    };
    platform.directory.set_unheard(acme.id, |record| {
        record.status = TenantStatus::Suspended;
        record.slug = "emca".parse().unwrap();
    });
    platform.directory.publish(unknown(None));
    platform.manager.catch_up().await.unwrap();
    assert_eq!(held.status(), TenantStatus::Active, "it concerned nobody");

    platform.directory.publish(unknown(Some(acme.id)));
    platform
        .directory
        .set_status(other.id, TenantStatus::Suspended);
    platform.manager.catch_up().await.unwrap();
    assert_eq!(held.status(), TenantStatus::Suspended);
    let renamed = "emca".parse().unwrap();
    assert_eq!(
        platform.manager.find(&renamed).await.unwrap(),
        Some(acme.id)
    );
    assert_eq!(platform.manager.find(&acme.slug).await.unwrap(), None);
    let heard = platform.manager.get(other.id).await;
    assert!(matches!(heard, Err(TenantError::NotServed(_))), "{heard:?}");
}

#[tokio::test]
async fn an_event_of_a_newer_version_makes_a_node_read_custom_domains_again() {
    let (acme, other) = (Nowhere::tenant("acme"), Nowhere::tenant("other"));
    let records = [acme.clone(), other.clone()];
    let platform = Platform::of(MemoryDirectory::of(&records), |_| {}).await;
    platform
        .directory
        .add_domain(acme.id, "gone.test".parse().unwrap());
    platform.manager.catch_up().await.unwrap();
    let owner = |domain: &str| platform.manager.find_domain(&domain.parse().unwrap());
    assert_eq!(owner("gone.test"), Some(acme.id));

    let before = platform.directory.name_reads();
    let [new, others] = ["new.test", "other.test"].map(|name| name.parse().unwrap());
    let domains = [(new, acme.id), (others, other.id)];
    platform.directory.set_domains_unheard(domains);
    for record in [&acme, &other, &acme] {
        platform.directory.publish(EventKind::Unknown {
            word: "domain_moved".to_owned(),
            tenant: Some(record.id),
            detail: None,
        });
    }
    platform.directory.set_names_away(true);
    platform.manager.catch_up().await.unwrap_err();
    platform.directory.set_names_away(false);
    platform.manager.catch_up().await.unwrap();
    assert_eq!(owner("new.test"), Some(acme.id));
    assert_eq!(owner("other.test"), Some(other.id));
    assert_eq!(owner("gone.test"), None);
    let reads = platform.directory.name_reads() - before;
    assert_eq!(reads, 2, "one that failed, and one for all three");
}

#[tokio::test]
async fn a_node_that_has_missed_events_reads_everything_again_or_does_not_go_on() {
    let (acme, other) = (Nowhere::tenant("acme"), Nowhere::tenant("other"));
    let records = [acme.clone(), other.clone()];
    let platform = Platform::of(MemoryDirectory::of(&records), |_| {}).await;
    let held = platform.manager.get(acme.id).await.unwrap();
    platform.directory.set_unheard(acme.id, |record| {
        record.status = TenantStatus::Suspended;
    });
    platform.directory.set_unheard(other.id, |record| {
        record.slug = "rehto".parse().unwrap();
    });
    platform.directory.publish(EventKind::Missed);
    platform.directory.set_names_away(true);
    platform.manager.catch_up().await.unwrap_err();
    platform.manager.catch_up().await.unwrap_err();
    platform.directory.set_names_away(false);
    platform.manager.catch_up().await.unwrap();
    assert_eq!(held.status(), TenantStatus::Suspended);
    let renamed = "rehto".parse().unwrap();
    assert_eq!(
        platform.manager.find(&renamed).await.unwrap(),
        Some(other.id)
    );
    assert_eq!(platform.manager.find(&other.slug).await.unwrap(), None);
}

#[tokio::test]
async fn a_node_that_cannot_read_the_log_serves_for_a_while_and_then_fails_closed() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |options| {
        options.follower.poll = Duration::from_millis(10);
        options.follower.max_staleness = Duration::from_millis(300);
    })
    .await;
    platform.manager.get(acme.id).await.unwrap();
    platform.directory.set_away(true);
    platform.manager.get(acme.id).await.unwrap();
    eventually("it fails closed", async || {
        matches!(
            platform.manager.get(acme.id).await,
            Err(TenantError::Stale { .. })
        )
    })
    .await;
    platform.directory.set_away(false);
    eventually("it serves again", async || {
        platform.manager.get(acme.id).await.is_ok()
    })
    .await;
}

#[tokio::test]
async fn a_changed_tenant_that_cannot_be_read_is_not_served_until_it_can() {
    let acme = Nowhere::tenant("acme");
    let directory = MemoryDirectory::of([acme.clone()]);
    directory.hold();
    directory.let_through(1);
    let platform = Platform::of(directory, |_| {}).await;
    let held = platform.manager.get(acme.id).await.unwrap();
    platform.directory.set_status(acme.id, TenantStatus::Active);
    // The log can be read, the record cannot.
    platform.directory.fail_those_who_wait();
    platform.manager.catch_up().await.unwrap();
    assert_ne!(held.status(), TenantStatus::Active);
    assert!(matches!(
        platform.manager.get(acme.id).await,
        Err(TenantError::Record(_))
    ));
}

#[tokio::test]
async fn a_shut_down_waits_for_work_in_flight_and_closes_everything() {
    let acme = Nowhere::tenant("acme");
    let platform = Platform::of(MemoryDirectory::of([acme.clone()]), |_| {}).await;
    let tenant = platform.manager.get(acme.id).await.unwrap();
    let at_work = tenant.share::<Nowhere>().unwrap().acquire().await.unwrap();
    assert!(!platform.manager.shut_down(Duration::from_millis(20)).await);
    drop(at_work);
    assert!(platform.manager.shut_down(Duration::from_secs(5)).await);
    assert_eq!(platform.connector.open(), 0);
    assert!(matches!(
        platform.manager.get(acme.id).await,
        Err(TenantError::ShutDown)
    ));
}
