use std::collections::BTreeMap;
use std::sync::Arc;

use secrecy::SecretString;

use super::super::PlatformBuilder;
use super::{Node, Server};
#[cfg(doc)]
use crate::catalog::Catalog;
use crate::catalog::SqlCatalog;
use crate::engine::provisioner::{Provisioner, ProvisionerError, Schema};
#[cfg(doc)]
use crate::platform::Platform;
use crate::provision::{FewestTenants, PlacementPolicy};
use crate::tenant::TenantControl;
use crate::{NodeId, ServerId};

/// Which servers there are, and how they are used.
pub(in crate::platform) struct ServerOptions {
    /// How to get in to those beside the main one.
    more: Vec<(ServerId, SecretString)>,
    connections: Option<u32>,
    connections_here: u32,
    pub(in crate::platform) placement: Arc<dyn PlacementPolicy>,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            more: Vec::new(),
            connections: None,
            connections_here: u32::MAX,
            placement: Arc::new(FewestTenants),
        }
    }
}

impl ServerOptions {
    /// Every server with what administers it, made out of how to get in.
    pub(in crate::platform) fn all(
        &self,
        main: Arc<dyn Provisioner>,
        schema: &Schema,
        make: impl Fn(&SecretString) -> Result<Arc<dyn Provisioner>, ProvisionerError>,
    ) -> Result<Vec<Arc<Server>>, ProvisionerError> {
        let mut all = BTreeMap::from([(ServerId::main(), main)]);
        for (id, place) in &self.more {
            all.insert(id.clone(), make(place)?);
        }
        let server = |(id, provisioner)| {
            let schema = schema.clone();
            Arc::new(Server::new(id, provisioner, schema, self.connections))
        };
        Ok(all.into_iter().map(server).collect())
    }
}

impl ServerOptions {
    /// Joins the nodes that divide these servers.
    pub(in crate::platform) async fn join(
        &self,
        id: NodeId,
        catalog: &SqlCatalog,
        tenants: &Arc<dyn TenantControl>,
        servers: &[Arc<Server>],
    ) -> Node {
        Node::join(id, self.connections_here, catalog, tenants, servers).await
    }
}

impl PlatformBuilder {
    /// One more server for tenants' databases: on Postgres the URL of a role with CREATEDB and
    /// CREATEROLE there, on SQLite the path of a folder. The platform has one in any case,
    /// [`ServerId::main`]; another of the same name takes its place for tenants.
    ///
    /// Every node is to be given the same servers. The URL stays in the process's memory: the catalog holds
    /// what a server takes, which [`patch_server`](Catalog::patch_server) changes, not how to get in.
    pub fn server(mut self, id: ServerId, place: impl Into<SecretString>) -> Self {
        self.servers.more.push((id, place.into()));
        self
    }

    /// Most open connections to the tenants' databases of each server, over all nodes, where the
    /// catalog says nothing else of the server. Default: what the server is set up for, less a
    /// reserve of 20; 60 on SQLite. Nodes divide them: see [`servers`](Platform::servers).
    pub fn connections(mut self, connections: usize) -> Self {
        self.servers.connections = Some(u32::try_from(connections.max(1)).unwrap_or(u32::MAX));
        self
    }

    /// Most of these connections that this node can use, so that one which does a command and ends
    /// takes no more from the others than that; it does not wait for them at its start either. Default:
    /// all that it gets.
    pub fn connections_here(mut self, connections: usize) -> Self {
        self.servers.connections_here = u32::try_from(connections).unwrap_or(u32::MAX);
        self
    }

    /// Chooses the server of a new tenant that names none. Default: the one with the
    /// [fewest tenants](FewestTenants).
    pub fn placement(mut self, policy: impl PlacementPolicy) -> Self {
        self.servers.placement = Arc::new(policy);
        self
    }
}
