//! One tenant on the Postgres server that `scripts/test` started.

use std::collections::BTreeSet;
use std::sync::Arc;

use multitenant_core::TenantId;
use multitenant_core::auth::Policies;
use multitenant_core::directory::TenantRecord;
use multitenant_core::engine::PostgresConnector;
use multitenant_core::gate::Gate;
use multitenant_core::resolve::{Resolver, Sources};
use multitenant_core::tenant::{BudgetOptions, ManagerOptions, Tenant, TenantManager, Tenants};
use multitenant_core::testing::Place;
use sqlx::{Connection, PgConnection, Postgres};

use crate::access::REGISTRY;
use crate::people::Words;

/// The tenant `tenant-a` with a database on Postgres, and people by words.
pub struct PostgresWorld {
    /// Asks people by words.
    pub gate: Gate,
    manager: TenantManager<PostgresConnector>,
    tenant: TenantId,
    place: Place,
}

fn server_url() -> String {
    std::env::var("TEST_POSTGRES_URL")
        .expect("set TEST_POSTGRES_URL, or run the tests by scripts/test, which starts a server")
}

impl PostgresWorld {
    /// Makes the database.
    pub async fn new() -> Self {
        let tenant = TenantId::generate();
        let place = Place::postgres(server_url());
        let data = place.database().await.unwrap();
        let record = TenantRecord::active(tenant, "tenant-a".parse().unwrap(), data);
        let mut options = ManagerOptions::default();
        options.budget = BudgetOptions::connections(4);
        options.budget.per_tenant = Some(4);
        let manager = TenantManager::fixed(PostgresConnector::new(), [record], options);
        let manager = manager.await.unwrap();
        let tenants: Arc<dyn Tenants> = Arc::new(manager.clone());
        let gate = Gate::new(
            Resolver::new(Sources::default(), tenants),
            Arc::new(Words {
                a: tenant,
                b: TenantId::generate(),
            }),
            Policies::default_roles(REGISTRY),
        );
        Self {
            gate,
            manager,
            tenant,
            place,
        }
    }

    /// The tenant's handle.
    pub async fn tenant(&self) -> Tenant {
        self.manager.get(self.tenant).await.unwrap()
    }

    /// The backends that serve the tenant, as the server sees them.
    pub async fn backends(&self) -> BTreeSet<i32> {
        let mut connection = PgConnection::connect(&server_url()).await.unwrap();
        let name = "SELECT current_database()::text";
        let db = self.tenant().await.db::<Postgres>().unwrap();
        let name: String = sqlx::query_scalar(name).fetch_one(&db).await.unwrap();
        let backends = "SELECT pid FROM pg_stat_activity WHERE datname = $1";
        let backends = sqlx::query_scalar(backends).bind(name);
        let backends: Vec<i32> = backends.fetch_all(&mut connection).await.unwrap();
        backends.into_iter().collect()
    }

    /// Closes every connection and drops the database.
    pub async fn clear(self) {
        let deadline = std::time::Duration::from_secs(10);
        self.manager.shut_down(deadline).await;
        self.place.clear().await.unwrap();
    }
}
