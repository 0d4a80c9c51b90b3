//! Working on an operation for as long as its lease is ours.

use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;

use super::Provisioning;
use super::error::{During, IntoSource, ProvisioningError, StepName};
use super::kind::Kind;
use crate::TenantId;
use crate::catalog::{CatalogError, Change, Lease, NewOperation, Operations, StepStatus};

/// An operation that this node works on.
pub(super) struct Work {
    pub(super) change: Change,
    pub(super) lease: Lease,
    kind: &'static Kind,
    /// Steps that are done and that no row tells of yet.
    done: Mutex<Vec<StepName>>,
}

impl Work {
    pub(super) const fn new(change: Change, lease: Lease, kind: &'static Kind) -> Self {
        Self {
            change,
            lease,
            kind,
            done: Mutex::new(Vec::new()),
        }
    }

    pub(super) const fn tenant(&self) -> TenantId {
        self.lease.tenant()
    }

    /// Undoing a creation takes steps that are none of its own.
    fn is_done(&self, step: StepName) {
        if self.kind.steps.contains(&step.as_str()) {
            self.done.lock().push(step);
        }
    }
}

impl Provisioning {
    pub(super) fn operation(&self, kind: &'static Kind, input: Value) -> NewOperation {
        NewOperation {
            kind: kind.name,
            steps: kind.steps,
            input,
            node: self.inner.node,
            lease: self.inner.lease,
        }
    }

    /// Does something for as long as the lease is ours. What ends the operation stands outside: the
    /// lease ends with it, and is not lost.
    pub(super) async fn under<T>(
        &self,
        work: &Work,
        doing: impl Future<Output = Result<T, ProvisioningError>>,
    ) -> Result<T, ProvisioningError> {
        tokio::select! {
            biased;
            done = doing => done,
            lost = self.keep(work) => Err(lost),
        }
    }

    /// Renews the lease while long steps run; returns when it is lost.
    async fn keep(&self, work: &Work) -> ProvisioningError {
        loop {
            tokio::time::sleep(self.renewed_every()).await;
            if let Err(error @ CatalogError::LeaseLost(_)) = self.renew(work).await {
                return error.into();
            }
        }
    }

    fn renewed_every(&self) -> Duration {
        self.inner.lease / 3
    }

    /// Writes with the renewal which steps are done since. Most operations end before the first:
    /// a row for each step would be a commit for each, and nobody who recovers needs one.
    async fn renew(&self, work: &Work) -> Result<(), CatalogError> {
        let (catalog, done) = (&self.inner.catalog, work.done.lock().split_off(0));
        if done.is_empty() {
            return catalog.renew(&work.lease).await;
        }
        for step in done {
            let marked = catalog.mark(&work.lease, step.as_str(), StepStatus::Done, None);
            marked.await?;
        }
        Ok(())
    }

    /// Does a step, once it is sure that no other node works on the operation.
    pub(super) async fn step<T, E: IntoSource>(
        &self,
        work: &Work,
        name: StepName,
        doing: impl Future<Output = Result<T, E>>,
    ) -> Result<T, ProvisioningError> {
        self.inner.catalog.check(&work.lease).await?;
        let done = doing.await.during(name)?;
        work.is_done(name);
        Ok(done)
    }
}
