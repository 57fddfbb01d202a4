//! The public listener: sockets in, HTTP served, live connections handed to the shard.
//!
//! Every shard takes in from the same porch, so that a shard that has nothing to do takes what comes
//! and a busy one leaves it. Whatever HTTP needed is given back when a connection goes live: its
//! task, its buffers, and the request.
//!
//! What costs nothing comes first: an address that asks too often is closed before a byte of it is
//! read, whoever else comes waits on the porch, and who is taken in is few enough at a time that those
//! who are in do not notice.

mod porch;
mod sources;
mod threshold;
mod turnstile;

use crate::config::Peer;
use crate::http::forwarded_for;
use crate::node::Node;
use crate::shard::Shard;
use crate::socket::Socket;
use crate::tls::Tls;
use crate::upgrade::{self, Agreed};
use crate::xmpp;
use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use leeward_core::code::{Code, Refusal};
use leeward_xmpp::stream::Transport;
use porch::Caller;
pub(crate) use porch::{By, Porch, open};
pub use sources::Prefix;
pub(crate) use sources::Sources;
use std::cell::{Cell, RefCell};
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
pub(crate) use threshold::{Place, Threshold};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;
pub(crate) use turnstile::{InLine, Turnstile, usher};

/// Sockets taken in in a row, at most, before those who are in get their turn.
const ACCEPTS_MAX: usize = 64;
/// When a turn of everything that the shard has to do takes longer, in microseconds, fewer are
/// taken in in the next.
const TURN_US_MAX: u64 = 5_000;
/// How many more connections than the emptiest shard one may have and still take more.
const SKEW_MAX: i64 = 128;
/// How long a shard that is ahead leaves the porch to the others.
const PAUSE: Duration = Duration::from_millis(5);
/// When whoever asked too often from behind a proxy may ask again, in milliseconds.
const TURNED_AWAY_MS: u32 = 10_000;
/// Largest head of a request, and the buffer that a busy HTTP connection may have.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What a shard needs to serve HTTP.
pub(crate) struct Door {
    pub(crate) shard: Rc<Shard>,
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
    pub(crate) threshold: Rc<Threshold>,
}

/// Takes in whoever is on the porch, until the node stops.
pub(crate) async fn attend(door: Rc<Door>) {
    let node = Arc::clone(&door.shard.node);
    let mut stopping = node.stopping();
    let mut pace = Pace { row: 0, most: ACCEPTS_MAX / 4 };
    loop {
        let next = async {
            door.threshold.room().await;
            node.porch.next(&node).await
        };
        let caller = tokio::select! {
            biased;
            // 1. A node that stops takes nobody in.
            _ = stopping.wait_for(|stopping| *stopping) => return,
            caller = next => caller,
        };
        door.take_in(caller);
        pace.step(&door.shard).await;
        while node.skew(door.shard.index) > SKEW_MAX && !*stopping.borrow() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// How many are taken in in a row: as many as leave the others their turn soon enough. It is never
/// none, so that the door is served whatever else there is to do.
struct Pace {
    row: usize,
    most: usize,
}

impl Pace {
    async fn step(&mut self, shard: &Shard) {
        self.row += 1;
        if self.row < self.most {
            return;
        }
        self.row = 0;
        let began = shard.now();
        // Comes back when all that was ready at this moment has had its turn.
        tokio::task::yield_now().await;
        let took_us = shard.now().0.saturating_sub(began.0);
        self.most = if took_us > TURN_US_MAX { self.most / 2 } else { self.most + 1 };
        self.most = self.most.clamp(1, ACCEPTS_MAX);
    }
}

impl Door {
    fn take_in(self: &Rc<Self>, Caller { stream, address, by, .. }: Caller) {
        match TcpStream::from_std(stream) {
            Ok(stream) if by != By::Web => self.take_in_xmpp(stream, address, by),
            Ok(stream) => {
                // Until it is known what they want.
                let opening = Rc::new(Cell::new(true));
                let place = (self.threshold.step_on(), Rc::clone(&opening));
                let serve = serve(Rc::clone(self), stream, address, place);
                let serve = self.shard.pulse().openings.timed(serve);
                self.shard.tasks.spawn_local(Turnstile::through(&self.shard, opening, serve));
            }
            Err(e) => tracing::warn!(error = %e, "cannot take in a socket"),
        }
    }
}

async fn serve(
    door: Rc<Door>,
    stream: TcpStream,
    address: SocketAddr,
    place: (Place, Rc<Cell<bool>>),
) {
    if let Err(e) = prepare(&stream, door.shard.node.config.bounds.stall_max) {
        tracing::debug!(error = %e, "cannot prepare a socket");
        return;
    }
    let patience = door.threshold.patience(door.shard.node.config.bounds.hello_max);
    let from = From { address, place, patience };
    let Some(tls) = door.tls.clone() else {
        return speak(door, stream, from, Socket::plain).await;
    };
    let acceptor = TlsAcceptor::from(tls.config());
    // Boxed, so that the task of a plain connection does not have its size.
    let handshake = Box::pin(acceptor.accept(stream));
    match tokio::time::timeout(patience, handshake).await {
        Ok(Ok(stream)) => {
            let resumed =
                stream.get_ref().1.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
            door.shard.node.metrics.shook_hands(resumed);
            let unwrap = |stream: tokio_rustls::server::TlsStream<TcpStream>| {
                let (tcp, connection) = stream.into_inner();
                Socket::with_tls(tcp, connection)
            };
            Box::pin(speak(door, stream, from, unwrap)).await;
        }
        Ok(Err(e)) => tracing::debug!(error = %e, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// Where a socket comes from, and until when it may be on the threshold.
struct From {
    address: SocketAddr,
    /// Its place, and whether it is still on it.
    place: (Place, Rc<Cell<bool>>),
    patience: Duration,
}

/// A peer that vanishes without a word is given up by the kernel; small frames go at once.
fn prepare(stream: &TcpStream, stall_max: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(stall_max))
}

/// Speaks HTTP until the connection ends or goes live.
async fn speak<S>(door: Rc<Door>, stream: S, from: From, socket: fn(S) -> Socket)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
{
    let agreed: Rc<RefCell<Option<Agreed>>> = Rc::default();
    let From { address, place, patience } = from;
    let (place, opening) = place;
    let place = Rc::new(Cell::new(Some(place)));
    let service = service_fn(|request: Request<Incoming>| {
        let (door, agreed, place) = (Rc::clone(&door), Rc::clone(&agreed), place.take());
        opening.set(false);
        // Boxed, so that the connection can be moved while it is polled by hand.
        Box::pin(async move {
            Ok::<_, Infallible>(door.answer(request, (address, place), &agreed).await)
        })
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_buf_size(HEAD_BYTES_MAX)
        .half_close(true)
        .serve_connection(TokioIo::new(stream), service);
    let mut stopping = door.shard.node.stopping();
    let mut connection = Some(connection);
    {
        let mut stopped = pin!(stopping.wait_for(|stopping| *stopping));
        let mut asked = false;
        let done = poll_fn(|cx| {
            let connection = connection.as_mut().expect("it is taken after this");
            if !asked && stopped.as_mut().poll(cx).is_ready() {
                asked = true;
                std::pin::Pin::new(&mut *connection).graceful_shutdown();
            }
            connection.poll_without_shutdown(cx)
        })
        .await;
        if let Err(e) = done {
            tracing::trace!(error = %e, "an HTTP connection ended");
            return;
        }
    }
    let Some(agreed) = agreed.take() else { return };
    let parts = connection.take().expect("it was not taken before").into_parts();
    let early = Vec::from(parts.read_buf);
    let socket = socket(parts.io.into_inner());
    if agreed.xmpp {
        let place = agreed.opening.place;
        let from = (agreed.from.unwrap_or(address.ip()), place);
        door.shard.arrive(socket, Transport::WebSocket, from, early);
    } else {
        door.shard.take_over(socket, (agreed.opening, agreed.deflate), early, agreed.refuse);
    }
}

impl Door {
    /// Takes in a client of XMPP: its connection is one from the first byte.
    fn take_in_xmpp(self: &Rc<Self>, stream: TcpStream, address: SocketAddr, by: By) {
        let node = &self.shard.node;
        if let Err(e) = prepare(&stream, node.config.bounds.stall_max) {
            return tracing::debug!(error = %e, "cannot prepare a socket");
        }
        let (socket, transport) = match (by, node.xmpp_tls()) {
            (By::XmppTls, Some(config)) => match rustls::ServerConnection::new(config) {
                Ok(connection) => (Socket::with_tls(stream, connection), Transport::DirectTls),
                Err(e) => return tracing::warn!(error = %e, "TLS cannot begin"),
            },
            (By::XmppTls, None) => return,
            (By::Xmpp | By::Web, _) => (Socket::plain(stream), Transport::Tcp),
        };
        let place = Some(self.threshold.step_on());
        self.shard.arrive(socket, transport, (address.ip(), place), Vec::new());
    }

    async fn answer(
        &self,
        mut request: Request<Incoming>,
        (address, place): (SocketAddr, Option<Place>),
        agreed: &RefCell<Option<Agreed>>,
    ) -> Response<Body> {
        let node = &self.shard.node;
        match request.uri().path() {
            upgrade::PATH => {
                let (response, accepted) = upgrade::judge(&node.config, node.ready(), &request);
                *agreed.borrow_mut() =
                    accepted.map(|a| self.count_in(a, &request, (address, place)));
                response
            }
            xmpp::SOCKET_PATH => {
                let (response, accepted) = xmpp::judge(node.ready(), &request);
                *agreed.borrow_mut() =
                    accepted.map(|a| self.count_in(a, &request, (address, place)));
                response
            }
            xmpp::BOSH_PATH => {
                let told = node.config.behind_proxy.then(|| forwarded_for(request.headers()));
                self.shard.bosh(request, told.flatten().unwrap_or(address.ip())).await
            }
            "/healthz" => text(StatusCode::OK, "alive\n"),
            "/readyz" => ready(node),
            _ => {
                request.extensions_mut().insert(Peer { address });
                let Ok(response) = self.router.clone().oneshot(request.map(Body::new)).await;
                response
            }
        }
    }
}

impl Door {
    /// Behind a proxy, whoever asks too often is known by the address that the proxy tells.
    fn count_in<B>(
        &self,
        mut agreed: Agreed,
        request: &Request<B>,
        (address, place): (SocketAddr, Option<Place>),
    ) -> Agreed {
        let node = &self.shard.node;
        let told = node.config.behind_proxy.then(|| forwarded_for(request.headers())).flatten();
        let from = told.unwrap_or(address.ip());
        if told.is_some_and(|from| !node.sources.admit(from, self.shard.now())) {
            node.metrics.turned_away.inc();
            let why = "too many knock from this network at once";
            agreed.refuse = Some(Refusal::because(Code::Full, why).after(TURNED_AWAY_MS));
        }
        agreed.from = Some(from);
        agreed.opening.source = node.sources.name(from);
        agreed.opening.place = place;
        agreed
    }
}

/// Whether the node may take connections.
pub(crate) fn ready(node: &Node) -> Response<Body> {
    if node.ready() {
        text(StatusCode::OK, "ready\n")
    } else {
        text(StatusCode::SERVICE_UNAVAILABLE, "not ready\n")
    }
}

pub(crate) fn text(status: StatusCode, body: &'static str) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let plain = http::HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(http::header::CONTENT_TYPE, plain);
    response
}
