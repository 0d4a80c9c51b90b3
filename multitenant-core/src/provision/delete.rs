use serde_json::json;

use super::error::{During, ProvisioningError, StepName};
use super::{DRAIN, LEASE, Provisioning};
use crate::TenantId;
use crate::catalog::{
    Catalog, CatalogError, Change, Lease, NewOperation, Operations, Outcome, TenantRow,
};
use crate::directory::TenantStatus;
use crate::engine::provisioner::{Login, Provisioner};

/// The kind of operation that deletes a tenant.
pub(super) const DELETE: &str = "tenant.delete";

const STEPS: &[&str] = &[
    StepName::Close.as_str(),
    StepName::DropDatabase.as_str(),
    StepName::DropLogin.as_str(),
];

impl Provisioning {
    /// Deletes a tenant with its database and its login; its audit rows stay in the catalog. It
    /// goes on when the caller goes away, and after a crash.
    ///
    /// # Errors
    /// [`ProvisioningError::Catalog`] for a tenant that is unknown or being worked on.
    pub async fn delete(&self, change: &Change, tenant: TenantId) -> Result<(), ProvisioningError> {
        let operation = NewOperation {
            kind: DELETE,
            steps: STEPS,
            input: json!({}),
            node: self.inner.node,
            lease: LEASE,
        };
        let lease = self.inner.catalog.begin(change, tenant, &operation).await?;
        let (this, change) = (self.clone(), change.clone());
        let deleted = tokio::spawn(async move {
            let removing = this.remove(&change, &lease, tenant);
            this.under(&lease, removing).await
        });
        match deleted.await {
            Ok(deleted) => deleted,
            Err(_) => Err(crate::tenant::TenantError::Interrupted.into()),
        }
    }

    pub(super) async fn remove(
        &self,
        change: &Change,
        lease: &Lease,
        tenant: TenantId,
    ) -> Result<(), ProvisioningError> {
        let catalog = &self.inner.catalog;
        if let Some(row) = catalog.tenant(tenant).await? {
            self.close(change, &row).await?;
            self.done(lease, StepName::Close).await?;
            self.drop_all(lease, &row).await?;
            self.done(lease, StepName::DropDatabase).await?;
            self.done(lease, StepName::DropLogin).await?;
            catalog.delete(change, tenant).await?;
        }
        catalog.finish(change, lease, Outcome::Succeeded).await?;
        self.bring_into_force().await;
        Ok(())
    }

    /// Refuses new work everywhere and waits for the old.
    async fn close(&self, change: &Change, row: &TenantRow) -> Result<(), ProvisioningError> {
        if row.status != TenantStatus::Deleting {
            let catalog = &self.inner.catalog;
            catalog
                .set_status(change, row.id, TenantStatus::Deleting)
                .await?;
        }
        self.inner.tenants.catch_up().await?;
        self.inner.tenants.close_tenant(row.id, DRAIN).await;
        Ok(())
    }

    /// Drops whatever there is of a tenant on its server, for as long as the lease is ours.
    async fn drop_all(&self, lease: &Lease, row: &TenantRow) -> Result<(), ProvisioningError> {
        let catalog = &self.inner.catalog;
        let provisioner = self.provisioner(&row.server)?;
        catalog.renew(lease).await?;
        end_login(&**provisioner, row.id).await?;
        let dropped = provisioner.drop_database(row.id).await;
        dropped.during(StepName::DropDatabase)?;
        catalog.renew(lease).await?;
        let dropped = provisioner.drop_login(row.id).await;
        dropped.during(StepName::DropLogin)
    }

    /// Undoes a creation in which something went wrong. What cannot be undone now is found and
    /// undone later, when the lease has run out.
    pub(super) async fn undo_after(
        &self,
        change: &Change,
        lease: &Lease,
        tenant: TenantId,
        error: &ProvisioningError,
    ) {
        let reason = error.to_string();
        let undoing = self.undo(change, lease, tenant, &reason);
        if let Err(error) = self.under(lease, undoing).await {
            tracing::warn!(%tenant, %error, "a creation that failed is undone later");
        }
    }

    pub(super) async fn undo(
        &self,
        change: &Change,
        lease: &Lease,
        tenant: TenantId,
        reason: &str,
    ) -> Result<(), ProvisioningError> {
        let catalog = &self.inner.catalog;
        match catalog.turn_back(change, lease, reason).await {
            // A node that died may have turned it back already: the lease tells.
            Ok(()) | Err(CatalogError::LeaseLost(_)) => catalog.renew(lease).await?,
            Err(error) => return Err(error.into()),
        }
        if let Some(row) = catalog.tenant(tenant).await? {
            // It was activated just before its process died.
            if row.status == TenantStatus::Active {
                self.close(change, &row).await?;
            }
            self.drop_all(lease, &row).await?;
            catalog.delete(change, tenant).await?;
        }
        catalog.finish(change, lease, Outcome::Undone).await?;
        self.bring_into_force().await;
        Ok(())
    }
}

async fn end_login(
    provisioner: &dyn Provisioner,
    tenant: TenantId,
) -> Result<(), ProvisioningError> {
    let found = provisioner.inspect(tenant).await.during(StepName::Close)?;
    if found.login.is_none() {
        return Ok(());
    }
    let refused = provisioner.set_login(tenant, Login::Refused).await;
    refused.during(StepName::Close)?;
    provisioner
        .end_sessions(tenant)
        .await
        .during(StepName::Close)
}
