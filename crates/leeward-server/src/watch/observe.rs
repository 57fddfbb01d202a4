//! From readings to the status document: rates over the last second, quantiles over the last ten,
//! the storm under way, the journal and the history.
//!
//! Knows no clock and no node: readings come in a few times a second, whoever wants to know asks.

use super::detect::{Detector, Kind, Seen, Turn};
use super::history::{History, Row};
use super::journal::{Entry, Journal};
use super::reading::{DrainRead, Reading};
use super::sentence::{Standing, sentence};
use super::status::{
    Cell, Connections, Leases, Quantiles, Rates, Shed, Slots, State, Status, StormNow, Users,
};
use super::tell;
use leeward_core::durations::Counts;
use leeward_core::id::Millis;
use leeward_store::Done;
use std::collections::VecDeque;

/// Rates are over so long, in milliseconds.
const RATE_MS: u64 = 1_000;
/// What is still to come is estimated from the rate over so long.
const STEADY_MS: u64 = 3_000;
/// Quantiles and the matrix are over so long.
const WINDOW_MS: u64 = 10_000;
/// Entries of the journal in the document.
const JOURNAL_SHOWN: usize = 50;
/// What limits, as the history names it by its place.
pub(crate) const LIMITS: [&str; 8] =
    ["none", "cpu", "delay", "memory", "connections", "gate", "static", "start"];

/// Who looks.
#[derive(Debug, Default)]
pub(crate) struct Observer {
    detector: Detector,
    journal: Journal,
    history: History,
    /// Readings of the last seconds, oldest first.
    recent: VecDeque<Point>,
    /// A reading a second, oldest first.
    window: VecDeque<Second>,
    last: Option<Reading>,
    state: State,
    /// When the state began.
    since_ms: u64,
    /// Drafts that could not be stored before the storm began.
    unstored_before: u64,
    failing: bool,
    /// What the journal was told to be left out, since all was there.
    shed_told: Vec<&'static str>,
}

/// Counters at one moment.
#[derive(Clone, Copy, Debug, Default)]
struct Point {
    at_ms: u64,
    knocks: u64,
    admitted: u64,
    refused: u64,
    kept: u64,
    ended: u64,
}

/// What quantiles are made from.
#[derive(Clone, Debug, Default)]
struct Second {
    at_ms: u64,
    send: Counts,
    sync: Counts,
    reads: Done,
    writes: Done,
}

impl Observer {
    /// Takes a reading; what the journal was told of it.
    pub(crate) fn look(&mut self, mut reading: Reading) -> Vec<Entry> {
        let mut told = Vec::new();
        self.remember(&reading);
        reading.drain = reading.draining.then(|| self.drain(&reading));
        match &self.last {
            Some(last) => {
                told.extend(tell::changes(last, &reading));
                told.extend(tell::shed(&mut self.shed_told, &reading.shed));
            }
            None => told.push("The node has started.".to_owned()),
        }
        let calm = self.detector.storm().is_none();
        let turn = self.detector.look(seen(&reading));
        if calm && self.detector.storm().is_some() {
            self.unstored_before = self.last.as_ref().map_or(0, |last| last.unstored);
        }
        if let Some(turn) = &turn {
            told.push(tell::turn(turn, reading.unstored.saturating_sub(self.unstored_before)));
        }
        if let Some(Turn::Over(..)) = turn {
            self.unstored_before = reading.unstored;
        }
        told.extend(self.store_turned(&reading));
        let state = self.state_of(&reading);
        if state != self.state {
            let since = self.detector.storm().filter(|_| state == State::Storm);
            self.since_ms = since.map_or(reading.up_ms, |storm| storm.began_ms);
            self.state = state;
        }
        let now = reading.now;
        let second = self.last.as_ref().is_some_and(|l| l.up_ms / 1_000 != reading.up_ms / 1_000);
        self.last = Some(reading);
        if second {
            self.write_row();
        }
        told.iter().map(|text| self.journal.say(now, text)).collect()
    }

    /// Adds to the journal what a part of the node has to say.
    pub(crate) fn say(&mut self, at: Millis, text: &str) -> Entry {
        self.journal.say(at, text)
    }

    /// The rows of the last ten minutes, oldest first.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.history.rows().copied().collect()
    }

    /// What is going on.
    pub(crate) fn state(&self) -> State {
        self.state
    }

    fn remember(&mut self, reading: &Reading) {
        let at_ms = reading.up_ms;
        let old = |at: u64, keep_ms: u64| at_ms.saturating_sub(at) > keep_ms;
        while self.recent.get(1).is_some_and(|p| old(p.at_ms, STEADY_MS)) {
            self.recent.pop_front();
        }
        self.recent.push_back(Point {
            at_ms,
            knocks: reading.knocks(),
            admitted: reading.came,
            refused: reading.refused(),
            kept: reading.slots.kept,
            ended: reading.ended,
        });
        while self.window.get(1).is_some_and(|s| old(s.at_ms, WINDOW_MS)) {
            self.window.pop_front();
        }
        if self.window.back().is_none_or(|s| at_ms / 1_000 != s.at_ms / 1_000) {
            self.window.push_back(Second {
                at_ms,
                send: reading.send_to_seen.clone(),
                sync: reading.in_sync.clone(),
                reads: reading.store.reads.clone(),
                writes: reading.store.writes.clone(),
            });
        }
    }

    /// Says when the database begins to fail, and when it has answered well for a while.
    fn store_turned(&mut self, reading: &Reading) -> Option<String> {
        let cells = self.matrix(reading);
        let bad: Vec<&Cell> = cells.iter().filter(|cell| cell.failed > 0).collect();
        match (std::mem::replace(&mut self.failing, !bad.is_empty()), bad.first()) {
            (false, Some(cell)) => Some(format!(
                "The database fails to {}: {} of {} in ten seconds.",
                if cell.dependency == "store_write" { "store" } else { "answer" },
                cell.failed,
                cell.failed + cell.ok
            )),
            (true, None) => Some("The database answers everything again.".to_owned()),
            (true, Some(_)) | (false, None) => None,
        }
    }

    fn state_of(&self, reading: &Reading) -> State {
        let shut = tell::shut(&reading.classes);
        // A gate for everybody is what keeps them out, storm or not.
        let all_shut = matches!(&shut[..], [all] if !all.contains(" for "));
        if reading.guard.fixed {
            State::Static
        } else if reading.drain.is_some() {
            State::Drain
        } else if all_shut {
            State::Gate
        } else if self.detector.storm().is_some() {
            State::Storm
        } else if !shut.is_empty() {
            State::Gate
        } else {
            State::Calm
        }
    }

    /// Per second, over about the last `over_ms`.
    fn rate(&self, over_ms: u64, count: impl Fn(&Point) -> u64) -> u64 {
        let Some(last) = self.recent.back() else { return 0 };
        let from = self.recent.iter().rev().find(|p| last.at_ms - p.at_ms >= over_ms);
        let Some(from) = from.or(self.recent.front()) else { return 0 };
        let (passed_ms, counted) =
            (last.at_ms - from.at_ms, count(last).saturating_sub(count(from)));
        (counted * 1_000 + passed_ms / 2).checked_div(passed_ms).unwrap_or(0)
    }

    /// What was counted in the last ten seconds.
    fn recently(&self, now: &Counts, then: impl Fn(&Second) -> &Counts) -> Counts {
        self.window.front().map_or_else(|| now.clone(), |second| now.since(then(second)))
    }

    /// How far a drain has got, which began when it was first seen.
    fn drain(&self, reading: &Reading) -> DrainRead {
        let before = self.last.as_ref().and_then(|last| last.drain);
        let of = before.map_or(reading.live, |drain| drain.of.max(reading.live));
        let per_s = self.rate(STEADY_MS, |p| p.ended);
        let to_go_ms = (reading.live * 1_000).checked_div(per_s);
        DrainRead { gone: of - reading.live, of, to_go_ms }
    }

    fn users(&self, reading: &Reading) -> Users {
        Users {
            send_to_seen_ms: quantiles(&self.recently(&reading.send_to_seen, |s| &s.send)),
            in_sync_ms: quantiles(&self.recently(&reading.in_sync, |s| &s.sync)),
        }
    }

    fn matrix(&self, reading: &Reading) -> [Cell; 2] {
        let cell = |dependency, now: &Done, then: fn(&Second) -> &Done| {
            let took = self.recently(&now.took, |s| &then(s).took);
            let failed = self.window.front().map_or(0, |s| then(s).failed);
            Cell {
                node: "this",
                dependency,
                ok: took.count(),
                failed: now.failed.saturating_sub(failed),
                p99_ms: quantiles(&took).p99,
            }
        };
        [
            cell("store_write", &reading.store.writes, |s| &s.writes),
            cell("store_read", &reading.store.reads, |s| &s.reads),
        ]
    }

    fn connections(&self, reading: &Reading) -> Connections {
        let Reading { live, admitting, waiting, .. } = *reading;
        let storm = self.detector.storm().filter(|storm| storm.kind == Kind::Lost);
        let out = storm.map_or(0, |storm| storm.out());
        Connections {
            live,
            admitting,
            waiting,
            gone: out.saturating_sub(admitting + waiting),
            max: reading.connections_max,
            waiting_bytes: reading.waiting_bytes,
        }
    }

    fn storm_now(&self, reading: &Reading) -> Option<StormNow> {
        let storm = self.detector.storm()?;
        let per_s = self.rate(STEADY_MS, |p| p.admitted);
        Some(StormNow {
            kind: match storm.kind {
                Kind::Lost => "lost",
                Kind::Crowd => "crowd",
            },
            since_ms: reading.up_ms.saturating_sub(storm.began_ms),
            before: storm.before,
            of: storm.of,
            back: storm.back,
            to_go_ms: (storm.out() * 1_000).checked_div(per_s),
            unstored: reading.unstored.saturating_sub(self.unstored_before),
        })
    }

    fn write_row(&mut self) {
        let Some(reading) = &self.last else { return };
        let connections = self.connections(reading);
        let small = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
        let us = |ms: Option<f64>| ms.map_or(0, |ms| (ms * 1_000.0) as u32);
        let users = self.users(reading);
        let limit = LIMITS.iter().position(|l| *l == reading.limited_by).unwrap_or(0);
        let row = Row {
            at: reading.now,
            live: small(connections.live),
            admitting: small(connections.admitting),
            waiting: small(connections.waiting),
            gone: small(connections.gone),
            arrivals: small(self.rate(RATE_MS, |p| p.knocks)),
            admissions: small(self.rate(RATE_MS, |p| p.admitted)),
            refusals: small(self.rate(RATE_MS, |p| p.refused)),
            limit: small(reading.limit_per_s.unwrap_or(0)),
            limited_by: u8::try_from(limit).expect("there are eight"),
            promised: small(reading.slots.promised_per_s),
            kept: small(self.rate(RATE_MS, |p| p.kept)),
            send_p50_us: us(users.send_to_seen_ms.p50),
            send_p95_us: us(users.send_to_seen_ms.p95),
            sync_p50_us: us(users.in_sync_ms.p50),
            sync_p95_us: us(users.in_sync_ms.p95),
        };
        self.history.push(row);
    }

    /// The document as of the last reading; `None` before the first.
    pub(crate) fn status(&self, build: &str, watchers: u64) -> Option<Status> {
        let reading = self.last.as_ref()?;
        let connections = self.connections(reading);
        let storm = self.storm_now(reading);
        let admissions_per_s = self.rate(STEADY_MS, |p| p.admitted);
        let since_ms = reading.up_ms.saturating_sub(self.since_ms);
        let standing = Standing {
            state: self.state,
            since_ms,
            live: connections.live,
            waiting: connections.waiting,
            storm: storm.as_ref().map(|storm| (storm.back, storm.of)),
            admissions_per_s,
            to_go_ms: match &storm {
                Some(storm) => storm.to_go_ms,
                None => (connections.waiting * 1_000).checked_div(admissions_per_s),
            },
            unstored: storm.as_ref().map_or(0, |storm| storm.unstored),
            gates: tell::shut(&reading.classes),
            drain: reading.drain.map(|d| (d.gone, d.of, d.to_go_ms)),
            recover_ms: reading.recover_ms,
            fixed_per_s: reading.fixed_per_s,
        };
        let slots = reading.slots;
        Some(Status {
            now: reading.now,
            up_ms: reading.up_ms,
            version: env!("CARGO_PKG_VERSION"),
            build: build.to_owned(),
            ready: reading.ready,
            state: self.state,
            since_ms,
            sentence: sentence(&standing),
            storm,
            connections,
            rate: Rates {
                limit_per_s: reading.limit_per_s,
                limited_by: reading.limited_by,
                fixed_per_s: reading.fixed_per_s,
                arrivals_per_s: self.rate(RATE_MS, |p| p.knocks),
                admissions_per_s: self.rate(RATE_MS, |p| p.admitted),
                refusals_per_s: self.rate(RATE_MS, |p| p.refused),
                mu_per_s: reading.mu_per_s,
            },
            slots: Slots {
                out: slots.out,
                kept: slots.kept,
                early: slots.early,
                late: slots.late,
                no_show: slots.no_show,
                promised_per_s: slots.promised_per_s,
                kept_per_s: self.rate(RATE_MS, |p| p.kept),
            },
            classes: reading.classes.clone(),
            users: self.users(reading),
            recover_ms: reading.recover_ms,
            spread_ms: reading.spread_ms,
            shed: reading.shed.iter().map(|(what, why)| Shed { what, why }).collect(),
            leases: Leases {
                live: connections.live,
                expired: reading.leases_expired,
                terms: reading.terms,
            },
            guard: reading.guard,
            matrix: self.matrix(reading).into(),
            doctor: reading.doctor.clone(),
            journal: self.journal.latest(JOURNAL_SHOWN),
            watchers,
        })
    }
}

fn seen(reading: &Reading) -> Seen {
    Seen {
        at_ms: reading.up_ms,
        live: reading.live,
        coming: reading.admitting + reading.waiting,
        promised: reading.slots.out,
        admitted: reading.came,
        ended: reading.ended,
        draining: reading.draining || !reading.ready,
    }
}

/// Quantiles in milliseconds.
fn quantiles(counts: &Counts) -> Quantiles {
    let ms = |share| counts.quantile_us(share).map(|us| us as f64 / 1_000.0);
    Quantiles { p50: ms(0.50), p95: ms(0.95), p99: ms(0.99) }
}

#[cfg(test)]
mod tests;
