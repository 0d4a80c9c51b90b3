use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::watch;

/// Announcements could not be listened to, or ended.
#[derive(Debug, Clone, thiserror::Error)]
#[error("changes are not announced to this node, which finds them out by reading the log")]
pub struct BusError(#[source] pub Arc<dyn Error + Send + Sync>);

impl BusError {
    /// Wraps the bus's own error.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

/// Wakes the readers of the log. That is all it does: the log is the truth, an announcement says
/// nothing, and one that is lost is made up for by the next poll.
///
/// One within a process, whole:
///
/// ```
/// use async_trait::async_trait;
/// use multitenant_core::events::{Announcements, BusError, EventBus};
/// use tokio::sync::watch;
///
/// struct InProcess(watch::Sender<()>);
/// struct Listening(watch::Receiver<()>);
///
/// #[async_trait]
/// impl EventBus for InProcess {
///     fn announce(&self) {
///         self.0.send_replace(());
///     }
///
///     async fn listen(&self) -> Result<Box<dyn Announcements>, BusError> {
///         Ok(Box::new(Listening(self.0.subscribe())))
///     }
/// }
///
/// #[async_trait]
/// impl Announcements for Listening {
///     async fn next(&mut self) -> Result<(), BusError> {
///         self.0.changed().await.map_err(BusError::new)
///     }
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # let bus = InProcess(watch::Sender::new(()));
/// # let mut listening = bus.listen().await.unwrap();
/// # bus.announce();
/// # listening.next().await.unwrap();
/// # }
/// ```
#[async_trait]
pub trait EventBus: Send + Sync + 'static {
    /// Tells every node that something was added to the log. Called after each commit that did so,
    /// wherever that runs, and returns at once; it may come to nothing.
    fn announce(&self);

    /// Begins to listen. Called at the start, and again, with growing pauses, where listening has
    /// failed or ended. When it has returned the log is read, whatever was announced before.
    ///
    /// # Errors
    /// [`BusError`] when nothing would be heard.
    async fn listen(&self) -> Result<Box<dyn Announcements>, BusError>;
}

/// What an [`EventBus`] announces to one listener.
#[async_trait]
pub trait Announcements: Send + 'static {
    /// Waits until something is announced. Several announcements may be told as one.
    ///
    /// # Errors
    /// [`BusError`] when nothing more will be heard; the listener begins anew.
    async fn next(&mut self) -> Result<(), BusError>;
}

/// An [`EventBus`] within this process. Clones announce to, and are listened to by, the same.
///
/// ```
/// use multitenant_core::events::{EventBus, LocalBus};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let bus = LocalBus::default();
/// let mut announcements = bus.clone().listen().await.unwrap();
/// bus.announce();
/// bus.announce();
/// announcements.next().await.unwrap(); // of both
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct LocalBus {
    announced: watch::Sender<()>,
}

#[async_trait]
impl EventBus for LocalBus {
    fn announce(&self) {
        self.announced.send_replace(());
    }

    async fn listen(&self) -> Result<Box<dyn Announcements>, BusError> {
        Ok(Box::new(self.announced.subscribe()))
    }
}

#[async_trait]
impl Announcements for watch::Receiver<()> {
    async fn next(&mut self) -> Result<(), BusError> {
        self.changed().await.map_err(BusError::new)
    }
}
