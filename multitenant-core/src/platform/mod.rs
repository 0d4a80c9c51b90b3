//! The joining of all rungs: catalog, tenants, people, gate and provisioning of one node.

mod builder;
mod environment;
mod error;
mod keys;
mod people;
mod refusals;
mod servers;
mod urls;

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::accounts::SqlAccounts;
use crate::auth::sign_in::{HashingQueue, SignIn};
use crate::catalog::SqlCatalog;
use crate::engine::provisioner::ServerWarning;
use crate::gate::Gate;
use crate::provision::Provisioning;
use crate::rbac::Registry;
use crate::resolve::{Resolver, Sources};
use crate::tenant::{Tenant, TenantControl, TenantError, Tenants, Visits};
use crate::{NodeId, TenantId};

use refusals::Refusals;
use servers::{Node, Server};

pub use builder::PlatformBuilder;
pub use environment::EnvironmentError;
pub use error::PlatformError;
pub use servers::ServerStatus;

/// What is given to the last writes of a platform that ends, however late it is.
const LAST_WRITES: Duration = Duration::from_secs(1);

/// One node of a platform, running. Cheap to clone. Keep it for as long as any part of it is used:
/// what goes on in the background, such as ending what a dead node has left half-way, ends with the
/// last clone.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # mod example {
/// # use std::path::Path;
/// use std::time::Duration;
///
/// use multitenant_core::Realm;
/// use multitenant_core::keys::{LocalKeys, Vault};
/// use multitenant_core::platform::Platform;
/// use multitenant_core::rbac::access;
/// use multitenant_core::token::{KeyRing, KeyRings, SigningKey};
///
/// multitenant_core::permissions! {
///     extends access::REGISTRY;
///     invoices: [READ, CREATE],
/// }
///
/// # pub async fn run(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
/// # let (staff, users) = ("a secret of the platform's staff only", "a secret of all the tenants' users");
/// let staff = KeyRing::new(Realm::Enterprise, SigningKey::hs256(&staff.into())?);
/// let users = KeyRing::new(Realm::Client, SigningKey::hs256(&users.into())?);
/// let keys = KeyRings::new("https://erp.example", staff, users)?;
/// let vault = Vault::new(LocalKeys::from_file(&folder.join("master.key"))?);
///
/// let platform = Platform::on_sqlite(folder.join("data"), keys, vault, REGISTRY).start().await?;
/// assert!(!platform.accounts().has_staff().await?);
/// platform.shut_down(Duration::from_secs(5)).await;
/// # Ok(())
/// # }
/// # }
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// #     example::run(tempfile::tempdir()?.path()).await
/// # }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone)]
pub struct Platform {
    inner: Arc<Inner>,
}

struct Inner {
    catalog: SqlCatalog,
    tenants: Arc<dyn TenantControl>,
    sources: Sources,
    accounts: SqlAccounts,
    sign_in: SignIn,
    hashing: HashingQueue,
    gate: Gate,
    provisioning: Provisioning,
    refusals: Arc<Refusals>,
    registry: &'static Registry,
    servers: Vec<Arc<Server>>,
    node: Node,
    warnings: Vec<ServerWarning>,
    tasks: Mutex<Vec<JoinHandle<()>>>,
}

impl Inner {
    fn end_tasks(&self) {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.end_tasks();
    }
}

impl Platform {
    /// The catalog: what tenants there are.
    #[must_use]
    pub fn catalog(&self) -> &SqlCatalog {
        &self.inner.catalog
    }

    /// The tenants as this node serves them.
    #[must_use]
    pub fn tenants(&self) -> &Arc<dyn TenantControl> {
        &self.inner.tenants
    }

    /// A tenant, for work outside of requests.
    ///
    /// # Errors
    /// [`TenantError`] says why it is not served.
    pub async fn tenant(&self, tenant: TenantId) -> Result<Tenant, TenantError> {
        self.inner.tenants.tenant(tenant).await
    }

    /// Does `work` for every tenant that is served, for at most `concurrency` at once, as
    /// [`Tenants`]' own `for_each`.
    pub async fn for_each<F, Fut, E>(&self, concurrency: NonZeroUsize, work: F) -> Visits<E>
    where
        F: Fn(Tenant) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: Send + 'static,
    {
        let tenants: Arc<dyn Tenants> = Arc::clone(&self.inner.tenants) as _;
        tenants.for_each(concurrency, work).await
    }

    /// Finds out which tenant a request is for, by the sources that the platform was given: for an
    /// application that signs its users in by itself.
    #[must_use]
    pub fn resolver(&self) -> Resolver {
        let tenants = Arc::clone(&self.inner.tenants);
        Resolver::new(self.inner.sources.clone(), tenants)
    }

    /// The platform's staff, and the users and roles of its tenants.
    #[must_use]
    pub fn accounts(&self) -> &SqlAccounts {
        &self.inner.accounts
    }

    /// Signs people in and out.
    #[must_use]
    pub fn sign_in(&self) -> &SignIn {
        &self.inner.sign_in
    }

    /// Hashes passwords.
    #[must_use]
    pub fn hashing(&self) -> &HashingQueue {
        &self.inner.hashing
    }

    /// Decides who acts for which tenant.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.inner.gate
    }

    /// Makes and deletes tenants.
    #[must_use]
    pub fn provisioning(&self) -> &Provisioning {
        &self.inner.provisioning
    }

    /// Every permission that can be granted.
    #[must_use]
    pub fn registry(&self) -> &'static Registry {
        self.inner.registry
    }

    /// This node, among those that run on the same catalog.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.inner.node.id()
    }

    /// What only an operator can close on the database servers.
    #[must_use]
    pub fn warnings(&self) -> &[ServerWarning] {
        &self.inner.warnings
    }

    /// How many refusals of people who were signed in could not be written down as audit rows,
    /// because there were too many or the catalog was away for too long.
    #[must_use]
    pub fn lost_refusals(&self) -> u64 {
        self.inner.refusals.lost()
    }

    /// Waits for work in flight, writes down what waits to be, closes every connection, and gives this
    /// node's part of them to the others; returns
    /// whether none of a tenant was left open after `deadline`.
    pub async fn shut_down(&self, deadline: Duration) -> bool {
        self.inner.end_tasks();
        let began = Instant::now();
        let closed = self.inner.tenants.shut_down(deadline).await;
        self.inner.node.leave(closed).await;
        let left = deadline.saturating_sub(began.elapsed());
        self.inner.refusals.finish(left.max(LAST_WRITES)).await;
        self.inner.catalog.close().await;
        closed
    }
}
