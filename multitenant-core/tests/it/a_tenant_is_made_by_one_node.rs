//! One node at a time makes a tenant, and what goes wrong meanwhile leaves nothing behind.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use crate::common::catalog::{MINUTE, tamper};
use crate::common::platform::Running;
use multitenant_core::accounts::{self, FirstAdmin};
use multitenant_core::catalog::{
    Catalog, CatalogError, NewTenant, OperationStatus, Operations, Outcome, Page, Reserved,
    StepStatus, TenantRow,
};
use multitenant_core::directory::TenantStatus;
use multitenant_core::engine::provisioner::LoginPassword;
use multitenant_core::password::Password;
use multitenant_core::provision::{CreatedTenant, OnCreate, ProvisioningError, StepName};
use multitenant_core::tenant::AnySql;
use multitenant_core::testing::eventually;
use multitenant_core::{
    Clock, Code, NodeId, OperationId, Problem, ServerId, SystemClock, TenantId, Timestamp, on,
};

type Hooked = Result<(), Box<dyn std::error::Error + Send + Sync>>;

/// An application that adds a role, and is slow the first time.
#[derive(Clone)]
struct Slow {
    calls: Arc<AtomicUsize>,
    entered: Arc<Semaphore>,
    go: Arc<Semaphore>,
}

impl Slow {
    fn new() -> Self {
        Self {
            calls: Arc::default(),
            entered: Arc::new(Semaphore::new(0)),
            go: Arc::new(Semaphore::new(0)),
        }
    }

    async fn has_been_entered(&self) {
        self.entered.acquire().await.unwrap().forget();
    }

    fn let_go(&self) {
        self.go.add_permits(1);
    }
}

#[async_trait]
impl OnCreate for Slow {
    async fn on_create(&self, tenant: &TenantRow, db: &AnySql) -> Hooked {
        const CLERK: &str = "INSERT INTO mt_roles (id, name, is_system, created_at, updated_at) \
             VALUES ($1, 'Clerk', $2, $3, $3)";
        let (id, at) = (tenant.id, tenant.created_at);
        on!(db, db => sqlx::query(CLERK).bind(id).bind(false).bind(at).execute(db).await.map(drop))?;
        if self.calls.fetch_add(1, Ordering::SeqCst) == 0 {
            self.entered.add_permits(1);
            self.go.acquire().await?.forget();
        }
        Ok(())
    }
}

#[derive(Clone, Default)]
struct Counts(Arc<AtomicUsize>);

#[async_trait]
impl OnCreate for Counts {
    async fn on_create(&self, _: &TenantRow, _: &AnySql) -> Hooked {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}

type Creating = JoinHandle<Result<CreatedTenant, ProvisioningError>>;

fn create(world: &Arc<Running>, slug: &'static str) -> Creating {
    let world = Arc::clone(world);
    tokio::spawn(async move { world.create_with_key(slug, "key-1").await })
}

/// The one operation that is under way, and when its lease runs out.
async fn under_way(world: &Running) -> (OperationId, Timestamp) {
    const READ: &str = "SELECT id, lease_until FROM mt_operations WHERE status = 'RUNNING'";
    on!(world.platform.catalog().pool(), pool =>
        sqlx::query_as(READ).fetch_one(pool).await.unwrap())
}

/// What a clock that jumps ahead does to whatever is under way.
async fn the_lease_runs_out(world: &Running) {
    const PAST: &str = "UPDATE mt_operations SET lease_until = created_at \
         WHERE status IN ('RUNNING', 'UNDOING')";
    tamper(world.platform.catalog(), PAST).await.unwrap();
}

async fn tenant(world: &Running, tenant: TenantId) -> Option<TenantRow> {
    world.platform.catalog().tenant(tenant).await.unwrap()
}

async fn tenants(world: &Running) -> Vec<TenantRow> {
    let (all, page) = (Default::default(), Page::default());
    let listed = world.platform.catalog().tenants(&all, page).await;
    listed.unwrap().items
}

fn code(error: &ProvisioningError) -> Code {
    Problem::from(error).code
}

on_both_engines! {
    async fn a_lease_is_renewed_while_the_application_takes_its_time(place: Place) {
        const LEASE: Duration = Duration::from_secs(2);
        let slow = Slow::new();
        let builder = place.platform().on_create(slow.clone()).lease(LEASE);
        let world = Arc::new(Running::start(builder).await);
        let creating = create(&world, "acme");
        slow.has_been_entered().await;
        let (operation, first) = under_way(&world).await;
        eventually("the lease lasts longer than it did", async || {
            under_way(&world).await.1 > first + LEASE
        })
        .await;
        let catalog = world.platform.catalog();
        let taken = catalog.take_over(operation, NodeId::generate(), MINUTE).await;
        assert!(matches!(taken, Err(CatalogError::LeaseHeld(_))), "{taken:?}");
        assert_eq!(world.platform.provisioning().recover().await.unwrap(), 0);
        let steps = catalog.operation(operation).await.unwrap().unwrap().steps;
        let done: Vec<_> = steps.iter().filter(|step| step.status == StepStatus::Done).map(|step| &*step.name).collect();
        assert_eq!(done, ["login", "database", "seed"]);
        let again = world.create_with_key("acme", "key-1").await.unwrap_err();
        assert_eq!(code(&again), Code::Unavailable, "{again}");

        slow.let_go();
        let made = creating.await.unwrap().unwrap();
        assert_eq!(made.tenant.status, TenantStatus::Active);
        assert_eq!(catalog.operation(operation).await.unwrap().unwrap().attempt, 1);
        world.stop().await;
    }

    async fn a_node_that_has_lost_its_lease_stops_before_its_next_step(place: Place) {
        let (slow, next) = (Slow::new(), Counts::default());
        let builder = place.platform().on_create(slow.clone()).on_create(next.clone());
        let world = Arc::new(Running::start(builder).await);
        let creating = create(&world, "acme");
        slow.has_been_entered().await;
        // As a node does that takes over.
        tamper(world.platform.catalog(), "UPDATE mt_operations SET attempt = attempt + 1").await.unwrap();
        slow.let_go();
        let lost = creating.await.unwrap();
        assert!(matches!(lost, Err(ProvisioningError::Catalog(CatalogError::LeaseLost(_)))), "{lost:?}");
        assert_eq!(next.0.load(Ordering::SeqCst), 0);
        let [row] = &*tenants(&world).await else { panic!("it is the other node's to undo") };
        assert_eq!(row.status, TenantStatus::Provisioning);
        assert!(place.has_traces(row.id).await);

        the_lease_runs_out(&world).await;
        eventually("whoever takes over next undoes it", async || tenants(&world).await.is_empty()).await;
        assert!(!place.has_traces(row.id).await);
        world.stop().await;
    }

    async fn what_a_node_makes_of_a_tenant_that_was_undone_meanwhile_is_dropped_and_nothing_else(place: Place) {
        let slow = Slow::new();
        let world = Arc::new(Running::start(place.platform().on_create(slow.clone())).await);
        let creating = create(&world, "being-made");
        slow.has_been_entered().await;
        let being_made = tenants(&world).await[0].id;
        let served = world.create("served").await.unwrap().tenant.id;
        let gone = world.create("gone").await.unwrap().tenant.id;
        world.platform.provisioning().delete(&world.change(), gone).await.unwrap();

        // What a node does that was paused before it, and what another platform does beside us.
        let (provisioner, schema) = place.provisioner();
        let template = provisioner.ensure_template(&schema).await.unwrap();
        let foreign = TenantId::generate();
        for tenant in [gone, foreign] {
            let password = LoginPassword::generate().unwrap();
            provisioner.create_login(tenant, &password).await.unwrap();
            provisioner.create_database(tenant, &template).await.unwrap();
            assert!(place.has_traces(tenant).await);
        }
        world.platform.provisioning().drop_leftovers().await.unwrap();
        assert!(!place.has_traces(gone).await);
        for tenant in [being_made, served, foreign] {
            assert!(place.has_traces(tenant).await && place.has_database(tenant).await);
        }

        slow.let_go();
        let made = creating.await.unwrap().unwrap();
        let temporary = made.temporary_password.unwrap();
        world.sign_in(being_made, temporary.reveal()).await.unwrap();
        provisioner.drop_database(foreign).await.unwrap();
        provisioner.drop_login(foreign).await.unwrap();
        world.stop().await;
    }

    async fn a_login_that_was_made_too_late_goes_too(place: Place) {
        let world = Running::start(place.platform()).await;
        let gone = world.create("gone").await.unwrap().tenant.id;
        world.platform.provisioning().delete(&world.change(), gone).await.unwrap();
        let (provisioner, _) = place.provisioner();
        let password = LoginPassword::generate().unwrap();
        provisioner.create_login(gone, &password).await.unwrap();
        world.platform.provisioning().drop_leftovers().await.unwrap();
        assert!(!place.has_traces(gone).await);
        world.stop().await;
    }

    async fn a_repetition_begins_anew_what_was_cut_off(place: Place) {
        let slow = Slow::new();
        let world = Arc::new(Running::start(place.platform().on_create(slow.clone())).await);
        let creating = create(&world, "acme");
        slow.has_been_entered().await;
        let first = tenants(&world).await[0].id;
        let mut made = None;
        eventually("the repetition is answered", async || {
            the_lease_runs_out(&world).await;
            made = world.create_with_key("acme", "key-1").await.ok();
            made.is_some()
        })
        .await;
        let made = made.unwrap();
        slow.let_go();
        assert!(creating.await.unwrap().is_err(), "it was taken over");
        assert!(made.tenant.id != first && !place.has_traces(first).await);
        let temporary = made.temporary_password.unwrap();
        world.sign_in(made.tenant.id, temporary.reveal()).await.unwrap();
        assert_eq!(place.tenant_databases(&world.platform).await, 1);
        world.stop().await;
    }

    async fn whatever_an_application_does_a_failed_creation_leaves_nothing(place: Place) {
        for failure in [Failure::Error, Failure::Panic, Failure::ErrorWithAConnectionKept] {
            let world = Running::start(place.platform().on_create(Fails::by(failure))).await;
            let failed = world.create("acme").await.unwrap_err();
            let of_application = matches!(failed, ProvisioningError::Step { step: StepName::Application, .. });
            assert!(of_application, "{failed:?}");
            assert_eq!(code(&failed), Code::Unavailable);
            assert_eq!(tenants(&world).await.len(), 0, "{failure:?}");
            for tenant in crate::common::platform::ever_reserved(&world.platform).await {
                assert!(!place.has_traces(tenant).await, "{failure:?}");
            }
            world.stop().await;
        }
    }

    async fn an_application_that_keeps_its_connection_holds_no_tenant_up(place: Place) {
        let keeps = Fails::by(Failure::NoneButAConnectionKept);
        let kept = Arc::clone(&keeps.kept);
        let world = Running::start(place.platform().on_create(keeps)).await;
        let made = world.create("acme").await.unwrap();
        assert_eq!(made.tenant.status, TenantStatus::Active);
        let (db, _) = kept.lock().take().unwrap();
        assert!(db.begin().await.is_err(), "the handle is closed");
        world.stop().await;
    }

    async fn a_repetition_is_answered_by_what_became_of_the_tenant(place: Place) {
        let world = Running::start(place.platform()).await;
        let made = world.create_with_key("acme", "key-1").await.unwrap().tenant.id;
        let again = || world.create_with_key("acme", "key-1");
        let table = [
            (TenantStatus::Active, Ok(true)),
            (TenantStatus::Suspended, Ok(false)),
            (TenantStatus::Archived, Ok(false)),
            (TenantStatus::Active, Ok(true)),
            (TenantStatus::Deleting, Err(Code::Conflict)),
        ];
        for (status, expected) in table {
            world.set_status(made, status).await;
            let answer = again().await;
            let told = answer.as_ref().map(|made| made.temporary_password.is_some());
            assert_eq!(told.map_err(code), expected, "{status}");
            if let Ok(answer) = &answer {
                assert_eq!((answer.tenant.id, answer.tenant.status), (made, status));
            }
        }
        world.platform.provisioning().delete(&world.change(), made).await.unwrap();
        let gone = again().await.unwrap_err();
        assert!(matches!(gone, ProvisioningError::DeletedSince(tenant) if tenant == made));
        assert_eq!(code(&gone), Code::Conflict);
        world.stop().await;
    }

    async fn a_repetition_waits_for_what_is_being_undone_and_begins_anew(place: Place) {
        const UNDOING: &str = "UPDATE mt_operations SET status = 'UNDOING'";
        let slow = Slow::new();
        let world = Arc::new(Running::start(place.platform().on_create(slow.clone())).await);
        let creating = create(&world, "acme");
        slow.has_been_entered().await;
        let (operation, _) = under_way(&world).await;
        let first = tenants(&world).await[0].id;
        tamper(world.platform.catalog(), UNDOING).await.unwrap();
        let again = world.create_with_key("acme", "key-1").await.unwrap_err();
        assert_eq!(code(&again), Code::Unavailable, "{again}");
        slow.let_go();
        let failed = creating.await.unwrap();
        assert!(failed.is_err(), "what is being undone is not served");
        let mut made = None;
        eventually("nothing is left, and it is made anew", async || {
            the_lease_runs_out(&world).await;
            made = world.create_with_key("acme", "key-1").await.ok();
            made.is_some()
        })
        .await;
        assert_ne!(made.unwrap().tenant.id, first);
        let status = world.platform.catalog().operation(operation).await.unwrap().unwrap().status;
        assert_eq!(status, OperationStatus::Undone);
        assert!(tenant(&world, first).await.is_none() && !place.has_traces(first).await);
        world.stop().await;
    }

    async fn an_operation_of_an_unknown_kind_is_left_alone(place: Place) {
        let world = Running::start(place.platform()).await;
        let made = world.create("acme").await.unwrap().tenant.id;
        let newer = multitenant_core::catalog::NewOperation {
            kind: "tenant.teleport",
            steps: &[],
            input: serde_json::json!({}),
            node: NodeId::generate(),
            lease: Duration::ZERO,
        };
        let catalog = world.platform.catalog();
        let lease = catalog.begin(&world.change(), made, &newer).await.unwrap();
        world.platform.provisioning().recover().await.unwrap();
        catalog.check(&lease).await.expect("nobody has taken it over");
        catalog.finish(&world.change(), &lease, Outcome::Succeeded).await.unwrap();
        world.stop().await;
    }

    async fn what_is_on_a_server_that_this_node_does_not_reach_is_left_to_others(place: Place) {
        let world = Running::start(place.platform()).await;
        let (catalog, change) = (world.platform.catalog(), world.change());
        catalog.add_server(&change, &ServerId::new("moon")).await.unwrap();
        let there = NewTenant {
            server: Some(ServerId::new("moon")),
            ..crate::common::catalog::new_tenant("acme")
        };
        let operation = crate::common::catalog::new_operation(Duration::ZERO);
        let reserved = catalog.reserve(&change, &there, None, &operation, None).await;
        let Ok(Reserved::New(lease)) = reserved else { panic!("{reserved:?}") };
        assert_eq!(world.platform.provisioning().recover().await.unwrap(), 0);
        catalog.check(&lease).await.expect("nobody has taken it over");
        catalog.remove(&change, &lease, Outcome::Undone).await.unwrap();
        world.stop().await;
    }

    async fn a_tenant_that_is_seeded_again_has_nothing_twice(place: Place) {
        let world = Running::start(place.platform()).await;
        let made = world.create("acme").await.unwrap().tenant.id;
        let accounts = world.platform.accounts();
        let before = accounts.roles(made).await.unwrap();
        assert!(before.iter().all(|role| role.is_system));
        let granted = |name: &str| before.iter().find(|role| role.name.as_str() == name).unwrap().permissions.clone();
        assert_eq!(granted("Admin"), ["*"]);
        assert_eq!(granted("Viewer"), ["*:read"]);
        assert_eq!(granted("Manager"), ["*:read", "invoices:*"]);

        let password = Password::new("a password of my own".to_owned().into()).unwrap();
        let admin = FirstAdmin {
            email: "admin@example.com".parse().unwrap(),
            name: "Admin".to_owned(),
            password: world.platform.hashing().hash(password).await.unwrap(),
        };
        let db = world.platform.tenant(made).await.unwrap().any_sql().unwrap();
        let registry = world.platform.registry();
        accounts::seed(&db, &world.change(), registry, &admin, SystemClock.now()).await.unwrap();
        let after = accounts.roles(made).await.unwrap();
        let grants = |roles: &[accounts::StoredRole]| -> Vec<_> {
            roles.iter().map(|role| (role.name.clone(), role.permissions.clone())).collect()
        };
        assert_eq!(grants(&after), grants(&before));
        let users = accounts.users(made, &Default::default(), Page::default()).await.unwrap();
        assert_eq!((users.total, &*users.items[0].roles), (1, &["Admin".to_owned()][..]));
        world.stop().await;
    }
}

#[derive(Debug, Clone, Copy)]
enum Failure {
    Error,
    Panic,
    ErrorWithAConnectionKept,
    NoneButAConnectionKept,
}

/// A connection that was begun on, which keeps it from its pool.
type Kept = Option<(AnySql, multitenant_core::engine::AnyTransaction)>;

struct Fails {
    by: Failure,
    kept: Arc<Mutex<Kept>>,
}

impl Fails {
    fn by(by: Failure) -> Self {
        let kept = Arc::default();
        Self { by, kept }
    }
}

#[async_trait]
impl OnCreate for Fails {
    async fn on_create(&self, _: &TenantRow, db: &AnySql) -> Hooked {
        use Failure::{Error, ErrorWithAConnectionKept, NoneButAConnectionKept, Panic};
        if matches!(self.by, ErrorWithAConnectionKept | NoneButAConnectionKept) {
            let begun = db.begin().await?;
            *self.kept.lock() = Some((db.clone(), begun));
        }
        match self.by {
            Error | ErrorWithAConnectionKept => Err("no chart of accounts here".into()),
            Panic => panic!("no chart of accounts here"),
            NoneButAConnectionKept => Ok(()),
        }
    }
}
