use std::collections::HashMap;

use super::{Decision, Permission, PermissionSet, Registry, Role};
use crate::RoleName;

/// One tenant's roles, ready to decide with.
///
/// ```
/// use multitenant_core::rbac::{Policy, Role};
///
/// multitenant_core::permissions! { invoices: [READ, CREATE] }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let policy = Policy::compile(REGISTRY, 1, &Role::defaults(REGISTRY));
/// let roles = ["Viewer".parse()?];
/// assert!(policy.decide(&roles, invoices::READ).is_allowed());
///
/// let refused = policy.decide(&roles, invoices::CREATE);
/// assert_eq!(refused.to_string(), "invoices:create is refused: none of the roles Viewer grants it");
///
/// // Once per person, then a few instructions for each question:
/// let set = policy.resolve(&roles);
/// assert!(set.allows(invoices::READ) && !set.allows(invoices::CREATE));
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Policy {
    registry: &'static Registry,
    generation: i64,
    roles: HashMap<RoleName, PermissionSet>,
}

impl Policy {
    /// Expands the roles' strings. `generation` is the caller's, to tell two states of one
    /// tenant's roles apart.
    pub fn compile<'a>(
        registry: &'static Registry,
        generation: i64,
        roles: impl IntoIterator<Item = &'a Role>,
    ) -> Self {
        let expand = |role: &Role| registry.expand(role.permissions.iter().map(String::as_str));
        let roles = roles.into_iter();
        Self {
            registry,
            generation,
            roles: roles
                .map(|role| (role.name.clone(), expand(role)))
                .collect(),
        }
    }

    /// Which state of the tenant's roles it was made from.
    #[must_use]
    pub const fn generation(&self) -> i64 {
        self.generation
    }

    /// What one role grants; `None` if the tenant has no such role.
    #[must_use]
    pub fn role(&self, name: &RoleName) -> Option<&PermissionSet> {
        self.roles.get(name)
    }

    /// Whether somebody with these roles may do it, and why or why not.
    pub fn decide<'a>(&self, roles: &'a [RoleName], permission: Permission) -> Decision<'a> {
        if !self.registry.holds(permission) {
            return Decision::Undeclared { permission };
        }
        let grants = |name: &&RoleName| self.role(name).is_some_and(|set| set.allows(permission));
        match roles.iter().find(grants) {
            Some(role) => Decision::Allowed { permission, role },
            None => Decision::Refused { permission, roles },
        }
    }

    /// All that somebody with these roles may do. A role that the tenant has not got grants
    /// nothing.
    #[must_use]
    pub fn resolve(&self, roles: &[RoleName]) -> PermissionSet {
        let mut all = PermissionSet::empty(self.registry);
        for set in roles.iter().filter_map(|name| self.role(name)) {
            all.unite(set);
        }
        all
    }
}
