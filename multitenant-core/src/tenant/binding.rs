//! What binds an application's own secrets, names and links to one tenant.

use std::str::FromStr;

use super::handle::Tenant;
use crate::Domain;

/// A text that is no base of an application's links.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a base URL; expected something like https://example.com or http://localhost:3000")]
pub struct InvalidBaseUrl;

/// Where an application is reached, as scheme, domain and port: what stands before its paths.
///
/// ```
/// # use multitenant_core::tenant::BaseUrl;
/// assert!("https://example.com".parse::<BaseUrl>().is_ok());
/// assert!("https://example.com/app".parse::<BaseUrl>().is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    scheme: &'static str,
    domain: Domain,
    port: Option<u16>,
}

impl FromStr for BaseUrl {
    type Err = InvalidBaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidBaseUrl> {
        let (scheme, rest) = text.split_once("://").ok_or(InvalidBaseUrl)?;
        let scheme = ["https", "http"].into_iter().find(|known| *known == scheme);
        let authority = rest.strip_suffix('/').unwrap_or(rest);
        let (domain, port) = match authority.split_once(':') {
            None => (authority, None),
            Some((domain, port)) => (domain, Some(port.parse().map_err(|_| InvalidBaseUrl)?)),
        };
        Ok(Self {
            scheme: scheme.ok_or(InvalidBaseUrl)?,
            domain: domain.parse().map_err(|_| InvalidBaseUrl)?,
            port,
        })
    }
}

impl Tenant {
    /// A name that no other tenant has: for the keys of sessions, caches and files that an
    /// application keeps for all its tenants in one place. It begins with the tenant's id, all of
    /// which are of one length, so no two tenants' names can meet.
    ///
    /// ```
    /// # use multitenant_core::tenant::Tenant;
    /// fn cart_key(tenant: &Tenant, session: &str) -> String {
    ///     tenant.scope(&format!("cart-{session}"))
    /// }
    /// ```
    #[must_use]
    pub fn scope(&self, name: &str) -> String {
        format!("{}.{name}", self.id())
    }

    /// The tenant's own origin under the application's: for links in mail.
    /// `https://example.com` becomes `https://acme.example.com`.
    #[must_use]
    pub fn origin(&self, base: &BaseUrl) -> String {
        let (scheme, slug, domain) = (base.scheme, self.slug(), &base.domain);
        let port = base.port.map(|port| format!(":{port}")).unwrap_or_default();
        format!("{scheme}://{slug}.{domain}{port}")
    }

    /// A secret of this tenant's own, derived from one that the application keeps for all of them
    /// (HMAC-SHA256, by RFC 5869, section 2.2), as 64 hexadecimal digits.
    ///
    /// An application that signs its own tokens must sign them with this in place of `secret`:
    /// else a token of one tenant is good at another.
    ///
    /// ```
    /// # use multitenant_core::tenant::Tenant;
    /// use secrecy::ExposeSecret;
    ///
    /// fn signing_key(tenant: &Tenant, secret: &str) -> Vec<u8> {
    ///     tenant.derive_secret(secret).expose_secret().into()
    /// }
    /// ```
    #[cfg(feature = "_sql")]
    #[must_use]
    pub fn derive_secret(&self, secret: impl AsRef<[u8]>) -> secrecy::SecretString {
        use std::fmt::Write;

        let id = self.id().as_uuid();
        let purpose: [&[u8]; 2] = [b"multitenant tenant secret v1 ", id.as_bytes()];
        let derived = crate::mac::derive(&purpose, secret.as_ref());
        let hexadecimal = derived.iter().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        });
        hexadecimal.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_scheme_domain_and_port() {
        for (text, accepted) in [
            ("https://example.com", true),
            ("http://localhost:3000/", true),
            ("example.com", false),
            ("ftp://example.com", false),
            ("https://", false),
            ("https://example.com/app", false),
            ("https://user@example.com", false),
            ("https://example.com:99999", false),
            ("https://127.0.0.1", false),
        ] {
            assert_eq!(text.parse::<BaseUrl>().is_ok(), accepted, "{text}");
        }
    }
}
