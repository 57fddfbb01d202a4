//! The lines of those who wait, as the world remembers them: to see whether anybody is let in before
//! somebody of the same class who has waited longer.
//!
//! What the machine may know more about (a place that it remembers of a client that presents a used
//! ticket) is held in its favour.

use crate::world::client_of;
use leeward_core::id::Instant;
use leeward_core::storm::{Class, Slot};
use std::collections::{BTreeMap, BTreeSet};

/// Everybody who waits.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line {
    /// By connection: the class, since when surely, and since when perhaps.
    knocked: BTreeMap<u64, Place>,
    /// In the lot, by class and by since when surely.
    waiting: BTreeSet<(Class, Instant, u64)>,
    /// When each client that is not in knocked first.
    first: BTreeMap<u32, Instant>,
    used: BTreeSet<(u32, u64)>,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    class: Class,
    surely: Instant,
    perhaps: Instant,
    slot: Option<(u32, u64)>,
}

/// Moments of tickets are in whole milliseconds.
const ROUNDED_US: u64 = 2_000;

impl Line {
    pub(crate) fn since(&self, conn: u64) -> Option<Instant> {
        self.knocked.get(&conn).map(|place| place.surely)
    }

    pub(crate) fn knocks(
        &mut self,
        at: Instant,
        (conn, epoch): (u64, u32),
        class: Class,
        slot: Option<(&Slot, Instant)>,
    ) {
        let first = *self.first.entry(client_of(conn)).or_insert(at);
        let name = slot.map(|(slot, _)| (slot.epoch, slot.seq));
        let fresh = slot.filter(|(slot, _)| {
            slot.epoch == epoch && !self.used.contains(&(slot.epoch, slot.seq))
        });
        let surely = fresh.map_or(at, |(_, issued)| issued.min(at));
        let perhaps = slot.map_or(first, |(_, issued)| issued.min(first));
        self.knocked.insert(conn, Place { class, surely, perhaps, slot: name });
    }

    pub(crate) fn parks(&mut self, conn: u64) {
        if let Some(place) = self.knocked.get(&conn) {
            self.waiting.insert((place.class, place.surely, conn));
        }
    }

    /// Somebody gets a permit: who of the same class has waited longer, if anybody has.
    pub(crate) fn admits(&mut self, conn: u64) -> Option<u64> {
        let place = *self.knocked.get(&conn)?;
        self.waiting.remove(&(place.class, place.surely, conn));
        self.used.extend(place.slot);
        let first = self.waiting.range((place.class, Instant(0), 0)..).next()?;
        let (class, since, before) = *first;
        let longer = class == place.class && since.0 + ROUNDED_US < place.perhaps.0;
        longer.then_some(before)
    }

    /// It no longer waits and is not being let in.
    pub(crate) fn leaves(&mut self, conn: u64) {
        if let Some(place) = self.knocked.remove(&conn) {
            self.waiting.remove(&(place.class, place.surely, conn));
        }
    }

    /// A client is in.
    pub(crate) fn is_in(&mut self, client: u32) {
        self.first.remove(&client);
    }

    /// What the machine was told while it was broken is not held against it.
    pub(crate) fn forgive(&mut self) {
        self.waiting.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_goes_before_their_turn_is_seen() {
        let mut line = Line::default();
        for (conn, at) in [(1, 10_000), (2, 20_000), (3, 30_000)] {
            line.knocks(Instant(at), (conn, 1), Class::Guest, None);
            line.parks(conn);
        }
        line.knocks(Instant(40_000), (4, 1), Class::Stranger, None);
        assert_eq!(line.admits(4), None, "another class is another line");
        assert_eq!(line.admits(2), Some(1));
        assert_eq!(line.admits(1), None);
        line.leaves(3);
        line.knocks(Instant(50_000), (5, 1), Class::Guest, None);
        assert_eq!(line.admits(5), None, "whoever has left waits no longer");
    }
}
