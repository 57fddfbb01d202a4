//! Slots: the moments promised to those who wait at a paced gate. A slot is an entry in a table, good
//! once, forgotten a minute after its moment.

use super::Class;
use crate::id::Instant;
use std::collections::{HashMap, VecDeque};

/// The name of a slot; whoever can say it may come at its time.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Slot(u64);

impl std::fmt::Display for Slot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl Slot {
    /// The slot of a number.
    #[cfg(test)]
    pub(super) fn of(number: u64) -> Self {
        Self(number)
    }

    /// The number of a slot.
    #[cfg(test)]
    pub(super) fn number(self) -> u64 {
        self.0
    }
}

/// The text is no slot.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadSlot;

impl std::str::FromStr for Slot {
    type Err = BadSlot;
    fn from_str(text: &str) -> Result<Self, BadSlot> {
        let form = text.len() == 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        let number = form.then(|| u64::from_str_radix(text, 16).ok()).flatten();
        number.map(Self).ok_or(BadSlot)
    }
}

/// How long a slot outlives its moment: the client's clock may be slow, and its network.
const LATE_MS: u64 = 60_000;

/// The slots that are held.
#[derive(Debug)]
pub(super) struct Slots {
    most: usize,
    held: HashMap<Slot, (Class, Instant)>,
    /// By class in the order of their moments, with slots among them that have been used since.
    order: [VecDeque<(Instant, Slot)>; Class::ALL.len()],
}

impl Slots {
    pub(super) fn new(most: usize) -> Self {
        Self { most, held: HashMap::new(), order: std::array::from_fn(|_| VecDeque::new()) }
    }

    /// Keeps a moment for somebody; none when there are as many slots as there may be.
    pub(super) fn keep(
        &mut self,
        class: Class,
        random: u64,
        now: Instant,
        turn: Instant,
    ) -> Option<Slot> {
        self.forget(now);
        let slot = Slot(random);
        if self.order.iter().map(VecDeque::len).sum::<usize>() >= self.most
            || self.held.contains_key(&slot)
        {
            return None;
        }
        self.held.insert(slot, (class, turn));
        self.order[class as usize].push_back((turn, slot));
        Some(slot)
    }

    /// The moment of a slot of this class, unless it is used or forgotten.
    pub(super) fn turn(&self, class: Class, slot: Slot) -> Option<Instant> {
        self.held.get(&slot).filter(|(of, _)| *of == class).map(|(_, turn)| *turn)
    }

    /// Uses a slot.
    pub(super) fn take(&mut self, slot: Slot) {
        self.held.remove(&slot);
    }

    fn forget(&mut self, now: Instant) {
        for order in &mut self.order {
            while let Some((turn, slot)) = order.front().copied()
                && turn.plus_ms(LATE_MS) < now
            {
                order.pop_front();
                if self.held.get(&slot).is_some_and(|(_, held)| *held == turn) {
                    self.held.remove(&slot);
                }
            }
        }
    }
}
