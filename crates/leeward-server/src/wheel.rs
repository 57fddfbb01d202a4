//! When to look at which connection again: a coarse wheel, one slot for each second.
//!
//! Renewing a lease moves nothing: a connection is looked at when its deadline *was*, compared with
//! the deadline that it has by then, and put into the slot of that. So a connection costs four bytes
//! here, however often it is heard. Never reads a clock.

use leeward_core::id::Instant;

/// Slots: more seconds than the longest lease.
const SLOTS: usize = 256;
/// Width of a slot, in microseconds.
const SLOT_US: u64 = 1_000_000;

/// Which slot a connection is in: the number of seconds since the clock started.
pub(crate) type Turn = u32;

/// The wheel of one shard.
pub(crate) struct Wheel {
    slots: Vec<Vec<u32>>,
    /// The turn that comes next.
    next: u64,
}

impl Wheel {
    pub(crate) fn new(now: Instant) -> Self {
        Self { slots: vec![Vec::new(); SLOTS], next: now.0 / SLOT_US + 1 }
    }

    /// Has a connection looked at as soon as `when` has passed, or sooner.
    pub(crate) fn put(&mut self, conn: u32, when: Instant) -> Turn {
        let farthest = self.next + SLOTS as u64 - 1;
        let turn = (when.0 / SLOT_US + 1).clamp(self.next, farthest);
        self.slots[slot(turn)].push(conn);
        turn as Turn
    }

    /// When the next turn is due.
    pub(crate) fn deadline(&self) -> Instant {
        Instant(self.next * SLOT_US)
    }

    /// The next turn that is due and the connections in it, which may have ended meanwhile, and may
    /// have been put elsewhere too.
    pub(crate) fn turn(&mut self, now: Instant) -> Option<(Turn, Vec<u32>)> {
        if self.deadline() > now {
            return None;
        }
        let turn = self.next;
        self.next += 1;
        Some((turn as Turn, std::mem::take(&mut self.slots[slot(turn)])))
    }
}

fn slot(turn: u64) -> usize {
    (turn % SLOTS as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(wheel: &mut Wheel, now: Instant) -> Vec<u32> {
        std::iter::from_fn(|| wheel.turn(now)).flat_map(|(_, conns)| conns).collect()
    }

    #[test]
    fn a_connection_comes_up_within_a_second_after_its_deadline_and_never_before() {
        let start = Instant(77_345_678);
        for ms in [0, 1, 999, 1_000, 15_000, 150_000, 254_000] {
            let mut wheel = Wheel::new(start);
            let deadline = start.plus_ms(ms);
            wheel.put(9, deadline);
            let before = Instant(deadline.0.saturating_sub(1)).max(start);
            assert_eq!(run(&mut wheel, before), [0u32; 0], "{ms}");
            assert_eq!(run(&mut wheel, deadline.plus_ms(1_000)), [9], "{ms}");
        }
    }

    #[test]
    fn a_deadline_beyond_the_wheel_comes_up_sooner_to_be_put_back() {
        let mut wheel = Wheel::new(Instant(0));
        wheel.put(9, Instant(0).plus_ms(3_600_000));
        assert_eq!(run(&mut wheel, Instant(0).plus_ms(256_000)), [9]);
    }

    #[test]
    fn a_deadline_that_has_passed_comes_up_at_the_next_turn() {
        let mut wheel = Wheel::new(Instant(50_000_000));
        let turn = wheel.put(9, Instant(3));
        assert_eq!(wheel.turn(Instant(51_000_000)), Some((turn, vec![9])));
    }
}
