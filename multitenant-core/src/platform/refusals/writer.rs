use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::sync::{Notify, mpsc};

use super::lost::Lost;
use super::pending::{Noted, Pending, WAITING};
use crate::catalog::{AuditEntry, CatalogError, Change, SqlCatalog};

/// How often refusals are written.
const PAUSE: Duration = Duration::from_secs(1);

/// Writes refusals down, and keeps what could not be written for a while.
pub(super) struct Writer {
    catalog: SqlCatalog,
    receiver: mpsc::Receiver<Noted>,
    pending: Pending,
    lost: Arc<Lost>,
}

impl Writer {
    pub(super) fn new(
        catalog: SqlCatalog,
        receiver: mpsc::Receiver<Noted>,
        lost: Arc<Lost>,
    ) -> Self {
        Self {
            catalog,
            receiver,
            pending: Pending::default(),
            lost,
        }
    }

    /// Writes until no more can come and none waits; `ending` cuts the present pause short.
    pub(super) async fn run(mut self, ending: Arc<Notify>) {
        while self.gather().await {
            self.write().await;
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = ending.notified() => {}
            }
        }
    }

    /// Takes what has come, and waits for it where nothing else is to be written. `false`: nothing
    /// is, and nothing will be.
    async fn gather(&mut self) -> bool {
        if self.pending.is_empty() {
            let Some(first) = self.receiver.recv().await else {
                return false;
            };
            self.add(first);
        }
        while let Ok(noted) = self.receiver.try_recv() {
            self.add(noted);
        }
        true
    }

    fn add(&mut self, noted: Noted) {
        self.lost.add(self.pending.add(noted, WAITING));
    }

    /// Writes until one fails: then the others would, most likely, and it is tried again later.
    async fn write(&mut self) {
        while let Some((noted, times)) = self.pending.next() {
            match write(&self.catalog, noted, times).await {
                Ok(()) => self.pending.written(),
                Err(error) => {
                    tracing::warn!(%error, "refusals could not be written down yet");
                    self.lost.add(self.pending.failed());
                    return;
                }
            }
        }
    }
}

impl Drop for Writer {
    /// Counts what is left when it was cut off.
    fn drop(&mut self) {
        let received = std::iter::from_fn(|| self.receiver.try_recv().ok()).count();
        let received = u64::try_from(received).unwrap_or(u64::MAX);
        self.lost.add(self.pending.total().saturating_add(received));
    }
}

async fn write(catalog: &SqlCatalog, noted: &Noted, times: u64) -> Result<(), CatalogError> {
    let change = Change::by(noted.actor.clone());
    let mut write = catalog.write(&change).await?;
    let entry = AuditEntry::new("request.refused", "person", &noted.actor);
    let entry = match noted.tenant {
        Some(tenant) => entry.of_tenant(tenant),
        None => entry,
    };
    let details = json!({"reason": noted.reason, "times": times});
    write.audit(entry.with_details(details)).await?;
    write.commit().await
}

#[cfg(feature = "sqlite")]
#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Actor, AuditFilter, Catalog, Page};
    use crate::on;

    fn noted(reason: &str) -> Noted {
        Noted {
            actor: Actor::System,
            tenant: None,
            reason: reason.to_owned(),
        }
    }

    async fn rename(catalog: &SqlCatalog, sql: &'static str) {
        on!(catalog.pool(), pool => sqlx::raw_sql(sql).execute(pool).await.map(drop)).unwrap();
    }

    #[tokio::test]
    async fn what_fails_waits_for_the_next_round_and_what_is_cut_off_is_counted_as_lost() {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/catalog.db", folder.path().display());
        let catalog = SqlCatalog::open(&url.into()).await.unwrap();
        let (sender, receiver) = mpsc::channel(10);
        let lost = Arc::<Lost>::default();
        let mut writer = Writer::new(catalog.clone(), receiver, Arc::clone(&lost));
        for reason in ["one", "two", "one"] {
            sender.try_send(noted(reason)).unwrap();
        }
        rename(&catalog, "ALTER TABLE mt_audit_logs RENAME TO away").await;
        assert!(writer.gather().await);
        writer.write().await;
        assert_eq!(writer.pending.total(), 3);

        rename(&catalog, "ALTER TABLE away RENAME TO mt_audit_logs").await;
        writer.write().await;
        assert!(writer.pending.is_empty());
        let (all, page) = (AuditFilter::default(), Page::default());
        assert_eq!(catalog.audit_logs(&all, page).await.unwrap().total, 2);
        assert_eq!(lost.count(), 0);

        for reason in ["three", "three"] {
            sender.try_send(noted(reason)).unwrap();
        }
        drop(writer);
        assert_eq!(lost.count(), 2);
    }
}
