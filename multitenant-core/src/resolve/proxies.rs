use std::fmt;
use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use super::forwarded::{Element, Malformed, elements};
use super::request::{RepeatedHeader, RequestView, single_header};

const FORWARDED: &str = "forwarded";
const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_HOST: &str = "x-forwarded-host";

/// The proxies whose word on a request's host and caller counts. Nobody else's does.
///
/// ```
/// use multitenant_core::resolve::TrustedProxies;
///
/// let networks = ["10.0.0.0/8", "::1"].map(|text| TrustedProxies::parse_network(text).unwrap());
/// let proxies = TrustedProxies::new(networks.to_vec());
/// assert!(proxies.contains("10.1.2.3".parse().unwrap()));
/// assert!(!proxies.contains("192.0.2.1".parse().unwrap()));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TrustedProxies(Vec<IpNet>);

impl fmt::Display for TrustedProxies {
    /// The networks, separated by commas.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let networks: Vec<_> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&networks.join(","))
    }
}

/// What the proxies say of a request's host cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum UnreadableHost {
    #[error(transparent)]
    Repeated(#[from] RepeatedHeader),
    #[error("the Forwarded header of a proxy cannot be read")]
    Malformed,
}

impl From<Malformed> for UnreadableHost {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl TrustedProxies {
    /// Trusts these networks.
    #[must_use]
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Reads `10.0.0.0/8`, `fd00::/8` or a single address.
    #[must_use]
    pub fn parse_network(text: &str) -> Option<IpNet> {
        let single = || text.parse::<IpAddr>().ok().map(IpNet::from);
        text.parse().ok().or_else(single)
    }

    /// Whether an address is one of the proxies.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The address that a request came from: the other end of the connection; or, where that is
    /// one of the proxies, the right-most address of `X-Forwarded-For` that is none. Whatever
    /// stands further left may be invented, and whatever cannot be read ends the search at the
    /// proxy that wrote it.
    pub fn client(&self, request: &(impl RequestView + ?Sized)) -> Option<IpAddr> {
        let mut client = request.peer()?.to_canonical();
        let values = request.header(FORWARDED_FOR).into_iter().rev();
        let mut hops = values.flat_map(|value| value.rsplit(|byte| *byte == b','));
        while self.contains(client) {
            match hops.next().and_then(address) {
                Some(hop) => client = hop,
                None => break,
            }
        }
        Some(client)
    }

    /// The hosts that the proxies in front say they were asked for: in `X-Forwarded-Host`, and in
    /// each element of `Forwarded` (RFC 7239) that one of them wrote.
    pub(super) fn hosts(
        &self,
        request: &(impl RequestView + ?Sized),
    ) -> Result<Vec<Vec<u8>>, UnreadableHost> {
        if !request.peer().is_some_and(|peer| self.contains(peer)) {
            return Ok(Vec::new());
        }
        let single = single_header(request, FORWARDED_HOST)?;
        let mut hosts: Vec<_> = single.map(<[u8]>::to_vec).into_iter().collect();
        let mut written = Vec::new();
        for value in request.header(FORWARDED) {
            written.extend(elements(value)?);
        }
        let ours = self.written_by_us(written);
        hosts.extend(
            ours.filter_map(|element| element.host)
                .map(String::into_bytes),
        );
        Ok(hosts)
    }

    /// The right-most element, which the other end of the connection wrote, and each further left
    /// that a proxy wrote from which the one to its right had the request.
    fn written_by_us(&self, written: Vec<Element>) -> impl Iterator<Item = Element> {
        let mut writer_is_ours = true;
        written.into_iter().rev().take_while(move |element| {
            let this = writer_is_ours;
            let before = element.node.as_deref().map(str::as_bytes).and_then(address);
            writer_is_ours = before.is_some_and(|address| self.contains(address));
            this
        })
    }
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(hop: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(hop).ok()?.trim();
    let bare = || {
        text.trim_start_matches('[')
            .trim_end_matches(']')
            .parse()
            .ok()
    };
    let with_port = || Some(text.parse::<SocketAddr>().ok()?.ip());
    Some(bare().or_else(with_port)?.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Proxied<'t> {
        peer: &'t str,
        headers: &'t [(&'t str, &'t str)],
    }

    impl RequestView for Proxied<'_> {
        fn header(&self, name: &str) -> Vec<&[u8]> {
            let named = self.headers.iter().filter(|(header, _)| *header == name);
            named.map(|(_, value)| value.as_bytes()).collect()
        }

        fn authority(&self) -> Option<&str> {
            None
        }

        fn path(&self) -> &str {
            "/"
        }

        fn query(&self) -> Option<&str> {
            None
        }

        fn peer(&self) -> Option<IpAddr> {
            self.peer.parse().ok()
        }
    }

    fn proxies() -> TrustedProxies {
        let networks = ["10.0.0.0/8", "fd00::/8"].map(|network| network.parse().unwrap());
        TrustedProxies::new(networks.to_vec())
    }

    #[test]
    fn whose_word_on_the_address_counts() {
        let table: [(&str, &[&str], &str); 12] = [
            ("192.0.2.1", &[], "192.0.2.1"),
            ("192.0.2.1", &["198.51.100.7"], "192.0.2.1"),
            ("10.0.0.1", &[], "10.0.0.1"),
            ("10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("::ffff:10.0.0.1", &["198.51.100.7"], "198.51.100.7"),
            ("10.0.0.1", &["203.0.113.9, 198.51.100.7"], "198.51.100.7"),
            (
                "10.0.0.1",
                &["203.0.113.9", "198.51.100.7, 10.0.0.2"],
                "198.51.100.7",
            ),
            ("10.0.0.1", &["198.51.100.7:4711"], "198.51.100.7"),
            ("fd00::1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("fd00::1", &["[2001:db8::7]"], "2001:db8::7"),
            ("10.0.0.1", &["198.51.100.7, unknown"], "10.0.0.1"),
            ("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ];
        for (peer, forwarded, expected) in table {
            let headers: Vec<_> = forwarded
                .iter()
                .map(|value| (FORWARDED_FOR, *value))
                .collect();
            let headers = &headers;
            let found = proxies().client(&Proxied { peer, headers });
            assert_eq!(found.unwrap().to_string(), expected, "{peer} {forwarded:?}");
        }
    }

    /// The other end of the connection, the headers, and the hosts that count; `None` where
    /// the request is refused.
    type HostCase<'t> = (&'t str, &'t [(&'t str, &'t str)], Option<&'t [&'t str]>);

    #[test]
    #[allow(clippy::too_many_lines, reason = "a table of cases")]
    fn whose_word_on_the_host_counts() {
        let table: [HostCase<'_>; 13] = [
            ("192.0.2.1", &[(FORWARDED_HOST, "a.test")], Some(&[])),
            ("192.0.2.1", &[(FORWARDED, "host=a.test")], Some(&[])),
            ("192.0.2.1", &[(FORWARDED, "host=\"")], Some(&[])),
            ("10.0.0.1", &[], Some(&[])),
            ("10.0.0.1", &[(FORWARDED_HOST, "a.test")], Some(&["a.test"])),
            (
                "::ffff:10.0.0.1",
                &[(FORWARDED_HOST, "a.test")],
                Some(&["a.test"]),
            ),
            ("10.0.0.1", &[(FORWARDED_HOST, "a.test, b.test")], None),
            (
                "10.0.0.1",
                &[(FORWARDED_HOST, "a.test"), (FORWARDED_HOST, "a.test")],
                None,
            ),
            (
                "10.0.0.1",
                &[(FORWARDED, "for=192.0.2.9;host=a.test")],
                Some(&["a.test"]),
            ),
            // The caller wrote the left one, and the proxy added its own.
            (
                "10.0.0.1",
                &[(FORWARDED, "host=b.test, for=192.0.2.9;host=a.test")],
                Some(&["a.test"]),
            ),
            // Two proxies of ours in a row, and a caller who invented one before them.
            (
                "10.0.0.1",
                &[
                    (
                        FORWARDED,
                        "for=10.0.0.7;host=c.test, for=192.0.2.9;host=a.test",
                    ),
                    (FORWARDED, "for=\"10.0.0.2:81\";host=inner.test"),
                ],
                Some(&["inner.test", "a.test"]),
            ),
            (
                "10.0.0.1",
                &[(FORWARDED_HOST, "a.test"), (FORWARDED, "host=b.test")],
                Some(&["a.test", "b.test"]),
            ),
            ("10.0.0.1", &[(FORWARDED, "host=\"a.test")], None),
        ];
        for (peer, headers, expected) in table {
            let found = proxies().hosts(&Proxied { peer, headers }).ok();
            let expected = expected.map(|hosts| {
                let bytes = hosts.iter().map(|host| host.as_bytes().to_vec());
                bytes.collect::<Vec<_>>()
            });
            assert_eq!(found, expected, "{peer} {headers:?}");
        }
    }
}
