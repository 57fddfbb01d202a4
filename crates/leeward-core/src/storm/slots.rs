//! Slots: the moments promised to those who wait elsewhere, and which of them have been used.
//!
//! One cursor per class runs ahead of the clock by what has been promised. A slot is a bit: set when
//! its holder is let in, forgotten some time after its moment. Of slots that another node or an
//! earlier life of this one gave out only their age counts, and that once.

use super::{Class, Slot, Start};
use crate::id::{Instant, Millis};
use std::collections::{BTreeSet, VecDeque};

/// What is out.
#[derive(Clone, Debug)]
pub(super) struct Slots {
    pub(super) node: u16,
    pub(super) epoch: u32,
    /// The next seq, and the first that is remembered.
    pub(super) next: u64,
    pub(super) first: u64,
    pub(super) chunks: VecDeque<Chunk>,
    /// The last moment promised in each class, in microseconds: fractions add up over millions.
    pub(super) cursors: [f64; Class::ALL.len()],
    /// Used slots of other nodes and epochs, in the order in which they were used.
    pub(super) foreign: VecDeque<(u64, Millis)>,
    pub(super) foreign_used: BTreeSet<u64>,
    /// Of those issued up to here nothing is known any more, so that none counts.
    pub(super) foreign_floor: Millis,
    pub(super) due: Due,
    pub(super) counts: SlotCounts,
}

/// What became of slots.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct SlotCounts {
    /// Given out.
    pub issued: u64,
    /// Whose holders were let in.
    pub kept: u64,
    /// Presented before their moment.
    pub early: u64,
    /// Presented more than 10 s after it.
    pub late: u64,
    /// Not presented within 10 s of their moment.
    pub no_shows: u64,
    /// Presented a second time.
    pub replayed: u64,
    /// Presented, and worth nothing for another reason: of somebody else, too old, of the future.
    pub worthless: u64,
}

/// 4,096 slots: which of them are used, and when the last of them is due.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub(super) used: Box<[u64; 64]>,
    pub(super) last: Millis,
}

const CHUNK: u64 = 4_096;
/// A slot is good for so long after its moment, in milliseconds: a laptop's lid was closed.
const LATE_MS: u64 = 30 * 60_000;
/// No slot lies farther ahead, in milliseconds: by then the world is another. Whoever would be given
/// a later one is given this, and a place in line by age.
pub(super) const AHEAD_MS: u64 = 60 * 60_000;
/// Nodes' clocks differ by no more, in milliseconds; a ticket from farther in the future is none.
const SKEW_MS: u64 = 5_000;
/// Used slots of other nodes and epochs that are remembered.
const FOREIGN_MAX: usize = 1 << 17;
/// A slot not presented so long after its moment is a no-show, in seconds.
const NO_SHOW_S: u64 = 10;

impl Slots {
    pub(super) fn new(start: &Start) -> Self {
        Self {
            node: start.node,
            epoch: start.epoch,
            next: 0,
            first: 0,
            chunks: VecDeque::new(),
            cursors: [0.0; Class::ALL.len()],
            foreign: VecDeque::new(),
            foreign_used: BTreeSet::new(),
            foreign_floor: Millis(0),
            due: Due::default(),
            counts: SlotCounts::default(),
        }
    }

    /// A number for whoever waits on a connection: in one line with the slots.
    pub(super) fn number(&mut self, wall: Millis) -> u64 {
        let seq = self.take_number(wall);
        self.mark(seq);
        seq
    }

    fn take_number(&mut self, at: Millis) -> u64 {
        let seq = self.next;
        self.next = self.next.saturating_add(1);
        let chunk = usize::try_from(seq.saturating_sub(self.first) / CHUNK).unwrap_or(usize::MAX);
        if chunk >= self.chunks.len() {
            self.chunks.push_back(Chunk { used: Box::new([0; 64]), last: at });
        }
        if let Some(chunk) = self.chunks.back_mut() {
            chunk.last = chunk.last.max(at);
        }
        seq
    }

    /// How many slots have been given out and not come to an end.
    pub(super) fn out(&self) -> u64 {
        let counts = &self.counts;
        counts.issued.saturating_sub(counts.kept).saturating_sub(counts.no_shows)
    }

    /// How many are remembered.
    pub(super) fn remembered(&self) -> u64 {
        self.next.saturating_sub(self.first)
    }

    /// The next moment of a class that is not before `from`, when they lie `step_us` apart.
    pub(super) fn advance(
        &mut self,
        now: Instant,
        class: Class,
        from: Instant,
        step_us: f64,
    ) -> Instant {
        let cursor = &mut self.cursors[class as usize];
        let latest = now.plus_ms(AHEAD_MS).0 as f64;
        *cursor = (cursor.max(from.0 as f64) + step_us).min(latest);
        Instant(*cursor as u64)
    }

    /// Brings the cursor of a class back to what can have been promised.
    pub(super) fn within(&mut self, class: Class, reach: Instant) {
        let cursor = &mut self.cursors[class as usize];
        *cursor = cursor.min(reach.0 as f64);
    }

    /// How far ahead of this moment a class has been promised.
    pub(super) fn cursor(&self, class: Class) -> Instant {
        Instant(self.cursors[class as usize] as u64)
    }

    /// Gives out a slot.
    pub(super) fn issue(
        &mut self,
        wall: Millis,
        class: Class,
        at: Millis,
        of: (Millis, u64),
    ) -> Slot {
        let (issued, bound) = of;
        let seq = self.take_number(at);
        self.counts.issued += 1;
        self.due.promise(wall, at);
        Slot { class, node: self.node, epoch: self.epoch, seq, at, issued, bound }
    }

    /// Whether a slot counts: it is this client's, neither used nor forgotten, and not of the future.
    pub(super) fn counts_for(&mut self, slot: &Slot, bound: u64, wall: Millis) -> bool {
        let sane = slot.bound == bound
            && slot.issued <= slot.at
            && slot.issued.0 <= wall.0.saturating_add(SKEW_MS)
            && slot.at.0.saturating_add(LATE_MS) >= wall.0
            && slot.at.0 - slot.issued.0 <= AHEAD_MS + LATE_MS;
        let used = self.is_used(slot);
        match used {
            Some(false) if sane => return true,
            Some(true) => self.counts.replayed += 1,
            Some(false) | None => self.counts.worthless += 1,
        }
        false
    }

    /// Whether its holder has been let in with it; none when that cannot be known, or it was never
    /// given out.
    pub(super) fn is_used(&self, slot: &Slot) -> Option<bool> {
        if self.is_own(slot) {
            let (chunk, word, bit) = self.locate(slot.seq)?;
            return Some(self.chunks.get(chunk)?.used[word] & bit != 0);
        }
        if self.foreign_used.contains(&name(slot)) {
            return Some(true);
        }
        (slot.issued > self.foreign_floor).then_some(false)
    }

    /// Its holder is let in.
    pub(super) fn use_up(&mut self, slot: &Slot, wall: Millis) {
        if self.is_own(slot) {
            self.mark(slot.seq);
            self.counts.kept += 1;
            self.due.keep(wall, slot.at, &mut self.counts);
        } else if self.foreign_used.insert(name(slot)) {
            self.foreign.push_back((name(slot), slot.issued));
            if self.foreign.len() > FOREIGN_MAX
                && let Some((name, issued)) = self.foreign.pop_front()
            {
                self.foreign_used.remove(&name);
                self.foreign_floor = self.foreign_floor.max(issued);
            }
        }
    }

    fn is_own(&self, slot: &Slot) -> bool {
        (slot.node, slot.epoch) == (self.node, self.epoch)
    }

    fn locate(&self, seq: u64) -> Option<(usize, usize, u64)> {
        let offset = seq.checked_sub(self.first).filter(|_| seq < self.next)?;
        let chunk = usize::try_from(offset / CHUNK).ok()?;
        Some((chunk, (offset % CHUNK / 64) as usize, 1 << (offset % 64)))
    }

    fn mark(&mut self, seq: u64) {
        if let Some((chunk, word, bit)) = self.locate(seq)
            && let Some(chunk) = self.chunks.get_mut(chunk)
        {
            chunk.used[word] |= bit;
        }
    }

    /// Forgets what is long over, and counts who did not come.
    pub(super) fn forget(&mut self, wall: Millis) {
        while self.chunks.len() > 1
            && self.chunks.front().is_some_and(|c| c.last.0.saturating_add(LATE_MS) < wall.0)
        {
            self.chunks.pop_front();
            self.first = self.first.saturating_add(CHUNK);
        }
        self.due.pass(wall, &mut self.counts);
    }
}

/// A slot of whichever node, as one number.
fn name(slot: &Slot) -> u64 {
    let origin = u64::from(slot.node) << 32 | u64::from(slot.epoch);
    super::table::mix(super::table::mix(origin) ^ slot.seq)
}

/// How many slots fall due in each second of the time ahead.
#[derive(Clone, Debug)]
pub(super) struct Due {
    pub(super) seconds: Vec<u32>,
    /// All seconds before this one have been counted.
    pub(super) from: u64,
}

/// More seconds than there are ahead of and behind the clock.
const SECONDS: usize = 4_096;

impl Default for Due {
    fn default() -> Self {
        Self { seconds: vec![0; SECONDS], from: 0 }
    }
}

impl Due {
    fn promise(&mut self, wall: Millis, at: Millis) {
        self.from = self.from.max((wall.0 / 1_000).saturating_sub(NO_SHOW_S));
        let second = (at.0 / 1_000).max(self.from);
        if second < self.from.saturating_add(SECONDS as u64) {
            let due = &mut self.seconds[(second % SECONDS as u64) as usize];
            *due = due.saturating_add(1);
        }
    }

    fn keep(&mut self, wall: Millis, at: Millis, counts: &mut SlotCounts) {
        let second = at.0 / 1_000;
        if second < self.from && second + NO_SHOW_S <= wall.0 / 1_000 {
            counts.late += 1;
            counts.no_shows = counts.no_shows.saturating_sub(1);
        } else {
            let due = &mut self.seconds[(second % SECONDS as u64) as usize];
            *due = due.saturating_sub(1);
        }
    }

    fn pass(&mut self, wall: Millis, counts: &mut SlotCounts) {
        let until = (wall.0 / 1_000).saturating_sub(NO_SHOW_S);
        // A clock that jumps ahead empties the ring once, not once for each second.
        for _ in 0..SECONDS {
            if self.from >= until {
                return;
            }
            let due = std::mem::take(&mut self.seconds[(self.from % SECONDS as u64) as usize]);
            counts.no_shows += u64::from(due);
            self.from += 1;
        }
        self.from = until;
    }

    /// How many fall due in the second that begins.
    pub(super) fn coming(&self, wall: Millis) -> u32 {
        self.seconds[((wall.0 / 1_000 + 1) % SECONDS as u64) as usize]
    }
}
