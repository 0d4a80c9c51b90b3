use std::fmt;
use std::io;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;

use crate::TenantId;

/// Which step of a tenant's life was under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Step {
    /// Readying the server or the folder, once at start.
    Prepare,
    /// Building, finding or dropping the migrated template.
    Template,
    /// Making the tenant's login.
    CreateLogin,
    /// Making the tenant's database.
    CreateDatabase,
    /// Bringing the tenant's database to the newest schema.
    Migrate,
    /// Allowing or refusing the tenant's login.
    SetLogin,
    /// Ending the sessions of the tenant's login.
    EndSessions,
    /// Dropping the tenant's database.
    DropDatabase,
    /// Dropping the tenant's login.
    DropLogin,
    /// Looking up what there is.
    Inspect,
    /// Showing that a node lives, or looking which do.
    Attend,
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Prepare => "prepare the server for tenants",
            Self::Template => "build the template of tenants' databases",
            Self::CreateLogin => "create the tenant's login",
            Self::CreateDatabase => "create the tenant's database",
            Self::Migrate => "migrate the tenant's database",
            Self::SetLogin => "allow or refuse the tenant's login",
            Self::EndSessions => "end the tenant's sessions",
            Self::DropDatabase => "drop the tenant's database",
            Self::DropLogin => "drop the tenant's login",
            Self::Inspect => "look up what there is of tenants",
            Self::Attend => "show that a node lives, or look which do",
        })
    }
}

/// Why a [`Provisioner`](super::Provisioner) could not do what it was asked. Each step may be tried again as it is.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProvisionerError {
    /// The database server refused or could not be reached.
    #[error("could not {step}: the database refused or did not answer")]
    Database {
        /// What was under way.
        step: Step,
        /// What the driver said.
        #[source]
        source: sqlx::Error,
    },
    /// A migration failed, or differs from the one that was applied before.
    #[error("could not {step}: the migrations {set:?} did not apply")]
    Migration {
        /// What was under way.
        step: Step,
        /// The set's name.
        set: String,
        /// What sqlx said.
        #[source]
        source: MigrateError,
    },
    /// A function of the application's that migrates failed.
    #[error("could not {step}: the function {set:?} failed")]
    Function {
        /// What was under way.
        step: Step,
        /// The set's name.
        set: String,
        /// What the function said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A file could not be read, written or removed.
    #[error("could not {step}: {} cannot be used", path.display())]
    File {
        /// What was under way.
        step: Step,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file or folder is not as the provisioner makes it.
    #[error("{} is refused: {reason}", path.display())]
    UnsafeFile {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        reason: &'static str,
    },
    /// The admin URL cannot be read.
    #[error("the admin URL cannot be read: expected postgres://user:password@host:port/postgres")]
    AdminUrl(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// Connecting took too long.
    #[error("could not {step}: the server did not accept a connection in time")]
    ConnectTimeout {
        /// What was under way.
        step: Step,
    },
    /// The server is older than what the provisioner relies on.
    #[error("the server runs Postgres {found}, but Postgres 15 or newer is needed")]
    ServerTooOld {
        /// The server's version as it tells it.
        found: String,
    },
    /// The admin role may not do what is needed.
    #[error("the admin role {role:?} needs {attribute}: ALTER ROLE {role:?} {attribute}")]
    AdminLacks {
        /// The admin role.
        role: String,
        /// `CREATEDB` or `CREATEROLE`.
        attribute: &'static str,
    },
    /// A role that all tenants share has attributes or memberships that would be theirs too.
    #[error(
        "the role {role:?} may do more than the library gives it: take that from it, or choose another prefix"
    )]
    RoleTooPowerful {
        /// The role.
        role: String,
    },
    /// The login must be made before the database, so that no database is without an owner's trace.
    #[error("tenant {tenant} has no login yet: create the login before the database")]
    LoginMissing {
        /// The tenant.
        tenant: TenantId,
    },
    /// The database must be dropped before the login.
    #[error("tenant {tenant} still has a database: drop the database before the login")]
    DatabaseRemains {
        /// The tenant.
        tenant: TenantId,
    },
    /// There is no such database.
    #[error("tenant {tenant} has no database")]
    DatabaseMissing {
        /// The tenant.
        tenant: TenantId,
    },
    /// Somebody else has been migrating the database for as long as one waits for it.
    #[error("tenant {tenant}'s database is being migrated by somebody else; try again later")]
    BeingMigrated {
        /// The tenant.
        tenant: TenantId,
    },
    /// There is no such template.
    #[error("the template of schema {version} is missing: ensure the template first")]
    TemplateMissing {
        /// The schema's version.
        version: String,
    },
    /// Sessions did not end within the deadline.
    #[error("{count} sessions of tenant {tenant} did not end in time")]
    SessionsRemain {
        /// The tenant.
        tenant: TenantId,
        /// How many are left.
        count: i64,
    },
    /// A table that the schema declares append-only or read-only is not there after the migrations.
    #[error(
        "the schema declares {table:?} append-only or read-only, but no migration makes that table"
    )]
    TableMissing {
        /// The table.
        table: String,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes")]
    Random(#[source] io::Error),
}

/// Names the step in which a result failed.
pub(super) trait During<T> {
    fn during(self, step: Step) -> Result<T, ProvisionerError>;
}

impl<T> During<T> for sqlx::Result<T> {
    fn during(self, step: Step) -> Result<T, ProvisionerError> {
        self.map_err(|source| ProvisionerError::Database { step, source })
    }
}
