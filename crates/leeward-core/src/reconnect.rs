//! The client's machine: when to connect, when to wait, when a link is dead, and what the
//! connection bar says meanwhile. The same machine is written in TypeScript in `web/src/sync`; both
//! replay `crates/leeward-core/vectors/reconnect`, which is its specification.
//!
//! The shell owns one socket at most, opens it on [`Output::Open`], and forgets it, with all it may
//! still say, on [`Output::Close`] or after [`Input::Closed`]. Whatever happens (a person pressing
//! "try now", waking from sleep, a network or a page that comes back), the machine never knocks
//! before the time that the server gave it, nor twice within a second.
//!
//! Without a given time, attempts back off exponentially with full jitter. The window grows to a
//! minute where many are to be expected, and less where the server's come-back hint says that few
//! are: the harm that retries do grows with their number. (Brooker, "Exponential Backoff And Jitter")
//!
//! A place survives everything but being let in: lost connections, sleep, "try now", and, where the
//! shell keeps [`Reconnect::kept`] and gives it back as [`Input::Kept`], the end of the page.

use crate::code::{Code, Refusal, Then};
use crate::id::Instant;
use crate::wire::Lease;
use pace::{Pace, jitter};
use std::collections::VecDeque;
use turn::Turn;

mod bar;
mod pace;
mod turn;
mod words;
pub use bar::Bar;
pub use turn::Kept;
pub use words::{Input, Output, Why};

/// The machine.
#[derive(Debug)]
pub struct Reconnect {
    state: State,
    online: bool,
    hidden: bool,
    pace: Pace,
    /// What the server said of when to come.
    turn: Turn,
    /// Another connection has the session: the next one is to begin its own.
    fresh: bool,
    bar: bar::Facts,
    pings: u32,
    outputs: VecDeque<Output>,
}

#[derive(Clone, Debug)]
enum State {
    Stopped,
    /// No socket. `at` is the next attempt, none while offline; `turn` says that the server set it.
    Idle {
        at: Option<Instant>,
        turn: bool,
    },
    Connecting {
        until: Instant,
    },
    /// The hello is sent; `parked` is the turn and the place when the server lets the client wait.
    Greeting {
        until: Instant,
        parked: Option<(Instant, u32)>,
    },
    Live(Live),
    /// For good, as far as this machine can know.
    Refused(Bar),
}

#[derive(Clone, Copy, Debug)]
struct Live {
    lease: Lease,
    heard: Instant,
    ping_at: Instant,
    /// When the ping was sent that nothing has followed yet.
    asked: Option<Instant>,
    caught_up: bool,
}

impl Live {
    fn expires(&self) -> Instant {
        self.heard.plus_ms(self.lease.lease_ms.into())
    }

    fn deadline(&self) -> Instant {
        let next = self.ping_at.min(self.expires());
        self.asked.map_or(next, |asked| asked.plus_ms(ANSWER_MS).min(next))
    }
}

/// An attempt to open, and the wait for the answer to `hello`, each last at most so long: as long as
/// the server keeps a connection that it has not let in.
const ATTEMPT_MS: u64 = 10_000;
/// A parked client hears its place every 10 s; three times nothing is too much.
const PARKED_MS: u64 = 30_000;
/// With pings every 5 s, a dead link is noticed within 9.5 s.
const ANSWER_MS: u64 = 4_500;
/// A timer later than this has slept: what it should have timed is asked again.
const LATE_MS: u64 = 2_000;
impl Default for Reconnect {
    fn default() -> Self {
        Self::new()
    }
}

impl Reconnect {
    /// A machine that is stopped, online and visible.
    pub fn new() -> Self {
        Self {
            state: State::Stopped,
            online: true,
            hidden: false,
            pace: Pace::default(),
            turn: Turn::default(),
            fresh: false,
            bar: bar::Facts::default(),
            pings: 0,
            outputs: VecDeque::new(),
        }
    }

    /// Takes what happened. Then drain [`Self::next_output`] and ask for the [`Self::deadline`].
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Start => self.start(now),
            Input::Stop => self.stop(now),
            Input::Online { random } => self.on_online(now, random),
            Input::Offline => self.on_offline(now),
            Input::Visible => self.on_sight(now, false),
            Input::Hidden => self.on_sight(now, true),
            Input::Woke | Input::TryNow => self.sooner(now, now, 0),
            Input::Opened => self.on_opened(now),
            Input::Closed { random } => self.lost(now, now, random),
            Input::Welcome { lease } => self.on_welcome(now, lease),
            Input::CaughtUp => self.on_caught_up(now),
            Input::Parked { place, wait_ms, message } => {
                self.on_parked(now, (place, wait_ms), message);
            }
            Input::Refuse { refusal, slot, random } | Input::Goodbye { refusal, slot, random } => {
                self.refused(now, &refusal, slot, random);
            }
            Input::Pong { lease } => self.on_pong(now, lease),
            Input::Heard => self.heard(now),
            Input::Shed { on } => self.bar.shed = on,
            Input::Writes { paused } => self.bar.paused = paused,
            Input::Kept { slot, wait_ms, why, message } => {
                let not_before = now.plus_ms(wait_ms.into());
                if matches!(self.state, State::Stopped) {
                    self.turn.restore(Kept { not_before, slot, why, message });
                }
            }
            Input::Elsewhere { wait_ms: Some(wait_ms), why, message, random } => {
                self.on_elsewhere(now, (wait_ms, random), why, message);
            }
            Input::Elsewhere { wait_ms: None, random, .. } => {
                if self.turn.release() {
                    self.sooner(now, now.plus_ms(jitter(random, self.pace.spread_ms())), random);
                }
            }
            Input::Tick { random } => self.on_tick(now, random),
        }
        if let State::Idle { at: Some(at), .. } = self.state
            && at <= now
        {
            self.pace.attempt(now);
            self.state = State::Connecting { until: now.plus_ms(ATTEMPT_MS) };
            self.outputs.push_back(Output::Open);
        }
        self.show(now);
    }

    /// The next thing to do, until there is none.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to [`Input::Tick`]. None only when stopped, refused for good, or offline.
    pub fn deadline(&self) -> Option<Instant> {
        let own = match &self.state {
            State::Stopped | State::Refused(_) => None,
            State::Idle { at, .. } => *at,
            State::Connecting { until } | State::Greeting { until, .. } => Some(*until),
            State::Live(live) => Some(live.deadline()),
        };
        own.into_iter().chain(self.bar.deadline()).min()
    }

    /// What the shell is to write down as often as it changes, so that a page loaded in place of
    /// this one can be told of it by [`Input::Kept`]: none: nothing that would be lost.
    pub fn kept(&self) -> Option<Kept> {
        self.turn.kept()
    }

    /// What the client waits for, and the operator's words: what its other tabs are told beside the
    /// time.
    pub fn waits_for(&self) -> (Why, Option<Box<str>>) {
        (self.turn.why(), self.turn.message())
    }

    fn start(&mut self, now: Instant) {
        if matches!(self.state, State::Stopped | State::Refused(_)) {
            self.pace.answered();
            self.bar.lost(now);
            let turn = self.turn.is_ahead(now);
            self.state = State::Idle { at: Some(self.allowed(now)), turn };
        }
    }

    fn stop(&mut self, now: Instant) {
        self.close();
        self.left(now);
        self.state = State::Stopped;
    }

    fn on_online(&mut self, now: Instant, random: u32) {
        self.online = true;
        self.sooner(now, now.plus_ms(jitter(random, self.pace.spread_ms())), random);
    }

    fn on_offline(&mut self, now: Instant) {
        self.online = false;
        if let State::Idle { at, .. } = &mut self.state {
            *at = None;
        }
        self.probe(now);
    }

    fn on_sight(&mut self, now: Instant, hidden: bool) {
        let changed = std::mem::replace(&mut self.hidden, hidden) != hidden;
        self.overdue(now, 0);
        if changed && matches!(self.state, State::Live(_)) {
            self.ping(now);
        } else if !hidden {
            self.sooner(now, now, 0);
        }
    }

    /// Something speaks for trying at `wish`: moves the next attempt forward to it, though never
    /// before the time given. Where there is a connection, asks whether it still is one.
    fn sooner(&mut self, now: Instant, wish: Instant, random: u32) {
        self.overdue(now, random);
        let (wish, ahead) = (self.allowed(wish), self.turn.is_ahead(now));
        if let State::Idle { at, turn } = &mut self.state {
            *at = Some(at.map_or(wish, |at| at.min(wish)));
            *turn = ahead;
        }
        self.probe(now);
    }

    /// Another client of the account waits. Who has no time of its own goes by that, so that one
    /// account is one knock.
    fn on_elsewhere(
        &mut self,
        now: Instant,
        (wait_ms, random): (u32, u32),
        why: Why,
        message: Option<Box<str>>,
    ) {
        let waits = matches!(self.state, State::Stopped | State::Idle { .. });
        if waits && self.turn.borrow(now, (wait_ms, random), why, message) {
            let until = self.allowed(now);
            if let State::Idle { at, turn } = &mut self.state {
                *at = at.map(|at| if *turn { until } else { at.max(until) });
                *turn = true;
            }
        }
    }

    fn on_opened(&mut self, now: Instant) {
        if let State::Connecting { .. } = self.state {
            self.state = State::Greeting { until: now.plus_ms(ATTEMPT_MS), parked: None };
            let hello = Output::Hello { resume: !self.fresh, slot: self.turn.slot() };
            self.outputs.push_back(hello);
        }
    }

    fn on_welcome(&mut self, now: Instant, lease: Lease) {
        if !matches!(self.state, State::Greeting { .. }) {
            return;
        }
        self.turn.over();
        self.fresh = false;
        self.pace.hint(lease);
        self.bar.welcomed();
        self.state = State::Live(Live {
            lease,
            heard: now,
            ping_at: now.plus_ms(lease.ping_ms.into()),
            asked: None,
            caught_up: false,
        });
        if self.hidden {
            self.ping(now);
        }
    }

    fn on_caught_up(&mut self, now: Instant) {
        self.heard(now);
        if let State::Live(live) = &mut self.state
            && !live.caught_up
        {
            live.caught_up = true;
            self.pace.answered();
            self.bar.found(now);
        }
    }

    fn on_parked(&mut self, now: Instant, told: (u32, u32), message: Option<Box<str>>) {
        if let State::Greeting { until, parked } = &mut self.state {
            let (place, wait_ms) = told;
            let turn_at = now.plus_ms(wait_ms.into());
            *until = now.plus_ms(PARKED_MS);
            *parked = Some((turn_at, place));
            self.turn.parked(now, turn_at, message);
        }
    }

    fn on_pong(&mut self, now: Instant, lease: Lease) {
        self.heard(now);
        if let State::Live(live) = &mut self.state {
            live.lease = lease;
            live.ping_at = now.plus_ms(lease.ping_ms.into());
            self.pace.hint(lease);
        }
    }

    fn heard(&mut self, now: Instant) {
        if let State::Live(live) = &mut self.state {
            live.heard = now;
            live.asked = None;
        }
    }

    fn on_tick(&mut self, now: Instant, random: u32) {
        self.overdue(now, random);
        if let State::Live(live) = self.state {
            let late = |ms| live.asked.is_some_and(|asked| asked.plus_ms(ANSWER_MS + ms) <= now);
            if late(LATE_MS) {
                self.ask_again(now);
            } else if late(0) {
                self.dead(now, live.asked.unwrap_or(now), random);
            } else if live.ping_at <= now {
                self.ping(now);
            }
        }
    }

    /// Ends what has lasted longer than it may: an attempt, a silence, a lease.
    fn overdue(&mut self, now: Instant, random: u32) {
        match &mut self.state {
            State::Live(live) if live.expires() <= now => {
                let heard = live.heard;
                self.dead(now, heard, random);
            }
            // Who slept in the lot listens first, so as not to lose the place.
            State::Greeting { until, parked: Some(_) } if until.plus_ms(LATE_MS) <= now => {
                *until = now.plus_ms(ANSWER_MS);
            }
            State::Connecting { until } | State::Greeting { until, .. } if *until <= now => {
                self.dead(now, now, random);
            }
            State::Stopped
            | State::Idle { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
            | State::Live(_)
            | State::Refused(_) => {}
        }
    }

    /// Pings as if for the first time: nobody listened when the answer to the last may have come.
    fn ask_again(&mut self, now: Instant) {
        if let State::Live(live) = &mut self.state {
            live.asked = None;
        }
        self.ping(now);
    }

    /// Asks whether the link is alive, unless that has been asked.
    fn probe(&mut self, now: Instant) {
        self.overdue(now, 0);
        if matches!(self.state, State::Live(Live { asked: None, .. })) {
            self.ping(now);
        }
    }

    fn ping(&mut self, now: Instant) {
        if let State::Live(live) = &mut self.state {
            self.pings += 1;
            live.ping_at = now.plus_ms(live.lease.ping_ms.into());
            live.asked = live.asked.or(Some(now));
            self.outputs.push_back(Output::Ping { n: self.pings, hidden: self.hidden });
        }
    }

    /// The link has been dead since a moment in the past.
    fn dead(&mut self, now: Instant, since: Instant, random: u32) {
        self.close();
        self.lost(now, since, random);
    }

    /// The socket is gone without a word; nothing came through it `since`.
    fn lost(&mut self, now: Instant, since: Instant, random: u32) {
        let window = match self.state {
            State::Live(live) if live.caught_up => self.pace.spread_ms(),
            State::Live(_) | State::Connecting { .. } | State::Greeting { .. } => {
                self.pace.back_off_ms()
            }
            State::Stopped | State::Idle { .. } | State::Refused(_) => return,
        };
        self.left(since);
        self.idle(now.plus_ms(jitter(random, window)), false);
    }

    /// The server ended it, with advice.
    fn refused(&mut self, now: Instant, refusal: &Refusal, slot: Option<String>, random: u32) {
        if !self.has_socket() {
            return;
        }
        self.close();
        match (refusal.then, refusal.after_ms) {
            (Then::Retry, Some(after_ms)) => {
                self.left(now);
                self.pace.answered();
                let at = self.turn.given(now, (refusal, after_ms), slot, random);
                self.idle(at, true);
            }
            (Then::Retry, None) => self.lost(now, now, random),
            (Then::GiveUp, _) if refusal.code == Code::Replaced => {
                self.fresh = true;
                self.lost(now, now, random);
            }
            (then, _) => {
                self.left(now);
                self.state = State::Refused(Bar::refused(refusal.code, then));
            }
        }
    }

    fn idle(&mut self, at: Instant, turn: bool) {
        let at = self.online.then(|| self.allowed(at));
        self.state = State::Idle { at, turn };
    }

    /// The first moment not before `wish` at which an attempt may be made.
    fn allowed(&self, wish: Instant) -> Instant {
        self.pace.allowed(self.turn.allowed(wish))
    }

    /// Remembers when the client was last in sync, if it was.
    fn left(&mut self, since: Instant) {
        if let State::Live(live) = self.state
            && live.caught_up
        {
            self.bar.in_sync_until = Some(live.heard);
            self.bar.lost(since);
        }
    }

    fn has_socket(&self) -> bool {
        match self.state {
            State::Connecting { .. } | State::Greeting { .. } | State::Live(_) => true,
            State::Stopped | State::Idle { .. } | State::Refused(_) => false,
        }
    }

    fn close(&mut self) {
        if self.has_socket() {
            self.outputs.push_back(Output::Close);
        }
    }

    fn show(&mut self, now: Instant) {
        let bar = self.bar.of(now, (&self.state, &self.turn), self.online);
        if let Some(bar) = bar
            && self.bar.shown.as_ref() != Some(&bar)
        {
            self.bar.shown = Some(bar.clone());
            self.outputs.push_back(Output::Bar(bar));
        }
    }
}

#[cfg(test)]
mod tests;
