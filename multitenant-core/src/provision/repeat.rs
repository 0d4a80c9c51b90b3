//! A request for a tenant that was made before, by its `Idempotency-Key`.

use super::Provisioning;
use super::error::ProvisioningError;
use super::kind::CREATE;
use super::recover::ABANDONED;
use super::request::{CreatedTenant, TenantRequest};
use super::work::Work;
use crate::accounts::AccountError;
use crate::catalog::{Catalog, CatalogError, Change, OperationStatus, Operations, TenantRow};
use crate::directory::TenantStatus;
use crate::password::TemporaryPassword;
use crate::tenant::TenantError;
use crate::{OperationId, TenantId};

impl Provisioning {
    /// Answers again what came of a request. `None`: nothing did, and nothing of it is left, so it
    /// can be begun anew.
    ///
    /// What a node that died has left half-way is undone rather than gone on with: nobody knows how
    /// far the application had come, and the new one has an id, a file and a login of its own, which
    /// nothing late of the old one can touch.
    pub(super) async fn repeat(
        &self,
        change: &Change,
        operation: OperationId,
        tenant: TenantId,
        request: &TenantRequest,
    ) -> Result<Option<CreatedTenant>, ProvisioningError> {
        let catalog = &self.inner.catalog;
        let begun = catalog.operation(operation).await?;
        let begun = begun.ok_or(CatalogError::OperationUnknown(operation))?;
        match begun.status {
            OperationStatus::Running | OperationStatus::Undoing => {
                match self.undo_abandoned(change, operation).await {
                    // It ended in the moment since it was read: what it came to is read next.
                    Ok(()) | Err(ProvisioningError::Catalog(CatalogError::LeaseLost(_))) => {
                        Ok(None)
                    }
                    Err(error) => Err(error),
                }
            }
            OperationStatus::Succeeded => {
                let answer = self.answer_again(change, tenant, request).await;
                answer.map(Some)
            }
            OperationStatus::Undone | OperationStatus::Failed => Ok(None),
        }
    }

    /// Goes on when the caller goes away.
    async fn undo_abandoned(
        &self,
        change: &Change,
        operation: OperationId,
    ) -> Result<(), ProvisioningError> {
        let (catalog, lease) = (&self.inner.catalog, self.inner.lease);
        let lease = catalog.take_over(operation, self.inner.node, lease).await?;
        let (this, work) = (self.clone(), Work::new(change.clone(), lease, &CREATE));
        let undone = tokio::spawn(async move { this.undo(&work, ABANDONED).await });
        undone.await.unwrap_or(Err(ProvisioningError::Interrupted))
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
        let Some(seeding) = &self.inner.seeding else {
            return Ok(None);
        };
        let accounts = &seeding.accounts;
        let renewed = accounts.renew_temporary_password(change, row.id, &request.admin_email);
        match renewed.await {
            // It is suspended at this moment.
            Err(AccountError::Tenant(TenantError::NotServed(_))) => Ok(None),
            renewed => Ok(renewed?),
        }
    }
}
