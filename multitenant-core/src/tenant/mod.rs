//! Any number of tenants through a fixed number of connections.

mod budget;
mod cache;
#[cfg(feature = "_sql")]
mod db;
mod error;
mod handle;
mod hosts;
mod live;
mod manager;
mod names;
mod options;
mod tenants;

pub use budget::{AcquireError, Budget, BudgetOptions, BudgetStats, LeasedConnection, Share};
pub use cache::{Cache, CacheError, CacheKey, CacheOptions, CacheStats, Cached, TenantCache};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use db::AnySql;
#[cfg(feature = "_sql")]
pub use db::{Db, DbConnection};
pub use error::TenantError;
pub use handle::{Tenant, WrongEngine};
pub use manager::TenantManager;
pub use options::{ManagerOptions, ManagerStats};
pub use tenants::{TenantControl, Tenants};
