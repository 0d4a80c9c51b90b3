use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::task::JoinSet;

use super::error::TenantError;
use super::handle::Tenant;
use super::tenants::Tenants;
use crate::TenantId;

/// What came of visiting every tenant.
#[derive(Debug)]
#[non_exhaustive]
pub struct Visits<E> {
    /// How many visits ended well.
    pub done: usize,
    /// How many tenants are not served now, and were passed over.
    pub passed_over: usize,
    /// Those whose visit failed, and why.
    pub failed: Vec<(TenantId, VisitError<E>)>,
}

/// Why a visit failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum VisitError<E> {
    /// The tenant could not be had.
    #[error("the tenant could not be visited")]
    Tenant(#[source] TenantError),
    /// The work failed.
    #[error(transparent)]
    Work(E),
    /// The work panicked.
    #[error("the work panicked")]
    Panicked,
}

impl<E> Visits<E> {
    const fn new() -> Self {
        Self {
            done: 0,
            passed_over: 0,
            failed: Vec::new(),
        }
    }

    fn add(&mut self, tenant: TenantId, result: Result<(), VisitError<E>>) {
        match result {
            Ok(()) => self.done += 1,
            Err(VisitError::Tenant(TenantError::NotServed(_) | TenantError::Unknown)) => {
                self.passed_over += 1;
            }
            Err(error) => self.failed.push((tenant, error)),
        }
    }
}

/// Does `work` for every tenant that is served, for at most `concurrency` at once. One that fails
/// stops no other.
pub(super) async fn visit_all<F, Fut, E>(
    tenants: Arc<dyn Tenants>,
    concurrency: NonZeroUsize,
    work: F,
) -> Visits<E>
where
    F: Fn(Tenant) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Send + 'static,
{
    let work = Arc::new(work);
    let mut waiting = tenants.ids().into_iter();
    let mut visits = Visits::new();
    let (mut under_way, mut whose) = (JoinSet::new(), HashMap::new());
    loop {
        while under_way.len() < concurrency.get()
            && let Some(id) = waiting.next()
        {
            let (tenants, work) = (Arc::clone(&tenants), Arc::clone(&work));
            let task = under_way.spawn(async move {
                let tenant = tenants.tenant(id).await.map_err(VisitError::Tenant)?;
                work(tenant).await.map_err(VisitError::Work)
            });
            whose.insert(task.id(), id);
        }
        let Some(ended) = under_way.join_next_with_id().await else {
            return visits;
        };
        let (task, result) = match ended {
            Ok((task, result)) => (task, result),
            Err(error) => (error.id(), Err(VisitError::Panicked)),
        };
        if let Some(tenant) = whose.remove(&task) {
            visits.add(tenant, result);
        }
    }
}
