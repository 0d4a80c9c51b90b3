use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a member of the platform's staff is; a person has exactly one of these.
///
/// What each may do stands with the permissions (`rbac`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum EnterpriseRole {
    /// May do everything, with every tenant and with the staff itself.
    Admin,
    /// Looks after the tenants assigned to them, and sees no other.
    SuperAdmin,
    /// Sees every tenant and changes nothing.
    ReadOnly,
}

/// A text that names no role of the platform's staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a role of the platform's staff: expected ADMIN, SUPER_ADMIN or READ_ONLY")]
pub struct InvalidEnterpriseRole;

impl EnterpriseRole {
    /// Every role there is.
    pub const ALL: [Self; 3] = [Self::Admin, Self::SuperAdmin, Self::ReadOnly];

    /// The role as it stands in tokens, rows and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "ADMIN",
            Self::SuperAdmin => "SUPER_ADMIN",
            Self::ReadOnly => "READ_ONLY",
        }
    }
}

impl FromStr for EnterpriseRole {
    type Err = InvalidEnterpriseRole;

    fn from_str(text: &str) -> Result<Self, InvalidEnterpriseRole> {
        let role = Self::ALL.into_iter().find(|role| role.as_str() == text);
        role.ok_or(InvalidEnterpriseRole)
    }
}

impl fmt::Display for EnterpriseRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_has_one_spelling_in_text_and_json() {
        for role in EnterpriseRole::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            assert_eq!(serde_json::to_string(&role).unwrap(), format!("\"{role}\""));
        }
        assert_eq!(
            "admin".parse::<EnterpriseRole>(),
            Err(InvalidEnterpriseRole)
        );
    }
}
