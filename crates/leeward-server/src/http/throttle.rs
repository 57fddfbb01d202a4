//! How often one name, one network or one hook may ask: GCRA, one number per key.
//!
//! The table is bounded: when it is full, keys that owe nothing are forgotten first, and when all owe
//! something the stranger is refused. Never reads a clock.

use leeward_core::code::{Code, Refusal};
use leeward_core::id::Millis;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::Mutex;

/// Keys remembered: some 3 MB, and more networks than sign in within a minute.
const KEYS_MAX: usize = 65_536;

/// A rate limit for many keys.
pub(crate) struct Throttle {
    /// One request per so many milliseconds in the long run.
    every_ms: u64,
    /// So many milliseconds' worth of requests may come at once.
    burst_ms: u64,
    hasher: RandomState,
    /// For each key the time at which it owes nothing.
    free_at: Mutex<HashMap<u64, u64>>,
}

impl Throttle {
    /// `burst` requests at once, then one every `every_ms` milliseconds.
    pub(crate) fn new(burst: u64, every_ms: u64) -> Self {
        Self {
            every_ms,
            burst_ms: burst * every_ms,
            hasher: RandomState::new(),
            free_at: Mutex::new(HashMap::new()),
        }
    }

    /// Counts one request of `key`.
    ///
    /// # Errors
    /// `rate_limited` with the time after which the request would be let through.
    pub(crate) fn admit(&self, key: impl Hash, now: Millis) -> Result<(), Refusal> {
        let key = self.hasher.hash_one(key);
        let mut table = self.free_at.lock().expect("nothing panics while it holds this lock");
        if table.len() >= KEYS_MAX && !table.contains_key(&key) {
            table.retain(|_, free_at| *free_at > now.0);
            if table.len() >= KEYS_MAX {
                return Err(Refusal::new(Code::RateLimited));
            }
        }
        let free_at = table.entry(key).or_insert(0);
        let next = (*free_at).max(now.0) + self.every_ms;
        let over = next.saturating_sub(now.0 + self.burst_ms);
        if over > 0 {
            let wait_ms = u32::try_from(over).unwrap_or(u32::MAX);
            return Err(Refusal::new(Code::RateLimited).after(wait_ms));
        }
        *free_at = next;
        Ok(())
    }

    /// Forgets what `key` owes: its owner has shown who they are.
    pub(crate) fn forgive(&self, key: impl Hash) {
        let key = self.hasher.hash_one(key);
        self.free_at.lock().expect("nothing panics while it holds this lock").remove(&key);
    }
}

/// The network somebody asks from: an IPv4 address, or the /64 that one IPv6 customer has whole.
pub(crate) fn network(source: IpAddr) -> [u8; 8] {
    match source {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            [0, 0, 0, 0, a, b, c, d]
        }
        IpAddr::V6(v6) => match v6.to_ipv4_mapped() {
            Some(v4) => network(IpAddr::V4(v4)),
            None => {
                let o = v6.octets();
                [o[0], o[1], o[2], o[3], o[4], o[5], o[6], o[7]]
            }
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_goes_through_then_the_rate_holds() {
        let throttle = Throttle::new(3, 1_000);
        let at = |ms: u64| throttle.admit("a", Millis(1_000_000 + ms));
        assert!(at(0).is_ok() && at(0).is_ok() && at(0).is_ok());
        let refusal = at(0).expect_err("the fourth at once");
        assert_eq!(refusal.after_ms, Some(1_000));
        assert!(at(999).is_err());
        assert!(at(1_000).is_ok());
        assert!(at(1_001).is_err());
    }

    #[test]
    fn one_key_does_not_pay_for_another() {
        let throttle = Throttle::new(1, 1_000);
        assert!(throttle.admit("a", Millis(0)).is_ok());
        assert!(throttle.admit("b", Millis(0)).is_ok());
        assert!(throttle.admit("a", Millis(0)).is_err());
        throttle.forgive("a");
        assert!(throttle.admit("a", Millis(0)).is_ok());
    }

    #[test]
    fn a_table_full_of_debtors_refuses_strangers_and_recovers() {
        let throttle = Throttle::new(1, 1_000);
        for key in 0..KEYS_MAX {
            assert!(throttle.admit(key, Millis(0)).is_ok());
        }
        assert!(throttle.admit(KEYS_MAX, Millis(1)).is_err());
        assert!(throttle.admit(KEYS_MAX, Millis(2_000)).is_ok());
    }

    #[test]
    fn one_customer_of_ipv6_is_one_network() {
        let of = |s: &str| network(s.parse().expect("an address"));
        assert_eq!(of("2001:db8:1:2::1"), of("2001:db8:1:2:ffff::9"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.7"), of("192.0.2.7"));
    }
}
