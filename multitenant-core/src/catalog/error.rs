use std::error::Error;
use std::time::Duration;

use crate::directory::TenantStatus;
use crate::{Code, Domain, OperationId, Problem, ServerId, Slug, TenantId};

/// Why the catalog could not do something.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CatalogError {
    /// Another tenant has the slug.
    #[error("the slug {0} is taken; choose another")]
    SlugTaken(Slug),
    /// Another tenant has the domain.
    #[error("the domain {0} is another tenant's; take it away from that one first")]
    DomainTaken(Domain),
    /// There is no such tenant.
    #[error("there is no tenant {0}")]
    TenantUnknown(TenantId),
    /// The status does not follow from the present one.
    #[error("a tenant that is {from} cannot become {to}")]
    Transition {
        /// The present status.
        from: TenantStatus,
        /// The one that was asked for.
        to: TenantStatus,
    },
    /// An operation on the tenant is under way.
    #[error("another operation on tenant {0} is under way; wait until it has ended")]
    TenantBusy(TenantId),
    /// The tenant has no database yet.
    #[error("tenant {0} has no database yet; wait until it is made")]
    NoDatabase(TenantId),
    /// A tenant had the id before. What is left of one that is gone is looked for by its id.
    #[error("there was a tenant {0} before; give the new one an id of its own")]
    IdReused(TenantId),
    /// The server is not in the catalog.
    #[error("there is no server {0}; add it to the catalog first")]
    ServerUnknown(ServerId),
    /// There is no such operation.
    #[error("there is no operation {0}")]
    OperationUnknown(OperationId),
    /// The operation has no such step.
    #[error("operation {operation} has no step {step:?}")]
    StepUnknown {
        /// The operation.
        operation: OperationId,
        /// The step that was named.
        step: String,
    },
    /// Another node works on the operation.
    #[error("another node works on operation {0}; its lease has not run out")]
    LeaseHeld(OperationId),
    /// Another node has taken the operation over, or it has ended: stop working on it.
    #[error("the lease of operation {0} is lost; another node goes on with it")]
    LeaseLost(OperationId),
    /// The key stands for another request.
    #[error("the idempotency key was used for a different request; use a new one")]
    KeyReused,
    /// A change was to be committed about which no audit row was written.
    #[error("a change was not committed, since no audit row tells of it")]
    Unaudited,
    /// A row holds what this version cannot read.
    #[error("the catalog's {what} cannot be read; was it written by a newer version?")]
    Unreadable {
        /// What it is.
        what: &'static str,
        /// What is wrong with it.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The database refused or could not be reached.
    #[error("the catalog's database refused or did not answer")]
    Database(#[from] sqlx::Error),
}

/// How long a caller is asked to wait before it tries again.
const RETRY: Duration = Duration::from_secs(1);

crate::error::problem_by_value!(CatalogError);

impl From<&CatalogError> for Problem {
    /// What a member of the platform's staff is told.
    fn from(error: &CatalogError) -> Self {
        match error {
            CatalogError::SlugTaken(_) => Self::new(Code::SlugTaken, error.to_string()),
            CatalogError::TenantUnknown(_) | CatalogError::OperationUnknown(_) => {
                Code::NotFound.into()
            }
            CatalogError::DomainTaken(_)
            | CatalogError::Transition { .. }
            | CatalogError::TenantBusy(_)
            | CatalogError::NoDatabase(_)
            | CatalogError::IdReused(_)
            | CatalogError::KeyReused => Self::new(Code::Conflict, error.to_string()),
            CatalogError::Database(_) | CatalogError::LeaseHeld(_) | CatalogError::LeaseLost(_) => {
                Self::retry_later(Code::Unavailable, RETRY, "try again in a moment")
            }
            CatalogError::ServerUnknown(_)
            | CatalogError::StepUnknown { .. }
            | CatalogError::Unaudited
            | CatalogError::Unreadable { .. } => Code::Internal.into(),
        }
    }
}

/// Says which row cannot be read.
pub(super) trait Read<T> {
    fn read(self, what: &'static str) -> Result<T, CatalogError>;
}

impl<T, E: Error + Send + Sync + 'static> Read<T> for Result<T, E> {
    fn read(self, what: &'static str) -> Result<T, CatalogError> {
        self.map_err(|source| CatalogError::Unreadable {
            what,
            source: Box::new(source),
        })
    }
}
