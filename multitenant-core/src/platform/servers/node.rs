//! This node among those that divide the servers' connections.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;

use super::Server;
use super::part::Part;
use crate::NodeId;
use crate::catalog::SqlCatalog;
use crate::events::{Event, EventKind, Follow, FollowError};
use crate::tenant::TenantControl;

/// How long a start waits for the others to give up a part of what they have.
const FIRST: Duration = Duration::from_secs(3);
/// How long an end waits for the catalog.
const LAST: Duration = Duration::from_secs(1);

/// This node among those that divide the servers' connections.
pub(in crate::platform) struct Node {
    id: NodeId,
    catalog: SqlCatalog,
    parts: Mutex<Vec<JoinHandle<()>>>,
}

impl Node {
    /// Begins to ask for a part of each server, and keeps it until this leaves, or nobody holds the
    /// tenants any more. Returns once there is one, if that does not take too long.
    pub(in crate::platform) async fn join(
        id: NodeId,
        wants: u32,
        catalog: &SqlCatalog,
        tenants: &Arc<dyn TenantControl>,
        servers: &[Arc<Server>],
    ) -> Self {
        let (mut wakers, mut first, mut parts) = (Vec::new(), Vec::new(), Vec::new());
        for server in servers {
            let (waker, has) = (Arc::new(Notify::new()), watch::Sender::new(false));
            wakers.push(Arc::clone(&waker));
            first.push((Arc::clone(server), has.subscribe()));
            let part = Part::new(id, wants, catalog.clone(), tenants, Arc::clone(server));
            parts.push(Handle::current().spawn(part.keep(waker, has)));
        }
        tenants.follower().follow(Arc::new(Wakes(wakers)));
        let had = async {
            for (_, mut has) in first
                .into_iter()
                .filter(|(server, _)| server.is_reachable())
            {
                let _ = has.wait_for(|has| *has).await;
            }
        };
        // One that ends soon may need none at all.
        if wants == u32::MAX {
            let _ = tokio::time::timeout(FIRST, had).await;
        }
        Self {
            id,
            catalog: catalog.clone(),
            parts: Mutex::new(parts),
        }
    }

    pub(in crate::platform) const fn id(&self) -> NodeId {
        self.id
    }

    /// Gives everything back, if nothing is open any more. Else the others see when it is.
    pub(in crate::platform) async fn leave(&self, is_empty: bool) {
        let parts = std::mem::take(&mut *self.parts.lock());
        for part in parts {
            part.abort();
            // Only then is nothing asked for any more.
            let _ = part.await;
        }
        if !is_empty {
            return;
        }
        let left = tokio::time::timeout(LAST, self.catalog.leave(self.id)).await;
        if !matches!(left, Ok(Ok(()))) {
            tracing::warn!("the other nodes find out by themselves that this one has ended");
        }
    }
}

/// Asks anew where the log says that something is different.
struct Wakes(Vec<Arc<Notify>>);

#[async_trait]
impl Follow for Wakes {
    async fn apply(&self, event: &Event) -> Result<(), FollowError> {
        if matches!(event.kind, EventKind::ServersChanged | EventKind::Missed) {
            self.0.iter().for_each(|waker| waker.notify_one());
        }
        Ok(())
    }
}
