use std::error::Error;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use secrecy::SecretString;

use crate::TenantId;
use crate::keys::{KeyError, Vault};
use crate::secret::{Context, Sealed};

/// A tenant's secret as it stands in the catalog: encrypted and bound to the tenant, in the text
/// form of [`Sealed`] or that of a vault of your own. It is not looked into before it is opened,
/// so that one that was damaged stands in the way of its own tenant only.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedSecret(String);

impl SealedSecret {
    /// Takes what a [`SecretVault`] or a row gave.
    #[must_use]
    pub const fn from_text(text: String) -> Self {
        Self(text)
    }

    /// The text as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
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
pub struct SecretVaultError(#[source] pub Arc<dyn Error + Send + Sync>);

impl SecretVaultError {
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
    /// [`SecretVaultError`] when no key can be had.
    async fn seal(
        &self,
        tenant: TenantId,
        secret: &SecretString,
    ) -> Result<SealedSecret, SecretVaultError>;

    /// Opens what was sealed for this tenant.
    ///
    /// # Errors
    /// [`SecretVaultError`] when it was not sealed for this tenant, was altered, or no key fits.
    async fn open(
        &self,
        tenant: TenantId,
        sealed: &SealedSecret,
    ) -> Result<SecretString, SecretVaultError>;
}

/// The place of a connection secret, bound into its ciphertext: never to be changed.
fn place(tenant: TenantId) -> Context {
    Context::tenant(tenant, "mt_tenants.secret")
}

/// As [`SecretVault::open`], and says what is wrong with the key.
pub(crate) async fn open_secret(
    vault: &Vault,
    tenant: TenantId,
    sealed: &SealedSecret,
) -> Result<SecretString, KeyError> {
    let sealed: Sealed = sealed.as_str().parse()?;
    vault.open(&place(tenant), &sealed).await
}

#[async_trait]
impl SecretVault for Vault {
    async fn seal(
        &self,
        tenant: TenantId,
        secret: &SecretString,
    ) -> Result<SealedSecret, SecretVaultError> {
        let sealed = Self::seal(self, &place(tenant), secret).await;
        let sealed = sealed.map_err(SecretVaultError::new)?;
        Ok(SealedSecret::from_text(sealed.to_string()))
    }

    async fn open(
        &self,
        tenant: TenantId,
        sealed: &SealedSecret,
    ) -> Result<SecretString, SecretVaultError> {
        let opened = open_secret(self, tenant, sealed).await;
        opened.map_err(SecretVaultError::new)
    }
}
