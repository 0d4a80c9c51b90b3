//! Tenants live on several servers, each of which takes what it is said to.

use std::num::NonZeroU32;

use crate::common::PostgresPlace;
use crate::common::catalog::{change, kinds};
use crate::common::platform::Running;
use crate::common::proxy::Proxy;
use multitenant_core::catalog::{
    AuditFilter, Catalog, CatalogError, NewTenant, Page, ServerPatch, SqlCatalog,
};
use multitenant_core::events::EventKind;
use multitenant_core::provision::{PlacementPolicy, ProvisioningError, TenantRequest, Weighted};
use multitenant_core::testing::eventually;
use multitenant_core::{ServerId, on};
use secrecy::{ExposeSecret, SecretString};

fn second() -> ServerId {
    ServerId::new("second")
}

fn request(slug: &str, server: Option<ServerId>) -> TenantRequest {
    TenantRequest {
        tenant: NewTenant {
            server,
            ..NewTenant::new(slug.parse().unwrap(), slug, "BASIC")
        },
        admin_email: "admin@example.com".parse().unwrap(),
        admin_name: "Admin".to_owned(),
    }
}

async fn made_on(world: &Running, slug: &str) -> ServerId {
    world.create(slug).await.unwrap().tenant.server
}

async fn audit_rows(catalog: &SqlCatalog, action: &str) -> i64 {
    let filter = AuditFilter {
        action: Some(action.to_owned()),
        ..Default::default()
    };
    let listed = catalog.audit_logs(&filter, Page::default()).await;
    listed.unwrap().total
}

on_both_engines! {
    async fn the_server_that_was_always_there_is_the_first(place: Place) {
        let catalog = place.catalog().await;
        let servers = catalog.servers().await.unwrap();
        let [main] = &*servers else { panic!("{servers:?}") };
        assert_eq!((&main.id, &*main.name), (&ServerId::main(), "main"));
        assert_eq!((main.connections, main.weight, main.takes_tenants), (None, NonZeroU32::MIN, true));
        assert_eq!((main.tenants, main.updated_at), (0, main.created_at));
        crate::common::catalog::active(&catalog, "acme").await;
        assert_eq!(catalog.servers().await.unwrap()[0].tenants, 1);
    }

    async fn what_a_server_takes_is_changed_audited_and_told(place: Place) {
        let catalog = place.catalog().await;
        let patch = ServerPatch {
            name: Some("Frankfurt 1".to_owned()),
            connections: Some(NonZeroU32::new(40)),
            weight: NonZeroU32::new(3),
            takes_tenants: Some(false),
        };
        let patched = catalog.patch_server(&change(), &ServerId::main(), &patch).await.unwrap();
        assert_eq!(catalog.servers().await.unwrap(), std::slice::from_ref(&patched));
        assert_eq!((&*patched.name, patched.connections, patched.weight.get()), ("Frankfurt 1", NonZeroU32::new(40), 3));
        assert!(!patched.takes_tenants && patched.updated_at > patched.created_at);
        assert_eq!(kinds(&catalog).await, [EventKind::ServersChanged]);
        // The same again is no change.
        catalog.patch_server(&change(), &ServerId::main(), &patch).await.unwrap();
        assert_eq!((audit_rows(&catalog, "server.patch").await, kinds(&catalog).await.len()), (1, 1));
        let cleared = ServerPatch { connections: Some(None), ..Default::default() };
        let cleared = catalog.patch_server(&change(), &ServerId::main(), &cleared).await.unwrap();
        assert_eq!((cleared.connections, cleared.name), (None, patched.name));
        let unknown = catalog.patch_server(&change(), &second(), &patch).await;
        assert!(matches!(unknown, Err(CatalogError::ServerUnknown(id)) if id == second()));
    }

    async fn new_tenants_are_spread_and_one_that_names_its_server_is_placed_there(place: Place) {
        let builder = place.platform().server(second(), place.another_server());
        let world = Running::start(builder).await;
        let placed = [made_on(&world, "tenant-a").await, made_on(&world, "tenant-b").await];
        assert_eq!(placed, [ServerId::main(), second()]);
        let provisioning = world.platform.provisioning();
        let pinned = request("tenant-c", Some(second()));
        let pinned = provisioning.create(&world.change(), &pinned, None).await.unwrap();
        assert_eq!(pinned.tenant.server, second());
        assert_eq!(made_on(&world, "tenant-d").await, ServerId::main());
        let nowhere = request("tenant-e", Some(ServerId::new("moon")));
        let nowhere = provisioning.create(&world.change(), &nowhere, None).await;
        assert!(matches!(nowhere, Err(ProvisioningError::ServerUnknown(_))));

        let tenants = world.platform.tenants();
        let db = tenants.tenant(pinned.tenant.id).await.unwrap().any_sql().unwrap();
        let people: i64 = on!(&db, db =>
            sqlx::query_scalar("SELECT COUNT(*) FROM mt_users").fetch_one(db).await.unwrap());
        assert_eq!(people, 1);
        assert_eq!(tenants.connections_open(&second()), 1);
        drop(db);
        world.stop().await;
    }

    async fn a_server_that_takes_no_new_tenants_takes_those_that_name_it(place: Place) {
        let builder = place.platform().server(second(), place.another_server()).placement(Weighted);
        let world = Running::start(builder).await;
        let catalog = world.platform.catalog();
        let closed = ServerPatch { takes_tenants: Some(false), ..Default::default() };
        catalog.patch_server(&change(), &ServerId::main(), &closed).await.unwrap();
        assert_eq!(made_on(&world, "tenant-a").await, second());
        assert_eq!(made_on(&world, "tenant-b").await, second());
        let provisioning = world.platform.provisioning();
        let pinned = request("tenant-c", Some(ServerId::main()));
        let pinned = provisioning.create(&world.change(), &pinned, None).await.unwrap();
        assert_eq!(pinned.tenant.server, ServerId::main());
        catalog.patch_server(&change(), &second(), &closed).await.unwrap();
        let refused = world.create("tenant-d").await;
        assert!(matches!(refused, Err(ProvisioningError::NoServer)), "{refused:?}");
        world.stop().await;
    }
}

/// A policy that is the application's own.
struct Always(ServerId);

impl PlacementPolicy for Always {
    fn choose(
        &self,
        _: &NewTenant,
        servers: &[multitenant_core::catalog::ServerRow],
    ) -> Option<ServerId> {
        let mut ids = servers.iter().map(|server| &server.id);
        ids.find(|id| **id == self.0).cloned()
    }
}

fn through(proxy: &Proxy) -> SecretString {
    let url = crate::common::server_url();
    let (before, after) = url.split_once('@').unwrap();
    let (_, path) = after.split_once('/').unwrap();
    format!("{before}@{}/{path}", proxy.address).into()
}

async fn proxy() -> Proxy {
    let url = crate::common::server_url();
    let (_, after) = url.split_once('@').unwrap();
    Proxy::start(after.split_once('/').unwrap().0.to_owned()).await
}

async fn answers(world: &Running, tenant: multitenant_core::TenantId) -> bool {
    let Ok(tenant) = world.platform.tenant(tenant).await else {
        return false;
    };
    tenant.check().await.unwrap_or(false)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_goes_away_affects_its_own_tenants_only_and_comes_back() {
    let place = PostgresPlace::new().await;
    let proxy = proxy().await;
    let builder = place.platform().server(second(), through(&proxy));
    let world = Running::start(builder.placement(Always(second()))).await;
    let there = world.create("tenant-a").await.unwrap().tenant;
    let provisioning = world.platform.provisioning();
    let here = request("tenant-b", Some(ServerId::main()));
    let here = provisioning.create(&world.change(), &here, None).await;
    let here = here.unwrap().tenant;
    assert!(answers(&world, there.id).await && answers(&world, here.id).await);

    proxy.cut();
    eventually("it is known to be away", async || {
        let servers = world.platform.servers().await.unwrap();
        servers
            .iter()
            .map(|server| server.reachable)
            .eq([Some(true), Some(false)])
    })
    .await;
    assert!(!answers(&world, there.id).await);
    for _ in 0..20 {
        assert!(answers(&world, here.id).await);
    }
    let refused = world.create("tenant-c").await;
    assert!(
        matches!(refused, Err(ProvisioningError::NoServer)),
        "{refused:?}"
    );

    proxy.mend();
    eventually("its tenant is served", async || {
        answers(&world, there.id).await
    })
    .await;
    eventually("it takes tenants", async || {
        world.create("tenant-d").await.is_ok()
    })
    .await;
    world.stop().await;
    place.clear().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_platform_starts_while_one_of_its_servers_is_away() {
    let place = PostgresPlace::new().await;
    let proxy = proxy().await;
    proxy.cut();
    let world = Running::start(place.platform().server(second(), through(&proxy))).await;
    assert_eq!(made_on(&world, "tenant-a").await, ServerId::main());
    proxy.mend();
    eventually("it takes tenants", async || {
        let servers = world.platform.servers().await.unwrap();
        servers[1].reachable == Some(true)
    })
    .await;
    assert_eq!(made_on(&world, "tenant-b").await, second());
    world.stop().await;
    let alone = place.platform().server(ServerId::main(), through(&proxy));
    proxy.cut();
    assert!(
        alone.start().await.is_err(),
        "nothing can be done without any"
    );
    place.clear().await.unwrap();
}

#[tokio::test]
async fn where_nobody_says_how_many_connections_it_is_what_the_server_has_room_for() {
    let place = PostgresPlace::new().await;
    let world = Running::start(place.platform()).await;
    let mut server = PostgresPlace::connect().await;
    let room: i32 = sqlx::query_scalar(
        "SELECT current_setting('max_connections')::int
             - current_setting('superuser_reserved_connections')::int - 20",
    )
    .fetch_one(&mut server)
    .await
    .unwrap();
    let servers = world.platform.servers().await.unwrap();
    assert_eq!(servers[0].connections, u32::try_from(room).ok());
    assert_eq!(
        servers[0].nodes[0].connections,
        u32::try_from(room).unwrap()
    );
    world.stop().await;
    place.clear().await.unwrap();
}

#[tokio::test]
async fn how_to_get_in_to_a_server_is_written_down_nowhere() {
    let place = PostgresPlace::new().await;
    let world = Running::start(place.platform().server(second(), place.another_server())).await;
    let url = place.another_server();
    let url = url.expose_secret();
    let password = url.split_once('@').unwrap().0.rsplit_once(':').unwrap().1;
    let servers = format!("{:?}", world.platform.servers().await.unwrap());
    assert!(!servers.contains(password));
    let stored: Vec<String> = on!(world.platform.catalog().pool(), pool =>
        sqlx::query_scalar("SELECT id || COALESCE(name, '') FROM mt_servers").fetch_all(pool).await.unwrap());
    assert!(!stored.concat().contains(password));
    world.stop().await;
    place.clear().await.unwrap();
}
