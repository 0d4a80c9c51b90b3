use std::net::IpAddr;

/// The address a request came from, behind the proxies that are trusted: in the extensions of
/// every request that came over a socket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);
