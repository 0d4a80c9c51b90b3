use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use crate::limits::DOMAIN_MAX_BYTES;

/// A host's name in the DNS, in lower case and without a trailing dot: one name has one spelling.
///
/// Its labels are letters, digits and hyphens (RFC 1123, section 2.1), so an internationalised
/// name stands as its `xn--` form (RFC 5891). An IP address is none.
///
/// ```
/// # use multitenant_core::Domain;
/// assert_eq!("Example.com.".parse::<Domain>().unwrap().as_str(), "example.com");
/// assert!("example.com:80".parse::<Domain>().is_err());
/// assert!("192.0.2.1".parse::<Domain>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Domain(Box<str>);

/// A text that is no domain name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a domain name; expected something like example.com, without port or scheme")]
pub struct InvalidDomain;

impl Domain {
    /// The domain as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part before `.base`, where this is a name under that domain.
    #[must_use]
    pub fn under(&self, base: &Self) -> Option<&str> {
        self.0.strip_suffix(base.as_str())?.strip_suffix('.')
    }
}

impl FromStr for Domain {
    type Err = InvalidDomain;

    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        let name = text.strip_suffix('.').unwrap_or(text);
        let is_address = |label: &str| label.bytes().all(|byte| byte.is_ascii_digit());
        let accepted = name.len() <= DOMAIN_MAX_BYTES
            && name.split('.').all(is_label)
            && !name.rsplit('.').next().is_some_and(is_address);
        accepted
            .then(|| Self(name.to_ascii_lowercase().into()))
            .ok_or(InvalidDomain)
    }
}

/// One part of a domain's name (RFC 1123, section 2.1), in either case.
pub(super) fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && !label.starts_with('-')
        && !label.ends_with('-')
        && label.bytes().all(is_inner)
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_rules_of_a_domain() {
        let long = format!("{}.com", "a".repeat(64));
        let longest = ["a".repeat(63).as_str(); 4].join(".");
        let table = [
            ("example.com", Some("example.com")),
            ("Shop.Example.COM", Some("shop.example.com")),
            ("example.com.", Some("example.com")),
            ("localhost", Some("localhost")),
            ("xn--bcher-kva.example", Some("xn--bcher-kva.example")),
            ("3com.com", Some("3com.com")),
            ("", None),
            (".", None),
            ("example.com..", None),
            ("a..b", None),
            (".example.com", None),
            ("-a.example.com", None),
            ("a-.example.com", None),
            ("a_b.example.com", None),
            ("exa mple.com", None),
            ("http://example.com", None),
            ("example.com:80", None),
            ("192.0.2.1", None),
            ("[::1]", None),
            ("büch.example", None),
            ("example.com\0", None),
            (long.as_str(), None),
            (longest.as_str(), None),
        ];
        for (text, expected) in table {
            let domain = text.parse::<Domain>().ok();
            assert_eq!(domain.as_ref().map(Domain::as_str), expected, "{text:?}");
        }
    }

    #[test]
    fn only_whole_labels_stand_under_a_domain() {
        let base: Domain = "example.com".parse().unwrap();
        for (text, expected) in [
            ("acme.example.com", Some("acme")),
            ("a.acme.example.com", Some("a.acme")),
            ("example.com", None),
            ("notexample.com", None),
            ("example.com.evil.test", None),
        ] {
            let domain: Domain = text.parse().unwrap();
            assert_eq!(domain.under(&base), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_domain_is_its_own_only_spelling(text in ".*") {
            if let Ok(domain) = text.parse::<Domain>() {
                prop_assert_eq!(domain.as_str().parse::<Domain>().unwrap(), domain);
            }
        }
    }
}
