use super::super::Platform;
use crate::catalog::{Catalog, CatalogError, NodeConnections, ServerRow};

/// How a server is divided, as this node sees it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerStatus {
    /// What it takes.
    pub server: ServerRow,
    /// Most connections to tenants' databases there, over all nodes; `None` where the catalog does
    /// not say, and this node does not administer it.
    pub connections: Option<u32>,
    /// Whether it could be reached from this node when it was last asked; `None` where this node
    /// does not administer it.
    pub reachable: Option<bool>,
    /// What each node was granted of it.
    pub nodes: Vec<NodeConnections>,
}

impl Platform {
    /// The servers, by id, and how their connections are divided.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn servers(&self) -> Result<Vec<ServerStatus>, CatalogError> {
        let catalog = self.catalog();
        let (servers, granted) = (catalog.servers().await?, catalog.node_connections().await?);
        let status = |server: ServerRow| {
            let mut ours = self.inner.servers.iter();
            let ours = ours.find(|ours| ours.id == server.id);
            let said = server.connections.map(std::num::NonZeroU32::get);
            let nodes = granted.iter().filter(|granted| granted.server == server.id);
            ServerStatus {
                connections: said.or_else(|| ours.map(|ours| ours.connections())),
                reachable: ours.map(|ours| ours.is_reachable()),
                nodes: nodes.cloned().collect(),
                server,
            }
        };
        Ok(servers.into_iter().map(status).collect())
    }
}
