//! However many tenants, never more connections than the budget, and none is lost.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use multitenant_core::TenantId;
use multitenant_core::tenant::{AcquireError, Budget, BudgetOptions, Share};
use multitenant_core::testing::Nowhere;
use multitenant_core::testing::eventually;
use tokio::runtime::Handle;

fn budget(connector: &Nowhere, options: BudgetOptions) -> Budget<Nowhere> {
    Budget::new(Arc::new(connector.clone()), options, Handle::current())
}

fn join(budget: &Budget<Nowhere>, slug: &str) -> Share<Nowhere> {
    budget.join(TenantId::generate(), Nowhere::tenant(slug).connect)
}

#[tokio::test]
async fn a_connection_that_was_given_back_is_used_again() {
    let connector = Nowhere::default();
    let budget = budget(&connector, BudgetOptions::connections(4));
    let share = join(&budget, "acme");
    for _ in 0..10 {
        share.acquire().await.unwrap();
    }
    assert_eq!(connector.opened(), 1);
}

#[tokio::test]
async fn all_who_wait_for_a_cold_tenant_share_one_opening() {
    let connector = Nowhere::default();
    connector.hold();
    let budget = budget(&connector, BudgetOptions::connections(4));
    let share = join(&budget, "acme");
    let waiting: Vec<_> = (0..20)
        .map(|_| {
            let share = share.clone();
            tokio::spawn(async move { share.acquire().await.map(drop) })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    connector.let_through(100);
    for waiter in waiting {
        waiter.await.unwrap().unwrap();
    }
    assert_eq!(connector.opened(), 1);
}

#[tokio::test]
async fn an_opening_goes_on_when_the_caller_goes_away() {
    let connector = Nowhere::default();
    connector.hold();
    let budget = budget(&connector, BudgetOptions::connections(4));
    let share = join(&budget, "acme");
    let gone = tokio::time::timeout(Duration::from_millis(20), share.acquire()).await;
    assert!(gone.is_err());
    connector.let_through(100);
    eventually("the connection is idle", async || {
        share.connections() == (1, 1)
    })
    .await;
    share.acquire().await.unwrap();
    assert_eq!(connector.opened(), 1);
}

#[tokio::test]
async fn the_least_recently_used_idle_connection_makes_room() {
    let connector = Nowhere::default();
    let budget = budget(&connector, BudgetOptions::connections(2));
    let (a, b, c) = (
        join(&budget, "aaa"),
        join(&budget, "bbb"),
        join(&budget, "ccc"),
    );
    a.acquire().await.unwrap();
    b.acquire().await.unwrap();
    a.acquire().await.unwrap();
    c.acquire().await.unwrap();
    assert_eq!((a.connections(), b.connections()), ((1, 1), (0, 0)));
    assert_eq!(connector.most_open(), 2);
}

#[tokio::test]
async fn a_wait_for_the_budget_ends_with_the_reason() {
    let mut options = BudgetOptions::connections(2);
    options.acquire_timeout = Duration::from_millis(50);
    let budget = budget(&Nowhere::default(), options);
    let (a, b) = (join(&budget, "aaa"), join(&budget, "bbb"));
    let _held = (a.acquire().await.unwrap(), a.acquire().await.unwrap());
    assert!(matches!(
        b.acquire().await,
        Err(AcquireError::Budget { .. })
    ));
    assert!(matches!(
        a.acquire().await,
        Err(AcquireError::Checkout { .. })
    ));
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_and_those_who_left_do_not_count() {
    let mut options = BudgetOptions::connections(2);
    options.queue = 1;
    let budget = budget(&Nowhere::default(), options);
    let share = join(&budget, "acme");
    let _held = (
        share.acquire().await.unwrap(),
        share.acquire().await.unwrap(),
    );
    for _ in 0..3 {
        let left = tokio::time::timeout(Duration::from_millis(5), share.acquire()).await;
        assert!(
            left.is_err(),
            "it waits, since whoever waited before has left"
        );
    }
    let waiting = share.clone();
    let waits = tokio::spawn(async move { waiting.acquire().await.map(drop) });
    eventually("one waits", async || budget.stats().waiting > 0).await;
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert!(matches!(
        share.acquire().await,
        Err(AcquireError::QueueFull { .. })
    ));
    waits.abort();
}

#[tokio::test]
async fn a_failed_opening_tells_everybody_and_gives_the_permit_back() {
    let connector = Nowhere::default();
    connector.fail();
    let budget = budget(&connector, BudgetOptions::connections(2));
    let share = join(&budget, "acme");
    for _ in 0..3 {
        assert!(matches!(
            share.acquire().await,
            Err(AcquireError::Connect(_))
        ));
    }
    assert_eq!(budget.stats().open, 0);
}

#[tokio::test]
async fn a_tenant_never_holds_more_than_its_cap() {
    let mut options = BudgetOptions::connections(10);
    options.per_tenant = Some(3);
    options.acquire_timeout = Duration::from_millis(100);
    let connector = Nowhere::default();
    let budget = budget(&connector, options);
    let share = join(&budget, "acme");
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(share.acquire().await.unwrap());
    }
    assert!(matches!(
        share.acquire().await,
        Err(AcquireError::Checkout { .. })
    ));
    assert_eq!(connector.most_open(), 3);
}

#[tokio::test]
async fn idle_connections_close_by_themselves() {
    let mut options = BudgetOptions::connections(4);
    options.idle = Duration::from_millis(10);
    let connector = Nowhere::default();
    let mut manager_options = multitenant_core::tenant::ManagerOptions::default();
    manager_options.budget = options;
    let acme = Nowhere::tenant("acme");
    let manager = multitenant_core::tenant::TenantManager::fixed(
        connector.clone(),
        [acme.clone()],
        manager_options,
    )
    .await
    .unwrap();
    let tenant = manager.get(acme.id).await.unwrap();
    tenant.share::<Nowhere>().unwrap().acquire().await.unwrap();
    eventually("it is closed", async || connector.open() == 0).await;
}

#[tokio::test(start_paused = true)]
async fn what_a_busy_tenant_no_longer_needs_is_closed_after_the_idle_time() {
    let mut options = multitenant_core::tenant::ManagerOptions::default();
    options.budget = BudgetOptions::connections(20);
    options.budget.idle = Duration::from_secs(60);
    let connector = Nowhere::default();
    let (hot, quiet) = (Nowhere::tenant("hot"), Nowhere::tenant("quiet"));
    let manager = multitenant_core::tenant::TenantManager::fixed(
        connector.clone(),
        [hot.clone(), quiet.clone()],
        options,
    )
    .await
    .unwrap();
    let hot = manager.get(hot.id).await.unwrap();
    let quiet = manager.get(quiet.id).await.unwrap();
    let share = hot.share::<Nowhere>().unwrap();
    // A rush, of which five connections are left; then one request after the other.
    let mut rush = Vec::new();
    for _ in 0..5 {
        rush.push(share.acquire().await.unwrap());
    }
    drop(rush);
    drop(quiet.share::<Nowhere>().unwrap().acquire().await.unwrap());
    for second in 0..180 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        drop(share.acquire().await.unwrap());
        let expected = match second {
            ..58 => Some(((5, 5), (1, 1))),
            64.. => Some(((1, 1), (0, 0))),
            _ => None,
        };
        if let Some(expected) = expected {
            assert_eq!(
                (hot.connections(), quiet.connections()),
                expected,
                "{second}"
            );
        }
    }
    assert_eq!(connector.opened(), 6);
}

/// One hot tenant whose requests never pause, and one that comes now and then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cold_tenant_is_served_beside_a_hot_one_and_no_request_of_the_hot_one_starves() {
    let mut options = BudgetOptions::connections(2);
    options.acquire_timeout = Duration::from_secs(5);
    let budget = budget(&Nowhere::default(), options);
    let (hot, cold) = (join(&budget, "hot"), join(&budget, "cold"));
    let over = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let tasks: Vec<_> = (0..8)
        .map(|_| {
            let (hot, over) = (hot.clone(), over.clone());
            tokio::spawn(async move {
                let mut served = 0;
                while !over.load(Ordering::SeqCst) {
                    let lease = hot.acquire().await.unwrap();
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    drop(lease);
                    served += 1;
                }
                served
            })
        })
        .collect();
    for _ in 0..10 {
        drop(cold.acquire().await.unwrap());
        tokio::time::sleep(Duration::from_millis(30)).await;
    }
    over.store(true, Ordering::SeqCst);
    for task in tasks {
        assert!(task.await.unwrap() > 0);
    }
}

/// Sixteen tenants, a budget of four, and callers that go away at random moments.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_load_and_cancellation_the_budget_holds_and_nothing_is_lost() {
    let connector = Nowhere::default();
    let budget = budget(&connector, BudgetOptions::connections(4));
    let shares: Vec<_> = (0..16)
        .map(|i| join(&budget, &format!("tenant-{i}")))
        .collect();
    let mut tasks = Vec::new();
    for task in 0..32_u64 {
        let shares = shares.clone();
        tasks.push(tokio::spawn(async move {
            let mut served = 0;
            for round in 0..60_u64 {
                let mix = (task * 7919 + round * 104_729) % 1_000_003;
                let share = &shares[usize::try_from(mix).unwrap() % shares.len()];
                let patience = Duration::from_micros(200 + mix % 9_000);
                if mix % 4 == 0 {
                    let _ = tokio::time::timeout(patience, share.acquire()).await;
                } else {
                    let lease = share.acquire().await.unwrap();
                    tokio::task::yield_now().await;
                    drop(lease);
                    served += 1;
                }
            }
            served
        }));
    }
    let mut served = 0;
    for task in tasks {
        served += task.await.unwrap();
    }
    assert!(served > 1_000, "{served}");
    assert!(connector.most_open() <= 4);
    drop(shares);
    eventually("every permit is back", async || budget.stats().open == 0).await;
    assert_eq!(connector.open(), 0);
    assert_eq!(budget.stats().tenants, 0);
}
