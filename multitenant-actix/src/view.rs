use std::net::IpAddr;

use actix_web::dev::RequestHead;
use actix_web::http::header::HeaderValue;
use actix_web::http::uri::Authority;
use multitenant_core::resolve::RequestView;

/// Shows a request to core as it came, by its [`head`](actix_web::HttpRequest::head). For calling a [`Gate`](multitenant_core::gate::Gate) by
/// hand, or a resolver; [`Guard`](crate::Guard) does it for you.
#[derive(Debug, Clone, Copy)]
pub struct View<'r>(pub &'r RequestHead);

impl RequestView for View<'_> {
    fn header(&self, name: &str) -> Vec<&[u8]> {
        let values = self.0.headers.get_all(name);
        values.map(HeaderValue::as_bytes).collect()
    }

    fn authority(&self) -> Option<&str> {
        self.0.uri.authority().map(Authority::as_str)
    }

    fn path(&self) -> &str {
        self.0.uri.path()
    }

    fn query(&self) -> Option<&str> {
        self.0.uri.query()
    }

    fn peer(&self) -> Option<IpAddr> {
        self.0.peer_addr.map(|address| address.ip())
    }
}
