//! Refusals on their way into the catalog's audit rows.

mod pending;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::auth::Identity;
use crate::catalog::{Actor, SqlCatalog};
use crate::gate::{Refusal, RefusalLog};

use pending::Noted;
use writer::Writer;

/// Refusals that wait to be written; a flood beyond is counted and dropped rather than kept.
const WAITING: usize = 10_000;

/// Notes refusals, and has them written every second, those alike as one row with their number.
pub(super) struct Refusals {
    /// Empty once no more are taken.
    sender: Mutex<Option<mpsc::Sender<Noted>>>,
    writing: Mutex<Option<JoinHandle<()>>>,
    ending: Arc<Notify>,
    lost: Arc<AtomicU64>,
}

impl Refusals {
    /// Writes into `catalog`, on `runtime`, until [`finish`](Self::finish).
    pub(super) fn written_to(catalog: SqlCatalog, runtime: &Handle) -> Self {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (ending, lost) = (Arc::<Notify>::default(), Arc::<AtomicU64>::default());
        let writer = Writer::new(catalog, receiver, Arc::clone(&lost));
        let writing = runtime.spawn(writer.run(Arc::clone(&ending)));
        Self {
            sender: Mutex::new(Some(sender)),
            writing: Mutex::new(Some(writing)),
            ending,
            lost,
        }
    }

    /// How many were dropped unwritten.
    pub(super) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    /// Takes no more, and writes what waits; what is not written within `deadline` is lost.
    pub(super) async fn finish(&self, deadline: Duration) {
        drop(self.sender.lock().take());
        self.ending.notify_one();
        let writing = self.writing.lock().take();
        let Some(mut writing) = writing else { return };
        if tokio::time::timeout(deadline, &mut writing).await.is_err() {
            writing.abort();
            // Aborted, it counts what it leaves.
            let _ = writing.await;
        }
    }
}

impl RefusalLog for Refusals {
    fn refused(&self, who: &Identity, why: &Refusal) {
        let noted = Noted {
            actor: Actor::person(who.tenant(), who.subject.clone()),
            tenant: who.tenant(),
            reason: why.to_string(),
        };
        let sent = self.sender.lock().as_ref().map(|to| to.try_send(noted));
        if !matches!(sent, Some(Ok(()))) {
            lose(&self.lost, 1);
        }
    }
}

/// Counts refusals that are not written, and says so now and then.
fn lose(lost: &AtomicU64, count: u64) {
    const SAY_EVERY: u64 = 1_000;
    if count == 0 {
        return;
    }
    let before = lost.fetch_add(count, Ordering::Relaxed);
    let now = before + count;
    if before == 0 || before / SAY_EVERY != now / SAY_EVERY {
        tracing::warn!(lost = now, "refused requests could not be written down");
    }
}
