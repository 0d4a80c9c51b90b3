use crate::EnterpriseRole;

/// What the platform's staff can do, in steps of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EnterpriseAction {
    /// See tenants, their health, and the log of what was done to them.
    Read,
    /// Change, suspend, activate, repair or delete a tenant that is there.
    Manage,
    /// Make tenants, and say who belongs to the staff, who looks after whom, and how the platform
    /// is set up.
    Administer,
}

/// Which tenants a member of the staff deals with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Every tenant.
    All,
    /// Only those assigned to them; any other does not exist for them, in lists and counts too.
    Assigned,
}

impl EnterpriseRole {
    /// Whether the role may do it, with a tenant within its [`reach`](Self::reach).
    #[must_use]
    pub const fn may(self, action: EnterpriseAction) -> bool {
        match (self, action) {
            (Self::Admin, _) | (_, EnterpriseAction::Read) => true,
            (Self::SuperAdmin, EnterpriseAction::Manage) => true,
            (Self::SuperAdmin, EnterpriseAction::Administer) => false,
            (Self::ReadOnly, EnterpriseAction::Manage | EnterpriseAction::Administer) => false,
        }
    }

    /// Which tenants the role deals with.
    #[must_use]
    pub const fn reach(self) -> Reach {
        match self {
            Self::Admin | Self::ReadOnly => Reach::All,
            Self::SuperAdmin => Reach::Assigned,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_each_role_of_the_staff_may() {
        use EnterpriseAction::{Administer, Manage, Read};
        use EnterpriseRole::{Admin, ReadOnly, SuperAdmin};
        let table = [
            (Admin, [true, true, true], Reach::All),
            (SuperAdmin, [true, true, false], Reach::Assigned),
            (ReadOnly, [true, false, false], Reach::All),
        ];
        for (role, expected, reach) in table {
            let may = [Read, Manage, Administer].map(|action| role.may(action));
            assert_eq!((may, role.reach()), (expected, reach), "{role}");
        }
    }
}
