use super::{EnterpriseRole, Realm, RoleName, TenantId};

/// Where a person stands: on the platform's staff, or among one tenant's users. A user without a
/// tenant cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// A member of the platform's staff.
    Staff(EnterpriseRole),
    /// A user of one tenant.
    User {
        /// The only tenant they may act in.
        tenant: TenantId,
        /// Their roles there; none is possible.
        roles: Vec<RoleName>,
    },
}

impl Standing {
    /// The realm that the person belongs to.
    #[must_use]
    pub const fn realm(&self) -> Realm {
        match self {
            Self::Staff(_) => Realm::Enterprise,
            Self::User { .. } => Realm::Client,
        }
    }

    /// The tenant that the person belongs to, if they are a user of one.
    #[must_use]
    pub const fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Staff(_) => None,
            Self::User { tenant, .. } => Some(*tenant),
        }
    }
}
