//! How a database is connected to, made, migrated and dropped, on each engine.

#[cfg(feature = "_sql")]
mod per_engine;
#[cfg(feature = "provision")]
pub mod provisioner;

#[cfg(feature = "_sql")]
pub use per_engine::{AnyPool, AnyTransaction, Never, PerEngine, absurd};
