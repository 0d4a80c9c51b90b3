//! Two tenants on SQLite files, and a server on a real socket.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use multitenant_core::auth::Policies;
use multitenant_core::directory::TenantRecord;
use multitenant_core::engine::SqliteConnector;
use multitenant_core::gate::Gate;
use multitenant_core::resolve::{Resolver, Sources};
use multitenant_core::tenant::{BudgetOptions, ManagerOptions, Tenant, TenantManager, Tenants};
use multitenant_core::testing::{MemoryDirectory, Place};
use multitenant_core::{Code, TenantId};

use crate::access::REGISTRY;
use crate::people::Words;
use crate::{Adapter, Answer, Ask, Signals, Small};

/// The tenants `tenant-a` and `tenant-b`. Each has a row in its table `names`; `tenant-a` has the
/// domain `shop-a.test` too.
pub struct World {
    /// Asks the directory, and people by words.
    pub gate: Gate,
    /// A budget of four connections, two at most for a tenant.
    pub manager: TenantManager<SqliteConnector>,
    /// May be changed, or go away.
    pub directory: Arc<MemoryDirectory>,
    /// The first tenant.
    pub a: TenantRecord,
    /// The second tenant.
    pub b: TenantRecord,
    /// What handlers and tests tell each other.
    pub signals: Arc<Signals>,
    _place: Place,
}

/// Most bytes of a body in the small application.
const BODY_LIMIT: usize = 64;
/// How long a request may take, where that is not what is tried.
const DEADLINE: Duration = Duration::from_secs(60);

impl World {
    /// A world as in production.
    pub async fn new() -> Self {
        Self::with(false, ManagerOptions::default()).await
    }

    /// A world where a query names a tenant.
    pub async fn in_development() -> Self {
        Self::with(true, ManagerOptions::default()).await
    }

    /// A world whose manager keeps one tenant in memory.
    pub async fn with_little_memory() -> Self {
        let mut options = ManagerOptions::default();
        options.tenants.capacity = 1;
        Self::with(false, options).await
    }

    async fn with(query: bool, mut options: ManagerOptions) -> Self {
        let place = Place::sqlite().unwrap();
        let record = async |slug: &str| {
            let data = place.database().await.unwrap();
            TenantRecord::active(TenantId::generate(), slug.parse().unwrap(), data)
        };
        let (a, b) = (record("tenant-a").await, record("tenant-b").await);
        let directory = Arc::new(MemoryDirectory::of([a.clone(), b.clone()]));
        directory.add_domain(a.id, "shop-a.test".parse().unwrap());
        options.follower.poll = Duration::from_secs(3_600);
        options.budget = BudgetOptions::connections(4);
        options.budget.per_tenant = Some(2);
        let manager = TenantManager::start(SqliteConnector::new(), directory.clone(), options);
        let manager = manager.await.unwrap();
        let world = Self {
            gate: gate(&manager, &a, &b, query),
            manager,
            directory,
            a,
            b,
            signals: Arc::default(),
            _place: place,
        };
        for (tenant, row) in [(&world.a, "row of a"), (&world.b, "row of b")] {
            world.seed(tenant, row).await;
        }
        world
    }

    async fn seed(&self, tenant: &TenantRecord, row: &str) {
        let db = self.tenant(tenant).await.db::<sqlx::Sqlite>().unwrap();
        let table = sqlx::raw_sql("CREATE TABLE names (name TEXT)");
        table.execute(&db).await.unwrap();
        let insert = sqlx::query("INSERT INTO names VALUES ($1)").bind(row);
        insert.execute(&db).await.unwrap();
    }

    /// The handle of a tenant.
    pub async fn tenant(&self, tenant: &TenantRecord) -> Tenant {
        self.manager.get(tenant.id).await.unwrap()
    }

    /// Serves the small application, in which a request may take `deadline`.
    pub async fn serve_within<A: Adapter>(&self, deadline: Duration) -> Server {
        self.serve_with::<A>(deadline, Some(BODY_LIMIT)).await
    }

    /// Serves the small application.
    pub async fn serve<A: Adapter>(&self) -> Server {
        self.serve_within::<A>(DEADLINE).await
    }

    /// Serves the small application, which says nothing about how large a body may be.
    pub async fn serve_without_a_limit<A: Adapter>(&self) -> Server {
        self.serve_with::<A>(DEADLINE, None).await
    }

    async fn serve_with<A: Adapter>(
        &self,
        deadline: Duration,
        body_limit: Option<usize>,
    ) -> Server {
        let small = Small {
            gate: self.gate.clone(),
            signals: Arc::clone(&self.signals),
            deadline,
            body_limit,
        };
        Server {
            address: A::serve(small).await,
        }
    }
}

fn gate(
    manager: &TenantManager<SqliteConnector>,
    a: &TenantRecord,
    b: &TenantRecord,
    query: bool,
) -> Gate {
    let tenants: Arc<dyn Tenants> = Arc::new(manager.clone());
    let mut sources = Sources::default();
    sources.base_domains = vec!["example.com".parse().unwrap()];
    sources.path_prefix = Some("/t".parse().unwrap());
    sources.query = query;
    Gate::new(
        Resolver::new(sources, tenants),
        Arc::new(Words { a: a.id, b: b.id }),
        Policies::default_roles(REGISTRY),
    )
}

/// A server that runs for as long as the test.
#[derive(Debug, Clone, Copy)]
pub struct Server {
    /// Where it listens.
    pub address: SocketAddr,
}

impl Server {
    /// Sends a request and reads the answer.
    pub async fn ask(&self, ask: Ask) -> Answer {
        ask.send(self.address).await
    }

    /// Sends a request and checks that the answer is this problem, whole and well formed.
    pub async fn refuses(&self, ask: Ask, code: Code) -> serde_json::Value {
        let asked = format!("{ask:?}");
        let answer = self.ask(ask).await;
        answer.check_problem(code, &asked)
    }
}
