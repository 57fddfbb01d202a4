//! What happened in a world, counted.

use crate::client::{Client, State};
use crate::crowd::Crowd;
use crate::setup::Setup;
use crate::world::World;
use leeward_core::storm::{Figures, Sample};

/// Counts while a world runs.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// Attempts that began.
    pub attempts: u64,
    /// SYNs that nobody answered.
    pub dropped: u64,
    /// Hellos read.
    pub greeted: u64,
    /// Connections found closed when they were looked at.
    pub stale: u64,
    /// Refusals.
    pub refused: u64,
    /// Sockets that their client closed before it was in.
    pub gave_up: u64,
    /// Permits given.
    pub admits: u64,
    /// Admissions finished.
    pub finished: u64,
    /// Permits that ran out.
    pub expired: u64,
    /// Tables made anew.
    pub rebuilds: u64,
    /// Faults that befell.
    pub faults: u64,
    /// The longest that the living waited, in microseconds.
    pub lag_max_us: u64,
    /// The largest lag of each sample of 100 ms, in milliseconds: how often.
    pub lags_ms: Vec<u32>,
    /// When the first and the last admission after the trigger were finished, in milliseconds.
    pub first_in_ms: Option<u32>,
    /// The last of an obedient client.
    pub obedient_in_ms: u32,
    /// The last of anybody.
    pub all_in_ms: u32,
    pub(crate) finished_since_sample: u32,
    unsettled_ms: u32,
}

/// Lags above this many milliseconds are counted as this.
const LAGS: usize = 2_000;

impl Tally {
    pub(crate) fn new(_: &Setup) -> Self {
        Self { lags_ms: vec![0; LAGS + 1], ..Self::default() }
    }

    pub(crate) fn knocked(&mut self, first: bool) {
        self.attempts += u64::from(first);
    }

    pub(crate) fn finished(&mut self, now: u32) {
        self.finished += 1;
        self.finished_since_sample += 1;
        self.first_in_ms = self.first_in_ms.or(Some(now));
    }

    pub(crate) fn welcomed(&mut self, crowd: &Crowd, client: u32) {
        self.all_in_ms = crowd.now();
        if crowd.clients[client as usize].species == crowd.obedient {
            self.obedient_in_ms = crowd.now();
        }
    }

    pub(crate) fn sampled(&mut self, sample: &Sample) {
        self.lag_max_us = self.lag_max_us.max(sample.lag_us);
        self.lags_ms[((sample.lag_us / 1_000) as usize).min(LAGS)] += 1;
    }

    pub(crate) fn unsettled(&mut self, now: u32) {
        self.unsettled_ms = now;
    }

    /// For how long everybody has been in.
    pub(crate) fn settled_for_ms(&self, now: u32) -> u32 {
        now - self.unsettled_ms
    }

    /// The counts, in words.
    pub fn counts(&self) -> String {
        let Self { attempts, dropped, greeted, stale, refused, gave_up, admits, finished, .. } =
            self;
        let Self { expired, rebuilds, faults, .. } = self;
        format!(
            "{attempts} attempts, {dropped} SYNs dropped, {greeted} greeted, {stale} stale, \
             {refused} refused, {gave_up} gave up, {admits} admitted, {finished} finished, \
             {expired} expired, {rebuilds} rebuilds, {faults} faults"
        )
    }

    /// A quantile of the largest lags, in milliseconds.
    pub fn lag_ms(&self, percent: u64) -> u32 {
        let all: u64 = self.lags_ms.iter().map(|n| u64::from(*n)).sum();
        let mut left = all * percent / 100;
        for (ms, count) in self.lags_ms.iter().enumerate() {
            if u64::from(*count) > left {
                return ms as u32;
            }
            left -= u64::from(*count);
        }
        0
    }
}

/// How a world ended.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What it was made of.
    pub setup: Setup,
    /// Counts.
    pub tally: Tally,
    /// Clients that are not in and want to be: obedient ones, and all.
    pub missing: (u32, u32),
    /// What was broken, in the order in which it was seen.
    pub broken: Vec<String>,
    /// When it ended, in milliseconds.
    pub ended_ms: u32,
    /// Some of those that are missing, as they are.
    pub stragglers: Vec<Client>,
    /// What the machine showed of itself at the end, if there was one.
    pub figures: Option<Figures>,
    /// Attempts, by obedient clients and by the others.
    pub attempts: (u64, u64),
    /// The most refusals that an obedient client has had in one absence.
    pub refusals_max: u16,
}

impl Outcome {
    pub(crate) fn of(world: World) -> Self {
        let census = world.crowd.census;
        let attempts = world.crowd.clients.iter().fold((0, 0), |(ours, others), client| {
            let of = u64::from(client.attempts);
            if client.species == world.crowd.obedient {
                (ours + of, others)
            } else {
                (ours, others + of)
            }
        });
        let missing = |c: &&Client| {
            c.species == world.crowd.obedient && !matches!(c.state, State::Live | State::Gone)
        };
        let figures = world.door.storm().map(|storm| storm.figures(world.instant()));
        let stragglers = world.crowd.clients.iter().filter(missing).take(3);
        Self {
            ended_ms: world.now(),
            missing: (census.obedient_missing(), census.all_missing()),
            refusals_max: world.properties.refusals_max(),
            broken: world.properties.into_broken(),
            attempts,
            figures,
            stragglers: stragglers.cloned().collect(),
            setup: world.setup,
            tally: world.tally,
        }
    }

    /// Virtual time, clients times hours.
    pub fn client_hours(&self) -> f64 {
        f64::from(self.ended_ms) * f64::from(self.setup.clients) / 3_600_000.0
    }

    /// Everybody who wants in is in.
    pub fn healed(&self) -> bool {
        self.missing.1 == 0
    }

    /// The time from the trigger until everybody was in over the least possible time; none if that
    /// has not come.
    pub fn recovery(&self) -> Option<f64> {
        self.healed().then(|| self.ratio(self.tally.all_in_ms))
    }

    /// The same for those who obey.
    pub fn recovery_of_obedient(&self) -> Option<f64> {
        (self.missing.0 == 0).then(|| self.ratio(self.tally.obedient_in_ms))
    }

    fn ratio(&self, until_ms: u32) -> f64 {
        let trigger = self.setup.plan.0.first().map_or(0, |(at, _)| *at);
        let least = self.setup.least_ms(self.setup.dropped());
        f64::from(until_ms.saturating_sub(trigger)) / (least as f64).max(1.0)
    }
}
