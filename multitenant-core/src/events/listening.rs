use std::convert::Infallible;
use std::error::Error;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::{BusError, EventBus, Follower};

/// Between a failure and the next try.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// It doubles with each failure up to here.
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// How long beginning to listen may take.
const LISTEN_DEADLINE: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
#[error("it took longer than {LISTEN_DEADLINE:?} to begin to listen")]
struct TooSlow;

/// Has the log read whenever the bus says so, and whenever it may have said so unheard.
pub(super) async fn keep_listening(follower: Follower, bus: Arc<dyn EventBus>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let began = Instant::now();
        let Err(error) = listen(&follower, &*bus).await;
        if began.elapsed() > LONGEST_PAUSE {
            pause = FIRST_PAUSE;
        }
        tracing::warn!(%error, source = ?error.source(), ?pause, "listening for changes ended and begins anew");
        tokio::time::sleep(jittered(pause)).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn listen(follower: &Follower, bus: &dyn EventBus) -> Result<Infallible, BusError> {
    let listening = tokio::time::timeout(LISTEN_DEADLINE, bus.listen()).await;
    let mut announcements = listening.unwrap_or_else(|_| Err(BusError::new(TooSlow)))?;
    loop {
        follower.wake();
        announcements.next().await?;
    }
}

/// From a half of it to the whole, so that nodes that lost the same server come back one by one.
fn jittered(pause: Duration) -> Duration {
    let [random, ..] = RandomState::new().hash_one(pause).to_le_bytes();
    pause.mul_f64(0.5 + f64::from(random) / 512.0)
}
