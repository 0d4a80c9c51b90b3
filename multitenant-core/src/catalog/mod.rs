//! The platform's own tables: what tenants there are and where, operations over them, who did
//! what, and the log of changes.
//!
//! [`Catalog`] and [`Operations`] are the seams, [`SqlCatalog`] implements both on Postgres and on
//! SQLite, and [`CatalogDirectory`] shows a catalog to a `TenantManager`.

mod audit;
mod change;
mod directory;
mod division;
mod error;
mod idempotency;
mod operation;
mod page;
mod retention;
mod seam;
mod search;
mod secret;
mod server;
mod sql;
mod tenant;

pub use audit::{AuditEntry, AuditFilter, AuditRecord};
pub use change::{Actor, Change, InvalidActor};
pub use directory::{CatalogDirectory, ConnectUrls};
pub use error::CatalogError;
pub use idempotency::{Idempotency, InvalidIdempotencyKey, Reserved};
pub use operation::{
    InvalidWord, Lease, NewOperation, Operation, OperationStatus, OperationStep, Outcome,
    StepStatus, Workable,
};
pub use page::{InvalidPage, Listed, Page};
pub use retention::{Pruned, Retention};
pub use seam::{Catalog, Operations};
#[cfg(feature = "accounts")]
pub(crate) use search::containing;
#[cfg(feature = "provision")]
pub(crate) use secret::open_secret;
pub use secret::{SealedSecret, SecretVault, SecretVaultError};
pub use server::{NodeConnections, ServerPatch, ServerRow};
#[cfg(feature = "accounts")]
pub(crate) use sql::add_audit_row;
pub use sql::{Claim, Granted, OpenError, SqlCatalog, Write, run_pruner};
pub use tenant::{NewTenant, Placement, TenantFilter, TenantPatch, TenantRow};
