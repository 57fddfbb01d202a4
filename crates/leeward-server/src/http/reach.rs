//! Which addresses errands may go to: public ones, and those that the operator has named. Pure.
//!
//! Whoever may register a command is not thereby one who may speak to what listens beside the server:
//! its operator's listener, a database, the metadata of a cloud.

use crate::config::Prefix;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whether this address may be connected to.
pub(super) fn may_reach(address: IpAddr, allowed: &[Prefix]) -> bool {
    if allowed.iter().any(|prefix| prefix.holds(address)) {
        return true;
    }
    match address.to_canonical() {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

/// What the registry of special addresses (IANA, RFC 6890) does not set aside.
fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let shared = a == 100 && (64..128).contains(&b);
    let protocols = (a, b, c) == (192, 0, 0) || (a, b, c) == (192, 88, 99);
    let benchmarks = a == 198 && (b == 18 || b == 19);
    let reserved = a == 0 || a >= 240;
    !(v4.is_loopback()
        || v4.is_private()
        || v4.is_link_local()
        || v4.is_multicast()
        || v4.is_documentation()
        || shared
        || protocols
        || benchmarks
        || reserved)
}

/// Global unicast, where it does not lead to an IPv4 address that is not public.
fn is_public_v6(v6: Ipv6Addr) -> bool {
    let [a, b, c, d, e, f, g, h] = v6.segments();
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match (a, b) {
        // NAT64 (RFC 6052).
        (0x64, 0xff9b) => (c, d, e, f) == (0, 0, 0, 0) && is_public_v4(v4(g, h)),
        // Teredo, benchmarks, ORCHID and what else is under 2001::/23.
        (0x2001, 0..=0x1ff) => false,
        (0x2001, 0xdb8) => false,
        // 6to4.
        (0x2002, _) => is_public_v4(v4(b, c)),
        (0x3fff, 0..=0xfff) => false,
        _ => a & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(address: &str, allowed: &[&str]) -> bool {
        let allowed: Vec<Prefix> = allowed.iter().map(|p| p.parse().expect("a prefix")).collect();
        may_reach(address.parse().expect("an address"), &allowed)
    }

    #[test]
    fn only_public_addresses_are_reached_unless_others_are_named() {
        for public in ["9.9.9.9", "192.1.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::909:909"]
        {
            assert!(reach(public, &[]), "{public}");
        }
        for private in [
            "127.0.0.1",
            "10.1.2.3",
            "172.16.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "0.0.0.0",
            "100.64.0.1",
            "192.0.0.8",
            "192.0.2.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "240.0.0.1",
            "::",
            "::1",
            "fe80::1",
            "fd00::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
            "3fff::1",
            "fec0::1",
        ] {
            assert!(!reach(private, &[]), "{private}");
        }
    }

    #[test]
    fn what_the_operator_names_is_reached_and_nothing_beside_it() {
        assert!(reach("10.1.2.3", &["10.1.0.0/16"]));
        assert!(reach("::ffff:10.1.2.3", &["10.1.0.0/16"]));
        assert!(!reach("10.2.0.1", &["10.1.0.0/16"]));
        assert!(reach("127.0.0.1", &["127.0.0.1"]));
        assert!(!reach("127.0.0.2", &["127.0.0.1"]));
    }
}
