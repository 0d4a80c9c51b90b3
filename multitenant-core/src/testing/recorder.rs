use super::error::{Doing, SetUpError};
use crate::catalog::{AuditFilter, AuditRecord, Catalog, Page, SqlCatalog};
use crate::events::{EventKind, LogReader, Position};
use crate::limits::PAGE_MAX;
use crate::on;
use crate::tenant::Tenant;

/// Records what happens from some moment on: events for all nodes, and audit rows. It reads what
/// was written, and so misses nothing and invents nothing.
///
/// ```
/// # #[cfg(feature = "sqlite")] mod example {
/// use multitenant_core::catalog::{Actor, Catalog, Change};
/// use multitenant_core::directory::TenantStatus;
/// use multitenant_core::events::EventKind;
/// use multitenant_core::rbac::access;
/// use multitenant_core::testing::{SetUpError, TestPlatform};
///
/// # #[tokio::main(flavor = "current_thread")]
/// pub async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let kit = TestPlatform::on_sqlite(access::REGISTRY).tenants(["acme"]).start().await?;
/// let (catalog, acme) = (kit.platform().catalog(), kit.tenant("acme").id());
///
/// let recorder = kit.record().await?;
/// catalog.set_status(&Change::by(Actor::System), acme, TenantStatus::Suspended).await?;
///
/// assert_eq!(recorder.events().await?, [EventKind::TenantChanged { tenant: acme }]);
/// let audit = recorder.audit().await?;
/// assert_eq!((audit.len(), audit[0].tenant), (1, Some(acme)));
/// kit.end().await?;
/// # Ok(()) }
/// # }
/// # #[cfg(feature = "sqlite")] use example::main;
/// # #[cfg(not(feature = "sqlite"))] fn main() {}
/// ```
#[derive(Clone)]
pub struct Recorder {
    catalog: SqlCatalog,
    from: Position,
    audited: i64,
}

impl Recorder {
    /// Records what is written to this catalog from now on.
    ///
    /// # Errors
    /// Where it cannot be read.
    pub async fn start(catalog: &SqlCatalog) -> Result<Self, SetUpError> {
        let names = catalog.names().await.to("read the log")?;
        let (all, page) = (AuditFilter::default(), Page::default());
        let rows = catalog.audit_logs(&all, page).await;
        Ok(Self {
            catalog: catalog.clone(),
            from: names.position,
            audited: rows.to("read audit rows")?.total,
        })
    }

    /// What was told to all nodes since then, in order.
    ///
    /// # Errors
    /// Where the log cannot be read.
    pub async fn events(&self) -> Result<Vec<EventKind>, SetUpError> {
        let events = self.catalog.changes_since(self.from).await;
        let events = events.to("read the log")?;
        Ok(events.into_iter().map(|event| event.kind).collect())
    }

    /// The catalog's audit rows since then, in order.
    ///
    /// # Errors
    /// Where they cannot be read.
    pub async fn audit(&self) -> Result<Vec<AuditRecord>, SetUpError> {
        let (all, mut rows) = (AuditFilter::default(), Vec::new());
        for number in 1.. {
            let page = Page::new(number, PAGE_MAX).to("read audit rows")?;
            let listed = self.catalog.audit_logs(&all, page).await;
            let listed = listed.to("read audit rows")?;
            let read = listed.items.len();
            rows.extend(listed.items);
            let new = usize::try_from(listed.total - self.audited).unwrap_or(0);
            if rows.len() >= new || read == 0 {
                rows.truncate(new);
                break;
            }
        }
        rows.reverse();
        Ok(rows)
    }
}

/// The actions of all audit rows in a tenant's own database, in order.
///
/// # Errors
/// Where they cannot be read.
pub async fn audited_actions(tenant: &Tenant) -> Result<Vec<String>, SetUpError> {
    const ACTIONS: &str = "SELECT action FROM mt_audit_logs ORDER BY id";
    let db = tenant.any_sql().to("reach a tenant's database")?;
    let actions = on!(&db, db => sqlx::query_scalar(ACTIONS).fetch_all(db).await);
    actions.to("read a tenant's audit rows")
}
