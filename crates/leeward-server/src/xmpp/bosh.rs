//! Sessions of BOSH: each is a connection without a socket, on the shard where it was opened, whichever
//! shard its requests come to.

use super::steps::random;
use crate::conn::Conn;
use crate::shard::Shard;
use crate::socket::Socket;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use leeward_xmpp::bosh::{Deed, Event, Session, terminated};
use leeward_xmpp::stream::{Input, Transport};
use leeward_xmpp::xml::{self, Element};
use std::collections::HashMap;
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// Largest body of a request, in bytes: the longest element, and its envelope.
const BODY_BYTES_MAX: usize = 300 * 1024;
/// How long the body of a request may take.
const BODY_MAX: Duration = Duration::from_secs(20);
/// What a body may be.
const LIMITS: xml::Limits = xml::Limits {
    bytes_max: BODY_BYTES_MAX,
    elements_max: 2_200,
    depth_max: 65,
    attributes_max: 64,
};
/// Requests for sessions of another shard that may wait there.
const CALLS_MAX: usize = 4_096;

/// The sessions of a node, by their secret names.
pub(crate) struct Sessions {
    by_sid: Mutex<HashMap<String, (u32, u32)>>,
    calls: Vec<Mailbox>,
}

/// Where a shard gets requests for its sessions that have come to another.
struct Mailbox {
    sender: mpsc::Sender<Call>,
    /// Taken by the shard when it starts.
    receiver: Mutex<Option<mpsc::Receiver<Call>>>,
}

/// A request for a session, and where its answer goes.
pub(crate) struct Call {
    conn: u32,
    sid: String,
    body: Element,
    answer: oneshot::Sender<Bytes>,
}

/// What a connection has instead of a socket.
pub(crate) struct Bosh {
    session: Session,
    /// Who waits for the answers to which requests.
    waiting: Vec<(u64, oneshot::Sender<Bytes>)>,
    /// Something was said since the last answer.
    pub(super) dirty: bool,
}

impl Sessions {
    pub(crate) fn new(shards: usize) -> Self {
        let call = |_| {
            let (sender, receiver) = mpsc::channel(CALLS_MAX);
            Mailbox { sender, receiver: Mutex::new(Some(receiver)) }
        };
        Self { by_sid: Mutex::default(), calls: (0..shards).map(call).collect() }
    }

    fn find(&self, sid: &str) -> Option<(u32, u32)> {
        self.sids().get(sid).copied()
    }

    fn sids(&self) -> std::sync::MutexGuard<'_, HashMap<String, (u32, u32)>> {
        self.by_sid.lock().expect("nothing panics while it holds this lock")
    }
}

/// Deals with requests for the sessions of a shard that come to others, until the node stops.
pub(crate) async fn attend(shard: Rc<Shard>) {
    let sessions = &shard.node.xmpp.bosh;
    let Some(mailbox) = sessions.calls.get(shard.index as usize) else { return };
    let Some(mut calls) =
        mailbox.receiver.lock().expect("nothing panics while it holds this lock").take()
    else {
        return;
    };
    let mut stopping = shard.node.stopping();
    loop {
        tokio::select! {
            biased;
            // 1. The end.
            _ = stopping.wait_for(|stopping| *stopping) => return,
            // 2. Requests, in the order in which they come.
            call = calls.recv() => match call {
                Some(call) => shard.bosh_call(call),
                None => return,
            },
        }
    }
}

impl Shard {
    /// Answers a request to the address of BOSH.
    pub(crate) async fn bosh(
        self: &Rc<Self>,
        request: Request<Incoming>,
        from: IpAddr,
    ) -> Response<Body> {
        match *request.method() {
            Method::POST => {}
            Method::OPTIONS => return answered(StatusCode::NO_CONTENT, Bytes::new()),
            _ => {
                let words = "this address takes requests of BOSH (XEP-0124), by POST\n";
                return answered(StatusCode::METHOD_NOT_ALLOWED, words.into());
            }
        }
        let Some(body) = read(request.into_body()).await else {
            return answered(StatusCode::OK, terminated(Some("bad-request")));
        };
        let answer = match body.attribute("sid").map(str::to_owned) {
            None => self.open_bosh(&body, from),
            Some(sid) => match self.node.xmpp.bosh.find(&sid) {
                Some(place) => self.call(place, sid, body).await,
                None => None,
            },
        };
        let gone = || terminated(Some("item-not-found"));
        let bytes = match answer {
            Some(answer) => answer.await.unwrap_or_else(|_| gone()),
            None => gone(),
        };
        answered(StatusCode::OK, bytes)
    }

    /// Takes a request to the shard that has its session.
    async fn call(
        self: &Rc<Self>,
        (shard, conn): (u32, u32),
        sid: String,
        body: Element,
    ) -> Option<oneshot::Receiver<Bytes>> {
        let (answer, answered) = oneshot::channel();
        let call = Call { conn, sid, body, answer };
        if shard == self.index {
            self.bosh_call(call);
        } else {
            let mailbox = self.node.xmpp.bosh.calls.get(shard as usize)?;
            mailbox.sender.send(call).await.ok()?;
        }
        Some(answered)
    }

    /// Opens a session by its first request.
    fn open_bosh(
        self: &Rc<Self>,
        body: &Element,
        from: IpAddr,
    ) -> Option<oneshot::Receiver<Bytes>> {
        let node = &self.node;
        let (answer, answered) = oneshot::channel();
        let to = body.attribute("to").unwrap_or_default().to_lowercase();
        if !node.ready() || to != node.xmpp.domain.name {
            let why = if to.is_empty() { "improper-addressing" } else { "host-unknown" };
            // Nobody waits who has just asked in vain.
            let _ = answer.send(terminated(Some(why)));
            return Some(answered);
        }
        let (now, sid, id) = (self.now(), random(), random());
        let domain = node.xmpp.domain.name.clone();
        let Ok((session, deeds)) = Session::open(now, sid.clone(), &domain, &id, body) else {
            let _ = answer.send(terminated(Some("bad-request")));
            return Some(answered);
        };
        let rid = body.attribute("rid").and_then(|rid| rid.parse().ok()).unwrap_or(0);
        let conn = self.arrive(Socket::none(), Transport::Bosh, (from, None), Vec::new());
        node.xmpp.bosh.sids().insert(sid, (self.index, conn.id));
        if let Some(line) = &mut conn.state.borrow_mut().xmpp {
            let waiting = vec![(rid, answer)];
            line.bosh = Some(Box::new(Bosh { session, waiting, dirty: false }));
        }
        self.together(|| self.do_for_bosh(&conn, deeds));
        // The first answer says what the session is called, whatever else there is to say.
        self.flush_bosh(&conn);
        self.look_at_xmpp(&conn);
        Some(answered)
    }

    fn bosh_call(self: &Rc<Self>, call: Call) {
        let Call { conn, sid, body, answer } = call;
        let Some(conn) = self.conn(conn) else { return };
        let rid = body.attribute("rid").and_then(|rid| rid.parse().ok()).unwrap_or(0);
        let now = self.now();
        let deeds = {
            let mut state = conn.state.borrow_mut();
            state.heard = now;
            let Some(bosh) = state.xmpp.as_mut().and_then(|line| line.bosh.as_mut()) else {
                return;
            };
            if bosh.session.sid() != sid {
                return;
            }
            // Whoever brought it before does not wait any more.
            bosh.waiting.retain(|(waiting, _)| *waiting != rid);
            bosh.waiting.push((rid, answer));
            bosh.session.handle(now, Event::Request(body))
        };
        if let Some(line) = &mut conn.state.borrow_mut().xmpp {
            line.asked = false;
        }
        self.together(|| self.do_for_bosh(&conn, deeds));
        self.look_at_xmpp(&conn);
    }

    fn do_for_bosh(self: &Rc<Self>, conn: &Rc<Conn>, deeds: Vec<Deed>) {
        for deed in deeds {
            match deed {
                Deed::Tell(content) => self.stream(conn, Input::Bosh(content)),
                Deed::Answer(rid, bytes) => answer(conn, rid, bytes),
                Deed::Flush => self.flush_bosh(conn),
                Deed::Closed => self.leave_xmpp(conn, true),
                Deed::Over => self.end_bosh(conn),
            }
        }
    }

    /// Hands what is said to a session.
    pub(super) fn hand_over(&self, conn: &Rc<Conn>, parts: [&Bytes; 2]) {
        let now = self.now();
        let whole = if parts[1].is_empty() {
            parts[0].clone()
        } else {
            Bytes::from([&parts[0][..], &parts[1][..]].concat())
        };
        let mut state = conn.state.borrow_mut();
        let Some(bosh) = state.xmpp.as_mut().and_then(|line| line.bosh.as_mut()) else { return };
        let deeds = bosh.session.handle(now, Event::Say(whole));
        if !std::mem::replace(&mut bosh.dirty, true) {
            self.is_dirty(conn.id);
            self.stirred.notify_one();
        }
        if deeds.contains(&Deed::Over) {
            self.cut.borrow_mut().push(conn.id);
        }
    }

    /// Gives what was said to the request that waits.
    pub(crate) fn flush_bosh(self: &Rc<Self>, conn: &Rc<Conn>) {
        self.bosh_event(conn, Event::Flush);
    }

    /// Tells a session what happened.
    pub(super) fn bosh_event(self: &Rc<Self>, conn: &Rc<Conn>, event: Event) {
        let now = self.now();
        let deeds = {
            let mut state = conn.state.borrow_mut();
            let Some(bosh) = state.xmpp.as_mut().and_then(|line| line.bosh.as_mut()) else {
                return;
            };
            bosh.dirty = false;
            bosh.session.handle(now, event)
        };
        self.do_for_bosh(conn, deeds);
        self.look_at_xmpp(conn);
    }

    /// A session is over: its connection is no more.
    pub(super) fn end_bosh(self: &Rc<Self>, conn: &Rc<Conn>) {
        let bosh = conn.state.borrow_mut().xmpp.as_mut().and_then(|line| line.bosh.take());
        let Some(bosh) = bosh else { return };
        self.node.xmpp.bosh.sids().remove(bosh.session.sid());
        conn.kill();
        self.gone(conn);
    }
}

impl Bosh {
    pub(super) fn deadline(&self) -> leeward_core::id::Instant {
        self.session.deadline()
    }
}

fn answer(conn: &Conn, rid: u64, bytes: Bytes) {
    let mut state = conn.state.borrow_mut();
    let Some(bosh) = state.xmpp.as_mut().and_then(|line| line.bosh.as_mut()) else { return };
    if let Some(at) = bosh.waiting.iter().position(|(waiting, _)| *waiting == rid) {
        // Whoever asked may have gone: then it asks again, and is answered the same.
        let _ = bosh.waiting.swap_remove(at).1.send(bytes);
    }
}

async fn read(body: Incoming) -> Option<Element> {
    let whole = Limited::new(body, BODY_BYTES_MAX).collect();
    let bytes = tokio::time::timeout(BODY_MAX, whole).await.ok()?.ok()?.to_bytes();
    let text = std::str::from_utf8(&bytes).ok()?;
    let text = text.trim_start_matches('\u{feff}').trim();
    let body = xml::parse(text, LIMITS).ok()?;
    body.is("body", leeward_xmpp::ns::HTTP_BIND).then_some(body)
}

/// An answer that pages of any origin may read: whoever has the sid may.
fn answered(status: StatusCode, bytes: Bytes) -> Response<Body> {
    let mut response = Response::new(Body::from(bytes));
    *response.status_mut() = status;
    let fixed = HeaderValue::from_static;
    let headers: &mut HeaderMap = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, fixed("text/xml; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, fixed("no-store"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, fixed("*"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, fixed("POST, OPTIONS"));
    headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, fixed("content-type"));
    headers.insert(header::ACCESS_CONTROL_MAX_AGE, fixed("86400"));
    response
}
