use super::key_id::KeyId;
use crate::TenantId;

/// The place where a secret belongs. It is authenticated with the secret, so that one moved to
/// another tenant's row or another column cannot be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Context(Vec<u8>);

impl Context {
    /// A column of one tenant.
    #[must_use]
    pub fn tenant(tenant: TenantId, column: &str) -> Self {
        Self::new(b't', &[tenant.as_uuid().as_bytes(), column.as_bytes()])
    }

    /// A column of the platform's own, for what belongs to no tenant.
    #[must_use]
    pub fn platform(column: &str) -> Self {
        Self::new(b'p', &[column.as_bytes()])
    }

    /// A data key under the key of this name.
    #[must_use]
    pub fn key(id: &KeyId) -> Self {
        Self::new(b'k', &[id.as_str().as_bytes()])
    }

    // Unambiguous: at most one part, the last, has no fixed length.
    fn new(kind: u8, parts: &[&[u8]]) -> Self {
        let mut bytes = b"multitenant v1 ".to_vec();
        bytes.push(kind);
        bytes.extend(parts.concat());
        Self(bytes)
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}
