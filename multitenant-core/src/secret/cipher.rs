use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit, Nonce};
use zeroize::Zeroizing;

use super::context::Context;
use super::data_key::DataKey;
use super::error::SecretError;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// Something encrypted: the nonce, what it became, and the tag that proves it whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ciphertext(Vec<u8>);

impl Ciphertext {
    /// The bytes to store.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl TryFrom<Vec<u8>> for Ciphertext {
    type Error = SecretError;

    fn try_from(bytes: Vec<u8>) -> Result<Self, SecretError> {
        if bytes.len() < NONCE_BYTES + TAG_BYTES {
            return Err(SecretError::Malformed);
        }
        Ok(Self(bytes))
    }
}

/// Encrypts for one place (AES-256-GCM, NIST SP 800-38D), with a random nonce of 96 bits: one key
/// is good for 2³² secrets.
///
/// # Errors
/// [`SecretError::Randomness`] or [`SecretError::Encryption`].
pub fn seal(key: &DataKey, context: &Context, plain: &[u8]) -> Result<Ciphertext, SecretError> {
    let mut nonce = [0; NONCE_BYTES];
    getrandom::fill(&mut nonce).map_err(SecretError::Randomness)?;
    let payload = Payload {
        msg: plain,
        aad: context.as_bytes(),
    };
    let encrypted = cipher(key).encrypt(&Nonce::from(nonce), payload);
    let encrypted = encrypted.map_err(|_| SecretError::Encryption)?;
    Ok(Ciphertext([nonce.as_slice(), &encrypted].concat()))
}

/// Decrypts what was encrypted for this place.
///
/// # Errors
/// [`SecretError::Tampered`] for another key, another place, or any other bit.
pub fn open(
    key: &DataKey,
    context: &Context,
    ciphertext: &Ciphertext,
) -> Result<Zeroizing<Vec<u8>>, SecretError> {
    let (nonce, encrypted) = ciphertext
        .as_bytes()
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(SecretError::Malformed)?;
    let payload = Payload {
        msg: encrypted,
        aad: context.as_bytes(),
    };
    let plain = cipher(key).decrypt(&Nonce::from(*nonce), payload);
    plain.map(Zeroizing::new).map_err(|_| SecretError::Tampered)
}

fn cipher(key: &DataKey) -> Aes256Gcm {
    Aes256Gcm::new(key.expose_bytes().into())
}
