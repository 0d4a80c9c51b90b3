use std::fmt;
use std::sync::Arc;

use secrecy::{ExposeSecret, SecretString};

use super::{KeyError, KeyProvider};
use crate::secret::{Context, DataKey, KeyId, Sealed, open, seal};

/// The place of what is sealed only to be checked: never to be changed.
const CHECK: &str = "mt_key_checks.value";

/// Seals secrets for the database and opens them again, each under a data key of its own.
///
/// ```
/// use multitenant_core::TenantId;
/// use multitenant_core::keys::{LocalKeys, Vault};
/// use multitenant_core::secret::Context;
/// use secrecy::ExposeSecret;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let setting = "DpOK8NIOuSOQlTq07Vs33tXyERHwfr_xDXKg8jYgYrI".into();
/// let vault = Vault::new(LocalKeys::from_setting("DB_ENCRYPTION_KEY", &setting)?);
/// let (a, b) = (TenantId::generate(), TenantId::generate());
///
/// let stored = vault.seal(&Context::tenant(a, "password"), &"hunter2".into()).await?.to_string();
/// let opened = vault.open(&Context::tenant(a, "password"), &stored.parse()?).await?;
/// assert_eq!(opened.expose_secret(), "hunter2");
/// assert!(vault.open(&Context::tenant(b, "password"), &stored.parse()?).await.is_err());
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Vault {
    provider: Arc<dyn KeyProvider>,
}

impl Vault {
    /// A vault whose data keys the provider wraps.
    pub fn new(provider: impl KeyProvider) -> Self {
        let provider = Arc::new(provider);
        Self { provider }
    }

    /// Readies the provider's keys, once at the start. A key file that is missing is made where
    /// nothing is sealed yet, and an error where something is.
    ///
    /// # Errors
    /// [`KeyError::Missing`], and what keeps a first key from being made.
    pub async fn prepare(&self, anything_sealed: bool) -> Result<(), KeyError> {
        self.provider.prepare(anything_sealed).await
    }

    /// Something sealed under the current key, to be kept with the secrets: by it
    /// [`check`](Self::check) sees on another node whether that has the key too.
    ///
    /// # Errors
    /// Those of [`seal`](Self::seal).
    pub async fn seal_check(&self) -> Result<Sealed, KeyError> {
        self.seal(&Context::platform(CHECK), &CHECK.into()).await
    }

    /// Makes sure that what others have sealed can be opened here, by what
    /// [`seal_check`](Self::seal_check) gave one of them. While keys are exchanged, several are
    /// known, and it may be sealed under any of them.
    ///
    /// # Errors
    /// [`KeyError::OtherKey`] names both keys.
    pub async fn check(&self, check: &Sealed) -> Result<(), KeyError> {
        match self.open(&Context::platform(CHECK), check).await {
            Ok(_) => Ok(()),
            Err(error) => Err(self.blame(error)),
        }
    }

    /// Names this node's key too, where another is needed.
    pub(crate) fn blame(&self, error: KeyError) -> KeyError {
        match error {
            KeyError::UnknownKey { id: needed } => KeyError::OtherKey {
                needed,
                ours: self.current_key(),
            },
            other => other,
        }
    }

    /// The key that seals from now on; `None` where there is none yet.
    #[must_use]
    pub fn current_key(&self) -> Option<KeyId> {
        self.provider.current()
    }

    /// Seals a secret for one place, under a fresh data key.
    ///
    /// # Errors
    /// [`KeyError`] if the provider cannot wrap the key.
    pub async fn seal(&self, place: &Context, secret: &SecretString) -> Result<Sealed, KeyError> {
        let key = DataKey::generate()?;
        let ciphertext = seal(&key, place, secret.expose_secret().as_bytes())?;
        Ok(Sealed::new(self.provider.wrap(&key).await?, ciphertext))
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// [`KeyError`] if it was altered or moved, or its key is not to be had.
    pub async fn open(&self, place: &Context, sealed: &Sealed) -> Result<SecretString, KeyError> {
        let key = self.provider.unwrap(sealed.key()).await?;
        let plain = open(&key, place, sealed.ciphertext())?;
        let text = std::str::from_utf8(&plain).map_err(|_| KeyError::NotText)?;
        Ok(SecretString::from(text))
    }

    /// Whether it is sealed under the provider's current key, and not under one that shall go.
    #[must_use]
    pub fn is_current(&self, sealed: &Sealed) -> bool {
        Some(&sealed.key().key_id) == self.provider.current().as_ref()
    }
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Vault")
            .field("current", &self.provider.current())
            .finish_non_exhaustive()
    }
}
