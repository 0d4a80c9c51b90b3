//! Any number of tenants through a fixed number of connections.

mod binding;
mod budget;
mod cache;
#[cfg(feature = "_sql")]
mod db;
mod error;
#[cfg(feature = "_sql")]
mod fixed;
mod handle;
mod hosts;
mod live;
mod manager;
mod names;
mod options;
mod per_tenant;
mod states;
mod tenants;
mod visits;
mod wake;

pub use binding::{BaseUrl, InvalidBaseUrl};
pub use budget::{
    AcquireError, Budget, BudgetOptions, BudgetStats, LeasedConnection, Reservation, Share,
    ShareOptions,
};
pub use cache::{Cache, CacheError, CacheKey, CacheOptions, CacheStats, Cached, TenantCache};
#[cfg(any(feature = "postgres", feature = "sqlite"))]
pub use db::AnySql;
#[cfg(feature = "postgres")]
pub use db::Listener;
#[cfg(feature = "_sql")]
pub use db::{Db, DbConnection, DedicatedPool};
pub use error::TenantError;
#[cfg(feature = "_sql")]
pub use fixed::FixedTenants;
pub use handle::{Tenant, WrongEngine};
pub use manager::TenantManager;
pub use options::{ManagerOptions, ManagerStats};
pub use per_tenant::{PerTenant, TenantValue};
pub use states::TenantStates;
pub use tenants::{TenantControl, Tenants};
pub use visits::{VisitError, Visits};

/// A tenant's database on Postgres: importable under the name that existing code knows, as in
/// `use multitenant_core::tenant::PgTenant as PgPool;`.
#[cfg(feature = "postgres")]
pub type PgTenant = Db<sqlx::Postgres>;
/// A tenant's database on SQLite, as [`PgTenant`] on Postgres.
#[cfg(feature = "sqlite")]
pub type SqliteTenant = Db<sqlx::Sqlite>;
