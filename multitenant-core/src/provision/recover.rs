//! Ends what a process that died has left half-way.

use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::create::CREATE;
use super::delete::DELETE;
use super::error::ProvisioningError;
use super::{LEASE, Provisioning};
use crate::OperationId;
use crate::catalog::{Actor, CatalogError, Change, Operations};

/// How often abandoned operations are looked for.
const PAUSE: Duration = Duration::from_secs(2);

/// Looks for abandoned operations on `runtime` until the returned task is aborted: a creation is
/// undone, since nobody was told its temporary password; a deletion goes on.
pub fn run_recovery(provisioning: &Provisioning, runtime: &Handle) -> JoinHandle<()> {
    let provisioning = provisioning.clone();
    runtime.spawn(async move {
        loop {
            if let Err(error) = provisioning.recover().await {
                tracing::warn!(%error, "abandoned operations could not be ended");
            }
            tokio::time::sleep(PAUSE).await;
        }
    })
}

impl Provisioning {
    /// Ends every operation whose node has died; returns how many it ended.
    ///
    /// # Errors
    /// [`ProvisioningError`] of the first that could not be ended; it is tried again later.
    pub async fn recover(&self) -> Result<usize, ProvisioningError> {
        let (mut ended, mut failed) = (0, None);
        for operation in self.inner.catalog.abandoned().await? {
            match self.recover_one(operation).await {
                Ok(()) => ended += 1,
                // Another node was faster.
                Err(ProvisioningError::Catalog(
                    CatalogError::LeaseHeld(_) | CatalogError::LeaseLost(_),
                )) => {}
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(ended), Err)
    }

    async fn recover_one(&self, id: OperationId) -> Result<(), ProvisioningError> {
        let catalog = &self.inner.catalog;
        let lease = catalog.take_over(id, self.inner.node, LEASE).await?;
        let operation = catalog.operation(id).await?;
        let operation = operation.ok_or(CatalogError::OperationUnknown(id))?;
        let change = Change::by(Actor::System).because("the process that began it has ended");
        let tenant = operation.tenant;
        match operation.kind.as_str() {
            CREATE => {
                let reason = "the process that made it has ended";
                let undoing = self.undo(&change, &lease, tenant, reason);
                self.under(&lease, undoing).await
            }
            DELETE => {
                let removing = self.remove(&change, &lease, tenant);
                self.under(&lease, removing).await
            }
            other => {
                tracing::warn!(
                    kind = other,
                    "an operation of an unknown kind is left alone"
                );
                Ok(())
            }
        }
    }
}
