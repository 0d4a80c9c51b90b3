use std::net::IpAddr;

use actix_web::HttpRequest;
use actix_web::http::Uri;
use actix_web::http::header::{HeaderMap, HeaderValue};
use actix_web::http::uri::Authority;
use multitenant_core::resolve::RequestView;

/// Shows a request to core as it came. For calling a [`Gate`](multitenant_core::gate::Gate) by
/// hand, or a resolver; [`Guard`](crate::Guard) does it for you.
#[derive(Debug, Clone, Copy)]
pub struct View<'r> {
    headers: &'r HeaderMap,
    uri: &'r Uri,
    peer: Option<IpAddr>,
}

impl<'r> View<'r> {
    /// Shows this request.
    #[must_use]
    pub fn of(request: &'r HttpRequest) -> Self {
        Self {
            headers: request.headers(),
            uri: request.uri(),
            peer: request.peer_addr().map(|address| address.ip()),
        }
    }
}

impl RequestView for View<'_> {
    fn header(&self, name: &str) -> Vec<&[u8]> {
        let values = self.headers.get_all(name);
        values.map(HeaderValue::as_bytes).collect()
    }

    fn authority(&self) -> Option<&str> {
        self.uri.authority().map(Authority::as_str)
    }

    fn path(&self) -> &str {
        self.uri.path()
    }

    fn query(&self) -> Option<&str> {
        self.uri.query()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.peer
    }
}
