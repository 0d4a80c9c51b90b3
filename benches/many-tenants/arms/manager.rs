use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use multitenant_core::directory::TenantRecord;
use multitenant_core::engine::{ConnectData, PostgresConnector};
use multitenant_core::tenant::{BudgetOptions, ManagerOptions, Tenant, TenantManager};
use multitenant_core::{ServerId, TenantId};
use sqlx::Postgres;

use super::Arm;
use crate::databases::{Databases, QUERY};

/// The library, as an application uses it.
#[derive(Clone)]
pub(crate) struct Manager {
    tenants: TenantManager<PostgresConnector>,
    ids: Arc<[TenantId]>,
}

impl Manager {
    /// A manager of all these databases' tenants.
    pub(crate) async fn open(databases: &Databases, budget: usize) -> Result<Self> {
        let mut records = Vec::new();
        for (number, url) in databases.urls.iter().enumerate() {
            let slug = format!("tenant-{number}").parse()?;
            let connect = ConnectData::new(ServerId::main(), url.as_str());
            records.push(TenantRecord::active(TenantId::generate(), slug, connect));
        }
        let ids = records.iter().map(|record| record.id).collect();
        let mut options = ManagerOptions::default();
        options.budget = BudgetOptions::connections(budget);
        let tenants = TenantManager::fixed(PostgresConnector::new(), records, options).await?;
        Ok(Self { tenants, ids })
    }

    /// A tenant as a request finds it.
    pub(crate) async fn tenant(&self, number: usize) -> Result<Tenant> {
        Ok(self.tenants.get(self.ids[number]).await?)
    }
}

impl Arm for Manager {
    async fn ask(&self, tenant: usize, row: i64) -> Result<()> {
        let db = self.tenant(tenant).await?.db::<Postgres>()?;
        let _: i64 = sqlx::query_scalar(QUERY).bind(row).fetch_one(&db).await?;
        Ok(())
    }

    async fn close(self) -> Result<()> {
        let closed = self.tenants.shut_down(Duration::from_secs(30)).await;
        ensure!(closed, "the manager did not close its connections in time");
        Ok(())
    }
}
