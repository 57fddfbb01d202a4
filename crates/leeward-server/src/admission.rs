//! The admission of a node: the one place that carries questions to [`Storm`] and its answers back.
//!
//! All shards share one limiter, behind a lock that is held for a batch of questions at a time and
//! that nobody ever waits for: a shard that does not get it keeps its questions and asks again a
//! moment later. So whatever happens to the limiter, those who are in do not notice, and the watchdog
//! can put another in its place; see [`crate::guard`].

mod limiter;
mod wishes;

use crate::pulse::Pulse;
use leeward_core::code::Refusal;
use leeward_core::id::{Instant, Millis};
use leeward_core::storm::{Class, Figures, Gate, Input, Slot, Start, StormLimits, View};
use limiter::Limiter;
pub(crate) use limiter::{Believed, Exchange, Report, Told, Word};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use tokio::sync::Notify;
use wishes::Wishes;

/// Names a connection to [`leeward_core::storm::Storm`]; never used twice, says which shard owns it
/// and where it is in that shard's table. Larger for those who came later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Number(u64);

const SHARD_BITS: u32 = 8;
const ID_BITS: u32 = 24;

impl Number {
    /// The number that the limiter calls it by.
    pub(crate) fn raw(self) -> u64 {
        self.0
    }

    pub(crate) fn of(raw: u64) -> Self {
        Self(raw)
    }

    /// The shard that owns it.
    pub(crate) fn shard(self) -> usize {
        (self.0 & ((1 << SHARD_BITS) - 1)) as usize
    }

    /// Its place in the shard's table.
    pub(crate) fn id(self) -> u32 {
        (self.0 >> SHARD_BITS & ((1 << ID_BITS) - 1)) as u32
    }
}

/// The admission of a node.
pub(crate) struct Admission {
    limits: StormLimits,
    start: Start,
    /// The limiter in use; another takes its place when it has gone wrong.
    limiter: RwLock<Arc<Limiter>>,
    numbers: AtomicU32,
    shards: Vec<Line>,
    wishes: Mutex<Wishes>,
    /// What the limiter showed last, for when it cannot be asked.
    shown: Mutex<Arc<Figures>>,
    spread_ms: AtomicU32,
    recover_ms: AtomicU32,
    mu_per_s: AtomicU32,
    replaced: AtomicU64,
}

/// What belongs to one shard.
struct Line {
    pulse: Pulse,
    /// There is something to be heard, or somebody else is to be asked.
    stirred: Notify,
}

impl Admission {
    pub(crate) fn new(limits: StormLimits, start: Start, shards: usize) -> Self {
        let limiter = Limiter::new(limits, start, shards);
        let shown = Arc::new(limiter.figures(start.now).expect("nobody else has it"));
        let line = || Line { pulse: Pulse::default(), stirred: Notify::new() };
        Self {
            limits,
            start,
            limiter: RwLock::new(Arc::new(limiter)),
            numbers: AtomicU32::new(1),
            shards: (0..shards).map(|_| line()).collect(),
            wishes: Mutex::default(),
            shown: Mutex::new(shown),
            spread_ms: AtomicU32::new(0),
            recover_ms: AtomicU32::new(0),
            mu_per_s: AtomicU32::new(start.mu_per_s.unwrap_or(0)),
            replaced: AtomicU64::new(0),
        }
    }

    /// What was known when the node started.
    pub(crate) fn start(&self) -> &Start {
        &self.start
    }

    pub(crate) fn number(&self, shard: u32, id: u32) -> Number {
        assert!(id < 1 << ID_BITS, "a shard has fewer connections than sixteen million");
        let count = u64::from(self.numbers.fetch_add(1, Ordering::Relaxed));
        Number(count << (ID_BITS + SHARD_BITS) | u64::from(id) << SHARD_BITS | u64::from(shard))
    }

    pub(crate) fn pulse(&self, shard: u32) -> &Pulse {
        &self.shards[shard as usize].pulse
    }

    /// The pulses of all shards.
    pub(crate) fn pulses(&self) -> impl Iterator<Item = &Pulse> {
        self.shards.iter().map(|line| &line.pulse)
    }

    /// What a shard waits for when it has nothing to ask.
    pub(crate) async fn stirred(&self, shard: u32) {
        self.shards[shard as usize].stirred.notified().await;
    }

    /// Has a shard ask and hear.
    pub(crate) fn stir(&self, shard: u32) {
        self.shards[shard as usize].stirred.notify_one();
    }

    /// Tells the limiter what a shard asks and takes what it has to say to that shard, up to so many
    /// words. The questions stay where they are when it cannot be asked at this moment.
    pub(crate) fn exchange(&self, now: Instant, exchange: &mut Exchange<'_>) -> Option<Instant> {
        let limiter = self.current();
        if *exchange.generation != limiter.generation {
            let report = (exchange.report)();
            if !limiter.report(now, exchange.shard, report.truth) {
                return Some(now.plus_ms(RETRY_MS));
            }
            // What the one before was told is nothing to this one, and what it said is void.
            exchange.told.clear();
            *exchange.asks = report.asks;
            *exchange.generation = limiter.generation;
            self.stir_all();
        }
        let Some((due, stirred)) = limiter.exchange(now, exchange) else {
            return Some(now.plus_ms(RETRY_MS));
        };
        for shard in stirred.iter().filter(|shard| **shard != exchange.shard) {
            self.stir(*shard);
        }
        due
    }

    /// Tells the limiter something that no shard asks; false when it cannot be told.
    pub(crate) fn tell(&self, now: Instant, input: Input) -> bool {
        let told = self.current().tell(now, input);
        for shard in told.iter().flatten() {
            self.stir(*shard);
        }
        told.is_some()
    }

    /// Has it do what the operator wants, and whatever limiter may come after it.
    pub(crate) fn wish(&self, now: Instant, input: Input) {
        let mut wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner);
        wishes.note(&input, now);
        drop(wishes);
        let deadline = std::time::Instant::now() + WISH_MAX;
        while !self.tell(now, input.clone()) && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
    }

    /// Whether the operator holds anybody back.
    pub(crate) fn is_gated(&self) -> bool {
        !self.wishes.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// What the operator wants: the gates that are not open, the fixed rate, and whether everybody is
    /// to leave.
    pub(crate) fn wishes(&self) -> (Vec<(Class, Gate)>, Option<u32>, bool) {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner).stand()
    }

    /// A time and a place for somebody who is sent away, if the limiter can be asked.
    pub(crate) fn goodbye(&self, now: Instant) -> Option<(Refusal, Option<Slot>)> {
        self.current().goodbye(now)
    }

    /// Tells the limiter something as soon as it has been made from the reports.
    pub(crate) fn tell_after_report(&self, input: Input) {
        self.current().tell_after_report(input);
    }

    /// What the limiter believes, together with what is on its way between it and the shards; `None`
    /// when it cannot be asked.
    pub(crate) fn believed(&self) -> Option<Believed> {
        self.current().believed()
    }

    /// Puts a limiter in the place of the one in use, which is made from what the shards report. With
    /// all that the one before knew when that can still be had.
    pub(crate) fn replace(&self, now: Instant, wall: Millis) {
        let mut slot = self.limiter.write().unwrap_or_else(PoisonError::into_inner);
        let start = Start {
            now,
            wall,
            epoch: self.start.epoch.wrapping_add(1 + self.replaced.load(Ordering::Relaxed) as u32),
            mu_per_s: Some(self.mu_per_s()).filter(|mu| *mu > 0),
            ..self.start
        };
        let wishes = self.wishes.lock().unwrap_or_else(PoisonError::into_inner).as_of(now);
        let next = slot.next(self.limits, start, wishes, self.shards.len());
        *slot = Arc::new(next);
        self.replaced.fetch_add(1, Ordering::Relaxed);
        drop(slot);
        self.stir_all();
    }

    /// Goes on without the shards that have not reported.
    pub(crate) fn report_is_over(&self, now: Instant) {
        self.current().close_report(now);
        self.stir_all();
    }

    /// Figures as they stand, or as they stood when the limiter could last be asked.
    pub(crate) fn figures(&self, now: Instant) -> Arc<Figures> {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(figures) = self.current().figures(now) {
            *shown = Arc::new(figures);
        }
        Arc::clone(&shown)
    }

    /// How the connections stand, by the shards' own tables.
    pub(crate) fn view(&self) -> View {
        self.pulses().map(Pulse::view).fold(View::default(), |sum, view| View {
            live: sum.live + view.live,
            admitting: sum.admitting + view.admitting,
            parked: sum.parked + view.parked,
            hash: sum.hash.wrapping_add(view.hash),
        })
    }

    /// Connections with a permit, and how many of them are being let in.
    pub(crate) fn count(&self) -> (usize, usize) {
        let view = self.view();
        (view.connections(), view.admitting)
    }

    /// Over how long those who are in should spread their return if all were lost at once.
    pub(crate) fn spread_ms(&self) -> u32 {
        self.spread_ms.load(Ordering::Relaxed)
    }

    /// How long that would take until all are back.
    pub(crate) fn recover_ms(&self) -> u32 {
        self.recover_ms.load(Ordering::Relaxed)
    }

    /// Admissions a second that the node can finish; 0 when nobody knows.
    pub(crate) fn mu_per_s(&self) -> u32 {
        self.mu_per_s.load(Ordering::Relaxed)
    }

    /// Keeps what has to be known when the limiter cannot be asked.
    pub(crate) fn note_hints(&self) {
        if let Some((spread_ms, recover_ms, mu_per_s)) = self.current().hints() {
            self.spread_ms.store(spread_ms, Ordering::Relaxed);
            self.recover_ms.store(recover_ms, Ordering::Relaxed);
            self.mu_per_s.store(mu_per_s, Ordering::Relaxed);
        }
    }

    /// Breaks the limiter's lock, for drills: held for so long, or left behind by a thread that
    /// panicked when no time is given.
    pub(crate) fn break_lock(&self, held_for: Option<std::time::Duration>) {
        limiter::break_lock(self.current(), held_for);
    }

    fn current(&self) -> Arc<Limiter> {
        Arc::clone(&self.limiter.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Has every shard ask and hear.
    pub(crate) fn stir_all(&self) {
        self.shards.iter().for_each(|line| line.stirred.notify_one());
    }
}

/// A lock that is not to be had is tried again after so long, in milliseconds.
const RETRY_MS: u64 = 1;
/// How long an operator's wish is tried to be told; after that the next limiter hears of it.
const WISH_MAX: std::time::Duration = std::time::Duration::from_millis(200);
