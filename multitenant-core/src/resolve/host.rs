//! Which tenant a host names.

use crate::{Domain, Slug, TenantId};

/// What the host of a request says of its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum HostName {
    /// It is the one label before a base domain.
    Slug(Slug),
    /// It is a tenant's own domain.
    Tenant(TenantId),
}

/// Reads a host, to which `owner` knows the tenants' own domains. The port, a trailing dot and
/// upper case make no difference; what is not quite a name under a base domain, nor a tenant's
/// own, names no tenant.
pub(super) fn read(
    host: &[u8],
    base_domains: &[Domain],
    owner: impl Fn(&Domain) -> Option<TenantId>,
) -> Option<HostName> {
    let host: Domain = without_port(std::str::from_utf8(host).ok()?)?
        .parse()
        .ok()?;
    let is_base = |base: &Domain| host == *base || host.under(base).is_some();
    if base_domains.iter().any(is_base) {
        let mut labels = base_domains.iter().filter_map(|base| host.under(base));
        return labels
            .find_map(|label| label.parse().ok())
            .map(HostName::Slug);
    }
    owner(&host).map(HostName::Tenant)
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

    fn read_host(host: &[u8]) -> Option<String> {
        let bases = ["example.com".parse().unwrap(), "erp.test".parse().unwrap()];
        let known = ["shop.acme.test", "beta.example.com"];
        let owner = |domain: &Domain| known.contains(&domain.as_str()).then(TenantId::generate);
        Some(match read(host, &bases, owner)? {
            HostName::Slug(slug) => slug.to_string(),
            HostName::Tenant(_) => "an own domain's".to_owned(),
        })
    }

    #[test]
    fn which_hosts_name_a_tenant() {
        let table: [(&[u8], Option<&str>); 27] = [
            (b"acme.example.com", Some("acme")),
            (b"acme.erp.test", Some("acme")),
            (b"ACME.Example.COM", Some("acme")),
            (b"acme.example.com:8080", Some("acme")),
            (b"acme.example.com.", Some("acme")),
            (b"acme.example.com.:443", Some("acme")),
            (b"acme.example.com:", Some("acme")),
            // Under a base domain there are slugs only, whoever claims the name.
            (b"beta.example.com", Some("beta")),
            (b"shop.acme.test", Some("an own domain's")),
            (b"SHOP.acme.test.:8443", Some("an own domain's")),
            (b"a.shop.acme.test", None),
            (b"acme.test", None),
            (b"example.com", None),
            (b"www.example.com", None),
            (b"a.acme.example.com", None),
            (b"acme.example.com.evil.test", None),
            (b"acmeexample.com", None),
            (b"acme.notexample.com", None),
            (b"acme.example.com:80:80", None),
            (b"acme.example.com:x", None),
            (b"acme.example.com..", None),
            ("\u{430}cme.example.com".as_bytes(), None),
            (b"\xffacme.example.com", None),
            (b"acme%2eexample.com", None),
            (b"", None),
            (b"127.0.0.1", None),
            (b"[::1]:80", None),
        ];
        for (host, expected) in table {
            let named = read_host(host);
            assert_eq!(named.as_deref(), expected, "{}", host.escape_ascii());
        }
    }
}
