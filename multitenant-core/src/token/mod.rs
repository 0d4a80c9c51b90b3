//! Tokens of two realms, signed with keys that the realms do not share: pure logic, with the time
//! handed in.
//!
//! An access token says who acts for the next minutes and is checked without any lookup; a refresh
//! token stands for the session and is exchanged for the next pair.

mod access;
mod algorithm;
mod claims;
mod error;
mod key;
mod refresh;
mod refresh_body;
mod ring;
mod wire;

pub use algorithm::SigningAlgorithm;
pub use claims::{AccessClaims, Verified};
pub use error::TokenError;
pub use key::{InvalidSigningKey, SigningKey};
pub use refresh::{RefreshHash, RefreshToken};
pub use refresh_body::RefreshScope;
pub use ring::{KeyRing, KeyRings};

#[cfg(test)]
mod tests;
