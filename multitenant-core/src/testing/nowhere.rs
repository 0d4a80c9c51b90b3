use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::directory::TenantRecord;
use crate::engine::{ConnectData, ConnectError, Connector, Permit};
use crate::{ServerId, TenantId};

/// What opening and closing take, since on a real server they take time too.
const PAUSE: Duration = Duration::from_millis(1);

/// The failure of something that a test has told to fail.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("told to fail")]
pub struct ToldToFail;

/// A [`Connector`] that connects to nothing, counts what is open as a server would, and fails or
/// waits as it is told. Clones count together.
///
/// ```
/// use multitenant_core::tenant::{ManagerOptions, TenantManager};
/// use multitenant_core::testing::Nowhere;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let (connector, acme) = (Nowhere::default(), Nowhere::tenant("acme"));
/// let id = acme.id;
/// let tenants = TenantManager::fixed(connector.clone(), [acme], ManagerOptions::default());
/// let acme = tenants.await.unwrap().get(id).await.unwrap();
///
/// connector.fail();
/// assert!(acme.check().await.is_err());
/// connector.recover();
/// assert!(acme.check().await.unwrap());
/// assert_eq!((connector.open(), connector.opened()), (1, 1));
/// # }
/// ```
#[derive(Clone, Default)]
pub struct Nowhere {
    state: Arc<State>,
}

struct State {
    open: AtomicUsize,
    most: AtomicUsize,
    opened: AtomicUsize,
    tried: AtomicUsize,
    fails: AtomicBool,
    /// Openings wait for a place here.
    gate: Semaphore,
}

impl Default for State {
    fn default() -> Self {
        Self {
            open: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            opened: AtomicUsize::new(0),
            tried: AtomicUsize::new(0),
            fails: AtomicBool::new(false),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
        }
    }
}

impl Nowhere {
    /// The record of a tenant that is served, on the main server.
    ///
    /// # Panics
    /// On what is no slug.
    #[must_use]
    pub fn tenant(slug: &str) -> TenantRecord {
        let data = ConnectData::new(ServerId::main(), format!("nowhere://{slug}"));
        TenantRecord::active(TenantId::generate(), slug.parse().expect("a slug"), data)
    }

    /// Connections that are open or being opened.
    #[must_use]
    pub fn open(&self) -> usize {
        self.state.open.load(Ordering::SeqCst)
    }

    /// Most that ever were at once.
    #[must_use]
    pub fn most_open(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }

    /// Connections that were opened, all in all.
    #[must_use]
    pub fn opened(&self) -> usize {
        self.state.opened.load(Ordering::SeqCst)
    }

    /// Openings that were begun, all in all.
    #[must_use]
    pub fn tried(&self) -> usize {
        self.state.tried.load(Ordering::SeqCst)
    }

    /// Lets every opening fail from now on, as [`ToldToFail`].
    pub fn fail(&self) {
        self.state.fails.store(true, Ordering::SeqCst);
    }

    /// Lets openings succeed again.
    pub fn recover(&self) {
        self.state.fails.store(false, Ordering::SeqCst);
    }

    /// Lets every opening wait from now on.
    pub fn hold(&self) {
        self.state.gate.forget_permits(Semaphore::MAX_PERMITS);
    }

    /// Lets as many openings at once go on.
    pub fn let_through(&self, openings: usize) {
        self.state.gate.add_permits(openings);
    }

    async fn opening(&self) -> Result<(), ConnectError> {
        let gate = self.state.gate.acquire().await;
        let _place = gate.map_err(ConnectError::failed)?;
        tokio::time::sleep(PAUSE).await;
        if self.state.fails.load(Ordering::SeqCst) {
            return Err(ConnectError::failed(ToldToFail));
        }
        Ok(())
    }
}

impl fmt::Debug for Nowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Nowhere")
            .field("open", &self.open())
            .field("opened", &self.opened())
            .finish_non_exhaustive()
    }
}

/// A connection to nothing; it counts as open until it is dropped.
pub struct ToNowhere {
    state: Arc<State>,
    _permit: Permit,
}

impl Drop for ToNowhere {
    fn drop(&mut self) {
        self.state.open.fetch_sub(1, Ordering::SeqCst);
    }
}

impl fmt::Debug for ToNowhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ToNowhere")
    }
}

impl Connector for Nowhere {
    type Connection = ToNowhere;

    async fn connect(&self, _: &ConnectData, permit: Permit) -> Result<ToNowhere, ConnectError> {
        self.state.tried.fetch_add(1, Ordering::SeqCst);
        let open = self.state.open.fetch_add(1, Ordering::SeqCst) + 1;
        self.state.most.fetch_max(open, Ordering::SeqCst);
        let connection = ToNowhere {
            state: Arc::clone(&self.state),
            _permit: permit,
        };
        self.opening().await?;
        self.state.opened.fetch_add(1, Ordering::SeqCst);
        Ok(connection)
    }

    async fn check(&self, _: &mut ToNowhere) -> bool {
        true
    }

    async fn close(&self, connection: ToNowhere) {
        tokio::time::sleep(PAUSE).await;
        drop(connection);
    }
}
