//! What tenants there are.

mod fixed;
mod status;

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;

use crate::engine::ConnectData;
use crate::events::{LogReader, Position};
use crate::{Domain, Slug, TenantId};

pub(crate) use fixed::FixedDirectory;
pub use status::InvalidStatus;

/// A failure of the store behind a [`Directory`] or a log.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the directory of tenants could not be read")]
pub struct DirectoryError(#[source] pub Arc<dyn Error + Send + Sync>);

impl DirectoryError {
    /// Wraps the store's own error.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

/// Whether a tenant is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TenantStatus {
    /// Being made.
    Provisioning,
    /// Served.
    Active,
    /// Not served for now; what was issued to it works again after activation.
    Suspended,
    /// Kept, but not served.
    Archived,
    /// Being deleted.
    Deleting,
}

/// What is known of one tenant, with its connect data in the clear.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TenantRecord {
    /// Its id.
    pub id: TenantId,
    /// Its slug.
    pub slug: Slug,
    /// Whether it is served.
    pub status: TenantStatus,
    /// Where its database is.
    pub connect: ConnectData,
}

impl TenantRecord {
    /// A record of an active tenant.
    #[must_use]
    pub fn active(id: TenantId, slug: Slug, connect: ConnectData) -> Self {
        Self {
            id,
            slug,
            status: TenantStatus::Active,
            connect,
        }
    }
}

/// The names that exist, as of a place in the log.
#[derive(Debug, Clone, Default)]
pub struct Names {
    /// What follows in the log after this place is not in `names`.
    pub position: Position,
    /// Every tenant, whatever its status.
    pub names: Vec<(TenantId, Slug)>,
    /// The tenants' own domains.
    pub domains: Vec<(Domain, TenantId)>,
}

/// Finds tenants. Beside a [`Connector`](crate::engine::Connector) it is all that a
/// `TenantManager` needs.
///
/// What changed since a place in the log comes from [`LogReader`], its supertrait.
///
#[doc = include_str!("../docs/seams/directory.md")]
#[async_trait]
pub trait Directory: LogReader {
    /// Reads one tenant; `None` where there is none with this id. Called once for a tenant that
    /// nobody has asked for lately, and again after an event names it.
    ///
    /// # Errors
    /// [`DirectoryError`] when the store cannot be read, or when this tenant's secret cannot be
    /// opened.
    async fn find(&self, tenant: TenantId) -> Result<Option<TenantRecord>, DirectoryError>;

    /// Reads all names that exist. Called at the start, and again after events that were missed or
    /// that this version cannot read.
    ///
    /// # Errors
    /// [`DirectoryError`] when the store cannot be read.
    async fn names(&self) -> Result<Names, DirectoryError>;
}
