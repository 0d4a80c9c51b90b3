use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an id of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a valid {kind} id: expected a UUID in its hyphenated form")]
pub struct InvalidId {
    kind: &'static str,
}

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident, $kind:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "_sql", derive(sqlx::Type))]
        #[cfg_attr(feature = "_sql", sqlx(transparent))]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id (UUIDv7, RFC 9562), ordered by the time of its making.
            #[must_use]
            pub fn generate() -> Self {
                Self(Uuid::now_v7())
            }

            /// Takes an id that came from elsewhere, such as a database column.
            #[must_use]
            pub const fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            /// The bare UUID, for binding to a query.
            #[must_use]
            pub const fn as_uuid(&self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            /// Accepts the hyphenated form only (36 characters, either case): one id has one
            /// spelling, so that comparing texts cannot be led astray.
            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = InvalidId { kind: $kind };
                if text.len() != 36 {
                    return Err(invalid);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| invalid)
            }
        }
    };
}

uuid_id! {
    /// Names one tenant, for as long as the platform exists; never reused.
    TenantId, "tenant"
}
uuid_id! {
    /// Names a person: a user of one tenant, or an admin of the platform.
    UserId, "user"
}
uuid_id! {
    /// Names one sign-in of one person, from sign-in to sign-out (the `sid` of its tokens).
    SessionId, "session"
}
uuid_id! {
    /// Names one access token (its `jti`, RFC 7519), so that a log can tell two apart.
    TokenId, "token"
}
uuid_id! {
    /// Names one run of one process of the platform.
    NodeId, "node"
}
uuid_id! {
    /// Names one operation over a tenant: its making, its deletion.
    OperationId, "operation"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_survives_its_text_form() {
        let id = TenantId::generate();
        assert_eq!(id.to_string().parse::<TenantId>(), Ok(id));
    }

    #[test]
    fn only_the_hyphenated_form_is_an_id() {
        let id = TenantId::generate();
        let spellings = [
            id.as_uuid().simple().to_string(),
            id.as_uuid().braced().to_string(),
            id.as_uuid().urn().to_string(),
            String::new(),
            "acme".to_owned(),
        ];
        for spelling in spellings {
            assert!(spelling.parse::<TenantId>().is_err(), "{spelling:?}");
        }
    }

    #[test]
    fn later_ids_sort_after_earlier_ones() {
        let earlier = TenantId::generate();
        let later = TenantId::generate();
        assert!(earlier < later);
    }
}
