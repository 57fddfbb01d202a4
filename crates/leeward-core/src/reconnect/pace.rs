//! How fast attempts follow one another where the server gave no time: full jitter within a window
//! that doubles with each failure, and never two attempts within a second.

use crate::id::Instant;
use crate::wire::Lease;

/// Between two attempts, whatever asks for the second.
pub(super) const GAP_MS: u64 = 1_000;
/// The window of the first delay after a failure is twice this; each failure doubles it.
const BACK_OFF_MS: u64 = 1_000;
/// The longest window, for a client that has no hint.
const BACK_OFF_MS_MAX: u64 = 60_000;
/// The longest window, in come-back windows: later attempts do a 16th of the harm of the first.
const BACK_OFF_SPREADS_MAX: u64 = 16;
/// The longest window is at least this, whatever the hint.
const BACK_OFF_MS_FLOOR: u64 = 2_000;
/// The spread for a client that has no hint.
const SPREAD_MS: u32 = 5_000;

/// The attempts so far, and the hint that says how many clients there are to come back.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// Attempts since the last success that ended without a word.
    failures: u32,
    last_attempt: Option<Instant>,
    /// The last hint, which outlives the connection.
    spread_ms: Option<u32>,
}

impl Pace {
    /// An attempt begins.
    pub(super) fn attempt(&mut self, now: Instant) {
        self.last_attempt = Some(now);
    }

    /// The server has answered, or the person begins anew: failures before say nothing any more.
    pub(super) fn answered(&mut self) {
        self.failures = 0;
    }

    pub(super) fn hint(&mut self, lease: Lease) {
        self.spread_ms = Some(lease.spread_ms);
    }

    /// The first moment not before `wish` that is apart from the attempt before.
    pub(super) fn allowed(&self, wish: Instant) -> Instant {
        self.last_attempt.map_or(wish, |last| last.plus_ms(GAP_MS).max(wish))
    }

    /// The window after one more failure.
    pub(super) fn back_off_ms(&mut self) -> u64 {
        self.failures += 1;
        let most = self.spread_ms.map_or(BACK_OFF_MS_MAX, |spread_ms| {
            let spreads = u64::from(spread_ms) * BACK_OFF_SPREADS_MAX;
            spreads.clamp(BACK_OFF_MS_FLOOR, BACK_OFF_MS_MAX)
        });
        most.min(BACK_OFF_MS << self.failures.min(6))
    }

    /// The window over which all who were lost at once come back.
    pub(super) fn spread_ms(&self) -> u64 {
        self.spread_ms.unwrap_or(SPREAD_MS).into()
    }
}

/// A delay within a window, evenly distributed: `floor(window_ms · random / 2³²)`.
pub(super) fn jitter(random: u32, window_ms: u64) -> u64 {
    (window_ms * u64::from(random)) >> 32
}
