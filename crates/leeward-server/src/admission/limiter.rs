//! One limiter: a [`Storm`] behind a lock, and for each shard the words that it has not heard yet.
//!
//! A limiter that panics is left as it is, and counts as one that does not answer.

use leeward_core::code::Refusal;
use leeward_core::id::Instant;
use leeward_core::storm::{
    Figures, Input, Output, Slot, Standing, Start, Storm, StormLimits, View,
};
use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard};

/// A limiter.
pub(crate) struct Limiter {
    /// Larger than that of the one before.
    pub(super) generation: u64,
    inner: Mutex<Inner>,
}

struct Inner {
    /// None once another limiter has taken it over, or when it has panicked.
    storm: Option<Storm>,
    lines: Vec<VecDeque<Told>>,
    /// What shards have reported so far, while they do.
    reports: Option<Vec<Option<Truth>>>,
    /// What the operator wants, to be told once it is made from the reports.
    wishes: Vec<Input>,
    /// It asks for the truth.
    stuck: bool,
}

/// How the connections of a shard stand.
pub(crate) type Truth = Vec<(u64, Standing)>;

/// A word of the limiter to a connection.
#[derive(Debug)]
pub(crate) struct Told {
    /// Which connection.
    pub(crate) conn: u64,
    /// When it was said.
    pub(crate) at: Instant,
    /// What.
    pub(crate) word: Word,
}

/// What the limiter may say to a connection.
#[derive(Debug)]
pub(crate) enum Word {
    Admit,
    Park { place: u32, wait_ms: u32, message: Option<String> },
    Refuse(Refusal, Option<Slot>),
    Goodbye(Refusal, Option<Slot>),
    Expire,
}

/// What a shard exchanges with the limiter.
pub(crate) struct Exchange<'a> {
    /// Which shard.
    pub(crate) shard: u32,
    /// The limiter that it spoke with last.
    pub(crate) generation: &'a mut u64,
    /// What it asks, in this order.
    pub(crate) asks: &'a mut VecDeque<Input>,
    /// Where it hears.
    pub(crate) told: &'a mut VecDeque<Told>,
    /// Words that it takes at most.
    pub(crate) words_max: usize,
    /// What its connections are; called when the limiter is another one.
    pub(crate) report: &'a dyn Fn() -> Report,
}

/// What a shard tells a limiter that it has not spoken with.
pub(crate) struct Report {
    /// Its connections that have a permit.
    pub(crate) truth: Truth,
    /// What those ask who have none.
    pub(crate) asks: VecDeque<Input>,
}

/// What a limiter believes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Believed {
    /// Its table.
    pub(crate) view: View,
    /// Words that no shard has taken yet.
    pub(crate) words: usize,
    /// It asks for the truth.
    pub(crate) stuck: bool,
    /// Shards are reporting.
    pub(crate) reporting: bool,
}

/// Tries for the lock before it is given up: some 20 µs, longer than anybody holds it.
const TRIES: u32 = 400;

impl Limiter {
    pub(super) fn new(limits: StormLimits, start: Start, shards: usize) -> Self {
        let lines = (0..shards).map(|_| VecDeque::new()).collect();
        let storm = Some(Storm::new(limits, start));
        let inner = Inner { storm, lines, reports: None, wishes: Vec::new(), stuck: false };
        Self { generation: 1, inner: Mutex::new(inner) }
    }

    /// The limiter that comes after this one and waits for the shards to report: with all that this
    /// one knows; or, if that cannot be had, with what the operator wants.
    pub(super) fn next(
        &self,
        limits: StormLimits,
        start: Start,
        wishes: Vec<Input>,
        shards: usize,
    ) -> Self {
        let next = Self::new(limits, start, shards);
        let known = self.lock().and_then(|mut inner| inner.storm.take());
        let mut inner = next.inner.lock().expect("nobody else has it");
        inner.reports = Some((0..shards).map(|_| None).collect());
        match known {
            Some(storm) => inner.storm = Some(storm),
            None => inner.wishes = wishes,
        }
        drop(inner);
        Self { generation: self.generation + 1, ..next }
    }

    /// What a shard's connections are. False when it could not be told.
    pub(super) fn report(&self, now: Instant, shard: u32, truth: Truth) -> bool {
        let Some(mut inner) = self.lock() else { return false };
        if let Some(reports) = &mut inner.reports
            && let Some(report) = reports.get_mut(shard as usize)
        {
            *report = Some(truth);
            if reports.iter().all(Option::is_some) {
                inner.rebuild(now);
            }
        }
        true
    }

    /// What it is told once it is made from the reports.
    pub(super) fn tell_after_report(&self, input: Input) {
        if let Some(mut inner) = self.lock() {
            inner.wishes.push(input);
        }
    }

    /// Is made from what has been reported.
    pub(super) fn close_report(&self, now: Instant) {
        if let Some(mut inner) = self.lock()
            && inner.reports.is_some()
        {
            inner.rebuild(now);
        }
    }

    /// The next deadline, and which shards have something to hear; `None` when it does not answer.
    pub(super) fn exchange(
        &self,
        now: Instant,
        exchange: &mut Exchange<'_>,
    ) -> Option<(Option<Instant>, Vec<u32>)> {
        let mut inner = self.lock()?;
        if inner.reports.is_some() {
            return None;
        }
        let due = inner.storm.as_ref()?.deadline().is_some_and(|at| at <= now);
        if exchange.asks.is_empty() && due {
            inner.handle(now, Input::Tick)?;
        }
        while let Some(ask) = exchange.asks.pop_front() {
            inner.handle(now, ask)?;
        }
        let line = inner.lines.get_mut(exchange.shard as usize)?;
        let count = exchange.words_max.saturating_sub(exchange.told.len()).min(line.len());
        exchange.told.extend(line.drain(..count));
        let deadline = inner.storm.as_ref()?.deadline();
        Some((deadline, inner.heard_by()))
    }

    /// Which shards have something to hear; `None` when it does not answer.
    pub(super) fn tell(&self, now: Instant, input: Input) -> Option<Vec<u32>> {
        let mut inner = self.lock()?;
        inner.handle(now, input)?;
        Some(inner.heard_by())
    }

    pub(super) fn believed(&self) -> Option<Believed> {
        let mut inner = self.lock()?;
        let view = inner.storm.as_ref()?.view();
        let words = inner.lines.iter().map(VecDeque::len).sum();
        let stuck = std::mem::take(&mut inner.stuck);
        Some(Believed { view, words, stuck, reporting: inner.reports.is_some() })
    }

    pub(super) fn figures(&self, now: Instant) -> Option<Figures> {
        Some(self.lock()?.storm.as_ref()?.figures(now))
    }

    /// A time and a place for somebody who is sent away.
    pub(super) fn goodbye(&self, now: Instant) -> Option<(Refusal, Option<Slot>)> {
        Some(self.lock()?.storm.as_mut()?.goodbye(now))
    }

    /// The window for coming back, the time until all are back, and the rate.
    pub(super) fn hints(&self) -> Option<(u32, u32, u32)> {
        let inner = self.lock()?;
        let storm = inner.storm.as_ref()?;
        Some((storm.spread_ms(), storm.recover_ms(), storm.mu_per_s()))
    }

    /// The lock, if it is to be had within some microseconds and nobody panicked while holding it.
    fn lock(&self) -> Option<MutexGuard<'_, Inner>> {
        for _ in 0..TRIES {
            match self.inner.try_lock() {
                Ok(inner) => return Some(inner),
                Err(std::sync::TryLockError::Poisoned(_)) => return None,
                Err(std::sync::TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
        None
    }
}

impl Inner {
    fn heard_by(&self) -> Vec<u32> {
        let with_words = (0u32..).zip(&self.lines).filter(|(_, line)| !line.is_empty());
        with_words.map(|(shard, _)| shard).collect()
    }

    fn rebuild(&mut self, now: Instant) {
        let truth = self.reports.take().into_iter().flatten().flatten().flatten().collect();
        self.lines.iter_mut().for_each(VecDeque::clear);
        self.handle(now, Input::Rebuild { truth });
        for wish in std::mem::take(&mut self.wishes) {
            self.handle(now, wish);
        }
    }

    /// `None` when there is nobody to be told.
    fn handle(&mut self, now: Instant, input: Input) -> Option<()> {
        let storm = self.storm.as_mut()?;
        let handled = catch_unwind(AssertUnwindSafe(|| storm.handle(now, input)));
        if handled.is_err() {
            tracing::error!("the limiter panicked");
            self.storm = None;
            return None;
        }
        while let Some(output) = self.storm.as_mut()?.next_output() {
            self.route(now, output);
        }
        Some(())
    }

    fn route(&mut self, at: Instant, output: Output) {
        let (conn, word) = match output {
            Output::Admit { conn } => (conn, Word::Admit),
            Output::Park { conn, place, wait_ms, message } => {
                (conn, Word::Park { place, wait_ms, message })
            }
            Output::Refuse { conn, refusal, slot } => (conn, Word::Refuse(refusal, slot)),
            Output::Goodbye { conn, refusal, slot } => (conn, Word::Goodbye(refusal, slot)),
            Output::Expire { conn } => (conn, Word::Expire),
            Output::Stuck => {
                self.stuck = true;
                return;
            }
        };
        if let Some(line) = self.lines.get_mut(super::Number::of(conn).shard()) {
            line.push_back(Told { conn, at, word });
        }
    }
}

/// Breaks a limiter's lock on purpose.
pub(super) fn break_lock(limiter: Arc<Limiter>, held_for: Option<std::time::Duration>) {
    let hold = move || {
        let _inner = limiter.inner.lock();
        match held_for {
            Some(time) => std::thread::park_timeout(time),
            // Without the words of a panic that nobody needs to read.
            None => std::panic::resume_unwind(Box::new("a drill")),
        }
    };
    let thread = std::thread::Builder::new().name("drill".into()).spawn(hold);
    if let (Ok(thread), None) = (thread, held_for) {
        // It has panicked, as it should.
        let _ = thread.join();
    }
}
