use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::runtime::Handle;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::EventKind;

/// How old an intent grows before its maker is taken for dead. A change announced by an intent
/// must have been committed, or have failed, before that.
pub const ORPHAN_AGE: Duration = Duration::from_secs(7);

/// How often orphans are looked for: with [`ORPHAN_AGE`], each is an event within ten seconds.
const SWEEP_EVERY: Duration = Duration::from_secs(2);

/// Intents could not be written or read.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the announcement of a change could not be stored")]
pub struct IntentError(#[source] pub Arc<dyn Error + Send + Sync>);

impl IntentError {
    /// Wraps the store's own error.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

/// A change that is about to be made in another database than the log's.
#[derive(Debug, Clone)]
#[must_use = "close it once the change is committed, so that other nodes hear of it"]
pub struct Intent {
    id: Uuid,
    events: Vec<EventKind>,
}

impl Intent {
    /// A new intent; an [`Intents`] stores it before it hands it out.
    pub fn new(events: Vec<EventKind>) -> Self {
        Self {
            id: Uuid::now_v7(),
            events,
        }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// What is published when it is closed.
    #[must_use]
    pub fn events(&self) -> &[EventKind] {
        &self.events
    }
}

/// Announces changes in a tenant's database, which cannot be part of the log's transaction: open
/// an intent, commit the change, close the intent. Whoever dies between leaves an orphan, and the
/// sweep publishes it: an event too many only makes nodes read again.
///
/// ```
/// use multitenant_core::TenantId;
/// use multitenant_core::events::{EventKind, IntentError, Intents};
///
/// async fn change_roles(intents: &dyn Intents, tenant: TenantId) -> Result<(), IntentError> {
///     let intent = intents.open(vec![EventKind::PolicyChanged { tenant }]).await?;
///     // … begin, write and commit in the tenant's database …
///     intents.close(&intent).await // also when the change failed
/// }
/// ```
///
#[doc = include_str!("../docs/seams/intents.md")]
#[async_trait]
pub trait Intents: Send + Sync + 'static {
    /// Stores what will be published. Called before the change is begun.
    ///
    /// # Errors
    /// [`IntentError`] when it cannot be stored; the change must not be made then.
    async fn open(&self, events: Vec<EventKind>) -> Result<Intent, IntentError>;

    /// Publishes and forgets an intent in one transaction. Called after the change was committed.
    /// Publishes also what the sweep has published before: it may have been too early.
    ///
    /// # Errors
    /// [`IntentError`] when it cannot be published; the sweep will.
    async fn close(&self, intent: &Intent) -> Result<(), IntentError>;

    /// Publishes and forgets what was opened longer ago than `age`; returns how many intents.
    ///
    /// # Errors
    /// [`IntentError`] when the store cannot be reached.
    async fn sweep(&self, age: Duration) -> Result<usize, IntentError>;
}

/// Sweeps orphans on `runtime` until the returned task is aborted.
pub fn run_sweeper(intents: Arc<dyn Intents>, runtime: &Handle) -> JoinHandle<()> {
    runtime.spawn(async move {
        loop {
            match intents.sweep(ORPHAN_AGE).await {
                Ok(0) => {}
                Ok(orphans) => tracing::warn!(orphans, "changes were announced late"),
                Err(error) => {
                    tracing::warn!(%error, source = ?error.source(), "orphaned intents stay");
                }
            }
            tokio::time::sleep(SWEEP_EVERY).await;
        }
    })
}
