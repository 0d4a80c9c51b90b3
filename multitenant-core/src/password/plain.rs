use std::fmt;

use secrecy::{ExposeSecret, SecretString};

use crate::limits::{PASSWORD_MAX_BYTES, PASSWORD_MIN_BYTES};

/// A password that somebody may have: 12 to 1,024 bytes of UTF-8, of any characters (NIST SP
/// 800-63B, section 3.1.1.2, asks for length and nothing else).
///
/// Prints as `[redacted]` and is wiped when dropped.
///
/// ```
/// # use multitenant_core::password::Password;
/// assert!(Password::new("correct horse battery".into()).is_ok());
/// assert!(Password::new("too short".into()).is_err());
/// ```
#[derive(Clone)]
pub struct Password(SecretString);

/// Why a text is no password to choose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidPassword {
    /// Under 12 bytes.
    #[error("a password needs at least 12 characters")]
    TooShort,
    /// Over 1,024 bytes.
    #[error("a password has at most 1,024 bytes")]
    TooLong,
}

impl Password {
    /// Checks the length of a password that somebody chose.
    ///
    /// # Errors
    /// [`InvalidPassword`] under 12 or over 1,024 bytes.
    pub fn new(text: SecretString) -> Result<Self, InvalidPassword> {
        match text.expose_secret().len() {
            ..PASSWORD_MIN_BYTES => Err(InvalidPassword::TooShort),
            PASSWORD_MIN_BYTES..=PASSWORD_MAX_BYTES => Ok(Self(text)),
            _ => Err(InvalidPassword::TooLong),
        }
    }

    pub(super) const fn known_to_be_long_enough(text: SecretString) -> Self {
        Self(text)
    }

    /// The password itself.
    #[must_use]
    pub const fn as_secret(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password([redacted])")
    }
}
