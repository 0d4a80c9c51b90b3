use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;

/// What is counted together: one IPv4 address, or the /64 that one household gets of IPv6.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Key {
    V4([u8; 4]),
    V6Prefix([u8; 8]),
    /// One of a fixed number, for times when there are too many addresses to count each.
    Shared(u16),
}

impl Key {
    pub(super) fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.octets()),
            IpAddr::V6(address) => {
                let [a, b, c, d, e, f, g, h, ..] = address.octets();
                Self::V6Prefix([a, b, c, d, e, f, g, h])
            }
        }
    }

    /// The same address as one of 65,536 that are shared. Nobody outside knows by whom.
    pub(super) fn shared(&self, hashing: &RandomState) -> Self {
        let [.., high, low] = hashing.hash_one(self).to_be_bytes();
        Self::Shared(u16::from_be_bytes([high, low]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_counted_together() {
        let table = [
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1", "192.0.2.2", false),
            ("192.0.2.1", "::ffff:192.0.2.1", true),
            ("2001:db8::1", "2001:db8::ffff:1", true),
            ("2001:db8::1", "2001:db8:0:1::1", false),
        ];
        for (one, other, together) in table {
            let [a, b] = [one, other].map(|text| Key::of(text.parse().unwrap()));
            assert_eq!(a == b, together, "{one} {other}");
        }
    }
}
