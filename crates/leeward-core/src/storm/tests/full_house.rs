//! A full house with people at its door: places fall free all the while, and whoever waits within it
//! holds a place of those that the house has. A machine that is broken then is no machine that is full.

use super::rig::Rig;
use super::support::*;
use crate::storm::*;
use std::collections::BTreeSet;

const PLACES: u64 = 400;
const LIMITS: StormLimits = StormLimits {
    connections_max: PLACES as usize + 8,
    operator_reserve: 8,
    admitting_max: 500,
    admitting_ms: 10_000,
    knocks_per_s: 2_000,
    parked_bytes_max: 4 << 20,
    slots_max: 1 << 20,
    refusal_percent: 100,
    connection_bytes: 8_192,
    elsewhere: false,
    control: true,
};

/// A house, those inside who leave and come back, and those at its door; all of them obey.
struct House {
    rig: Rig,
    /// When who knocks next.
    agenda: BTreeSet<(u64, u64)>,
    /// Refusals that have been heard.
    heard: usize,
    next: u64,
    /// The longest that anybody was sent away for.
    away_ms: u32,
}

impl House {
    fn full() -> Self {
        let start = Start { mu_per_s: Some(2_000), ..start() };
        let rig = Rig::new(Storm::new(LIMITS, start), 1_000);
        let agenda = (0..2 * PLACES).map(|n| (n, n)).collect();
        let mut house = Self { rig, agenda, heard: 0, next: 1 << 20, away_ms: 0 };
        house.go_on(8_000);
        let taken = house.rig.truth.len() as u64;
        assert!((PLACES - 4..=PLACES).contains(&taken), "it is full: {taken}");
        house
    }

    /// Goes on for so long; when the first was begun.
    fn go_on(&mut self, ms: u64) -> Option<u64> {
        let (began, before) = (self.rig.ms(), self.rig.admitted_ms.len());
        let mut first = None;
        for _ in 0..ms {
            let now = self.rig.ms();
            while let Some((due, conn)) = self.agenda.first().copied()
                && due <= now
            {
                self.agenda.pop_first();
                self.rig.tell(knock(conn, Class::ResumeHere));
            }
            // One in twenty leaves each second, and is back after another.
            if now.is_multiple_of(20_000 / PLACES) {
                self.one_leaves(now);
            }
            self.rig.step();
            while let Some((_, after_ms, _)) = self.rig.refused.get(self.heard).copied() {
                self.heard += 1;
                let after_ms = after_ms.expect("a time");
                self.away_ms = self.away_ms.max(after_ms);
                self.comes_back(now + u64::from(after_ms));
            }
            if self.rig.admitted_ms.len() > before {
                first = first.or(Some(self.rig.ms() - began));
            }
        }
        first
    }

    fn one_leaves(&mut self, now: u64) {
        let live = self.rig.truth.iter().filter(|(_, how)| **how == Standing::Live);
        let Some((&conn, _)) =
            live.min_by_key(|(conn, _)| conn.wrapping_mul(2_654_435_761) % 9_973)
        else {
            return;
        };
        self.rig.tell(Input::Gone { conn });
        self.comes_back(now + 1_000);
    }

    fn comes_back(&mut self, at: u64) {
        self.next += 1;
        self.agenda.insert((at, self.next));
    }
}

#[test]
fn a_machine_that_breaks_in_a_full_house_is_mended_although_the_house_is_full() {
    let ahead = Fault::ClockAhead(3_600_000);
    let leak = Fault::LeakPermits(PLACES as u32 / 2);
    for fault in [leak, Fault::FreezeCursor, Fault::NegativeCount, ahead] {
        let mut house = House::full();
        house.rig.tell(Input::Fault(fault));
        let first = house.go_on(10_000);
        assert!(first.is_some_and(|ms| ms <= 2_500), "{first:?} ms after {fault:?}");
        let figures = house.rig.storm.figures(house.rig.now());
        assert_eq!(figures.fallbacks, 0, "being made anew was enough: {fault:?}");
        assert!(house.rig.truth.len() as u64 <= PLACES);
    }
}
