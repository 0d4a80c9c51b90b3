use sqlx::types::Json;
use uuid::Uuid;

use crate::catalog::{AuditEntry, CatalogError, Change};
use crate::engine::AnyTransaction;
use crate::events::EventKind;
use crate::{Timestamp, on};

use super::LogTransaction;

/// A change under way: rows, audit rows and events that are committed together or not at all.
/// Dropped, nothing of it remains.
///
/// Tables of your own that stand beside the catalog's take part in it through [`sql`](Self::sql):
///
/// ```
/// use multitenant_core::catalog::{AuditEntry, CatalogError, Change, SqlCatalog};
/// use multitenant_core::on;
///
/// async fn rename(catalog: &SqlCatalog, change: &Change, to: &str) -> Result<(), CatalogError> {
///     let mut write = catalog.write(change).await?;
///     on!(write.sql(), tx => sqlx::query("UPDATE settings SET platform_name = $1")
///         .bind(to)
///         .execute(&mut **tx)
///         .await.map(drop)?);
///     write.audit(AuditEntry::new("settings.rename", "settings", "platform")).await?;
///     write.commit().await
/// }
/// ```
#[must_use = "nothing is written until it is committed"]
pub struct Write<'c> {
    tx: LogTransaction,
    change: &'c Change,
    audited: bool,
}

impl<'c> Write<'c> {
    pub(super) const fn new(tx: LogTransaction, change: &'c Change) -> Self {
        Self {
            tx,
            change,
            audited: false,
        }
    }

    /// The transaction, for writing rows.
    pub const fn sql(&mut self) -> &mut AnyTransaction {
        self.tx.sql()
    }

    /// When the change began; the time of all that it writes.
    #[must_use]
    pub const fn now(&self) -> Timestamp {
        self.tx.now()
    }

    /// On whose account it is made.
    #[must_use]
    pub const fn change(&self) -> &'c Change {
        self.change
    }

    pub(super) const fn tx(&mut self) -> &mut LogTransaction {
        &mut self.tx
    }

    /// Writes an audit row.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn audit(&mut self, entry: AuditEntry) -> Result<(), CatalogError> {
        let (now, change) = (self.now(), self.change);
        add_audit_row(self.sql(), change, now, entry).await?;
        self.audited = true;
        Ok(())
    }

    /// Announces to every node what is different, once it is committed.
    pub fn publish(&mut self, event: EventKind) {
        self.tx.publish(event);
    }

    /// Commits. The events get their numbers last, so that their order is that of the commits.
    ///
    /// # Errors
    /// [`CatalogError::Unaudited`] where no audit row was written; [`CatalogError::Database`].
    pub async fn commit(self) -> Result<(), CatalogError> {
        if !self.audited {
            return Err(CatalogError::Unaudited);
        }
        Ok(self.tx.commit().await?)
    }
}

/// Adds an audit row where the transaction is: in the catalog, or in a tenant's database.
pub(crate) async fn add_audit_row(
    sql: &mut AnyTransaction,
    change: &Change,
    at: Timestamp,
    entry: AuditEntry,
) -> sqlx::Result<()> {
    const ADD: &str = "INSERT INTO mt_audit_logs (id, at, actor, on_behalf_of, action, \
         entity, entity_id, tenant_id, reason, request_id, details) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    on!(sql, sql => sqlx::query(ADD)
        .bind(Uuid::now_v7())
        .bind(at)
        .bind(change.actor.to_string())
        .bind(change.on_behalf_of.as_ref().map(ToString::to_string))
        .bind(&*entry.action)
        .bind(&*entry.entity)
        .bind(&entry.entity_id)
        .bind(entry.tenant)
        .bind(change.reason.as_deref())
        .bind(change.request_id.as_deref())
        .bind(Json(&entry.details))
        .execute(&mut **sql)
        .await.map(drop))?;
    Ok(())
}
