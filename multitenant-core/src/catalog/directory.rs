use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::TenantId;
use crate::directory::{Directory, DirectoryError, Names, TenantRecord};
use crate::engine::ConnectData;
use crate::events::{Event, FollowError, LogReader, Position};

use super::{Catalog, Placement, SecretVault, TenantRow};

/// Composes the URL by which a tenant's database is reached; whoever makes the databases knows.
pub trait ConnectUrls: Send + Sync + 'static {
    /// The connect data of a tenant, whose secret is given in the clear where it has one.
    ///
    /// # Errors
    /// [`DirectoryError`] where the placement names what this composer does not know.
    fn connect_data(
        &self,
        tenant: TenantId,
        placement: &Placement,
        secret: Option<SecretString>,
    ) -> Result<ConnectData, DirectoryError>;
}

/// A catalog as a [`Directory`]: reads a tenant's row, opens its secret, composes its URL.
///
/// A secret that cannot be opened is an error for its tenant; all others go on.
#[derive(Clone)]
pub struct CatalogDirectory {
    catalog: Arc<dyn Catalog>,
    vault: Arc<dyn SecretVault>,
    urls: Arc<dyn ConnectUrls>,
}

impl CatalogDirectory {
    /// Joins a catalog with what opens its secrets and composes its URLs.
    pub fn new(
        catalog: Arc<dyn Catalog>,
        vault: Arc<dyn SecretVault>,
        urls: Arc<dyn ConnectUrls>,
    ) -> Self {
        Self {
            catalog,
            vault,
            urls,
        }
    }

    async fn connect_data(
        &self,
        tenant: TenantId,
        placement: &Placement,
    ) -> Result<ConnectData, DirectoryError> {
        let secret = match &placement.secret {
            Some(sealed) => Some(self.vault.open(tenant, sealed).await),
            None => None,
        };
        let secret = secret.transpose().map_err(DirectoryError::new)?;
        self.urls.connect_data(tenant, placement, secret)
    }
}

#[async_trait]
impl LogReader for CatalogDirectory {
    async fn changes_since(&self, position: Position) -> Result<Vec<Event>, FollowError> {
        self.catalog.changes_since(position).await
    }
}

#[async_trait]
impl Directory for CatalogDirectory {
    /// A tenant without a database yet is none: the event of its placement makes it one.
    async fn find(&self, tenant: TenantId) -> Result<Option<TenantRecord>, DirectoryError> {
        let row = self.catalog.tenant(tenant).await;
        let Some(TenantRow {
            id,
            slug,
            status,
            placement: Some(placement),
            ..
        }) = row.map_err(DirectoryError::new)?
        else {
            return Ok(None);
        };
        let connect = self.connect_data(id, &placement).await?;
        Ok(Some(TenantRecord {
            status,
            ..TenantRecord::active(id, slug, connect)
        }))
    }

    async fn names(&self) -> Result<Names, DirectoryError> {
        self.catalog.names().await.map_err(DirectoryError::new)
    }
}
