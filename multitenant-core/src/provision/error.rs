use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::accounts::AccountError;
use crate::catalog::{CatalogError, SecretVaultError};
use crate::engine::provisioner::{ProvisionerError, SchemaVersion};
use crate::tenant::TenantError;
use crate::{Code, Problem, ServerId, TenantId};

/// A step of a tenant's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StepName {
    /// Making the secret of the tenant's login, and sealing it.
    Keys,
    /// Making the login.
    Login,
    /// Cloning the database from the migrated template.
    Database,
    /// Giving it roles and a first admin.
    Seed,
    /// What the application does.
    Application,
    /// Serving it from now on.
    Activate,
    /// Bringing the database to another schema.
    Migrate,
    /// Refusing new work and ending the old.
    Close,
    /// Dropping the database.
    DropDatabase,
    /// Dropping the login.
    DropLogin,
}

impl StepName {
    /// The word under which it is stored.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Keys => "keys",
            Self::Login => "login",
            Self::Database => "database",
            Self::Seed => "seed",
            Self::Application => "application",
            Self::Activate => "activate",
            Self::Migrate => "migrate",
            Self::Close => "close",
            Self::DropDatabase => "drop_database",
            Self::DropLogin => "drop_login",
        }
    }
}

impl fmt::Display for StepName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why [`Provisioning`](super::Provisioning) did not make, migrate or delete a tenant.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisioningError {
    /// The catalog refused, or could not be reached.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// Nothing here makes databases on that server.
    #[error("there is no provisioner for server {0}; configure one")]
    ServerUnknown(ServerId),
    /// No server that can be reached takes tenants that do not name it.
    #[error("no server that can be reached takes new tenants; let one take them, or name one")]
    NoServer,
    /// A step failed; what had been done is undone.
    #[error("the step {step} failed; what was done before it is undone")]
    Step {
        /// The step.
        step: StepName,
        /// What went wrong.
        #[source]
        source: Arc<dyn Error + Send + Sync>,
    },
    /// The database could not be brought to another schema.
    #[error("the tenant's database could not be migrated; what was applied before stays")]
    Migration(#[source] ProvisionerError),
    /// The database has a newer schema than this node's; it is left as it is.
    #[error(
        "tenant {tenant}'s database has the schema {theirs}, which is newer than {ours} here, and is left alone; migrate with the newer version of the application"
    )]
    SchemaNewer {
        /// The tenant.
        tenant: TenantId,
        /// The schema that its database has.
        theirs: String,
        /// The schema of this node.
        ours: SchemaVersion,
    },
    /// A request is repeated whose tenant was made, and is deleted or being deleted.
    #[error(
        "tenant {0}, which was made with this key, is deleted since; use a new key for another"
    )]
    DeletedSince(TenantId),
    /// The first admin of a tenant that was made before could not be given a fresh password.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The work was cut off on this node.
    #[error("the work was cut off; what is half done is ended in a moment")]
    Interrupted,
    /// What is left of tenants that are gone could not be looked for, or not be dropped.
    #[error("what is left of tenants that are gone could not be dropped; it is tried again later")]
    Leftovers(#[from] ProvisionerError),
    /// The change is made, but could not be brought into force here yet.
    #[error(transparent)]
    Tenant(#[from] TenantError),
}

/// Gives a failure the name of the step in which it happened.
pub(super) trait During<T> {
    fn during(self, step: StepName) -> Result<T, ProvisioningError>;
}

impl<T, E: IntoSource> During<T> for Result<T, E> {
    fn during(self, step: StepName) -> Result<T, ProvisioningError> {
        self.map_err(|error| ProvisioningError::Step {
            step,
            source: error.into_source(),
        })
    }
}

pub(super) trait IntoSource {
    fn into_source(self) -> Arc<dyn Error + Send + Sync>;
}

macro_rules! into_source {
    ($($error:ty),+) => {
        $(impl IntoSource for $error {
            fn into_source(self) -> Arc<dyn Error + Send + Sync> {
                Arc::new(self)
            }
        })+
    };
}

into_source!(
    ProvisionerError,
    SecretVaultError,
    AccountError,
    CatalogError,
    crate::password::PasswordError,
    crate::auth::sign_in::SignInError,
    crate::engine::ConnectError
);

impl IntoSource for Box<dyn Error + Send + Sync> {
    fn into_source(self) -> Arc<dyn Error + Send + Sync> {
        self.into()
    }
}

const RETRY: Duration = Duration::from_secs(2);

crate::error::problem_by_value!(ProvisioningError);

impl From<&ProvisioningError> for Problem {
    /// What a member of the platform's staff is told.
    fn from(error: &ProvisioningError) -> Self {
        match error {
            ProvisioningError::Catalog(error) => error.into(),
            ProvisioningError::ServerUnknown(_) | ProvisioningError::Migration(_) => {
                Code::Internal.into()
            }
            ProvisioningError::NoServer
            | ProvisioningError::Step { .. }
            | ProvisioningError::Interrupted
            | ProvisioningError::Leftovers(_) => {
                Self::retry_later(Code::Unavailable, RETRY, error.to_string())
            }
            ProvisioningError::DeletedSince(_) | ProvisioningError::SchemaNewer { .. } => {
                Self::new(Code::Conflict, error.to_string())
            }
            ProvisioningError::Account(error) => error.into(),
            ProvisioningError::Tenant(error) => error.into(),
        }
    }
}
