//! Sessions of BOSH: each is a connection without a socket, on the shard where it was opened, whichever
//! shard its requests come to. What a session is called is known to its client alone; here are hashes.
//!
//! Whoever is not answered is told to ask again (503), which clients do with the same request: so it is when
//! the node stops, and `aside` has what goes on afterwards.

use super::aside::Aside;
use super::sleepers::SLEEP_MS;
use super::steps::random;
use crate::conn::Conn;
use crate::shard::Shard;
use crate::socket::Socket;
use axum::body::Body;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use leeward_core::id::{AccountId, Instant};
use leeward_xmpp::bosh::{Deed, Event, Session, terminated};
use leeward_xmpp::stream::{Input, Transport};
use leeward_xmpp::xml::{self, Element};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::rc::Rc;
use std::sync::{Mutex, MutexGuard};
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
/// Requests of one session that may wait until it is let in again.
const EARLY_MAX: usize = 4;

/// What stands for the secret name of a session: its BLAKE3 hash.
pub(super) type Digest = [u8; 32];

pub(super) fn digest(sid: &str) -> Digest {
    *blake3::hash(sid.as_bytes()).as_bytes()
}

/// The sessions of a node.
pub(crate) struct Sessions {
    table: Mutex<Table>,
    calls: Vec<Mailbox>,
}

/// The sessions by what stands for their names.
#[derive(Default)]
pub(super) struct Table {
    /// Those that have a connection: shard and connection.
    pub(super) awake: HashMap<Digest, (u32, u32)>,
    /// Those that went on when the node stopped, and have not been asked for since.
    pub(super) aside: BTreeMap<Digest, Aside>,
    /// Whose passwords were changed since the node has started, while some are aside.
    pub(super) changed: BTreeSet<AccountId>,
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
    sid: Digest,
    body: Element,
    answer: oneshot::Sender<Bytes>,
}

/// What a connection has instead of a socket.
pub(crate) struct Bosh {
    pub(super) sid: Digest,
    pub(super) session: Session,
    /// Who waits for the answers to which requests.
    pub(super) waiting: Vec<(u64, oneshot::Sender<Bytes>)>,
    /// Something was said since the last answer.
    pub(super) dirty: bool,
    /// What it is to go on from when it is let in again, and what it was asked until then.
    pub(super) waking: Option<Box<(Aside, Vec<Call>)>>,
}

impl Sessions {
    pub(super) fn new(shards: usize, aside: BTreeMap<Digest, Aside>) -> Self {
        let call = |_| {
            let (sender, receiver) = mpsc::channel(CALLS_MAX);
            Mailbox { sender, receiver: Mutex::new(Some(receiver)) }
        };
        let table = Mutex::new(Table { aside, ..Table::default() });
        Self { table, calls: (0..shards).map(call).collect() }
    }

    pub(super) fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().expect("nothing panics while it holds this lock")
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
    let forget = tokio::time::sleep(Duration::from_millis(SLEEP_MS));
    let mut forget = std::pin::pin!(forget);
    let mut forgot = false;
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
            // 3. Whoever has not come back by then will not.
            () = &mut forget, if !forgot => {
                forgot = true;
                sessions.forget_aside();
            }
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
        if !self.node.ready() {
            return later();
        }
        let answer = match body.attribute("sid").map(digest) {
            None => self.open_bosh(&body, from),
            Some(sid) => match self.place_of(sid, from) {
                Some(place) => self.call(place, sid, body).await,
                None => return answered(StatusCode::OK, gone()),
            },
        };
        match answer {
            Some(answer) => match answer.await {
                Ok(bytes) => answered(StatusCode::OK, bytes),
                Err(_) => later(),
            },
            None => later(),
        }
    }

    /// Takes a request to the shard that has its session.
    async fn call(
        self: &Rc<Self>,
        (shard, conn): (u32, u32),
        sid: Digest,
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
        if to != node.xmpp.domain.name {
            let why = if to.is_empty() { "improper-addressing" } else { "host-unknown" };
            // Nobody waits who has just asked in vain.
            let _ = answer.send(terminated(Some(why)));
            return Some(answered);
        }
        let (now, sid, id) = (self.now(), random(), random());
        let domain = node.xmpp.domain.name.clone();
        let Ok((session, deeds)) = Session::open(now, &sid, &domain, &id, body) else {
            let _ = answer.send(terminated(Some("bad-request")));
            return Some(answered);
        };
        let rid = rid_of(body);
        let conn = self.arrive(Socket::none(), Transport::Bosh, (from, None), Vec::new());
        let sid = digest(&sid);
        node.xmpp.bosh.table().awake.insert(sid, (self.index, conn.id));
        if let Some(line) = &mut conn.state.borrow_mut().xmpp {
            let waiting = vec![(rid, answer)];
            line.bosh = Some(Box::new(Bosh { sid, session, waiting, dirty: false, waking: None }));
        }
        self.together(|| self.do_for_bosh(&conn, deeds));
        // The first answer says what the session is called, whatever else there is to say.
        self.flush_bosh(&conn);
        self.look_at_xmpp(&conn);
        Some(answered)
    }

    pub(super) fn bosh_call(self: &Rc<Self>, call: Call) {
        let rid = rid_of(&call.body);
        let now = self.now();
        let Some(conn) = self.conn(call.conn) else { return self.no_session(call) };
        let deeds = {
            let mut state = conn.state.borrow_mut();
            state.heard = now;
            let bosh = state.xmpp.as_mut().and_then(|line| line.bosh.as_mut());
            let Some(bosh) = bosh.filter(|bosh| bosh.sid == call.sid) else {
                drop(state);
                return self.no_session(call);
            };
            if let Some((_, early)) = bosh.waking.as_deref_mut() {
                early.retain(|before| rid_of(&before.body) != rid);
                if early.len() < EARLY_MAX {
                    early.push(call);
                }
                return;
            }
            // Whoever brought it before does not wait any more.
            bosh.waiting.retain(|(waiting, _)| *waiting != rid);
            bosh.waiting.push((rid, call.answer));
            bosh.session.handle(now, Event::Request(call.body))
        };
        if let Some(line) = &mut conn.state.borrow_mut().xmpp {
            line.asked = false;
        }
        self.together(|| self.do_for_bosh(&conn, deeds));
        // What was said while no request waited is given to this one.
        self.flush_bosh(&conn);
        self.look_at_xmpp(&conn);
    }

    /// A request for a session that is no more; or has been put aside, and is asked for again then.
    fn no_session(&self, call: Call) {
        if self.node.ready() {
            // Whoever asked may have gone.
            let _ = call.answer.send(gone());
        }
    }

    fn do_for_bosh(self: &Rc<Self>, conn: &Rc<Conn>, deeds: Vec<Deed>) {
        for deed in deeds {
            match deed {
                Deed::Tell(content) => self.stream(conn, Input::Bosh(content)),
                Deed::Answer(rid, bytes) => answer(conn, rid, bytes),
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
        self.node.xmpp.bosh.table().awake.remove(&bosh.sid);
        for (_, waits) in bosh.waiting {
            // Whoever asked may have gone.
            let _ = waits.send(gone());
        }
        conn.kill();
        self.gone(conn);
    }
}

impl Bosh {
    pub(super) fn deadline(&self) -> Instant {
        // Whoever waits to be let in again is given up by their line.
        if self.waking.is_some() { Instant(u64::MAX) } else { self.session.deadline() }
    }
}

fn rid_of(body: &Element) -> u64 {
    body.attribute("rid").and_then(|rid| rid.parse().ok()).unwrap_or(0)
}

/// The answer to whoever asks for a session that there is not.
fn gone() -> Bytes {
    terminated(Some("item-not-found"))
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

/// The answer that has the same request asked again: the node stops, or has too much to do.
fn later() -> Response<Body> {
    let mut response = answered(StatusCode::SERVICE_UNAVAILABLE, Bytes::new());
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    response
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
