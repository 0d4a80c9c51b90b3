use std::error::Error;
use std::{io, iter};

use crate::accounts::AccountError;
use crate::auth::sign_in::SignInError;
use crate::catalog::CatalogError;
use crate::password::InvalidPassword;
use crate::provision::ProvisioningError;
use crate::tenant::TenantError;

/// Why a command did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CliError {
    /// Something is missing from the command line, or contradicts what is there.
    #[error("{0}")]
    Usage(String),
    /// What the command is about is not there.
    #[error("there is no {what} {name}")]
    NotFound {
        /// What kind of thing.
        what: &'static str,
        /// By which name it was asked for.
        name: String,
    },
    /// Some tenants' databases are not migrated; the command has said which, and why.
    #[error("{failed} of the tenants could not be migrated")]
    NotMigrated {
        /// How many.
        failed: usize,
    },
    /// The file with the password could not be read.
    #[error("the password could not be read from {file}")]
    PasswordFile {
        /// The file, or what stands for standard input.
        file: String,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// The password cannot be used.
    #[error(transparent)]
    Password(#[from] InvalidPassword),
    /// The password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] SignInError),
    /// The catalog refused, or could not be reached.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A tenant could not be made, migrated or deleted.
    #[error(transparent)]
    Provisioning(#[from] ProvisioningError),
    /// The staff could not be read or changed.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// The log of changes could not be read.
    #[error(transparent)]
    Tenant(#[from] TenantError),
    /// What came of it could not be written.
    #[error("it is done, but what came of it could not be written")]
    Output(#[source] io::Error),
}

/// An error with what led to it, in one line: it stands in a row of a table, or beside others.
pub(super) fn with_causes(error: &(dyn Error + 'static)) -> String {
    let causes = iter::successors(Some(error), |&error| error.source());
    let causes: Vec<_> = causes.map(|cause| cause.to_string()).collect();
    causes.join(": ").replace('\n', " ")
}
