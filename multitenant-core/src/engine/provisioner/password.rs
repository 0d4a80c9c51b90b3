use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::error::ProvisionerError;

/// The password of a tenant's login: 16 to 128 characters of base64url.
///
/// It is made, never chosen; the alphabet needs no escaping in SQL or URLs, and no preparation for
/// SCRAM (RFC 4013 leaves ASCII as it is). Prints as `[redacted]`.
#[derive(Clone)]
pub struct LoginPassword(SecretString);

/// A text that is no login password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a login password has 16 to 128 characters of A-Z, a-z, 0-9, - and _")]
pub struct InvalidLoginPassword;

impl LoginPassword {
    /// Makes a password of 256 random bits.
    ///
    /// # Errors
    /// [`ProvisionerError::Random`] where the system has no random bytes to give.
    pub fn generate() -> Result<Self, ProvisionerError> {
        let bytes = Zeroizing::new(random::<32>()?);
        Ok(Self(SecretString::from(URL_SAFE_NO_PAD.encode(*bytes))))
    }

    /// The password's text.
    #[must_use]
    pub fn expose_secret(&self) -> &str {
        self.0.expose_secret()
    }
}

impl TryFrom<SecretString> for LoginPassword {
    type Error = InvalidLoginPassword;

    /// Takes a password that was kept, or derived from a key.
    fn try_from(secret: SecretString) -> Result<Self, InvalidLoginPassword> {
        let text = secret.expose_secret();
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if !(16..=128).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(InvalidLoginPassword);
        }
        Ok(Self(secret))
    }
}

impl fmt::Debug for LoginPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], ProvisionerError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)
        .map_err(|error| ProvisionerError::Random(std::io::Error::other(error.to_string())))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_login_password() {
        let table = [
            ("abcdefghijklmnop", true),
            ("ABCDEFGHIJ-_0123", true),
            ("abcdefghijklmno", false),
            ("abcdefghijklmno%41", false),
            ("abcdefghijklmno'p", false),
            ("abcdefghijklmno\0p", false),
            ("abcdefghijklmnoäp", false),
        ];
        for (text, expected) in table {
            let password = LoginPassword::try_from(SecretString::from(text));
            assert_eq!(password.is_ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_generated_password_is_new_valid_and_never_printed() {
        let password = LoginPassword::generate().unwrap();
        assert_ne!(
            password.expose_secret(),
            LoginPassword::generate().unwrap().expose_secret()
        );
        assert!(LoginPassword::try_from(password.0.clone()).is_ok());
        assert_eq!(format!("{password:?}"), "[redacted]");
    }
}
