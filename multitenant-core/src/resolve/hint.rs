//! What a request says of its tenant, source by source.

use super::TENANT_HEADER;
use super::host::{self, HostName};
use super::path::PathPrefix;
use super::proxies::{TrustedProxies, UnreadableHost};
use super::request::{RepeatedHeader, RequestView, single_header, target_host};
use crate::{Domain, Slug, TenantId};

/// Where in a request a tenant can be named, besides its token, the header `x-tenant-id` and the
/// tenants' own domains.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Sources {
    /// Domains under which each tenant has a name of its own: `acme.example.com` names `acme`
    /// where `example.com` is one.
    pub base_domains: Vec<Domain>,
    /// The beginning of paths that name a tenant.
    pub path_prefix: Option<PathPrefix>,
    /// Whether `?tenant=` counts. For development only: a link must not choose a tenant.
    pub query: bool,
    /// The tenant of every request, for single mode: another that is named besides is refused.
    pub only: Option<TenantId>,
    /// The proxies whose `Forwarded` and `X-Forwarded-Host` count, beside the host itself.
    pub proxies: TrustedProxies,
}

/// How a source names a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Hint {
    Id(TenantId),
    Slug(Slug),
    /// Something that can be no tenant's name.
    Nonsense,
}

impl Hint {
    pub(super) fn read(text: &[u8]) -> Self {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let id = text.parse().map(Self::Id);
        id.or_else(|_| text.parse().map(Self::Slug))
            .unwrap_or(Self::Nonsense)
    }
}

impl From<HostName> for Hint {
    fn from(host: HostName) -> Self {
        match host {
            HostName::Slug(slug) => Self::Slug(slug),
            HostName::Tenant(tenant) => Self::Id(tenant),
        }
    }
}

impl Sources {
    /// Everything that the request says of its tenant; `owner` knows the tenants' own domains.
    pub(super) fn hints(
        &self,
        request: &(impl RequestView + ?Sized),
        owner: impl Fn(&Domain) -> Option<TenantId>,
    ) -> Result<Vec<Hint>, RepeatedHeader> {
        let header = single_header(request, TENANT_HEADER)?.map(Hint::read);
        let mut hints: Vec<_> = header.into_iter().collect();
        hints.extend(self.in_hosts(request, owner)?);
        let prefix = self.path_prefix.as_ref();
        let segment = prefix.and_then(|prefix| prefix.segment(request.path()));
        hints.extend(segment.map(|segment| Hint::read(segment.as_bytes())));
        if self.query {
            hints.extend(in_query(request.query().unwrap_or_default()));
        }
        hints.extend(self.only.map(Hint::Id));
        Ok(hints)
    }

    fn in_hosts(
        &self,
        request: &(impl RequestView + ?Sized),
        owner: impl Fn(&Domain) -> Option<TenantId>,
    ) -> Result<Vec<Hint>, RepeatedHeader> {
        let named = |host: &[u8]| host::read(host, &self.base_domains, &owner).map(Hint::from);
        let mut hints: Vec<_> = target_host(request)?.and_then(named).into_iter().collect();
        match self.proxies.hosts(request) {
            Ok(hosts) => hints.extend(hosts.iter().filter_map(|host| named(host))),
            Err(UnreadableHost::Malformed) => hints.push(Hint::Nonsense),
            Err(UnreadableHost::Repeated(repeated)) => return Err(repeated),
        }
        Ok(hints)
    }
}

/// A slug or an id has no byte that needs percent-encoding, so an encoded one names nobody.
fn in_query(query: &str) -> impl Iterator<Item = Hint> {
    query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("tenant="))
        .map(|value| Hint::read(value.as_bytes()))
}
