use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt;
use redis::aio::{MultiplexedConnection, PubSubSink, PubSubStream};
use redis::{AsyncCommands, Client, RedisError};
use secrecy::{ExposeSecret, SecretString};
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use super::{Announcements, BusError, EventBus};

/// How long a silent connection is trusted.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long an answer to a heartbeat may take.
const ANSWER_DEADLINE: Duration = Duration::from_secs(5);
/// How long nothing is announced after a failure; the nodes poll meanwhile.
const AFTER_FAILURE: Duration = Duration::from_millis(250);

#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("Redis closed the connection")]
    Closed,
    #[error("Redis did not answer within {ANSWER_DEADLINE:?}")]
    Silent,
}

/// An [`EventBus`] over a channel of a Redis server: where notifications of the catalog's server do
/// not arrive, as through a proxy that pools transactions, or between processes on SQLite.
///
/// What is announced is an empty message; nothing of a tenant leaves the process.
///
/// ```
/// use std::sync::Arc;
///
/// use multitenant_core::events::{BusError, RedisBus};
///
/// // platform.wake_by(bus) before it is started
/// fn bus() -> Result<Arc<RedisBus>, BusError> {
///     let url = "redis://:a-password@localhost:6379/0".to_owned().into();
///     Ok(Arc::new(RedisBus::new(&url, "my-platform")?))
/// }
/// # #[tokio::main(flavor = "current_thread")] async fn main() { assert!(bus().is_ok()); }
/// ```
pub struct RedisBus {
    client: Client,
    channel: Arc<str>,
    pending: Arc<Notify>,
    publisher: AbortHandle,
}

impl RedisBus {
    /// Announces on `channel` of the server at `url` (`redis://…`), on the current runtime. All
    /// nodes of a platform take the same channel, and no other platform does. Nothing is opened
    /// yet.
    ///
    /// # Errors
    /// [`BusError`] where the URL cannot be read.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    pub fn new(url: &SecretString, channel: impl Into<Arc<str>>) -> Result<Self, BusError> {
        let client = Client::open(url.expose_secret()).map_err(BusError::new)?;
        let (channel, pending) = (channel.into(), Arc::new(Notify::new()));
        let publisher = Publisher {
            client: client.clone(),
            channel: Arc::clone(&channel),
            connection: None,
        };
        let publisher = Handle::current().spawn(publisher.run(Arc::clone(&pending)));
        Ok(Self {
            client,
            channel,
            pending,
            publisher: publisher.abort_handle(),
        })
    }
}

impl Drop for RedisBus {
    fn drop(&mut self) {
        self.publisher.abort();
    }
}

impl fmt::Debug for RedisBus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisBus")
            .field("channel", &self.channel)
            .finish_non_exhaustive()
    }
}

struct Publisher {
    client: Client,
    channel: Arc<str>,
    connection: Option<MultiplexedConnection>,
}

impl Publisher {
    async fn run(mut self, pending: Arc<Notify>) {
        loop {
            pending.notified().await;
            if let Err(error) = self.publish().await {
                tracing::warn!(%error, "a change was not announced over Redis");
                tokio::time::sleep(AFTER_FAILURE).await;
            }
        }
    }

    /// A connection that has been lost meanwhile is noticed by this only: so there is a second try.
    async fn publish(&mut self) -> Result<(), RedisError> {
        if let Some(connection) = &mut self.connection {
            if publish(connection, &self.channel).await.is_ok() {
                return Ok(());
            }
            self.connection = None;
        }
        let mut connection = self.client.get_multiplexed_async_connection().await?;
        publish(&mut connection, &self.channel).await?;
        self.connection = Some(connection);
        Ok(())
    }
}

async fn publish(connection: &mut MultiplexedConnection, channel: &str) -> Result<(), RedisError> {
    connection.publish(channel, "").await
}

struct Listening {
    sink: PubSubSink,
    announced: PubSubStream,
}

#[async_trait]
impl EventBus for RedisBus {
    fn announce(&self) {
        self.pending.notify_one();
    }

    async fn listen(&self) -> Result<Box<dyn Announcements>, BusError> {
        let listening = self.client.get_async_pubsub().await;
        let (mut sink, announced) = listening.map_err(BusError::new)?.split();
        let subscribed = sink.subscribe(&*self.channel).await;
        subscribed.map_err(BusError::new)?;
        Ok(Box::new(Listening { sink, announced }))
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<(), BusError> {
        loop {
            match tokio::time::timeout(HEARTBEAT, self.announced.next()).await {
                Ok(Some(_)) => return Ok(()),
                Ok(None) => return Err(BusError::new(Lost::Closed)),
                Err(_) => self.check().await?,
            }
        }
    }
}

impl Listening {
    async fn check(&mut self) -> Result<(), BusError> {
        let answer = tokio::time::timeout(ANSWER_DEADLINE, self.sink.ping::<redis::Value>()).await;
        let answer = answer.map_err(|_| BusError::new(Lost::Silent))?;
        answer.map(drop).map_err(BusError::new)
    }
}
