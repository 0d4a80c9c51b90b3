use sha2::{Digest, Sha256};

use crate::{OperationId, TenantId};

use super::Lease;

/// Most bytes in an `Idempotency-Key`.
const KEY_MAX_BYTES: usize = 255;

/// Marks a request whose repetitions must not do it again, and what it asked for.
///
/// A key belongs to the actor who used it: two people may use the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Idempotency {
    pub(super) key: String,
    pub(super) request_hash: [u8; 32],
}

/// A text that is no idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key has 1 to {KEY_MAX_BYTES} visible ASCII characters")]
pub struct InvalidIdempotencyKey;

impl Idempotency {
    /// A key, and the request in a form in which equal requests are equal bytes.
    ///
    /// # Errors
    /// [`InvalidIdempotencyKey`] for a key that is empty, too long, or not of visible ASCII characters.
    pub fn new(key: &str, request: &[u8]) -> Result<Self, InvalidIdempotencyKey> {
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic());
        if key.is_empty() || key.len() > KEY_MAX_BYTES || !visible {
            return Err(InvalidIdempotencyKey);
        }
        Ok(Self {
            key: key.to_owned(),
            request_hash: Sha256::digest(request).into(),
        })
    }
}

/// What came of asking for a tenant.
#[derive(Debug, PartialEq, Eq)]
pub enum Reserved {
    /// The slug is reserved; make the tenant.
    New(Lease),
    /// This request was made before.
    Repeated {
        /// The operation that was begun then; it has not failed.
        operation: OperationId,
        /// The tenant that was reserved then.
        tenant: TenantId,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_visible_ascii() {
        let long = "k".repeat(256);
        for (key, accepted) in [
            ("8e03978e-40d5-43dd-bc93-6894a57f9324", true),
            (&long[..255], true),
            (&long, false),
            ("", false),
            ("a b", false),
            ("ключ", false),
            ("a\n", false),
        ] {
            assert_eq!(Idempotency::new(key, b"").is_ok(), accepted, "{key:?}");
        }
    }

    #[test]
    fn a_different_request_has_a_different_hash() {
        let hash = |request| Idempotency::new("key", request).map(|i| i.request_hash);
        assert_ne!(hash(b"a"), hash(b"b"));
    }
}
