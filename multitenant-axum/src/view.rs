use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, OriginalUri};
use axum::http::header::HOST;
use axum::http::request::Parts;
use axum::http::uri::{Authority, Uri};
use multitenant_core::resolve::RequestView;

/// Shows a request to core as it came. For calling a [`Gate`](multitenant_core::gate::Gate) by
/// hand, or a resolver; [`Guard`](crate::Guard) does it for you.
#[derive(Debug, Clone, Copy)]
pub struct View<'r>(pub &'r Parts);

impl View<'_> {
    /// The target as it came: a nested router sees it without its prefix.
    fn uri(&self) -> &Uri {
        let original = self.0.extensions.get::<OriginalUri>();
        original.map_or(&self.0.uri, |original| &original.0)
    }
}

impl RequestView for View<'_> {
    fn header(&self, name: &str) -> Vec<&[u8]> {
        let values = self.0.headers.get_all(name);
        values.iter().map(|value| value.as_bytes()).collect()
    }

    fn host(&self) -> Option<&[u8]> {
        // Where the target is absolute, the Host header does not count (RFC 9112, section 3.2.2).
        if let Some(authority) = self.uri().authority() {
            return Some(without_user(authority).as_bytes());
        }
        let mut hosts = self.0.headers.get_all(HOST).iter();
        match (hosts.next(), hosts.next()) {
            (Some(host), None) => Some(host.as_bytes()),
            _ => None,
        }
    }

    fn path(&self) -> &str {
        self.uri().path()
    }

    fn query(&self) -> Option<&str> {
        self.uri().query()
    }

    /// Known where the server is started with
    /// [`into_make_service_with_connect_info::<SocketAddr>()`](axum::Router::into_make_service_with_connect_info).
    fn peer(&self) -> Option<IpAddr> {
        let peer = self.0.extensions.get::<ConnectInfo<SocketAddr>>();
        peer.map(|ConnectInfo(address)| address.ip())
    }
}

fn without_user(authority: &Authority) -> &str {
    let text = authority.as_str();
    text.rsplit_once('@').map_or(text, |(_, host)| host)
}
