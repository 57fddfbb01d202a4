//! What the server has said of when this client is let in: the time before which it does not knock,
//! the slot that proves it, and the words that the bar shows meanwhile.
//!
//! A later word replaces an earlier one, the slot excepted: one that was given is presented until the
//! client is in, as a server that cannot open it takes it for none.

use super::pace::jitter;
use super::words::Why;
use crate::code::Refusal;
use crate::id::Instant;

/// A turn told so much later than it was first is told as that.
const LATER_MS: u64 = 5_000;
/// For so long, a client is kept from knocking by what another client of the account heard.
const BORROWED_MS_MAX: u64 = 60_000;

/// The turn of this client, if it has one.
#[derive(Debug, Default)]
pub(super) struct Turn {
    not_before: Option<Instant>,
    slot: Option<String>,
    why: Why,
    message: Option<Box<str>>,
    /// The soonest that was told in this wait.
    soonest: Option<Instant>,
    /// Since when this client goes by what another one heard.
    borrowed: Option<Instant>,
}

/// What outlives the page, so that a page that is loaded again keeps its place.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    /// No knock before it.
    pub not_before: Instant,
    /// The proof of the place, if the server gave one.
    pub slot: Option<String>,
    /// What it waits for.
    pub why: Why,
    /// The operator's words.
    pub message: Option<Box<str>>,
}

impl Turn {
    /// A refusal or a goodbye gave a time. Returns when to knock: at the time, where a slot came with
    /// it, as slots are apart already; else within a quarter of the wait after it.
    pub(super) fn given(
        &mut self,
        now: Instant,
        (refusal, after_ms): (&Refusal, u32),
        slot: Option<String>,
        random: u32,
    ) -> Instant {
        let turn_at = now.plus_ms(after_ms.into());
        let window = if slot.is_some() { 0 } else { u64::from(after_ms) / 4 };
        self.why = Why::of(refusal.code);
        // The table's words are for logs; any others are the operator's.
        let of_operator = self.why != Why::Turn && refusal.message != refusal.code.meaning();
        self.message = of_operator.then(|| refusal.message.clone().into_boxed_str());
        self.slot = slot.or(self.slot.take());
        self.not_before = Some(turn_at);
        self.borrowed = None;
        self.told(turn_at);
        turn_at.plus_ms(jitter(random, window))
    }

    /// The client waits on its own connection. Should that be lost, it may ask at once: the server
    /// keeps the place of whoever comes back as the same.
    pub(super) fn parked(&mut self, now: Instant, turn_at: Instant, message: Option<Box<str>>) {
        self.not_before = Some(now);
        self.why = Why::Turn;
        self.message = message;
        self.borrowed = None;
        self.told(turn_at);
    }

    /// What a page before this one was told.
    pub(super) fn restore(&mut self, kept: Kept) {
        self.told(kept.not_before);
        self.not_before = Some(kept.not_before);
        self.slot = kept.slot;
        self.why = kept.why;
        self.message = kept.message;
        self.borrowed = None;
    }

    /// Another client of the account was told to wait for so long. True: this one waits as well.
    pub(super) fn borrow(
        &mut self,
        now: Instant,
        (wait_ms, random): (u32, u32),
        why: Why,
        message: Option<Box<str>>,
    ) -> bool {
        if self.borrowed.is_none() && self.not_before.is_some_and(|turn| now < turn) {
            return false;
        }
        let since = *self.borrowed.get_or_insert(now);
        let wait_ms = u64::from(wait_ms);
        let turn_at = now.plus_ms(wait_ms + jitter(random, wait_ms / 4));
        let until = turn_at.min(since.plus_ms(BORROWED_MS_MAX));
        if until <= now {
            return false;
        }
        self.not_before = Some(until);
        self.why = why;
        self.message = message;
        true
    }

    /// That other client is in. True: this one waited for it.
    pub(super) fn release(&mut self) -> bool {
        let waited = self.borrowed.take().is_some();
        if waited {
            self.not_before = None;
        }
        waited
    }

    /// The client is in.
    pub(super) fn over(&mut self) {
        *self = Self::default();
    }

    /// The first moment not before `wish` at which the server may be asked.
    pub(super) fn allowed(&self, wish: Instant) -> Instant {
        self.not_before.map_or(wish, |turn| turn.max(wish))
    }

    /// The time given is yet to come.
    pub(super) fn is_ahead(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|turn| now < turn)
    }

    pub(super) fn slot(&self) -> Option<String> {
        self.slot.clone()
    }

    pub(super) fn why(&self) -> Why {
        self.why
    }

    pub(super) fn message(&self) -> Option<Box<str>> {
        self.message.clone()
    }

    /// The server has put the turn off since it first told it.
    pub(super) fn is_later(&self, turn_at: Instant) -> bool {
        self.soonest.is_some_and(|soonest| soonest.plus_ms(LATER_MS) < turn_at)
    }

    /// What is worth keeping for a page after this one; nothing that was borrowed.
    pub(super) fn kept(&self) -> Option<Kept> {
        if self.borrowed.is_some() && self.slot.is_none() {
            return None;
        }
        let (slot, why, message) = (self.slot.clone(), self.why, self.message.clone());
        self.not_before.map(|not_before| Kept { not_before, slot, why, message })
    }

    /// A closed gate gives a time to ask again, which promises nothing.
    fn told(&mut self, turn_at: Instant) {
        self.soonest = match self.why {
            Why::Gate => None,
            Why::Turn | Why::Drain => Some(self.soonest.map_or(turn_at, |s| s.min(turn_at))),
        };
    }
}
