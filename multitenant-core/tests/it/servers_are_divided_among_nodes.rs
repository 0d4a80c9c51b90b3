//! However nodes come and go, together they have no more connections than a server takes.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::common::PostgresPlace;
use crate::common::catalog::change;
use crate::common::platform::Running;
use multitenant_core::catalog::{Catalog, CatalogError, Claim, ServerPatch, SqlCatalog};
use multitenant_core::platform::Platform;
use multitenant_core::tenant::{Budget, BudgetOptions, Share};
use multitenant_core::testing::{MovableClock, Nowhere, eventually};
use multitenant_core::{NodeId, ServerId, TenantId, on};
use sqlx::{Connection, PgConnection};
use tokio::runtime::Handle;
use tokio::time::Instant;

fn limit(platform: &Platform) -> usize {
    let stats = platform.tenants().stats();
    let mut servers = stats.servers.iter();
    let main = servers.find(|(id, _)| *id == ServerId::main());
    main.map_or(0, |(_, budget)| budget.limit)
}

fn open(platform: &Platform) -> usize {
    platform.tenants().connections_open(&ServerId::main())
}

async fn granted(catalog: &SqlCatalog) -> Vec<u32> {
    let granted = catalog.node_connections().await.unwrap();
    granted.iter().map(|granted| granted.connections).collect()
}

fn claim(node: NodeId, server: &ServerId, holds: u32) -> Claim<'_> {
    Claim {
        node,
        server,
        unless_said: 6,
        wants: u32::MAX,
        holds,
    }
}

/// Opens a connection of a tenant and holds it.
macro_rules! held {
    ($world:expr, $tenant:expr) => {
        $world
            .platform
            .tenant($tenant)
            .await
            .unwrap()
            .any_sql()
            .unwrap()
            .begin()
            .await
            .unwrap()
    };
}

on_both_engines! {
    async fn a_node_alone_has_all_and_two_have_half_each_until_one_ends(place: Place) {
        let one = Running::start(place.platform().connections(7)).await;
        assert_eq!((limit(&one.platform), granted(one.platform.catalog()).await), (7, vec![7]));
        let other = Running::start(place.platform().connections(7)).await;
        assert!(limit(&other.platform) > 0, "it has a part once it has started");
        eventually("each has its share", async || {
            (limit(&one.platform), limit(&other.platform)) == (4, 3)
        })
        .await;
        assert_eq!(granted(one.platform.catalog()).await, [4, 3]);
        let statuses = one.platform.servers().await.unwrap();
        let nodes: Vec<_> = statuses[0].nodes.iter().map(|granted| granted.node).collect();
        assert_eq!(nodes, [one.platform.node(), other.platform.node()]);
        assert_eq!((statuses[0].connections, statuses[0].reachable), (Some(7), Some(true)));

        one.platform.shut_down(Duration::from_secs(5)).await;
        eventually("the other has all", async || limit(&other.platform) == 7).await;
        assert_eq!(granted(other.platform.catalog()).await, [7]);
        other.stop().await;
    }

    async fn a_node_that_joins_waits_for_connections_that_are_in_use(place: Place) {
        let one = Running::start(place.platform().connections(2)).await;
        let tenant = one.create("acme").await.unwrap().tenant.id;
        let another = one.create("globex").await.unwrap().tenant.id;
        let (first, second) = (held!(one, tenant), held!(one, another));
        let other = Running::start(place.platform().connections(2)).await;
        assert_eq!((limit(&other.platform), open(&one.platform)), (0, 2));
        let waits = {
            let platform = other.platform.clone();
            tokio::spawn(async move { platform.tenant(tenant).await.unwrap().check().await })
        };
        first.rollback().await.unwrap();
        assert!(waits.await.unwrap().unwrap());
        assert_eq!((limit(&one.platform), limit(&other.platform)), (1, 1));
        second.rollback().await.unwrap();
        one.platform.shut_down(Duration::from_secs(5)).await;
        other.stop().await;
    }

    async fn what_a_server_takes_is_changed_while_nodes_run(place: Place) {
        let one = Running::start(place.platform().connections(6)).await;
        let said = |connections| ServerPatch {
            connections: Some(NonZeroU32::new(connections)),
            ..Default::default()
        };
        let catalog = one.platform.catalog();
        for connections in [2, 9] {
            catalog.patch_server(&change(), &ServerId::main(), &said(connections)).await.unwrap();
            eventually("it is in force", async || {
                limit(&one.platform) == usize::try_from(connections).unwrap()
            })
            .await;
        }
        catalog.patch_server(&change(), &ServerId::main(), &said(0)).await.unwrap();
        eventually("it is as configured", async || limit(&one.platform) == 6).await;
        one.stop().await;
    }

    async fn a_node_that_does_a_command_takes_no_more_than_it_can_use(place: Place) {
        let server = Running::start(place.platform().connections(20)).await;
        let command = Running::start(place.platform().connections(20).connections_here(2)).await;
        eventually("each has its share", async || {
            (limit(&server.platform), limit(&command.platform)) == (18, 2)
        })
        .await;
        command.platform.shut_down(Duration::from_secs(5)).await;
        server.stop().await;
    }

    async fn what_a_node_had_that_died_is_the_others_once_the_server_does_not_show_it(place: Place) {
        let catalog = place.platform().connections(6).start().await.unwrap();
        catalog.shut_down(Duration::from_secs(5)).await;
        // One that was killed: nothing shows it.
        let (dead, main) = (NodeId::generate(), ServerId::main());
        let one = Running::start(place.platform().connections(6)).await;
        one.platform.catalog().claim(claim(dead, &main, 5)).await.unwrap();
        eventually("the dead has a part", async || limit(&one.platform) == 1).await;
        eventually("the dead is forgotten", async || limit(&one.platform) == 6).await;
        assert_eq!(granted(one.platform.catalog()).await, [6]);
        one.stop().await;
    }

    async fn what_a_node_has_that_is_paused_stays_its_own_however_long_it_is_silent(place: Place) {
        let clock = MovableClock::running();
        let starting = Running::start(place.platform().connections(6)).await;
        starting.platform.shut_down(Duration::from_secs(5)).await;
        let (paused, main) = (NodeId::generate(), ServerId::main());
        let (provisioner, _) = place.provisioner();
        let shown = provisioner.attend(paused).await.unwrap();
        let one = Running::start(place.platform().connections(6).clock(clock.clone())).await;
        one.platform.catalog().claim(claim(paused, &main, 4)).await.unwrap();
        eventually("it leaves the other its part", async || limit(&one.platform) == 2).await;
        clock.advance(Duration::from_secs(3_600));
        // Time for everything that would take it away.
        tokio::time::sleep(Duration::from_secs(4)).await;
        assert_eq!(limit(&one.platform), 2);
        assert_eq!(provisioner.attending(&[dead(), paused]).await.unwrap(), [paused]);
        drop(shown);
        eventually("its process has ended", async || limit(&one.platform) == 6).await;
        one.stop().await;
    }

    async fn a_platform_that_is_dropped_is_no_node_any_more_unless_its_gate_is_held(place: Place) {
        let one = Running::start(place.platform().connections(6)).await;
        let other = Running::start(place.platform().connections(6)).await;
        eventually("each has its share", async || limit(&one.platform) == 3).await;
        let gate = other.platform.gate().clone();
        drop(other);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!(limit(&one.platform), 3, "requests are let through still");
        drop(gate);
        eventually("the rest has all", async || limit(&one.platform) == 6).await;
        one.stop().await;
    }

    async fn of_many_who_ask_at_once_nobody_is_granted_what_another_has(place: Place) {
        let catalog = place.catalog().await;
        let mut asking = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let catalog = catalog.clone();
            asking.spawn(async move {
                let main = ServerId::main();
                let node = NodeId::generate();
                catalog.claim(claim(node, &main, 0)).await.unwrap().allowed
            });
        }
        let allowed: u32 = asking.join_all().await.iter().sum();
        let granted: u32 = granted(&catalog).await.iter().sum();
        assert!((1..=6).contains(&allowed), "{allowed}");
        assert_eq!(allowed, granted);
        let unknown = catalog.claim(claim(NodeId::generate(), &ServerId::new("moon"), 0)).await;
        assert!(matches!(unknown, Err(CatalogError::ServerUnknown(_))));
    }
}

/// Whom the server shows every session.
async fn from_above() -> PgConnection {
    let url = std::env::var("TEST_POSTGRES_SUPERUSER_URL").unwrap();
    PgConnection::connect(&url).await.unwrap()
}

fn dead() -> NodeId {
    NodeId::generate()
}

fn budget(connector: &Nowhere, connections: usize) -> Budget<Nowhere> {
    let mut options = BudgetOptions::connections(connections);
    options.per_tenant = Some(connections);
    options.acquire_timeout = Duration::from_millis(300);
    Budget::new(Arc::new(connector.clone()), options, Handle::current())
}

fn share(budget: &Budget<Nowhere>) -> Share<Nowhere> {
    budget.join(TenantId::generate(), Nowhere::tenant("acme").connect)
}

#[tokio::test]
async fn fewer_connections_close_what_is_idle_and_what_comes_back() {
    let connector = Nowhere::default();
    let budget = budget(&connector, 4);
    let share = share(&budget);
    let mut leases = Vec::new();
    for _ in 0..4 {
        leases.push(share.acquire().await.unwrap());
    }
    leases.truncate(3);
    eventually("one is idle", async || budget.stats().idle == 1).await;
    budget.set_connections(2, None);
    eventually("the idle one is closed", async || budget.stats().open == 3).await;
    leases.truncate(2);
    eventually("what came back is closed", async || {
        budget.stats().open == 2
    })
    .await;
    leases.truncate(1);
    eventually("what is within stays", async || budget.stats().idle == 1).await;
    assert_eq!(connector.open(), 2);
    budget.set_connections(0, None);
    drop(leases);
    eventually("nothing is open", async || connector.open() == 0).await;
    assert!(share.acquire().await.is_err());
}

#[tokio::test]
async fn more_connections_serve_those_who_wait() {
    let connector = Nowhere::default();
    let budget = budget(&connector, 0);
    let share = share(&budget);
    let waiting = tokio::spawn(async move { share.acquire().await.map(drop) });
    eventually("it waits", async || budget.stats().waiting == 1).await;
    budget.set_connections(1, None);
    waiting.await.unwrap().unwrap();
    assert_eq!(connector.opened(), 1);
}

#[tokio::test]
async fn nothing_is_opened_once_the_right_to_has_lapsed() {
    let connector = Nowhere::default();
    let budget = budget(&connector, 2);
    let share = share(&budget);
    let lease = share.acquire().await.unwrap();
    budget.set_connections(2, Some(Instant::now()));
    assert!(share.acquire().await.is_err());
    drop(lease);
    let lease = share.acquire().await.expect("what is open is served");
    assert_eq!(connector.opened(), 1);
    budget.set_connections(2, Some(Instant::now() + Duration::from_secs(60)));
    let _other = share.acquire().await.unwrap();
    drop(lease);
}

/// Six tenants on two nodes, of which one comes and goes under load: Postgres itself counts.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn postgres_never_counts_more_connections_than_the_server_takes_while_nodes_come_and_go() {
    const TOTAL: usize = 5;
    let place = PostgresPlace::new().await;
    let one = Running::start(place.platform().connections(TOTAL)).await;
    let (mut tenants, mut names) = (Vec::new(), Vec::new());
    for number in 0..6 {
        let tenant = one
            .create(&format!("tenant-{number}"))
            .await
            .unwrap()
            .tenant;
        tenants.push(tenant.id);
        names.push(tenant.placement.unwrap().database);
    }
    let over = Arc::new(AtomicBool::new(false));
    let watching = {
        let over = Arc::clone(&over);
        let mut observer = from_above().await;
        tokio::spawn(async move {
            let mut most = 0;
            while !over.load(Ordering::SeqCst) {
                let count = "SELECT COUNT(*) FROM pg_stat_activity
                     WHERE datname = ANY($1) AND backend_type = 'client backend'";
                let counted = sqlx::query_scalar(count).bind(&names);
                most = most.max(counted.fetch_one(&mut observer).await.unwrap());
            }
            most
        })
    };
    let load = Load::on(&one.platform, &tenants);
    for _ in 0..2 {
        let other = Running::start(place.platform().connections(TOTAL)).await;
        let more = Load::on(&other.platform, &tenants);
        eventually("both have a part", async || {
            limit(&one.platform) < TOTAL && open(&other.platform) > 0
        })
        .await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(more.end().await > 0, "the node that joined was of use");
        assert!(other.platform.shut_down(Duration::from_secs(5)).await);
        eventually("all is given back", async || limit(&one.platform) == TOTAL).await;
    }
    assert!(load.end().await > 0);
    over.store(true, Ordering::SeqCst);
    let most: i64 = watching.await.unwrap();
    assert!((2..=5).contains(&most), "the server counted {most}");
    one.stop().await;
    place.clear().await.unwrap();
}

/// Tasks that ask tenants in turn until they are told to stop.
struct Load {
    over: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<usize>>,
}

impl Load {
    fn on(platform: &Platform, tenants: &[TenantId]) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let tasks = (0..4).map(|task| {
            let (platform, over) = (platform.clone(), Arc::clone(&over));
            let tenants = tenants.to_vec();
            tokio::spawn(async move {
                let mut served = 0;
                for tenant in tenants.iter().cycle().skip(task) {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let db = platform.tenant(*tenant).await.unwrap().any_sql().unwrap();
                    let answered: Result<i64, _> = on!(&db, db =>
                        sqlx::query_scalar("SELECT COUNT(*) FROM mt_users").fetch_one(db).await);
                    served += usize::from(answered.is_ok());
                }
                served
            })
        });
        Self {
            tasks: tasks.collect(),
            over,
        }
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
