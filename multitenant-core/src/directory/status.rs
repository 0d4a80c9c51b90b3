use std::fmt;
use std::str::FromStr;

use super::TenantStatus;

/// A text that names no status of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a status: expected PROVISIONING, ACTIVE, SUSPENDED, ARCHIVED or DELETING")]
pub struct InvalidStatus;

impl TenantStatus {
    /// Every status there is.
    pub const ALL: [Self; 5] = [
        Self::Provisioning,
        Self::Active,
        Self::Suspended,
        Self::Archived,
        Self::Deleting,
    ];

    /// The status as it stands in rows and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Provisioning => "PROVISIONING",
            Self::Active => "ACTIVE",
            Self::Suspended => "SUSPENDED",
            Self::Archived => "ARCHIVED",
            Self::Deleting => "DELETING",
        }
    }

    /// Whether a tenant may be given that status when it has this one. What is being deleted never
    /// comes back; what is being made becomes active only by the end of its making.
    #[must_use]
    pub const fn may_become(self, to: Self) -> bool {
        use TenantStatus::{Active, Archived, Deleting, Provisioning, Suspended};
        matches!(
            (self, to),
            (Provisioning, Deleting)
                | (Active, Suspended | Archived | Deleting)
                | (Suspended, Active | Archived | Deleting)
                | (Archived, Active | Suspended | Deleting)
        )
    }
}

impl FromStr for TenantStatus {
    type Err = InvalidStatus;

    fn from_str(text: &str) -> Result<Self, InvalidStatus> {
        let status = Self::ALL.into_iter().find(|status| status.as_str() == text);
        status.ok_or(InvalidStatus)
    }
}

impl fmt::Display for TenantStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_has_one_spelling() {
        for status in TenantStatus::ALL {
            assert_eq!(status.as_str().parse(), Ok(status));
        }
        assert_eq!("active".parse::<TenantStatus>(), Err(InvalidStatus));
    }

    #[test]
    fn the_ways_from_status_to_status() {
        // From top to bottom; to, in the same order, from left to right.
        let table = [
            [false, false, false, false, true],
            [false, false, true, true, true],
            [false, true, false, true, true],
            [false, true, true, false, true],
            [false, false, false, false, false],
        ];
        for (from, row) in TenantStatus::ALL.into_iter().zip(table) {
            for (to, allowed) in TenantStatus::ALL.into_iter().zip(row) {
                assert_eq!(from.may_become(to), allowed, "{from} to {to}");
            }
        }
    }
}
