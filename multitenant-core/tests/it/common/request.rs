//! A request as an adapter would show it.

use std::net::IpAddr;

use multitenant_core::resolve::RequestView;
use secrecy::{ExposeSecret, SecretString};

#[derive(Default, Clone)]
pub struct Request {
    pub headers: Vec<(&'static str, Vec<u8>)>,
    pub path: Option<String>,
    pub query: Option<String>,
    pub peer: Option<IpAddr>,
}

impl Request {
    pub fn header(mut self, name: &'static str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("authorization", format!("Bearer {token}"))
    }

    pub fn token(self, token: &SecretString) -> Self {
        self.bearer(token.expose_secret())
    }

    pub fn host(self, host: &str) -> Self {
        self.header("host", host)
    }

    pub fn path(mut self, path: &str) -> Self {
        self.path = Some(path.into());
        self
    }

    pub fn peer(mut self, peer: &str) -> Self {
        self.peer = Some(peer.parse().expect("an address"));
        self
    }

    pub fn query(mut self, query: &str) -> Self {
        self.query = Some(query.into());
        self
    }
}

impl RequestView for Request {
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
