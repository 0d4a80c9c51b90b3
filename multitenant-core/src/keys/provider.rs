use async_trait::async_trait;

use super::KeyError;
use crate::secret::{DataKey, KeyId, WrappedKey};

/// Wraps and unwraps data keys with a key that never enters the database: a file, an environment
/// value, or a service such as AWS KMS or Vault transit.
///
/// An implementation must
/// 1. unwrap what any of its keys wrapped, not only the current one, and
/// 2. refuse a wrapped key that was altered, or that names another key than wrapped it.
///
/// ```
/// use async_trait::async_trait;
/// use multitenant_core::keys::{KeyError, KeyProvider};
/// use multitenant_core::secret::{Context, DataKey, KeyId, WrappedKey, open, seal};
///
/// struct OneKey(KeyId, DataKey);
///
/// #[async_trait]
/// impl KeyProvider for OneKey {
///     fn current(&self) -> Option<KeyId> {
///         Some(self.0.clone())
///     }
///
///     async fn wrap(&self, key: &DataKey) -> Result<WrappedKey, KeyError> {
///         let wrapped = seal(&self.1, &Context::key(&self.0), key.expose_bytes())?;
///         Ok(WrappedKey { key_id: self.0.clone(), bytes: wrapped.as_bytes().to_vec() })
///     }
///
///     async fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, KeyError> {
///         if wrapped.key_id != self.0 {
///             return Err(KeyError::UnknownKey { id: wrapped.key_id.clone() });
///         }
///         let bytes = wrapped.bytes.clone().try_into()?;
///         let key = open(&self.1, &Context::key(&self.0), &bytes)?;
///         Ok(DataKey::try_from(key.as_slice())?)
///     }
/// }
/// ```
#[async_trait]
pub trait KeyProvider: Send + Sync + 'static {
    /// Readies the keys, once at the start; told whether any secret is sealed already. A provider
    /// that makes its own first key makes it here, and only where nothing is sealed: with something
    /// there, a key that is missing was lost, and a new one in its place would open nothing.
    ///
    /// The provided implementation does nothing.
    async fn prepare(&self, anything_sealed: bool) -> Result<(), KeyError> {
        let _ = anything_sealed;
        Ok(())
    }

    /// The key that wraps from now on; asked to find what is still under an older one. `None` where
    /// there is none yet.
    fn current(&self) -> Option<KeyId>;

    /// Encrypts a data key; called with each secret that is sealed.
    async fn wrap(&self, key: &DataKey) -> Result<WrappedKey, KeyError>;

    /// Decrypts a data key; called with each secret that is opened.
    async fn unwrap(&self, wrapped: &WrappedKey) -> Result<DataKey, KeyError>;
}
