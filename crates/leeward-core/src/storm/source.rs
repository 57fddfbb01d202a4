//! What is remembered of those who are not in: of sources, how often they knock; of clients, which
//! place they had. Both memories are bounded, and what they forget costs a place, never the door.

use super::Source;
use crate::id::{Instant, Millis};
use std::collections::{HashMap, VecDeque};

/// A source that knocks by the thousand gets a slower line of its own.
///
/// A network of 500 people behind one address comes back at once; whoever sends more is let through at
/// a pace, and the others are told times that lie as far apart. Nobody else's time is touched.
#[derive(Clone, Debug)]
pub struct Sources {
    sets: Vec<[(u64, Instant); WAYS]>,
}

const WAYS: usize = 4;
/// 8,192 sources, 16 bytes each. The one that has been quiet longest gives way.
const SETS: usize = 2_048;
/// Knocks that a source may make at once.
const BURST: u64 = 500;
/// And in the long run: 50 a second.
const EACH_US: u64 = 20_000;
/// The line of those who wait for the pace is at most so long, in milliseconds.
const LINE_MS: u64 = 300_000;

impl Default for Sources {
    fn default() -> Self {
        Self { sets: vec![[(0, Instant(0)); WAYS]; SETS] }
    }
}

impl Sources {
    /// Lets a knock of this source through, or says in how many milliseconds it would be: a time of
    /// its own for each.
    ///
    /// # Errors
    /// The time to wait.
    pub fn pass(&mut self, now: Instant, source: Source) -> Result<(), u32> {
        if source == Source::EXEMPT {
            return Ok(());
        }
        let set = &mut self.sets[(super::table::mix(source.0) % SETS as u64) as usize];
        let way = set.iter().position(|(of, _)| *of == source.0).unwrap_or_else(|| {
            let quiet = (0..WAYS).min_by_key(|way| set[*way].1).unwrap_or(0);
            set[quiet] = (source.0, Instant(0));
            quiet
        });
        let paid_at = &mut set[way].1;
        // A time that cannot have come from here is no debt.
        if paid_at.0 > now.plus_ms(2 * LINE_MS).0 {
            *paid_at = now;
        }
        let wanted = paid_at.0.max(now.0) + EACH_US;
        let allowed = now.0 + BURST * EACH_US;
        if wanted <= allowed {
            *paid_at = Instant(wanted);
            return Ok(());
        }
        *paid_at = Instant(wanted.min(allowed + LINE_MS * 1_000));
        Err(u32::try_from((wanted - allowed) / 1_000 + 1_000).unwrap_or(u32::MAX))
    }
}

/// What is known of a client that was here and went without its place having come.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    /// Since when it has waited.
    pub(super) issued: Millis,
    /// Its number in the line.
    pub(super) seq: u64,
    /// The slot it was given.
    pub(super) slot: Option<super::Slot>,
    /// How often it came before its time.
    pub(super) early: u8,
    /// Which memory of it this is.
    stamp: u32,
}

impl Place {
    pub(super) fn new(issued: Millis, seq: u64, slot: Option<super::Slot>, early: u8) -> Self {
        Self { issued, seq, slot, early, stamp: 0 }
    }
}

/// The places of clients that come back without their ticket: browsers that were reloaded, and those
/// who gave up waiting and knock anew. Found by what only they can show.
#[derive(Clone, Debug, Default)]
pub(super) struct Places {
    held: HashMap<u64, Place>,
    order: VecDeque<(u64, u32)>,
    stamp: u32,
}

/// Some 100 bytes each.
const PLACES_MAX: usize = 1 << 16;

impl Places {
    pub(super) fn keep(&mut self, bound: u64, mut place: Place) {
        self.stamp = self.stamp.wrapping_add(1);
        place.stamp = self.stamp;
        self.held.insert(bound, place);
        self.order.push_back((bound, place.stamp));
        while self.order.len() > PLACES_MAX {
            let Some((bound, stamp)) = self.order.pop_front() else { return };
            if self.held.get(&bound).is_some_and(|held| held.stamp == stamp) {
                self.held.remove(&bound);
            }
        }
    }

    pub(super) fn take(&mut self, bound: u64) -> Option<Place> {
        self.held.remove(&bound)
    }
}
