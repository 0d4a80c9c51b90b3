use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize};
use uuid::Uuid;

use crate::limits::{SLUG_MAX_BYTES, SLUG_MIN_BYTES};

/// Words that a tenant may not have as its slug, since they name the platform's own hosts.
const RESERVED: &[&str] = &[
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "app",
    "assets",
    "auth",
    "billing",
    "blog",
    "cdn",
    "client",
    "console",
    "dashboard",
    "dev",
    "docs",
    "enterprise",
    "ftp",
    "health",
    "help",
    "imap",
    "internal",
    "localhost",
    "login",
    "mail",
    "metrics",
    "null",
    "ops",
    "platform",
    "pop",
    "postmaster",
    "root",
    "security",
    "smtp",
    "staging",
    "static",
    "status",
    "support",
    "system",
    "test",
    "undefined",
    "webmaster",
    "www",
];

/// A tenant's name in hosts and headers: 3 to 63 bytes of `a-z`, `0-9` and `-`, with a letter or
/// digit at both ends.
///
/// It is one DNS label (RFC 1035), so it can be a subdomain. A slug that parses as a UUID, begins
/// with `xn--` (RFC 5891: an internationalised label that may look like another) or is a reserved
/// word is refused.
///
/// ```
/// # use multitenant_core::Slug;
/// assert!("acme-corp".parse::<Slug>().is_ok());
/// assert!("www".parse::<Slug>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Slug(Box<str>);

/// Why a text is no slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidSlug {
    /// Shorter than 3 or longer than 63 bytes.
    #[error("a slug has 3 to 63 characters")]
    Length,
    /// Something other than `a-z`, `0-9`, `-`, or a hyphen at an end.
    #[error("a slug is made of a-z, 0-9 and hyphens, with a letter or digit at both ends")]
    Characters,
    /// It parses as a UUID, so it could be taken for a tenant's id.
    #[error("a slug must not look like an id")]
    LooksLikeId,
    /// It begins with `xn--`.
    #[error("a slug must not begin with xn--")]
    Punycode,
    /// It is a word that the platform keeps for itself.
    #[error("this slug is reserved")]
    Reserved,
}

impl Slug {
    /// The slug as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Slug {
    type Err = InvalidSlug;

    fn from_str(text: &str) -> Result<Self, InvalidSlug> {
        if !(SLUG_MIN_BYTES..=SLUG_MAX_BYTES).contains(&text.len()) {
            return Err(InvalidSlug::Length);
        }
        if !text.bytes().all(is_slug_byte) || text.starts_with('-') || text.ends_with('-') {
            return Err(InvalidSlug::Characters);
        }
        if text.starts_with("xn--") {
            return Err(InvalidSlug::Punycode);
        }
        if Uuid::try_parse(text).is_ok() {
            return Err(InvalidSlug::LooksLikeId);
        }
        if RESERVED.binary_search(&text).is_ok() {
            return Err(InvalidSlug::Reserved);
        }
        Ok(Self(text.into()))
    }
}

fn is_slug_byte(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-'
}

impl fmt::Display for Slug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Slug {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rules_of_a_slug() {
        let table = [
            ("acme", Ok(())),
            ("a-1", Ok(())),
            ("9lives", Ok(())),
            ("ab", Err(InvalidSlug::Length)),
            ("", Err(InvalidSlug::Length)),
            ("Acme", Err(InvalidSlug::Characters)),
            ("-acme", Err(InvalidSlug::Characters)),
            ("acme-", Err(InvalidSlug::Characters)),
            ("ac..me", Err(InvalidSlug::Characters)),
            ("ac%2eme", Err(InvalidSlug::Characters)),
            ("ac\0me", Err(InvalidSlug::Characters)),
            ("аcme", Err(InvalidSlug::Characters)), // a Cyrillic а
            ("xn--cme-7cd", Err(InvalidSlug::Punycode)),
            (
                "0190f5fe-7c00-7a00-8000-000000000000",
                Err(InvalidSlug::LooksLikeId),
            ),
            (
                "0190f5fe7c007a008000000000000000",
                Err(InvalidSlug::LooksLikeId),
            ),
            ("www", Err(InvalidSlug::Reserved)),
            ("admin", Err(InvalidSlug::Reserved)),
        ];
        for (text, expected) in table {
            assert_eq!(text.parse::<Slug>().map(|_| ()), expected, "{text:?}");
        }
    }

    #[test]
    fn a_slug_has_at_most_63_bytes() {
        assert!("a".repeat(63).parse::<Slug>().is_ok());
        assert_eq!("a".repeat(64).parse::<Slug>(), Err(InvalidSlug::Length));
    }

    #[test]
    fn reserved_words_are_sorted_for_the_search() {
        assert!(RESERVED.is_sorted());
    }

    proptest! {
        #[test]
        fn any_text_is_refused_or_kept_as_it_is(text in ".*") {
            if let Ok(slug) = text.parse::<Slug>() {
                prop_assert_eq!(slug.as_str(), text);
            }
        }
    }
}
