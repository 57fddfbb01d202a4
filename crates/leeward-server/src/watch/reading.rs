//! What the parts of a node count and hold at one moment, gathered in one place: the only thing that
//! is asked of them for the console. Never takes a lock for longer than a copy.

use super::status::{ClassNow, DoctorNow, TermsNow};
use leeward_core::durations::Counts;
use leeward_core::id::Millis;
use leeward_store::Health;

/// A moment. What is counted is counted from the node's start on.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Reading {
    pub(crate) now: Millis,
    /// Since the node started, by a clock that nobody sets.
    pub(crate) up_ms: u64,
    pub(crate) ready: bool,
    pub(crate) live: u64,
    pub(crate) admitting: u64,
    pub(crate) waiting: u64,
    pub(crate) waiting_bytes: u64,
    pub(crate) connections_max: u64,
    pub(crate) limit_per_s: Option<u64>,
    pub(crate) limited_by: &'static str,
    /// The rate that the operator has fixed.
    pub(crate) fixed_per_s: Option<u64>,
    pub(crate) mu_per_s: u64,
    pub(crate) classes: Vec<ClassNow>,
    pub(crate) slots: SlotsRead,
    /// Connections that came in so far, and of those that went.
    pub(crate) came: u64,
    pub(crate) ended: u64,
    pub(crate) recover_ms: Option<u64>,
    pub(crate) spread_ms: u64,
    /// What is left out, and why.
    pub(crate) shed: Vec<(&'static str, &'static str)>,
    pub(crate) leases_expired: u64,
    pub(crate) terms: TermsNow,
    pub(crate) guard: super::status::Guard,
    /// Everybody is being sent away.
    pub(crate) draining: bool,
    /// How far that has got; whoever looks adds it.
    pub(crate) drain: Option<DrainRead>,
    pub(crate) send_to_seen: Counts,
    pub(crate) in_sync: Counts,
    pub(crate) store: Health,
    /// Drafts that the database could not take.
    pub(crate) unstored: u64,
    pub(crate) doctor: DoctorNow,
}

/// Reservations at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct SlotsRead {
    pub(crate) out: u64,
    /// That fall due within a second.
    pub(crate) promised_per_s: u64,
    pub(crate) kept: u64,
    pub(crate) early: u64,
    pub(crate) late: u64,
    pub(crate) no_show: u64,
}

/// A drain under way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct DrainRead {
    /// How many have been sent away.
    pub(crate) gone: u64,
    /// Of how many.
    pub(crate) of: u64,
    /// How long it takes still at the pace of the last seconds.
    pub(crate) to_go_ms: Option<u64>,
}

impl Reading {
    /// The sum over all classes.
    fn over_classes(&self, count: impl Fn(&ClassNow) -> u64) -> u64 {
        self.classes.iter().map(count).sum()
    }

    /// Knocks so far.
    pub(crate) fn knocks(&self) -> u64 {
        self.over_classes(|c| c.knocks)
    }

    /// Refusals so far.
    pub(crate) fn refused(&self) -> u64 {
        self.over_classes(|c| c.refused)
    }
}
