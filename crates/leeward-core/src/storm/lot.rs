//! The parking lot: those who wait on their own connections, in order, and whose turn it is.
//!
//! Within a class whoever has waited longest goes first, by the server's own record of it. Between
//! classes each gets its weight of the admissions while it waits, and what it does not use is the
//! others' (stride scheduling: Waldspurger and Weihl, 1995).

use super::{Class, Slot};
use crate::id::Instant;
use std::collections::BTreeMap;

/// Where somebody stands in the line of a class: since when (server's milliseconds), which seq, which
/// connection.
pub(super) type Key = (u64, u64, u64);

/// Somebody who waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Waiting {
    pub(super) conn: u64,
    pub(super) class: Class,
    pub(super) key: Key,
    pub(super) bytes: u32,
    pub(super) bound: u64,
    /// Presented, and not to be used by somebody else meanwhile.
    pub(super) slot: Option<Slot>,
    /// How often it has come before its time.
    pub(super) early: u8,
    /// When it last heard its place.
    pub(super) told: Instant,
}

/// Those who wait.
#[derive(Clone, Debug)]
pub(super) struct Lot {
    pub(super) places: Vec<Option<Waiting>>,
    pub(super) free: Vec<u32>,
    pub(super) order: [BTreeMap<Key, u32>; Class::ALL.len()],
    /// Of all who wait: what the shell keeps for them, and what is kept here.
    pub(super) bytes: u64,
    /// How far each class is with its share.
    pub(super) passes: [u64; Class::ALL.len()],
    /// How far the last was who went in.
    pub(super) clock: u64,
    /// Where the round of telling places is.
    pub(super) round: Round,
}

/// The round in which everybody hears their place.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Round {
    pub(super) class: usize,
    pub(super) after: Option<Key>,
    /// Seen in this class in this round, less those who have gone in since.
    pub(super) rank: u32,
    pub(super) next: Instant,
}

/// What is kept here for one who waits.
pub(super) const WAITING_BYTES: u64 = 256;
/// The pass of a class goes up by this, divided by its weight.
const STRIDE: u64 = 1 << 16;
/// A round of telling everybody their place takes so long, in milliseconds; with [`TOLD_MS`], nobody
/// hears nothing for 10 s.
const ROUND_MS: u64 = 8_000;
/// Whoever heard their place so lately is passed over, in milliseconds.
const TOLD_MS: u64 = 1_500;
/// A step of the round, in milliseconds.
const STEP_MS: u64 = 100;
/// Counted exactly when somebody comes back to a place in the middle; beyond, estimated.
const COUNTED_MAX: usize = 64;

impl Lot {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            places: Vec::new(),
            free: Vec::new(),
            order: std::array::from_fn(|_| BTreeMap::new()),
            bytes: 0,
            passes: [0; Class::ALL.len()],
            clock: 0,
            round: Round { next: now, ..Round::default() },
        }
    }

    pub(super) fn len(&self) -> usize {
        self.order.iter().map(BTreeMap::len).sum()
    }

    pub(super) fn waiting(&self, class: Class) -> usize {
        self.order[class as usize].len()
    }

    /// The last in the line of a class.
    pub(super) fn last(&self, class: Class) -> Option<u64> {
        let (_, id) = self.order[class as usize].last_key_value()?;
        self.places.get(*id as usize)?.map(|waiting| waiting.conn)
    }

    pub(super) fn put(&mut self, waiting: Waiting) -> u32 {
        let class = waiting.class as usize;
        if self.order[class].is_empty() {
            // Nobody saves up a share while nobody of the class waits.
            self.passes[class] = self.passes[class].max(self.clock);
        }
        self.bytes = self.bytes.saturating_add(u64::from(waiting.bytes) + WAITING_BYTES);
        let id = self.free_id();
        self.places[id as usize] = Some(waiting);
        self.order[class].insert(waiting.key, id);
        id
    }

    fn free_id(&mut self) -> u32 {
        while let Some(id) = self.free.pop() {
            if self.places.get(id as usize).is_some_and(Option::is_none) {
                return id;
            }
        }
        self.places.push(None);
        u32::try_from(self.places.len() - 1).expect("fewer than four billion wait")
    }

    pub(super) fn take(&mut self, id: u32) -> Option<Waiting> {
        let waiting = self.places.get_mut(id as usize)?.take()?;
        self.free.push(id);
        let order = &mut self.order[waiting.class as usize];
        order.remove(&waiting.key);
        self.bytes = self.bytes.saturating_sub(u64::from(waiting.bytes) + WAITING_BYTES);
        if self.round.class == waiting.class as usize
            && self.round.after.is_some_and(|after| waiting.key <= after)
        {
            self.round.rank = self.round.rank.saturating_sub(1);
        }
        Some(waiting)
    }

    /// Takes the first of the class whose turn it is, of those classes that may go.
    pub(super) fn pull(&mut self, may_go: impl Fn(Class) -> bool) -> Option<Waiting> {
        let waits = |class: &Class| !self.order[*class as usize].is_empty() && may_go(*class);
        let class =
            Class::ALL.into_iter().filter(waits).min_by_key(|c| self.passes[*c as usize])?;
        let (_, id) = self.order[class as usize].first_key_value()?;
        let waiting = self.take(*id);
        let pass = &mut self.passes[class as usize];
        self.clock = *pass;
        *pass = pass.saturating_add(STRIDE / u64::from(class.weight()));
        waiting
    }

    /// How many of its class are before this one.
    pub(super) fn place(&self, class: Class, key: Key) -> u32 {
        let order = &self.order[class as usize];
        let last = order.last_key_value().map(|(last, _)| *last);
        if last.is_none_or(|last| last <= key) {
            return u32::try_from(order.len().saturating_sub(1)).unwrap_or(u32::MAX);
        }
        let counted = order.range(..key).take(COUNTED_MAX).count();
        if counted < COUNTED_MAX {
            return counted as u32;
        }
        let (Some((first, _)), Some(last)) = (order.first_key_value(), last) else { return 0 };
        let (whole, part) = (last.0.saturating_sub(first.0), key.0.saturating_sub(first.0));
        let estimate = order.len() as u64 * part / whole.max(1);
        u32::try_from(estimate.max(counted as u64)).unwrap_or(u32::MAX)
    }

    /// Goes on with the round; calls with everybody whose turn it is to hear their place.
    pub(super) fn tell(&mut self, now: Instant, mut say: impl FnMut(&Waiting, u32)) {
        if now < self.round.next {
            return;
        }
        self.round.next = now.plus_ms(STEP_MS);
        let mut steps = (self.len() as u64 * STEP_MS).div_ceil(ROUND_MS);
        // Each class is entered once at most, so that an empty lot ends it.
        let mut turns = Class::ALL.len() + 1;
        while steps > 0 && turns > 0 {
            let order = &self.order[self.round.class % Class::ALL.len()];
            let next = match self.round.after {
                None => order.iter().next(),
                Some(after) => {
                    let beyond = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
                    order.range(beyond).next()
                }
            };
            let Some((key, id)) = next.map(|(key, id)| (*key, *id)) else {
                let class = (self.round.class + 1) % Class::ALL.len();
                self.round = Round { class, next: self.round.next, ..Round::default() };
                turns -= 1;
                continue;
            };
            self.round.after = Some(key);
            steps -= 1;
            if let Some(Some(waiting)) = self.places.get_mut(id as usize)
                && waiting.told.plus_ms(TOLD_MS) <= now
            {
                waiting.told = now;
                say(waiting, self.round.rank);
            }
            self.round.rank = self.round.rank.saturating_add(1);
        }
    }

    /// Everybody who waits, in no order that matters.
    pub(super) fn all(&self) -> impl Iterator<Item = &Waiting> {
        self.places.iter().flatten()
    }
}
