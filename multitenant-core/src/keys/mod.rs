//! Where the keys live that wrap data keys, and the vault that seals secrets with them.

mod error;
mod local;
mod provider;
mod secret_file;
mod vault;

pub use error::KeyError;
pub use local::LocalKeys;
pub use provider::KeyProvider;
pub use secret_file::signing_secret_file;
pub use vault::Vault;

#[cfg(test)]
mod tests;
