//! Refusals on their way into the catalog's audit rows.

mod lost;
mod pending;
mod writer;

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;

use crate::auth::Identity;
use crate::catalog::{Actor, SqlCatalog};
use crate::gate::{Refusal, RefusalLog};

use lost::Lost;
use pending::{Noted, WAITING};
use writer::Writer;

/// Notes refusals, and has them written every second, those alike as one row with their number.
pub(super) struct Refusals {
    /// Empty once no more are taken.
    sender: Mutex<Option<mpsc::Sender<Noted>>>,
    writing: Mutex<Option<JoinHandle<()>>>,
    ending: Arc<Notify>,
    lost: Arc<Lost>,
}

impl Refusals {
    /// Writes into `catalog`, on `runtime`, until [`finish`](Self::finish).
    pub(super) fn written_to(catalog: SqlCatalog, runtime: &Handle) -> Arc<Self> {
        let (sender, receiver) = mpsc::channel(WAITING);
        let (ending, lost) = (Arc::<Notify>::default(), Arc::<Lost>::default());
        let writer = Writer::new(catalog, receiver, Arc::clone(&lost));
        let writing = runtime.spawn(writer.run(Arc::clone(&ending)));
        Arc::new(Self {
            sender: Mutex::new(Some(sender)),
            writing: Mutex::new(Some(writing)),
            ending,
            lost,
        })
    }

    /// How many were dropped unwritten.
    pub(super) fn lost(&self) -> u64 {
        self.lost.count()
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
            self.lost.add(1);
        }
    }
}
