//! How fast people are let in: as fast as they can be, and no faster.
//!
//! Two hands. The *window* bounds how many are being let in at once, so that letting one in takes
//! about 20 ms: whoever is finished makes room for the next, which finds the true rate at once, however
//! much of the machine belongs to others. The *limit* bounds how many are begun in a second, by what
//! they have been measured to cost and by what the living feel; it protects, and after a start it
//! climbs from a quarter of the last known rate.
//!
//! Apart from both, and slow, is the rate at which slots are promised. An idle slot costs an
//! admission, an overbooked one a refusal: so the guess is the 1/(1 + rho) quantile of recent rates.

use super::{LimitedBy, Sample, Start, StormLimits};
use crate::id::Instant;
use std::collections::VecDeque;

/// The control.
#[derive(Clone, Debug)]
pub(super) struct Rate {
    /// Admissions a second by what they cost, before feedback.
    pub(super) base: f64,
    /// What feedback makes of it.
    pub(super) factor: f64,
    /// Admissions that may be under way.
    pub(super) window: f64,
    /// Admissions that may begin at this moment.
    pub(super) credit: f64,
    pub(super) paid_at: Instant,
    /// The climb after a start: from when, and from how many a second.
    pub(super) climb: Option<(Instant, f64)>,
    /// CPU for one admission, in microseconds.
    pub(super) cost_us: f64,
    /// Rates of windows in which somebody waited throughout, newest last.
    pub(super) busy: VecDeque<f64>,
    pub(super) mu: f64,
    /// The most that has been finished in a second, from half a second of samples; fades within hours.
    pub(super) seen: f64,
    lately: [u32; 5],
    pub(super) mu_issue: f64,
    /// The operator's rate.
    pub(super) fixed: Option<u32>,
    pub(super) limited_by: LimitedBy,
    pub(super) span: Span,
}

/// What has happened since the last sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Span {
    pub(super) finished: u32,
    /// The sum of their delays, in microseconds.
    pub(super) delay_us: u64,
    pub(super) knocks: u32,
    pub(super) begun: u32,
    pub(super) refused: u32,
    /// Somebody had to wait for credit, or for room in the window.
    pub(super) short_of_credit: bool,
    pub(super) short_of_window: bool,
    /// Somebody waited when it began.
    pub(super) waited: bool,
    /// Somebody knocked who was not kept out on purpose.
    pub(super) wanted: bool,
}

/// Letting one in takes about so long, in microseconds: long enough to keep every part of the node
/// busy, too short to be felt.
const DELAY_US: f64 = 20_000.0;
/// The living may wait for their loop so long, in microseconds, before admission gives way.
const LAG_US: u64 = 40_000;
/// The smallest window: some of a batch wait for the database while others use the processor.
const WINDOW_MIN: f64 = 16.0;
/// Admissions a second of a node that nobody has measured.
const MU_GUESS: f64 = 1_000.0;
/// The climb after a start: so many times as much with every 100 ms.
const CLIMB: f64 = 1.5;
/// Admissions that may begin at once after a pause, in seconds of the limit.
const BURST_S: f64 = 0.05;
/// And at least so many.
const BURST_MIN: f64 = 32.0;
/// Rates that are remembered: 6.4 s of a storm.
const BUSY_MAX: usize = 64;
/// What is left of the most that was seen, after each sample: half after two hours.
const FADE: f64 = 0.999_99;
/// The least that is left to the returning, however busy the living: nobody is shut out.
const LIMIT_MIN: f64 = 20.0;
/// No node is faster.
const LIMIT_MAX: f64 = 1e6;

impl Rate {
    pub(super) fn new(start: &Start) -> Self {
        let mu = start.mu_per_s.map_or(MU_GUESS, |mu| f64::from(mu.max(1)));
        Self {
            base: mu,
            factor: 1.0,
            window: (mu * DELAY_US / 1e6).max(WINDOW_MIN),
            credit: BURST_MIN,
            paid_at: start.now,
            climb: start.mu_per_s.map(|_| (start.now, mu / 4.0)),
            cost_us: 0.0,
            busy: VecDeque::new(),
            mu,
            seen: start.mu_per_s.map_or(0.0, f64::from),
            lately: [0; 5],
            mu_issue: mu,
            fixed: None,
            limited_by: LimitedBy::Start,
            span: Span::default(),
        }
    }

    /// Admissions a second that may begin.
    pub(super) fn limit(&self, now: Instant) -> f64 {
        if let Some(fixed) = self.fixed {
            return f64::from(fixed.max(1));
        }
        let limit = (self.base * self.factor).clamp(LIMIT_MIN, LIMIT_MAX);
        self.climbed(now).map_or(limit, |climb| limit.min(climb.max(LIMIT_MIN)))
    }

    fn climbed(&self, now: Instant) -> Option<f64> {
        let (since, from) = self.climb?;
        let tenths = now.0.saturating_sub(since.0) as f64 / 100_000.0;
        Some(from * CLIMB.powf(tenths.min(60.0)))
    }

    /// What may begin at this moment.
    pub(super) fn credit(&mut self, now: Instant) -> f64 {
        let limit = self.limit(now);
        let passed_s = now.0.saturating_sub(self.paid_at.0) as f64 / 1e6;
        let most = (limit * BURST_S).max(if self.fixed.is_some() { 1.0 } else { BURST_MIN });
        self.credit = (self.credit + passed_s * limit).min(most);
        self.paid_at = now;
        self.credit
    }

    /// When there will be credit for a few.
    pub(super) fn credit_at(&self, now: Instant) -> Instant {
        let limit = self.limit(now);
        // Not for each one: a few milliseconds' worth at once.
        let wanted = (limit * 0.002).max(1.0) - self.credit;
        Instant(now.0.saturating_add((wanted.max(0.0) / limit * 1e6).clamp(500.0, 1e6) as u64))
    }

    pub(super) fn window(&self, limits: &StormLimits) -> usize {
        if self.fixed.is_some() {
            return limits.admitting_max;
        }
        (self.window as usize).clamp(1, limits.admitting_max)
    }

    /// Takes in what the last 100 ms were like.
    pub(super) fn measure(
        &mut self,
        now: Instant,
        sample: &Sample,
        limits: &StormLimits,
        waits: bool,
    ) {
        let span = std::mem::take(&mut self.span);
        self.span.waited = waits;
        self.sanitise(now);
        let finished = sample.finished.max(span.finished);
        let own_us = span.delay_us.checked_div(span.finished.into()).unwrap_or(0);
        // The mean of all is what the window steers; the shell knows only how long the unluckiest waited.
        let delay_us = if span.finished > 0 { own_us } else { sample.queue_us };
        self.lately.rotate_left(1);
        self.lately[4] = finished;
        let lately: f64 = self.lately.iter().map(|count| f64::from(*count)).sum();
        self.seen = (self.seen * FADE).max(lately * 2.0);
        let free_us = self.feed_forward(sample, finished);
        let by_memory = memory_rate(sample, limits);
        let busy = sample.capacity_us > 0 && sample.busy_us * 100 >= sample.capacity_us * 85;
        // What is late on a processor that others use is not made earlier by doing less on it.
        let ours = sample.busy_us.saturating_mul(2) >= sample.capacity_us;
        let (delay_us, lag_us) =
            if ours { (delay_us, sample.lag_us) } else { (delay_us.min(DELAY_US as u64), 0) };
        self.feed_back(&span, delay_us, lag_us);
        self.narrow(&span, delay_us, lag_us);
        // What credit held back says nothing about what the node could have done.
        if waits && span.waited && finished > 0 && (span.short_of_window || !span.short_of_credit) {
            self.remember(f64::from(finished) * 10.0, limits);
        }
        let climbing = self.climbed(now).is_some_and(|climb| climb < self.base * self.factor);
        if !climbing {
            self.climb = None;
        }
        self.limited_by = match () {
            () if self.fixed.is_some() => LimitedBy::Static,
            () if climbing => LimitedBy::Start,
            () if by_memory < self.base * self.factor => LimitedBy::Memory,
            () if lag_us > LAG_US => LimitedBy::Delay,
            () if busy || free_us.is_some_and(|free| free <= 0.0) => LimitedBy::Cpu,
            () if span.short_of_window || self.factor < 1.0 => LimitedBy::Delay,
            () => LimitedBy::Cpu,
        };
        if by_memory < self.base * self.factor {
            self.factor = (by_memory / self.base).max(FACTOR_MIN);
        }
    }

    /// What an admission costs, and how many of them fit beside what else there is to do.
    fn feed_forward(&mut self, sample: &Sample, finished: u32) -> Option<f64> {
        if sample.capacity_us == 0 {
            return None;
        }
        if finished >= 4 && sample.admission_cpu_us > 0 {
            let cost = sample.admission_cpu_us as f64 / f64::from(finished);
            let weight = if self.cost_us > 0.0 { 0.2 } else { 1.0 };
            self.cost_us += (cost - self.cost_us) * weight;
        }
        let others_us = sample.busy_us.saturating_sub(sample.admission_cpu_us);
        let free = 1.0 - others_us as f64 / sample.capacity_us as f64;
        if self.cost_us > 0.0 {
            let per_s = sample.capacity_us as f64 * 10.0 / self.cost_us;
            self.base = (per_s * free.max(0.1)).clamp(LIMIT_MIN, LIMIT_MAX);
        }
        Some(free)
    }

    /// What measuring cannot know, the delays tell.
    fn feed_back(&mut self, span: &Span, delay_us: u64, lag_us: u64) {
        let by = if lag_us > 4 * LAG_US || delay_us as f64 > 25.0 * DELAY_US {
            0.5
        } else if lag_us > LAG_US || delay_us as f64 > 5.0 * DELAY_US {
            0.8
        } else if span.short_of_credit {
            1.5
        } else if self.factor < 1.0 {
            1.05
        } else {
            1.0
        };
        self.factor = (self.factor * by).clamp(FACTOR_MIN, FACTOR_MAX);
    }

    /// Has the window be what takes 20 ms.
    fn narrow(&mut self, span: &Span, delay_us: u64, lag_us: u64) {
        if span.finished == 0 {
            return;
        }
        let by = (DELAY_US / (delay_us as f64).max(1.0)).clamp(0.6, 1.5);
        // The living come first, whatever the delay of those who come in says.
        let by = if lag_us > LAG_US { by.min(0.7) } else { by };
        if by < 1.0 || span.short_of_window {
            self.window *= by;
        }
        // Half of what was best: a window that is too small for the delay there is starves the node.
        let least = (self.seen * DELAY_US / 2e6).max(WINDOW_MIN);
        self.window = self.window.clamp(least, 1e6);
    }

    fn remember(&mut self, per_s: f64, limits: &StormLimits) {
        self.busy.push_back(per_s);
        if self.busy.len() > BUSY_MAX {
            self.busy.pop_front();
        }
        self.mu += (per_s - self.mu) * if self.busy.len() < 4 { 0.5 } else { 0.2 };
        let mut sorted: Vec<f64> = self.busy.iter().copied().collect();
        sorted.sort_by(f64::total_cmp);
        let rho = f64::from(limits.refusal_percent) / 100.0;
        let at = ((sorted.len() - 1) as f64 / (1.0 + rho)).ceil() as usize;
        let quantile = sorted[at.min(sorted.len() - 1)];
        self.mu_issue += (quantile - self.mu_issue) * 0.1;
    }

    /// Admissions a second that a node can finish, by the last storm or else by what one costs.
    pub(super) fn mu(&self) -> f64 {
        if self.busy.len() >= 4 {
            return self.mu.max(1.0);
        }
        // Nobody has had to wait yet. Of what the processor could do by the measured cost, the kernel and
        // clients on the same machine take most: a quarter was left where that was measured.
        let by_cost = if self.cost_us > 0.0 { self.base / 4.0 } else { 0.0 };
        let known = self.seen.max(by_cost);
        if known > 0.0 { known.max(1.0) } else { self.mu.max(1.0) }
    }

    /// Back to what is known to be safe.
    pub(super) fn restart(&mut self, now: Instant) {
        self.sanitise(now);
        let mu = self.mu();
        let start = Start { now, mu_per_s: Some(mu as u32), ..Start::default() };
        let before = std::mem::replace(self, Self::new(&start));
        (self.cost_us, self.busy, self.fixed) = (before.cost_us, before.busy, before.fixed);
        self.seen = before.seen;
    }

    /// What no arithmetic of this file makes is put right.
    fn sanitise(&mut self, now: Instant) {
        let or = |number: &mut f64, least: f64, most: f64, default: f64| {
            if !(*number >= least && *number <= most) {
                *number = default;
            }
        };
        or(&mut self.mu, 1.0, LIMIT_MAX, MU_GUESS);
        or(&mut self.mu_issue, 1.0, LIMIT_MAX, MU_GUESS);
        or(&mut self.seen, 0.0, LIMIT_MAX, 0.0);
        or(&mut self.cost_us, 0.0, 1e7, 0.0);
        self.busy.retain(|rate| (0.0..=LIMIT_MAX).contains(rate));
        or(&mut self.base, LIMIT_MIN, LIMIT_MAX, MU_GUESS);
        or(&mut self.factor, FACTOR_MIN, FACTOR_MAX, 1.0);
        or(&mut self.window, 1.0, 1e6, WINDOW_MIN);
        // A climb that begins in the future has begun on another clock.
        self.climb = self.climb.map(|(since, from)| (since.min(now), from.max(1.0)));
    }
}

const FACTOR_MIN: f64 = 0.05;
const FACTOR_MAX: f64 = 16.0;

/// Connections a second at which free memory would be gone in a second.
fn memory_rate(sample: &Sample, limits: &StormLimits) -> f64 {
    if sample.capacity_us == 0 {
        return f64::INFINITY;
    }
    sample.memory_free_bytes as f64 / f64::from(limits.connection_bytes.max(1))
}
