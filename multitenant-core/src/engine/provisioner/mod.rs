//! Making, migrating and dropping a tenant's database and its login, on either engine.
//!
//! [`Provisioner`] is the seam; [`PostgresProvisioner`] and [`SqliteProvisioner`] are its two
//! implementations. Each method is one step of a tenant's life, and running it again after a crash
//! at any instant ends in the same state, so that a saga can stand above it.

mod attendance;
mod error;
mod footprint;
mod migration_set;
mod names;
mod password;
#[cfg(feature = "postgres")]
mod postgres;
mod schema;
mod schema_levels;
mod seam;
#[cfg(feature = "sqlite")]
mod sqlite;
mod warning;

pub use attendance::Attendance;
pub use error::{ProvisionerError, Step};
pub use footprint::{DatabaseState, Footprint, Login};
pub use migration_set::MigrationSet;
pub use names::{DatabaseName, DatabaseRole, InvalidRolePrefix, RolePrefix};
pub use password::{InvalidLoginPassword, LoginPassword};
#[cfg(feature = "postgres")]
pub use postgres::PostgresProvisioner;
pub use schema::{Schema, SchemaVersion};
pub use schema_levels::SchemaLevels;
pub use seam::{Provisioner, Template};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteProvisioner;
pub use warning::ServerWarning;
