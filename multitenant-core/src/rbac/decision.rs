use std::fmt;

use super::Permission;
use crate::RoleName;

/// Whether something is permitted, with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum Decision<'a> {
    /// It is permitted.
    Allowed {
        /// What was asked.
        permission: Permission,
        /// The first of the roles that grants it.
        role: &'a RoleName,
    },
    /// None of the roles grants it.
    Refused {
        /// What was asked.
        permission: Permission,
        /// The roles that were looked at.
        roles: &'a [RoleName],
    },
    /// The permission is not in the policy's registry: the route and the policy were made from
    /// different declarations.
    Undeclared {
        /// What was asked.
        permission: Permission,
    },
}

impl Decision<'_> {
    /// Whether it is permitted.
    #[must_use]
    pub const fn is_allowed(&self) -> bool {
        matches!(self, Self::Allowed { .. })
    }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allowed { permission, role } => {
                write!(f, "{permission} is allowed by the role {role}")
            }
            Self::Refused {
                permission,
                roles: [],
            } => {
                write!(f, "{permission} is refused: there is no role to grant it")
            }
            Self::Refused { permission, roles } => {
                let names: Vec<_> = roles.iter().map(RoleName::as_str).collect();
                let names = names.join(", ");
                write!(
                    f,
                    "{permission} is refused: none of the roles {names} grants it"
                )
            }
            Self::Undeclared { permission } => {
                write!(
                    f,
                    "{permission} is refused: the policy's registry does not declare it"
                )
            }
        }
    }
}
