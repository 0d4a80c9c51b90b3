use std::num::NonZeroU32;

use crate::{NodeId, ServerId, Timestamp};

/// A database server as the catalog holds it: what tenants it takes and how many connections.
///
/// How it is administered is no part of it: a node has the URL, which is a secret, from its own
/// configuration, and never writes it down.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ServerRow {
    /// Its id.
    pub id: ServerId,
    /// Its name, for people.
    pub name: String,
    /// Most connections to tenants' databases there, over all nodes; `None`: what the platform is
    /// configured for, or else what the server itself is set up for.
    pub connections: Option<NonZeroU32>,
    /// How many tenants it takes in proportion to others, where placement looks at that.
    pub weight: NonZeroU32,
    /// Whether a new tenant may be placed there that does not name it.
    pub takes_tenants: bool,
    /// How many tenants there are, whatever their status.
    pub tenants: u64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// What is to be different about a server; `None` leaves as it is, `Some(None)` clears.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ServerPatch {
    /// Its name, 1 to 200 characters.
    pub name: Option<String>,
    /// Most connections to tenants' databases there, over all nodes.
    pub connections: Option<Option<NonZeroU32>>,
    /// How many tenants it takes in proportion to others.
    pub weight: Option<NonZeroU32>,
    /// Whether a new tenant may be placed there that does not name it.
    pub takes_tenants: Option<bool>,
}

/// What a node may have open on one server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeConnections {
    /// The server.
    pub server: ServerId,
    /// The node.
    pub node: NodeId,
    /// Most connections that the node has open there, opening and closing ones included.
    pub connections: u32,
    /// When the node last said something.
    pub heartbeat_at: Option<Timestamp>,
}
