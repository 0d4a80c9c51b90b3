//! Whoever reads the log is woken by what is added to it. Here nobody polls: what is heard is heard
//! by an announcement, or by reading after one may have been missed.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use multitenant_core::TenantId;
use multitenant_core::catalog::{AuditEntry, SqlCatalog};
use multitenant_core::events::{
    Announcements, BusError, Event, EventBus, EventKind, Follow, FollowError, Follower,
    FollowerOptions, Position, RedisBus,
};
use redis::Client;
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::common::catalog::{change, tamper};

/// Counts how often somebody began to listen.
struct Counted {
    bus: Arc<dyn EventBus>,
    begun: watch::Sender<usize>,
}

#[async_trait]
impl EventBus for Counted {
    fn announce(&self) {
        self.bus.announce();
    }

    async fn listen(&self) -> Result<Box<dyn Announcements>, BusError> {
        let listening = self.bus.listen().await?;
        self.begun.send_modify(|begun| *begun += 1);
        Ok(listening)
    }
}

struct Heard(watch::Sender<usize>);

#[async_trait]
impl Follow for Heard {
    async fn apply(&self, _: &Event) -> Result<(), FollowError> {
        self.0.send_modify(|heard| *heard += 1);
        Ok(())
    }
}

/// A reader of the log that is woken, and never looks by itself.
struct Reader {
    begun: watch::Receiver<usize>,
    heard: watch::Receiver<usize>,
    tasks: Vec<JoinHandle<()>>,
}

impl Reader {
    async fn start(catalog: &SqlCatalog, bus: Arc<dyn EventBus>) -> Self {
        let mut options = FollowerOptions::default();
        options.poll = Duration::from_secs(3_600);
        let follower = Follower::new(Arc::new(catalog.clone()), Position::START, options);
        let (tell, heard) = watch::channel(0);
        follower.follow(Arc::new(Heard(tell)));
        let (listens, begun) = watch::channel(0);
        let bus = Counted {
            bus,
            begun: listens,
        };
        let runtime = Handle::current();
        let tasks = vec![
            follower.run(&runtime),
            follower.wake_by(Arc::new(bus), &runtime),
        ];
        let mut reader = Self {
            begun,
            heard,
            tasks,
        };
        reader.has_begun(1).await;
        reader
    }

    async fn has_begun(&mut self, times: usize) {
        at_least(&mut self.begun, times).await;
    }

    async fn has_heard(&mut self, events: usize) {
        at_least(&mut self.heard, events).await;
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

async fn at_least(count: &mut watch::Receiver<usize>, expected: usize) {
    let reached = count.wait_for(|count| *count >= expected);
    let reached = tokio::time::timeout(Duration::from_secs(30), reached).await;
    reached.expect("it comes to that").unwrap();
}

async fn write(catalog: &SqlCatalog) {
    let (tenant, change) = (TenantId::generate(), change());
    let mut write = catalog.write(&change).await.unwrap();
    let entry = AuditEntry::new("test.write", "tenant", tenant);
    write.audit(entry).await.unwrap();
    write.publish(EventKind::TenantChanged { tenant });
    write.commit().await.unwrap();
}

fn redis_url() -> String {
    std::env::var("TEST_REDIS_URL")
        .expect("set TEST_REDIS_URL, or run the tests by scripts/test, which starts a server")
}

/// Two nodes on one channel of their own.
fn two_on_redis() -> (Arc<RedisBus>, Arc<RedisBus>) {
    let channel = format!("test-{}", TenantId::generate());
    let bus = || Arc::new(RedisBus::new(&redis_url().into(), channel.clone()).unwrap());
    (bus(), bus())
}

/// Closes connections at Redis, those of other tests too, who have to live with that.
async fn kill_at_redis(kind: &str) {
    let client = Client::open(redis_url()).unwrap();
    let mut connection = client.get_multiplexed_async_connection().await.unwrap();
    let mut kill = redis::cmd("CLIENT");
    kill.arg("KILL").arg("TYPE").arg(kind);
    let _: usize = kill.query_async(&mut connection).await.unwrap();
}

on_both_engines! {
    async fn a_reader_is_woken_by_each_commit_that_adds_to_the_log(place: Place) {
        let catalog = place.catalog().await;
        let mut reader = Reader::start(&catalog, catalog.event_bus()).await;
        for written in 1..=20 {
            write(&catalog).await;
            reader.has_heard(written).await;
        }
    }

    async fn a_reader_on_another_node_is_woken_over_redis_also_after_its_connections_were_lost(place: Place) {
        let url = place.url();
        let (here, there) = two_on_redis();
        let writer = SqlCatalog::open(&url).await.unwrap().announced_by(here);
        let other = SqlCatalog::open(&url).await.unwrap();
        let mut reader = Reader::start(&other, there).await;
        let mut written = 0;
        for round in 1..=3 {
            for _ in 0..5 {
                write(&writer).await;
                written += 1;
                reader.has_heard(written).await;
            }
            kill_at_redis("pubsub").await;
            write(&writer).await;
            written += 1;
            reader.has_begun(round + 1).await;
            reader.has_heard(written).await;
            kill_at_redis("normal").await;
        }
    }

    async fn a_redis_that_is_not_there_holds_up_no_change(place: Place) {
        // Nobody listens on the port of a socket that is bound and does not listen.
        let taken = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        let url = format!("redis://127.0.0.1:{}/", taken.local_addr().unwrap().port());
        let nowhere = Arc::new(RedisBus::new(&url.into(), "nobody").unwrap());
        let catalog = place.catalog().await.announced_by(nowhere.clone());
        let mut reader = Reader::start(&catalog, catalog.event_bus()).await;
        assert!(nowhere.listen().await.is_err());
        for written in 1..=5 {
            write(&catalog).await;
            reader.has_heard(written).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listener_whose_backend_is_terminated_listens_again_and_has_missed_nothing() {
    const TERMINATE: &str = "DO $$ BEGIN PERFORM pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND query LIKE 'LISTEN%'; END $$";
    let place = crate::common::PostgresPlace::new().await;
    let catalog = place.catalog().await;
    let mut reader = Reader::start(&catalog, catalog.event_bus()).await;
    let mut written = 0;
    for round in 1..=4 {
        for _ in 0..5 {
            write(&catalog).await;
            written += 1;
            reader.has_heard(written).await;
        }
        tamper(&catalog, TERMINATE).await.unwrap();
        // Nobody is listening, most likely: what is notified now is lost.
        write(&catalog).await;
        written += 1;
        reader.has_begun(round + 1).await;
        reader.has_heard(written).await;
    }
    drop(reader);
    catalog.close().await;
    place.clear().await.unwrap();
}
