use std::fmt;
use std::sync::Arc;

const KEY_ID_MAX_BYTES: usize = 200;

/// Names a key that wraps data keys, so that several can be in use while one is rotated: 1 to 200
/// visible ASCII characters without a dot, which a key's ARN is too.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct KeyId(Arc<str>);

/// A text that names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a key id is 1 to 200 visible ASCII characters without a dot")]
pub struct InvalidKeyId;

impl KeyId {
    /// Checks a name.
    ///
    /// # Errors
    /// [`InvalidKeyId`] for what could not be stored.
    pub fn new(text: &str) -> Result<Self, InvalidKeyId> {
        let visible = |byte: u8| byte.is_ascii_graphic() && byte != b'.';
        if text.is_empty() || text.len() > KEY_ID_MAX_BYTES || !text.bytes().all(visible) {
            return Err(InvalidKeyId);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
