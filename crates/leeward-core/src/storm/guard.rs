//! The guard on the safeguard: when nobody gets in who should, the machine doubts itself.
//!
//! Its doubt rests on what it did, not on what it believes: somebody wanted in, nobody was begun, the
//! processor was idle. Then it asks for the truth and is made anew from it; if that does not help, it
//! falls back to a fixed rate that asks nobody. It fails static, never closed.

use super::lot::Lot;
use super::table::{Permit, Table};
use super::{Class, Fault, Output, Sample, Standing, Storm, View};
use crate::id::{Instant, Millis};
use std::collections::BTreeMap;

/// What the guard knows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Guard {
    /// Tenths of a second in a row in which nobody was begun who should have been; and those of them in
    /// which the processor was idle.
    pub(super) still: u8,
    pub(super) idle: u8,
    /// Samples in a row in which nobody wanted in.
    pub(super) calm: u8,
    /// When the last sample came: on a machine that has too much to do they come late.
    pub(super) sampled: Instant,
    /// The truth has been asked for.
    pub(super) asked: bool,
    pub(super) last_rebuild: Option<Instant>,
    pub(super) rebuilds: u64,
    pub(super) fallbacks: u64,
    pub(super) fallen_back: Option<Fallback>,
}

/// The fixed rate of last resort.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fallback {
    pub(super) per_s: u32,
    pub(super) next: Instant,
    /// Samples in which somebody was begun.
    pub(super) good: u8,
}

/// Two seconds, less what asking takes.
const IDLE_MAX: u8 = 18;
/// A sample stands for so many tenths of a second at most, however late it comes.
const LATE_MAX: u64 = 5;
/// Whatever the processor does: five seconds.
const STILL_MAX: u8 = 50;
/// Whoever was turned away may come back within three seconds.
const CALM_MAX: u8 = 30;
/// The truth is asked for again after half a second.
const ASK_AGAIN: u8 = 5;
/// Stuck again so soon after being made anew, in milliseconds: it was of no use.
const AGAIN_MS: u64 = 10_000;
/// Samples with progress after which the fixed rate has done its work: ten seconds.
const GOOD_MIN: u8 = 100;

impl Fallback {
    pub(super) fn ready(&mut self, now: Instant) -> bool {
        let each_us = 1_000_000 / u64::from(self.per_s.max(1));
        if self.next.0 > now.0.saturating_add(each_us) {
            self.next = now;
        }
        self.next <= now
    }

    pub(super) fn passed(&mut self, now: Instant) {
        let each_us = 1_000_000 / u64::from(self.per_s.max(1));
        let from = self.next.0.max(now.0.saturating_sub(100_000));
        self.next = Instant(from.saturating_add(each_us));
    }
}

impl Storm {
    /// What the machine believes, to be compared with what the sockets say. Cheap.
    pub fn view(&self) -> View {
        let (admitting, parked) = (self.table.admitting.len(), self.lot.len());
        let live = self.table.len().saturating_sub(admitting).saturating_sub(parked);
        View { live, admitting, parked, hash: self.table.hash }
    }

    /// Asks for the truth when nobody is begun who should be.
    pub(super) fn watch(&mut self, sample: &Sample, begun: u32, wanted: bool) {
        let nobody_under_way = self.table.admitting.is_empty();
        let guard = &mut self.guard;
        let tenths = self.now.ms_since(guard.sampled).div_euclid(100).clamp(1, LATE_MAX) as u8;
        guard.sampled = self.now;
        // Those who are turned away come back in bursts: a pause between two is no sign of health.
        guard.calm = if wanted { 0 } else { guard.calm.saturating_add(1) };
        let doubts = wanted || (guard.still > 0 && guard.calm <= CALM_MAX);
        if begun > 0 || !doubts {
            (guard.still, guard.idle) = (0, 0);
        } else {
            guard.still = guard.still.saturating_add(tenths);
            // A processor that only turns people away is as good as idle.
            let idle =
                nobody_under_way || sample.busy_us.saturating_mul(2) < sample.capacity_us.max(1);
            guard.idle = if idle { guard.idle.saturating_add(tenths) } else { 0 };
        }
        if guard.idle >= IDLE_MAX || guard.still >= STILL_MAX {
            guard.idle = IDLE_MAX - ASK_AGAIN;
            guard.still = STILL_MAX - ASK_AGAIN;
            guard.asked = true;
            self.outputs.push_back(Output::Stuck);
        }
        if let Some(fallback) = &mut self.guard.fallen_back {
            // A calm is as good as progress.
            fallback.good = fallback.good.saturating_add(u8::from(begun > 0 || !wanted));
            if fallback.good >= GOOD_MIN {
                self.guard.fallen_back = None;
                self.rate.restart(self.now);
            }
        }
    }

    /// Makes the table anew from what the sockets say.
    pub(super) fn rebuild(&mut self, now: Instant, truth: Vec<(u64, Standing)>) {
        let believed = self.view();
        let presented: BTreeMap<u64, _> =
            self.lot.all().filter_map(|w| Some((w.conn, w.slot?))).collect();
        self.table = Table::default();
        self.lot = Lot::new(now);
        let mut parked = Vec::new();
        for (conn, standing) in truth {
            match standing {
                Standing::Live => self.table.put(conn, Permit::Live),
                Standing::Admitting => {
                    let until = now.plus_ms(self.limits.admitting_ms.into());
                    self.table.put(conn, Permit::Admitting(until));
                }
                Standing::Parked { class, bound, bytes, since } => {
                    parked.push((since, conn, class, bound, bytes));
                }
            }
        }
        parked.sort_unstable_by_key(|(since, conn, ..)| (*since, *conn));
        let wall = self.wall(now);
        for (since, conn, class, bound, bytes) in parked {
            let seq = self.slots.number(wall);
            let issued = Millis(wall.0.saturating_sub(now.ms_since(since)));
            let slot = presented.get(&conn).copied();
            let slot = slot.filter(|slot| self.slots.is_used(slot) == Some(false));
            self.line_up(now, (conn, class, bytes, bound), (issued, seq), (slot, 0));
        }
        let again = self.guard.last_rebuild.is_some_and(|at| now.ms_since(at) < AGAIN_MS);
        // A house that is full by its own account and by the truth has nothing to be mended, unless
        // somebody waits in it: they hold a place, and nothing keeps them from going in.
        let full = self.is_full(Class::Stranger) && self.nobody_may_go(now);
        if !(full && self.view().agrees(&believed)) {
            self.guard.rebuilds += 1;
            self.reset(now);
        }
        // Nor are admissions that hang mended by beginning more of them.
        let full = full || self.table.admitting.len() >= self.rate.window(&self.limits);
        if self.guard.asked && again && !full && self.guard.fallen_back.is_none() {
            let per_s = (self.rate.mu() / 4.0).max(1.0) as u32;
            self.guard.fallen_back = Some(Fallback { per_s, next: now, good: 0 });
            self.guard.fallbacks += 1;
        }
        if self.guard.asked {
            self.guard.last_rebuild = Some(now);
        }
        (self.guard.asked, self.guard.idle, self.guard.still) = (false, 0, 0);
    }

    /// Nobody is promised a time that nothing speaks for: a cursor that has run away is brought back.
    pub(super) fn watch_cursors(&mut self, now: Instant) {
        let out_s = self.slots.out() as f64 / self.rate.mu_issue.max(1.0);
        for class in Class::ALL {
            let gated = *self.gates.of(class) != super::Gate::Open || self.drain.is_some();
            let parked_s = self.lot.len() as f64 / self.rate.mu_issue.max(1.0);
            let share = f64::from(class.weight()) / f64::from(Class::WEIGHTS);
            let plausible_s = 60.0 + 2.0 * (out_s + parked_s) / share;
            let latest = now.0 as f64 + plausible_s * 1e6;
            let cursor = &mut self.slots.cursors[class as usize];
            let plausible = (0.0..=latest).contains(cursor);
            if !gated && !plausible {
                *cursor = now.0 as f64 + out_s * 1e6;
                self.guard.rebuilds += 1;
            }
        }
    }

    /// Everything that time has a part in starts from this moment.
    fn reset(&mut self, now: Instant) {
        self.rate.restart(now);
        self.gates.reset(now);
        self.come_back = now;
        let promised_ms = (self.slots.out() as f64 / self.rate.mu_issue * 1e3).min(60_000.0);
        let promised = now.plus_ms(promised_ms as u64).0 as f64;
        for cursor in &mut self.slots.cursors {
            let sane = *cursor <= now.plus_ms(super::slots::AHEAD_MS).0 as f64;
            *cursor = if sane { cursor.min(promised) } else { promised };
        }
    }

    /// Breaks the machine, for drills: each of these has been seen in somebody's limiter.
    pub(super) fn fault(&mut self, now: Instant, fault: Fault) {
        let far = now.plus_ms(365 * 86_400_000);
        match fault {
            Fault::LeakPermits(count) => {
                // Numbers from the top: the shell counts from the bottom.
                for conn in 0..u64::from(count) {
                    self.table.put(u64::MAX - conn, Permit::Live);
                }
            }
            Fault::FreezeCursor => {
                self.slots.cursors.fill(far.0 as f64);
                self.rate.credit = f64::NEG_INFINITY;
            }
            Fault::NegativeCount => {
                self.rate.credit = -1e12;
                self.rate.window = -1.0;
                self.lot.bytes = u64::MAX;
            }
            Fault::ClockAhead(ms) => {
                let ahead = |at: &mut Instant| *at = at.plus_ms(ms.into());
                ahead(&mut self.rate.paid_at);
                self.rate.credit = -f64::from(ms);
                self.rate.climb = Some((now.plus_ms(ms.into()), 1.0));
                self.gates.next.iter_mut().for_each(ahead);
                ahead(&mut self.lot.round.next);
                for cursor in &mut self.slots.cursors {
                    *cursor += f64::from(ms) * 1e3;
                }
            }
        }
    }
}
