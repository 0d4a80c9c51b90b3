//! Envelope encryption of secrets at rest: AES-256-GCM under a data key, which is itself stored
//! encrypted under a key that is not in the database. Pure: where that key lives is for
//! the floor above to know.

mod cipher;
mod context;
mod data_key;
mod error;
mod key_id;
mod sealed;

pub use cipher::{Ciphertext, open, seal};
pub use context::Context;
pub use data_key::DataKey;
pub use error::SecretError;
pub use key_id::{InvalidKeyId, KeyId};
pub use sealed::{Sealed, WrappedKey};

#[cfg(test)]
mod tests;
