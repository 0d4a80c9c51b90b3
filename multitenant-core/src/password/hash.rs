use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc;
use argon2::{ARGON2ID_IDENT, Params};

use super::cost::HashingCost;
use super::error::PasswordError;

/// What is stored of a password: an argon2id hash with its salt and costs, as a PHC string.
///
/// Whoever reads it can try passwords on it, so it prints as `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(phc::PasswordHash);

impl PasswordHash {
    pub(super) const fn new(hash: phc::PasswordHash) -> Self {
        Self(hash)
    }

    pub(super) const fn as_phc(&self) -> &phc::PasswordHash {
        &self.0
    }

    pub(super) fn cost(&self) -> Result<HashingCost, PasswordError> {
        let params = Params::try_from(&self.0).map_err(|_| PasswordError::Stored)?;
        Ok(HashingCost {
            memory_kib: params.m_cost(),
            passes: params.t_cost(),
            lanes: params.p_cost(),
        })
    }

    /// The string to store.
    #[must_use]
    pub fn to_phc_string(&self) -> String {
        self.0.to_string()
    }
}

impl FromStr for PasswordHash {
    type Err = PasswordError;

    /// Reads a stored string. One whose costs are absurd is refused, so that a row cannot hold up
    /// the server.
    fn from_str(text: &str) -> Result<Self, PasswordError> {
        let hash = phc::PasswordHash::new(text).map_err(|_| PasswordError::Stored)?;
        if hash.algorithm != ARGON2ID_IDENT || hash.salt.is_none() || hash.hash.is_none() {
            return Err(PasswordError::Stored);
        }
        let hash = Self(hash);
        hash.cost()?.params().map_err(|_| PasswordError::Stored)?;
        Ok(hash)
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash([redacted])")
    }
}
