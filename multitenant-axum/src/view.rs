use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, OriginalUri};
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

    fn authority(&self) -> Option<&str> {
        self.uri().authority().map(Authority::as_str)
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
