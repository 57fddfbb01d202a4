//! The operator's listener: health, metrics, what the node is doing, and commands.
//!
//! It has a thread of its own and shares nothing with the public listener, so that it answers when
//! that one is full or shut. Commands need the secret that the node was started with.

use crate::door::{ready, text};
use crate::node::{Node, StartError};
use crate::operate::{self, Command, Order};
use crate::watch::{LIMITS, Row};
use axum::body::Body;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::Millis;
use serde::Serialize;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, oneshot};

mod page;
mod stream;

/// Largest command: a list of some thousand accounts to be made.
const COMMAND_BYTES_MAX: usize = 4 * 1024 * 1024;
/// How long a request's head may take.
const HEAD_MAX: Duration = Duration::from_secs(10);

/// Serves until dropped.
pub(crate) struct Operator {
    _stop: oneshot::Sender<()>,
}

/// Starts the listener's thread.
pub(crate) fn serve(node: Arc<Node>, listener: TcpListener) -> Result<Operator, StartError> {
    listener.set_nonblocking(true).map_err(StartError::Listen)?;
    let (stop, stopped) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    std::thread::Builder::new()
        .name("operator".into())
        .spawn(move || {
            runtime.block_on(async {
                match tokio::net::TcpListener::from_std(listener) {
                    Ok(listener) => accept(node, listener, stopped).await,
                    Err(e) => tracing::error!(error = %e, "the operator's listener cannot be used"),
                }
            });
        })
        .map_err(StartError::Thread)?;
    Ok(Operator { _stop: stop })
}

async fn accept(
    node: Arc<Node>,
    listener: tokio::net::TcpListener,
    mut stopped: oneshot::Receiver<()>,
) {
    loop {
        let accepted = tokio::select! {
            biased;
            // 1. The end of the node.
            _ = &mut stopped => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        let node = Arc::clone(&node);
        let cut = Arc::new(Notify::new());
        let cutting = Arc::clone(&cut);
        let service = service_fn(move |request| {
            let (node, cut) = (Arc::clone(&node), Arc::clone(&cutting));
            async move { Ok::<_, Infallible>(answer(&node, request, &cut).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_MAX)
            .serve_connection(TokioIo::new(stream), service);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                // 1. Somebody does not take what is sent.
                () = cut.notified() => {}
                // 2. It ends by itself, well or not.
                _ = connection => {}
            }
        });
    }
}

async fn answer(node: &Arc<Node>, request: Request<Incoming>, cut: &Arc<Notify>) -> Response<Body> {
    match (request.method().clone(), request.uri().path()) {
        (Method::GET, "/healthz") => text(StatusCode::OK, "alive\n"),
        (Method::GET, "/readyz") => ready(node),
        (Method::GET, "/metrics") => {
            let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            with_type(StatusCode::OK, kind, metrics(node))
        }
        (Method::GET, "/") => page::page(&crate::node::secret()),
        (Method::GET, "/api/storm") => match node.watch.status() {
            Some(status) => json(StatusCode::OK, &status),
            None => text(StatusCode::SERVICE_UNAVAILABLE, "nobody has looked yet\n"),
        },
        (Method::GET, "/api/storm/history") => json(StatusCode::OK, &history(node)),
        (Method::GET, "/api/storm/stream") => stream::stream(&node.watch, cut),
        (Method::GET, "/status") => json(StatusCode::OK, &status(node).await),
        (Method::GET, "/api/doctor") => match node.doctor.asked().await {
            Some(report) => json(StatusCode::OK, &*report),
            None => text(StatusCode::SERVICE_UNAVAILABLE, "nobody has looked yet\n"),
        },
        (Method::POST, "/command") => command(node, request).await,
        (_, _) => text(StatusCode::NOT_FOUND, "no such page\n"),
    }
}

/// Metrics as they stand.
pub(crate) fn metrics(node: &Node) -> String {
    let (admissions, admitting) = node.admission.count();
    let set = |name, value| node.metrics.set(name, value);
    set("admissions", admissions);
    set("admitting", admitting);
    set("accounts", node.accounts.len());
    set("news_bytes", node.bus.waiting_bytes());
    set("ready", usize::from(node.ready()));
    let memory = Memory::read();
    set("memory_allocated_bytes", memory.allocated);
    set("memory_active_bytes", memory.active);
    set("memory_resident_bytes", memory.resident);
    set("memory_retained_bytes", memory.retained);
    node.metrics.text()
}

/// The last ten minutes, a row a second.
#[derive(Serialize)]
struct HistoryPage {
    now: Millis,
    every_ms: u32,
    columns: [&'static str; Row::COLUMNS.len()],
    /// What a row's `limited_by` counts in.
    limits: [&'static str; LIMITS.len()],
    rows: Vec<[u64; Row::COLUMNS.len()]>,
}

fn history(node: &Node) -> HistoryPage {
    HistoryPage {
        now: node.now(),
        every_ms: 1_000,
        columns: Row::COLUMNS,
        limits: LIMITS,
        rows: node.watch.rows().iter().map(Row::values).collect(),
    }
}

/// What the allocator says of itself; all 0 under another one.
#[derive(Default, Serialize)]
struct Memory {
    allocated: usize,
    active: usize,
    resident: usize,
    retained: usize,
}

impl Memory {
    fn read() -> Self {
        use tikv_jemalloc_ctl::{epoch, stats};
        let read = || {
            epoch::advance()?;
            Ok::<_, tikv_jemalloc_ctl::Error>(Self {
                allocated: stats::allocated::read()?,
                active: stats::active::read()?,
                resident: stats::resident::read()?,
                retained: stats::retained::read()?,
            })
        };
        read().unwrap_or_default()
    }
}

/// What the node is doing.
#[derive(Serialize)]
struct Status {
    ready: bool,
    version: &'static str,
    build: String,
    /// Commands that break the node on purpose are taken.
    drills: bool,
    now: Millis,
    up_ms: u64,
    connections: Vec<i64>,
    admissions: usize,
    admitting: usize,
    sessions_begun: u64,
    sessions_resumed: u64,
    accounts: usize,
    memory: Memory,
    store: BTreeMap<String, u64>,
    xmpp: XmppStatus,
}

/// Where XMPP is spoken, beside the addresses of the web.
#[derive(Serialize)]
struct XmppStatus {
    domain: String,
    /// With TLS once the client asks for it.
    listen: Option<SocketAddr>,
    /// With TLS from the first byte.
    listen_tls: Option<SocketAddr>,
}

async fn status(node: &Node) -> Status {
    let (admissions, admitting) = node.admission.count();
    let (sessions_begun, sessions_resumed) = node.metrics.welcomes();
    let [listen, listen_tls] = node.xmpp.at.get().copied().unwrap_or_default();
    Status {
        ready: node.ready(),
        version: env!("CARGO_PKG_VERSION"),
        build: node.config.build.clone(),
        drills: node.config.allow_drills,
        now: node.now(),
        up_ms: node.instant().0 / 1_000,
        connections: node.counts(),
        admissions,
        admitting,
        sessions_begun,
        sessions_resumed,
        accounts: node.accounts.len(),
        memory: Memory::read(),
        // A database that does not answer is shown by having no figures.
        store: node.store.figures().await.unwrap_or_default(),
        xmpp: XmppStatus { domain: node.xmpp.domain.name.clone(), listen, listen_tls },
    }
}

async fn command(node: &Arc<Node>, request: Request<Incoming>) -> Response<Body> {
    if !may_command(node.config.operator_secret.as_deref(), &request) {
        return refused(&Code::SignIn.into());
    }
    let Ok(body) = Limited::new(request.into_body(), COMMAND_BYTES_MAX).collect().await else {
        return refused(&Code::TooBig.into());
    };
    let asked = match read(&body.to_bytes()) {
        Ok(asked) => asked,
        Err(e) => return refused(&Refusal::because(Code::BadRequest, e.to_string())),
    };
    // Carried through even when the operator's terminal goes away.
    let node = Arc::clone(node);
    let done = tokio::spawn(async move {
        match asked {
            Asked::Work(command) => {
                operate::on_node(&node, command).await.map(|outcome| to_json(&outcome))
            }
            Asked::Order(order) => {
                operate::carry_out(&node, order).await.map(|ordered| to_json(&ordered))
            }
        }
    });
    match done.await.unwrap_or_else(|_| Err(Code::Internal.into())) {
        Ok(body) => with_type(StatusCode::OK, "application/json", body),
        Err(refusal) => refused(&refusal),
    }
}

/// What may be posted: work on the workspace, which names itself by `do`, or an order to the node,
/// which does by `command`.
enum Asked {
    Work(Command),
    Order(Order),
}

fn read(body: &[u8]) -> Result<Asked, serde_json::Error> {
    let value: serde_json::Value = serde_json::from_slice(body)?;
    if value.get("command").is_some() {
        return serde_json::from_value(value).map(Asked::Order);
    }
    serde_json::from_value(value).map(Asked::Work)
}

/// Compared by their hashes, so that the time it takes tells nothing.
fn may_command<B>(secret: Option<&str>, request: &Request<B>) -> bool {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    match (secret, given.and_then(|given| given.strip_prefix("Bearer "))) {
        (Some(secret), Some(given)) => {
            blake3::hash(secret.as_bytes()) == blake3::hash(given.as_bytes())
        }
        (None, _) | (_, None) => false,
    }
}

fn refused(refusal: &Refusal) -> Response<Body> {
    let status = StatusCode::from_u16(refusal.code.http());
    json(status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), refusal)
}

fn json<T: Serialize>(status: StatusCode, value: &T) -> Response<Body> {
    with_type(status, "application/json", to_json(value))
}

fn to_json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("it is made of text and numbers")
}

fn with_type(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
