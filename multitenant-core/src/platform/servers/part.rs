//! One node's part of one server's connections.
//!
//! A node shows on the server itself that it lives, by something that lasts exactly as long as its
//! connections there: see [`Attendance`]. Then it asks the catalog for its part, and anew every
//! few seconds, with all that it has. Where it has more than its share it opens no more, closes
//! what is idle, and says so once it really has fewer: only then is the difference another's.
//!
//! What is granted is never taken away for silence, since a process that is paused, or has lost the
//! catalog, keeps its connections. It is given to the others once the server does not show the node
//! any more, twice, at a distance in which the node would have noticed and opens nothing.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;

use super::Server;
use crate::NodeId;
use crate::catalog::{CatalogError, Claim, Granted, SqlCatalog};
use crate::engine::provisioner::{Attendance, ProvisionerError};
use crate::tenant::TenantControl;

/// How often a node makes sure that the server shows it.
const LOOK: Duration = Duration::from_millis(300);
/// For how long after it was shown a node may open connections.
const LAPSES: Duration = Duration::from_millis(1_200);
/// For how long a node must not be shown to count as gone; longer than [`LAPSES`].
const GONE: Duration = Duration::from_millis(1_800);
/// How often a node asks for its part, unless something is different.
const ASK: Duration = Duration::from_secs(3);
/// How soon it asks again while others, or it itself, have too many.
const ASK_SOON: Duration = Duration::from_millis(150);
/// How soon a server that is away is tried again.
const RETRY: Duration = Duration::from_millis(500);
/// How soon a server is readied again where that failed.
const PREPARE_AGAIN: Duration = Duration::from_secs(5);
/// How long the catalog may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// One node's part of one server's connections.
pub(super) struct Part {
    node: NodeId,
    wants: u32,
    catalog: SqlCatalog,
    /// The part ends with them.
    tenants: Weak<dyn TenantControl>,
    server: Arc<Server>,
    shown: Option<Box<dyn Attendance>>,
    /// Most connections that may be open now.
    limit: u32,
    asks_at: Instant,
    /// Whom the server has not shown, and since when.
    missing: HashMap<NodeId, Instant>,
    others: Vec<NodeId>,
}

impl Part {
    pub(super) fn new(
        node: NodeId,
        wants: u32,
        catalog: SqlCatalog,
        tenants: &Arc<dyn TenantControl>,
        server: Arc<Server>,
    ) -> Self {
        let part = Self {
            node,
            wants,
            catalog,
            tenants: Arc::downgrade(tenants),
            server,
            shown: None,
            limit: 0,
            asks_at: Instant::now(),
            missing: HashMap::new(),
            others: Vec::new(),
        };
        part.allow(0, None);
        part
    }

    /// Keeps the part for as long as there are tenants; tells when there is something of it.
    pub(super) async fn keep(mut self, waker: Arc<Notify>, has: watch::Sender<bool>) {
        while self.tenants.strong_count() > 0 {
            let began = Instant::now();
            let pause = match self.show().await {
                Ok(()) => {
                    self.ask(began).await;
                    self.forget_the_gone().await;
                    LOOK.min(self.asks_at.saturating_duration_since(Instant::now()))
                }
                Err(error) => {
                    self.is_away(&error);
                    RETRY
                }
            };
            has.send_if_modified(|has| !std::mem::replace(has, self.limit > 0) && self.limit > 0);
            tokio::select! {
                () = waker.notified() => self.asks_at = Instant::now(),
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// Makes sure that the server shows this node.
    async fn show(&mut self) -> Result<(), ProvisionerError> {
        if let Some(shown) = &mut self.shown {
            if shown.is_shown().await {
                return Ok(());
            }
            tracing::debug!(server = %self.server.id, "the server did not show this node any more");
        }
        self.shown = None;
        self.shown = Some(self.server.provisioner.attend(self.node).await?);
        self.asks_at = Instant::now();
        if !self.server.is_reachable() {
            self.is_back();
        }
        Ok(())
    }

    /// Readies a server, beside: that may take long, and the tenants that are there can be served.
    fn is_back(&self) {
        let server = Arc::clone(&self.server);
        tokio::spawn(async move {
            while let Err(error) = server.prepare().await {
                tracing::warn!(server = %server.id, %error, "a server takes no new tenants yet");
                tokio::time::sleep(PREPARE_AGAIN).await;
            }
            tracing::info!(server = %server.id, "a server that was away is back");
        });
    }

    /// While the server cannot be reached one connection at a time may be tried, so that requests are
    /// refused for what is wrong, rather than wait for nothing.
    fn is_away(&mut self, error: &ProvisionerError) {
        if self.server.reachable.swap(false, Ordering::Relaxed) {
            tracing::warn!(server = %self.server.id, %error, "a server cannot be reached");
        }
        self.limit = self.limit.min(1);
        self.allow(1, None);
    }

    /// Asks for the part if it is time to, and goes on with what there is.
    async fn ask(&mut self, shown_at: Instant) {
        if self.asks_at <= Instant::now() {
            match self.claim().await {
                Ok(granted) => self.take(granted),
                Err(error) => {
                    let server = &self.server.id;
                    tracing::debug!(%server, %error, "a node's connections stay as they were");
                    self.asks_at = Instant::now() + RETRY;
                }
            }
        }
        self.allow(self.limit, Some(shown_at + LAPSES));
    }

    async fn claim(&mut self) -> Result<Granted, CatalogError> {
        let tenants = self.tenants.upgrade();
        let open = tenants.map_or(0, |tenants| tenants.connections_open(&self.server.id));
        let open = u32::try_from(open).unwrap_or(u32::MAX);
        let asked = self.catalog.claim(Claim {
            node: self.node,
            server: &self.server.id,
            unless_said: self.server.connections(),
            wants: self.wants,
            holds: self.limit.max(open),
        });
        let answered = tokio::time::timeout(PATIENCE, asked).await;
        answered.unwrap_or(Err(CatalogError::Database(sqlx::Error::PoolTimedOut)))
    }

    fn take(&mut self, granted: Granted) {
        let is_settled = granted.granted == granted.allowed && granted.allowed == granted.share;
        self.asks_at = Instant::now() + if is_settled { ASK } else { ASK_SOON };
        self.limit = granted.allowed;
        self.others = granted.others;
    }

    fn allow(&self, connections: u32, until: Option<Instant>) {
        let connections = usize::try_from(connections).unwrap_or(usize::MAX);
        if let Some(tenants) = self.tenants.upgrade() {
            tenants.set_connections(&self.server.id, connections, until);
        }
    }

    /// Gives the others what nodes had that the server shows no more.
    async fn forget_the_gone(&mut self) {
        if self.others.is_empty() {
            self.missing.clear();
            return;
        }
        let Ok(shown) = self.server.provisioner.attending(&self.others).await else {
            self.missing.clear();
            return;
        };
        let now = Instant::now();
        self.missing
            .retain(|node, _| self.others.contains(node) && !shown.contains(node));
        for node in self.others.iter().filter(|node| !shown.contains(node)) {
            self.missing.entry(*node).or_insert(now);
        }
        let is_gone = |since: &Instant| now.duration_since(*since) >= GONE;
        let gone = self.missing.iter().filter(|(_, since)| is_gone(since));
        for node in gone.map(|(node, _)| *node).collect::<Vec<_>>() {
            self.forget(node).await;
        }
    }

    async fn forget(&mut self, node: NodeId) {
        match self.catalog.forget_node(&self.server.id, node).await {
            Ok(()) => {
                self.missing.remove(&node);
                self.others.retain(|other| *other != node);
                self.asks_at = Instant::now();
            }
            Err(error) => tracing::debug!(%node, %error, "a node that is gone is forgotten later"),
        }
    }
}
