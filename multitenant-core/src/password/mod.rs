//! Passwords: what one is, a random one to begin with, and what is stored of it. Pure, and costly
//! on purpose: hashing belongs on a thread where it may block.

mod cost;
mod error;
mod hash;
mod hasher;
mod plain;
mod temporary;

pub use cost::HashingCost;
pub use error::PasswordError;
pub use hash::PasswordHash;
pub use hasher::PasswordHasher;
pub use plain::{InvalidPassword, Password};
pub use temporary::TemporaryPassword;

#[cfg(test)]
mod tests;
