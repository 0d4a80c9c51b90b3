//! The ways to reach tenants' databases that are measured beside each other.

mod connect_per_request;
mod manager;
mod pool_per_tenant;
mod single_pool;

use anyhow::Result;

pub(crate) use connect_per_request::ConnectPerRequest;
pub(crate) use manager::Manager;
pub(crate) use pool_per_tenant::PoolPerTenant;
pub(crate) use single_pool::SinglePool;

/// One way to reach tenants' databases.
pub(crate) trait Arm: Clone + Send + Sync + 'static {
    /// A request of one tenant: its handle, and one query for one row.
    fn ask(&self, tenant: usize, row: i64) -> impl Future<Output = Result<()>> + Send;

    /// Begins to close every connection.
    fn close(self) -> impl Future<Output = Result<()>> + Send;
}
