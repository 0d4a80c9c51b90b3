use std::io;
use std::path::PathBuf;

use sqlx::migrate::MigrateError;

use crate::engine::ConnectError;

/// Why the catalog's database could not be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The URL's scheme is not one of an engine that is built in.
    #[error(
        "the catalog's URL must begin with the scheme of an engine that is built in: postgres:// or sqlite://"
    )]
    Scheme,
    /// The URL cannot be read. It is not repeated, since it may hold a password.
    #[error("the catalog's URL cannot be read")]
    Url(#[source] ConnectError),
    /// The file or its folder could not be made or read.
    #[error("the catalog's file {} could not be made or read", path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file is not one that is opened.
    #[error("the catalog's file {} is refused: {reason}", path.display())]
    UnsafeFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The server could not be reached, or refused.
    #[error(
        "the catalog's database could not be opened; is the server running, and may the role create databases?"
    )]
    Database(#[from] sqlx::Error),
    /// The tables could not be brought to this version.
    #[error("the catalog's tables could not be migrated; was it written by a newer version?")]
    Migration(#[from] MigrateError),
}
