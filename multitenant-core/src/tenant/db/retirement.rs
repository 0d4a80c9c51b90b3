//! How a dedicated pool ends: its permits are free once the server counts none of its connections.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use sqlx::pool::PoolOptions;
use sqlx::{Connection, Pool};
use tokio::sync::{Notify, oneshot};
use tokio::time::{sleep, timeout};

use crate::engine::{SqlConnector, SqlEngine, end};
use crate::tenant::budget::{Reservation, Share};

/// How long connections in use may take to come back before the pool is closed under them.
const GRACE: Duration = Duration::from_secs(1);
/// How long a server may take to end a connection that was closed plainly.
const END_DEADLINE: Duration = Duration::from_secs(3);
/// How long one is given where nobody can ask the server about it.
const UNSEEN_END: Duration = Duration::from_millis(250);
const PAUSE: Duration = Duration::from_millis(10);

/// Waits for a pool's end and sees it through.
pub(super) struct Retirement<DB: SqlEngine> {
    share: Share<SqlConnector<DB>>,
    seen: Arc<Seen<DB>>,
    _reservation: Reservation<SqlConnector<DB>>,
}

/// What the pool's hooks know.
struct Seen<DB: SqlEngine> {
    ending: AtomicBool,
    ended: Notify,
    identities: Mutex<Vec<DB::Identity>>,
}

type Connect<DB> = <<DB as sqlx::Database>::Connection as Connection>::Options;

impl<DB: SqlEngine> Retirement<DB> {
    pub(super) fn new(
        share: Share<SqlConnector<DB>>,
        reservation: Reservation<SqlConnector<DB>>,
    ) -> Self {
        let seen = Arc::new(Seen {
            ending: AtomicBool::new(false),
            ended: Notify::new(),
            identities: Mutex::default(),
        });
        Self {
            share,
            seen,
            _reservation: reservation,
        }
    }

    /// The pool, with nothing open. It lets no connection go while it is in use, since one more
    /// would be opened before the server counts one less.
    pub(super) fn pool(&self, options: Connect<DB>, connections: u32) -> Pool<DB> {
        let (opened, released) = (Arc::clone(&self.seen), Arc::clone(&self.seen));
        PoolOptions::new()
            .max_connections(connections)
            .idle_timeout(None)
            .max_lifetime(None)
            .after_connect(move |connection, _| {
                let seen = Arc::clone(&opened);
                Box::pin(async move {
                    let identity = DB::identify(connection).await?;
                    seen.identities.lock().push(identity);
                    Ok(())
                })
            })
            .after_release(move |connection, _| {
                let seen = Arc::clone(&released);
                Box::pin(async move {
                    let ending = seen.ending.load(Ordering::Acquire);
                    if ending {
                        end::<DB>(connection).await;
                        seen.ended.notify_one();
                    }
                    Ok(!ending)
                })
            })
            .connect_lazy_with(options)
    }

    /// Waits until the handle is dropped, somebody closes the pool, or the tenant takes no new
    /// work.
    pub(super) async fn run(self, pool: Pool<DB>, dropped: oneshot::Receiver<()>) {
        let in_peace = tokio::select! {
            _ = dropped => true,
            () = pool.close_event() => false,
            () = self.share.closed() => false,
        };
        self.seen.ending.store(true, Ordering::Release);
        pool.set_connect_options(DB::unreachable());
        let clean = !pool.is_closed() && self.end_all(&pool, in_peace).await;
        // Who still has a connection is waited for, and a listener is told.
        pool.close().await;
        if !clean {
            let _ = timeout(END_DEADLINE, self.gone()).await;
        }
    }

    /// Ends what is idle, and for a while what comes back; returns whether nothing is left.
    async fn end_all(&self, pool: &Pool<DB>, in_peace: bool) -> bool {
        end_idle(pool).await;
        let each = async {
            while pool.size() > 0 {
                let _ = timeout(PAUSE, self.seen.ended.notified()).await;
                end_idle(pool).await;
            }
        };
        let _ = timeout(if in_peace { GRACE } else { Duration::ZERO }, each).await;
        pool.size() == 0
    }

    /// Waits until the server counts no connection that the pool closed by itself: that does not
    /// wait for it. Where the tenant takes no new work, nobody can ask.
    async fn gone(&self) {
        let identities = self.seen.identities.lock().clone();
        while let Ok(mut lease) = self.share.acquire().await {
            lease.soil();
            match DB::are_gone(lease.connection(), &identities).await {
                Ok(false) => {}
                Ok(true) => return,
                Err(_) => break,
            }
            drop(lease);
            sleep(PAUSE).await;
        }
        sleep(UNSEEN_END).await;
    }
}

async fn end_idle<DB: SqlEngine>(pool: &Pool<DB>) {
    while let Some(mut connection) = pool.try_acquire() {
        end::<DB>(&mut connection).await;
        let _ = timeout(END_DEADLINE, connection.close()).await;
    }
}
