use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
use jsonwebtoken::{DecodingKey, EncodingKey};
use secrecy::{ExposeSecret, SecretString};

use super::algorithm::SigningAlgorithm;
use super::error::TokenError;
use super::wire;
use crate::limits::{KEY_ID_MAX_BYTES, SIGNING_SECRET_MIN_BYTES};
use crate::mac;

/// Why a key, or a ring of keys, cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSigningKey {
    /// The secret is shorter than 32 bytes.
    #[error("a signing secret needs at least 32 bytes; `openssl rand -base64 48` makes one")]
    TooShort,
    /// The key's name is empty, too long, or holds something other than letters, digits, `.`, `_`
    /// and `-`.
    #[error("a key id is 1 to 64 of the characters A-Z, a-z, 0-9, `.`, `_` and `-`")]
    Id,
    /// Two keys have the same name or the same secret.
    #[error(
        "two signing keys are the same; each realm and each rotation needs a secret of its own"
    )]
    Repeated,
    /// A ring stands in the place of the other realm's.
    #[error("the key rings of the two realms are in each other's place")]
    Realm,
}

/// A key that signs tokens and checks them; prints as `[redacted]`, and is wiped when dropped.
pub struct SigningKey {
    id: Box<str>,
    algorithm: SigningAlgorithm,
    signing: EncodingKey,
    checking: DecodingKey,
    header: Box<str>,
}

impl SigningKey {
    /// A key of HMAC-SHA256 whose id is derived from the secret, so that every node that has the
    /// secret calls it the same.
    ///
    /// The secret is used as its UTF-8 bytes.
    ///
    /// # Errors
    /// [`InvalidSigningKey::TooShort`] under 32 bytes.
    pub fn hs256(secret: &SecretString) -> Result<Self, InvalidSigningKey> {
        let fingerprint = mac::tag(
            secret.expose_secret().as_bytes(),
            &[b"multitenant key id v1"],
        );
        Self::hs256_named(&URL_SAFE_NO_PAD.encode(&fingerprint[..9]), secret)
    }

    /// A key of HMAC-SHA256 with an id of the operator's choice (the header's `kid`).
    ///
    /// # Errors
    /// [`InvalidSigningKey`] if the secret is under 32 bytes, or the id is not 1 to 64 letters, digits,
    /// `.`, `_` or `-`.
    pub fn hs256_named(id: &str, secret: &SecretString) -> Result<Self, InvalidSigningKey> {
        let secret = secret.expose_secret().as_bytes();
        if secret.len() < SIGNING_SECRET_MIN_BYTES {
            return Err(InvalidSigningKey::TooShort);
        }
        if id.is_empty() || id.len() > KEY_ID_MAX_BYTES || !id.bytes().all(is_id_byte) {
            return Err(InvalidSigningKey::Id);
        }
        let algorithm = SigningAlgorithm::Hs256;
        Ok(Self {
            id: id.into(),
            algorithm,
            signing: EncodingKey::from_secret(secret),
            checking: DecodingKey::from_secret(secret),
            header: wire::encode_header(algorithm, id).into(),
        })
    }

    /// The key's name, as it stands in the header of each of its tokens.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The only algorithm it is used with.
    #[must_use]
    pub const fn algorithm(&self) -> SigningAlgorithm {
        self.algorithm
    }

    /// The header of each token this key signs, encoded.
    pub(super) fn header(&self) -> &str {
        &self.header
    }

    pub(super) fn secret(&self) -> &[u8] {
        self.signing.as_bytes()
    }

    // The backend is named here: the process-wide default panics where another crate of the build
    // turned on jsonwebtoken's second backend.
    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TokenError> {
        let signer = (DEFAULT_PROVIDER.signer_factory)(&self.algorithm.as_jose(), &self.signing);
        let signature = signer.map_err(TokenError::Signing)?.try_sign(message);
        signature.map_err(|error| {
            let kind = jsonwebtoken::errors::ErrorKind::Signing(error.to_string());
            TokenError::Signing(kind.into())
        })
    }

    pub(super) fn check(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), TokenError> {
        let algorithm = self.algorithm.as_jose();
        let verifier = (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &self.checking)
            .map_err(|_| TokenError::Signature)?;
        let checked = verifier.verify(message, signature);
        checked.map_err(|_| TokenError::Signature)
    }
}

fn is_id_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-".contains(&byte)
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .field("algorithm", &self.algorithm)
            .field("secret", &"[redacted]")
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rules_of_a_signing_key() {
        let secret = SecretString::from("0123456789abcdef0123456789abcdef");
        let short = SecretString::from("0123456789abcdef0123456789abcde");
        let long_id = "k".repeat(65);
        let table = [
            ("2026-01", &secret, None),
            ("2026-01", &short, Some(InvalidSigningKey::TooShort)),
            ("", &secret, Some(InvalidSigningKey::Id)),
            ("../../etc/passwd", &secret, Some(InvalidSigningKey::Id)),
            ("a\"b", &secret, Some(InvalidSigningKey::Id)),
            (&long_id, &secret, Some(InvalidSigningKey::Id)),
        ];
        for (id, secret, expected) in table {
            assert_eq!(
                SigningKey::hs256_named(id, secret).err(),
                expected,
                "{id:?}"
            );
        }
    }

    #[test]
    fn one_secret_gets_one_id_and_another_gets_another() {
        let id = |secret: &str| {
            let key = SigningKey::hs256(&SecretString::from(secret)).unwrap();
            key.id().to_owned()
        };
        let secret = "0123456789abcdef0123456789abcdef";
        assert_eq!(id(secret), id(secret));
        assert_ne!(id(secret), id(&secret.to_uppercase()));
    }

    #[test]
    fn a_key_prints_no_secret() {
        let secret = SecretString::from("canary-canary-canary-canary-canary");
        let printed = format!("{:?}", SigningKey::hs256(&secret).unwrap());
        assert!(!printed.contains("canary"), "{printed}");
    }
}
