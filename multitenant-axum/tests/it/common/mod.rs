//! What the tests share: two tenants on SQLite files, people whose tokens are words, a server on a
//! real socket, and a client that sends exactly the bytes it is told.
#[path = "../../../../multitenant-core/tests/it/common/nowhere.rs"]
#[allow(
    dead_code,
    reason = "shared with the library's own tests, which use all of it"
)]
mod nowhere;
mod wire;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::Router;
use axum::middleware::from_fn;
use multitenant_core::auth::{AuthError, Authenticator, Identity, Policies, PolicyStore};
use multitenant_core::directory::TenantRecord;
use multitenant_core::engine::{ConnectData, SqliteConnector};
use multitenant_core::gate::Gate;
use multitenant_core::rbac::{Policy, Role};
use multitenant_core::resolve::{Resolver, Sources};
use multitenant_core::tenant::{
    BudgetOptions, CacheOptions, ManagerOptions, TenantManager, Tenants,
};
use multitenant_core::{Code, EnterpriseRole, Realm, ServerId, Standing, Subject, TenantId};
use nowhere::{Changeable, Told};
use tempfile::TempDir;
use tokio::net::TcpListener;

pub use wire::{Answer, Ask};

multitenant_core::permissions! { invoices: [READ, CREATE] }

/// Knows people by words: `viewer-of-a`, `admin-of-b`, `reader-of-staff`, `due-of-a`, and what is
/// wrong with a token by its name.
struct Words {
    a: TenantId,
    b: TenantId,
}

#[async_trait]
impl Authenticator for Words {
    async fn authenticate(&self, realm: Realm, credential: &str) -> Result<Identity, AuthError> {
        let refused = |code| Err(AuthError::Refused { code, reason: None });
        let (role, place) = match credential.split_once("-of-") {
            Some(words) => words,
            None if credential == "revoked" => return Err(AuthError::Revoked),
            None if credential == "away" => return Err(AuthError::unavailable(Told)),
            None if credential == "expired" => return refused(Code::TokenExpired),
            None => return refused(Code::TokenInvalid),
        };
        let user_of = |tenant| {
            let name = if role == "viewer" { "Viewer" } else { "Admin" };
            let roles = vec![name.parse().expect("a role")];
            Standing::User { tenant, roles }
        };
        let standing = match place {
            "a" => user_of(self.a),
            "b" => user_of(self.b),
            _ => Standing::Staff(EnterpriseRole::ReadOnly),
        };
        let identity = Identity {
            subject: Subject::new(credential).expect("a subject"),
            session: None,
            standing,
            password_change_due: role == "due",
        };
        if identity.realm() != realm {
            return refused(Code::WrongRealm);
        }
        Ok(identity)
    }
}

struct DefaultRoles;

#[async_trait]
impl PolicyStore for DefaultRoles {
    async fn policy(&self, _: TenantId) -> Result<Policy, AuthError> {
        Ok(Policy::compile(REGISTRY, 1, &Role::defaults(REGISTRY)))
    }
}

pub struct World {
    pub gate: Gate,
    pub manager: TenantManager<SqliteConnector>,
    pub directory: Arc<Changeable>,
    pub a: TenantRecord,
    pub b: TenantRecord,
    _folder: TempDir,
}

impl World {
    pub async fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let record = |slug: &str| {
            let path = folder.path().join(slug);
            std::fs::File::create(&path).unwrap();
            let url = format!("sqlite://{}", path.display());
            let data = ConnectData::new(ServerId::main(), url);
            TenantRecord::active(TenantId::generate(), slug.parse().unwrap(), data)
        };
        let (a, b) = (record("tenant-a"), record("tenant-b"));
        let directory = Arc::new(Changeable::of(&[a.clone(), b.clone()]));
        let mut options = ManagerOptions::default();
        options.follower.poll = Duration::from_secs(3_600);
        options.budget = BudgetOptions::connections(4);
        options.budget.per_tenant = Some(2);
        let manager = TenantManager::start(SqliteConnector::new(), directory.clone(), options)
            .await
            .unwrap();
        let tenants: Arc<dyn Tenants> = Arc::new(manager.clone());
        let mut sources = Sources::default();
        sources.base_domains = vec!["example.com".parse().unwrap()];
        let gate = Gate::new(
            Resolver::new(sources, tenants),
            Arc::new(Words { a: a.id, b: b.id }),
            Policies::new(Arc::new(DefaultRoles), CacheOptions::default()),
        );
        Self {
            gate,
            manager,
            directory,
            a,
            b,
            _folder: folder,
        }
    }

    /// Runs some SQL in a tenant's database.
    pub async fn execute(&self, tenant: &TenantRecord, sql: &'static str) {
        let tenant = self.manager.get(tenant.id).await.unwrap();
        let db = tenant.db::<sqlx::Sqlite>().unwrap();
        sqlx::raw_sql(sql).execute(&db).await.unwrap();
    }

    /// Serves an application on a free port, with request ids.
    pub async fn serve(&self, app: impl Into<Router>) -> Server {
        serve(app.into().layer(from_fn(multitenant_axum::request_id))).await
    }
}

/// A server that runs for as long as the test.
#[derive(Clone, Copy)]
pub struct Server {
    pub address: SocketAddr,
}

pub async fn serve(app: Router) -> Server {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = app.into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, app).await });
    Server { address }
}

impl Server {
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

/// Waits until something holds, and fails with a sentence when it does not in five seconds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..500 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("within five seconds it did not come about that {what}");
}
