//! The public listener: sockets in, HTTP served, live connections handed to the shard.
//!
//! Every shard accepts from the same socket, so that a shard that has nothing to do takes what comes
//! and a busy one leaves it. Whatever HTTP needed is given back when a connection goes live: its
//! task, its buffers, and the request.

use crate::config::Peer;
use crate::node::Node;
use crate::shard::Shard;
use crate::socket::Socket;
use crate::tls::Tls;
use crate::upgrade::{self, Agreed};
use axum::Router;
use axum::body::Body;
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

/// Sockets accepted in a row before those who are in get their turn.
const ACCEPTS_MAX: usize = 16;
/// How many more connections than the emptiest shard one may have and still accept.
const SKEW_MAX: i64 = 128;
/// How long a shard that is ahead, or a process out of descriptors, leaves the listener alone.
const PAUSE: Duration = Duration::from_millis(5);
/// Largest head of a request, and the buffer that a busy HTTP connection may have.
const HEAD_BYTES_MAX: usize = 16 * 1024;

/// What a shard needs to serve HTTP.
pub(crate) struct Door {
    pub(crate) shard: Rc<Shard>,
    pub(crate) router: Router,
    pub(crate) tls: Option<Arc<Tls>>,
}

/// Accepts until the node stops.
pub(crate) async fn accept(door: Rc<Door>, listener: TcpListener) {
    let node = Arc::clone(&door.shard.node);
    let mut stopping = node.stopping();
    let mut row = 0;
    loop {
        let accepted = tokio::select! {
            biased;
            // 1. A node that stops takes nobody in.
            _ = stopping.wait_for(|stopping| *stopping) => return,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, address)) => {
                node.metrics.accepted.inc();
                let serve = serve(Rc::clone(&door), stream, address);
                door.shard.tasks.spawn_local(serve);
            }
            Err(e) => {
                // One peer's fault ends with that peer; a process out of descriptors has to wait.
                tracing::warn!(error = %e, "cannot accept");
                tokio::time::sleep(PAUSE * 10).await;
            }
        }
        row += 1;
        if row == ACCEPTS_MAX {
            row = 0;
            tokio::task::yield_now().await;
        }
        while node.skew(door.shard.index) > SKEW_MAX && !*stopping.borrow() {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

async fn serve(door: Rc<Door>, stream: TcpStream, address: SocketAddr) {
    if let Err(e) = prepare(&stream, door.shard.node.config.bounds.stall_max) {
        tracing::debug!(error = %e, "cannot prepare a socket");
        return;
    }
    let Some(tls) = door.tls.clone() else {
        return speak(door, stream, address, Socket::Plain).await;
    };
    let acceptor = TlsAcceptor::from(tls.config());
    let patience = door.shard.node.config.bounds.hello_max;
    // Boxed, so that the task of a plain connection does not have its size.
    let handshake = Box::pin(acceptor.accept(stream));
    match tokio::time::timeout(patience, handshake).await {
        Ok(Ok(stream)) => {
            let unwrap = |stream: tokio_rustls::server::TlsStream<TcpStream>| {
                let (tcp, connection) = stream.into_inner();
                Socket::Tls(Box::new((tcp, RefCell::new(connection))))
            };
            Box::pin(speak(door, stream, address, unwrap)).await;
        }
        Ok(Err(e)) => tracing::debug!(error = %e, "a TLS handshake failed"),
        Err(_) => tracing::debug!("a TLS handshake took too long"),
    }
}

/// A peer that vanishes without a word is given up by the kernel; small frames go at once.
fn prepare(stream: &TcpStream, stall_max: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    socket2::SockRef::from(stream).set_tcp_user_timeout(Some(stall_max))
}

/// Speaks HTTP until the connection ends or goes live.
async fn speak<S>(door: Rc<Door>, stream: S, address: SocketAddr, socket: fn(S) -> Socket)
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin + 'static,
{
    let agreed: Rc<RefCell<Option<Agreed>>> = Rc::default();
    let service = service_fn(|request: Request<Incoming>| {
        let (door, agreed) = (Rc::clone(&door), Rc::clone(&agreed));
        // Boxed, so that the connection can be moved while it is polled by hand.
        Box::pin(async move { Ok::<_, Infallible>(door.answer(request, address, &agreed).await) })
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(door.shard.node.config.bounds.hello_max)
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
    door.shard.take_over(socket, (agreed.opening, agreed.deflate), early, agreed.refuse);
}

impl Door {
    async fn answer(
        &self,
        mut request: Request<Incoming>,
        address: SocketAddr,
        agreed: &RefCell<Option<Agreed>>,
    ) -> Response<Body> {
        let node = &self.shard.node;
        match request.uri().path() {
            upgrade::PATH => {
                let (response, accepted) = upgrade::judge(&node.config, node.ready(), &request);
                *agreed.borrow_mut() = accepted;
                response
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
