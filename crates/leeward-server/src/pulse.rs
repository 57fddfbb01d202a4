//! What a shard shows of itself to other threads: what its connections are, by its own table, and what
//! letting people in costs it. Atomics that the shard writes as it goes; nobody waits for anybody.

use crate::stopwatch::Stopwatch;
use leeward_core::id::Instant;
use leeward_core::storm::{Standing, View};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// How a connection stands with the limiter, as its shard knows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) enum Stand {
    /// It has not asked, or has been refused.
    #[default]
    Outside,
    /// It has asked and not been answered.
    Asking,
    /// It waits.
    Parked,
    /// It is being let in.
    Admitting,
    /// It is in.
    Live,
}

impl Stand {
    /// Whether the limiter has an entry for it, as far as the shard knows.
    pub(crate) fn has_permit(self) -> bool {
        match self {
            Self::Outside | Self::Asking => false,
            Self::Parked | Self::Admitting | Self::Live => true,
        }
    }
}

/// The pulse of one shard.
#[derive(Default)]
pub(crate) struct Pulse {
    live: AtomicUsize,
    admitting: AtomicUsize,
    parked: AtomicUsize,
    asking: AtomicUsize,
    hash: AtomicU64,
    /// Sockets of which it is not known yet what they want.
    pub(crate) openings_count: Arc<AtomicUsize>,
    /// Inputs that the limiter has not been given yet, and words of it that have not been acted on.
    pub(crate) under_way: AtomicUsize,
    /// Time that sockets took until it was known what they want, and of that what was spent on
    /// requests of the HTTP API.
    pub(crate) openings: Stopwatch,
    pub(crate) requests: Stopwatch,
    /// Time that letting people in took, or refusing them.
    pub(crate) admissions: Stopwatch,
    begun: AtomicU64,
    refused: AtomicU64,
    finished: AtomicU64,
    lag_us: AtomicU64,
    queue_us: AtomicU64,
}

impl Pulse {
    /// A connection's standing has changed.
    pub(crate) fn turned(&self, conn: u64, from: Stand, to: Stand) {
        if let Some(count) = self.count(from) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
        if let Some(count) = self.count(to) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        if to == Stand::Admitting {
            self.begun.fetch_add(1, Ordering::Relaxed);
        }
        let mark = || View::of([(conn, Standing::Live)]).hash;
        match (from.has_permit(), to.has_permit()) {
            (false, true) => self.hash.fetch_add(mark(), Ordering::Relaxed),
            (true, false) => self.hash.fetch_sub(mark(), Ordering::Relaxed),
            (true, true) | (false, false) => 0,
        };
    }

    fn count(&self, stand: Stand) -> Option<&AtomicUsize> {
        match stand {
            Stand::Outside => None,
            Stand::Asking => Some(&self.asking),
            Stand::Parked => Some(&self.parked),
            Stand::Admitting => Some(&self.admitting),
            Stand::Live => Some(&self.live),
        }
    }

    /// What the shard's own table holds.
    pub(crate) fn view(&self) -> View {
        let of = |count: &AtomicUsize| count.load(Ordering::Relaxed);
        View {
            live: of(&self.live),
            admitting: of(&self.admitting),
            parked: of(&self.parked),
            hash: self.hash.load(Ordering::Relaxed),
        }
    }

    /// Connections that have asked and heard nothing.
    pub(crate) fn asking(&self) -> usize {
        self.asking.load(Ordering::Relaxed)
    }

    /// One more is in.
    pub(crate) fn finished(&self) {
        self.finished.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have been begun to be let in so far.
    pub(crate) fn begun_total(&self) -> u64 {
        self.begun.load(Ordering::Relaxed)
    }

    /// Somebody was refused for want of room.
    pub(crate) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    /// How many have been refused for want of room so far.
    pub(crate) fn refused_total(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many have come in so far.
    pub(crate) fn finished_total(&self) -> u64 {
        self.finished.load(Ordering::Relaxed)
    }

    /// The shard's loop took so long to come round.
    pub(crate) fn lagged(&self, us: u64) {
        self.lag_us.fetch_max(us, Ordering::Relaxed);
    }

    /// A word of the limiter was acted on so long after it was said.
    pub(crate) fn queued(&self, said: Instant, now: Instant) {
        self.queue_us.fetch_max(now.0.saturating_sub(said.0), Ordering::Relaxed);
    }

    /// The worst lag and the longest queue since this was last asked, in microseconds.
    pub(crate) fn take_worst(&self) -> (u64, u64) {
        (self.lag_us.swap(0, Ordering::Relaxed), self.queue_us.swap(0, Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pulse_agrees_with_a_table_of_the_same_connections() {
        let pulse = Pulse::default();
        pulse.turned(7, Stand::Outside, Stand::Asking);
        assert_eq!((pulse.asking(), pulse.view()), (1, View::default()));
        pulse.turned(7, Stand::Asking, Stand::Parked);
        pulse.turned(9, Stand::Outside, Stand::Admitting);
        pulse.turned(9, Stand::Admitting, Stand::Live);
        let table = View::of([(7, Standing::Admitting), (9, Standing::Live)]);
        assert!(pulse.view().agrees(&table));
        assert_eq!((pulse.view().live, pulse.view().parked), (1, 1));
        pulse.turned(7, Stand::Parked, Stand::Outside);
        assert!(!pulse.view().agrees(&table));
        pulse.turned(9, Stand::Live, Stand::Outside);
        assert_eq!(pulse.view(), View::default());
    }
}
