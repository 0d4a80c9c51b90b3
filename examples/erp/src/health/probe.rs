use std::error::Error;

use async_trait::async_trait;
use serde::Serialize;
use utoipa::ToSchema;

/// Why the catalog does not answer. It goes to the log.
pub type ProbeError = Box<dyn Error + Send + Sync>;

/// What is asked about the server's health.
///
/// ```
/// use erp_server::health::{CacheHealth, Probe, ProbeError};
///
/// struct AlwaysWell;
///
/// #[async_trait::async_trait]
/// impl Probe for AlwaysWell {
///     async fn ask_catalog(&self) -> Result<(), ProbeError> {
///         Ok(())
///     }
///
///     fn cache(&self) -> CacheHealth {
///         CacheHealth::default()
///     }
/// }
/// ```
#[async_trait]
pub trait Probe: Send + Sync + 'static {
    /// Asks the catalog something that it must answer; at most once a second, and given up after
    /// two.
    async fn ask_catalog(&self) -> Result<(), ProbeError>;

    /// What is in memory; asked with each `GET /api/health`.
    fn cache(&self) -> CacheHealth;
}

/// What the server keeps in memory.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CacheHealth {
    /// Clients in memory.
    pub tenants: usize,
    /// Most clients in memory.
    pub capacity: usize,
    /// Open connections to clients' databases.
    pub open_connections: usize,
    /// Those of them that nobody uses now.
    pub idle_connections: usize,
    /// Requests that wait for a connection.
    pub waiting_requests: usize,
    /// Most open connections of this server to clients' databases: its part of what all may have.
    pub max_connections: usize,
}
