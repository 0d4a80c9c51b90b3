use argon2::password_hash::phc::{Output, ParamsString, PasswordHash as Phc, Salt};
use argon2::password_hash::{self, PasswordHasher as _, PasswordVerifier as _};
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret, SecretString};

use super::cost::HashingCost;
use super::error::PasswordError;
use super::hash::PasswordHash;
use super::plain::Password;
use crate::limits::PASSWORD_MAX_BYTES;

const SALT_BYTES: usize = 16;

/// Hashes passwords with argon2id and checks attempts.
///
/// ```
/// use multitenant_core::password::{HashingCost, Password, PasswordHasher};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let hasher = PasswordHasher::new(HashingCost::OWASP)?;
/// let hash = hasher.hash(&Password::new("correct horse battery".into())?)?;
/// let stored = hash.to_phc_string();
///
/// assert!(hasher.verify(&"correct horse battery".into(), &stored.parse()?)?);
/// assert!(!hasher.verify(&"incorrect horse".into(), &stored.parse()?)?);
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct PasswordHasher {
    cost: HashingCost,
    argon2: Argon2<'static>,
    nobody: PasswordHash,
}

impl PasswordHasher {
    /// A hasher of this cost.
    ///
    /// # Errors
    /// [`PasswordError::Cost`] if it is out of bounds.
    pub fn new(cost: HashingCost) -> Result<Self, PasswordError> {
        let params = cost.params()?;
        Ok(Self {
            cost,
            nobody: PasswordHash::new(nobody(&params).map_err(PasswordError::Hashing)?),
            argon2: Argon2::new(Algorithm::Argon2id, Version::V0x13, params),
        })
    }

    /// Hashes a password with a fresh random salt.
    ///
    /// # Errors
    /// [`PasswordError::Hashing`] or [`PasswordError::Randomness`] if the machine is short of
    /// memory or randomness.
    pub fn hash(&self, password: &Password) -> Result<PasswordHash, PasswordError> {
        let mut salt = [0; SALT_BYTES];
        getrandom::fill(&mut salt).map_err(PasswordError::Randomness)?;
        let password = password.as_secret().expose_secret().as_bytes();
        let hash = self.argon2.hash_password_with_salt(password, &salt);
        hash.map(PasswordHash::new).map_err(PasswordError::Hashing)
    }

    /// Whether somebody typed the right password. What they typed may break the rules of a
    /// [`Password`]; it is then simply wrong, and nothing over 1,024 bytes is hashed.
    ///
    /// # Errors
    /// [`PasswordError::Hashing`] if the hash cannot be computed; a wrong password is no error.
    pub fn verify(
        &self,
        attempt: &SecretString,
        hash: &PasswordHash,
    ) -> Result<bool, PasswordError> {
        let attempt = attempt.expose_secret().as_bytes();
        if attempt.len() > PASSWORD_MAX_BYTES {
            return Ok(false);
        }
        match self.argon2.verify_password(attempt, hash.as_phc()) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::PasswordInvalid) => Ok(false),
            Err(error) => Err(PasswordError::Hashing(error)),
        }
    }

    /// Takes as long as [`verify`](Self::verify) and never says yes: for somebody who is not
    /// there, so that the time does not tell that they are not.
    ///
    /// # Errors
    /// As [`verify`](Self::verify).
    pub fn verify_nobody(&self, attempt: &SecretString) -> Result<bool, PasswordError> {
        self.verify(attempt, &self.nobody).map(|_| false)
    }

    /// Whether a hash was made at another cost, so that it should be made anew at the next right
    /// password.
    #[must_use]
    pub fn needs_rehash(&self, hash: &PasswordHash) -> bool {
        hash.as_phc().version != Some(Version::V0x13.into())
            || hash.cost().is_ok_and(|cost| cost != self.cost)
    }
}

/// A hash of no password, at these costs.
fn nobody(params: &Params) -> password_hash::Result<Phc> {
    Ok(Phc {
        algorithm: ARGON2ID_IDENT,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(params)?,
        salt: Some(Salt::new(&[0; SALT_BYTES])?),
        hash: Some(Output::new(&[0; Params::DEFAULT_OUTPUT_LEN])?),
    })
}

#[cfg(test)]
impl PasswordHasher {
    pub(super) fn nobody_cost(&self) -> HashingCost {
        self.nobody.cost().unwrap()
    }
}
