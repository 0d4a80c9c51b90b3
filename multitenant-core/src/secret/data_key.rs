use std::fmt;

use zeroize::Zeroizing;

use super::error::SecretError;

/// A key of AES-256-GCM that encrypts one tenant's secrets, or one secret. Prints as `[redacted]`
/// and is wiped when dropped.
pub struct DataKey(Zeroizing<[u8; 32]>);

impl DataKey {
    /// A new random key.
    ///
    /// # Errors
    /// [`SecretError::Randomness`] if the operating system gives no random bytes.
    pub fn generate() -> Result<Self, SecretError> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(bytes.as_mut_slice()).map_err(SecretError::Randomness)?;
        Ok(Self(bytes))
    }

    /// A key that was unwrapped elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The bare key, to be wrapped and never stored.
    #[must_use]
    pub fn expose_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl TryFrom<&[u8]> for DataKey {
    type Error = SecretError;

    fn try_from(bytes: &[u8]) -> Result<Self, SecretError> {
        let bytes = bytes.try_into().map_err(|_| SecretError::Malformed)?;
        Ok(Self(Zeroizing::new(bytes)))
    }
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DataKey([redacted])")
    }
}
