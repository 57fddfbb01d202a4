//! What the stream of an XMPP connection wants done: the one place where its outputs are matched.
//!
//! A client that comes waits in three places, each cheaper than the next: before its socket is read, in
//! the hall (its header is answered, its features are not sent), and before its sign-in is looked at. Only
//! then is anything dear done for it. Nobody is ever told that they wait because of a failure.

use super::line::{OPENING_MS, Standing, WAITING_MS};
use super::{Arrival, Line};
use crate::conn::{Conn, Opening};
use crate::door::Place;
use crate::http::network;
use crate::shard::Shard;
use crate::socket::Socket;
use leeward_core::code::{Code, Refusal};
use leeward_core::hub::{self, Who};
use leeward_core::id::Instant;
use leeward_core::session;
use leeward_core::storm::Class;
use leeward_core::ws::{self, Inflater};
use leeward_xmpp::bosh::Event;
use leeward_xmpp::sasl::Binding;
use leeward_xmpp::station::{self, Framing};
use leeward_xmpp::stream::{Claim, Input, Login, Output, Stream, Transport};
use std::net::IpAddr;
use std::rc::Rc;

/// What nobody can guess: 128 bits.
pub(super) fn random() -> String {
    blake3::hash(&crate::node::secret()).to_hex()[..32].to_owned()
}

/// Clients of one shard that sign in at a time; others wait in the hall.
const SIGNING_IN_MAX: usize = 512;

impl Shard {
    /// Takes in a client at the door.
    pub(crate) fn arrive(
        self: &Rc<Self>,
        socket: Socket,
        transport: Transport,
        (from, place): (IpAddr, Option<Place>),
        early: Vec<u8>,
    ) -> Rc<Conn> {
        let config = &self.node.config;
        let web = matches!(transport, Transport::WebSocket | Transport::Bosh);
        // What came by the web is as safe as that is.
        let clear_allowed = config.xmpp.plain || from.is_loopback() || web && config.secure();
        let arrival = Arrival {
            transport,
            source: self.node.sources.name(from),
            place,
            clear_allowed,
            id: random(),
            nonce: random(),
        };
        let conn = self.take_over_xmpp(socket, arrival, early);
        conn.peer.set(Some(from));
        conn
    }

    /// Takes over a socket whose client speaks XMPP.
    fn take_over_xmpp(
        self: &Rc<Self>,
        socket: Socket,
        arrival: Arrival,
        mut early: Vec<u8>,
    ) -> Rc<Conn> {
        let now = self.now();
        let Arrival { transport, source, place, clear_allowed, id, nonce } = arrival;
        let setting = self.node.xmpp.setting(clear_allowed);
        let stream = Stream::new(setting, transport, id, nonce);
        let mut opening = Opening::new(None);
        (opening.source, opening.place) = (source, place);
        let securing = transport == Transport::DirectTls;
        let conn = self.place(socket, (opening, false), |state| {
            state.xmpp = Some(Box::new(Line::new(stream, transport, now, securing)));
        });
        // Also whoever never says a word is sent away in time.
        self.look_at_xmpp(&conn);
        if !early.is_empty() {
            self.received_xmpp(&conn, &mut early);
        }
        if transport != Transport::Bosh {
            self.drive(&conn);
        }
        conn
    }

    /// Bytes of an XMPP connection.
    pub(crate) fn received_xmpp(self: &Rc<Self>, conn: &Rc<Conn>, bytes: &mut [u8]) {
        let now = self.now();
        let transport = {
            let mut state = conn.state.borrow_mut();
            state.heard = now;
            let Some(line) = &mut state.xmpp else { return };
            line.asked = false;
            line.transport
        };
        match transport {
            Transport::Tcp | Transport::DirectTls => {
                self.secured(conn);
                self.stream(conn, Input::Bytes(bytes));
            }
            Transport::WebSocket => self.received_frames(conn, bytes),
            Transport::Bosh => {}
        }
    }

    fn received_frames(self: &Rc<Self>, conn: &Rc<Conn>, bytes: &mut [u8]) {
        let mut at = 0;
        while conn.is_open() {
            let mut none = Inflater::default();
            let next = conn.state.borrow_mut().decoder.next(bytes, &mut at, &mut none);
            match next {
                Ok(None) => return,
                Ok(Some(ws::Message::Text(text))) => self.stream(conn, Input::Text(&text)),
                Ok(Some(ws::Message::Ping(payload))) => {
                    self.give(conn, &ws::encode::pong(&payload))
                }
                Ok(Some(ws::Message::Pong(_))) => {}
                Ok(Some(ws::Message::Close(frame))) => {
                    self.leave_xmpp(conn, false);
                    return conn.close_back(self.now(), frame.as_ref());
                }
                Ok(Some(ws::Message::Binary(_))) => {
                    self.stream(conn, Input::End("not-well-formed"));
                }
                Err(e) => {
                    tracing::debug!(error = e.as_str(), "an XMPP WebSocket sent what is no frame");
                    self.stream(conn, Input::End("policy-violation"));
                }
            }
        }
    }

    /// Tells a stream that TLS is up, as soon as it is.
    fn secured(self: &Rc<Self>, conn: &Rc<Conn>) {
        let due = conn.state.borrow().xmpp.as_ref().is_some_and(|line| line.securing);
        if due && !conn.socket.is_shaking_hands() {
            if let Some(line) = &mut conn.state.borrow_mut().xmpp {
                line.securing = false;
            }
            let binding = conn.socket.exporter().map(Binding::Exporter);
            self.stream(conn, Input::Secured(binding));
        }
    }

    /// Tells a stream what happened and does what it wants done.
    pub(crate) fn stream(self: &Rc<Self>, conn: &Rc<Conn>, input: Input<'_>) {
        let mut outputs = Vec::new();
        {
            let mut state = conn.state.borrow_mut();
            let Some(line) = &mut state.xmpp else { return };
            line.stream.handle(input, &mut outputs);
        }
        self.together(|| {
            for output in outputs {
                self.perform_xmpp(conn, output);
            }
        });
    }

    fn perform_xmpp(self: &Rc<Self>, conn: &Rc<Conn>, output: Output) {
        match output {
            Output::Write(bytes) => self.write_line(conn, &bytes),
            Output::StartTls => self.start_tls(conn),
            Output::Hello => self.hello_xmpp(conn),
            Output::Knock { claim, previd, name } => {
                self.knock_xmpp(conn, claim, previd.as_deref(), name.as_deref());
            }
            Output::Scram(name) => self.find_scram(conn, name),
            Output::Password(name, password) => self.judge_password(conn, name, password),
            Output::Tokens(name, agent, mechanism) => {
                self.find_tokens(conn, &name, &agent, &mechanism);
            }
            Output::Authenticated(login, agent) => {
                if let Some(line) = &mut conn.state.borrow_mut().xmpp {
                    line.login = Some(Box::new((login, agent)));
                }
            }
            Output::Bind(request) => self.bind(conn, request),
            Output::Resume { previd, h, token } => self.take_up(conn, previd, h, token),
            Output::Element(element) => {
                self.tell_station(station::Input::Element(conn.id, element));
            }
            Output::Closed => self.leave_xmpp(conn, true),
            Output::End => self.end_xmpp(conn),
        }
    }

    fn start_tls(self: &Rc<Self>, conn: &Rc<Conn>) {
        conn.flush(self.now());
        let begun = self.node.xmpp_tls().and_then(|config| {
            rustls::ServerConnection::new(config)
                .inspect_err(|e| tracing::warn!(error = %e, "TLS cannot begin"))
                .ok()
        });
        match begun {
            Some(connection) => {
                conn.socket.begin_tls(connection);
                if let Some(line) = &mut conn.state.borrow_mut().xmpp {
                    line.securing = true;
                }
            }
            None => conn.kill(),
        }
    }

    /// Somebody has said which server they want. A place among those who sign in, or one in the hall.
    fn hello_xmpp(self: &Rc<Self>, conn: &Rc<Conn>) {
        let room = self.stage.hall.signing_in.get() < SIGNING_IN_MAX;
        if room {
            return self.let_sign_in(conn);
        }
        if let Some(line) = &mut conn.state.borrow_mut().xmpp {
            line.stage = Standing::InHall;
            line.until = self.now().plus_ms(WAITING_MS);
        }
        self.stage.hall.line.borrow_mut().push_back(conn.id);
        self.look_at_xmpp(conn);
    }

    fn let_sign_in(self: &Rc<Self>, conn: &Rc<Conn>) {
        let now = self.now();
        {
            let mut state = conn.state.borrow_mut();
            if let Some(opening) = &mut state.opening {
                opening.place = None;
            }
            let Some(line) = &mut state.xmpp else { return };
            if matches!(line.stage, Standing::Opening | Standing::InHall) {
                line.until = now.plus_ms(OPENING_MS);
            }
            if !std::mem::replace(&mut line.counted, true) {
                self.stage.hall.signing_in.set(self.stage.hall.signing_in.get() + 1);
            }
            if line.stage == Standing::InHall {
                line.stage = Standing::Opening;
            }
        }
        self.stream(conn, Input::Admitted);
    }

    /// Somebody does not sign in any more: they are in, or gone. The next ones may.
    pub(super) fn signed_in(self: &Rc<Self>, conn: &Rc<Conn>) {
        let counted = conn
            .state
            .borrow_mut()
            .xmpp
            .as_mut()
            .is_some_and(|line| std::mem::take(&mut line.counted));
        if counted {
            self.stage.hall.signing_in.set(self.stage.hall.signing_in.get().saturating_sub(1));
        }
        while self.stage.hall.signing_in.get() < SIGNING_IN_MAX {
            let Some(next) = self.stage.hall.line.borrow_mut().pop_front() else { return };
            let waits = |conn: &Rc<Conn>| {
                let state = conn.state.borrow();
                state.xmpp.as_ref().is_some_and(|line| line.stage == Standing::InHall)
            };
            if let Some(next) = self.conn(next).filter(waits) {
                self.let_sign_in(&next);
            }
        }
    }

    /// Asks to have somebody let in, before anything is looked up for them.
    fn knock_xmpp(
        self: &Rc<Self>,
        conn: &Rc<Conn>,
        claim: Claim,
        previd: Option<&str>,
        name: Option<&str>,
    ) {
        let known = |name: &str| {
            self.node.accounts.by_name(name).is_some_and(|id| self.node.xmpp.known.has(id))
        };
        let class = match claim {
            Claim::Resume if previd.is_some_and(|id| self.node.opens_sm(id)) => Class::ResumeHere,
            Claim::Fast => Class::ResumeElsewhere,
            Claim::Resume | Claim::Scram => Class::SignIn,
            Claim::Plain if name.is_some_and(known) => Class::SignIn,
            Claim::Plain => Class::Guest,
        };
        if let Some(line) = &mut conn.state.borrow_mut().xmpp {
            line.stage = Standing::Knocking;
            line.until = self.now().plus_ms(WAITING_MS);
        }
        self.ask_unnamed(conn, class);
        self.look_at_xmpp(conn);
    }

    /// What the limiter, the hub or time says to an XMPP connection.
    pub(crate) fn step_xmpp(self: &Rc<Self>, conn: &Rc<Conn>, input: session::Input) {
        match input {
            session::Input::Admitted(_) => {
                if self.goes_on(conn) {
                    return;
                }
                if let Some(line) = &mut conn.state.borrow_mut().xmpp {
                    line.stage = Standing::SigningIn;
                    line.until = self.now().plus_ms(OPENING_MS);
                }
                self.stream(conn, Input::Admitted);
            }
            // The wait is silent, and has an end of its own.
            session::Input::Parked { .. } => {}
            // Nothing is said to clients that would take it for a reason to give up.
            session::Input::Refused(refusal, _) => {
                if !self.lies_down(conn) && !self.keeps_outside(conn, &refusal) {
                    self.cut_off(conn);
                }
            }
            session::Input::Leave(..) => self.cut_off(conn),
            session::Input::End(refusal) => self.close_xmpp(conn, &refusal),
            session::Input::Tick => self.tick_xmpp(conn),
            session::Input::Frame(_) | session::Input::Heard | session::Input::Answered => {}
        }
    }

    /// Ends a connection without a word, so that it may go on in another.
    pub(super) fn cut_off(self: &Rc<Self>, conn: &Rc<Conn>) {
        if self.lies_down(conn) {
            return;
        }
        self.leave_xmpp(conn, false);
        conn.kill();
        // One without a socket has no task that would notice.
        self.end_bosh(conn);
    }

    fn close_xmpp(self: &Rc<Self>, conn: &Rc<Conn>, refusal: &Refusal) {
        if self.lies_down(conn) {
            return;
        }
        let ended = [Code::SignedOut, Code::SignIn, Code::Banned];
        let condition = if ended.contains(&refusal.code) {
            "not-authorized"
        } else if refusal.code == Code::HelloTimeout {
            "connection-timeout"
        } else {
            // Taken up elsewhere, or too slow: it may go on, and is not told anything.
            return self.cut_off(conn);
        };
        self.leave_xmpp(conn, true);
        self.stream(conn, Input::End(condition));
    }

    fn tick_xmpp(self: &Rc<Self>, conn: &Rc<Conn>) {
        let now = self.now();
        self.tick_bosh(conn, now);
        let (stage, due, asked) = {
            let state = conn.state.borrow();
            let Some(line) = &state.xmpp else { return };
            (line.stage, line.deadline(state.heard) <= now, line.asked)
        };
        if !due {
            return;
        }
        match stage {
            Standing::Live if conn.is_bosh() => {}
            Standing::Live if !asked => {
                if let Some(line) = &mut conn.state.borrow_mut().xmpp {
                    line.asked = true;
                }
                self.tell_station(station::Input::Probe(conn.id));
            }
            Standing::Live => {
                self.node.metrics.leases_expired.inc();
                self.cut_off(conn);
            }
            Standing::Knocking if self.asks_again(conn, now) || self.lies_down(conn) => {}
            Standing::Opening | Standing::InHall | Standing::Knocking | Standing::SigningIn => {
                self.stream(conn, Input::Expired);
            }
        }
    }

    /// Looks at a session of BOSH whose time may have come.
    fn tick_bosh(self: &Rc<Self>, conn: &Rc<Conn>, now: Instant) {
        let due = {
            let state = conn.state.borrow();
            let bosh = state.xmpp.as_ref().and_then(|line| line.bosh.as_ref());
            bosh.is_some_and(|bosh| bosh.deadline() <= now)
        };
        if due {
            self.bosh_event(conn, Event::Tick);
        }
    }

    /// Has the wheel look at a connection when it is due.
    pub(super) fn look_at_xmpp(self: &Rc<Self>, conn: &Rc<Conn>) {
        let mut state = conn.state.borrow_mut();
        let Some(due) = state.xmpp.as_ref().map(|line| line.deadline(state.heard)) else { return };
        state.turn = self.wheel.borrow_mut().put(conn.id, due);
    }

    /// Somebody has bound a resource, or taken up a session: from here on they are in.
    pub(super) fn goes_live(
        self: &Rc<Self>,
        conn: &Rc<Conn>,
        login: &Login,
        sm: Option<&str>,
    ) -> Who {
        let epoch = self.node.next_epoch();
        let who = Who { account: login.account, role: login.role, session: login.session, epoch };
        conn.who.set(Some(who));
        self.node.live_began(epoch, conn.number);
        self.node.xmpp.proofs.forgive((login.name.as_str(), conn.peer.get().map(network)));
        if let Some(id) = sm {
            self.node.xmpp.sleepers.woke(id, who);
        }
        {
            let mut state = conn.state.borrow_mut();
            state.opening = None;
            if let Some(line) = &mut state.xmpp {
                line.stage = Standing::Live;
                line.login = None;
                line.sm = sm.map(str::to_owned);
            }
        }
        self.tell_hub(hub::Input::AttachApart(conn.id, who));
        self.came_in(conn);
        let took_us = self.now().0.saturating_sub(conn.came.0);
        self.node.watch.in_sync.add(took_us);
        self.signed_in(conn);
        self.look_at_xmpp(conn);
        who
    }

    /// A client is not here any more: it has closed its stream, or its connection is lost.
    pub(crate) fn leave_xmpp(self: &Rc<Self>, conn: &Rc<Conn>, closed: bool) {
        let (live, sm) = {
            let mut state = conn.state.borrow_mut();
            let Some(line) = &mut state.xmpp else { return };
            if std::mem::replace(&mut line.gone, true) {
                return;
            }
            (line.stage == Standing::Live, line.sm.take())
        };
        self.signed_in(conn);
        if live {
            self.tell_station(station::Input::Gone { conn: conn.id, closed });
        }
        if let Some(id) = sm {
            // Unless the station has left something of it, it is forgotten.
            self.node.xmpp.sleepers.got_up(&id);
        }
    }

    fn end_xmpp(self: &Rc<Self>, conn: &Rc<Conn>) {
        self.leave_xmpp(conn, false);
        self.went(conn);
        if conn.is_bosh() {
            return self.bosh_event(conn, Event::End(Some("remote-stream-error")));
        }
        conn.finish_as_it_is(self.now());
        self.look_again_after(conn);
    }

    /// The framing of the stanzas of a connection.
    pub(super) fn framing(conn: &Conn) -> Framing {
        match conn.state.borrow().xmpp.as_ref().map(|line| line.transport) {
            Some(Transport::WebSocket | Transport::Bosh) => Framing::Alone,
            Some(Transport::Tcp | Transport::DirectTls) | None => Framing::Stream,
        }
    }
}
