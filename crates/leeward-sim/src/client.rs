//! A client in 32 bytes, so that ten million of them fit a cache-friendly array. What an obedient one
//! does is what [`leeward_core::reconnect::Reconnect`] does, as far as a storm needs it: a test
//! runs the same world with both and compares every step.

use crate::species::Species;
use leeward_core::id::Millis;
use leeward_core::storm::{Class, Slot};

/// The earliest wall clock that a world may have; it begins a week later, so that clocks can step.
pub const WALL_FIRST: Millis = Millis(1_800_000_000_000);
/// No moment.
pub const NEVER: u32 = u32::MAX;
/// The first and the second wait for an answer, as [`leeward_core::reconnect`] has them: to the
/// opening and to the hello.
pub const PATIENCE_MS: u32 = 10_000;
/// A parked client that hears nothing for so long has lost its connection.
const PARKED_MS: u32 = 30_000;
/// Between two attempts of an obedient client.
const GAP_MS: u32 = 1_000;
/// When the kernel of a client says SYN again that nobody answered, after the first (RFC 6298).
const SYN_AGAIN_MS: [u32; 3] = [1_000, 3_000, 7_000];

/// Where a client is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[repr(u8)]
pub enum State {
    /// Not connected; knocks when due.
    Away,
    /// Its SYN was dropped so many times; says it again when due.
    Syn(u8),
    /// In the kernel's backlog; gives up when due.
    Queued,
    /// Has a permit and is being let in; gives up when due.
    Admitting,
    /// Waits in the lot; gives up when due.
    Parked,
    /// In.
    Live,
    /// Never comes back.
    Gone,
}

/// What a client does when its moment has come.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Act {
    /// Nothing that anybody sees.
    Nothing,
    /// A SYN: the first of an attempt, or one said again.
    Knock,
    /// A ping on the connection that it has.
    Ping,
    /// Closes the socket that it has, and comes back when due.
    HangUp,
}

/// A client.
#[derive(Clone, Debug)]
pub struct Client {
    /// When it acts next, in milliseconds; [`NEVER`] if it does not.
    pub due: u32,
    /// When the last attempt began.
    pub began: u32,
    /// The come-back hint of its last lease.
    pub spread_ms: u32,
    slot_seq: u32,
    slot_at: u32,
    slot_issued: u32,
    /// Attempts, since the world began.
    pub attempts: u16,
    /// Refusals since it was last in.
    pub refusals: u16,
    /// Where it is.
    pub state: State,
    slot_epoch: u8,
    /// Its kind.
    pub species: Species,
    failures: u8,
}

impl Client {
    /// A client that is in.
    pub fn live(species: Species, spread_ms: u32) -> Self {
        Self {
            due: NEVER,
            began: 0,
            spread_ms,
            slot_seq: 0,
            slot_at: 0,
            slot_issued: NEVER,
            attempts: 0,
            refusals: 0,
            state: State::Live,
            slot_epoch: 0,
            species,
            failures: 0,
        }
    }

    /// Its moment has come.
    pub fn act(&mut self, now: u32, random: u32) -> Act {
        match self.state {
            State::Away => {
                self.attempts = self.attempts.saturating_add(1);
                self.began = now;
                Act::Knock
            }
            State::Syn(_) if now < self.began + PATIENCE_MS => Act::Knock,
            State::Syn(_) => {
                self.failed(now, random);
                Act::Nothing
            }
            State::Queued | State::Admitting | State::Parked => {
                self.failed(now, random);
                Act::HangUp
            }
            State::Live | State::Gone => Act::Nothing,
        }
    }

    /// Its SYN is in the backlog.
    pub fn queued(&mut self) {
        self.state = State::Queued;
        self.due = self.began + PATIENCE_MS;
    }

    /// Its SYN was dropped.
    pub fn unanswered(&mut self) {
        let said = if let State::Syn(said) = self.state { said + 1 } else { 0 };
        self.state = State::Syn(said);
        let again = SYN_AGAIN_MS.get(usize::from(said)).copied().unwrap_or(PATIENCE_MS);
        self.due = self.began + again.min(PATIENCE_MS);
    }

    /// Its socket is open and its hello is sent.
    pub fn opened(&mut self, now: u32) {
        if self.species == Species::Obedient {
            self.due = now + PATIENCE_MS;
        }
    }

    /// It has been told its place.
    pub fn parked(&mut self, now: u32) {
        self.state = State::Parked;
        if self.species == Species::Obedient {
            self.due = now + PARKED_MS;
        }
    }

    /// It is in.
    pub fn welcomed(&mut self, spread_ms: u32) {
        self.state = State::Live;
        self.due = NEVER;
        self.failures = 0;
        self.slot_issued = NEVER;
        self.spread_ms = spread_ms;
    }

    /// It has been told to come back after so long, perhaps with a slot.
    pub fn refused(&mut self, now: u32, after_ms: Option<u32>, slot: Option<&Slot>, random: u32) {
        self.refusals = self.refusals.saturating_add(1);
        let Some(after_ms) = after_ms.filter(|_| self.species == Species::Obedient) else {
            return self.failed(now, random);
        };
        if let Some(slot) = slot {
            self.keep(slot);
        }
        self.failures = 0;
        let window = if slot.is_some() { 0 } else { after_ms / 4 };
        self.away(now + after_ms + jitter(random, window));
    }

    /// Its connection is gone without a word.
    pub fn lost(&mut self, now: u32, random: u32) {
        if self.state != State::Live {
            return self.failed(now, random);
        }
        self.refusals = 0;
        let wait = if self.species == Species::Obedient {
            jitter(random, self.spread_ms)
        } else {
            self.species.wait_ms(0, random) + notices_ms(random)
        };
        self.away(now + wait);
    }

    /// An attempt has ended without a time to come back.
    fn failed(&mut self, now: u32, random: u32) {
        self.failures = self.failures.saturating_add(1);
        let wait = if self.species == Species::Obedient {
            jitter(random, self.back_off_ms())
        } else {
            self.species.wait_ms(self.failures.into(), random) + notices_ms(random)
        };
        self.away(now + wait);
    }

    fn away(&mut self, at: u32) {
        self.state = State::Away;
        let gap = self.species == Species::Obedient && self.attempts > 0;
        self.due = if gap { at.max(self.began + GAP_MS) } else { at };
    }

    fn back_off_ms(&self) -> u32 {
        let most = self.spread_ms.saturating_mul(16).clamp(2_000, 60_000);
        most.min(1_000 << self.failures.min(6))
    }

    fn has_slot(&self) -> bool {
        self.slot_issued != NEVER
    }

    fn keep(&mut self, slot: &Slot) {
        let since = |wall: Millis| (wall.0.saturating_sub(WALL_FIRST.0)) as u32;
        (self.slot_seq, self.slot_epoch) = (slot.seq as u32, slot.epoch as u8);
        (self.slot_at, self.slot_issued) = (since(slot.at), since(slot.issued));
    }

    /// The slot that it presents.
    pub fn slot(&self, class: Class, bound: u64) -> Option<Slot> {
        let wall = |since: u32| Millis(WALL_FIRST.0 + u64::from(since));
        self.has_slot().then(|| Slot {
            class,
            node: 0,
            epoch: self.slot_epoch.into(),
            seq: self.slot_seq.into(),
            at: wall(self.slot_at),
            issued: wall(self.slot_issued),
            bound,
        })
    }
}

/// How long a client takes to notice, in milliseconds: no two processes are equally fast.
fn notices_ms(random: u32) -> u32 {
    random % 50
}

/// A delay within a window, as [`leeward_core::reconnect`] draws it.
pub fn jitter(random: u32, window_ms: u32) -> u32 {
    ((u64::from(window_ms) * u64::from(random)) >> 32) as u32
}
