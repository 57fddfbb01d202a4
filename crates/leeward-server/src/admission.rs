//! The one table of live connections of a node: [`Storm`] decides, this carries question and answer.
//!
//! All shards share it, behind a lock that is held for a look-up or two: each connection asks three
//! times in its life. Tables of their own with a share of the ceiling would turn clients away at a
//! full shard while another has room, and nobody could say how many the node carries.

use leeward_core::code::{Code, Refusal};
use leeward_core::id::Instant;
use leeward_core::storm::{Class, Input, Output, Slot, Storm, StormLimits};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

/// Names a connection to [`Storm`]; never used twice, and says which shard owns it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Number(u64);

const SHARD_BITS: u32 = 8;

impl Number {
    fn shard(self) -> usize {
        (self.0 & ((1 << SHARD_BITS) - 1)) as usize
    }
}

/// The admission of a node.
pub(crate) struct Admission {
    inner: Mutex<Inner>,
    numbers: AtomicU64,
}

struct Inner {
    storm: Storm,
    /// Connections that lost their permit, for each shard to close.
    expired: Vec<Vec<Number>>,
}

/// Why somebody is not let in, and the place kept.
pub(crate) type TurnedAway = (Refusal, Option<Slot>);

impl Admission {
    pub(crate) fn new(limits: StormLimits, shards: usize) -> Self {
        let inner = Inner { storm: Storm::new(limits), expired: vec![Vec::new(); shards] };
        Self { inner: Mutex::new(inner), numbers: AtomicU64::new(1) }
    }

    pub(crate) fn number(&self, shard: u32) -> Number {
        let count = self.numbers.fetch_add(1, Ordering::Relaxed);
        Number(count << SHARD_BITS | u64::from(shard))
    }

    /// Asks to have a connection let in. A session that resumes while its connection before still
    /// lives takes that one's place where there is no other: all who lost their connection at once
    /// come back before the node has noticed that they went.
    pub(crate) fn knock(
        &self,
        now: Instant,
        (number, ghost): (Number, Option<Number>),
        class: Class,
        slot: Option<Slot>,
        random: u64,
    ) -> Result<(), TurnedAway> {
        let mut inner = self.lock();
        let knock = Input::Knock { conn: number.0, class, slot, random };
        inner.storm.handle(now, knock.clone());
        let answer = inner.answers(Some(number));
        match (&answer, ghost) {
            (Err((refusal, _)), Some(ghost)) if refusal.code == Code::Full => {
                inner.storm.handle(now, Input::Gone { conn: ghost.0 });
                inner.expired.get_mut(ghost.shard()).into_iter().for_each(|e| e.push(ghost));
                inner.storm.handle(now, knock);
                inner.answers(Some(number))
            }
            (Ok(()) | Err(_), _) => answer,
        }
    }

    /// It has been let in: its hello is answered.
    pub(crate) fn admitted(&self, now: Instant, number: Number) {
        self.tell(now, Input::Admitted { conn: number.0 });
    }

    /// It is closed.
    pub(crate) fn gone(&self, now: Instant, number: Number) {
        self.tell(now, Input::Gone { conn: number.0 });
    }

    /// The connections of a shard that lost their permit since it last asked.
    pub(crate) fn expired(&self, now: Instant, shard: u32) -> Vec<Number> {
        let mut inner = self.lock();
        if inner.storm.deadline().is_some_and(|at| at <= now) {
            inner.storm.handle(now, Input::Tick);
            // Nobody knocked, so that nobody is turned away.
            let _ = inner.answers(None);
        }
        inner.expired.get_mut(shard as usize).map(std::mem::take).unwrap_or_default()
    }

    /// Connections with a permit, and how many of them are being let in.
    pub(crate) fn count(&self) -> (usize, usize) {
        let inner = self.lock();
        (inner.storm.connections(), inner.storm.admitting())
    }

    fn tell(&self, now: Instant, input: Input) {
        let mut inner = self.lock();
        inner.storm.handle(now, input);
        // As above.
        let _ = inner.answers(None);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds this lock")
    }
}

impl Inner {
    fn answers(&mut self, asked: Option<Number>) -> Result<(), TurnedAway> {
        let mut answer = Ok(());
        while let Some(output) = self.storm.next_output() {
            match output {
                Output::Admit { conn } => debug_assert_eq!(Some(Number(conn)), asked),
                Output::Refuse { conn, refusal, slot } => {
                    debug_assert_eq!(Some(Number(conn)), asked);
                    answer = Err((refusal, slot));
                }
                Output::Expire { conn } => {
                    if let Some(expired) = self.expired.get_mut(Number(conn).shard()) {
                        expired.push(Number(conn));
                    }
                }
            }
        }
        answer
    }
}
