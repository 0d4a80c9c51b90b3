use std::net::IpAddr;
use std::sync::Arc;

use super::hint::{Hint, Sources};
use super::request::{RepeatedHeader, RequestView};
#[cfg(feature = "_sql")]
use crate::tenant::FixedTenants;
use crate::tenant::{Tenant, TenantError, Tenants};
use crate::{Domain, TenantId};

/// Why a request has no tenant.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum ResolveError {
    /// No source names one.
    #[error("the request names no tenant; name it by its host, by x-tenant-id or by a token")]
    Required,
    /// Two sources name different ones, or one of them nobody.
    #[error("the request names two tenants")]
    Mismatch,
    /// A source spoke twice.
    #[error(transparent)]
    Repeated(#[from] RepeatedHeader),
    /// The one that is named does not exist.
    #[error("the request names a tenant that does not exist")]
    Unknown,
    /// It could not be looked up.
    #[error(transparent)]
    Lookup(TenantError),
}

/// Finds out which tenant a request is for.
pub struct Resolver {
    sources: Sources,
    tenants: Arc<dyn Tenants>,
    claim: Option<Arc<dyn Claim>>,
}

/// Reads a tenant out of a token of an application's own.
///
/// Any function from a request to a tenant's id or slug is one, in an `Option`.
pub trait Claim: Send + Sync + 'static {
    /// The id or the slug of the tenant that a token in the request names, once it is verified.
    fn tenant(&self, request: &dyn RequestView) -> Option<String>;
}

impl<F> Claim for F
where
    F: Fn(&dyn RequestView) -> Option<String> + Send + Sync + 'static,
{
    fn tenant(&self, request: &dyn RequestView) -> Option<String> {
        self(request)
    }
}

impl Resolver {
    /// A resolver that looks at these sources.
    pub fn new(sources: Sources, tenants: Arc<dyn Tenants>) -> Self {
        Self {
            sources,
            tenants,
            claim: None,
        }
    }

    /// Counts also what an application's own tokens claim: one more source, above no other.
    #[must_use]
    pub fn with_claim(mut self, claim: impl Claim) -> Self {
        self.claim = Some(Arc::new(claim));
        self
    }

    /// Where tenants are found.
    #[must_use]
    pub fn tenants(&self) -> &Arc<dyn Tenants> {
        &self.tenants
    }

    /// The tenant of a request whose token names none. It only ever chooses where a sign-in
    /// happens.
    ///
    /// # Errors
    /// [`ResolveError`]; a tenant that does not exist is told apart, which a stranger must not
    /// notice.
    pub async fn hinted(
        &self,
        request: &(impl RequestView + ?Sized),
    ) -> Result<TenantId, ResolveError> {
        let hints = self.hints(request)?;
        let mut named = Vec::with_capacity(hints.len());
        for hint in &hints {
            named.push(self.look_up(hint).await?);
        }
        let first = *named.first().ok_or(ResolveError::Required)?;
        // Two that exist must be one. Two that do not must be the same word: else a pair of an
        // invented name and a guess would tell whether the guess exists.
        let same = match first {
            Some(_) => named.iter().all(|other| *other == first),
            None => hints.iter().all(|hint| *hint == hints[0]) && named.iter().all(Option::is_none),
        };
        if !same {
            return Err(ResolveError::Mismatch);
        }
        first.ok_or(ResolveError::Unknown)
    }

    /// The tenant of a request whose token names none, if it exists and is served. Why there is
    /// none is for no stranger to know.
    ///
    /// # Errors
    /// [`ResolveError`], but never [`ResolveError::Unknown`].
    pub async fn served(
        &self,
        request: &(impl RequestView + ?Sized),
    ) -> Result<Option<Tenant>, ResolveError> {
        let tenant = match self.hinted(request).await {
            Ok(tenant) => tenant,
            Err(ResolveError::Unknown) => return Ok(None),
            Err(other) => return Err(other),
        };
        match self.tenants.tenant(tenant).await {
            Ok(tenant) => Ok(Some(tenant)),
            Err(TenantError::Unknown | TenantError::NotServed(_)) => Ok(None),
            Err(other) => Err(ResolveError::Lookup(other)),
        }
    }

    /// Checks that nothing in the request contradicts the tenant of its token.
    ///
    /// # Errors
    /// [`ResolveError::Mismatch`] where a source names another tenant, or nobody.
    pub async fn confirm(
        &self,
        claimed: TenantId,
        request: &(impl RequestView + ?Sized),
    ) -> Result<(), ResolveError> {
        for hint in &self.hints(request)? {
            let named = match hint {
                Hint::Id(tenant) => Some(*tenant),
                other => self.look_up(other).await?,
            };
            if named != Some(claimed) {
                return Err(ResolveError::Mismatch);
            }
        }
        Ok(())
    }

    fn hints(&self, request: &(impl RequestView + ?Sized)) -> Result<Vec<Hint>, RepeatedHeader> {
        let owner = |domain: &Domain| self.tenants.id_of_domain(domain);
        let mut hints = self.sources.hints(request, owner)?;
        let claim = self.claim.as_ref();
        let claimed = claim.and_then(|claim| claim.tenant(&Seen(request)));
        hints.extend(claimed.map(|name| Hint::read(name.as_bytes())));
        Ok(hints)
    }

    async fn look_up(&self, hint: &Hint) -> Result<Option<TenantId>, ResolveError> {
        let found = match hint {
            Hint::Nonsense => Ok(None),
            Hint::Slug(slug) => self.tenants.id_of(slug).await,
            Hint::Id(tenant) => {
                let exists = self.tenants.exists(*tenant).await;
                exists.map(|exists| exists.then_some(*tenant))
            }
        };
        found.map_err(ResolveError::Lookup)
    }
}

#[cfg(feature = "_sql")]
impl From<FixedTenants> for Resolver {
    /// One tenant alone is the tenant of every request, whatever its host; of several, each
    /// request names one by its header `x-tenant-id`.
    fn from(tenants: FixedTenants) -> Self {
        let mut sources = Sources::default();
        if let [only] = *tenants.ids() {
            sources.only = Some(only);
        }
        Self::new(sources, Arc::new(tenants))
    }
}

/// A request whatever its type, since a hook must take one that has a size.
struct Seen<'r, R: ?Sized>(&'r R);

impl<R: RequestView + ?Sized> RequestView for Seen<'_, R> {
    fn header(&self, name: &str) -> Vec<&[u8]> {
        self.0.header(name)
    }

    fn authority(&self) -> Option<&str> {
        self.0.authority()
    }

    fn path(&self) -> &str {
        self.0.path()
    }

    fn query(&self) -> Option<&str> {
        self.0.query()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.peer()
    }
}
