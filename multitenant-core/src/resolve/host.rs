//! Which tenant a host names.

use crate::Slug;

/// A host under which tenants live: `acme.example.com` names `acme` where `example.com` is a base
/// domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseDomain(Box<str>);

/// A text that is no domain name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a domain name; expected something like example.com, without port or scheme")]
pub struct InvalidDomain(String);

impl BaseDomain {
    /// The domain as text, in lower case.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for BaseDomain {
    type Err = InvalidDomain;

    fn from_str(text: &str) -> Result<Self, InvalidDomain> {
        let domain = text.trim_end_matches('.').to_ascii_lowercase();
        let is_label = |label: &str| {
            !label.is_empty()
                && label.len() <= 63
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        if domain.len() > 253 || !domain.split('.').all(is_label) {
            return Err(InvalidDomain(text.to_owned()));
        }
        Ok(Self(domain.into()))
    }
}

/// The slug that a host names: exactly one label before one of the base domains. The port, a
/// trailing dot and upper case make no difference; anything else that is not quite a name under a
/// base domain names no tenant.
pub(super) fn slug_of(host: &[u8], base_domains: &[BaseDomain]) -> Option<Slug> {
    let host = std::str::from_utf8(host)
        .ok()
        .filter(|host| host.is_ascii())?;
    let host = without_port(host)?;
    let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    base_domains.iter().find_map(|base| {
        let label = host.strip_suffix(base.as_str())?.strip_suffix('.')?;
        label.parse().ok()
    })
}

fn without_port(host: &str) -> Option<&str> {
    match host.rsplit_once(':') {
        None => Some(host),
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => Some(name),
        Some(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_hosts_name_a_tenant() {
        let bases = ["example.com".parse().unwrap(), "erp.test".parse().unwrap()];
        let table: [(&[u8], Option<&str>); 19] = [
            (b"acme.example.com", Some("acme")),
            (b"acme.erp.test", Some("acme")),
            (b"ACME.Example.COM", Some("acme")),
            (b"acme.example.com:8080", Some("acme")),
            (b"acme.example.com.", Some("acme")),
            (b"acme.example.com.:443", Some("acme")),
            (b"example.com", None),
            (b"www.example.com", None),
            (b"a.acme.example.com", None),
            (b"acme.example.com.evil.test", None),
            (b"acmeexample.com", None),
            (b"acme.notexample.com", None),
            (b"acme.example.com:80:80", None),
            (b"acme.example.com:x", None),
            ("\u{430}cme.example.com".as_bytes(), None),
            (b"\xffacme.example.com", None),
            (b"", None),
            (b"127.0.0.1", None),
            (b"[::1]:80", None),
        ];
        for (host, expected) in table {
            let slug = slug_of(host, &bases);
            assert_eq!(slug.as_ref().map(Slug::as_str), expected, "{host:?}");
        }
    }

    #[test]
    fn a_base_domain_is_a_bare_name() {
        for text in [
            "",
            "http://example.com",
            "example.com:80",
            "exa mple.com",
            "a..b",
        ] {
            assert!(text.parse::<BaseDomain>().is_err(), "{text:?}");
        }
        assert_eq!(
            "Example.com.".parse::<BaseDomain>().unwrap().as_str(),
            "example.com"
        );
    }
}
