//! Tenants' secrets, to see which keys are needed.

use crate::catalog::{CatalogError, SealedSecret};
use crate::secret::{KeyId, Sealed};
use crate::{TenantId, on};

use super::SqlCatalog;

/// Most that are read at once.
const SOME: i64 = 100;

type Stored = Vec<(TenantId, String)>;

impl SqlCatalog {
    /// Some of the secrets that are stored, those of the newest tenants.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn some_secrets(&self) -> Result<Vec<(TenantId, SealedSecret)>, CatalogError> {
        const READ: &str = "SELECT id, secret FROM mt_tenants WHERE secret IS NOT NULL \
             ORDER BY created_at DESC LIMIT $1";
        let stored: Stored = on!(self.pool(), pool =>
            sqlx::query_as(READ).bind(SOME).fetch_all(pool).await?);
        Ok(read(stored))
    }

    /// Some of the secrets that are not in the form of those under this key: under another, or
    /// damaged.
    ///
    /// # Errors
    /// [`CatalogError::Database`].
    pub async fn some_secrets_not_under(
        &self,
        key: &KeyId,
    ) -> Result<Vec<(TenantId, SealedSecret)>, CatalogError> {
        const READ: &str = "SELECT id, secret FROM mt_tenants WHERE secret IS NOT NULL \
             AND substr(secret, 1, length($1)) <> $1 ORDER BY created_at DESC LIMIT $2";
        let prefix = Sealed::prefix(key);
        let stored: Stored = on!(self.pool(), pool =>
            sqlx::query_as(READ).bind(&prefix).bind(SOME).fetch_all(pool).await?);
        Ok(read(stored))
    }
}

fn read(stored: Stored) -> Vec<(TenantId, SealedSecret)> {
    let sealed = |(tenant, text)| (tenant, SealedSecret::from_text(text));
    stored.into_iter().map(sealed).collect()
}
