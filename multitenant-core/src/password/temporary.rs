use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{Password, PasswordError};

/// Crockford's base 32: no letter that looks like a digit.
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
const GROUPS: usize = 5;
const GROUP: usize = 5;

/// A random password to sign in with once and then change: 125 bits, in five groups of five
/// letters and digits that can be read aloud, such as `7m3xk-…`.
///
/// It is shown once, so it is not `Clone`; it prints as `[redacted]`.
#[derive(Debug)]
pub struct TemporaryPassword(Password);

impl TemporaryPassword {
    /// Makes a new one.
    ///
    /// # Errors
    /// [`PasswordError::Randomness`] if the operating system gives no random bytes.
    pub fn generate() -> Result<Self, PasswordError> {
        let mut random = Zeroizing::new([0_u8; GROUPS * GROUP]);
        getrandom::fill(random.as_mut_slice()).map_err(PasswordError::Randomness)?;
        let mut text = String::with_capacity(GROUPS * (GROUP + 1));
        for group in random.chunks_exact(GROUP) {
            if !text.is_empty() {
                text.push('-');
            }
            text.extend(
                group
                    .iter()
                    .map(|byte| char::from(ALPHABET[usize::from(byte % 32)])),
            );
        }
        let secret = SecretString::from(text);
        Ok(Self(Password::known_to_be_long_enough(secret)))
    }

    /// It as a password, to be hashed.
    #[must_use]
    pub const fn as_password(&self) -> &Password {
        &self.0
    }

    /// The text, to be shown to its owner and nowhere else.
    #[must_use]
    pub fn reveal(&self) -> &str {
        self.0.as_secret().expose_secret()
    }
}
