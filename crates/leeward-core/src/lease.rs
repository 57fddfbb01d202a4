//! Leases: how long a connection may be silent, as data on the connection.
//!
//! Whoever ends a connection for silence compares *its* deadline with the clock and asks nothing
//! else, so that a change of the terms can reach only what is granted after it. A grant is never
//! taken back: a shorter one that follows a longer one takes effect when the longer one has run out.

use crate::id::Instant;
use crate::wire::Lease;

/// On what terms leases are granted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Terms {
    /// To a client that is looked at.
    pub visible: Lease,
    /// To a client whose page is hidden: browsers run its timers once a minute at most.
    pub hidden: Lease,
}

impl Terms {
    /// What to grant at this moment.
    pub fn lease(&self, hidden: bool) -> Lease {
        if hidden { self.hidden } else { self.visible }
    }
}

/// The come-back window for a node that carries so many connections and can let in so many in a
/// second: as long as letting them all in takes, between a quarter of a second and a minute.
pub fn spread_ms(connections: usize, admissions_per_s: u32) -> u32 {
    let all_ms = connections as u64 * 1_000 / u64::from(admissions_per_s.max(1));
    all_ms.clamp(250, 60_000) as u32
}

impl Default for Terms {
    /// Pings every 5 s and three of them may be lost; hidden, every minute and one may be lost with
    /// half a minute of throttling. Clients come back spread over 5 s; see [`spread_ms`].
    fn default() -> Self {
        Self {
            visible: Lease { ping_ms: 5_000, lease_ms: 15_000, spread_ms: 5_000 },
            hidden: Lease { ping_ms: 60_000, lease_ms: 150_000, spread_ms: 5_000 },
        }
    }
}

/// The lease that a connection holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Held {
    until: Instant,
    lease_ms: u32,
}

impl Held {
    /// The first lease, granted in `welcome`.
    pub fn new(now: Instant, lease: Lease) -> Self {
        Self { until: now.plus_ms(lease.lease_ms.into()), lease_ms: lease.lease_ms }
    }

    /// Another lease, granted in `pong`. It never ends before the one held.
    pub fn renew(&mut self, now: Instant, lease: Lease) {
        self.lease_ms = lease.lease_ms;
        self.heard(now);
    }

    /// Something was heard: the same lease starts anew.
    pub fn heard(&mut self, now: Instant) {
        self.until = self.until.max(now.plus_ms(self.lease_ms.into()));
    }

    /// When it runs out unless it is renewed.
    pub fn until(&self) -> Instant {
        self.until
    }

    /// Whether it has run out.
    pub fn expired(&self, now: Instant) -> bool {
        self.until < now
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const START: Instant = Instant(1_000_000);

    #[test]
    fn silence_longer_than_the_lease_expires_it() {
        let held = Held::new(START, Terms::default().lease(false));
        assert!(!held.expired(START.plus_ms(15_000)));
        assert!(held.expired(Instant(START.plus_ms(15_000).0 + 1)));
    }

    #[test]
    fn a_hidden_page_is_given_longer() {
        let terms = Terms::default();
        let mut held = Held::new(START, terms.lease(false));
        held.renew(START.plus_ms(5_000), terms.lease(true));
        assert!(!held.expired(START.plus_ms(155_000)));
        assert!(held.expired(START.plus_ms(155_001)));
    }

    #[test]
    fn a_shorter_lease_never_takes_back_what_was_granted() {
        let terms = Terms::default();
        let mut held = Held::new(START, terms.lease(true));
        held.renew(START.plus_ms(1_000), terms.lease(false));
        assert!(!held.expired(START.plus_ms(150_000)));
        held.renew(START.plus_ms(149_000), terms.lease(false));
        assert!(held.expired(START.plus_ms(164_001)));
    }

    #[test]
    fn the_come_back_window_grows_with_those_who_come_back() {
        assert_eq!(spread_ms(3, 1_000), 250);
        assert_eq!(spread_ms(15_000, 2_000), 7_500);
        assert_eq!(spread_ms(10_000_000, 0), 60_000);
    }

    proptest! {
        /// The client pings as the last grant it has seen says; the terms change at will between pings,
        /// and an answer may be so long on its way that the next ping is still sent by the old grant.
        #[test]
        fn no_change_of_terms_expires_a_client_that_keeps_to_its_grant(
            steps in prop::collection::vec((1u32..60, 3u32..6, 0u64..2_000, 0u64..50_000), 1..60)
        ) {
            let lease = |ping_s: u32, times| Lease {
                ping_ms: ping_s * 1_000,
                lease_ms: ping_s * 1_000 * times + 4_000,
                spread_ms: 0,
            };
            let mut seen = lease(5, 3);
            let mut held = Held::new(START, seen);
            let mut sent = START.plus_ms(seen.ping_ms.into());
            for (ping_s, times, up_ms, down_ms) in steps {
                let arrives = sent.plus_ms(up_ms);
                prop_assert!(!held.expired(arrives));
                let granted = lease(ping_s, times);
                held.renew(arrives, granted);
                let answered = arrives.plus_ms(down_ms);
                let by_old = sent.plus_ms(seen.ping_ms.into());
                let by_new = answered.max(sent.plus_ms(granted.ping_ms.into()));
                sent = if answered <= by_old { by_new } else { by_old };
                seen = granted;
            }
        }
    }
}
