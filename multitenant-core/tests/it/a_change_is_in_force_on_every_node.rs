//! What was changed on one node is in force on every other within a second of the answer, also
//! where its announcement is lost.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use multitenant_core::directory::TenantStatus;
use multitenant_core::events::{Announcements, BusError, EventBus};
use multitenant_core::platform::Platform;
use multitenant_core::tenant::AnySql;
use multitenant_core::{TenantId, on};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::common::platform::Running;

/// What is promised.
const WITHIN: Duration = Duration::from_secs(1);

/// How often the round is gone: 1,000 by `SUSPENSION_ROUNDS=1000`.
fn rounds() -> usize {
    let rounds = std::env::var("SUSPENSION_ROUNDS").ok();
    rounds.map_or(50, |rounds| rounds.parse().expect("a number"))
}

/// A bus that loses what it is told to lose.
struct Lossy {
    bus: Arc<dyn EventBus>,
    loses: Arc<AtomicBool>,
}

struct Listening {
    announcements: Box<dyn Announcements>,
    loses: Arc<AtomicBool>,
}

#[async_trait]
impl EventBus for Lossy {
    fn announce(&self) {}

    async fn listen(&self) -> Result<Box<dyn Announcements>, BusError> {
        Ok(Box::new(Listening {
            announcements: self.bus.listen().await?,
            loses: Arc::clone(&self.loses),
        }))
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<(), BusError> {
        loop {
            self.announcements.next().await?;
            if !self.loses.load(Ordering::SeqCst) {
                return Ok(());
            }
        }
    }
}

/// One who asks a node again and again, also through a handle that they hold, until refused.
struct Requests {
    served: watch::Receiver<usize>,
    last_served: JoinHandle<Option<Instant>>,
}

impl Requests {
    async fn begin(platform: &Platform, tenant: TenantId) -> Self {
        let platform = platform.clone();
        let held = platform.tenant(tenant).await.unwrap().any_sql().unwrap();
        let (count, served) = watch::channel(0);
        let last_served = tokio::spawn(async move {
            let mut last = None;
            while ask(&platform, tenant).await | query(&held).await {
                last = Some(Instant::now());
                count.send_modify(|count| *count += 1);
            }
            last
        });
        let mut requests = Self {
            served,
            last_served,
        };
        requests
            .served
            .wait_for(|served| *served > 1)
            .await
            .unwrap();
        requests
    }

    /// How long after `answer` the last one was served.
    async fn served_after(self, answer: Instant) -> Duration {
        let last_served = tokio::time::timeout(10 * WITHIN, self.last_served).await;
        let last_served = last_served.expect("a refusal").unwrap();
        last_served.map_or(Duration::ZERO, |last| {
            last.saturating_duration_since(answer)
        })
    }
}

async fn ask(platform: &Platform, tenant: TenantId) -> bool {
    match platform.tenant(tenant).await {
        Ok(tenant) => query(&tenant.any_sql().unwrap()).await,
        Err(_) => false,
    }
}

async fn query(db: &AnySql) -> bool {
    on!(db, db => sqlx::query("SELECT COUNT(*) FROM mt_users").fetch_one(db).await.is_ok())
}

fn report(mut took: Vec<Duration>) {
    took.sort_unstable();
    let (middle, longest) = (took[took.len() / 2], took[took.len() - 1]);
    let text = format!(
        "{} rounds: {middle:?} in the middle, {longest:?} at most\n",
        took.len()
    );
    let _ = std::io::stdout().write_all(text.as_bytes());
}

on_both_engines! {
    async fn a_suspended_tenant_is_served_nowhere_a_second_later_though_half_of_the_announcements_are_lost(place: Place) {
        let here = Running::start(place.platform()).await;
        let loses = Arc::new(AtomicBool::new(false));
        let lossy = Lossy { bus: here.platform.catalog().event_bus(), loses: Arc::clone(&loses) };
        let there = place.platform().without_listening().wake_by(Arc::new(lossy));
        let there = Running::start(there).await;
        let tenant = here.create("acme").await.unwrap().tenant.id;

        let (mut told, mut untold) = (Vec::new(), Vec::new());
        for round in 0..rounds() {
            let is_lost = round % 2 == 0;
            loses.store(is_lost, Ordering::SeqCst);
            let requests = Requests::begin(&there.platform, tenant).await;
            here.set_status(tenant, TenantStatus::Suspended).await;
            let took = requests.served_after(Instant::now()).await;
            assert!(took < WITHIN, "round {round}: served {took:?} after the answer");
            if is_lost { untold.push(took) } else { told.push(took) };
            here.set_status(tenant, TenantStatus::Active).await;
            there.platform.tenants().catch_up().await.unwrap();
        }
        report(told);
        report(untold);
        loses.store(false, Ordering::SeqCst);
        assert!(there.platform.shut_down(Duration::from_secs(5)).await);
        here.stop().await;
    }
}
