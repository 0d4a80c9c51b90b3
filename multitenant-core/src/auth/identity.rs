use crate::{EnterpriseRole, Realm, RoleName, SessionId, Subject, TenantId};

/// Who somebody is, once an [`Authenticator`](super::Authenticator) is sure of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub subject: Subject,
    /// The sign-in that they act under, where there are sessions.
    pub session: Option<SessionId>,
    /// Where they stand, and with what rights.
    pub standing: Standing,
    /// Whether they must change a temporary password before anything else.
    pub password_change_due: bool,
}

/// Where a person stands: on the platform's staff, or among one tenant's users.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A member of the platform's staff.
    Staff(EnterpriseRole),
    /// A user of one tenant.
    User {
        /// The only tenant they may act in.
        tenant: TenantId,
        /// Their roles there.
        roles: Vec<RoleName>,
    },
}

impl Identity {
    /// The realm that the person belongs to.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        match self.standing {
            Standing::Staff(_) => Realm::Enterprise,
            Standing::User { .. } => Realm::Client,
        }
    }

    /// The tenant that the person belongs to, if they are a user of one.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        match self.standing {
            Standing::Staff(_) => None,
            Standing::User { tenant, .. } => Some(tenant),
        }
    }
}
