//! The table of permits: an entry is a permit, and nothing is counted beside it.

use super::{Standing, View};
use crate::id::Instant;
use std::collections::{BTreeMap, BTreeSet};

/// How an entry stands. 16 bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Permit {
    Live,
    /// Being let in; the permit ends at this moment.
    Admitting(Instant),
    /// Waits, under this number in the lot.
    Parked(u32),
}

/// All of them.
#[derive(Clone, Debug, Default)]
pub(super) struct Table {
    /// Ordered, so that a drain takes everybody in an order that is the same at each run.
    pub(super) entries: BTreeMap<u64, Permit>,
    /// The deadlines of those being let in, in the order in which they come.
    pub(super) admitting: BTreeSet<(Instant, u64)>,
    /// The sum of a mix of all numbers: compares with the sockets without a walk.
    pub(super) hash: u64,
}

impl Table {
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn find(&self, conn: u64) -> Option<Permit> {
        self.entries.get(&conn).copied()
    }

    /// Puts an entry, in the place of one that the connection may have had.
    pub(super) fn put(&mut self, conn: u64, permit: Permit) {
        match self.entries.insert(conn, permit) {
            None => self.hash = self.hash.wrapping_add(mix(conn)),
            Some(Permit::Admitting(until)) => {
                self.admitting.remove(&(until, conn));
            }
            Some(Permit::Live | Permit::Parked(_)) => {}
        }
        if let Permit::Admitting(until) = permit {
            self.admitting.insert((until, conn));
        }
    }

    pub(super) fn take(&mut self, conn: u64) -> Option<Permit> {
        let permit = self.entries.remove(&conn)?;
        self.hash = self.hash.wrapping_sub(mix(conn));
        if let Permit::Admitting(until) = permit {
            self.admitting.remove(&(until, conn));
        }
        Some(permit)
    }

    /// Takes the next one whose time to be let in is over.
    pub(super) fn expired(&mut self, now: Instant) -> Option<u64> {
        while let Some((until, conn)) = self.admitting.first().copied()
            && until <= now
        {
            self.admitting.pop_first();
            if self.find(conn) == Some(Permit::Admitting(until)) {
                self.take(conn);
                return Some(conn);
            }
        }
        None
    }
}

/// Scatters a number over all 64 bits (the finaliser of SplitMix64).
pub(super) fn mix(number: u64) -> u64 {
    let mut x = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl View {
    /// What a table would show that has been made from these.
    pub fn of(truth: impl IntoIterator<Item = (u64, Standing)>) -> Self {
        let mut view = Self::default();
        for (conn, standing) in truth {
            view.hash = view.hash.wrapping_add(mix(conn));
            match standing {
                Standing::Live => view.live += 1,
                Standing::Admitting => view.admitting += 1,
                Standing::Parked { .. } => view.parked += 1,
            }
        }
        view
    }

    /// How many permits there are.
    pub fn connections(&self) -> usize {
        self.live + self.admitting + self.parked
    }

    /// Whether the same connections have permits, however they stand: a connection that is just being
    /// let in is on its way from one count to the next.
    pub fn agrees(&self, other: &Self) -> bool {
        self.connections() == other.connections() && self.hash == other.hash
    }
}
