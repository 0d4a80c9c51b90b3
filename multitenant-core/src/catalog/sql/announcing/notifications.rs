use std::time::Duration;

use async_trait::async_trait;
use sqlx::PgPool;
use sqlx::postgres::PgListener;

use crate::events::{Announcements, BusError, EventBus};

/// The channel that a commit which adds to the log notifies; `transaction.rs` spells it too.
const CHANNEL: &str = "mt_events";
/// How long a silent connection is trusted.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long the server may take to answer.
const ANSWER_DEADLINE: Duration = Duration::from_secs(5);

#[derive(Debug, thiserror::Error)]
enum Lost {
    #[error("the server closed the connection")]
    Closed,
    #[error("the server did not answer within {ANSWER_DEADLINE:?}")]
    Silent,
}

/// LISTEN and NOTIFY in the catalog's database. Listening holds one connection of the pool.
pub(super) struct Notifications {
    pool: PgPool,
}

impl Notifications {
    pub(super) fn of(pool: &PgPool) -> Self {
        Self { pool: pool.clone() }
    }
}

struct Listening(PgListener);

#[async_trait]
impl EventBus for Notifications {
    /// The transaction has done it.
    fn announce(&self) {}

    async fn listen(&self) -> Result<Box<dyn Announcements>, BusError> {
        let listener = PgListener::connect_with(&self.pool).await;
        let mut listener = listener.map_err(BusError::new)?;
        // It would reconnect without a word; what was notified meanwhile would be missed.
        listener.eager_reconnect(false);
        listener.listen(CHANNEL).await.map_err(BusError::new)?;
        Ok(Box::new(Listening(listener)))
    }
}

#[async_trait]
impl Announcements for Listening {
    async fn next(&mut self) -> Result<(), BusError> {
        loop {
            match tokio::time::timeout(HEARTBEAT, self.0.try_recv()).await {
                Ok(Ok(Some(_))) => return Ok(()),
                Ok(Ok(None)) => return Err(BusError::new(Lost::Closed)),
                Ok(Err(error)) => return Err(BusError::new(error)),
                Err(_) => self.check().await?,
            }
        }
    }
}

impl Listening {
    async fn check(&mut self) -> Result<(), BusError> {
        let answer = sqlx::query("SELECT 1").execute(&mut self.0);
        let answer = tokio::time::timeout(ANSWER_DEADLINE, answer).await;
        let answer = answer.map_err(|_| BusError::new(Lost::Silent))?;
        answer.map(drop).map_err(BusError::new)
    }
}
