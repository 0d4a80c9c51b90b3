//! How a database is connected to, made, migrated and dropped, on each engine.

#[cfg(feature = "_sql")]
mod cell;
mod connector;
#[cfg(feature = "_sql")]
mod passing;
#[cfg(feature = "_sql")]
mod per_engine;
#[cfg(all(feature = "provision", any(feature = "postgres", feature = "sqlite")))]
pub mod provisioner;
#[cfg(feature = "_sql")]
mod sql_connector;
#[cfg(feature = "_sql")]
mod sql_engine;

#[cfg(feature = "_sql")]
pub use cell::Cell;
#[cfg(feature = "_sql")]
pub(crate) use cell::end;
pub use connector::{ConnectData, ConnectError, Connector, Permit};
#[cfg(feature = "_sql")]
pub(crate) use passing::is_passing;
#[cfg(feature = "_sql")]
pub use per_engine::{AnyPool, AnyTransaction, Never, PerEngine, absurd};
#[cfg(feature = "postgres")]
pub use sql_connector::PostgresConnector;
#[cfg(feature = "_sql")]
pub use sql_connector::SqlConnector;
#[cfg(feature = "sqlite")]
pub use sql_connector::SqliteConnector;
#[cfg(feature = "_sql")]
pub use sql_engine::SqlEngine;
