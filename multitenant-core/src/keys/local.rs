use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use async_trait::async_trait;
use base64::Engine;
use base64::alphabet;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use super::secret_file;
use super::{KeyError, KeyProvider};
use crate::secret::{Ciphertext, Context, DataKey, KeyId, SecretError, WrappedKey, open, seal};

/// Base64url with or without its padding, as people's tools write it.
const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &alphabet::URL_SAFE,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

const EXPECTED: &str = "one key a line, each 32 bytes in base64url, the current one first";

/// Keys that this process holds itself, from a file or a setting.
///
/// A key is named by a hash of itself, so that a file and a setting with one key mean the same,
/// on every node. The first key wraps, all of them unwrap.
pub struct LocalKeys {
    ring: OnceLock<Ring>,
    /// Where the keys will be kept that there are none of yet.
    file: PathBuf,
}

struct Ring {
    current: LocalKey,
    others: Vec<LocalKey>,
}

struct LocalKey {
    id: KeyId,
    key: DataKey,
}

impl LocalKeys {
    /// Reads a key file. If there is none, [`prepare`](KeyProvider::prepare) makes one with a random
    /// key, where nothing is sealed yet. It blocks, so it belongs at the start of a program.
    ///
    /// A file has mode 0600 and holds one key a line, each 32 bytes in base64url, the current one
    /// first; lines that begin with `#` are comments. Of two processes that start at once, one
    /// makes the file and both read it.
    ///
    /// # Errors
    /// [`KeyError`] if the file cannot be read, can be read by others, or is corrupt.
    pub fn from_file(path: &Path) -> Result<Self, KeyError> {
        let ring = Ring::read(path)?.map(OnceLock::from).unwrap_or_default();
        let file = path.to_owned();
        Ok(Self { ring, file })
    }

    /// Takes the keys from a setting, such as the environment's `DB_ENCRYPTION_KEY`, whose name
    /// is for the error. More keys than one are separated by white space.
    ///
    /// # Errors
    /// [`KeyError::Setting`] if it does not hold 32 bytes in base64url.
    pub fn from_setting(name: &str, value: &SecretString) -> Result<Self, KeyError> {
        let invalid = || KeyError::Setting {
            name: name.to_owned(),
        };
        Ok(Self {
            ring: Ring::parse(value).ok_or_else(invalid)?.into(),
            file: PathBuf::new(),
        })
    }

    fn ring(&self) -> Result<&Ring, KeyError> {
        self.ring.get().ok_or_else(|| KeyError::Missing {
            path: self.file.clone(),
        })
    }
}

impl Ring {
    /// The keys of a file, if there is the file.
    fn read(path: &Path) -> Result<Option<Self>, KeyError> {
        let text = secret_file::read(path)?;
        text.map(|text| Self::of_file(path, &text)).transpose()
    }

    fn of_file(path: &Path, text: &SecretString) -> Result<Self, KeyError> {
        Self::parse(text).ok_or_else(|| KeyError::Corrupt {
            path: path.to_owned(),
            expected: EXPECTED,
        })
    }

    fn parse(text: &SecretString) -> Option<Self> {
        let lines = text.expose_secret().lines();
        let words = lines
            .filter(|line| !line.trim_start().starts_with('#'))
            .flat_map(str::split_whitespace);
        let mut keys = words
            .map(LocalKey::parse)
            .collect::<Option<Vec<_>>>()?
            .into_iter();
        Some(Self {
            current: keys.next()?,
            others: keys.collect(),
        })
    }

    fn find(&self, id: &KeyId) -> Result<&LocalKey, KeyError> {
        let mut keys = std::iter::once(&self.current).chain(&self.others);
        let found = keys.find(|key| key.id == *id);
        found.ok_or_else(|| KeyError::UnknownKey { id: id.clone() })
    }
}

impl LocalKey {
    fn parse(word: &str) -> Option<Self> {
        let bytes = Zeroizing::new(ENGINE.decode(word).ok()?);
        let key = DataKey::try_from(bytes.as_slice()).ok()?;
        let digest = Sha256::new()
            .chain_update(b"multitenant key id v1")
            .chain_update(key.expose_bytes())
            .finalize();
        let id = KeyId::new(&URL_SAFE_NO_PAD.encode(digest.get(..9)?)).ok()?;
        Some(Self { id, key })
    }
}

#[async_trait]
impl KeyProvider for LocalKeys {
    async fn prepare(&self, anything_sealed: bool) -> Result<(), KeyError> {
        if self.ring.get().is_some() {
            return Ok(());
        }
        let path = self.file.clone();
        // Another process may have made the file since it was looked for.
        let reading = tokio::task::spawn_blocking(move || match anything_sealed {
            true => Ring::read(&path)?.ok_or(KeyError::Missing { path }),
            false => Ring::of_file(&path, &secret_file::read_or_create(&path)?),
        });
        let read = reading.await.map_err(|source| KeyError::File {
            path: self.file.clone(),
            source: io::Error::other(source),
        })?;
        let ring = read?;
        self.ring.get_or_init(|| ring);
        Ok(())
    }

    fn current(&self) -> Option<KeyId> {
        Some(self.ring.get()?.current.id.clone())
    }

    async fn wrap(&self, key: &DataKey) -> Result<WrappedKey, KeyError> {
        let LocalKey { id, key: master } = &self.ring()?.current;
        let wrapped = seal(master, &Context::key(id), key.expose_bytes())?;
        Ok(WrappedKey {
            key_id: id.clone(),
            bytes: wrapped.as_bytes().to_vec(),
        })
    }

    async fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, KeyError> {
        let LocalKey { id, key: master } = self.ring()?.find(&wrapped.key_id)?;
        let ciphertext = Ciphertext::try_from(wrapped.bytes.clone())?;
        let key = open(master, &Context::key(id), &ciphertext)?;
        let key: Result<_, SecretError> = DataKey::try_from(key.as_slice());
        Ok(key?)
    }
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let others = self
            .ring
            .get()
            .map(|ring| &*ring.others)
            .unwrap_or_default();
        f.debug_struct("LocalKeys")
            .field("current", &self.current())
            .field(
                "others",
                &others.iter().map(|key| &key.id).collect::<Vec<_>>(),
            )
            .finish_non_exhaustive()
    }
}
