//! What a request says of its tenant, source by source.

use super::host::slug_of;
use super::request::{RepeatedHeader, RequestView, single_header};
use super::{BaseDomain, TENANT_HEADER};
use crate::{Slug, TenantId};

/// Where in a request a tenant can be named, besides its token.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Sources {
    /// Hosts under which each tenant has a name of its own.
    pub base_domains: Vec<BaseDomain>,
    /// Whether `?tenant=` counts. For development only: a link must not choose a tenant.
    pub query: bool,
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
    fn read(text: &[u8]) -> Self {
        let text = std::str::from_utf8(text).unwrap_or_default();
        let id = text.parse().map(Self::Id);
        id.or_else(|_| text.parse().map(Self::Slug))
            .unwrap_or(Self::Nonsense)
    }
}

impl Sources {
    /// Everything that the request says of its tenant.
    pub(super) fn hints(
        &self,
        request: &(impl RequestView + ?Sized),
    ) -> Result<Vec<Hint>, RepeatedHeader> {
        let header = single_header(request, TENANT_HEADER)?.map(Hint::read);
        // Two hosts name nobody, and must not pass for none (RFC 9112, section 3.2).
        single_header(request, "host")?;
        let host = request
            .host()
            .and_then(|host| slug_of(host, &self.base_domains))
            .map(Hint::Slug);
        let mut hints: Vec<_> = header.into_iter().chain(host).collect();
        if self.query {
            hints.extend(in_query(request.query().unwrap_or_default()));
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
