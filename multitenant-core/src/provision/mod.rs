//! A tenant's life as a saga: every step is a row in the catalog, so that a process killed at any
//! instant leaves something that is finished or undone soon after.
#![doc = include_str!("../docs/provision.md")]

mod create;
mod delete;
mod error;
mod kind;
mod leftovers;
mod making;
mod migrate;
mod placement;
mod recover;
mod recoveries;
mod repeat;
mod request;
mod work;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use crate::accounts::SqlAccounts;
use crate::auth::sign_in::HashingQueue;
use crate::catalog::{SecretVault, SqlCatalog, TenantRow};
use crate::engine::provisioner::{Provisioner, Schema};
use crate::rbac::Registry;
use crate::tenant::{AnySql, TenantControl};
use crate::{NodeId, ServerId};

use recoveries::Recoveries;

pub use error::{ProvisioningError, StepName};
pub use placement::{FewestTenants, PlacementPolicy, Weighted};
pub use recover::run_recovery;
pub use request::{CreatedTenant, TenantRequest};

/// What an application does in a new tenant's database: seeds of its own.
///
/// A migration is the wrong place for them, since its INSERTs are cloned into every tenant.
#[async_trait]
pub trait OnCreate: Send + Sync + 'static {
    /// Called once for a tenant, when its database has its schema, its roles and its first admin
    /// (or neither, without accounts), and before it is served. `db` is closed when all hooks have returned. The tenant may still
    /// come to nothing, where the process dies or a later hook fails: what is made elsewhere on its
    /// behalf must be able to go with it.
    ///
    /// # Errors
    /// Any error undoes the creation, and so does a panic.
    async fn on_create(
        &self,
        tenant: &TenantRow,
        db: &AnySql,
    ) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// Makes, migrates and deletes tenants. Cheap to clone.
#[derive(Clone)]
pub struct Provisioning {
    inner: Arc<Parts>,
    recoveries: Arc<Recoveries>,
}

/// What provisioning works with.
pub struct Parts {
    /// The catalog.
    pub catalog: SqlCatalog,
    /// Seals tenants' secrets.
    pub vault: Arc<dyn SecretVault>,
    /// Makes databases, by server.
    pub provisioners: HashMap<ServerId, Arc<dyn Provisioner>>,
    /// Chooses the server of a tenant that names none.
    pub placement: Arc<dyn PlacementPolicy>,
    /// Tells whether a server could be reached when it was last asked: none is chosen that could not.
    pub reachable: Arc<dyn Fn(&ServerId) -> bool + Send + Sync>,
    /// Serves tenants on this node.
    pub tenants: Arc<dyn TenantControl>,
    /// Gives a new tenant roles and a first admin. `None`: its users are the application's own.
    pub seeding: Option<Seeding>,
    /// What a tenant's database holds.
    pub schema: Schema,
    /// What the application does in a new tenant's database.
    pub on_create: Vec<Arc<dyn OnCreate>>,
    /// This node.
    pub node: NodeId,
    /// How long this node may be silent before another takes over what it was at; see [`LEASE`].
    pub lease: Duration,
}

/// What gives a new tenant its roles and its first admin.
pub struct Seeding {
    /// The people of tenants.
    pub accounts: SqlAccounts,
    /// Hashes the first admin's password.
    pub hashing: HashingQueue,
    /// What can be granted, for the default roles.
    pub registry: &'static Registry,
}

/// How long a node may be silent before another takes its operation over, unless told otherwise.
/// It is renewed three times as often.
pub const LEASE: Duration = Duration::from_secs(8);
/// How long work in flight on a tenant that goes may take before it is cut.
const DRAIN: Duration = Duration::from_secs(5);

impl Provisioning {
    /// Provisioning with these parts.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self {
            inner: Arc::new(parts),
            recoveries: Arc::default(),
        }
    }

    fn provisioner(&self, server: &ServerId) -> Result<&Arc<dyn Provisioner>, ProvisioningError> {
        let provisioner = self.inner.provisioners.get(server);
        provisioner.ok_or_else(|| ProvisioningError::ServerUnknown(server.clone()))
    }

    /// Brings a change that is made into force here. Where that cannot be done now, the log's
    /// reader does it as soon as it can.
    async fn bring_into_force(&self) {
        if let Err(error) = self.inner.tenants.catch_up().await {
            tracing::warn!(%error, "a change of a tenant is in force here a little later");
        }
    }
}
