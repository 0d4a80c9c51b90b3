//! Any number of tenants through a fixed number of connections.

mod budget;
#[cfg(feature = "_sql")]
mod db;

pub use budget::{AcquireError, Budget, BudgetOptions, BudgetStats, Lease, Share};
#[cfg(feature = "_sql")]
pub use db::{AnySql, Db, DbConnection};
