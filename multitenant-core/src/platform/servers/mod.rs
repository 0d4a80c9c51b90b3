//! The servers that this node knows how to administer, and its part of their connections.

mod node;
mod options;
mod part;
mod status;

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use futures_util::future::join_all;

use super::PlatformError;
use crate::ServerId;
use crate::engine::provisioner::{Provisioner, ProvisionerError, Schema, ServerWarning};

pub(super) use node::Node;
pub(super) use options::ServerOptions;
pub use status::ServerStatus;

/// Most connections to a server that says nothing of its own limit, and of which nobody else does.
const DEFAULT: u32 = 60;

/// A server with what administers it.
pub(super) struct Server {
    pub(super) id: ServerId,
    pub(super) provisioner: Arc<dyn Provisioner>,
    schema: Schema,
    /// Most connections of all nodes, as it is configured here.
    configured: Option<u32>,
    /// Most connections of all nodes, as it is set up; 0 where that is unknown.
    room: AtomicU32,
    reachable: AtomicBool,
}

impl Server {
    pub(super) fn new(
        id: ServerId,
        provisioner: Arc<dyn Provisioner>,
        schema: Schema,
        configured: Option<u32>,
    ) -> Self {
        Self {
            id,
            provisioner,
            schema,
            configured,
            room: AtomicU32::new(0),
            reachable: AtomicBool::new(false),
        }
    }

    /// Readies the place of tenants' databases and the template that they are cloned from.
    async fn prepare(&self) -> Result<Vec<ServerWarning>, ProvisionerError> {
        let warnings = self.provisioner.prepare().await?;
        self.provisioner.ensure_template(&self.schema).await?;
        let room = self.provisioner.room().await?;
        self.room.store(room.unwrap_or(0), Ordering::Relaxed);
        if let Some((room, configured)) = room.zip(self.configured).filter(|(r, c)| c > r) {
            tracing::warn!(server = %self.id, configured, room,
                "more connections are configured than the server has room for beside its reserve");
        }
        self.reachable.store(true, Ordering::Relaxed);
        Ok(warnings)
    }

    pub(super) fn is_reachable(&self) -> bool {
        self.reachable.load(Ordering::Relaxed)
    }

    /// Most connections of all nodes, where the catalog does not say.
    fn connections(&self) -> u32 {
        let room = Some(self.room.load(Ordering::Relaxed)).filter(|room| *room > 0);
        self.configured.or(room).unwrap_or(DEFAULT)
    }
}

/// Readies every server. One that is away is readied once it is back; nothing can be done where
/// all are.
pub(super) async fn prepare_all(
    servers: &[Arc<Server>],
) -> Result<Vec<ServerWarning>, PlatformError> {
    let prepared = join_all(servers.iter().map(|server| server.prepare())).await;
    let (mut warnings, mut failed) = (Vec::new(), None);
    for (server, prepared) in servers.iter().zip(prepared) {
        match prepared {
            Ok(of_server) => warnings.extend(of_server),
            Err(error) => {
                tracing::warn!(server = %server.id, %error, "a server is not ready");
                failed = failed.or(Some(error));
            }
        }
    }
    match failed {
        Some(error) if !servers.iter().any(|server| server.is_reachable()) => Err(error.into()),
        _ => Ok(warnings),
    }
}

/// Tells of a server whether it could be reached when it was last asked.
pub(super) fn reachable(servers: &[Arc<Server>]) -> Arc<dyn Fn(&ServerId) -> bool + Send + Sync> {
    let servers = servers.to_vec();
    Arc::new(move |id| {
        let mut servers = servers.iter();
        servers.any(|server| server.id == *id && server.is_reachable())
    })
}

pub(super) fn provisioners(servers: &[Arc<Server>]) -> HashMap<ServerId, Arc<dyn Provisioner>> {
    let each = servers.iter();
    each.map(|server| (server.id.clone(), Arc::clone(&server.provisioner)))
        .collect()
}
