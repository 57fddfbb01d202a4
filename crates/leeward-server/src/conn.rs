//! One live connection: its socket, its session, what waits to be written to it.
//!
//! It has a task, which reads and waits; but whoever has something for it writes it to the socket at
//! once, from wherever in the shard's loop that is, and the task is woken only when the socket takes
//! no more. An idle connection owns no buffer: bytes are read into one that the shard lends.

use crate::admission::Number;
use crate::door::{InLine, Place};
use crate::lot::Question;
use crate::outbound::Outbound;
use crate::pulse::Stand;
use crate::shard::Shard;
use crate::socket::Socket;
use crate::squeeze;
use crate::wheel::Turn;
use crate::xmpp::Line;
use bytes::Bytes;
use leeward_core::code::Refusal;
use leeward_core::hub::Who;
use leeward_core::id::Instant;
use leeward_core::session::{self, Session};
use leeward_core::storm::Source;
use leeward_core::wire::Hello;
use leeward_core::ws::{self, Decoder};
use std::cell::{Cell, RefCell};
use std::future::Future;
use std::io::{ErrorKind, IoSlice};
use std::net::IpAddr;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

/// Reads in a row before others get their turn.
const READS_MAX: usize = 4;
/// How long the client may take to close its end after we closed ours, in milliseconds: until then
/// what it has not read yet is not thrown away by the kernel.
pub(crate) const LINGER_MS: u64 = 2_000;

/// A live connection.
pub(crate) struct Conn {
    pub(crate) id: u32,
    pub(crate) number: Number,
    /// When it was taken over from HTTP.
    pub(crate) came: Instant,
    pub(crate) who: Cell<Option<Who>>,
    /// Where it comes from, if it speaks XMPP.
    pub(crate) peer: Cell<Option<IpAddr>>,
    /// How it stands with the limiter.
    pub(crate) stand: Cell<Stand>,
    pub(crate) state: RefCell<State>,
    pub(crate) socket: Socket,
    waker: RefCell<Option<Waker>>,
}

/// What changes about it.
pub(crate) struct State {
    pub(crate) session: Session,
    pub(crate) decoder: Decoder,
    /// What is needed until it is live.
    pub(crate) opening: Option<Box<Opening>>,
    pub(crate) out: Outbound,
    /// The client takes compressed frames.
    pub(crate) deflate: bool,
    /// It speaks XMPP.
    pub(crate) xmpp: Option<Box<Line>>,
    /// It is on the shard's list of those to be written to.
    dirty: bool,
    /// The socket takes no more.
    blocked: bool,
    end: End,
    /// When it last took something, or when it stopped to.
    pub(crate) moved: Instant,
    /// When something was last heard.
    pub(crate) heard: Instant,
    pub(crate) turn: Turn,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Open,
    /// What waits is still written, nothing is added; what comes is ignored.
    Closing,
    /// All is written; the client is to close its end.
    Shut,
    /// The task ends at once.
    Dead,
}

/// What is needed until a connection is live.
pub(crate) struct Opening {
    /// The token that came with the upgrade.
    pub(crate) token: Option<String>,
    pub(crate) hello: Option<Box<Hello>>,
    /// Where it comes from.
    pub(crate) source: Source,
    /// Its place on the threshold, until it has said hello.
    pub(crate) place: Option<Place>,
    /// Who it is and what it asked of the limiter.
    pub(crate) question: Option<Question>,
    /// What the client asked for while its account was being read.
    pub(crate) asked: Vec<session::Output>,
}

impl Opening {
    /// Of a connection from there, with a token if one came with the upgrade.
    pub(crate) fn new(token: Option<String>) -> Self {
        let (source, asked) = (Source::EXEMPT, Vec::new());
        Self { token, hello: None, source, place: None, question: None, asked }
    }
}

/// What came of giving a frame to a connection.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given {
    /// It is written, waits for the socket, or is of no use any more.
    Done,
    /// It waits to be written with what follows: call [`Conn::flush`].
    Dirty,
    /// The client does not read: too much waits already.
    Slow,
}

impl Conn {
    pub(crate) fn new(
        (id, number): (u32, Number),
        socket: Socket,
        now: Instant,
        limits: &session::Limits,
        (opening, deflate): (Opening, bool),
    ) -> Self {
        let state = State {
            session: Session::new(now, limits),
            decoder: Decoder::new(ws::Role::Server, leeward_core::limits::FRAME_BYTES_MAX, deflate),
            opening: Some(Box::new(opening)),
            out: Outbound::default(),
            deflate,
            xmpp: None,
            dirty: false,
            blocked: false,
            end: End::Open,
            moved: now,
            heard: now,
            turn: 0,
        };
        let state = RefCell::new(state);
        let (who, waker) = (Cell::new(None), RefCell::new(None));
        let peer = Cell::new(None);
        Self { id, number, came: now, who, peer, stand: Cell::default(), state, socket, waker }
    }

    /// Writes a frame, or has it wait. `later`: more follows at once, so that one call writes all.
    pub(crate) fn give(&self, now: Instant, frame: &Bytes, later: bool, bytes_max: usize) -> Given {
        self.give_parts(now, [frame], later, bytes_max)
    }

    /// The same of a frame that is in several parts, each shared with others.
    pub(crate) fn give_parts<const N: usize>(
        &self,
        now: Instant,
        parts: [&Bytes; N],
        later: bool,
        bytes_max: usize,
    ) -> Given {
        let mut state = self.state.borrow_mut();
        if state.end != End::Open {
            return Given::Done;
        }
        let bytes: usize = parts.iter().map(|part| part.len()).sum();
        if !later && !state.blocked && state.out.is_empty() {
            match self.socket.try_write(&parts.map(|part| IoSlice::new(part))) {
                Ok(taken) if taken == bytes && !self.socket.holds_back() => {}
                Ok(taken) => {
                    state.out.push_parts(&parts, taken);
                    self.block(&mut state, now);
                }
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    state.out.push_parts(&parts, 0);
                    self.block(&mut state, now);
                }
                Err(_) => self.die(&mut state),
            }
            return Given::Done;
        }
        if state.out.bytes() + bytes > bytes_max && !state.blocked {
            // It may only have been waiting for more.
            drop(state);
            self.flush(now);
            state = self.state.borrow_mut();
        }
        // One frame always has room, however long.
        if !state.out.is_empty() && state.out.bytes() + bytes > bytes_max {
            return Given::Slow;
        }
        state.out.push_parts(&parts, 0);
        if state.blocked || state.dirty {
            return Given::Done;
        }
        state.dirty = true;
        Given::Dirty
    }

    /// Writes what waits, as far as the socket takes it.
    pub(crate) fn flush(&self, now: Instant) {
        let mut state = self.state.borrow_mut();
        state.dirty = false;
        while !state.out.is_empty() {
            match state.out.write(|slices| self.socket.try_write(slices)) {
                Ok(_) => state.moved = now,
                Err(e) if e.kind() == ErrorKind::WouldBlock => {
                    return self.block(&mut state, now);
                }
                Err(_) => return self.die(&mut state),
            }
        }
        match self.socket.try_flush() {
            Ok(()) => {}
            Err(e) if e.kind() == ErrorKind::WouldBlock => return self.block(&mut state, now),
            Err(_) => return self.die(&mut state),
        }
        state.blocked = false;
        if state.end == End::Closing {
            state.end = End::Shut;
            state.moved = now;
            self.socket.shut();
        }
    }

    /// Ends the connection once what waits has been written. `slow`: all but that is forgotten.
    pub(crate) fn close(&self, now: Instant, refusal: &Refusal, slow: Option<&Bytes>) {
        let mut state = self.state.borrow_mut();
        if state.end != End::Open {
            return;
        }
        if let Some(goodbye) = slow {
            state.out.forget();
            state.out.push(goodbye.clone(), 0);
        }
        let code = match refusal.code.close() {
            0 => ws::close::INTERNAL,
            code => code,
        };
        state.out.push(ws::encode::close(code, refusal.code.as_str()), 0);
        self.finish(state, now);
    }

    /// The client closed the conversation: answers in kind.
    pub(crate) fn close_back(&self, now: Instant, frame: Option<&ws::CloseFrame>) {
        let mut state = self.state.borrow_mut();
        if state.end == End::Open {
            state.out.push(ws::encode::close_reply(frame), 0);
            self.finish(state, now);
        }
    }

    /// Ends the connection once what waits has been written, without a word of its own.
    pub(crate) fn finish_as_it_is(&self, now: Instant) {
        let state = self.state.borrow_mut();
        if state.end == End::Open {
            self.finish(state, now);
        }
    }

    fn finish(&self, mut state: std::cell::RefMut<'_, State>, now: Instant) {
        state.end = End::Closing;
        state.moved = now;
        let blocked = state.blocked;
        drop(state);
        if !blocked {
            self.flush(now);
        }
        self.wake();
    }

    /// Ends the connection at once.
    pub(crate) fn kill(&self) {
        self.die(&mut self.state.borrow_mut());
    }

    /// Whether it was let in and has not ended, and when its client has to have been heard.
    pub(crate) fn standing(&self) -> (bool, Instant) {
        let state = self.state.borrow();
        match &state.xmpp {
            Some(line) => (line.is_live(), line.deadline(state.heard)),
            None => (state.session.is_live(), state.session.deadline()),
        }
    }

    /// Whether it is a session of requests, without a socket.
    pub(crate) fn is_bosh(&self) -> bool {
        self.state.borrow().xmpp.as_ref().is_some_and(|line| line.bosh.is_some())
    }

    /// Whether it speaks XMPP.
    pub(crate) fn is_xmpp(&self) -> bool {
        self.state.borrow().xmpp.is_some()
    }

    /// Bytes that its socket takes in the process, beside itself.
    pub(crate) fn socket_bytes(&self) -> usize {
        self.socket.bytes()
    }

    pub(crate) fn is_open(&self) -> bool {
        self.state.borrow().end == End::Open
    }

    /// Until when it may wait for its client: to take something, or to close its end.
    pub(crate) fn patience(&self, stall_ms: u64) -> Option<Instant> {
        let state = self.state.borrow();
        match state.end {
            End::Shut => Some(state.moved.plus_ms(LINGER_MS)),
            End::Open | End::Closing if state.blocked => Some(state.moved.plus_ms(stall_ms)),
            End::Open | End::Closing | End::Dead => None,
        }
    }

    /// Whether a frame of this length is to be compressed for it.
    pub(crate) fn takes_compressed(&self, bytes: usize) -> bool {
        bytes >= squeeze::BYTES_MIN && self.state.borrow().deflate
    }

    /// The socket takes no more: the task waits for it.
    fn block(&self, state: &mut State, now: Instant) {
        if !state.blocked {
            state.blocked = true;
            state.moved = now;
            self.wake();
        }
    }

    fn die(&self, state: &mut State) {
        state.end = End::Dead;
        self.wake();
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }

    fn wait_as(&self, cx: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        if !waker.as_ref().is_some_and(|waker| waker.will_wake(cx.waker())) {
            *waker = Some(cx.waker().clone());
        }
    }
}

/// The task of a connection. It ends when the connection has.
pub(crate) struct Drive {
    conn: Rc<Conn>,
    shard: Rc<Shard>,
    place: InLine,
    ended: bool,
}

impl Drive {
    pub(crate) fn new(conn: Rc<Conn>, shard: Rc<Shard>) -> Self {
        Self { conn, shard, place: InLine::default(), ended: false }
    }

    /// Writes what waits until the socket takes no more, or all is written.
    fn write(&self, cx: &mut Context<'_>) {
        while self.conn.state.borrow().blocked {
            match self.conn.socket.poll_write_ready(cx) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => self.conn.flush(self.shard.now()),
                Poll::Ready(Err(_)) => return self.conn.kill(),
            }
            if self.conn.state.borrow().end == End::Dead {
                return;
            }
        }
    }

    /// Reads what there is; true at the end of the stream.
    fn read(&self, cx: &mut Context<'_>) -> bool {
        for _ in 0..READS_MAX {
            match self.conn.socket.poll_read_ready(cx) {
                Poll::Pending => return false,
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return true,
            }
            match self.shard.read(&self.conn, |buf| self.conn.socket.try_read(buf)) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(e) if e.kind() == ErrorKind::WouldBlock => {}
                Err(_) => return true,
            }
            if self.conn.state.borrow().end == End::Dead {
                return true;
            }
        }
        cx.waker().wake_by_ref();
        false
    }
}

impl Future for Drive {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        this.conn.wait_as(cx);
        if !this.ended {
            // Whoever has not said what they want is served after those who are in.
            let stranger = this.conn.stand.get() == Stand::Outside && this.conn.is_open();
            if stranger && !this.shard.turnstile.pass(&mut this.place, cx) {
                return Poll::Pending;
            }
            this.write(cx);
            this.ended = this.read(cx) || this.conn.state.borrow().end == End::Dead;
            if !this.ended {
                return Poll::Pending;
            }
            this.conn.state.borrow_mut().end = End::Dead;
        }
        // So is what thousands leave to be done who all end at once.
        if this.shard.turnstile.pass(&mut this.place, cx) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl Drop for Drive {
    fn drop(&mut self) {
        self.conn.state.borrow_mut().end = End::Dead;
        self.shard.gone(&self.conn);
    }
}
