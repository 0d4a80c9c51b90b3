//! Ends what a process that died has left half-way.

use std::error::Error;
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::task::{JoinError, JoinHandle, JoinSet};

use super::Provisioning;
use super::error::ProvisioningError;
use super::kind::{CREATE, DELETE, Kind, MIGRATE};
use super::recoveries::Recoveries;
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
/// undone, since nobody was told its temporary password; a deletion and a migration go on. Each is
/// ended in a task of its own, some at once, so that none waits for one that takes long; these
/// tasks end with the returned one. Looks less often for what is left of tenants that are gone.
pub fn run_recovery(provisioning: &Provisioning, runtime: &Handle) -> JoinHandle<()> {
    let provisioning = provisioning.clone();
    runtime.spawn(async move {
        tokio::join!(recover(&provisioning), sweep(&provisioning));
    })
}

/// What became of one: whether it was this node's to end.
type Recovered = Result<bool, ProvisioningError>;

async fn recover(provisioning: &Provisioning) {
    let mut tasks = JoinSet::new();
    loop {
        if let Err(error) = provisioning.begin_recoveries(&mut tasks).await {
            tracing::warn!(%error, "abandoned operations could not be looked for");
        }
        while let Some(ended) = tasks.try_join_next() {
            if let Err(error) = settle(ended) {
                tracing::warn!(%error, "an abandoned operation could not be ended");
            }
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

fn settle(ended: Result<Recovered, JoinError>) -> Recovered {
    match ended {
        // Another node was faster, or it is too early.
        Ok(Err(ProvisioningError::Catalog(
            CatalogError::LeaseHeld(_) | CatalogError::LeaseLost(_),
        ))) => Ok(false),
        Ok(recovered) => recovered,
        Err(_) => Err(ProvisioningError::Interrupted),
    }
}

impl Provisioning {
    /// Ends every operation whose node has died, but for those that this node is at already;
    /// returns how many it ended.
    ///
    /// # Errors
    /// [`ProvisioningError`] of the first that could not be ended; it is tried again later.
    pub async fn recover(&self) -> Result<usize, ProvisioningError> {
        let mut tasks = JoinSet::new();
        let found = self.begin_recoveries(&mut tasks).await;
        let (mut ended, mut failed) = (0, found.err());
        while let Some(recovered) = tasks.join_next().await {
            match settle(recovered) {
                Ok(by_us) => ended += usize::from(by_us),
                Err(error) => failed = failed.or(Some(error)),
            }
        }
        failed.map_or(Ok(ended), Err)
    }

    /// Begins to end what is abandoned, each as soon as there is room for it.
    async fn begin_recoveries(
        &self,
        tasks: &mut JoinSet<Recovered>,
    ) -> Result<(), ProvisioningError> {
        let workable = Workable {
            kinds: ENDINGS.iter().map(|(kind, _)| kind.name).collect(),
            servers: self.inner.provisioners.keys().cloned().collect(),
        };
        let mut last = None;
        loop {
            let page = self.inner.catalog.abandoned(&workable, last).await?;
            last = page.last().copied();
            if last.is_none() {
                return Ok(());
            }
            for operation in page {
                self.begin_recovery(operation, tasks).await;
            }
        }
    }

    async fn begin_recovery(&self, operation: OperationId, tasks: &mut JoinSet<Recovered>) {
        let Some(place) = Recoveries::enter(&self.recoveries, operation).await else {
            return;
        };
        let this = self.clone();
        tasks.spawn(async move {
            let recovered = this.recover_one(operation).await;
            drop(place);
            recovered
        });
    }

    async fn recover_one(&self, id: OperationId) -> Recovered {
        let catalog = &self.inner.catalog;
        let operation = catalog.operation(id).await?;
        let operation = operation.ok_or(CatalogError::OperationUnknown(id))?;
        let mut endings = ENDINGS.into_iter();
        let Some((kind, ending)) = endings.find(|(known, _)| known.name == operation.kind) else {
            return Ok(false);
        };
        if matches!(ending, Ending::Migrate) && !self.is_to_our_schema(&operation.input) {
            // Another version's, which its own nodes know how to end, if there are any.
            return self.give_up(id, &operation.input).await.map(|()| true);
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
