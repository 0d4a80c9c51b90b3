use std::fmt;

use super::{Permission, Registry};

const WORDS: usize = 8;

/// Some of a registry's permissions, as bits: one cache line, tested in a few instructions.
///
/// A permission of another registry is never in it.
#[derive(Clone, Copy)]
pub struct PermissionSet {
    registry: &'static Registry,
    bits: [u64; WORDS],
}

impl PermissionSet {
    /// Most permissions that a registry can declare.
    pub(super) const CAPACITY: usize = WORDS * 64;

    /// No permission.
    #[must_use]
    pub const fn empty(registry: &'static Registry) -> Self {
        Self {
            registry,
            bits: [0; WORDS],
        }
    }

    /// Whether the permission is in it.
    #[must_use]
    #[inline]
    pub fn allows(&self, permission: Permission) -> bool {
        let index = permission.index();
        let word = self.bits.get(index / 64).copied().unwrap_or_default();
        word >> (index % 64) & 1 == 1 && self.registry.holds(permission)
    }

    /// Adds a permission, if its registry is ours.
    pub fn insert(&mut self, permission: Permission) {
        let index = permission.index();
        if let Some(word) = self.bits.get_mut(index / 64)
            && self.registry.holds(permission)
        {
            *word |= 1 << (index % 64);
        }
    }

    /// Adds all of the other's permissions, if they are of our registry.
    pub(super) fn unite(&mut self, other: &Self) {
        if std::ptr::eq(self.registry, other.registry) {
            let pairs = self.bits.iter_mut().zip(other.bits);
            pairs.for_each(|(ours, theirs)| *ours |= theirs);
        } else {
            // The same declaration may stand at two addresses.
            self.extend(other.iter());
        }
    }

    /// Whether every permission of the other is in it: nobody may grant more than they hold.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.iter().all(|permission| self.allows(permission))
    }

    /// The permissions in it, in the order of declaration.
    pub fn iter(&self) -> impl Iterator<Item = Permission> {
        let declared = self.registry.permissions().iter().copied();
        declared.filter(|permission| self.allows(*permission))
    }

    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.bits == [0; WORDS]
    }
}

impl Registry {
    /// Everything that the strings of a role grant; an unknown one grants nothing.
    pub fn expand<'a>(&'static self, texts: impl IntoIterator<Item = &'a str>) -> PermissionSet {
        let mut set = PermissionSet::empty(self);
        for grant in texts.into_iter().filter_map(|text| self.parse(text).ok()) {
            set.extend(
                self.permissions()
                    .iter()
                    .copied()
                    .filter(|one| grant.covers(*one)),
            );
        }
        set
    }
}

impl Extend<Permission> for PermissionSet {
    fn extend<I: IntoIterator<Item = Permission>>(&mut self, permissions: I) {
        for permission in permissions {
            self.insert(permission);
        }
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
