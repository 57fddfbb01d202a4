//! A shard: one thread that owns its connections and the rooms they are in.
//!
//! Everything here happens on that thread, so that nothing is locked and a delivery is a write to a
//! socket, not a message to a task. Whatever takes time (the store) is asked by a task of its own,
//! whose answer is an input like any other.

use crate::config::Doing;
use crate::conn::{Conn, Drive, Given, Opening};
use crate::door::Turnstile;
use crate::http;
use crate::lot::Lot;
use crate::node::Node;
use crate::socket::Socket;
use crate::squeeze::Squeeze;
use crate::wheel::Wheel;
use crate::xmpp::Stage;
use bytes::Bytes;
use leeward_bus::Inbox;
use leeward_core::code::{Code, Refusal};
use leeward_core::hub::{self, Hub, News, Output, Shed};
use leeward_core::id::{Instant, RoomId};
use leeward_core::session::{self, Input};
use leeward_core::wire::{self, ServerFrame};
use leeward_core::ws::{self, Inflater};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore};
use tokio_util::task::TaskTracker;

/// Read from a socket at once: what a frame of the usual kind needs, and a pasted log too.
const READ_BYTES: usize = 32 * 1024;
/// Lists of accounts read at a time for those who are let in: enough to keep the readers busy.
const ACCOUNT_READS_MAX: usize = 4;

/// One shard.
pub(crate) struct Shard {
    pub(crate) index: u32,
    pub(crate) node: Arc<Node>,
    pub(crate) hub: RefCell<Hub>,
    limits: Cell<session::Limits>,
    /// Everything that runs on this shard: the shard ends when all of it has.
    pub(crate) tasks: TaskTracker,
    pub(crate) wheel: RefCell<Wheel>,
    pub(crate) inbox: Arc<Inbox>,
    conns: RefCell<Vec<Option<Rc<Conn>>>>,
    free: RefCell<Vec<u32>>,
    /// What is given out is to be written together with what follows.
    later: Cell<bool>,
    dirty: RefCell<Vec<u32>>,
    news: Cell<Vec<News>>,
    buffer: Cell<Vec<u8>>,
    inflater: RefCell<Inflater>,
    squeeze: RefCell<Squeeze>,
    outputs: Cell<Vec<session::Output>>,
    /// The hub may have to be woken earlier than it was.
    pub(crate) stirred: Notify,
    /// Those who are not in yet.
    pub(crate) lot: Lot,
    /// What those in front of the door, and those who go, have to pass.
    pub(crate) turnstile: Turnstile,
    /// Who may have an account's own list read.
    pub(crate) account_reads: Semaphore,
    /// What the hub has been told to shed.
    shed: Cell<Shed>,
    /// Those of its clients that speak XMPP.
    pub(crate) stage: Stage,
    /// Those of them that do not read, to be cut off.
    pub(crate) cut: RefCell<Vec<u32>>,
    /// What is done by HTTP, for those who do it in another way.
    pub(crate) app: http::App,
}

impl Shard {
    pub(crate) fn new(index: u32, node: Arc<Node>, app: http::App) -> Rc<Self> {
        let now = node.instant();
        let bounds = &node.config.bounds;
        let hub_limits = hub::Limits {
            ring_bytes_max: bounds.ring_bytes_max,
            missed_bytes_max: bounds.queue_bytes_max / 2,
            ..hub::Limits::default()
        };
        let hello_ms = bounds.hello_max.as_millis();
        let limits = session::Limits {
            terms: node.config.lease,
            hello_ms: u64::try_from(hello_ms).unwrap_or(u64::MAX),
            posts_in_flight_max: bounds.posts_in_flight_max,
            posts: bounds.posts,
            requests: bounds.requests,
        };
        Rc::new(Self {
            index,
            hub: RefCell::new(Hub::new(index, hub_limits, now)),
            limits: Cell::new(limits),
            tasks: TaskTracker::new(),
            wheel: RefCell::new(Wheel::new(now)),
            inbox: node.bus.subscribe(),
            conns: RefCell::default(),
            free: RefCell::default(),
            later: Cell::new(false),
            dirty: RefCell::default(),
            news: Cell::default(),
            buffer: Cell::new(vec![0; READ_BYTES]),
            inflater: RefCell::default(),
            squeeze: RefCell::default(),
            outputs: Cell::default(),
            stirred: Notify::new(),
            lot: Lot::default(),
            turnstile: Turnstile::default(),
            account_reads: Semaphore::new(ACCOUNT_READS_MAX),
            shed: Cell::default(),
            stage: Stage::new(&node),
            cut: RefCell::default(),
            app,
            node,
        })
    }

    pub(crate) fn now(&self) -> Instant {
        self.node.instant()
    }

    /// Takes over a socket that has been upgraded, with what was read of it already.
    pub(crate) fn take_over(
        self: &Rc<Self>,
        socket: Socket,
        opening: (Opening, bool),
        mut early: Vec<u8>,
        refuse: Option<Refusal>,
    ) {
        let conn = self.place(socket, opening, |_| ());
        let deadline = conn.state.borrow().session.deadline();
        conn.state.borrow_mut().turn = self.wheel.borrow_mut().put(conn.id, deadline);
        // The task first, so that whatever happens next, its end is seen to.
        let drive = Drive::new(Rc::clone(&conn), Rc::clone(self));
        match refuse {
            Some(refusal) => self.step(&conn, Input::End(refusal)),
            None if !early.is_empty() => self.received(&conn, &mut early),
            None => {}
        }
        self.tasks.spawn_local(drive);
    }

    /// Has a connection read and written until it ends.
    pub(crate) fn drive(self: &Rc<Self>, conn: &Rc<Conn>) {
        self.tasks.spawn_local(Drive::new(Rc::clone(conn), Rc::clone(self)));
    }

    /// Gives a connection its place in the table.
    pub(crate) fn place(
        self: &Rc<Self>,
        socket: Socket,
        opening: (Opening, bool),
        prepare: impl FnOnce(&mut crate::conn::State),
    ) -> Rc<Conn> {
        let now = self.now();
        let id = self.free.borrow_mut().pop().unwrap_or_else(|| {
            let mut conns = self.conns.borrow_mut();
            conns.push(None);
            u32::try_from(conns.len() - 1).expect("fewer sockets than four billion")
        });
        let number = self.node.admission.number(self.index, id);
        let conn = Rc::new(Conn::new((id, number), socket, now, &self.limits.get(), opening));
        prepare(&mut conn.state.borrow_mut());
        self.conns.borrow_mut()[id as usize] = Some(Rc::clone(&conn));
        self.node.count(self.index, 1);
        self.node.metrics.connections.inc();
        conn
    }

    /// A connection's task has ended.
    pub(crate) fn gone(self: &Rc<Self>, conn: &Rc<Conn>) {
        if conn.is_xmpp() && !std::thread::panicking() {
            self.leave_xmpp(conn, false);
        }
        if let Some(slot) = self.conns.borrow_mut().get_mut(conn.id as usize) {
            *slot = None;
        }
        if std::thread::panicking() {
            self.node.fail("a connection's task panicked");
            return;
        }
        self.free.borrow_mut().push(conn.id);
        self.node.count(self.index, -1);
        self.node.metrics.connections.dec();
        self.went(conn);
        if let Some(who) = conn.who.take() {
            self.node.live_ended(who.epoch);
            self.tell_hub(hub::Input::Detach(conn.id));
        }
    }

    pub(crate) fn conn(&self, id: u32) -> Option<Rc<Conn>> {
        self.conns.borrow().get(id as usize)?.clone()
    }

    /// Every connection there is.
    pub(crate) fn all(&self) -> Vec<Rc<Conn>> {
        self.conns.borrow().iter().flatten().cloned().collect()
    }

    /// Reads once into the shard's buffer and deals with what came.
    pub(crate) fn read(
        self: &Rc<Self>,
        conn: &Rc<Conn>,
        read: impl FnOnce(&mut [u8]) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut buffer = self.buffer.take();
        let done = read(&mut buffer);
        if let Ok(count) = done
            && conn.is_open()
        {
            self.received(conn, &mut buffer[..count]);
        }
        self.buffer.set(buffer);
        done
    }

    fn received(self: &Rc<Self>, conn: &Rc<Conn>, bytes: &mut [u8]) {
        self.node.config.stumble.at(Doing::Reading);
        if conn.is_xmpp() {
            return self.received_xmpp(conn, bytes);
        }
        conn.state.borrow_mut().heard = self.now();
        let mut at = 0;
        loop {
            let mut inflater = self.inflater.borrow_mut();
            let next = conn.state.borrow_mut().decoder.next(bytes, &mut at, &mut inflater);
            drop(inflater);
            match next {
                Ok(None) => return,
                Ok(Some(ws::Message::Text(text))) => {
                    self.step(conn, Input::Frame(wire::decode(&text)));
                }
                Ok(Some(ws::Message::Ping(payload))) => {
                    self.give(conn, &ws::encode::pong(&payload));
                    self.step(conn, Input::Heard);
                }
                Ok(Some(ws::Message::Pong(_))) => self.step(conn, Input::Heard),
                Ok(Some(ws::Message::Close(frame))) => {
                    return conn.close_back(self.now(), frame.as_ref());
                }
                Ok(Some(ws::Message::Binary(_))) => {
                    let refusal = Refusal::because(Code::BadFrame, "frames are text");
                    return self.step(conn, Input::End(refusal));
                }
                Err(ws::WsError::TooBig) => {
                    return self.step(conn, Input::End(Code::TooBig.into()));
                }
                Err(e) => {
                    let refusal = Refusal::because(Code::BadFrame, e.as_str());
                    return self.step(conn, Input::End(refusal));
                }
            }
            if !conn.is_open() {
                return;
            }
        }
    }

    /// Takes up the terms on which leases are granted from here on. They ask those who come back to
    /// spread over as long as letting them all in takes, though no longer than configured: a few people
    /// are back at once.
    pub(crate) fn take_up_terms(&self) {
        let (mut limits, mut terms) = (self.limits.get(), self.node.terms());
        let all_ms = self.node.admission.spread_ms();
        terms.visible.spread_ms = terms.visible.spread_ms.min(all_ms);
        terms.hidden.spread_ms = terms.hidden.spread_ms.min(all_ms);
        limits.terms = terms;
        self.limits.set(limits);
    }

    /// Sheds what the node sheds.
    pub(crate) fn take_up_shed(self: &Rc<Self>) {
        let level = self.node.shed();
        if self.shed.replace(level) != level {
            self.tell_hub(hub::Input::Shed(level));
        }
    }

    /// Tells a session what happened and does what it wants done.
    pub(crate) fn step(self: &Rc<Self>, conn: &Rc<Conn>, input: Input) {
        if conn.is_xmpp() {
            return self.step_xmpp(conn, input);
        }
        let mut outputs = self.outputs.take();
        let limits = self.limits.get();
        conn.state.borrow_mut().session.handle(self.now(), &limits, input, &mut outputs);
        for output in outputs.drain(..) {
            self.perform(conn, output);
        }
        self.outputs.set(outputs);
    }

    /// Sends a frame of one connection's own.
    pub(crate) fn send(&self, conn: &Rc<Conn>, frame: &ServerFrame) {
        self.give(conn, &ws::encode::text(&wire::encode(frame)));
    }

    /// Sends a complete WebSocket frame.
    pub(crate) fn give(&self, conn: &Rc<Conn>, frame: &Bytes) {
        let now = self.now();
        self.give_at(now, conn, frame);
    }

    fn give_at(&self, now: Instant, conn: &Rc<Conn>, frame: &Bytes) {
        let squeezed = if conn.takes_compressed(frame.len()) {
            self.squeeze.borrow_mut().squeezed(frame)
        } else {
            None
        };
        let frame = squeezed.as_ref().unwrap_or(frame);
        match conn.give(now, frame, self.later.get(), self.node.config.bounds.queue_bytes_max) {
            Given::Done => {}
            Given::Dirty => self.dirty.borrow_mut().push(conn.id),
            Given::Slow => self.slow(now, conn),
        }
    }

    /// The queue of a connection is full: it pays for itself, the room goes on.
    fn slow(&self, now: Instant, conn: &Rc<Conn>) {
        let refusal = Refusal::from(Code::Slow);
        let goodbye = ServerFrame::Goodbye { refusal: refusal.clone(), slot: None };
        conn.close(now, &refusal, Some(&ws::encode::text(&wire::encode(&goodbye))));
        self.went(conn);
        self.node.metrics.refused(Code::Slow);
        self.look_again_after(conn);
    }

    /// Has the wheel look at a connection that waits for its client.
    pub(crate) fn look_again_after(&self, conn: &Conn) {
        let stall_ms = self.stall_ms();
        if let Some(until) = conn.patience(stall_ms) {
            self.wheel.borrow_mut().put(conn.id, until);
        }
    }

    pub(crate) fn stall_ms(&self) -> u64 {
        u64::try_from(self.node.config.bounds.stall_max.as_millis()).unwrap_or(u64::MAX)
    }

    /// Takes in news, all that there is: what it makes for one connection is written in one call.
    pub(crate) fn take_in(self: &Rc<Self>) {
        let mut news = self.news.take();
        let lost = self.inbox.take(&mut news);
        let now = self.now();
        let before = self.later.get();
        self.later.set(before || news.len() > 1);
        let mut drafts = Vec::new();
        for news in news.drain(..) {
            if let News::Events { room, events, .. } = &news
                && !self.hub.borrow().connections(*room).is_empty()
            {
                drafts.extend(events.iter().filter_map(|event| event.arrived));
            }
            let told = self.stage.wants(&news).then(|| news.clone());
            self.hub.borrow_mut().handle(now, hub::Input::News(news));
            self.do_for_hub();
            if let Some(news) = told {
                self.station_news(&news);
            }
        }
        self.news.set(news);
        if lost {
            self.node.metrics.news_lost.inc();
            self.tell_hub(hub::Input::Lost);
        }
        if !before {
            self.write_dirty();
        }
        if !drafts.is_empty() {
            let now = self.now();
            let seen = &self.node.watch.send_to_seen;
            drafts.iter().for_each(|arrived| seen.add(now.0.saturating_sub(arrived.0)));
        }
    }

    /// Tells the hub what happened and does what it wants done.
    pub(crate) fn tell_hub(self: &Rc<Self>, input: hub::Input) {
        let now = self.now();
        self.hub.borrow_mut().handle(now, input);
        self.do_for_hub();
        self.stirred.notify_one();
    }

    /// Writes several frames of one connection in one call.
    pub(crate) fn together(self: &Rc<Self>, work: impl FnOnce()) {
        let before = self.later.replace(true);
        work();
        if !before {
            self.write_dirty();
        }
    }

    fn write_dirty(self: &Rc<Self>) {
        self.later.set(false);
        let now = self.now();
        let mut dirty = std::mem::take(&mut *self.dirty.borrow_mut());
        for id in dirty.drain(..) {
            let Some(conn) = self.conn(id) else { continue };
            if conn.is_bosh() {
                self.flush_bosh(&conn);
            } else {
                conn.flush(now);
            }
        }
        // Its memory is used again, unless something has come meanwhile.
        let mut since = self.dirty.borrow_mut();
        if since.is_empty() {
            *since = dirty;
        }
    }

    fn do_for_hub(self: &Rc<Self>) {
        loop {
            let Some(output) = self.hub.borrow_mut().next_output() else { return };
            match output {
                Output::Send(id, frame) => {
                    if let Some(conn) = self.conn(id).filter(|conn| !conn.is_xmpp()) {
                        self.give(&conn, &frame);
                    }
                }
                Output::FanOut(room, frame) => self.fan_out(room, &frame),
                Output::Heard(room, published) => self.heard(room, published),
                Output::Since(room, seq) => self.read_since(room, seq),
                Output::InSync(id) => {
                    if let Some(conn) = self.conn(id) {
                        self.in_sync(&conn);
                    }
                }
                Output::Refuse(id, room, code) => {
                    if let Some(conn) = self.conn(id).filter(|conn| !conn.is_xmpp()) {
                        let refusal = code.into();
                        self.send(&conn, &ServerFrame::Refused { nonce: None, room, refusal });
                    }
                }
                Output::Close(id, code) => {
                    if let Some(conn) = self.conn(id) {
                        self.end(&conn, code.into());
                    }
                }
                Output::Publish(news) => self.node.bus.publish(&news),
                Output::Load(room) => self.load(room),
                Output::CatchUp(room, after) => self.catch_up(room, after),
                Output::ReadSnapshot(room) => self.read_snapshot(room),
            }
        }
    }

    /// Ends a connection from outside its own task, maybe from within its own step.
    pub(crate) fn end(self: &Rc<Self>, conn: &Rc<Conn>, refusal: Refusal) {
        if conn.is_xmpp() {
            return self.step_xmpp(conn, Input::End(refusal));
        }
        let mut outputs = Vec::new();
        let now = self.now();
        conn.state.borrow_mut().session.handle(
            now,
            &self.limits.get(),
            Input::End(refusal),
            &mut outputs,
        );
        for output in outputs {
            self.perform(conn, output);
        }
    }

    /// One event to everybody in a room: the loop that the whole product is about.
    fn fan_out(self: &Rc<Self>, room: RoomId, frame: &Bytes) {
        let now = self.now();
        let hub = self.hub.borrow();
        let conns = self.conns.borrow();
        let members = hub.connections(room);
        self.node.metrics.delivered(members.len(), frame.len());
        for &id in members {
            if let Some(Some(conn)) = conns.get(id as usize) {
                self.give_at(now, conn, frame);
            }
        }
    }

    /// Whether what is given out is to be written together with what follows.
    pub(crate) fn gathers(&self) -> bool {
        self.later.get()
    }

    /// Something waits for a connection that is written together with what follows.
    pub(crate) fn is_dirty(&self, id: u32) {
        self.dirty.borrow_mut().push(id);
    }
}
