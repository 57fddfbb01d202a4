//! One connection, whatever its protocol: may this client do this here, at this moment?
//!
//! It waits for the client to say who it is, asks to have it let in, grants it leases, and keeps it
//! to its rates. What it may do in a room is decided where the room's state is, in the store and in
//! the [`Hub`](crate::hub::Hub). A client's mistakes become refusals or the end of the connection,
//! never a panic.
//!
//! There is one of these for each connection, and most are idle: it owns no heap once it is live, and
//! puts what it wants done on a list that the caller lends.

#[cfg(test)]
mod tests;

use crate::code::{Code, Refusal};
use crate::event::Draft;
use crate::hub::Who;
use crate::id::{Instant, Nonce, RoomId, Seq};
use crate::lease::{Held, Terms};
use crate::limits;
use crate::wire::{BadFrame, ClientFrame, Hello, Lease, Presence, ServerFrame};

/// On what terms connections are served. Changing them changes what is granted from there on.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Leases.
    pub terms: Terms,
    /// How long a connection may take to say hello, in milliseconds.
    pub hello_ms: u64,
    /// Posts that may be on their way to the store at once: what an outbox that was filled offline
    /// sends in one go.
    pub posts_in_flight_max: u8,
    /// How often a client may post.
    pub posts: Rate,
    /// How often it may ask for other things; some count more than once, see [`cost`].
    pub requests: Rate,
}

impl Default for Limits {
    /// Posts: no person writes so fast, and a bot that does takes about a hundredth of what the store
    /// can do. Requests: a screen that is scrolled through rooms as fast as a finger can.
    fn default() -> Self {
        Self {
            terms: Terms::default(),
            hello_ms: 10_000,
            posts_in_flight_max: 128,
            posts: Rate { each_us: 5_000, burst: 400 },
            requests: Rate { each_us: 10_000, burst: 400 },
        }
    }
}

/// How long whoever waits to be let in is kept after hearing its place, in milliseconds: it hears it
/// again within 10 s.
const PARKED_MS: u32 = 30_000;
/// A wait shorter than this, in milliseconds, is over before it is read.
const SAID_FROM_MS: u32 = 1_000;

/// How often something may happen.
#[derive(Clone, Copy, Debug)]
pub struct Rate {
    /// In the long run once in so many microseconds.
    pub each_us: u64,
    /// At once so many times.
    pub burst: u64,
}

/// What happens to a connection.
#[derive(Debug)]
pub enum Input {
    /// A frame, decoded or not.
    Frame(Result<ClientFrame, BadFrame>),
    /// Something else was heard, such as the answer to a ping of the protocol below.
    Heard,
    /// The answer to [`Output::Knock`]: let in.
    Admitted(Admitted),
    /// The answer to [`Output::Knock`]: not let in, with the place kept if there is one.
    Refused(Refusal, Option<String>),
    /// An answer to [`Output::Knock`] that is not the last: wait here, so long by estimate.
    Parked {
        /// How many are before.
        place: u32,
        /// In milliseconds.
        wait_ms: u32,
        /// The operator's words.
        message: Option<String>,
    },
    /// The connection is to end for a while, with the place kept.
    Leave(Refusal, Option<String>),
    /// A post was answered.
    Answered,
    /// The connection is to end, for this reason.
    End(Refusal),
    /// Time has passed.
    Tick,
}

/// Who was let in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Admitted {
    /// Them.
    pub who: Who,
    /// The session goes on; otherwise it begins.
    pub resumed: bool,
    /// Its connection before this one, by the epoch of the ticket: a ghost, if it still lives.
    pub ghost: Option<u32>,
}

/// What a connection wants done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Find out who this is and whether they may come in.
    Knock(Box<Hello>),
    /// Say welcome, with this lease; close the ghost; then give what was missed since `hello`.
    Welcome(Admitted, Lease),
    /// Send a frame.
    Send(ServerFrame),
    /// Append to a room's log, and answer.
    Post(RoomId, Nonce, Draft),
    /// Set how far the account has read.
    Read(RoomId, Seq),
    /// Tell those who watch.
    Typing(RoomId, Option<Seq>),
    /// These rooms are on the screen.
    Watch(Vec<RoomId>),
    /// Send a room's state.
    Open(RoomId),
    /// Tell those who watch.
    Presence(Presence),
    /// Send why, and end the connection.
    Close(Refusal),
}

/// One connection.
pub struct Session {
    state: State,
    hidden: bool,
    in_flight: u8,
    held: Held,
    posts: Gcra,
    requests: Gcra,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nothing was said yet.
    Silent,
    /// Said hello, not let in yet.
    Knocking,
    Live,
    Closed,
}

impl Session {
    /// A connection that has just been opened.
    pub fn new(now: Instant, limits: &Limits) -> Self {
        let lease_ms = u32::try_from(limits.hello_ms).unwrap_or(u32::MAX);
        let hello = Lease { ping_ms: lease_ms, lease_ms, spread_ms: 0 };
        Self {
            state: State::Silent,
            hidden: false,
            in_flight: 0,
            held: Held::new(now, hello),
            posts: Gcra::default(),
            requests: Gcra::default(),
        }
    }

    /// Takes in what happened; puts on `out` what is to be done about it.
    pub fn handle(&mut self, now: Instant, limits: &Limits, input: Input, out: &mut Vec<Output>) {
        if self.state == State::Closed {
            return;
        }
        match input {
            Input::Frame(Ok(frame)) => {
                self.heard(now);
                self.frame(now, limits, frame, out);
            }
            Input::Frame(Err(bad)) => {
                let code = match &bad {
                    BadFrame::TooBig => Code::TooBig,
                    BadFrame::TooDeep | BadFrame::Form(_) => Code::BadFrame,
                };
                self.close(Refusal::because(code, bad.to_string()), out);
            }
            Input::Heard => self.heard(now),
            Input::Admitted(admitted) => {
                if self.state == State::Knocking {
                    self.state = State::Live;
                    let lease = limits.terms.lease(self.hidden);
                    self.held = Held::new(now, lease);
                    out.push(Output::Welcome(admitted, lease));
                }
            }
            Input::Refused(refusal, slot) => {
                out.push(Output::Send(ServerFrame::Refuse { refusal: refusal.clone(), slot }));
                self.state = State::Closed;
                out.push(Output::Close(refusal));
            }
            Input::Parked { place, wait_ms, message } => {
                if self.state == State::Knocking {
                    self.park(now, (place, wait_ms, message), out);
                }
            }
            Input::Leave(refusal, slot) => self.leave(refusal, slot, out),
            Input::Answered => self.in_flight = self.in_flight.saturating_sub(1),
            Input::End(refusal) => self.close(refusal, out),
            Input::Tick => self.tick(now, out),
        }
    }

    /// When the connection ends unless something is heard: its own deadline, granted to it.
    pub fn deadline(&self) -> Instant {
        self.held.until()
    }

    /// Whether it was let in and has not ended.
    pub fn is_live(&self) -> bool {
        self.state == State::Live
    }

    /// Whether its page is hidden.
    pub fn is_hidden(&self) -> bool {
        self.hidden
    }

    fn heard(&mut self, now: Instant) {
        // Whoever has not said hello in time does not gain time by talking.
        if self.state == State::Live {
            self.held.heard(now);
        }
    }

    fn tick(&mut self, now: Instant, out: &mut Vec<Output>) {
        if self.held.expired(now) {
            let live = self.state == State::Live;
            let code = if live { Code::LeaseExpired } else { Code::HelloTimeout };
            self.close(code.into(), out);
        }
    }

    fn park(
        &mut self,
        now: Instant,
        (place, wait_ms, message): (u32, u32, Option<String>),
        out: &mut Vec<Output>,
    ) {
        let patience = Lease { ping_ms: PARKED_MS, lease_ms: PARKED_MS, spread_ms: 0 };
        self.held.renew(now, patience);
        if wait_ms >= SAID_FROM_MS || message.is_some() {
            out.push(Output::Send(ServerFrame::Parked { place, wait_ms, message }));
        }
    }

    fn close(&mut self, refusal: Refusal, out: &mut Vec<Output>) {
        self.leave(refusal, None, out);
    }

    fn leave(&mut self, refusal: Refusal, slot: Option<String>, out: &mut Vec<Output>) {
        let frame = match self.state {
            State::Live => ServerFrame::Goodbye { refusal: refusal.clone(), slot },
            State::Silent | State::Knocking | State::Closed => {
                ServerFrame::Refuse { refusal: refusal.clone(), slot }
            }
        };
        self.state = State::Closed;
        out.push(Output::Send(frame));
        out.push(Output::Close(refusal));
    }

    fn frame(&mut self, now: Instant, limits: &Limits, frame: ClientFrame, out: &mut Vec<Output>) {
        match (self.state, frame) {
            (State::Silent, ClientFrame::Hello(hello)) => self.hello(hello, out),
            (State::Silent, _) => {
                self.close(Refusal::because(Code::BadFrame, "the first frame is hello"), out);
            }
            (_, ClientFrame::Hello(_)) => {
                self.close(Refusal::because(Code::BadFrame, "hello was said already"), out);
            }
            (State::Knocking, ClientFrame::Ping { hidden, .. }) => self.hidden = hidden,
            (State::Knocking, _) => {
                self.close(
                    Refusal::because(Code::BadFrame, "nothing but ping before welcome"),
                    out,
                );
            }
            (State::Live, frame) => self.request(now, limits, frame, out),
            (State::Closed, _) => {}
        }
    }

    fn hello(&mut self, hello: Hello, out: &mut Vec<Output>) {
        if hello.positions.len() > limits::POSITIONS_MAX {
            let most = limits::POSITIONS_MAX;
            let why = format!("hello gives at most {most} positions");
            return self.close(Refusal::because(Code::BadFrame, why), out);
        }
        self.state = State::Knocking;
        out.push(Output::Knock(Box::new(hello)));
    }

    fn request(
        &mut self,
        now: Instant,
        limits: &Limits,
        frame: ClientFrame,
        out: &mut Vec<Output>,
    ) {
        if let ClientFrame::Post { room, nonce, draft } = frame {
            return self.post(now, limits, (room, nonce, draft), out);
        }
        if let Err(wait_ms) = self.requests.pass(now, limits.requests, cost(&frame)) {
            let refusal = Refusal::from(Code::RateLimited).after(wait_ms);
            out.push(Output::Send(ServerFrame::Refused { nonce: None, room: None, refusal }));
            return;
        }
        out.push(match frame {
            ClientFrame::Read { room, seq } => Output::Read(room, seq),
            ClientFrame::Typing { room, thread } => Output::Typing(room, thread),
            ClientFrame::Watch { rooms } => Output::Watch(rooms),
            ClientFrame::Open { room } => Output::Open(room),
            ClientFrame::Presence { state } => Output::Presence(state),
            ClientFrame::Ping { n, hidden } => {
                self.hidden = hidden;
                let lease = limits.terms.lease(hidden);
                self.held.renew(now, lease);
                Output::Send(ServerFrame::Pong { n, lease })
            }
            ClientFrame::Hello(_) | ClientFrame::Post { .. } => return,
        });
    }

    fn post(
        &mut self,
        now: Instant,
        limits: &Limits,
        (room, nonce, draft): (RoomId, Nonce, Draft),
        out: &mut Vec<Output>,
    ) {
        let full = self.in_flight >= limits.posts_in_flight_max;
        let passed = if full { Err(200) } else { self.posts.pass(now, limits.posts, 1) };
        if let Err(wait_ms) = passed {
            let refusal = Refusal::from(Code::RateLimited).after(wait_ms);
            let refused = ServerFrame::Refused { nonce: Some(nonce), room: Some(room), refusal };
            return out.push(Output::Send(refused));
        }
        self.in_flight += 1;
        out.push(Output::Post(room, nonce, draft));
    }
}

/// How many requests a frame counts as: by what it costs the server.
pub fn cost(frame: &ClientFrame) -> u64 {
    match frame {
        ClientFrame::Hello(_)
        | ClientFrame::Post { .. }
        | ClientFrame::Ping { .. }
        | ClientFrame::Presence { .. } => 1,
        ClientFrame::Typing { .. } => 2,
        ClientFrame::Watch { .. } | ClientFrame::Open { .. } => 4,
        // Each is a write to the database.
        ClientFrame::Read { .. } => 8,
    }
}

/// A rate limit in one number: when all that has passed will have been paid off.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Gcra {
    paid_at: Instant,
}

impl Gcra {
    /// Lets `count` pass.
    ///
    /// # Errors
    /// In how many milliseconds they would.
    pub fn pass(&mut self, now: Instant, rate: Rate, count: u64) -> Result<(), u32> {
        let paid_at = self.paid_at.max(now).0 + count * rate.each_us;
        let over_us = paid_at.saturating_sub(now.0 + rate.burst * rate.each_us);
        if over_us > 0 {
            return Err(u32::try_from(over_us / 1_000 + 1).unwrap_or(u32::MAX));
        }
        self.paid_at = Instant(paid_at);
        Ok(())
    }
}
