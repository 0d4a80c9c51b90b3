use std::collections::HashMap;
use std::fmt::Display;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::{self, JoinSet};
use tokio::time::Instant;

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

impl<E> Default for Visits<E> {
    fn default() -> Self {
        Self {
            done: 0,
            passed_over: 0,
            failed: Vec::new(),
        }
    }
}

impl<E> Visits<E> {
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

impl<E: Display> Visits<E> {
    /// Says in the log what failed.
    pub(super) fn log(&self) {
        for (tenant, error) in &self.failed {
            tracing::warn!(%tenant, %error, "a tenant's work is left undone for now");
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
    visit_all_by(&tenants, concurrency, &Arc::new(work)).await
}

pub(super) async fn visit_all_by<F, Fut, E>(
    tenants: &Arc<dyn Tenants>,
    concurrency: NonZeroUsize,
    work: &Arc<F>,
) -> Visits<E>
where
    F: Fn(Tenant) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Send + 'static,
{
    let mut waiting = tenants.ids().into_iter();
    let mut under_way = UnderWay::new(tenants, work);
    loop {
        while under_way.tasks.len() < concurrency.get()
            && let Some(id) = waiting.next()
        {
            under_way.begin(id);
        }
        if !under_way.one_ends().await {
            return under_way.visits;
        }
    }
}

/// Does `work` for each tenant that is woken within `span`.
pub(super) async fn visit_woken<F, Fut, E>(
    tenants: &Arc<dyn Tenants>,
    concurrency: NonZeroUsize,
    span: Duration,
    work: &Arc<F>,
) where
    F: Fn(Tenant) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Display + Send + 'static,
{
    let until = Instant::now() + span;
    let mut under_way = UnderWay::new(tenants, work);
    loop {
        let is_full = under_way.tasks.len() == concurrency.get();
        tokio::select! {
            woken = tenants.woken(), if !is_full => under_way.begin(woken),
            true = under_way.one_ends() => std::mem::take(&mut under_way.visits).log(),
            () = tokio::time::sleep_until(until) => break,
        }
    }
    while under_way.one_ends().await {}
    under_way.visits.log();
}

/// Visits that have begun, and what came of those that have ended.
struct UnderWay<'v, F, E> {
    tenants: &'v Arc<dyn Tenants>,
    work: &'v Arc<F>,
    tasks: JoinSet<Result<(), VisitError<E>>>,
    whose: HashMap<task::Id, TenantId>,
    visits: Visits<E>,
}

impl<'v, F, Fut, E> UnderWay<'v, F, E>
where
    F: Fn(Tenant) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<(), E>> + Send,
    E: Send + 'static,
{
    fn new(tenants: &'v Arc<dyn Tenants>, work: &'v Arc<F>) -> Self {
        Self {
            tenants,
            work,
            tasks: JoinSet::new(),
            whose: HashMap::new(),
            visits: Visits::default(),
        }
    }

    fn begin(&mut self, id: TenantId) {
        let (tenants, work) = (Arc::clone(self.tenants), Arc::clone(self.work));
        let task = self.tasks.spawn(async move {
            let tenant = tenants.tenant(id).await.map_err(VisitError::Tenant)?;
            work(tenant).await.map_err(VisitError::Work)
        });
        self.whose.insert(task.id(), id);
    }

    /// Waits for one to end; `false` where none is under way.
    async fn one_ends(&mut self) -> bool {
        let Some(ended) = self.tasks.join_next_with_id().await else {
            return false;
        };
        let (task, result) = match ended {
            Ok((task, result)) => (task, result),
            Err(error) => (error.id(), Err(VisitError::Panicked)),
        };
        if let Some(tenant) = self.whose.remove(&task) {
            self.visits.add(tenant, result);
        }
        true
    }
}
