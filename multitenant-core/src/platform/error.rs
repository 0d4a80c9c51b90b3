use crate::catalog::{CatalogError, OpenError};
use crate::directory::DirectoryError;
use crate::engine::provisioner::ProvisionerError;
use crate::keys::KeyError;
use crate::password::PasswordError;

/// Why a platform did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlatformError {
    /// The catalog's database could not be opened.
    #[error("the catalog could not be opened")]
    Open(#[from] OpenError),
    /// The catalog could not be read or written.
    #[error("the catalog could not be used")]
    Catalog(#[from] CatalogError),
    /// The keys that secrets are sealed with could not be had.
    #[error(transparent)]
    Keys(#[from] KeyError),
    /// The tenants' database server, or their folder, could not be readied.
    #[error("the place of the tenants' databases could not be readied")]
    Provisioner(#[from] ProvisionerError),
    /// The tenants' names could not be read.
    #[error("the names of the tenants could not be read")]
    Names(#[from] DirectoryError),
    /// The cost of hashing passwords is out of bounds.
    #[error("passwords cannot be hashed as configured")]
    Password(#[from] PasswordError),
}
