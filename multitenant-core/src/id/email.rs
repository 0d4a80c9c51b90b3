use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::domain::is_label;
use crate::limits::EMAIL_MAX_BYTES;

/// An e-mail address, in lower case: one address has one spelling.
///
/// Accepted is what people have: a dot-atom, an `@` and a domain name of at least two labels
/// (RFC 5321, section 4.1.2, without quoted strings, address literals and bytes beyond ASCII).
///
/// ```
/// # use multitenant_core::Email;
/// assert_eq!("Ann@Example.com".parse::<Email>().unwrap().as_str(), "ann@example.com");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Email(Box<str>);

/// A text that is no e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address; expected something like name@example.com")]
pub struct InvalidEmail;

impl Email {
    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = InvalidEmail;

    fn from_str(text: &str) -> Result<Self, InvalidEmail> {
        let (local, domain) = text.rsplit_once('@').ok_or(InvalidEmail)?;
        let accepted = text.len() <= EMAIL_MAX_BYTES && is_local(local) && is_domain(domain);
        accepted
            .then(|| Self(text.to_ascii_lowercase().into()))
            .ok_or(InvalidEmail)
    }
}

fn is_local(local: &str) -> bool {
    let is_atom = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte);
    local.len() <= 64
        && local
            .split('.')
            .all(|atom| !atom.is_empty() && atom.bytes().all(is_atom))
}

fn is_domain(domain: &str) -> bool {
    domain.contains('.') && domain.split('.').all(is_label)
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_an_address() {
        let long = format!("{}@example.com", "a".repeat(65));
        let table = [
            ("ann@example.com", true),
            ("a.b+tag@sub.example.com", true),
            ("o'brien@example.com", true),
            ("ann@example", false),
            ("ann@", false),
            ("@example.com", false),
            ("ann", false),
            ("", false),
            ("ann@@example.com", false),
            ("a..b@example.com", false),
            (".a@example.com", false),
            ("an n@example.com", false),
            ("ann\n@example.com", false),
            ("ann\0@example.com", false),
            ("\"ann\"@example.com", false),
            ("ann@[127.0.0.1]", false),
            ("ann@exämple.com", false),
            ("ann@-example.com", false),
            (&long, false),
        ];
        for (text, accepted) in table {
            assert_eq!(text.parse::<Email>().is_ok(), accepted, "{text:?}");
        }
    }
}
