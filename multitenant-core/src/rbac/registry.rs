use std::fmt;

use super::{Grant, Permission, UnknownPermission};

/// Every permission that an application declared; [`permissions!`](crate::permissions) makes one.
pub struct Registry {
    permissions: &'static [Permission],
}

impl Registry {
    /// No permission at all: what a declaration without `extends` begins with.
    pub const EMPTY: &'static Self = &Self { permissions: &[] };

    pub(super) const fn new(permissions: &'static [Permission]) -> Self {
        Self { permissions }
    }

    /// Every permission, in the order of declaration.
    #[must_use]
    pub const fn permissions(&self) -> &'static [Permission] {
        self.permissions
    }

    /// Whether the permission was declared here.
    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        let here = self.permissions.get(permission.index());
        here.is_some_and(|here| here.key() == permission.key())
    }

    /// The kinds of things, each once, in the order of declaration.
    pub fn resources(&self) -> impl Iterator<Item = &'static str> {
        let mut last = "";
        self.permissions.iter().filter_map(move |permission| {
            let new = permission.resource() != last;
            last = permission.resource();
            new.then_some(last)
        })
    }

    /// Understands one string of a role: `invoices:read`, `invoices:*`, `*:read` or `*`.
    ///
    /// # Errors
    /// [`UnknownPermission`] for what matches nothing declared.
    pub fn parse(&self, text: &str) -> Result<Grant, UnknownPermission> {
        Grant::parse(self.permissions, text)
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.permissions).finish()
    }
}
