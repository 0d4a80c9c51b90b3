//! What the server is told from outside: flags, then the environment, then `.env`, then defaults.

mod databases;
mod environment;
mod error;
mod flags;
mod in_force;
mod parse;
mod reader;
mod settings;
mod sources;

pub use databases::Databases;
pub use environment::AppEnv;
pub use error::{Complaint, ConfigError};
pub use flags::Flags;
pub use in_force::Setting;
pub(crate) use parse::is_server_name;
pub use settings::{Config, FirstAdmin, GivenSecrets};
pub use sources::{Origin, Sources};

#[cfg(test)]
mod tests;
