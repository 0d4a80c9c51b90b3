use crate::auth::Identity;
use crate::rbac::{Permission, PermissionSet};
use crate::{EnterpriseRole, RoleName, SessionId, Standing, Subject};

/// Who acts, and what they may do: what a handler takes. Only a gate makes one.
#[derive(Debug, Clone)]
pub struct Principal {
    identity: Identity,
    /// What a user's roles grant; the staff's rights are in their role.
    granted: Option<PermissionSet>,
}

impl Principal {
    pub(super) fn user(identity: Identity, granted: PermissionSet) -> Self {
        Self {
            identity,
            granted: Some(granted),
        }
    }

    pub(super) fn staff(identity: Identity) -> Self {
        Self {
            identity,
            granted: None,
        }
    }

    /// The person.
    #[must_use]
    pub fn subject(&self) -> &Subject {
        &self.identity.subject
    }

    /// The sign-in that they act under.
    #[must_use]
    pub fn session(&self) -> Option<SessionId> {
        self.identity.session
    }

    /// Who they are.
    #[must_use]
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The role of a member of the staff.
    #[must_use]
    pub fn staff_role(&self) -> Option<EnterpriseRole> {
        match self.identity.standing {
            Standing::Staff(role) => Some(role),
            Standing::User { .. } => None,
        }
    }

    /// The roles of a tenant's user.
    #[must_use]
    pub fn roles(&self) -> &[RoleName] {
        match &self.identity.standing {
            Standing::User { roles, .. } => roles,
            Standing::Staff(_) => &[],
        }
    }

    /// Whether a tenant's user may do this, beyond what the route asked for.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.granted
            .as_ref()
            .is_some_and(|granted| granted.allows(permission))
    }

    /// All that a tenant's user may do.
    #[must_use]
    pub fn granted(&self) -> Option<&PermissionSet> {
        self.granted.as_ref()
    }
}
