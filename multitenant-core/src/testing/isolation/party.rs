use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use crate::resolve::TENANT_HEADER;
#[cfg(feature = "_sql")]
use crate::tenant::Tenant;

type Headers = Vec<(String, String)>;
type SignIn = dyn Fn() -> Pin<Box<dyn Future<Output = String> + Send>> + Send + Sync;

/// One tenant as [`assert_isolated`](super::assert_isolated) needs it: how a request names it, what
/// its user shows, and by what its rows are recognised.
///
/// ```
/// use multitenant_core::testing::Party;
///
/// let acme = Party::new("acme")
///     .bearer("the token of a user of acme")
///     .id("0190c4de-0000-7000-8000-000000000001") // of a row that only acme has
///     .mark("Coyote Ltd"); // a text that stands in no other tenant's rows
/// # let _ = acme;
/// ```
///
/// Ids are sent in the place of every parameter of a path, and beside that no answer to anybody
/// else may hold one that has at least eight bytes. Leave out what several tenants have alike, such
/// as the number 1.
#[derive(Clone)]
pub struct Party {
    slug: String,
    address: Headers,
    headers: Headers,
    sign_in: Option<Arc<SignIn>>,
    names: Vec<String>,
    ids: Vec<String>,
    marks: Vec<String>,
    #[cfg(feature = "_sql")]
    pub(super) database: Option<Tenant>,
}

/// An id that is shorter may stand in an answer by chance.
pub(super) const SHORTEST_MARK: usize = 8;

impl Party {
    /// The tenant with this slug, named by the header `x-tenant-id`.
    #[must_use]
    pub fn new(slug: &str) -> Self {
        Self {
            slug: slug.to_owned(),
            address: vec![(TENANT_HEADER.to_owned(), slug.to_owned())],
            headers: Vec::new(),
            sign_in: None,
            names: vec![slug.to_owned()],
            ids: Vec::new(),
            marks: Vec::new(),
            #[cfg(feature = "_sql")]
            database: None,
        }
    }

    /// Named by a host, and not by the header.
    #[must_use]
    pub fn host(mut self, host: &str) -> Self {
        self.address = vec![("host".to_owned(), host.to_owned())];
        self
    }

    /// Its user's bearer token (RFC 6750).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", &format!("Bearer {token}"))
    }

    /// What its user sends besides, such as a cookie.
    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// How its user comes by a bearer token, for applications where a request may end a session.
    #[must_use]
    pub fn signs_in_by<F>(mut self, sign_in: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = String> + Send + 'static,
    {
        self.sign_in = Some(Arc::new(move || Box::pin(sign_in())));
        self
    }

    /// Another name of the tenant itself, such as its id.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "ids are small and copied, and a text is borrowed"
    )]
    #[must_use]
    pub fn name(mut self, name: impl ToString) -> Self {
        self.names.push(name.to_string());
        self
    }

    /// The id of something that only this tenant has.
    #[allow(
        clippy::needless_pass_by_value,
        reason = "ids are small and copied, and a text is borrowed"
    )]
    #[must_use]
    pub fn id(mut self, id: impl ToString) -> Self {
        self.ids.push(id.to_string());
        self
    }

    /// A text that stands in this tenant's rows and in no other's.
    #[must_use]
    pub fn mark(mut self, text: impl Into<String>) -> Self {
        self.marks.push(text.into());
        self
    }

    /// The handle of its database, in which nothing may change while others ask.
    #[cfg(feature = "_sql")]
    #[must_use]
    pub fn database(mut self, tenant: Tenant) -> Self {
        self.database = Some(tenant);
        self
    }

    pub(super) fn slug(&self) -> &str {
        &self.slug
    }

    pub(super) fn names(&self) -> &[String] {
        &self.names
    }

    pub(super) fn ids(&self) -> &[String] {
        &self.ids
    }

    pub(super) fn address(&self) -> &[(String, String)] {
        &self.address
    }

    /// What tells this tenant's rows from others'.
    pub(super) fn marks(&self) -> impl Iterator<Item = &str> {
        let ids = self.ids.iter().filter(|id| id.len() >= SHORTEST_MARK);
        self.marks.iter().chain(ids).map(String::as_str)
    }

    /// The headers by which its user is known.
    pub(super) async fn credentials(&self) -> Headers {
        let mut headers = self.headers.clone();
        if let Some(sign_in) = &self.sign_in {
            let token = sign_in().await;
            headers.push(("authorization".to_owned(), format!("Bearer {token}")));
        }
        headers
    }

    pub(super) fn can_sign_in_again(&self) -> bool {
        self.sign_in.is_some()
    }
}

impl fmt::Debug for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Party")
            .field("slug", &self.slug)
            .field("ids", &self.ids)
            .finish_non_exhaustive()
    }
}

impl From<&Self> for Party {
    fn from(party: &Self) -> Self {
        party.clone()
    }
}
