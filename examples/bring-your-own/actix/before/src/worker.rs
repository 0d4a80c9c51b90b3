//! Counts the words of new notes, in the background.

use std::sync::Arc;
use std::time::Duration;

use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How often to look for work that nobody told of.
const PAUSE: Duration = Duration::from_secs(60);

/// Works off what there is, and what comes.
pub async fn run(pool: PgPool, waker: Arc<Notify>) {
    loop {
        let _ = work_off(&pool).await;
        let _ = timeout(PAUSE, waker.notified()).await;
    }
}

/// Works off what there is; returns how much that was.
///
/// # Errors
/// The database's.
pub async fn work_off(pool: &PgPool) -> sqlx::Result<u64> {
    let mut done = 0;
    loop {
        let mut tx = pool.begin().await?;
        let take = "DELETE FROM jobs WHERE id = (SELECT id FROM jobs ORDER BY id LIMIT 1
                    FOR UPDATE SKIP LOCKED) RETURNING note";
        let taken: Option<i64> = sqlx::query_scalar(take).fetch_optional(&mut *tx).await?;
        let Some(note) = taken else { return Ok(done) };
        let count = "UPDATE notes SET words = cardinality(string_to_array(text, ' '))
                     WHERE id = $1";
        sqlx::query(count).bind(note).execute(&mut *tx).await?;
        tx.commit().await?;
        done += 1;
    }
}
