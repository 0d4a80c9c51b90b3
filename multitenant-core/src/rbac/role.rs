use super::{Registry, access};
use crate::RoleName;

/// A role as a tenant keeps it: a name, and strings that a [`Registry`] understands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Role {
    /// Its name, unique within the tenant.
    pub name: RoleName,
    /// What it grants, such as `invoices:read`, `invoices:*`, `*:read` or `*`.
    pub permissions: Vec<String>,
}

impl Role {
    /// The roles that a new tenant begins with. Each may do all that those after it may:
    ///
    /// | role | may |
    /// | --- | --- |
    /// | Admin | everything |
    /// | Manager | see everything, and do everything with the application's own things |
    /// | User | see everything, create and update the application's own things |
    /// | Viewer | see everything |
    ///
    /// The application's own things are those that do not decide who may do what: a Manager who
    /// could change users or roles would be an Admin.
    #[must_use]
    pub fn defaults(registry: &Registry) -> [Self; 4] {
        let own = |grants: &dyn Fn(&str) -> Vec<String>| {
            let things = registry.resources().filter(|name| !access::governs(name));
            let mut permissions = vec!["*:read".to_owned()];
            permissions.extend(things.flat_map(grants));
            permissions.retain(|text| registry.parse(text).is_ok());
            permissions
        };
        let everything = |name: &str| vec![format!("{name}:*")];
        let writing = |name: &str| vec![format!("{name}:create"), format!("{name}:update")];
        [
            Self::built_in("Admin", vec!["*".to_owned()]),
            Self::built_in("Manager", own(&everything)),
            Self::built_in("User", own(&writing)),
            Self::built_in("Viewer", own(&|_| Vec::new())),
        ]
    }

    fn built_in(name: &'static str, permissions: Vec<String>) -> Self {
        Self {
            name: RoleName::built_in(name),
            permissions,
        }
    }
}
