//! Reads the log and tells whoever must know, in the order of the log.

use std::collections::HashSet;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Mutex as AsyncMutex, Notify};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::listening::keep_listening;
use super::{Event, EventBus, EventKind, Position};

/// The log could not be read, or what it says could not be applied.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the log of changes could not be followed")]
pub struct FollowError(#[source] pub Arc<dyn Error + Send + Sync>);

impl FollowError {
    /// Wraps the store's own error.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

/// Reads the log of changes.
#[async_trait]
pub trait LogReader: Send + Sync + 'static {
    /// The events after `position`, in order, at most some hundreds; empty when there are none. A
    /// log that does not keep them for ever says [`EventKind::Missed`] in the place of those that
    /// are gone, and at its end where that lies before `position`, or where another event stands
    /// there than was read, as after a restore.
    ///
    /// # Errors
    /// [`FollowError`] when the store cannot be read.
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError>;
}

/// Must hear of changes: forgets or re-reads what an event names.
///
#[doc = include_str!("../docs/seams/follow.md")]
#[async_trait]
pub trait Follow: Send + Sync + 'static {
    /// Applies one event. When it returns, nothing older is served from memory. It may be told the
    /// same event again.
    ///
    /// # Errors
    /// [`FollowError`] when what has to be read again cannot be; the event is told again soon, and
    /// none after it before.
    async fn apply(&self, event: &Event) -> Result<(), FollowError>;
}

/// How the log is followed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct FollowerOptions {
    /// How often the log is read when nothing wakes the reader: at most 500 ms keeps the promise
    /// that changes are in force everywhere within a second. Default 250 ms.
    pub poll: Duration,
    /// How long a node that cannot read the log serves what it knows. Default 30 s.
    pub max_staleness: Duration,
}

impl Default for FollowerOptions {
    fn default() -> Self {
        Self {
            poll: Duration::from_millis(250),
            max_staleness: Duration::from_secs(30),
        }
    }
}

/// Follows the log on behalf of a node. Cheap to clone.
#[derive(Clone)]
pub struct Follower {
    inner: Arc<Inner>,
}

struct Inner {
    log: Arc<dyn LogReader>,
    options: FollowerOptions,
    followers: Mutex<Vec<Arc<dyn Follow>>>,
    /// Held while reading, so that at most one read is under way and events stay in order.
    reading: AsyncMutex<Reading>,
    /// When a miss last caused a read; held by the miss whose turn is next.
    miss: AsyncMutex<Option<Instant>>,
    progress: Mutex<Progress>,
    fresh: AtomicBool,
    woken: Notify,
}

struct Reading {
    position: Position,
    /// Words of events that this version does not know, and that were said in the log.
    unknown: HashSet<String>,
}

impl Reading {
    fn from(position: Position) -> Self {
        let unknown = HashSet::new();
        Self { position, unknown }
    }

    fn notice(&mut self, event: &Event) {
        let EventKind::Unknown { word, .. } = &event.kind else {
            return;
        };
        if self.unknown.len() < UNKNOWN_MAX && self.unknown.insert(word.clone()) {
            tracing::warn!(
                event = word,
                "another node runs a newer version, and says what this one cannot read"
            );
        }
    }
}

/// Most words that are said in the log.
const UNKNOWN_MAX: usize = 100;

#[derive(Clone, Copy)]
struct Progress {
    /// How many reads have begun and how many have ended well.
    begun: u64,
    ended: u64,
    /// When the last read that ended well began.
    fresh_at: Instant,
}

impl Follower {
    /// Follows `log` from `position` on; [`follow`](Self::follow) says for whom.
    pub fn new(log: Arc<dyn LogReader>, position: Position, options: FollowerOptions) -> Self {
        let progress = Progress {
            begun: 0,
            ended: 0,
            fresh_at: Instant::now(),
        };
        Self {
            inner: Arc::new(Inner {
                log,
                options,
                followers: Mutex::default(),
                reading: AsyncMutex::new(Reading::from(position)),
                miss: AsyncMutex::new(None),
                progress: Mutex::new(progress),
                fresh: AtomicBool::new(true),
                woken: Notify::new(),
            }),
        }
    }

    /// Tells `follower` of every event from now on.
    pub fn follow(&self, follower: Arc<dyn Follow>) {
        self.inner.followers.lock().push(follower);
    }

    /// Reads what was committed before the call and applies it. Calls that wait for the same
    /// read share it.
    ///
    /// # Errors
    /// [`FollowError`] when the log cannot be read.
    pub async fn catch_up(&self) -> Result<(), FollowError> {
        let asked_after = self.inner.progress.lock().begun;
        let mut reading = self.inner.reading.lock().await;
        // A read that began after the call has seen whatever was committed before it.
        if self.inner.progress.lock().ended > asked_after {
            return Ok(());
        }
        self.read(&mut reading).await
    }

    /// As [`catch_up`](Self::catch_up), for a name that is not known here: a flood of such misses
    /// reads at most every 25 ms, and each read serves all that wait.
    ///
    /// # Errors
    /// [`FollowError`] when the log cannot be read.
    pub(crate) async fn catch_up_after_miss(&self) -> Result<(), FollowError> {
        let asked_after = self.inner.progress.lock().begun;
        let mut last = self.inner.miss.lock().await;
        if self.inner.progress.lock().ended > asked_after {
            return Ok(());
        }
        if let Some(last) = *last {
            tokio::time::sleep_until(last + MISS_PAUSE).await;
        }
        *last = Some(Instant::now());
        self.catch_up().await
    }

    async fn read(&self, reading: &mut Reading) -> Result<(), FollowError> {
        let began = Instant::now();
        let number = {
            let mut progress = self.inner.progress.lock();
            progress.begun += 1;
            progress.begun
        };
        loop {
            let events = self.changes_since(reading.position).await?;
            if events.is_empty() {
                break;
            }
            for event in events {
                reading.notice(&event);
                self.tell(&event).await?;
                reading.position = event.position;
            }
        }
        let mut progress = self.inner.progress.lock();
        progress.ended = number;
        progress.fresh_at = began;
        Ok(())
    }

    /// A read that hangs is given up, so that it is tried again.
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError> {
        let read = self.inner.log.changes_since(position);
        let read = tokio::time::timeout(READ_DEADLINE, read).await;
        read.unwrap_or_else(|_| Err(FollowError::new(TooSlow)))
    }

    async fn tell(&self, event: &Event) -> Result<(), FollowError> {
        let followers = self.inner.followers.lock().clone();
        for follower in followers {
            follower.apply(event).await?;
        }
        Ok(())
    }

    /// Whether what this node knows is recent enough to be served. Costs one read of memory; the
    /// task that reads the log keeps it true to within a poll.
    #[must_use]
    pub(crate) fn is_fresh(&self) -> bool {
        self.inner.fresh.load(Ordering::Acquire)
    }

    /// How long ago the log was last read to its end.
    #[must_use]
    pub fn staleness(&self) -> Duration {
        self.inner.progress.lock().fresh_at.elapsed()
    }

    /// Reads the log again and again on `runtime` until the returned task is aborted.
    pub fn run(&self, runtime: &Handle) -> JoinHandle<()> {
        let follower = self.clone();
        runtime.spawn(async move {
            loop {
                let began = Instant::now();
                follower.poll().await;
                follower.next_turn(began).await;
            }
        })
    }

    /// Has the log read at once where it is [being followed](Self::run), or as soon as the reading
    /// that is under way has ended.
    pub fn wake(&self) {
        self.inner.woken.notify_one();
    }

    /// Has the log read whenever `bus` says that something was added to it, on `runtime`, until the
    /// returned task is aborted. A connection that is lost is made anew, and the log read then.
    pub fn wake_by(&self, bus: Arc<dyn EventBus>, runtime: &Handle) -> JoinHandle<()> {
        runtime.spawn(keep_listening(self.clone(), bus))
    }

    /// Waits until the log is to be read again, at the latest after a poll's time.
    async fn next_turn(&self, began: Instant) {
        let woken = async {
            tokio::time::sleep_until(began + WAKE_PAUSE).await;
            self.inner.woken.notified().await;
        };
        let _ = tokio::time::timeout(self.inner.options.poll, woken).await;
    }

    /// Reads the log once. Staleness is noticed also while that takes long; what was begun goes on,
    /// else events that take long to apply would be begun again for ever.
    async fn poll(&self) {
        let caught_up = self.catch_up();
        tokio::pin!(caught_up);
        let ended = loop {
            match tokio::time::timeout(READ_DEADLINE, &mut caught_up).await {
                Ok(ended) => break ended,
                Err(_) => tracing::warn!("following the log of changes takes long"),
            }
            self.notice_age();
        };
        if let Err(error) = ended {
            tracing::warn!(%error, source = ?error.source(), "the log of changes cannot be read");
        }
        self.notice_age();
    }

    fn notice_age(&self) {
        let fresh = self.staleness() <= self.inner.options.max_staleness;
        self.inner.fresh.store(fresh, Ordering::Release);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the log of changes did not answer within {READ_DEADLINE:?}")]
struct TooSlow;

/// Least time between two reads that misses cause.
const MISS_PAUSE: Duration = Duration::from_millis(25);
/// Least time between two reads of the log that announcements cause.
const WAKE_PAUSE: Duration = Duration::from_millis(5);
/// How long one read of the log may take.
const READ_DEADLINE: Duration = Duration::from_secs(2);
