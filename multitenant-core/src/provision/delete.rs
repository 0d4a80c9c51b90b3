use serde_json::json;

use super::error::{ProvisioningError, StepName};
use super::kind::DELETE;
use super::work::Work;
use super::{DRAIN, Provisioning};
use crate::TenantId;
use crate::catalog::{Catalog, CatalogError, Change, Operations, Outcome, TenantRow};
use crate::directory::TenantStatus;
use crate::engine::provisioner::{Login, Provisioner, ProvisionerError};

impl Provisioning {
    /// Deletes a tenant with its database and its login; its audit rows stay in the catalog. It
    /// goes on when the caller goes away, and after a crash.
    ///
    /// # Errors
    /// [`ProvisioningError::Catalog`] for a tenant that is unknown or being worked on.
    pub async fn delete(&self, change: &Change, tenant: TenantId) -> Result<(), ProvisioningError> {
        let operation = self.operation(&DELETE, json!({}));
        let lease = self.inner.catalog.begin(change, tenant, &operation).await?;
        let (this, work) = (self.clone(), Work::new(change.clone(), lease, &DELETE));
        let deleted = tokio::spawn(async move { this.remove(&work).await });
        match deleted.await {
            Ok(deleted) => deleted,
            Err(_) => Err(ProvisioningError::Interrupted),
        }
    }

    pub(super) async fn remove(&self, work: &Work) -> Result<(), ProvisioningError> {
        if let Some(row) = self.inner.catalog.tenant(work.tenant()).await? {
            let removing = async {
                self.close(work, &row).await?;
                self.drop_all(work, &row).await
            };
            self.under(work, removing).await?;
        }
        self.end(work, Outcome::Succeeded).await
    }

    /// Refuses new work everywhere and waits for the old.
    async fn close(&self, work: &Work, row: &TenantRow) -> Result<(), ProvisioningError> {
        let closing = async {
            if row.status != TenantStatus::Deleting {
                let deleting = TenantStatus::Deleting;
                let catalog = &self.inner.catalog;
                catalog.set_status(&work.change, row.id, deleting).await?;
            }
            Ok::<_, CatalogError>(())
        };
        self.step(work, StepName::Close, closing).await?;
        self.inner.tenants.catch_up().await?;
        self.inner.tenants.close_tenant(row.id, DRAIN).await;
        Ok(())
    }

    /// Drops whatever there is of a tenant on its server.
    async fn drop_all(&self, work: &Work, row: &TenantRow) -> Result<(), ProvisioningError> {
        let provisioner = &**self.provisioner(&row.server)?;
        let database = async {
            end_login(provisioner, row.id).await?;
            provisioner.drop_database(row.id).await
        };
        self.step(work, StepName::DropDatabase, database).await?;
        let login = provisioner.drop_login(row.id);
        self.step(work, StepName::DropLogin, login).await
    }

    /// Ends an operation after which there is no tenant any more.
    async fn end(&self, work: &Work, outcome: Outcome) -> Result<(), ProvisioningError> {
        let catalog = &self.inner.catalog;
        catalog.remove(&work.change, &work.lease, outcome).await?;
        self.bring_into_force().await;
        Ok(())
    }

    /// Undoes a creation in which something went wrong. What cannot be undone now is found and
    /// undone later, when the lease has run out.
    pub(super) async fn undo_after(&self, work: &Work, error: &ProvisioningError) {
        if let Err(error) = self.undo(work, &error.to_string()).await {
            tracing::warn!(tenant = %work.tenant(), %error, "a creation that failed is undone later");
        }
    }

    /// No node has served the tenant, so there is no work to wait for.
    pub(super) async fn undo(&self, work: &Work, reason: &str) -> Result<(), ProvisioningError> {
        let catalog = &self.inner.catalog;
        catalog.turn_back(&work.change, &work.lease, reason).await?;
        if let Some(row) = catalog.tenant(work.tenant()).await? {
            self.under(work, self.drop_all(work, &row)).await?;
        }
        self.end(work, Outcome::Undone).await
    }
}

pub(super) async fn end_login(
    provisioner: &dyn Provisioner,
    tenant: TenantId,
) -> Result<(), ProvisionerError> {
    if provisioner.inspect(tenant).await?.login.is_none() {
        return Ok(());
    }
    provisioner.set_login(tenant, Login::Refused).await?;
    provisioner.end_sessions(tenant).await
}
