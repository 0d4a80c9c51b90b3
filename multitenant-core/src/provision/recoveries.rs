//! Which abandoned operations this node is at.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::OperationId;

/// Most at once: each may hold two connections of those that a server keeps for the platform.
const AT_ONCE: usize = 4;

/// The recoveries that are under way.
pub(super) struct Recoveries {
    under_way: Mutex<HashSet<OperationId>>,
    room: Arc<Semaphore>,
}

/// The right to recover an operation, until it is dropped.
pub(super) struct Place {
    recoveries: Arc<Recoveries>,
    operation: OperationId,
    _room: OwnedSemaphorePermit,
}

impl Default for Recoveries {
    fn default() -> Self {
        Self {
            under_way: Mutex::default(),
            room: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }
}

impl Recoveries {
    /// Waits until there is room; `None` where this node is at the operation already. The lease
    /// keeps other nodes from it, and this one only for as long as its renewals come in time.
    pub(super) async fn enter(this: &Arc<Self>, operation: OperationId) -> Option<Place> {
        if this.under_way.lock().contains(&operation) {
            return None;
        }
        let room = Arc::clone(&this.room).acquire_owned().await.ok()?;
        let is_ours = this.under_way.lock().insert(operation);
        is_ours.then(|| Place {
            recoveries: Arc::clone(this),
            operation,
            _room: room,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.recoveries.under_way.lock().remove(&self.operation);
    }
}
