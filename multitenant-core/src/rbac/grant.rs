use std::fmt;

use super::Permission;

/// What one string of a role grants, as far as a registry knows it.
///
/// A wildcard also covers what is declared later, since it is expanded when a policy is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// `*`: everything.
    All,
    /// `invoices:*`: everything with one kind of thing.
    Resource(&'static str),
    /// `*:read`: one action with everything.
    Action(&'static str),
    /// `invoices:read`.
    One(Permission),
}

/// A string that matches no declared permission.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` matches no declared permission; expected `resource:action`, `resource:*`, `*:action` or `*`"
)]
pub struct UnknownPermission {
    text: Box<str>,
}

impl Grant {
    pub(super) fn parse(
        declared: &'static [Permission],
        text: &str,
    ) -> Result<Self, UnknownPermission> {
        let find = |matches: &dyn Fn(&Permission) -> bool| declared.iter().copied().find(matches);
        let found = match text.split_once(':') {
            None if text == "*" => Some(Self::All),
            None | Some(("*", "*")) => None,
            Some((resource, "*")) => {
                find(&|one| one.resource() == resource).map(|one| Self::Resource(one.resource()))
            }
            Some(("*", action)) => {
                find(&|one| one.action() == action).map(|one| Self::Action(one.action()))
            }
            Some((resource, action)) => {
                find(&|one| one.resource() == resource && one.action() == action).map(Self::One)
            }
        };
        found.ok_or_else(|| UnknownPermission { text: text.into() })
    }

    /// Whether it grants the permission.
    #[must_use]
    pub fn covers(self, permission: Permission) -> bool {
        match self {
            Self::All => true,
            Self::Resource(resource) => permission.resource() == resource,
            Self::Action(action) => permission.action() == action,
            Self::One(one) => one == permission,
        }
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("*"),
            Self::Resource(resource) => write!(f, "{resource}:*"),
            Self::Action(action) => write!(f, "*:{action}"),
            Self::One(permission) => permission.fmt(f),
        }
    }
}
