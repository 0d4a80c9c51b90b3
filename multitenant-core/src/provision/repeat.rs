//! A request for a tenant that was made before, by its `Idempotency-Key`.

use super::Provisioning;
use super::create::{CREATE, CreatedTenant, TenantRequest};
use super::error::{During, ProvisioningError, StepName};
use super::work::Work;
use crate::accounts::AccountError;
use crate::catalog::{
    Catalog, CatalogError, Change, OperationStatus, Operations, SecretError, TenantRow,
};
use crate::directory::TenantStatus;
use crate::engine::provisioner::{InvalidLoginPassword, LoginPassword};
use crate::password::TemporaryPassword;
use crate::tenant::TenantError;
use crate::{OperationId, TenantId};

impl Provisioning {
    /// Goes on with what was begun, where whoever began it has died, or answers again what came of
    /// it.
    pub(super) async fn repeat(
        &self,
        change: &Change,
        operation: OperationId,
        tenant: TenantId,
        request: &TenantRequest,
    ) -> Result<CreatedTenant, ProvisioningError> {
        let catalog = &self.inner.catalog;
        let begun = catalog.operation(operation).await?;
        let begun = begun.ok_or(CatalogError::OperationUnknown(operation))?;
        match begun.status {
            OperationStatus::Running => {
                let lease = catalog.take_over(operation, self.inner.node, self.inner.lease);
                let work = Work::new(change.clone(), lease.await?, &CREATE);
                let password = self.password(tenant).await?;
                self.make(work, password, request).await
            }
            OperationStatus::Succeeded => self.answer_again(change, tenant, request).await,
            // Once nothing of it is left, the key begins anew.
            OperationStatus::Undoing | OperationStatus::Undone | OperationStatus::Failed => {
                Err(CatalogError::LeaseHeld(operation).into())
            }
        }
    }

    /// The password of the tenant's login, as it was sealed when the tenant was reserved.
    async fn password(&self, tenant: TenantId) -> Result<LoginPassword, ProvisioningError> {
        let placement = self.row(tenant).await?.placement;
        let sealed = placement.and_then(|placement| placement.secret);
        let sealed = sealed.ok_or_else(|| SecretError::new(InvalidLoginPassword));
        let sealed = sealed.during(StepName::Keys)?;
        let opened = self.inner.vault.open(tenant, &sealed).await;
        let password = LoginPassword::try_from(opened.during(StepName::Keys)?);
        password.map_err(SecretError::new).during(StepName::Keys)
    }

    async fn answer_again(
        &self,
        change: &Change,
        tenant: TenantId,
        request: &TenantRequest,
    ) -> Result<CreatedTenant, ProvisioningError> {
        self.bring_into_force().await;
        let row = self.inner.catalog.tenant(tenant).await?;
        let row = row.filter(|row| row.status != TenantStatus::Deleting);
        let row = row.ok_or(ProvisioningError::DeletedSince(tenant))?;
        let temporary_password = match row.status {
            TenantStatus::Active => self.renew_password(change, &row, request).await?,
            _ => None,
        };
        Ok(CreatedTenant {
            tenant: row,
            temporary_password,
        })
    }

    async fn renew_password(
        &self,
        change: &Change,
        row: &TenantRow,
        request: &TenantRequest,
    ) -> Result<Option<TemporaryPassword>, ProvisioningError> {
        let accounts = &self.inner.accounts;
        let renewed = accounts.renew_temporary_password(change, row.id, &request.admin_email);
        match renewed.await {
            // It is suspended at this moment.
            Err(AccountError::Tenant(TenantError::NotServed(_))) => Ok(None),
            renewed => Ok(renewed?),
        }
    }
}
