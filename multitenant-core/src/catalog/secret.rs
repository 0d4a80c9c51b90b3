use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::TenantId;
use crate::keys::Vault;
use crate::secret::Context;

/// A tenant's secret as it stands in the catalog: encrypted and bound to the tenant.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(Vec<u8>);

impl SealedSecret {
    /// Takes what a [`SecretVault`] or a row gave.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes as they are stored.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SealedSecret([redacted])")
    }
}

/// A secret could not be sealed or opened.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the secret of a tenant could not be sealed or opened")]
pub struct SecretError(#[source] pub Arc<dyn Error + Send + Sync>);

impl SecretError {
    /// Wraps the vault's own error.
    pub fn new(source: impl Error + Send + Sync + 'static) -> Self {
        Self(Arc::new(source))
    }
}

/// Seals and opens tenants' connection secrets, each bound to its tenant: what was sealed for one
/// does not open for another.
#[async_trait]
pub trait SecretVault: Send + Sync + 'static {
    /// Seals a secret for one tenant.
    ///
    /// # Errors
    /// [`SecretError`] when no key can be had.
    async fn seal(
        &self,
        tenant: TenantId,
        secret: &SecretString,
    ) -> Result<SealedSecret, SecretError>;

    /// Opens what was sealed for this tenant.
    ///
    /// # Errors
    /// [`SecretError`] when it was not sealed for this tenant, was altered, or no key fits.
    async fn open(
        &self,
        tenant: TenantId,
        sealed: &SealedSecret,
    ) -> Result<SecretString, SecretError>;
}

/// The column that a sealed secret stands in; a secret of another column does not open there.
const COLUMN: &str = "mt_tenants.secret";

#[async_trait]
impl SecretVault for Vault {
    async fn seal(
        &self,
        tenant: TenantId,
        secret: &SecretString,
    ) -> Result<SealedSecret, SecretError> {
        let sealed = Self::seal(self, &Context::tenant(tenant, COLUMN), secret).await;
        let sealed = sealed.map_err(SecretError::new)?;
        Ok(SealedSecret::from_bytes(sealed.to_string().into_bytes()))
    }

    async fn open(
        &self,
        tenant: TenantId,
        sealed: &SealedSecret,
    ) -> Result<SecretString, SecretError> {
        let text = std::str::from_utf8(sealed.as_bytes()).map_err(SecretError::new)?;
        let sealed = text.parse().map_err(SecretError::new)?;
        let opened = Self::open(self, &Context::tenant(tenant, COLUMN), &sealed).await;
        opened.map_err(SecretError::new)
    }
}
