//! What looks at the node from outside its loop: the samples that its machine is given, and the
//! watchdog that compares the machine's table with the sockets.

use crate::world::World;
use leeward_core::id::Instant;
use leeward_core::storm::{Input, LimitedBy, Sample, View};

/// A look is taken so often, in milliseconds.
const SAMPLE_MS: u32 = 100;
/// And the sockets are compared so often.
const COMPARE_MS: u32 = 500;
/// So many mismatches in a row, and the table is made anew.
const MISMATCHES: u32 = 2;

/// The watchdog.
#[derive(Clone, Debug, Default)]
pub(crate) struct Watch {
    mismatches: u32,
    /// When the machine was broken on purpose; none when it has been made anew since.
    pub(crate) wedged_at: Option<u32>,
    /// The machine admits at less than the node could, and says why.
    pub(crate) held_back: bool,
    /// Off: for the control that shows what the watchdog is for.
    pub(crate) blind: bool,
}

impl Watch {
    pub(crate) fn wedged(&mut self, now: u32) {
        self.wedged_at = self.wedged_at.or(Some(now));
    }
}

impl World {
    /// The machine's own deadline.
    pub(crate) fn tick(&mut self) {
        if self.door.deadline_us().is_some_and(|at| at <= self.now_us()) {
            self.storm(Input::Tick);
        }
    }

    /// The end of a turn: samples, the watchdog, leases, and the properties.
    pub(crate) fn look(&mut self) {
        let now = self.now();
        self.turn_properties();
        if now.is_multiple_of(SAMPLE_MS) && now >= self.weather.down_until {
            self.sample();
            if self.setup.machines {
                self.look_at_leases();
            }
        }
        if now.is_multiple_of(COMPARE_MS) && !self.watch.blind && now >= self.weather.down_until {
            self.compare();
        }
    }

    fn sample(&mut self) {
        let sockets = self.door.storm().map_or(0, |storm| storm.view().connections());
        let room = (self.setup.connections_max() as usize).saturating_sub(sockets);
        let us = |ns: i64| u64::try_from(ns / 1_000).unwrap_or(0);
        let sample = Sample {
            finished: self.tally.finished_since_sample,
            admission_cpu_us: us(self.cpu.door_ns),
            busy_us: us(self.cpu.busy_ns),
            capacity_us: u64::from(SAMPLE_MS) * 1_000,
            lag_us: us(self.cpu.lag_ns),
            queue_us: 0,
            memory_free_bytes: 1 << 40,
            connections_room: u32::try_from(room).unwrap_or(u32::MAX),
        };
        self.tally.sampled(&sample);
        self.tally.finished_since_sample = 0;
        (self.cpu.door_ns, self.cpu.busy_ns, self.cpu.lag_ns) = (0, 0, 0);
        self.storm(Input::Measured(sample));
        if self.setup.strict
            && let Some(storm) = self.door.storm()
        {
            let by = storm.figures(self.instant()).limited_by;
            self.watch.held_back = matches!(by, LimitedBy::Static | LimitedBy::Start);
        }
    }

    /// Compares what the machine believes with the sockets.
    fn compare(&mut self) {
        let Some(storm) = self.door.storm() else { return };
        let agree = if self.small() {
            View::of(self.truth()).agrees(&storm.view())
        } else {
            let census = self.crowd.census;
            let sum = |of: [u32; 2]| (of[0] + of[1]) as usize;
            let sockets = sum(census.live) + sum(census.admitting) + sum(census.parked);
            storm.view().connections() == sockets
        };
        self.properties.compared(agree, self.watch.wedged_at.is_some());
        self.watch.mismatches = if agree { 0 } else { self.watch.mismatches + 1 };
        if self.watch.mismatches >= MISMATCHES {
            self.rebuild();
        }
    }

    /// The machine says that nothing moves.
    pub(crate) fn stuck(&mut self) {
        if !self.watch.blind {
            self.rebuild();
        }
    }

    /// The moment, for the machine's figures.
    pub(crate) fn instant(&self) -> Instant {
        Instant(self.now_us())
    }

    fn rebuild(&mut self) {
        self.watch.mismatches = 0;
        self.tally.rebuilds += 1;
        let truth = self.truth();
        self.storm(Input::Rebuild { truth });
        self.watch.wedged_at = None;
    }
}
