use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::engine::{AnyPool, AnyTransaction};
use crate::events::{EventBus, EventKind};
use crate::{Clock, Timestamp, on};

/// A transaction that may add to the log of changes. Dropped, it is rolled back.
pub(super) struct LogTransaction {
    sql: AnyTransaction,
    now: Timestamp,
    events: Vec<EventKind>,
    buses: Arc<[Arc<dyn EventBus>]>,
    // Declared last, so that the next writer's turn comes after the rollback has been asked for.
    turn: Option<OwnedMutexGuard<()>>,
}

impl LogTransaction {
    /// Begins by `clock`, or else by the one that all nodes share.
    pub(super) async fn begin(
        pool: &AnyPool,
        turn: Option<&Arc<Mutex<()>>>,
        clock: Option<&dyn Clock>,
        buses: &Arc<[Arc<dyn EventBus>]>,
    ) -> sqlx::Result<Self> {
        let turn = match turn {
            Some(turn) => Some(Arc::clone(turn).lock_owned().await),
            None => None,
        };
        let mut sql = pool.begin().await?;
        let now = match clock {
            Some(clock) => clock.now(),
            None => now(&mut sql).await?,
        };
        Ok(Self {
            sql,
            now,
            events: Vec::new(),
            buses: Arc::clone(buses),
            turn,
        })
    }

    pub(super) const fn sql(&mut self) -> &mut AnyTransaction {
        &mut self.sql
    }

    /// When it began.
    pub(super) const fn now(&self) -> Timestamp {
        self.now
    }

    /// The moment that lies so far ahead, at most a day.
    pub(super) fn after(&self, duration: Duration) -> Timestamp {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        self.now + duration.min(DAY)
    }

    /// The moment that lies so far back, at most a day.
    pub(super) fn before(&self, duration: Duration) -> Timestamp {
        const DAY: Duration = Duration::from_secs(24 * 60 * 60);
        self.now - duration.min(DAY)
    }

    pub(super) fn publish(&mut self, kind: EventKind) {
        self.events.push(kind);
    }

    /// Takes the numbers of its events, commits, and announces that. Whoever has taken a number
    /// keeps all others from taking one until its commit, so this comes last.
    pub(super) async fn commit(mut self) -> sqlx::Result<()> {
        append(&mut self.sql, self.now, &self.events).await?;
        self.sql.commit().await?;
        drop(self.turn);
        if !self.events.is_empty() {
            self.buses.iter().for_each(|bus| bus.announce());
        }
        Ok(())
    }
}

/// The database server's clock, so that leases are measured by one clock over all nodes; SQLite
/// has no other machine than this.
async fn now(sql: &mut AnyTransaction) -> sqlx::Result<Timestamp> {
    match sql {
        #[cfg(feature = "postgres")]
        AnyTransaction::Postgres(sql) => {
            let query = sqlx::query_scalar("SELECT clock_timestamp()");
            query.fetch_one(&mut **sql).await
        }
        #[cfg(feature = "sqlite")]
        AnyTransaction::Sqlite(_) => Ok(crate::SystemClock.now()),
        #[cfg(not(feature = "postgres"))]
        AnyTransaction::Postgres(never) => crate::engine::absurd(never),
        #[cfg(not(feature = "sqlite"))]
        AnyTransaction::Sqlite(never) => crate::engine::absurd(never),
    }
}

/// Takes so many numbers. On Postgres the commit will then wake whoever listens.
const fn take(sql: &AnyTransaction) -> &'static str {
    match sql {
        AnyTransaction::Postgres(_) => {
            "UPDATE mt_event_head SET position = position + $1 WHERE id = 1 \
             RETURNING position, pg_notify('mt_events', '')"
        }
        AnyTransaction::Sqlite(_) => {
            "UPDATE mt_event_head SET position = position + $1 WHERE id = 1 RETURNING position"
        }
    }
}

async fn append(sql: &mut AnyTransaction, at: Timestamp, events: &[EventKind]) -> sqlx::Result<()> {
    const ADD: &str = "INSERT INTO mt_events (position, kind, tenant_id, detail, at) \
         VALUES ($1, $2, $3, $4, $5)";
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    if count == 0 {
        return Ok(());
    }
    let take = take(sql);
    let last: i64 = on!(sql, sql =>
        sqlx::query_scalar(take).bind(count).fetch_one(&mut **sql).await?);
    for (number, event) in (last - count + 1..).zip(events) {
        on!(sql, sql => sqlx::query(ADD)
            .bind(number)
            .bind(event.word())
            .bind(event.tenant())
            .bind(event.detail())
            .bind(at)
            .execute(&mut **sql)
            .await.map(drop)?);
    }
    Ok(())
}
