use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::limits::{NAME_MAX_CHARS, SUBJECT_MAX_BYTES};

/// Why a text names no subject or role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidName {
    /// It is empty, or blank at an end.
    #[error("a {0} must not be empty nor begin or end with white space")]
    Blank(&'static str),
    /// It is longer than the limit.
    #[error("a {0} is longer than {1}")]
    TooLong(&'static str, &'static str),
    /// It holds a control character, which could forge a line in a log.
    #[error("a {0} must not contain control characters")]
    ControlCharacter(&'static str),
}

macro_rules! text_name {
    ($(#[$doc:meta])* $name:ident, $kind:literal, $limit:literal, $too_long:expr) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Checks a text and keeps it as it is.
            ///
            /// # Errors
            /// [`InvalidName`] says which rule it breaks.
            pub fn new(text: impl AsRef<str>) -> Result<Self, InvalidName> {
                let text = text.as_ref();
                if text.is_empty() || text.trim() != text {
                    return Err(InvalidName::Blank($kind));
                }
                if $too_long(text) {
                    return Err(InvalidName::TooLong($kind, $limit));
                }
                if text.chars().any(char::is_control) {
                    return Err(InvalidName::ControlCharacter($kind));
                }
                Ok(Self(text.into()))
            }

            /// The text as it was given.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl FromStr for $name {
            type Err = InvalidName;

            fn from_str(text: &str) -> Result<Self, InvalidName> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                Self::new(text).map_err(serde::de::Error::custom)
            }
        }
    };
}

text_name! {
    /// Names a person to whoever signed them in (the `sub` claim of RFC 7519): 1 to 255 bytes
    /// without control characters or white space at an end. Nothing else is assumed, so that a
    /// [`UserId`](crate::UserId), an application's own integer or an identity provider's subject
    /// fits.
    ///
    /// ```
    /// # use multitenant_core::Subject;
    /// assert!(Subject::new("auth0|5f7c8ec7").is_ok());
    /// assert!(Subject::new("").is_err());
    /// ```
    Subject, "subject", "255 bytes", |text: &str| text.len() > SUBJECT_MAX_BYTES
}
text_name! {
    /// Names a role within one tenant, such as `Manager`: 1 to 200 characters.
    RoleName, "role's name", "200 characters", |text: &str| text.chars().count() > NAME_MAX_CHARS
}

impl RoleName {
    /// The name of a role that comes with the library, which is known to obey the rules.
    pub(crate) fn built_in(name: &'static str) -> Self {
        Self(name.into())
    }
}

impl From<crate::UserId> for Subject {
    fn from(id: crate::UserId) -> Self {
        Self(id.to_string().into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::UserId;
    use proptest::prelude::*;

    #[test]
    fn the_rules_of_a_subject() {
        let long = "a".repeat(256);
        let table = [
            ("42", true),
            ("auth0|5f7c8ec7", true),
            ("jürgen@example.org", true),
            (&long[..255], true),
            (&long, false),
            ("", false),
            (" a", false),
            ("a\n", false),
            ("a\0b", false),
            ("a\x1b[31mb", false),
        ];
        for (text, accepted) in table {
            assert_eq!(Subject::new(text).is_ok(), accepted, "{text:?}");
        }
    }

    #[test]
    fn a_user_id_is_a_subject_and_can_be_read_back() {
        let id = UserId::generate();
        assert_eq!(Subject::from(id).as_str().parse(), Ok(id));
    }

    #[test]
    fn a_name_read_from_json_obeys_the_same_rules() {
        assert!(serde_json::from_str::<RoleName>(r#""Manager""#).is_ok());
        assert!(serde_json::from_str::<RoleName>(r#""a\u0000b""#).is_err());
        assert!(serde_json::from_str::<RoleName>("7").is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_kept_as_it_is(text in ".*") {
            if let Ok(name) = RoleName::new(&text) {
                prop_assert_eq!(name.as_str(), text);
            }
        }
    }
}
