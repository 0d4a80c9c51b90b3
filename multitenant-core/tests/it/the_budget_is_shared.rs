//! Whoever is few is not held up by whoever is many, and nobody waits for what never comes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use multitenant_core::TenantId;
use multitenant_core::tenant::{AcquireError, Budget, BudgetOptions, Share, ShareOptions};
use multitenant_core::testing::{Nowhere, eventually};
use tokio::runtime::Handle;
use tokio::sync::Barrier;

fn budget(connector: &Nowhere, options: BudgetOptions) -> Budget<Nowhere> {
    Budget::new(Arc::new(connector.clone()), options, Handle::current())
}

fn join(budget: &Budget<Nowhere>, slug: &str) -> Share<Nowhere> {
    budget.join(TenantId::generate(), Nowhere::tenant(slug).connect)
}

fn join_as(budget: &Budget<Nowhere>, slug: &str, options: ShareOptions) -> Share<Nowhere> {
    budget.join_as(TenantId::generate(), Nowhere::tenant(slug).connect, options)
}

/// Tasks that ask again and again until they are dropped.
struct Flood {
    over: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<usize>>,
}

impl Flood {
    fn of(share: &Share<Nowhere>, workers: usize, each: Duration) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let tasks = (0..workers).map(|_| {
            let (share, over) = (share.clone(), Arc::clone(&over));
            tokio::spawn(async move {
                let mut served = 0;
                while !over.load(Ordering::SeqCst) {
                    let lease = share.acquire().await.unwrap();
                    tokio::time::sleep(each).await;
                    drop(lease);
                    served += 1;
                }
                served
            })
        });
        let tasks = tasks.collect();
        Self { over, tasks }
    }

    async fn end(self) -> usize {
        self.over.store(true, Ordering::SeqCst);
        let mut served = 0;
        for task in self.tasks {
            served += task.await.unwrap();
        }
        served
    }
}

/// On a paused clock, so that what is measured is the order of events alone.
#[tokio::test(start_paused = true)]
async fn five_hundred_waiting_requests_of_one_tenant_delay_another_by_a_turn_at_most() {
    let mut options = BudgetOptions::connections(4);
    options.acquire_timeout = Duration::from_secs(60);
    let budget = budget(&Nowhere::default(), options);
    let many: Vec<_> = (0..4)
        .map(|i| join(&budget, &format!("many-{i}")))
        .collect();
    let floods: Vec<_> = many
        .iter()
        .map(|share| Flood::of(share, 500, Duration::from_millis(1)))
        .collect();
    tokio::time::sleep(Duration::from_secs(1)).await;
    let few = join(&budget, "few");
    for _ in 0..20 {
        let asked = tokio::time::Instant::now();
        drop(few.acquire().await.unwrap());
        let waited = asked.elapsed();
        assert!(waited <= Duration::from_millis(30), "{waited:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    for flood in floods {
        assert!(flood.end().await > 300, "each had its turns");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tenant_with_several_connections_gives_one_up_before_another_loses_its_only_one() {
    let connector = Nowhere::default();
    let mut options = BudgetOptions::connections(8);
    options.per_tenant = Some(6);
    let budget = budget(&connector, options);
    let light: Vec<_> = (0..6)
        .map(|i| join(&budget, &format!("light-{i}")))
        .collect();
    let heavy = join(&budget, "heavy");
    let flood = Flood::of(&heavy, 50, Duration::from_millis(1));
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(heavy.connections().0 >= 5, "it has what nobody else wants");
    for _ in 0..20 {
        for share in &light {
            drop(share.acquire().await.unwrap());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let opened = connector.opened();
    for _ in 0..20 {
        for share in &light {
            drop(share.acquire().await.unwrap());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(connector.opened(), opened, "every tenant keeps its own");
    flood.end().await;
}

#[tokio::test(start_paused = true)]
async fn no_more_connections_are_opened_at_once_than_were_asked_for() {
    let connector = Nowhere::default();
    let mut options = BudgetOptions::connections(20);
    options.openings = 3;
    let budget = budget(&connector, options);
    let shares: Vec<_> = (0..20)
        .map(|i| join(&budget, &format!("tenant-{i}")))
        .collect();
    connector.hold();
    let waiting: Vec<_> = shares
        .iter()
        .cloned()
        .map(|share| tokio::spawn(async move { share.acquire().await.map(drop) }))
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(connector.open(), 3);
    connector.let_through(20);
    for waiter in waiting {
        waiter.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn what_is_kept_for_a_tenant_is_always_to_be_had() {
    let connector = Nowhere::default();
    let mut options = BudgetOptions::connections(4);
    options.per_tenant = Some(4);
    options.acquire_timeout = Duration::from_millis(300);
    let budget = budget(&connector, options);
    let mut kept = ShareOptions::default();
    kept.reserve = 2;
    let important = join_as(&budget, "important", kept);
    let other = join(&budget, "other");
    let _others = (
        other.acquire().await.unwrap(),
        other.acquire().await.unwrap(),
    );
    assert!(matches!(
        other.acquire().await.map(drop),
        Err(AcquireError::Checkout { .. })
    ));
    let _own = (
        important.acquire().await.unwrap(),
        important.acquire().await.unwrap(),
    );
}

/// Each of two tasks holds what the other needs.
#[tokio::test]
async fn tasks_that_hold_a_connection_and_wait_for_each_other_are_found() {
    let mut options = BudgetOptions::connections(2);
    options.acquire_timeout = Duration::from_secs(60);
    let budget = budget(&Nowhere::default(), options);
    let shares = [join(&budget, "aaa"), join(&budget, "bbb")];
    let both = Arc::new(Barrier::new(2));
    let tasks = [0, 1].map(|first| {
        let (one, other) = (shares[first].clone(), shares[1 - first].clone());
        let both = Arc::clone(&both);
        tokio::spawn(async move {
            let _held = one.acquire().await.unwrap();
            both.wait().await;
            other.acquire().await.map(drop)
        })
    });
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.unwrap());
    }
    let refused = answers
        .iter()
        .filter(|answer| matches!(answer, Err(AcquireError::Deadlock)));
    assert_eq!(refused.count(), 1, "{answers:?}");
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1);
}

/// As many tasks as a tenant may have connections, and each wants a second.
#[tokio::test]
async fn a_tenant_whose_tasks_all_want_a_second_connection_goes_on() {
    let mut options = BudgetOptions::connections(40);
    options.per_tenant = Some(5);
    options.acquire_timeout = Duration::from_secs(60);
    let budget = budget(&Nowhere::default(), options);
    let share = join(&budget, "acme");
    let all = Arc::new(Barrier::new(5));
    let tasks: Vec<_> = (0..5)
        .map(|_| {
            let (share, all) = (share.clone(), Arc::clone(&all));
            tokio::spawn(async move {
                let _held = share.acquire().await.unwrap();
                all.wait().await;
                share.acquire().await.map(drop)
            })
        })
        .collect();
    let mut refused = 0;
    for task in tasks {
        match task.await.unwrap() {
            Ok(()) => {}
            Err(AcquireError::Deadlock) => refused += 1,
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(refused, 1);
}

#[tokio::test]
async fn whoever_holds_a_connection_is_served_before_those_who_hold_none() {
    let mut options = BudgetOptions::connections(8);
    options.per_tenant = Some(2);
    let budget = budget(&Nowhere::default(), options);
    let share = join(&budget, "acme");
    let first = share.acquire().await.unwrap();
    let holding = tokio::spawn({
        let share = share.clone();
        async move {
            let _held = share.acquire().await.unwrap();
            tokio::time::sleep(Duration::from_millis(50)).await;
            share.acquire().await.map(drop)
        }
    });
    eventually("both are in use", async || share.connections() == (2, 0)).await;
    let waiting: Vec<_> = (0..10)
        .map(|_| {
            let share = share.clone();
            tokio::spawn(async move {
                let lease = share.acquire().await.unwrap();
                tokio::time::sleep(Duration::from_secs(3600)).await;
                drop(lease);
            })
        })
        .collect();
    eventually("all wait", async || budget.stats().waiting == 11).await;
    drop(first);
    holding.await.unwrap().unwrap();
    for waiter in waiting {
        waiter.abort();
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_serves_for_its_lifetime_and_not_all_end_together() {
    let connector = Nowhere::default();
    let mut options = BudgetOptions::connections(40);
    options.lifetime = Duration::from_secs(100);
    let budget = budget(&connector, options);
    let shares: Vec<_> = (0..30)
        .map(|i| join(&budget, &format!("tenant-{i}")))
        .collect();
    let mut renewed = Vec::new();
    for second in 0..110 {
        let before = connector.opened();
        for share in &shares {
            drop(share.acquire().await.unwrap());
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        if connector.opened() > before {
            renewed.push(second);
        }
    }
    assert_eq!(renewed.first(), Some(&0));
    assert!(
        renewed.iter().skip(1).all(|second| *second >= 79),
        "{renewed:?}"
    );
    assert!(renewed.len() > 5, "{renewed:?}");
}

/// It asked for a second connection, then lost its first: it must not wait with those who have one.
#[tokio::test(start_paused = true)]
async fn a_tenant_that_loses_its_connection_while_it_waits_for_another_does_not_starve() {
    let mut options = BudgetOptions::connections(4);
    options.acquire_timeout = Duration::from_secs(60);
    let budget = budget(&Nowhere::default(), options);
    let shares: Vec<_> = (0..24)
        .map(|i| join(&budget, &format!("tenant-{i}")))
        .collect();
    let workers: Vec<_> = shares
        .iter()
        .flat_map(|share| std::iter::repeat_n(share.clone(), 3))
        .map(|share| {
            tokio::spawn(async move {
                let mut longest = Duration::ZERO;
                for _ in 0..100 {
                    let asked = tokio::time::Instant::now();
                    let lease = share.acquire().await.unwrap();
                    longest = longest.max(asked.elapsed());
                    tokio::time::sleep(Duration::from_millis(7)).await;
                    drop(lease);
                }
                longest
            })
        })
        .collect();
    for worker in workers {
        let longest = worker.await.unwrap();
        assert!(longest < Duration::from_millis(600), "{longest:?}");
    }
}

/// As many light tenants as connections, and one that could use them all. On a paused clock.
#[tokio::test(start_paused = true)]
async fn light_tenants_keep_their_connections_beside_a_flood_that_has_what_they_leave() {
    let mut options = BudgetOptions::connections(8);
    options.acquire_timeout = Duration::from_secs(60);
    let connector = Nowhere::default();
    let budget = budget(&connector, options);
    let flood = Flood::of(&join(&budget, "flood"), 100, Duration::from_millis(1));
    let light: Vec<_> = (0..8)
        .map(|i| join(&budget, &format!("light-{i}")))
        .map(|share| {
            tokio::spawn(async move {
                let mut waited = 0;
                for _ in 0..100 {
                    let asked = tokio::time::Instant::now();
                    drop(share.acquire().await.unwrap());
                    waited += usize::from(asked.elapsed() >= Duration::from_millis(1));
                    tokio::time::sleep(Duration::from_millis(200)).await;
                }
                waited
            })
        })
        .collect();
    let mut waited = 0;
    for light in light {
        waited += light.await.unwrap();
    }
    assert!(
        waited < 40,
        "{waited} of 800 requests waited for an opening"
    );
    assert!(flood.end().await > 500, "the flood was served, too");
}
