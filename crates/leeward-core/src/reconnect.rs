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

use crate::code::{Code, Refusal, Then};
use crate::id::Instant;
use crate::wire::Lease;
use std::collections::VecDeque;

mod bar;
mod words;
pub use bar::Bar;
pub use words::{Input, Output};

/// The machine.
#[derive(Debug)]
pub struct Reconnect {
    state: State,
    online: bool,
    hidden: bool,
    /// Attempts since the last success that ended without a word.
    failures: u32,
    last_attempt: Option<Instant>,
    /// The time the server gave.
    not_before: Option<Instant>,
    slot: Option<String>,
    /// Another connection has the session: the next one is to begin its own.
    fresh: bool,
    /// The last lease granted, whose hint outlives the connection.
    lease: Option<Lease>,
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
/// Between two attempts, whatever asks for the second.
const GAP_MS: u64 = 1_000;
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
            failures: 0,
            last_attempt: None,
            not_before: None,
            slot: None,
            fresh: false,
            lease: None,
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
            Input::Woke => self.on_woke(now),
            Input::TryNow => self.sooner(now, now),
            Input::Opened => self.on_opened(now),
            Input::Closed { random } => self.lost(now, now, random),
            Input::Welcome { lease } => self.on_welcome(now, lease),
            Input::CaughtUp => self.on_caught_up(now),
            Input::Parked { place, wait_ms } => self.on_parked(now, place, wait_ms),
            Input::Refuse { refusal, slot, random } => self.refused(now, &refusal, slot, random),
            Input::Goodbye { refusal, random } => self.refused(now, &refusal, None, random),
            Input::Pong { lease } => self.on_pong(now, lease),
            Input::Heard => self.heard(now),
            Input::Shed { on } => self.bar.shed = on,
            Input::Writes { paused } => self.bar.paused = paused,
            Input::Tick { random } => self.on_tick(now, random),
        }
        if let State::Idle { at: Some(at), .. } = self.state
            && at <= now
        {
            self.last_attempt = Some(now);
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

    fn start(&mut self, now: Instant) {
        if matches!(self.state, State::Stopped | State::Refused(_)) {
            self.failures = 0;
            self.bar.lost(now);
            self.state = State::Idle { at: Some(self.allowed(now)), turn: self.has_turn(now) };
        }
    }

    fn stop(&mut self, now: Instant) {
        self.close();
        self.left(now);
        self.state = State::Stopped;
    }

    fn on_online(&mut self, now: Instant, random: u32) {
        self.online = true;
        self.sooner(now, now.plus_ms(jitter(random, self.spread_ms())));
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
        if changed && matches!(self.state, State::Live(_)) {
            self.ping(now);
        } else if !hidden {
            self.sooner(now, now);
        }
    }

    fn on_woke(&mut self, now: Instant) {
        if let State::Live(live) = self.state
            && live.expires() <= now
        {
            self.dead(now, live.heard, 0);
        } else {
            self.sooner(now, now);
        }
    }

    /// Something speaks for trying at `wish`: moves the next attempt forward to it, though never
    /// before the time given. Where there is a connection, asks whether it still is one.
    fn sooner(&mut self, now: Instant, wish: Instant) {
        let (wish, has_turn) = (self.allowed(wish), self.has_turn(now));
        if let State::Idle { at, turn } = &mut self.state {
            *at = Some(at.map_or(wish, |at| at.min(wish)));
            *turn = has_turn;
        }
        self.probe(now);
    }

    fn on_opened(&mut self, now: Instant) {
        if let State::Connecting { .. } = self.state {
            self.state = State::Greeting { until: now.plus_ms(ATTEMPT_MS), parked: None };
            let hello = Output::Hello { resume: !self.fresh, slot: self.slot.clone() };
            self.outputs.push_back(hello);
        }
    }

    fn on_welcome(&mut self, now: Instant, lease: Lease) {
        if !matches!(self.state, State::Greeting { .. }) {
            return;
        }
        self.slot = None;
        self.not_before = None;
        self.fresh = false;
        self.lease = Some(lease);
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
            self.failures = 0;
            self.bar.found(now);
        }
    }

    fn on_parked(&mut self, now: Instant, place: u32, wait_ms: u32) {
        if let State::Greeting { until, parked } = &mut self.state {
            *until = now.plus_ms(PARKED_MS);
            *parked = Some((now.plus_ms(wait_ms.into()), place));
        }
    }

    fn on_pong(&mut self, now: Instant, lease: Lease) {
        self.heard(now);
        if let State::Live(live) = &mut self.state {
            live.lease = lease;
            live.ping_at = now.plus_ms(lease.ping_ms.into());
            self.lease = Some(lease);
        }
    }

    fn heard(&mut self, now: Instant) {
        if let State::Live(live) = &mut self.state {
            live.heard = now;
            live.asked = None;
        }
    }

    fn on_tick(&mut self, now: Instant, random: u32) {
        match self.state {
            State::Connecting { until } | State::Greeting { until, .. } if until <= now => {
                self.close();
                self.lost(now, now, random);
            }
            State::Live(live) => {
                let late =
                    |ms| live.asked.is_some_and(|asked| asked.plus_ms(ANSWER_MS + ms) <= now);
                if live.expires() <= now {
                    self.dead(now, live.heard, random);
                } else if late(LATE_MS) {
                    self.ask_again(now);
                } else if late(0) {
                    self.dead(now, live.asked.unwrap_or(now), random);
                } else if live.ping_at <= now {
                    self.ping(now);
                }
            }
            State::Stopped
            | State::Idle { .. }
            | State::Connecting { .. }
            | State::Greeting { .. }
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
            State::Live(live) if live.caught_up => self.spread_ms(),
            State::Live(_) | State::Connecting { .. } | State::Greeting { .. } => self.back_off(),
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
        self.slot = slot.or(self.slot.take());
        match (refusal.then, refusal.after_ms) {
            (Then::Retry, Some(after_ms)) => {
                self.left(now);
                self.failures = 0;
                let after_ms = u64::from(after_ms);
                let turn = now.plus_ms(after_ms);
                self.not_before = Some(turn);
                let window = if self.slot.is_some() { 0 } else { after_ms / 4 };
                self.idle(turn.plus_ms(jitter(random, window)), true);
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
        let gap = self.last_attempt.map(|last| last.plus_ms(GAP_MS));
        [self.not_before, gap].into_iter().flatten().fold(wish, Instant::max)
    }

    /// The time that the server gave is yet to come.
    fn has_turn(&self, now: Instant) -> bool {
        self.not_before.is_some_and(|turn| now < turn)
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

    fn back_off(&mut self) -> u64 {
        self.failures += 1;
        let most = self.lease.map_or(BACK_OFF_MS_MAX, |lease| {
            let spreads = u64::from(lease.spread_ms) * BACK_OFF_SPREADS_MAX;
            spreads.clamp(BACK_OFF_MS_FLOOR, BACK_OFF_MS_MAX)
        });
        most.min(BACK_OFF_MS << self.failures.min(6))
    }

    fn spread_ms(&self) -> u64 {
        self.lease.map_or(SPREAD_MS, |lease| lease.spread_ms).into()
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
        let bar = self.bar.of(now, &self.state, self.online);
        if let Some(bar) = bar
            && self.bar.shown.replace(bar) != Some(bar)
        {
            self.outputs.push_back(Output::Bar(bar));
        }
    }
}

/// A delay within a window, evenly distributed: `floor(window_ms · random / 2³²)`.
fn jitter(random: u32, window_ms: u64) -> u64 {
    (window_ms * u64::from(random)) >> 32
}

#[cfg(test)]
mod tests;
