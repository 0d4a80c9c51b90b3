use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::door::Door;
use super::error::SignInError;
use crate::TenantId;

/// How long a sign-in waits for its turn to look for its person, and then for the person.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// How many sign-ins at one tenant may look for their person at once: a tenant whose database
/// hangs leaves the others their turns.
const AT_ONE_TENANT: usize = 2;

/// Turns to look for somebody: strangers take few of the tenants' connections, and none of the
/// staff's.
pub(super) struct Lookups {
    strangers: Arc<Semaphore>,
    staff: Arc<Semaphore>,
    at_tenants: Mutex<HashMap<TenantId, Weak<Semaphore>>>,
}

/// A turn, until it is dropped.
#[expect(dead_code, reason = "dropping the permits ends the turn")]
pub(super) struct Turn {
    at_tenant: Option<OwnedSemaphorePermit>,
    overall: OwnedSemaphorePermit,
}

impl Lookups {
    pub(super) fn new(at_once: usize) -> Self {
        Self {
            strangers: Arc::new(Semaphore::new(at_once.max(1))),
            staff: Arc::new(Semaphore::new(at_once.max(1))),
            at_tenants: Mutex::default(),
        }
    }

    /// Waits for a turn, but not for long.
    pub(super) async fn turn(&self, door: Door) -> Result<Turn, SignInError> {
        let turn = tokio::time::timeout(PATIENCE, self.wait(door)).await;
        turn.map_err(|_| SignInError::Busy)?
    }

    async fn wait(&self, door: Door) -> Result<Turn, SignInError> {
        let at_tenant = match door {
            Door::Tenant(tenant) => Some(permit(self.at(tenant)).await?),
            Door::Staff | Door::Nowhere => None,
        };
        let overall = match door {
            Door::Staff => &self.staff,
            Door::Tenant(_) | Door::Nowhere => &self.strangers,
        };
        Ok(Turn {
            at_tenant,
            overall: permit(Arc::clone(overall)).await?,
        })
    }

    fn at(&self, tenant: TenantId) -> Arc<Semaphore> {
        let mut at_tenants = self.at_tenants.lock();
        if let Some(known) = at_tenants.get(&tenant).and_then(Weak::upgrade) {
            return known;
        }
        at_tenants.retain(|_, semaphore| semaphore.strong_count() > 0);
        let new = Arc::new(Semaphore::new(AT_ONE_TENANT));
        at_tenants.insert(tenant, Arc::downgrade(&new));
        new
    }
}

async fn permit(semaphore: Arc<Semaphore>) -> Result<OwnedSemaphorePermit, SignInError> {
    semaphore
        .acquire_owned()
        .await
        .map_err(|_| SignInError::Busy)
}
