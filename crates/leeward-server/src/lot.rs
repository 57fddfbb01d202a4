//! The shard's side of admission: who asks to be let in, who waits on their connection, and what the
//! limiter says to them.
//!
//! Questions go to the limiter in batches, and what it says is acted on in batches too, each no longer
//! than a turn of the loop may take: those who are in come first. Nobody waits while the shard is
//! idle.

use crate::admission::{Exchange, Number, Report, Told, Word};
use crate::conn::Conn;
use crate::node::Actor;
use crate::pulse::{Pulse, Stand};
use crate::shard::Shard;
use leeward_core::code::{Code, Refusal};
use leeward_core::hub::Who;
use leeward_core::id::{AccountId, Instant, Millis, SessionId};
use leeward_core::session::{self, Admitted};
use leeward_core::storm::{Class, Input, Slot, Source, Standing, ticket};
use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

/// Words of the limiter taken at a time.
const WORDS_MAX: usize = 128;
/// Time spent on them in one turn of the loop, in microseconds; then everybody else has theirs.
const TURN_US: u64 = 2_000;

/// What a shard has to do with the limiter.
#[derive(Default)]
pub(crate) struct Lot {
    /// What the limiter has not been told yet.
    asks: RefCell<VecDeque<Input>>,
    /// What it said that has not been acted on.
    told: RefCell<VecDeque<Told>>,
    generation: Cell<u64>,
}

/// Who asks to be let in, and how.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    account: AccountId,
    session: Option<SessionId>,
    /// The connection before this one, if it resumes.
    ghost: Option<u32>,
    class: Class,
    slot: Option<Slot>,
    bound: u64,
    source: Source,
    bytes: u32,
    /// Since when it waits.
    since: Instant,
    /// It has asked for the place of its ghost.
    again: bool,
}

impl Question {
    fn knock(&self, conn: u64) -> Input {
        let Self { class, slot, bound, source, bytes, .. } = *self;
        Input::Knock { conn, class, slot, bound, source, bytes }
    }
}

/// Asks and hears, until the node has stopped.
pub(crate) async fn attend(shard: Rc<Shard>) {
    let admission = &shard.node.admission;
    shard.lot.generation.set(1);
    let mut stopping = shard.node.stopping();
    loop {
        shard.take_up_shed();
        let due = shard.exchange();
        if shard.hear() {
            let began = shard.now();
            // Comes back when all that was ready at this moment has had its turn.
            tokio::task::yield_now().await;
            shard.pulse().lagged(shard.now().0.saturating_sub(began.0));
            continue;
        }
        let due = due.unwrap_or(Instant(u64::MAX));
        let wait = Duration::from_micros(due.0.saturating_sub(shard.now().0).min(FAR_US));
        tokio::select! {
            biased;
            // 1. The end; whoever waits is told by it.
            _ = stopping.wait_for(|stopping| *stopping) => return,
            // 2. Questions and answers.
            () = admission.stirred(shard.index) => {}
            // 3. Time.
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Longer than anything here lasts, in microseconds.
const FAR_US: u64 = 3_600_000_000;

impl Shard {
    pub(crate) fn pulse(&self) -> &Pulse {
        self.node.admission.pulse(self.index)
    }

    /// Asks to have somebody let in.
    pub(crate) fn ask(&self, conn: &Conn, actor: &Actor, ghost: Option<u32>, class: Class) {
        let mut state = conn.state.borrow_mut();
        let Some(opening) = &mut state.opening else { return };
        let hello = opening.hello.as_deref();
        let slot = hello.and_then(|hello| ticket::open(self.node.keys(), hello.slot.as_deref()?));
        let positions = hello.map_or(0, |hello| hello.positions.len());
        let question = Question {
            account: actor.account,
            session: actor.session,
            ghost,
            class,
            slot,
            bound: self.node.bound(actor.account, actor.session, ghost),
            source: opening.source,
            bytes: parked_bytes(conn, positions),
            since: self.now(),
            again: false,
        };
        opening.question = Some(question);
        drop(state);
        self.put(conn, question);
    }

    /// Asks to have somebody let in of whom nothing is known but what they claim.
    pub(crate) fn ask_unnamed(&self, conn: &Conn, class: Class) {
        let bytes = parked_bytes(conn, 0) + XMPP_BYTES;
        let mut state = conn.state.borrow_mut();
        let Some(opening) = &mut state.opening else { return };
        let question = Question {
            account: AccountId(0),
            session: None,
            ghost: None,
            class,
            slot: None,
            bound: conn.number.raw(),
            source: opening.source,
            bytes,
            since: self.now(),
            again: false,
        };
        opening.question = Some(question);
        drop(state);
        self.put(conn, question);
    }

    /// Asks once more for a connection that was turned away and is still there, with the place that it
    /// was given.
    pub(crate) fn ask_again(&self, conn: &Conn) {
        let asked = conn.state.borrow().opening.as_ref().and_then(|opening| opening.question);
        if let Some(question) = asked {
            self.put(conn, question);
        }
    }

    fn put(&self, conn: &Conn, question: Question) {
        self.turn_to(conn, Stand::Asking);
        self.say(question.knock(conn.number.raw()));
    }

    /// A connection is in.
    pub(crate) fn came_in(&self, conn: &Conn) {
        if conn.stand.get() == Stand::Admitting {
            self.turn_to(conn, Stand::Live);
            self.pulse().finished();
            self.say(Input::Admitted { conn: conn.number.raw() });
        }
    }

    /// A connection is no more.
    pub(crate) fn went(&self, conn: &Conn) {
        if conn.stand.get() != Stand::Outside {
            self.turn_to(conn, Stand::Outside);
            self.say(Input::Gone { conn: conn.number.raw() });
        }
    }

    fn turn_to(&self, conn: &Conn, stand: Stand) {
        let before = conn.stand.replace(stand);
        self.pulse().turned(conn.number.raw(), before, stand);
    }

    fn say(&self, input: Input) {
        self.lot.asks.borrow_mut().push_back(input);
        self.note_under_way();
        self.node.admission.stir(self.index);
    }

    fn note_under_way(&self) {
        let count = self.lot.asks.borrow().len() + self.lot.told.borrow().len();
        self.pulse().under_way.store(count, std::sync::atomic::Ordering::Relaxed);
    }

    /// Tells the limiter what is asked, and takes what it says; when to do so again.
    fn exchange(&self) -> Option<Instant> {
        let mut generation = self.lot.generation.get();
        let mut asks = self.lot.asks.take();
        let mut told = self.lot.told.take();
        let due = self.node.admission.exchange(
            self.now(),
            &mut Exchange {
                shard: self.index,
                generation: &mut generation,
                asks: &mut asks,
                told: &mut told,
                words_max: WORDS_MAX,
                report: &|| self.report(),
            },
        );
        self.lot.generation.set(generation);
        self.lot.told.replace(told);
        self.lot.asks.replace(asks);
        self.note_under_way();
        due
    }

    /// What the connections of this shard are, and what those ask who have no answer.
    fn report(&self) -> Report {
        let mut report = Report { truth: Vec::new(), asks: VecDeque::new() };
        for conn in self.all() {
            let (number, state) = (conn.number.raw(), conn.state.borrow());
            let question = || state.opening.as_ref()?.question;
            match conn.stand.get() {
                Stand::Outside => {}
                Stand::Asking => report.asks.extend(question().map(|q| q.knock(number))),
                Stand::Admitting => report.truth.push((number, Standing::Admitting)),
                Stand::Live => report.truth.push((number, Standing::Live)),
                Stand::Parked => {
                    let standing = question().map(|question| {
                        let Question { class, bound, bytes, since, .. } = question;
                        Standing::Parked { class, bound, bytes, since }
                    });
                    report.truth.extend(standing.map(|standing| (number, standing)));
                }
            }
        }
        report
    }

    /// Acts on what the limiter said, for so long as a turn may take; whether something is left.
    fn hear(self: &Rc<Self>) -> bool {
        let began = self.now();
        loop {
            let Some(told) = self.lot.told.borrow_mut().pop_front() else { return false };
            let now = self.now();
            self.pulse().queued(told.at, now);
            let conn = Number::of(told.conn);
            if let Some(conn) = self.conn(conn.id()).filter(|c| c.number == conn) {
                self.pulse().admissions.run(|| self.act(&conn, told.word));
            }
            self.note_under_way();
            if self.now().0.saturating_sub(began.0) > TURN_US {
                return true;
            }
        }
    }

    fn act(self: &Rc<Self>, conn: &Rc<Conn>, word: Word) {
        match word {
            Word::Admit => self.let_in(conn),
            Word::Park { place, wait_ms, message } => {
                if matches!(conn.stand.get(), Stand::Asking | Stand::Parked) {
                    self.turn_to(conn, Stand::Parked);
                    self.step(conn, session::Input::Parked { place, wait_ms, message });
                    let until = conn.standing().1;
                    let turn = self.wheel.borrow_mut().put(conn.id, until);
                    conn.state.borrow_mut().turn = turn;
                }
            }
            Word::Refuse(refusal, slot) => self.turn_away(conn, refusal, slot),
            Word::Goodbye(refusal, slot) => {
                let bound = conn.who.get().map(|who| self.node.bound_of(&who));
                let slot = slot.zip(bound).map(|(slot, bound)| Slot { bound, ..slot });
                self.step(conn, session::Input::Leave(refusal, self.sealed(slot)));
            }
            Word::Expire => {
                self.turn_to(conn, Stand::Outside);
                self.step(conn, session::Input::End(Code::HelloTimeout.into()));
            }
        }
    }

    /// Sends somebody away at the end of the node, with a place in the line of its next life: not before
    /// the time that was asked for, nor before its turn comes at the rate at which people can be let in.
    pub(crate) fn see_off(self: &Rc<Self>, conn: &Rc<Conn>, refusal: Refusal) {
        let bound = conn.who.get().map(|who| self.node.bound_of(&who));
        let given = self.node.admission.goodbye(self.now());
        let turn_ms = given.as_ref().and_then(|(turn, _)| turn.after_ms);
        let refusal = match refusal.after_ms.max(turn_ms) {
            Some(after_ms) => refusal.after(after_ms),
            None => refusal,
        };
        let slot = given.and_then(|(_, slot)| slot);
        let at = Millis(self.node.now().0 + u64::from(refusal.after_ms.unwrap_or(0)));
        let slot = slot.zip(bound).map(|(slot, bound)| Slot { bound, at, ..slot });
        self.step(conn, session::Input::Leave(refusal, self.sealed(slot)));
    }

    fn sealed(&self, slot: Option<Slot>) -> Option<String> {
        slot.map(|slot| ticket::seal(self.node.keys(), &slot))
    }

    fn let_in(self: &Rc<Self>, conn: &Rc<Conn>) {
        if !matches!(conn.stand.get(), Stand::Asking | Stand::Parked) {
            return;
        }
        let question = conn.state.borrow_mut().opening.as_mut().and_then(|o| o.question.take());
        let Some(Question { account, session, ghost, .. }) = question else { return };
        self.turn_to(conn, Stand::Admitting);
        if conn.is_xmpp() {
            // Who it is will be found out from here on.
            let who = Who {
                account,
                role: leeward_core::account::Role::Guest,
                session: SessionId(0),
                epoch: 0,
            };
            let admitted = Admitted { who, resumed: false, ghost: None };
            return self.step(conn, session::Input::Admitted(admitted));
        }
        // It may have been signed out while it waited.
        match self.node.actor(account, session) {
            Ok(actor) => {
                let session = actor.session.unwrap_or_default();
                let epoch = self.node.next_epoch();
                let who = Who { account, role: actor.role, session, epoch };
                let admitted = Admitted { who, resumed: ghost.is_some(), ghost };
                self.step(conn, session::Input::Admitted(admitted));
            }
            Err(refusal) => {
                self.went(conn);
                self.step(conn, session::Input::Refused(refusal, None));
            }
        }
    }

    /// Whoever resumes a session whose connection before still lives takes that one's place where
    /// there is no other: all who lost their connection at once come back before the node has noticed
    /// that they went.
    fn turn_away(self: &Rc<Self>, conn: &Rc<Conn>, refusal: Refusal, slot: Option<Slot>) {
        let question = conn.state.borrow().opening.as_ref().and_then(|o| o.question);
        let ghost = question.filter(|q| refusal.code == Code::Full && slot.is_none() && !q.again);
        if let Some(question) = ghost
            && let Some(place) = question.ghost.and_then(|epoch| self.node.live(epoch))
        {
            if let Some(opening) = &mut conn.state.borrow_mut().opening {
                opening.question = Some(Question { again: true, ..question });
            }
            self.node.fence(question.account, question.ghost.unwrap_or_default());
            self.say(Input::Gone { conn: place.raw() });
            return self.say(question.knock(conn.number.raw()));
        }
        if refusal.code == Code::Full {
            self.pulse().refused();
        }
        if let Some(opening) = &mut conn.state.borrow_mut().opening
            && let Some(question) = &mut opening.question
        {
            question.slot = slot;
        }
        self.turn_to(conn, Stand::Outside);
        self.step(conn, session::Input::Refused(refusal, self.sealed(slot)));
    }
}

/// What a connection takes while it waits, in bytes: itself and its task, what its hello said, and
/// what its socket keeps.
fn parked_bytes(conn: &Conn, positions: usize) -> u32 {
    let bytes = PARKED_BYTES + positions * POSITION_BYTES + conn.socket_bytes();
    u32::try_from(bytes).unwrap_or(u32::MAX)
}

/// A plain connection that waits, without positions: 1,350 bytes were measured over 4,000 of them, the
/// entry of the limiter included; the rest is for what the kernel keeps.
const PARKED_BYTES: usize = 2_048;
/// What a stream of XMPP takes besides until its client is in.
const XMPP_BYTES: u32 = 4_096;
/// A position of a hello.
const POSITION_BYTES: usize = 24;
