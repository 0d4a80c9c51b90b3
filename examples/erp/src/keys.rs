//! The secrets that the server works with: those it was given, or those it has made for itself.

use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};

use multitenant_core::keys::{KeyError, LocalKeys, signing_secret_file};
use secrecy::SecretString;

use crate::config::Config;

/// All secrets, ready to use.
#[derive(Debug)]
pub struct Secrets {
    /// Signs the tokens of platform staff.
    pub enterprise_jwt: SecretString,
    /// Signs the tokens of clients' users.
    pub client_jwt: SecretString,
    /// Encrypts secrets at rest.
    pub encryption: LocalKeys,
}

/// Why the secrets cannot be had.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretsError {
    /// The folder of the generated keys cannot be made.
    #[error("cannot make the folder {} for generated keys; check who may write there", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        #[source]
        source: io::Error,
    },
    /// Others than its owner may open the folder of the generated keys.
    #[error(
        "the folder {0} of the generated keys is open to others; run `chmod 700 {0}`, and replace the keys if others may have seen them",
        path.display()
    )]
    Exposed {
        /// The folder.
        path: PathBuf,
    },
    /// A key cannot be used.
    #[error(transparent)]
    Key(#[from] KeyError),
}

impl Secrets {
    /// Takes each secret from the configuration, which in production has all of them; one that is
    /// not there is read from its file in the folder `keys` of the data folder, and made at the
    /// first start: the key that encrypts once the catalog is known to hold nothing encrypted. It
    /// blocks, so it belongs at the start of a program.
    ///
    /// # Errors
    /// [`SecretsError`] names the file or folder at fault, and what to do.
    pub fn load(config: &Config) -> Result<Self, SecretsError> {
        let folder = config.data_dir.join("keys");
        let given = &config.secrets;
        Ok(Self {
            enterprise_jwt: signing(given.enterprise_jwt.as_ref(), &folder, "enterprise-jwt")?,
            client_jwt: signing(given.client_jwt.as_ref(), &folder, "client-jwt")?,
            encryption: match &given.encryption_key {
                Some(key) => LocalKeys::from_setting("DB_ENCRYPTION_KEY", key)?,
                None => LocalKeys::from_file(&private(&folder)?.join("db-encryption"))?,
            },
        })
    }
}

fn signing(
    given: Option<&SecretString>,
    folder: &Path,
    file: &str,
) -> Result<SecretString, SecretsError> {
    match given {
        Some(secret) => Ok(secret.clone()),
        None => Ok(signing_secret_file(&private(folder)?.join(file))?),
    }
}

/// The folder, made if it is missing, once it is sure that nobody else may open it.
fn private(folder: &Path) -> Result<&Path, SecretsError> {
    let failure = |source| SecretsError::Folder {
        path: folder.to_owned(),
        source,
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(failure)?;
    let mode = folder.metadata().map_err(failure)?.permissions().mode();
    match mode & 0o077 {
        0 => Ok(folder),
        _ => Err(SecretsError::Exposed {
            path: folder.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, Permissions};

    use multitenant_core::keys::KeyProvider;
    use secrecy::ExposeSecret;
    use tempfile::TempDir;

    use super::*;
    use crate::config::{Flags, Sources};

    const LONG: &str = "0123456789abcdef0123456789abcdef";

    fn load(data_dir: &TempDir, client_jwt: Option<&str>) -> Result<Secrets, SecretsError> {
        let sources = Sources::new(Flags::default(), |name| match name {
            "ERP_DATA_DIR" => Some(data_dir.path().join("data").into()),
            "CLIENT_JWT_SECRET" => client_jwt.map(Into::into),
            _ => None,
        });
        Secrets::load(&Config::read(&sources).unwrap())
    }

    fn mode(path: &Path) -> u32 {
        path.metadata().unwrap().permissions().mode() & 0o777
    }

    #[tokio::test]
    async fn what_is_not_given_is_made_once_and_only_for_the_owner() {
        let data_dir = tempfile::tempdir().unwrap();
        let first = load(&data_dir, None).unwrap();
        first.encryption.prepare(false).await.unwrap();
        let second = load(&data_dir, None).unwrap();
        let [enterprise, client] = [&first.enterprise_jwt, &first.client_jwt];
        assert_eq!(
            enterprise.expose_secret(),
            second.enterprise_jwt.expose_secret()
        );
        assert_eq!(client.expose_secret(), second.client_jwt.expose_secret());
        assert_ne!(enterprise.expose_secret(), client.expose_secret());
        assert_eq!(first.encryption.current(), second.encryption.current());
        assert!(second.encryption.current().is_some());

        let folder = data_dir.path().join("data/keys");
        assert_eq!(mode(&folder), 0o700);
        let files: Vec<_> = fs::read_dir(&folder).unwrap().collect();
        assert_eq!(files.len(), 3);
        for file in files {
            assert_eq!(mode(&file.unwrap().path()), 0o600);
        }
    }

    #[test]
    fn what_is_given_is_taken_and_no_file_made_for_it() {
        let data_dir = tempfile::tempdir().unwrap();
        let secrets = load(&data_dir, Some(LONG)).unwrap();
        assert_eq!(secrets.client_jwt.expose_secret(), LONG);
        assert!(!data_dir.path().join("data/keys/client-jwt").exists());
    }

    #[tokio::test]
    async fn a_key_that_cannot_be_trusted_is_named_with_what_to_do() {
        type Spoil = fn(&Path);
        let table: [(&str, Spoil, &str); 4] = [
            ("keys", |path| open_to_others(path, 0o755), "chmod 700"),
            (
                "keys/client-jwt",
                |path| open_to_others(path, 0o644),
                "chmod 600",
            ),
            (
                "keys/client-jwt",
                |path| fs::write(path, "short").unwrap(),
                "is corrupt",
            ),
            (
                "keys/db-encryption",
                |path| fs::write(path, "\0").unwrap(),
                "is corrupt",
            ),
        ];
        for (name, spoil, remedy) in table {
            let data_dir = tempfile::tempdir().unwrap();
            let secrets = load(&data_dir, None).unwrap();
            secrets.encryption.prepare(false).await.unwrap();
            let path = data_dir.path().join("data").join(name);
            spoil(&path);
            let error = load(&data_dir, None).unwrap_err().to_string();
            assert!(error.contains(path.to_str().unwrap()), "{error}");
            assert!(error.contains(remedy), "{error}");
        }
    }

    fn open_to_others(path: &Path, mode: u32) {
        fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
    }
}
