//! The client: a connection driven by the machine of its species, and what it has said that nobody has
//! yet heard. It has no task of its own, like [`crate::Client`]; whoever awaits [`Client::listen`]
//! drives it.

use super::bosh::Session;
use super::link::Link;
use super::scan::{Flow, Piece};
use super::talk::{Message, News, Talk, say};
use super::{Seat, words};
use crate::alarm::Alarm;
use crate::client::{now, random};
use crate::drill::Species;
use crate::drill::stubborn::Stubborn;
use crate::socket::SocketError;
use leeward_core::reconnect::{Input, Output};
use leeward_core::wire::Lease;
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

/// A white space once a minute, as most clients send.
const LEASE: Lease = Lease { ping_ms: 60_000, lease_ms: 180_000, spread_ms: 0 };
/// So often strophe.js says a request again before it gives its session up.
const SAID_AGAIN_MAX: u32 = 5;
/// How long a goodbye may take.
const GOODBYE_MAX: Duration = Duration::from_secs(1);
/// Messages that may wait for their echo; beyond, the oldest is let go.
const POSTS_MAX: usize = 64;

/// Whoever hears what a client hears.
pub trait Listener {
    /// It has begun to connect.
    fn knocking(&mut self);
    /// It is in: every room's subject has come, or its session goes on where it was.
    fn ready(&mut self, resumed: bool);
    /// Somebody said something, perhaps before now: history too, and one's own words.
    fn message(&mut self, message: Message<'_>);
    /// A message of one's own was said, in the room of this number.
    fn echoed(&mut self, room: usize, message: Message<'_>);
    /// The server does not want it, in a word of its own.
    fn refused(&mut self, condition: &str);
    /// The server says that the sign-in has failed, in a word of its own.
    fn signed_out(&mut self, condition: &str);
    /// The connection is gone, otherwise than by [`Client::reset`].
    fn lost(&mut self);
}

/// A client of one account.
pub struct Client {
    seat: Rc<Seat>,
    /// Where it goes when it has lost its session here.
    other: Option<Rc<Seat>>,
    /// It is at the other.
    strays: bool,
    /// A session of BOSH whose connections are gone.
    kept: Option<Box<Session>>,
    /// It goes on with that session, and nothing has been answered yet.
    attaching: bool,
    machine: Stubborn,
    started: bool,
    link: State,
    talk: Talk,
    timer: Alarm,
    posts: VecDeque<Post>,
    /// Tells it from every other client of the account, now and before.
    life: u64,
    posted: u32,
}

type Opening = Pin<Box<dyn Future<Output = Result<Link, SocketError>>>>;

enum State {
    None,
    Opening(Opening),
    Open(Box<Link>),
}

/// A message that has not come back.
struct Post {
    room: u8,
    id: Box<str>,
    text: Box<str>,
    sent: Sent,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    No,
    /// On this connection, as this stanza of its session, if there is one.
    Here(Option<u32>),
    /// The server has it, by its own word: the echo will come.
    Handled,
}

impl Client {
    /// A client that connects as soon as it is driven, and comes back as its species does.
    pub fn new(species: Species, seat: Rc<Seat>) -> Self {
        Self {
            seat,
            other: None,
            strays: false,
            kept: None,
            attaching: false,
            machine: Stubborn::new(species),
            started: false,
            link: State::None,
            talk: Talk::default(),
            timer: Alarm::default(),
            posts: VecDeque::new(),
            life: getrandom::u64().expect("the system has randomness once it has started"),
            posted: 0,
        }
    }

    /// The same account by another transport, for whoever loses a session.
    #[must_use]
    pub fn or_at(self, other: Option<Rc<Seat>>) -> Self {
        Self { other, ..self }
    }

    /// Says something in the room of this number: once it is in, and again whenever it has to sign in
    /// anew before its words came back. Each is named by the account, the client and a number, so that
    /// no other client's is taken for the same said again.
    pub fn post(&mut self, room: u8, text: &str) {
        if self.posts.len() == POSTS_MAX {
            self.posts.pop_front();
        }
        self.posted += 1;
        let id = format!("{}-{:x}-{}", self.seat.name, self.life, self.posted).into();
        self.posts.push_back(Post { room, id, text: text.into(), sent: Sent::No });
    }

    /// It is in all its rooms.
    pub fn is_in(&self) -> bool {
        self.talk.is_in() && !self.attaching && matches!(self.link, State::Open(_))
    }

    /// Breaks the connection off with a reset, as a machine that fails would, and comes back as its
    /// species does, `random` of 2³² into its window.
    pub fn reset(&mut self, random: u32) {
        self.drop_link();
        self.machine.handle(now(), &Input::Closed { random });
        if self.machine.failed() > SAID_AGAIN_MAX {
            self.kept = None;
        }
        if self.kept.is_none() && self.other.is_some() {
            self.go_elsewhere();
        }
    }

    /// Its session is lost with this address, and so it tries the other.
    fn go_elsewhere(&mut self) {
        self.talk.forget();
        self.machine.loses_session(now());
        if let Some(other) = &mut self.other {
            std::mem::swap(&mut self.seat, other);
            self.strays = !self.strays;
        }
    }

    /// Tries at once.
    pub fn try_now(&mut self) {
        self.machine.handle(now(), &Input::TryNow);
    }

    /// The next connection signs in anew, whatever session there was.
    pub fn forget_session(&mut self) {
        self.talk.forget();
        self.kept = None;
        if let State::Open(link) = &mut self.link {
            link.forget();
        }
    }

    /// Says goodbye, for a second at most; to be dropped then.
    pub async fn leave(&mut self) {
        let State::Open(link) = &mut self.link else { return };
        let end = std::future::poll_fn(|cx| link.poll_end(cx));
        // Who is not heard is missed after a while.
        let _ = tokio::time::timeout(GOODBYE_MAX, end).await;
    }

    /// Drives the client until something was told to `listener`. Cancelling loses nothing.
    pub async fn listen(&mut self, listener: &mut impl Listener) {
        std::future::poll_fn(|cx| self.poll(cx, listener)).await;
    }

    /// Drives the client; ready when something was told to `listener`.
    pub fn poll(&mut self, cx: &mut Context<'_>, listener: &mut impl Listener) -> Poll<()> {
        if !std::mem::replace(&mut self.started, true) {
            self.machine.handle(now(), &Input::Start);
        }
        let mut told = false;
        loop {
            told |= self.perform(cx, listener);
            let moved = self.poll_link(cx, listener, &mut told);
            let moved = self.poll_timer(cx) || moved;
            if told {
                self.perform(cx, listener);
                return Poll::Ready(());
            }
            if !moved {
                return Poll::Pending;
            }
        }
    }

    /// Does what the machine wants and says what waits; whether the listener was told anything.
    fn perform(&mut self, cx: &mut Context<'_>, listener: &mut impl Listener) -> bool {
        let mut told = false;
        while let Some(output) = self.machine.next_output() {
            match output {
                Output::Open => {
                    listener.knocking();
                    told = true;
                    self.link = State::Opening(Box::pin(Link::open(Rc::clone(&self.seat))));
                }
                Output::Close => {
                    let was_in = self.is_in();
                    self.drop_link();
                    if was_in {
                        listener.lost();
                        told = true;
                    }
                }
                Output::Ping { .. } => {
                    if let State::Open(link) = &mut self.link {
                        link.ping();
                    }
                }
                // The talk itself says who is there and whether a session is resumed.
                Output::Hello { .. } | Output::Bar(_) => {}
            }
        }
        if self.is_in() && self.posts.iter().any(|post| post.sent == Sent::No) {
            self.say_posts(cx);
        }
        told
    }

    fn say_posts(&mut self, cx: &mut Context<'_>) {
        let State::Open(link) = &mut self.link else { return };
        let mut out = String::new();
        for post in self.posts.iter_mut().filter(|post| post.sent == Sent::No) {
            let Some(room) = self.seat.rooms.get(usize::from(post.room)) else { continue };
            post.sent = Sent::Here(self.talk.said());
            say(&mut out, |out| words::message(&self.seat, room, &post.id, &post.text, out));
        }
        link.say(&out);
        // Reading finds out when the connection is gone.
        let _ = link.poll_flush(cx);
    }

    /// The connection is reset, and what was on its way is to be said again.
    fn drop_link(&mut self) {
        self.attaching = false;
        let in_before = self.talk.is_in();
        if let State::Open(link) = std::mem::replace(&mut self.link, State::None) {
            link.reset_when_dropped();
            let session = link.into_session();
            self.kept = session.filter(|session| session.lives() && in_before);
        }
    }

    /// Whether anything came of the connection.
    fn poll_link(
        &mut self,
        cx: &mut Context<'_>,
        listener: &mut impl Listener,
        told: &mut bool,
    ) -> bool {
        let link = match &mut self.link {
            State::None => return false,
            State::Open(link) => link,
            State::Opening(opening) => {
                match opening.as_mut().poll(cx) {
                    Poll::Pending => return false,
                    Poll::Ready(Ok(link)) => self.opened(link),
                    Poll::Ready(Err(error)) => {
                        tracing::debug!(%error, "no connection");
                        self.reset(random());
                    }
                }
                return true;
            }
        };
        let mut hearing = Hearing {
            seat: &self.seat,
            talk: &mut self.talk,
            posts: &mut self.posts,
            out: String::new(),
            over: false,
            ready: false,
            attaching: &mut self.attaching,
            told,
            listener,
        };
        let heard = link.poll_hear(cx, |piece| hearing.piece(piece));
        let Hearing { out, over, ready, .. } = hearing;
        let lost = match heard {
            Poll::Pending => return false,
            Poll::Ready(Ok(())) => over,
            Poll::Ready(Err(error)) => {
                tracing::debug!(%error, "the connection is lost");
                true
            }
        };
        if !out.is_empty() {
            link.say(&out);
        }
        if ready {
            self.machine.handle(now(), &Input::Welcome { lease: LEASE });
            self.machine.handle(now(), &Input::CaughtUp);
        }
        if lost {
            let was_in = self.is_in();
            self.reset(random());
            if was_in {
                listener.lost();
                *told = true;
            }
        }
        true
    }

    fn opened(&mut self, mut link: Link) {
        if let Some(session) = self.kept.take() {
            link.take_up(session);
            self.attaching = true;
        } else {
            let mut out = String::new();
            self.talk.open(&self.seat, &mut out);
            link.say(&out);
        }
        self.link = State::Open(Box::new(link));
        self.machine.handle(now(), &Input::Opened);
    }

    /// Whether a deadline has come.
    fn poll_timer(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(at) = self.timer.poll(self.machine.deadline(), cx) else { return false };
        self.machine.handle(at, &Input::Tick { random: random() });
        true
    }
}

/// What hears the pieces of one reading.
struct Hearing<'a, L> {
    seat: &'a Seat,
    talk: &'a mut Talk,
    posts: &'a mut VecDeque<Post>,
    out: String,
    /// The server has said goodbye, or no.
    over: bool,
    /// It has just come in.
    ready: bool,
    /// The first answer shows that its session goes on.
    attaching: &'a mut bool,
    told: &'a mut bool,
    listener: &'a mut L,
}

impl<L: Listener> Hearing<'_, L> {
    fn piece(&mut self, piece: Piece<'_>) -> Flow {
        let element = match piece {
            Piece::Header(_) => {
                if std::mem::take(self.attaching) {
                    (self.ready, *self.told) = (true, true);
                    self.listener.ready(true);
                }
                return Flow::On;
            }
            Piece::End => {
                self.over = true;
                return Flow::On;
            }
            Piece::Element(element) => element,
        };
        match self.talk.hear(self.seat, element, &mut self.out) {
            News::None => return Flow::after(self.talk),
            News::Handled(handled) => {
                self.handled(handled);
                return Flow::On;
            }
            News::Ready { handled } => {
                self.ready = true;
                self.come_in(handled);
                self.listener.ready(handled.is_some());
            }
            News::Message(message) => {
                self.echo(message);
                self.listener.message(message);
            }
            News::Refused(condition) => {
                self.over = true;
                self.listener.refused(condition);
            }
            News::SignedOut(condition) => {
                self.over = true;
                self.listener.signed_out(condition);
            }
        }
        *self.told = true;
        Flow::On
    }

    /// What was on its way when the last connection ended is said again, unless the session goes on
    /// and has it.
    fn come_in(&mut self, handled: Option<u32>) {
        if let Some(handled) = handled {
            self.handled(handled);
        }
        for post in &mut *self.posts {
            let stays = handled.is_some() && post.sent == Sent::Handled;
            post.sent = if stays { Sent::Handled } else { Sent::No };
        }
    }

    /// The server has so many stanzas of this session.
    fn handled(&mut self, handled: u32) {
        for post in &mut *self.posts {
            let behind = |said: u32| handled.wrapping_sub(said) < u32::MAX / 2;
            if matches!(post.sent, Sent::Here(Some(said)) if behind(said)) {
                post.sent = Sent::Handled;
            }
        }
    }

    fn echo(&mut self, message: Message<'_>) {
        if self.posts.is_empty() || message.nick() != &*self.seat.name {
            return;
        }
        let id = message.id();
        let Some(at) = self.posts.iter().position(|post| *post.id == *id) else { return };
        if let Some(post) = self.posts.remove(at) {
            self.listener.echoed(post.room.into(), message);
        }
        if self.posts.is_empty() {
            *self.posts = VecDeque::new();
        }
    }
}

impl Flow {
    fn after(talk: &mut Talk) -> Self {
        if talk.restarts() { Self::Restart } else { Self::On }
    }
}
