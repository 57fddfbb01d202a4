//! The client: a socket driven by [`Reconnect`], positions and an outbox. It has no task of its own:
//! whoever awaits [`Client::next`] drives it, so that thousands fit one thread at a kilobyte or two
//! each. Never decides when to connect: that is the machine's business.

use crate::alarm::Alarm;
use crate::drill::Species;
use crate::frames::{self, Frame};
use crate::machine::Machine;
use crate::outbox::Outbox;
use crate::positions::{Positions, Step};
use crate::server::Server;
use crate::socket::{Ask, Socket, SocketError};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use leeward_core::code::{Refusal, Then};
use leeward_core::event::{Draft, Event};
use leeward_core::id::{Instant, Millis, Nonce, Position, RoomId, Seq};
use leeward_core::reconnect::{Bar, Input, Output};
use leeward_core::wire::{self, ClientFrame, Hello, ServerFrame};
use leeward_core::ws::Message;
use leeward_core::ws::frame::Opcode;
use std::borrow::Cow;
use std::collections::VecDeque;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::OnceLock;
use std::task::{Context, Poll};

/// Frames other than posts that may wait for the connection; beyond, the oldest is let go.
const SAYINGS_MAX: usize = 64;

/// Whose connection, and to where.
#[derive(Clone)]
pub struct Options {
    /// The server.
    pub server: Server,
    /// A sign-in token or a bot's token.
    pub token: String,
    /// Name and version of the program.
    pub build: Cow<'static, str>,
    /// The address to connect from, if it matters.
    pub from: Option<IpAddr>,
    /// Ask for compression.
    pub deflate: bool,
    /// Nobody looks: take the long lease, ping once a minute.
    pub hidden: bool,
}

impl Options {
    /// The usual options of a program.
    pub fn new(server: Server, token: impl Into<String>) -> Self {
        let build = Cow::Borrowed(concat!("leeward-client/", env!("CARGO_PKG_VERSION")));
        Self { server, token: token.into(), build, from: None, deflate: false, hidden: false }
    }
}

/// What a client tells whoever drives it.
#[derive(Clone, PartialEq, Debug)]
pub enum Heard {
    /// Something happened in a room: each event once, in order, without holes since the last
    /// `gap`.
    Event {
        /// Where.
        room: RoomId,
        /// What.
        event: Box<Event>,
    },
    /// A post was stored durably.
    Posted {
        /// Which.
        nonce: Nonce,
        /// Where.
        room: RoomId,
        /// Its place.
        seq: Seq,
        /// When.
        at: Millis,
    },
    /// A request was refused for good; a post is given up.
    Refused {
        /// Which post, if it was one.
        nonce: Option<Nonce>,
        /// Why.
        refusal: Refusal,
    },
    /// The state of the connection, in the words that a person is shown.
    Bar(Bar),
    /// Any other frame.
    Frame(Box<ServerFrame>),
}

/// Who hears what a client hears, as it is read from the socket.
pub trait Listener {
    /// Something happened in a room; `json` is the event as the server wrote it.
    fn event(&mut self, room: RoomId, seq: Seq, json: &str);
    /// Anything else.
    fn heard(&mut self, heard: Heard);
    /// An attempt to connect begins.
    fn knocking(&mut self) {}
    /// A frame of so many bytes has come.
    fn frame(&mut self, bytes: usize) {
        let _ = bytes;
    }
}

/// A client of one account.
pub struct Client {
    link: Link,
    timer: Alarm,
    mind: Mind,
    /// What [`Client::next`] has not yet given out.
    inbox: VecDeque<Heard>,
}

type Opening = Pin<Box<dyn Future<Output = Result<Socket, SocketError>> + Send>>;

enum Link {
    None,
    Opening(Opening),
    Open(Box<Socket>),
}

/// All but the socket and the clock.
struct Mind {
    options: Options,
    machine: Machine,
    started: bool,
    welcomed: bool,
    /// What was heard cannot be all: the connection is to be lost and resumed.
    broken: bool,
    ticket: Option<Box<str>>,
    account_version: u64,
    positions: Positions,
    outbox: Outbox,
    sayings: VecDeque<ClientFrame>,
    attempts: u32,
    spread_ms: u32,
    /// Events that came again, and holes found in what came.
    amiss: (u32, u32),
    /// Events that come again by right: a snapshot was from before them.
    replayed: u32,
}

/// Time in the core's terms: since the first question.
pub(crate) fn now() -> Instant {
    static START: OnceLock<std::time::Instant> = OnceLock::new();
    let elapsed = START.get_or_init(std::time::Instant::now).elapsed();
    Instant(u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX))
}

pub(crate) fn random() -> u32 {
    getrandom::u32().expect("the system has randomness once it has started")
}

/// 96 unpredictable bits: unique per sender for ever.
fn draw_nonce() -> Nonce {
    let mut bytes = [0; 12];
    getrandom::fill(&mut bytes).expect("the system has randomness once it has started");
    Nonce::try_from(URL_SAFE_NO_PAD.encode(bytes)).expect("16 visible characters")
}

impl Client {
    /// A client that connects as soon as it is driven.
    pub fn new(options: Options) -> Self {
        Self::of(Species::Leeward, options)
    }

    /// A client that comes back as one of another make would. For drills and tests.
    pub fn of(species: Species, options: Options) -> Self {
        let mind = Mind {
            options,
            machine: Machine::of(species),
            started: false,
            welcomed: false,
            broken: false,
            ticket: None,
            account_version: 0,
            positions: Positions::default(),
            outbox: Outbox::default(),
            sayings: VecDeque::new(),
            attempts: 0,
            spread_ms: 0,
            amiss: (0, 0),
            replayed: 0,
        };
        Self { link: Link::None, timer: Alarm::default(), mind, inbox: VecDeque::new() }
    }

    /// Posts a draft: it is sent when there is a connection, again whenever the answer was lost, and
    /// kept until it is stored or refused for good.
    pub fn post(&mut self, room: RoomId, draft: Draft) -> Nonce {
        let nonce = draw_nonce();
        self.mind.outbox.push(room, nonce.clone(), draft);
        nonce
    }

    /// Says something that is not a post, such as `read` or `typing`: once, when there is a connection.
    pub fn say(&mut self, frame: ClientFrame) {
        if self.mind.sayings.len() == SAYINGS_MAX {
            self.mind.sayings.pop_front();
        }
        self.mind.sayings.push_back(frame);
    }

    /// Posts that are neither stored nor refused.
    pub fn unanswered(&self) -> usize {
        self.mind.outbox.len()
    }

    /// How far a room has been seen.
    pub fn position(&self, room: RoomId) -> Option<Position> {
        self.mind.positions.of(room)
    }

    /// The server has let the client in, on the connection there is.
    pub fn is_welcome(&self) -> bool {
        self.mind.welcomed
    }

    /// Connections tried so far.
    pub fn attempts(&self) -> u32 {
        self.mind.attempts
    }

    /// The window over which the server wants lost clients to come back, in milliseconds; 0 before
    /// the first welcome.
    pub fn spread_ms(&self) -> u32 {
        self.mind.spread_ms
    }

    /// Drops the connection without a word, as a broken network would, and comes back as the machine
    /// says, `random` of 2³² into its window. For drills and tests.
    pub fn lose(&mut self, random: u32) {
        self.link = Link::None;
        self.mind.lost();
        self.mind.machine.handle(now(), Input::Closed { random });
    }

    /// Breaks the connection off with a reset, as a machine that fails would; else as [`Self::lose`].
    pub fn reset(&mut self, random: u32) {
        if let Link::Open(socket) = &self.link {
            socket.reset_when_dropped();
        }
        self.lose(random);
    }

    /// Tries at once, unless the server has given a later time: as a person does who presses "try
    /// now".
    pub fn try_now(&mut self) {
        self.mind.machine.handle(now(), Input::TryNow);
    }

    /// Connects again after a refusal for good, as a page that is loaded again does.
    pub fn start_again(&mut self) {
        self.mind.machine.handle(now(), Input::Start);
    }

    /// Forgets the session: the next connection shows the sign-in token alone and has the account
    /// read again. Positions stay, because drafts and events are counted by them.
    pub fn forget_session(&mut self) {
        self.mind.ticket = None;
        self.mind.account_version = 0;
    }

    /// Goes on as another build of the program, from the next connection.
    pub fn set_build(&mut self, build: impl Into<Cow<'static, str>>) {
        self.mind.options.build = build.into();
    }

    /// How many events came again on the wire, beside those that follow a snapshot from before them, and how many holes were found in what came. Neither
    /// reaches a listener: both are the server's fault, and healed here.
    pub fn amiss(&self) -> (u32, u32) {
        let (again, holes) = self.mind.amiss;
        (again.saturating_sub(self.mind.replayed), holes)
    }

    /// Disconnects and stays away.
    pub fn stop(&mut self) {
        self.mind.started = true;
        self.mind.machine.handle(now(), Input::Stop);
    }

    /// Drives the client until there is something to tell. Cancelling loses nothing.
    pub async fn next(&mut self) -> Heard {
        struct Typed<'a>(&'a mut VecDeque<Heard>);
        impl Listener for Typed<'_> {
            fn event(&mut self, room: RoomId, _: Seq, json: &str) {
                match serde_json::from_str(json) {
                    Ok(event) => self.0.push_back(Heard::Event { room, event }),
                    Err(error) => tracing::warn!(%error, "an event is not understood"),
                }
            }
            fn heard(&mut self, heard: Heard) {
                self.0.push_back(heard);
            }
        }
        loop {
            if let Some(heard) = self.inbox.pop_front() {
                return heard;
            }
            let mut inbox = VecDeque::new();
            let mut typed = Typed(&mut inbox);
            std::future::poll_fn(|cx| self.poll(cx, &mut typed)).await;
            self.inbox = inbox;
        }
    }

    /// Drives the client until something was told to `listener`. Cancelling loses nothing.
    pub async fn listen(&mut self, listener: &mut impl Listener) {
        std::future::poll_fn(|cx| self.poll(cx, listener)).await;
    }

    /// Drives the client; ready when something was told to `listener`.
    pub fn poll(&mut self, cx: &mut Context<'_>, listener: &mut impl Listener) -> Poll<()> {
        let mut ears = Counted { listener, count: 0 };
        if !self.mind.started {
            self.mind.started = true;
            let hidden = self.mind.options.hidden;
            if hidden {
                self.mind.machine.handle(now(), Input::Hidden);
            }
            self.mind.machine.handle(now(), Input::Start);
        }
        loop {
            self.perform(&mut ears);
            let moved = self.poll_link(cx, &mut ears);
            let moved = self.poll_timer(cx) || moved;
            if ears.count > 0 {
                self.perform(&mut ears);
                return Poll::Ready(());
            }
            if !moved {
                return Poll::Pending;
            }
        }
    }

    /// Does what the machine wants, then sends what waits.
    fn perform(&mut self, ears: &mut Counted<'_, impl Listener>) {
        while let Some(output) = self.mind.machine.next_output() {
            match output {
                Output::Open => {
                    self.mind.attempts += 1;
                    ears.listener.knocking();
                    self.link = Link::Opening(open(&self.mind.options));
                }
                Output::Hello { resume, slot } => {
                    let hello = self.mind.hello(resume, slot);
                    self.write(&ClientFrame::Hello(hello));
                }
                Output::Close => {
                    self.link = Link::None;
                    self.mind.lost();
                }
                Output::Ping { n, hidden } => self.write(&ClientFrame::Ping { n, hidden }),
                Output::Bar(bar) => ears.heard(Heard::Bar(bar)),
            }
        }
        if self.mind.welcomed {
            while let Some(frame) = self.mind.outbox.next_frame(now()) {
                self.write(&frame);
            }
            while let Some(frame) = self.mind.sayings.pop_front() {
                self.write(&frame);
            }
        }
    }

    fn write(&mut self, frame: &ClientFrame) {
        if let Link::Open(socket) = &mut self.link {
            socket.say(Opcode::Text, &frames::write(frame));
        }
    }

    /// Whether anything came of the socket.
    fn poll_link(&mut self, cx: &mut Context<'_>, ears: &mut Counted<'_, impl Listener>) -> bool {
        let lost = match &mut self.link {
            Link::None => return false,
            Link::Opening(opening) => match opening.as_mut().poll(cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(socket)) => {
                    self.link = Link::Open(Box::new(socket));
                    self.mind.machine.handle(now(), Input::Opened);
                    return true;
                }
                Poll::Ready(Err(error)) => Some(error),
            },
            Link::Open(socket) => {
                let mind = &mut self.mind;
                let heard = socket.poll_hear(cx, |message| {
                    if let Message::Text(text) = message {
                        mind.on_text(text, ears);
                    }
                });
                match heard {
                    Poll::Pending => return false,
                    Poll::Ready(Err(error)) => Some(error),
                    Poll::Ready(Ok(())) => None,
                }
            }
        };
        if lost.is_some() || self.mind.broken {
            if let Some(error) = lost {
                tracing::debug!(%error, "the connection is lost");
            }
            self.lose(random());
        }
        true
    }

    /// Whether a deadline has come.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let own = self.mind.outbox.deadline().filter(|_| self.mind.welcomed);
        let deadline = self.mind.machine.deadline().into_iter().chain(own).min();
        let Poll::Ready(at) = self.timer.poll(deadline, cx) else { return false };
        if self.mind.machine.deadline().is_some_and(|due| due <= at) {
            self.mind.machine.handle(at, Input::Tick { random: random() });
        }
        true
    }
}

/// The future that opens a socket; boxed, so that a silent client does not carry its size.
fn open(options: &Options) -> Opening {
    let (server, from, deflate) = (options.server.clone(), options.from, options.deflate);
    Box::pin(async move {
        let protocol = Some(wire::SUBPROTOCOL);
        Socket::open(&server, Ask { path: "/api/v1/live", protocol, deflate, from }).await
    })
}

impl Mind {
    fn hello(&self, resume: bool, slot: Option<String>) -> Hello {
        Hello {
            ticket: self.ticket.as_deref().filter(|_| resume).map(str::to_owned),
            token: Some(self.options.token.clone()),
            slot,
            build: self.options.build.to_string(),
            account_version: if resume { self.account_version } else { 0 },
            positions: self.positions.for_hello(),
        }
    }

    fn lost(&mut self) {
        self.welcomed = false;
        self.broken = false;
        self.outbox.lost();
        self.sayings.clear();
    }

    fn on_text(&mut self, text: &str, ears: &mut Counted<'_, impl Listener>) {
        if self.broken {
            return;
        }
        ears.listener.frame(text.len());
        match frames::read(text) {
            Ok(Frame::Event { room, seq, json }) => {
                self.machine.handle(now(), Input::Heard);
                self.on_event(room, seq, json, ears);
            }
            Ok(Frame::Delta { room, epoch, events }) => {
                self.machine.handle(now(), Input::Heard);
                self.positions.set_epoch(room, epoch);
                for (seq, json) in events {
                    self.on_event(room, seq, json, ears);
                }
            }
            Ok(Frame::Other(frame)) => self.on_frame(frame, ears),
            Err(error) => {
                // Servers of a later version may say more; what matters has a seq.
                self.machine.handle(now(), Input::Heard);
                tracing::debug!(%error, "a frame is not understood");
            }
        }
    }

    fn on_event(
        &mut self,
        room: RoomId,
        seq: Seq,
        json: &str,
        ears: &mut Counted<'_, impl Listener>,
    ) {
        match self.positions.step(room, seq) {
            Step::Next => ears.event(room, seq, json),
            Step::Again => self.amiss.0 += 1,
            Step::Hole => {
                self.amiss.1 += 1;
                tracing::warn!(%room, %seq, "events are missing before this one; resuming");
                self.broken = true;
            }
        }
    }

    fn on_frame(&mut self, frame: ServerFrame, ears: &mut Counted<'_, impl Listener>) {
        self.machine.handle(now(), input(&frame));
        match &frame {
            ServerFrame::Welcome { ticket, lease, .. } => {
                self.welcomed = true;
                self.spread_ms = lease.spread_ms;
                self.ticket = Some(ticket.as_str().into());
            }
            ServerFrame::Account(state) => {
                self.account_version = state.version;
                self.positions.keep(|room| state.rooms.iter().any(|r| r.id == room));
                for room in &state.rooms {
                    let head = Position { epoch: room.epoch, seq: room.head };
                    self.positions.begin(room.id, head);
                }
            }
            ServerFrame::AccountRoom { version, room } => {
                self.account_version = self.account_version.max(*version);
                self.positions.begin(room.id, Position { epoch: room.epoch, seq: room.head });
            }
            ServerFrame::AccountRoomGone { version, room } => {
                self.account_version = self.account_version.max(*version);
                self.positions.forget(*room);
            }
            ServerFrame::Read { version, .. } => {
                self.account_version = self.account_version.max(*version);
            }
            ServerFrame::Gap { room, head } => self.positions.jump(*room, *head),
            ServerFrame::Snapshot(snapshot) => {
                let seen = self.positions.of(snapshot.room).map_or(0, |at| at.seq.0);
                let behind = seen.saturating_sub(snapshot.at.seq.0);
                self.replayed += u32::try_from(behind).unwrap_or(u32::MAX);
            }
            ServerFrame::Posted { nonce, room, seq, at } => {
                if self.outbox.answered(nonce) {
                    let (nonce, room, seq, at) = (nonce.clone(), *room, *seq, *at);
                    ears.heard(Heard::Posted { nonce, room, seq, at });
                }
                return;
            }
            ServerFrame::Refused { nonce, refusal, .. } => {
                self.on_refused(nonce.clone(), refusal.clone(), ears);
                return;
            }
            ServerFrame::Delta { .. }
            | ServerFrame::CaughtUp { .. }
            | ServerFrame::Event { .. }
            | ServerFrame::Presence { .. }
            | ServerFrame::Typing { .. }
            | ServerFrame::Person { .. }
            | ServerFrame::Shed { .. }
            | ServerFrame::Parked { .. }
            | ServerFrame::Pong { .. }
            | ServerFrame::Refuse { .. }
            | ServerFrame::Goodbye { .. } => {}
        }
        if !matches!(frame, ServerFrame::Pong { .. }) {
            ears.heard(Heard::Frame(Box::new(frame)));
        }
    }

    fn on_refused(
        &mut self,
        nonce: Option<Nonce>,
        refusal: Refusal,
        ears: &mut Counted<'_, impl Listener>,
    ) {
        if let (Some(nonce), Then::Retry) = (&nonce, refusal.then) {
            let after_ms = refusal.after_ms.unwrap_or(refusal.code.after_ms());
            self.outbox.retry(nonce, now().plus_ms(after_ms.into()));
        } else if nonce.as_ref().is_none_or(|nonce| self.outbox.answered(nonce)) {
            ears.heard(Heard::Refused { nonce, refusal });
        }
    }
}

/// A frame as the machine is told of it.
fn input(frame: &ServerFrame) -> Input {
    match frame {
        ServerFrame::Welcome { lease, .. } => Input::Welcome { lease: *lease },
        ServerFrame::CaughtUp { .. } => Input::CaughtUp,
        ServerFrame::Parked { place, wait_ms, message } => {
            let message = message.clone().map(String::into_boxed_str);
            Input::Parked { place: *place, wait_ms: *wait_ms, message }
        }
        ServerFrame::Pong { lease, .. } => Input::Pong { lease: *lease },
        ServerFrame::Refuse { refusal, slot } => {
            Input::Refuse { refusal: refusal.clone(), slot: slot.clone(), random: random() }
        }
        ServerFrame::Goodbye { refusal, slot } => {
            Input::Goodbye { refusal: refusal.clone(), slot: slot.clone(), random: random() }
        }
        ServerFrame::Shed { what } => Input::Shed { on: !what.is_empty() },
        ServerFrame::Account(_)
        | ServerFrame::AccountRoom { .. }
        | ServerFrame::AccountRoomGone { .. }
        | ServerFrame::Read { .. }
        | ServerFrame::Delta { .. }
        | ServerFrame::Gap { .. }
        | ServerFrame::Event { .. }
        | ServerFrame::Snapshot(_)
        | ServerFrame::Posted { .. }
        | ServerFrame::Refused { .. }
        | ServerFrame::Presence { .. }
        | ServerFrame::Typing { .. }
        | ServerFrame::Person { .. } => Input::Heard,
    }
}

/// A listener, and how much it was told.
struct Counted<'a, L: Listener> {
    listener: &'a mut L,
    count: usize,
}

impl<L: Listener> Listener for Counted<'_, L> {
    fn event(&mut self, room: RoomId, seq: Seq, json: &str) {
        self.count += 1;
        self.listener.event(room, seq, json);
    }

    fn heard(&mut self, heard: Heard) {
        self.count += 1;
        self.listener.heard(heard);
    }
}
