//! The steps of a tenant's creation, each with its own clock.

use std::time::{Duration, Instant};

use multitenant_core::accounts::{self, FirstAdmin};
use multitenant_core::catalog::{
    Catalog, NewOperation, NewTenant, Operations, Placement, Reserved,
};
use multitenant_core::engine::provisioner::{LoginPassword, Provisioner, Schema};
use multitenant_core::password::{HashingCost, Password, PasswordHash, PasswordHasher};
use multitenant_core::platform::Platform;
use multitenant_core::tenant::{AnySql, Db};
use multitenant_core::{Clock as _, NodeId, ServerId, SystemClock, TenantId};
use secrecy::ExposeSecret;
use sqlx::pool::PoolOptions;
use uuid::Uuid;

use super::change;
use crate::permission::permissions::REGISTRY;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    Catalog,
    Login,
    Database,
    Seed,
}

const NAMES: &[&str] = &["login", "database", "seed", "application"];

pub(super) struct Steps {
    platform: Platform,
    provisioner: Box<dyn Provisioner>,
    schema: Schema,
    hash: PasswordHash,
}

impl Steps {
    pub(super) fn new(
        platform: &Platform,
        provisioner: Box<dyn Provisioner>,
        schema: Schema,
    ) -> Self {
        let password = Password::new("a password of my own".to_owned().into());
        let hasher = PasswordHasher::new(HashingCost::FOR_TESTS).expect("a hasher");
        let hash = hasher.hash(&password.expect("a password"));
        Self {
            platform: platform.clone(),
            provisioner,
            schema,
            hash: hash.expect("a hash"),
        }
    }

    pub(super) async fn times(&self, step: Step, times: u64) -> Duration {
        let mut taken = Duration::ZERO;
        for _ in 0..times {
            taken += match step {
                Step::Catalog => self.catalog().await,
                step => self.database(step).await,
            };
        }
        taken
    }

    /// Does the others too, since each needs those before it, and times the one.
    async fn database(&self, timed: Step) -> Duration {
        let (tenant, provisioner) = (TenantId::generate(), &self.provisioner);
        let password = LoginPassword::generate().expect("a password");
        let mut clock = Stopwatch {
            timed,
            taken: Duration::ZERO,
        };
        let login = provisioner.create_login(tenant, &password);
        clock.time(Step::Login, login).await.expect("a login");
        let database = async {
            let template = provisioner.ensure_template(&self.schema).await?;
            provisioner.create_database(tenant, &template).await
        };
        clock
            .time(Step::Database, database)
            .await
            .expect("a database");
        let url = provisioner.connect_data(tenant, &password);
        clock.time(Step::Seed, self.seed(url.expose_secret())).await;
        provisioner
            .drop_database(tenant)
            .await
            .expect("no database");
        provisioner.drop_login(tenant).await.expect("no login");
        clock.taken
    }

    async fn seed(&self, url: &str) {
        let admin = FirstAdmin {
            email: "admin@example.com".parse().expect("an address"),
            name: "Admin".to_owned(),
            password: self.hash.clone(),
        };
        let db = if url.starts_with("sqlite") {
            let pool = PoolOptions::new().max_connections(1).connect(url).await;
            AnySql::Sqlite(Db::from(pool.expect("a pool")))
        } else {
            let pool = PoolOptions::new().max_connections(1).connect(url).await;
            AnySql::Postgres(Db::from(pool.expect("a pool")))
        };
        let seeded = accounts::seed(&db, &change(), REGISTRY, &admin, SystemClock.now()).await;
        seeded.expect("roles and an admin");
    }

    /// What the catalog writes of one creation.
    async fn catalog(&self) -> Duration {
        let (catalog, change) = (self.platform.catalog(), change());
        let slug = format!("t-{}", Uuid::now_v7().simple());
        let tenant = NewTenant::new(slug.parse().expect("a slug"), slug, "BASIC");
        let operation = NewOperation {
            kind: "tenant.create",
            steps: NAMES,
            input: Default::default(),
            node: NodeId::generate(),
            lease: Duration::from_secs(8),
        };
        let began = Instant::now();
        let placement = placement();
        let reserved = catalog.reserve(&change, &tenant, Some(&placement), &operation, None);
        let Ok(Reserved::New(lease)) = reserved.await else {
            unreachable!("the slug is new and there is no key to repeat");
        };
        for _ in NAMES {
            catalog.check(&lease).await.expect("a lease");
        }
        let active = catalog.activate(&change, &lease).await;
        active.expect("an active tenant");
        let taken = began.elapsed();
        let deleted = self
            .platform
            .provisioning()
            .delete(&change, tenant.id)
            .await;
        deleted.expect("a deleted tenant");
        taken
    }
}

fn placement() -> Placement {
    Placement {
        server: ServerId::main(),
        database: "client_db".to_owned(),
        role: None,
        secret: None,
        schema_version: "0".to_owned(),
    }
}

struct Stopwatch {
    timed: Step,
    taken: Duration,
}

impl Stopwatch {
    async fn time<T>(&mut self, step: Step, work: impl Future<Output = T>) -> T {
        let began = Instant::now();
        let done = work.await;
        if step == self.timed {
            self.taken += began.elapsed();
        }
        done
    }
}
