//! How many sockets one address and its network may open: a token bucket for each, checked before
//! anything is read.
//!
//! The table has a fixed size and nothing in it is ever looked for or thrown out: a prefix has two
//! cells, by two keyed hashes, and pays in both; it is turned away only where both are empty. Whoever
//! floods from one prefix drains the two cells of that prefix, and another is touched only if both of
//! its own are among those, which nobody can arrange without the key. Never reads a clock.

use crate::config::{Bucket, DoorConfig};
use leeward_core::id::Instant;
use leeward_core::storm::Source;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicU64, Ordering};

/// Cells of each of the two tables, for addresses and for networks alike: 512 KiB in all.
const CELLS: usize = 32_768;

/// The buckets of a node, shared by its shards.
pub(crate) struct Sources {
    key: [u8; 32],
    address: Bucket,
    network: Bucket,
    trusted: Vec<Prefix>,
    /// For each cell the moment, in microseconds, at which it owes nothing.
    cells: Box<[AtomicU64]>,
}

/// The addresses that begin with the same bits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prefix {
    bits: u128,
    length: u8,
}

impl Sources {
    pub(crate) fn new(config: &DoorConfig, key: [u8; 32]) -> Self {
        Self {
            key,
            address: config.address,
            network: config.network,
            trusted: config.trusted.clone(),
            cells: (0..2 * CELLS).map(|_| AtomicU64::new(0)).collect(),
        }
    }

    /// Whether one more may come in from there.
    pub(crate) fn admit(&self, from: IpAddr, now: Instant) -> bool {
        if self.trusts(from) {
            return true;
        }
        let address = self.hash(Prefix::address_of(from));
        let network = self.hash(Prefix::network_of(from));
        // Neither pays where the other has nothing left.
        self.has(address, self.address, now)
            && self.has(network, self.network, now)
            && self.pay(address, self.address, now)
            && self.pay(network, self.network, now)
    }

    /// Whether an address is one of those that are not counted.
    fn trusts(&self, from: IpAddr) -> bool {
        self.trusted.iter().any(|prefix| prefix.holds(from))
    }

    /// What an address is called where nobody needs to know it.
    pub(crate) fn name(&self, from: IpAddr) -> Source {
        if self.trusts(from) {
            Source::EXEMPT
        } else {
            Source(self.hash(Prefix::address_of(from)).0)
        }
    }

    fn hash(&self, prefix: Prefix) -> (u64, u64) {
        let mut bytes = [prefix.length; 17];
        bytes[..16].copy_from_slice(&prefix.bits.to_be_bytes());
        let hash = blake3::keyed_hash(&self.key, &bytes);
        let (first, rest) = hash.as_bytes().split_first_chunk().expect("32 bytes");
        let second = rest.first_chunk().expect("24 bytes");
        (u64::from_le_bytes(*first), u64::from_le_bytes(*second))
    }

    fn cells(&self, (first, second): (u64, u64)) -> [&AtomicU64; 2] {
        let at = |hash: u64| (hash % CELLS as u64) as usize;
        [&self.cells[at(first)], &self.cells[CELLS + at(second)]]
    }

    fn has(&self, hash: (u64, u64), bucket: Bucket, now: Instant) -> bool {
        let free_by = now.0 + bucket.each_us() * u64::from(bucket.burst.saturating_sub(1));
        self.cells(hash).iter().any(|cell| cell.load(Ordering::Relaxed) <= free_by)
    }

    fn pay(&self, hash: (u64, u64), bucket: Bucket, now: Instant) -> bool {
        let most = now.0 + bucket.each_us() * u64::from(bucket.burst);
        let mut passed = false;
        for cell in self.cells(hash) {
            let paid = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free_at| {
                let next = free_at.max(now.0) + bucket.each_us();
                (next <= most).then_some(next)
            });
            passed |= paid.is_ok();
        }
        passed
    }
}

impl Prefix {
    /// This address alone, or the /64 that one IPv6 customer has whole.
    fn address_of(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(_) => Self::of(address, 32),
            IpAddr::V6(_) => Self::of(address, 64),
        }
    }

    /// Its network: what one customer may be given many of.
    fn network_of(address: IpAddr) -> Self {
        match canonical(address) {
            IpAddr::V4(_) => Self::of(address, 24),
            IpAddr::V6(_) => Self::of(address, 48),
        }
    }

    /// The first `length` bits of an address, as its family counts them.
    fn of(address: IpAddr, length: u8) -> Self {
        let (bits, length) = match canonical(address) {
            IpAddr::V4(v4) => (v4.to_ipv6_mapped().to_bits(), 96 + length.min(32)),
            IpAddr::V6(v6) => (v6.to_bits(), length.min(128)),
        };
        Self { bits: bits & mask(length), length }
    }

    pub(crate) fn holds(self, address: IpAddr) -> bool {
        let bits = match canonical(address) {
            IpAddr::V4(v4) => v4.to_ipv6_mapped().to_bits(),
            IpAddr::V6(v6) => v6.to_bits(),
        };
        bits & mask(self.length) == self.bits
    }

    /// The addresses of this machine itself.
    pub fn loopback() -> [Self; 2] {
        [Self::of(Ipv4Addr::LOCALHOST.into(), 8), Self::of(Ipv6Addr::LOCALHOST.into(), 128)]
    }
}

/// The text is no prefix.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadPrefix;

impl std::fmt::Display for BadPrefix {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("not an address, nor one with a slash and a number of bits behind it")
    }
}

impl std::error::Error for BadPrefix {}

impl std::str::FromStr for Prefix {
    type Err = BadPrefix;
    fn from_str(text: &str) -> Result<Self, BadPrefix> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length.parse().map_err(|_| BadPrefix)?)),
            None => (text, None),
        };
        let address: IpAddr = address.trim().parse().map_err(|_| BadPrefix)?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let length = length.unwrap_or(most);
        (length <= most).then(|| Self::of(address, length)).ok_or(BadPrefix)
    }
}

fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

fn mask(length: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(length.min(128))).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Instant = Instant(1_000_000);

    fn sources(address: (u32, u32), network: (u32, u32)) -> Sources {
        let bucket = |(per_s, burst)| Bucket { per_s, burst };
        let config = DoorConfig {
            address: bucket(address),
            network: bucket(network),
            ..DoorConfig::default()
        };
        Sources::new(&config, [7; 32])
    }

    fn at(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_has_its_burst_then_its_rate() {
        let sources = sources((10, 5), (1_000, 1_000));
        let count = |from, now| (0..100).filter(|_| sources.admit(at(from), now)).count();
        assert_eq!(count("192.0.2.1", START), 5);
        assert_eq!(count("192.0.2.1", START.plus_ms(99)), 0);
        assert_eq!(count("192.0.2.1", START.plus_ms(100)), 1);
        let later = START.plus_ms(60_000);
        assert_eq!(count("192.0.2.1", later), 5, "no more for having waited");
        assert_eq!(count("192.0.2.2", later), 5, "its neighbour has its own");
        assert_eq!(count("::ffff:192.0.2.2", later), 0, "however it is written");
    }

    #[test]
    fn a_network_has_a_bucket_over_all_its_addresses() {
        let sources = sources((10, 5), (10, 12));
        let v4 = (1..=250).filter(|n| sources.admit(at(&format!("192.0.2.{n}")), START)).count();
        assert_eq!(v4, 12);
        let of = |n| at(&format!("2001:db8:0:{n:x}::1"));
        let v6 = (1..=250).filter(|n| sources.admit(of(*n), START)).count();
        assert_eq!(v6, 12, "one /48");
        assert!(sources.admit(at("2001:db8:1::1"), START), "and the next");
    }

    #[test]
    fn one_customer_of_ipv6_is_one_address() {
        let sources = sources((10, 3), (1_000, 1_000));
        let of = |n| at(&format!("2001:db8:1:2:{n:x}::1"));
        assert_eq!((1..=100).filter(|n| sources.admit(of(*n), START)).count(), 3);
    }

    #[test]
    fn who_is_trusted_is_not_counted() {
        let sources = sources((1, 1), (1, 1));
        for address in ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"] {
            assert_eq!((0..50).filter(|_| sources.admit(at(address), START)).count(), 50);
        }
        let config = DoorConfig {
            trusted: vec!["10.0.0.0/8".parse().expect("a prefix")],
            address: Bucket { per_s: 1, burst: 1 },
            ..DoorConfig::default()
        };
        let sources = Sources::new(&config, [7; 32]);
        assert_eq!((0..50).filter(|_| sources.admit(at("10.9.8.7"), START)).count(), 50);
        assert_eq!((0..50).filter(|_| sources.admit(at("127.0.0.1"), START)).count(), 1);
    }

    #[test]
    fn a_flood_from_a_thousand_addresses_leaves_the_others_alone() {
        let sources = sources((10, 5), (1_000_000, 1_000_000));
        for n in 0..1_000u32 {
            let from = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + n));
            while sources.admit(from, START) {}
        }
        let others = (0..10_000u32).map(|n| IpAddr::V4(Ipv4Addr::from_bits(0x5000_0000 + n)));
        let hurt = others.filter(|from| !sources.admit(*from, START)).count();
        assert!(hurt <= 30, "{hurt} of 10,000 met two drained cells");
    }

    #[test]
    fn a_prefix_is_an_address_with_a_length_or_alone() {
        let holds =
            |prefix: &str, address| prefix.parse::<Prefix>().expect("a prefix").holds(at(address));
        assert!(holds("192.0.2.0/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
        assert!(holds("192.0.2.7", "192.0.2.7") && !holds("192.0.2.7", "192.0.2.8"));
        assert!(
            holds("2001:db8::/32", "2001:db8:ffff::1") && !holds("2001:db8::/32", "2001:db9::1")
        );
        assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "2001:db8::1"));
        for bad in ["", "x", "192.0.2.0/33", "192.0.2.0/-1", "::/129", "192.0.2.0/", "/8"] {
            assert_eq!(bad.parse::<Prefix>(), Err(BadPrefix), "{bad}");
        }
    }
}
