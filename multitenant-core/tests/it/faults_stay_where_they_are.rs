//! What cannot be opened is found out by one request at a time, and is back by itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use multitenant_core::TenantId;
use multitenant_core::tenant::{AcquireError, Budget, BudgetOptions, Share};
use multitenant_core::testing::{Nowhere, eventually};
use tokio::runtime::Handle;

fn budget(connector: &Nowhere, options: BudgetOptions) -> Budget<Nowhere> {
    Budget::new(Arc::new(connector.clone()), options, Handle::current())
}

fn join(budget: &Budget<Nowhere>, slug: &str) -> Share<Nowhere> {
    budget.join(TenantId::generate(), Nowhere::tenant(slug).connect)
}

async fn trip(share: &Share<Nowhere>) {
    loop {
        match share.acquire().await.map(drop) {
            Err(AcquireError::Tripped { .. }) => return,
            Err(AcquireError::Connect(_)) => {}
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_tenant_that_cannot_be_opened_is_refused_at_once_and_served_again_within_a_second() {
    let connector = Nowhere::default();
    let budget = budget(&connector, BudgetOptions::connections(4));
    let share = join(&budget, "acme");
    connector.fail();
    trip(&share).await;
    let Err(AcquireError::Tripped {
        failures,
        retry_after,
        ..
    }) = share.acquire().await.map(drop)
    else {
        panic!("it was refused a moment ago");
    };
    assert!(failures >= 3);
    assert!(retry_after <= Duration::from_millis(800), "{retry_after:?}");

    connector.recover();
    let recovered = Instant::now();
    eventually("it is served again", async || share.acquire().await.is_ok()).await;
    assert!(recovered.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn however_many_ask_one_opening_at_a_time_finds_out() {
    let connector = Nowhere::default();
    let budget = budget(&connector, BudgetOptions::connections(4));
    let share = join(&budget, "acme");
    connector.fail();
    trip(&share).await;
    let before = connector.tried();
    let began = tokio::time::Instant::now();
    while began.elapsed() < Duration::from_secs(10) {
        let asking = (0..50).map(|_| share.acquire());
        let asked = futures_util::future::join_all(asking).await;
        assert!(asked.iter().all(Result::is_err));
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let tries = connector.tried() - before;
    assert!((10..25).contains(&tries), "{tries} openings in ten seconds");
    assert_eq!(connector.most_open(), 1);
}

#[tokio::test]
async fn a_tenant_whose_openings_hang_holds_nobody_up() {
    let connector = Nowhere::default();
    let mut options = BudgetOptions::connections(10);
    options.openings = 1;
    let budget = budget(&connector, options);
    let (hangs, other) = (join(&budget, "hangs"), join(&budget, "other"));
    connector.hold();
    let waiting = hangs.clone();
    let waits = tokio::spawn(async move { waiting.acquire().await.map(drop) });
    eventually("it is being opened", async || connector.open() == 1).await;
    let asks = tokio::spawn(async move { other.acquire().await.map(drop) });
    eventually("the other is being opened", async || connector.open() == 2).await;
    connector.let_through(2);
    waits.await.unwrap().unwrap();
    asks.await.unwrap().unwrap();
}

#[tokio::test]
async fn whoever_has_a_connection_waits_for_it_though_no_other_can_be_opened() {
    let connector = Nowhere::default();
    let budget = budget(&connector, BudgetOptions::connections(10));
    let share = join(&budget, "acme");
    let held = share.acquire().await.unwrap();
    connector.fail();
    let waiting = tokio::spawn({
        let share = share.clone();
        async move { share.acquire().await.map(drop) }
    });
    eventually("another is tried", async || connector.tried() > 1).await;
    tokio::time::sleep(Duration::from_millis(200)).await;
    drop(held);
    waiting.await.unwrap().unwrap();
}
