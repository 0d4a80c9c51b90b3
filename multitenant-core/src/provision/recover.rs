//! Ends what a process that died has left half-way.

use std::error::Error;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::Provisioning;
use super::error::ProvisioningError;
use super::kind::{CREATE, DELETE, Kind, MIGRATE};
use super::work::Work;
use crate::OperationId;
use crate::catalog::{Actor, CatalogError, Change, Operations, Workable};

/// How often abandoned operations are looked for.
const PAUSE: Duration = Duration::from_secs(2);

/// Why an operation is ended by another than who began it.
pub(super) const ABANDONED: &str = "the process that began it has ended";

/// How often is looked for what is left of tenants that are gone.
const SWEEP_PAUSE: Duration = Duration::from_secs(30);

/// Looks for abandoned operations on `runtime` until the returned task is aborted: a creation is
/// undone, since nobody was told its temporary password; a deletion and a migration go on. Looks
/// less often for what is left of tenants that are gone.
pub fn run_recovery(provisioning: &Provisioning, runtime: &Handle) -> JoinHandle<()> {
    let provisioning = provisioning.clone();
    runtime.spawn(async move {
        tokio::join!(recover(&provisioning), sweep(&provisioning));
    })
}

async fn recover(provisioning: &Provisioning) {
    loop {
        if let Err(error) = provisioning.recover().await {
            tracing::warn!(%error, "abandoned operations could not be ended");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn sweep(provisioning: &Provisioning) {
    loop {
        if let Err(error) = provisioning.drop_leftovers().await {
            tracing::warn!(%error, source = ?error.source(), "leftovers of tenants stay for now");
        }
        tokio::time::sleep(SWEEP_PAUSE).await;
    }
}

impl Provisioning {
    /// Ends every operation whose node has died; returns how many it ended.
    ///
    /// # Errors
    /// [`ProvisioningError`] of the first that could not be ended; it is tried again later.
    pub async fn recover(&self) -> Result<usize, ProvisioningError> {
        let (mut ended, mut failed, mut last) = (0, None, None);
        let workable = Workable {
            kinds: ENDINGS.iter().map(|(kind, _)| kind.name).collect(),
            servers: self.inner.provisioners.keys().cloned().collect(),
        };
        loop {
            let page = self.inner.catalog.abandoned(&workable, last).await?;
            last = page.last().copied();
            if last.is_none() {
                return failed.map_or(Ok(ended), Err);
            }
            for operation in page {
                match self.recover_one(operation).await {
                    Ok(by_us) => ended += usize::from(by_us),
                    // Another node was faster.
                    Err(ProvisioningError::Catalog(
                        CatalogError::LeaseHeld(_) | CatalogError::LeaseLost(_),
                    )) => {}
                    Err(error) => failed = failed.or(Some(error)),
                }
            }
        }
    }

    /// Tells whether it was this node's to end.
    async fn recover_one(&self, id: OperationId) -> Result<bool, ProvisioningError> {
        let catalog = &self.inner.catalog;
        let operation = catalog.operation(id).await?;
        let operation = operation.ok_or(CatalogError::OperationUnknown(id))?;
        let mut endings = ENDINGS.into_iter();
        let Some((kind, ending)) = endings.find(|(known, _)| known.name == operation.kind) else {
            return Ok(false);
        };
        if matches!(ending, Ending::Migrate) && !self.is_to_our_schema(&operation.input) {
            // Another version's, which its own nodes know how to end.
            return Ok(false);
        }
        let lease = catalog
            .take_over(id, self.inner.node, self.inner.lease)
            .await?;
        let change = Change::by(Actor::System).because(ABANDONED);
        let work = Work::new(change, lease, kind);
        match ending {
            Ending::Undo => self.undo(&work, ABANDONED).await?,
            Ending::Delete => self.remove(&work).await?,
            Ending::Migrate => self.upgrade(&work).await?,
        }
        Ok(true)
    }
}

/// How an operation that was cut off is brought to its end. Of other kinds are those of a newer
/// version, which its own nodes know how to end.
enum Ending {
    Undo,
    Delete,
    Migrate,
}

const ENDINGS: [(&Kind, Ending); 3] = [
    (&CREATE, Ending::Undo),
    (&DELETE, Ending::Delete),
    (&MIGRATE, Ending::Migrate),
];
