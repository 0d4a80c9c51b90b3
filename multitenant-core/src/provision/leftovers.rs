//! Drops what a node has made of a tenant that was undone or deleted meanwhile.

use super::Provisioning;
use super::delete::end_login;
use super::error::ProvisioningError;
use crate::catalog::Operations;
use crate::engine::provisioner::{Provisioner, ProvisionerError};
use crate::{ServerId, TenantId};

impl Provisioning {
    /// Drops every database and login of a tenant that is gone; returns of how many tenants there
    /// were any.
    ///
    /// A node proves its lease before each step, but may be paused between that and the step's
    /// statement for as long as it likes. When it wakes, another node may have undone the whole
    /// tenant, and it makes a login or a database that no row leads to; whether it lives on to
    /// notice is not certain either. So what there is on the servers is compared with the catalog.
    ///
    /// Only what this catalog itself tells of as ended is dropped: a tenant that had an operation
    /// and has no row any more. An id is never used again, so such a tenant stays gone; one that is
    /// being made has its row before its login. Nothing is concluded from a tenant that the catalog
    /// knows nothing of: it is another platform's on the same server, or younger than the backup
    /// that the catalog was restored from.
    ///
    /// # Errors
    /// Of the first server or tenant with which it did not work; the others are gone through.
    pub async fn drop_leftovers(&self) -> Result<usize, ProvisioningError> {
        let (mut dropped, mut failed) = (0, None);
        for (server, provisioner) in &self.inner.provisioners {
            match self.drop_leftovers_on(server, &**provisioner).await {
                Ok(on_server) => dropped += on_server,
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(dropped), Err)
    }

    async fn drop_leftovers_on(
        &self,
        server: &ServerId,
        provisioner: &dyn Provisioner,
    ) -> Result<usize, ProvisioningError> {
        let found = provisioner.list().await?;
        let found: Vec<_> = found.iter().map(|footprint| footprint.tenant).collect();
        let (mut dropped, mut failed) = (0, None);
        for tenant in self.inner.catalog.gone(&found).await? {
            match drop_leftover(provisioner, tenant).await {
                Ok(()) => dropped += 1,
                Err(error) => failed = failed.or(Some(error.into())),
            }
            tracing::warn!(%server, %tenant, "something was left of a tenant that is gone");
        }
        failed.map_or(Ok(dropped), Err)
    }
}

async fn drop_leftover(
    provisioner: &dyn Provisioner,
    tenant: TenantId,
) -> Result<(), ProvisionerError> {
    end_login(provisioner, tenant).await?;
    provisioner.drop_database(tenant).await?;
    provisioner.drop_login(tenant).await
}
