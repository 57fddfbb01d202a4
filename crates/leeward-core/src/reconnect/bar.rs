//! The connection bar: one truth, the state of the connection and the last moment in sync.

use super::State;
use super::turn::Turn;
use super::words::Why;
use crate::code::{Code, Then};
use crate::id::Instant;

/// What the bar above the composer says.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(test, derive(serde::Serialize, serde::Deserialize))]
#[cfg_attr(test, serde(tag = "state", rename_all = "snake_case"))]
pub enum Bar {
    /// Nothing: connected and in sync.
    Live,
    /// Nothing: not in sync for less than 3 s.
    Blip,
    /// Not in sync for longer.
    Reconnecting {
        /// All that happened before this moment is shown; none: nothing ever was.
        #[cfg_attr(test, serde(rename = "in_sync_until_ms", with = "super::tests::optional_ms"))]
        in_sync_until: Option<Instant>,
    },
    /// The server has given a time.
    Waiting {
        /// The turn comes about then; where a gate is closed, the client asks again then.
        #[cfg_attr(test, serde(rename = "turn_at_ms", with = "super::tests::ms"))]
        turn_at: Instant,
        /// How many are before, where the server says so.
        place: Option<u32>,
        /// What for.
        why: Why,
        /// The operator's words.
        message: Option<Box<str>>,
        /// The turn was told to be sooner.
        later: bool,
        /// As above.
        #[cfg_attr(test, serde(rename = "in_sync_until_ms", with = "super::tests::optional_ms"))]
        in_sync_until: Option<Instant>,
    },
    /// The device has no network.
    Offline {
        /// As above.
        #[cfg_attr(test, serde(rename = "in_sync_until_ms", with = "super::tests::optional_ms"))]
        in_sync_until: Option<Instant>,
    },
    /// Connected; posts are refused for the moment.
    ReadOnly,
    /// Connected; something is late.
    Partial,
    /// In sync again, shown for 4 s after any of those that show a lost connection.
    Back {
        /// What happened after this moment is what was missed.
        #[cfg_attr(test, serde(rename = "since_ms", with = "super::tests::optional_ms"))]
        since: Option<Instant>,
    },
    /// The person has to sign in, or may not.
    SignIn {
        /// Why.
        code: Code,
    },
    /// The page has to be loaded again.
    Reload {
        /// Why.
        code: Code,
    },
}

impl Bar {
    /// Kept on show while the turn is taken, so that the bar does not flicker.
    fn is_waiting(&self) -> bool {
        matches!(self, Self::Waiting { .. })
    }

    /// What to say about a refusal that waiting does not mend.
    pub(super) fn refused(code: Code, then: Then) -> Self {
        match then {
            Then::SignIn => Self::SignIn { code },
            Then::GiveUp if code == Code::Banned => Self::SignIn { code },
            Then::GiveUp | Then::Reload | Then::Retry => Self::Reload { code },
        }
    }
}

/// For so long, a lost connection is nobody's business.
const BLIP_MS: u64 = 3_000;
/// For so long, being back is news.
const BACK_MS: u64 = 4_000;

/// What the bar is made from, besides the state of the connection.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) in_sync_until: Option<Instant>,
    pub(super) shed: bool,
    pub(super) paused: bool,
    /// What was last said.
    pub(super) shown: Option<Bar>,
    lost_at: Instant,
    /// The loss has been shown since.
    noticed: bool,
    back_until: Option<Instant>,
}

impl Facts {
    /// The connection is lost, or wanted and not there yet.
    pub(super) fn lost(&mut self, now: Instant) {
        self.lost_at = now;
        self.noticed = false;
        self.back_until = None;
    }

    /// The server will say anew what is shed and whether it can write.
    pub(super) fn welcomed(&mut self) {
        self.shed = false;
        self.paused = false;
    }

    /// In sync.
    pub(super) fn found(&mut self, now: Instant) {
        self.back_until = self.noticed.then(|| now.plus_ms(BACK_MS));
    }

    /// When the bar changes by itself.
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.shown.as_ref()? {
            Bar::Blip => Some(self.lost_at.plus_ms(BLIP_MS)),
            Bar::Back { .. } => self.back_until,
            Bar::Live
            | Bar::Reconnecting { .. }
            | Bar::Waiting { .. }
            | Bar::Offline { .. }
            | Bar::ReadOnly
            | Bar::Partial
            | Bar::SignIn { .. }
            | Bar::Reload { .. } => None,
        }
    }

    /// What to say; nothing when stopped.
    pub(super) fn of(
        &mut self,
        now: Instant,
        (state, turn): (&State, &Turn),
        online: bool,
    ) -> Option<Bar> {
        let bar = match state {
            State::Stopped => {
                self.shown = None;
                return None;
            }
            State::Refused(bar) => bar.clone(),
            State::Live(live) if live.caught_up => return Some(self.in_sync(now)),
            State::Idle { .. } | State::Connecting { .. } | State::Greeting { .. } if !online => {
                Bar::Offline { in_sync_until: self.in_sync_until }
            }
            State::Idle { at: Some(at), turn: true } => self.turn(now, *at, turn),
            State::Greeting { parked: Some((turn_at, place)), .. } => {
                self.waiting(*turn_at, Some(*place), turn)
            }
            State::Connecting { .. } | State::Greeting { .. } | State::Live(_) => {
                self.shown.clone().filter(Bar::is_waiting).unwrap_or_else(|| self.since_lost(now))
            }
            State::Idle { .. } => self.since_lost(now),
        };
        self.noticed |= bar != Bar::Blip;
        Some(bar)
    }

    fn in_sync(&self, now: Instant) -> Bar {
        if self.back_until.is_some_and(|until| now < until) {
            Bar::Back { since: self.in_sync_until }
        } else if self.paused {
            Bar::ReadOnly
        } else if self.shed {
            Bar::Partial
        } else {
            Bar::Live
        }
    }

    fn since_lost(&self, now: Instant) -> Bar {
        if now < self.lost_at.plus_ms(BLIP_MS) {
            Bar::Blip
        } else {
            Bar::Reconnecting { in_sync_until: self.in_sync_until }
        }
    }

    fn turn(&self, now: Instant, turn_at: Instant, turn: &Turn) -> Bar {
        let blip_ends = self.lost_at.plus_ms(BLIP_MS);
        if now < blip_ends && turn_at <= blip_ends {
            Bar::Blip
        } else {
            self.waiting(turn_at, None, turn)
        }
    }

    fn waiting(&self, turn_at: Instant, place: Option<u32>, turn: &Turn) -> Bar {
        Bar::Waiting {
            turn_at,
            place,
            why: turn.why(),
            message: turn.message(),
            later: turn.is_later(turn_at),
            in_sync_until: self.in_sync_until,
        }
    }
}
