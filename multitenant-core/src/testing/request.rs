use std::net::IpAddr;

use secrecy::{ExposeSecret, SecretString};

use crate::resolve::RequestView;

/// A request as an adapter would show it, to ask a [`Gate`](crate::gate::Gate) or a
/// [`Resolver`](crate::resolve::Resolver) without a web framework.
///
/// ```
/// use multitenant_core::resolve::RequestView;
/// use multitenant_core::testing::TestRequest;
///
/// let request = TestRequest::default().bearer("a-token").host("acme.example.com");
/// let seen: &dyn RequestView = &request;
/// assert_eq!(seen.header("authorization"), ["Bearer a-token".as_bytes()]);
/// ```
#[derive(Debug, Default, Clone)]
pub struct TestRequest {
    headers: Vec<(&'static str, Vec<u8>)>,
    path: Option<String>,
    query: Option<String>,
    peer: Option<IpAddr>,
}

impl TestRequest {
    /// With one more value of a header, by its name in lower case.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// With a bearer token (RFC 6750).
    #[must_use]
    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    /// With a bearer token that a sign-in gave.
    #[must_use]
    pub fn token(self, token: &SecretString) -> Self {
        self.bearer(token.expose_secret())
    }

    /// To a host.
    #[must_use]
    pub fn host(self, host: &str) -> Self {
        self.header("host", host)
    }

    /// To a path; without, to `/`.
    #[must_use]
    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.into());
        self
    }

    /// With a query.
    #[must_use]
    pub fn query(mut self, query: &str) -> Self {
        self.query = Some(query.into());
        self
    }

    /// From this address.
    #[must_use]
    pub fn peer(mut self, peer: IpAddr) -> Self {
        self.peer = Some(peer);
        self
    }
}

impl RequestView for TestRequest {
    fn header(&self, name: &str) -> Vec<&[u8]> {
        let named = self.headers.iter().filter(|(header, _)| *header == name);
        named.map(|(_, value)| value.as_slice()).collect()
    }

    fn authority(&self) -> Option<&str> {
        None
    }

    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or("/")
    }

    fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}
