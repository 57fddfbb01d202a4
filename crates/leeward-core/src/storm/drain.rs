//! The planned drain: everybody is given a time while still connected, so that nobody knocks unasked.

use super::{Class, Output, Slot, Storm};
use crate::code::{Code, Refusal};
use crate::id::Instant;

/// A drain under way. It lasts until the operator ends it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Drain {
    /// When everybody has been told.
    pub(super) until: Instant,
    /// When the next is told, and how far apart, in microseconds.
    next: f64,
    each_us: f64,
    /// The last who was told.
    after: Option<u64>,
}

/// Where another node answers, whoever is drained comes back after so long, in milliseconds.
const ELSEWHERE_MS: u64 = 1_000;

impl Storm {
    pub(super) fn begin_drain(&mut self, now: Instant, over_ms: u32) {
        let count = self.view().live.max(1);
        let each_us = f64::from(over_ms) * 1e3 / count as f64;
        let until = now.plus_ms(over_ms.into());
        self.drain = Some(Drain { until, next: now.0 as f64, each_us, after: None });
        // Those who wait are told to go elsewhere, or to come back when it is over.
        let waiting: Vec<u64> = self.lot.all().map(|waiting| waiting.conn).collect();
        for conn in waiting {
            self.turn_out(now, conn, (Refusal::new(Code::Drain), until));
        }
    }

    /// Says goodbye to those whose time has come.
    pub(super) fn drain_on(&mut self, now: Instant) {
        while let Some(drain) = &mut self.drain
            && drain.next <= now.0 as f64
        {
            let from = drain.after.map_or(std::ops::Bound::Unbounded, std::ops::Bound::Excluded);
            let beyond = (from, std::ops::Bound::Unbounded);
            let Some((&conn, &permit)) = self.table.entries.range(beyond).next() else { return };
            drain.after = Some(conn);
            if permit != super::table::Permit::Live {
                continue;
            }
            drain.next += drain.each_us;
            let (refusal, slot) = self.goodbye(now);
            self.outputs.push_back(Output::Goodbye { conn, refusal, slot });
        }
    }

    /// A time for somebody who is in and is to leave: when to come back, and the place kept. Whose it
    /// is, the shell fills in.
    pub fn goodbye(&mut self, now: Instant) -> (Refusal, Option<Slot>) {
        let from = if self.limits.elsewhere {
            now.plus_ms(ELSEWHERE_MS)
        } else {
            let end = self.drain.map_or(now, |drain| drain.until);
            end.max(now.plus_ms(ELSEWHERE_MS))
        };
        let class = Class::ResumeHere;
        let per_s = self.rate.mu_issue;
        let at = self.next_free(now, class, from, (per_s, per_s));
        let (wall, at_wall) = (self.wall(now), self.wall(at));
        let slot = self.slots.issue(wall, class, at_wall, (wall, 0));
        let after_ms = u32::try_from(at.0.saturating_sub(now.0).div_ceil(1_000));
        (Refusal::from(Code::Drain).after(after_ms.unwrap_or(u32::MAX)), Some(slot))
    }

    /// When the next is to be told.
    pub(super) fn drain_due(&self) -> Option<Instant> {
        let drain = self.drain?;
        let more = drain.after.is_none_or(|after| {
            let beyond = (std::ops::Bound::Excluded(after), std::ops::Bound::Unbounded);
            self.table.entries.range(beyond).next().is_some()
        });
        more.then_some(Instant(drain.next.max(0.0) as u64))
    }
}
