use std::io;
use std::path::PathBuf;

use crate::secret::{KeyId, SecretError};

/// Why a key, or a secret under one, cannot be used. No variant holds a secret.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// A file could not be read, or not be made.
    #[error(
        "cannot read or create the secret file {}; check its folder and who may read it",
        path.display()
    )]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// There is no key file.
    #[error(
        "the key file {} is missing, and what was sealed with its key opens with no other; put it back from a backup, copy it from a node that has it, or name the folder where it is",
        path.display()
    )]
    Missing {
        /// Where it should be.
        path: PathBuf,
    },
    /// Others than its owner may read the file.
    #[error(
        "the secret file {0} can be read by others; run `chmod 600 {0}`, and replace the secret if others may have seen it",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
    },
    /// The file does not hold what it should.
    #[error("the secret file {} is corrupt: expected {expected}; restore it from a backup", path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What should be in it.
        expected: &'static str,
    },
    /// A setting does not hold what it should.
    #[error(
        "{name} must be 32 bytes in base64url; `openssl rand -base64 32 | tr '+/' '-_'` makes a new one"
    )]
    Setting {
        /// The setting's name, such as `DB_ENCRYPTION_KEY`.
        name: String,
    },
    /// A secret was sealed under a key that is not here.
    #[error(
        "the secret was sealed under the key {id}, which is not among ours; was the key file or DB_ENCRYPTION_KEY exchanged?"
    )]
    UnknownKey {
        /// The key that is missing.
        id: KeyId,
    },
    /// This node has another key than those before it.
    #[error(
        "the secrets here are sealed under the key {needed}, and this node's key is {}: give it the key file (or the DB_ENCRYPTION_KEY) of the nodes before it in the place of its own",
        ours.as_ref().map_or("none", KeyId::as_str)
    )]
    OtherKey {
        /// The key that is needed.
        needed: KeyId,
        /// The key that this node would seal with.
        ours: Option<KeyId>,
    },
    /// A key of the right name opens nothing of what is stored.
    #[error(
        "none of the secrets that are stored here opens with this node's key: give it the key file (or the DB_ENCRYPTION_KEY) that they were sealed with"
    )]
    NothingOpens(#[source] Box<KeyError>),
    /// What was opened is no text.
    #[error("the opened secret is not UTF-8 text")]
    NotText,
    /// A service that keeps keys could not be asked.
    #[error("the key service cannot be reached or refused")]
    Service(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// A secret could not be sealed or opened.
    #[error(transparent)]
    Secret(#[from] SecretError),
}
