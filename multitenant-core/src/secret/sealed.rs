use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::cipher::Ciphertext;
use super::error::SecretError;
use super::key_id::KeyId;

const VERSION: &str = "v1";

/// A data key as it may be stored: encrypted under the key of this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WrappedKey {
    /// The key under which it is encrypted.
    pub key_id: KeyId,
    /// The encrypted data key, in the form of whoever wrapped it.
    pub bytes: Vec<u8>,
}

/// A secret as it is stored: what is needed to open it, but the one key that is elsewhere.
///
/// As text it is `v1.<key id>.<wrapped data key>.<nonce, ciphertext, tag>`, the last two in
/// base64url: so it fits a text column on every engine, and a query for `v1.<key id>.%` finds what
/// is still sealed under a key that shall go.
///
/// ```
/// use multitenant_core::TenantId;
/// use multitenant_core::secret::{Context, DataKey, KeyId, Sealed, WrappedKey, open, seal};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let key = DataKey::generate()?;
/// let place = Context::tenant(TenantId::generate(), "password");
/// let ciphertext = seal(&key, &place, b"hunter2")?;
/// # let wrapped = WrappedKey { key_id: KeyId::new("key-1")?, bytes: vec![7; 60] };
/// let stored = Sealed::new(wrapped, ciphertext).to_string();
///
/// let sealed: Sealed = stored.parse()?;
/// assert_eq!(open(&key, &place, sealed.ciphertext())?.as_slice(), b"hunter2");
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sealed {
    key: WrappedKey,
    ciphertext: Ciphertext,
}

impl Sealed {
    /// Joins a secret with the wrapped key that opens it.
    #[must_use]
    pub const fn new(key: WrappedKey, ciphertext: Ciphertext) -> Self {
        Self { key, ciphertext }
    }

    /// With what the text of everything begins that is sealed under this key.
    #[must_use]
    pub fn prefix(key: &KeyId) -> String {
        format!("{VERSION}.{key}.")
    }

    /// The data key, wrapped.
    #[must_use]
    pub const fn key(&self) -> &WrappedKey {
        &self.key
    }

    /// The secret, encrypted under the data key.
    #[must_use]
    pub const fn ciphertext(&self) -> &Ciphertext {
        &self.ciphertext
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let wrapped = URL_SAFE_NO_PAD.encode(&self.key.bytes);
        let ciphertext = URL_SAFE_NO_PAD.encode(self.ciphertext.as_bytes());
        let prefix = Self::prefix(&self.key.key_id);
        write!(f, "{prefix}{wrapped}.{ciphertext}")
    }
}

impl FromStr for Sealed {
    type Err = SecretError;

    fn from_str(text: &str) -> Result<Self, SecretError> {
        let parts: Vec<_> = text.splitn(5, '.').collect();
        let (key_id, wrapped, ciphertext) = match parts.as_slice() {
            [VERSION, key_id, wrapped, ciphertext] => (key_id, wrapped, ciphertext),
            [version, _, ..] if is_version(version) => return Err(SecretError::Version),
            _ => return Err(SecretError::Malformed),
        };
        let key = WrappedKey {
            key_id: KeyId::new(key_id).map_err(|_| SecretError::Malformed)?,
            bytes: decode(wrapped)?,
        };
        Ok(Self::new(key, decode(ciphertext)?.try_into()?))
    }
}

fn is_version(text: &str) -> bool {
    let digits = text.strip_prefix('v').unwrap_or_default();
    text != VERSION && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn decode(part: &str) -> Result<Vec<u8>, SecretError> {
    let decoded = URL_SAFE_NO_PAD.decode(part);
    decoded.map_err(|_| SecretError::Malformed)
}
