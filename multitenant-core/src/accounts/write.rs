use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::AccountError;
use crate::Timestamp;
use crate::catalog::{self, AuditEntry, Change};
use crate::engine::AnyTransaction;
use crate::events::{EventKind, Intent, Intents};
use crate::tenant::AnySql;

/// A change of people or roles under way: rows and audit rows that are committed together, and
/// events that every node hears of once they are.
pub(super) enum Write<'c> {
    /// In the catalog, which has the log itself.
    Staff(Box<catalog::Write<'c>>),
    /// In a tenant's database: announced in the catalog first.
    Tenant(TenantWrite<'c>),
}

pub(super) struct TenantWrite<'c> {
    tx: AnyTransaction,
    change: &'c Change,
    now: Timestamp,
    announced: Option<Announced>,
}

struct Announced {
    intents: Arc<dyn Intents>,
    intent: Intent,
    at: Instant,
}

/// A change must be committed, or have failed, before its intent is taken for an orphan.
const DEADLINE: Duration = Duration::from_secs(4);

impl<'c> TenantWrite<'c> {
    /// Announces `events`, if there are any, and begins.
    pub(super) async fn begin(
        db: &AnySql,
        change: &'c Change,
        now: Timestamp,
        intents: &Arc<dyn Intents>,
        events: Vec<EventKind>,
    ) -> Result<Self, AccountError> {
        let announced = match events.is_empty() {
            true => None,
            false => Some(Announced {
                at: Instant::now(),
                intent: intents.open(events).await?,
                intents: Arc::clone(intents),
            }),
        };
        Ok(Self {
            tx: db.begin().await?,
            change,
            now,
            announced,
        })
    }

    async fn commit(self) -> Result<(), AccountError> {
        let Some(announced) = self.announced else {
            return Ok(self.tx.commit().await?);
        };
        if announced.at.elapsed() > DEADLINE {
            return Err(AccountError::TooLate);
        }
        let committed = self.tx.commit().await;
        // Also where it failed: it may have been committed all the same.
        announced.intents.close(&announced.intent).await?;
        Ok(committed?)
    }
}

impl Write<'_> {
    /// The transaction, for writing rows.
    pub(super) const fn sql(&mut self) -> &mut AnyTransaction {
        match self {
            Self::Staff(write) => write.sql(),
            Self::Tenant(write) => &mut write.tx,
        }
    }

    /// The time of all that the change writes.
    pub(super) fn now(&self) -> Timestamp {
        match self {
            Self::Staff(write) => write.now(),
            Self::Tenant(write) => write.now,
        }
    }

    /// Writes an audit row.
    pub(super) async fn audit(&mut self, entry: AuditEntry) -> Result<(), AccountError> {
        match self {
            Self::Staff(write) => write.audit(entry).await?,
            Self::Tenant(write) => {
                catalog::add_audit_row(&mut write.tx, write.change, write.now, entry).await?;
            }
        }
        Ok(())
    }

    /// Takes the change back, and what was announced of it.
    pub(super) async fn give_up(self) -> Result<(), AccountError> {
        match self {
            Self::Staff(write) => drop(write),
            Self::Tenant(write) => {
                write.tx.rollback().await?;
                if let Some(announced) = write.announced {
                    announced.intents.close(&announced.intent).await?;
                }
            }
        }
        Ok(())
    }

    /// Commits, and lets every node hear.
    pub(super) async fn commit(self) -> Result<(), AccountError> {
        match self {
            Self::Staff(write) => Ok(write.commit().await?),
            Self::Tenant(write) => write.commit().await,
        }
    }
}
