//! Message authentication and derivation of keys (HMAC-SHA256, RFC 2104).

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// A key of HMAC-SHA256 that is forgotten when dropped.
pub(crate) type MacKey = Zeroizing<[u8; 32]>;

#[allow(
    clippy::expect_used,
    reason = "HMAC takes a key of any length (RFC 2104)"
)]
fn absorb(key: &[u8], parts: &[&[u8]]) -> Hmac<Sha256> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    for part in parts {
        mac.update(part);
    }
    mac
}

/// HMAC-SHA256 of the parts, one after the other.
pub(crate) fn tag(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    absorb(key, parts).finalize().into_bytes().into()
}

/// Whether `expected` is the tag of `message`, in constant time.
#[cfg(feature = "tokens")]
pub(crate) fn matches(key: &MacKey, message: &[u8], expected: &[u8]) -> bool {
    absorb(key.as_slice(), &[message])
        .verify_slice(expected)
        .is_ok()
}

/// A key for one purpose out of a secret for many: extraction by RFC 5869, section 2.2, with the
/// purpose as salt.
pub(crate) fn derive(purpose: &[&[u8]], secret: &[u8]) -> MacKey {
    Zeroizing::new(tag(&purpose.concat(), &[secret]))
}
