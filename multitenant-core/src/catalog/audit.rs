use std::borrow::Cow;

use serde_json::Value;
use uuid::Uuid;

use super::Actor;
use crate::{TenantId, Timestamp};

/// What is written about one change, besides who made it.
///
/// ```
/// # use multitenant_core::{TenantId, catalog::AuditEntry};
/// let tenant = TenantId::generate();
/// let entry = AuditEntry::new("tenant.rename", "tenant", tenant)
///     .of_tenant(tenant)
///     .with_details(serde_json::json!({"from": "Acme", "to": "Acme Ltd"}));
/// # let _ = entry;
/// ```
#[derive(Debug, Clone)]
pub struct AuditEntry {
    pub(super) action: Cow<'static, str>,
    pub(super) entity: Cow<'static, str>,
    pub(super) entity_id: String,
    pub(super) tenant: Option<TenantId>,
    pub(super) details: Value,
}

impl AuditEntry {
    /// An action, such as `tenant.rename`, upon one thing: its kind and its id.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "ids are small and copied, and a text is borrowed"
    )]
    pub fn new(
        action: impl Into<Cow<'static, str>>,
        entity: impl Into<Cow<'static, str>>,
        id: impl ToString,
    ) -> Self {
        Self {
            action: action.into(),
            entity: entity.into(),
            entity_id: id.to_string(),
            tenant: None,
            details: Value::Object(serde_json::Map::new()),
        }
    }

    /// The tenant that it concerns.
    #[must_use]
    pub fn of_tenant(self, tenant: TenantId) -> Self {
        Self {
            tenant: Some(tenant),
            ..self
        }
    }

    /// What is worth knowing beside; never a secret.
    #[must_use]
    pub fn with_details(self, details: Value) -> Self {
        Self { details, ..self }
    }
}

/// An audit row as it stands.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct AuditRecord {
    /// Its id (UUIDv7).
    pub id: Uuid,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// In whose place.
    pub on_behalf_of: Option<Actor>,
    /// Did what.
    pub action: String,
    /// To what kind of thing.
    pub entity: String,
    /// And which.
    pub entity_id: String,
    /// The tenant that it concerns.
    pub tenant: Option<TenantId>,
    /// Why.
    pub reason: Option<String>,
    /// At which request.
    pub request_id: Option<String>,
    /// What is worth knowing beside.
    pub details: Value,
}

/// Which audit rows are wanted; `None` asks for any.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// Of one tenant.
    pub tenant: Option<TenantId>,
    /// By one actor.
    pub actor: Option<Actor>,
    /// Of one action.
    pub action: Option<String>,
    /// Upon one kind of thing.
    pub entity: Option<String>,
    /// Upon the thing with this id.
    pub entity_id: Option<String>,
}
