use std::fmt;

/// The right to do one thing with one kind of thing, such as `invoices:read`.
///
/// Only [`permissions!`](crate::permissions) makes one, as a constant.
#[derive(Clone, Copy)]
pub struct Permission {
    resource: &'static str,
    action: &'static str,
    index: u16,
    /// A hash of the name: two permissions are told apart by one comparison, also those of two
    /// registries that have the same index.
    key: u64,
}

impl Permission {
    pub(super) const fn new(resource: &'static str, action: &'static str, index: u16) -> Self {
        Self {
            resource,
            action,
            index,
            key: Self::new_key(resource, action),
        }
    }

    pub(super) const fn new_key(resource: &str, action: &str) -> u64 {
        fnv1a(fnv1a(fnv1a(FNV_OFFSET, resource), ":"), action)
    }

    /// The kind of thing, such as `invoices`.
    #[must_use]
    pub const fn resource(self) -> &'static str {
        self.resource
    }

    /// What is done with it, such as `read`.
    #[must_use]
    pub const fn action(self) -> &'static str {
        self.action
    }

    /// Its place in its registry, from 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.index as usize
    }

    pub(super) const fn key(self) -> u64 {
        self.key
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

/// The hash FNV-1a, continued with a text; it can be computed by the compiler.
const fn fnv1a(mut hash: u64, text: &str) -> u64 {
    let mut rest = text.as_bytes();
    while let [byte, others @ ..] = rest {
        hash = (hash ^ *byte as u64).wrapping_mul(FNV_PRIME);
        rest = others;
    }
    hash
}

impl PartialEq for Permission {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for Permission {}

impl std::hash::Hash for Permission {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.key.hash(state);
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.resource, self.action)
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Permission({self})")
    }
}
