use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Which of the two kinds of people a token, a session or an account belongs to. They share no
/// key, no audience and no database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Realm {
    /// The platform's staff, who live in the catalog.
    Enterprise,
    /// The users of one tenant, who live in that tenant's database.
    Client,
}

/// A text that names no realm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a realm: expected `enterprise` or `client`")]
pub struct InvalidRealm;

impl Realm {
    /// The realm's word, which is also the audience of its tokens (the `aud` claim of RFC 7519).
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enterprise => "enterprise",
            Self::Client => "client",
        }
    }
}

impl FromStr for Realm {
    type Err = InvalidRealm;

    fn from_str(text: &str) -> Result<Self, InvalidRealm> {
        match text {
            "enterprise" => Ok(Self::Enterprise),
            "client" => Ok(Self::Client),
            _ => Err(InvalidRealm),
        }
    }
}

impl fmt::Display for Realm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_realm_survives_its_text_form_and_nothing_else_is_one() {
        for realm in [Realm::Enterprise, Realm::Client] {
            assert_eq!(realm.as_str().parse(), Ok(realm));
            assert_eq!(
                serde_json::to_string(&realm).unwrap(),
                format!("\"{realm}\"")
            );
        }
        assert_eq!("Client".parse::<Realm>(), Err(InvalidRealm));
    }
}
