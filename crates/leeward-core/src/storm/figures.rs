//! What the machine shows of itself.

use super::{Class, Gate, SlotCounts, Storm};
use crate::id::Instant;

/// What keeps the rate from being higher.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum LimitedBy {
    /// The processor.
    Cpu,
    /// Letting one in takes too long, or the living wait.
    Delay,
    /// Memory.
    Memory,
    /// Descriptors, or the ceiling.
    Connections,
    /// The operator's gates.
    Gate,
    /// A fixed rate: the operator's, or that of the guard.
    Static,
    /// The climb after a start.
    Start,
}

impl LimitedBy {
    /// Every one.
    pub const ALL: [Self; 7] = [
        Self::Cpu,
        Self::Delay,
        Self::Memory,
        Self::Connections,
        Self::Gate,
        Self::Static,
        Self::Start,
    ];

    /// The word in metrics and on the console.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Delay => "delay",
            Self::Memory => "memory",
            Self::Connections => "connections",
            Self::Gate => "gate",
            Self::Static => "static",
            Self::Start => "start",
        }
    }
}

/// Figures of one class.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ClassFigures {
    /// Knocks so far.
    pub knocks: u64,
    /// Let in so far.
    pub admitted: u64,
    /// Told to wait on their connections so far.
    pub parked: u64,
    /// Refused so far.
    pub refused: u64,
    /// Waiting on their connections.
    pub waiting: usize,
    /// How long the next of this class would wait, in milliseconds.
    pub wait_ms: u32,
    /// The operator's hand.
    pub gate: Gate,
}

/// Figures of the machine. Counts grow for as long as it runs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Figures {
    /// In.
    pub live: usize,
    /// Being let in.
    pub admitting: usize,
    /// Waiting on their connections.
    pub parked: usize,
    /// What they take.
    pub parked_bytes: u64,
    /// Slots given out that have not come to an end.
    pub slots_out: u64,
    /// Slots that fall due within a second.
    pub promised_per_s: u32,
    /// What became of slots.
    pub slots: SlotCounts,
    /// By class, in the order of [`Class::ALL`].
    pub classes: [ClassFigures; Class::ALL.len()],
    /// Admissions a second that may begin.
    pub limit_per_s: u32,
    /// Admissions that may be under way.
    pub window: usize,
    /// Why not more.
    pub limited_by: LimitedBy,
    /// Admissions a second that the node can finish.
    pub mu_per_s: u32,
    /// The rate at which slots are promised.
    pub mu_issue_per_s: u32,
    /// CPU for one admission.
    pub cost_us: u32,
    /// Knocks in the last second.
    pub arrivals_per_s: u32,
    /// Let in, in the last second.
    pub admissions_per_s: u32,
    /// Refused, in the last second.
    pub refusals_per_s: u32,
    /// How often the table was made anew.
    pub rebuilds: u64,
    /// How often the guard fell back to a fixed rate.
    pub fallbacks: u64,
    /// Permits that ran out.
    pub expired: u64,
    /// Knocks of sources that knock too often.
    pub slowed: u64,
    /// Nobody is let in but at a fixed rate, because of the guard.
    pub fallen_back: bool,
    /// Everybody is being sent away.
    pub draining: bool,
}

/// Counts that only grow.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Counts {
    pub(super) knocks: [u64; Class::ALL.len()],
    pub(super) admitted: [u64; Class::ALL.len()],
    pub(super) parked: [u64; Class::ALL.len()],
    pub(super) refused: [u64; Class::ALL.len()],
    pub(super) expired: u64,
    pub(super) slowed: u64,
}

/// Rates of the last second, from ten samples.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct LastSecond {
    tenths: [(u32, u32, u32); 10],
    at: usize,
}

impl LastSecond {
    pub(super) fn push(&mut self, tenth: (u32, u32, u32)) {
        self.tenths[self.at % 10] = tenth;
        self.at = (self.at + 1) % 10;
    }

    fn sums(&self) -> (u32, u32, u32) {
        self.tenths
            .iter()
            .fold((0, 0, 0), |sum, tenth| (sum.0 + tenth.0, sum.1 + tenth.1, sum.2 + tenth.2))
    }
}

impl Storm {
    /// Figures as they stand.
    pub fn figures(&self, now: Instant) -> Figures {
        let (arrivals_per_s, admissions_per_s, refusals_per_s) = self.last_second.sums();
        let view = self.view();
        let class = |class: Class| {
            let (at, counts) = (class as usize, &self.counts);
            ClassFigures {
                knocks: counts.knocks[at],
                admitted: counts.admitted[at],
                parked: counts.parked[at],
                refused: counts.refused[at],
                waiting: self.lot.waiting(class),
                wait_ms: self.wait_ms(now, class, self.lot.waiting(class) as u32),
                gate: self.gates.of(class).clone(),
            }
        };
        Figures {
            live: view.live,
            admitting: view.admitting,
            parked: view.parked,
            parked_bytes: self.lot.bytes,
            slots_out: self.slots.out(),
            promised_per_s: self.slots.due.coming(self.wall(now)),
            slots: self.slots.counts,
            classes: Class::ALL.map(class),
            limit_per_s: self.rate.limit(now) as u32,
            window: self.rate.window(&self.limits),
            limited_by: self.limited_by(),
            mu_per_s: self.rate.mu() as u32,
            mu_issue_per_s: self.rate.mu_issue as u32,
            cost_us: self.rate.cost_us as u32,
            arrivals_per_s,
            admissions_per_s,
            refusals_per_s,
            rebuilds: self.guard.rebuilds,
            fallbacks: self.guard.fallbacks,
            expired: self.counts.expired,
            slowed: self.counts.slowed,
            fallen_back: self.guard.fallen_back.is_some(),
            draining: self.drain.is_some(),
        }
    }

    fn limited_by(&self) -> LimitedBy {
        let waits = |class: &Class| self.lot.waiting(*class) > 0;
        let gated = Class::ALL.into_iter().filter(waits).all(|c| *self.gates.of(c) != Gate::Open);
        if self.guard.fallen_back.is_some() {
            LimitedBy::Static
        } else if self.table.len() + self.limits.operator_reserve >= self.limits.connections_max {
            LimitedBy::Connections
        } else if self.lot.len() > 0 && gated {
            LimitedBy::Gate
        } else {
            self.rate.limited_by
        }
    }
}
