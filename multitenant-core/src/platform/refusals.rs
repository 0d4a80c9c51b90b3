use std::collections::HashMap;
use std::time::Duration;

use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::TenantId;
use crate::auth::Identity;
use crate::catalog::{Actor, AuditEntry, CatalogError, Change, SqlCatalog};
use crate::gate::{Refusal, RefusalLog};

/// Refusals that wait to be written; a flood beyond is dropped rather than kept.
const WAITING: usize = 10_000;
/// How often they are written, those alike as one row with their number.
const PAUSE: Duration = Duration::from_secs(1);

/// Refusals on their way into the catalog's audit rows.
pub(super) struct Refusals {
    sender: mpsc::Sender<Noted>,
}

#[derive(PartialEq, Eq, Hash)]
struct Noted {
    actor: Actor,
    tenant: Option<TenantId>,
    reason: String,
}

impl RefusalLog for Refusals {
    fn refused(&self, who: &Identity, why: &Refusal) {
        let noted = Noted {
            actor: Actor::person(who.tenant(), who.subject.clone()),
            tenant: who.tenant(),
            reason: why.to_string(),
        };
        if self.sender.try_send(noted).is_err() {
            tracing::warn!("more requests are refused than can be written down");
        }
    }
}

/// Writes refusals down on `runtime` until the returned task is aborted.
pub(super) fn run(catalog: SqlCatalog, runtime: &Handle) -> (Refusals, JoinHandle<()>) {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let writing = runtime.spawn(async move {
        let mut batch = Vec::new();
        while receiver.recv_many(&mut batch, WAITING).await > 0 {
            if let Err(error) = write(&catalog, batch.drain(..)).await {
                tracing::warn!(%error, "refusals could not be written down");
            }
            tokio::time::sleep(PAUSE).await;
        }
    });
    (Refusals { sender }, writing)
}

async fn write(
    catalog: &SqlCatalog,
    batch: impl Iterator<Item = Noted>,
) -> Result<(), CatalogError> {
    let mut counts: HashMap<Noted, u64> = HashMap::new();
    for noted in batch {
        *counts.entry(noted).or_default() += 1;
    }
    for (noted, times) in counts {
        let change = Change::by(noted.actor.clone());
        let mut write = catalog.write(&change).await?;
        let entry = AuditEntry::new("request.refused", "person", &noted.actor);
        let entry = match noted.tenant {
            Some(tenant) => entry.of_tenant(tenant),
            None => entry,
        };
        let details = json!({"reason": noted.reason, "times": times});
        write.audit(entry.with_details(details)).await?;
        write.commit().await?;
    }
    Ok(())
}
