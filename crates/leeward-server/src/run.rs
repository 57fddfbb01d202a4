//! A node from its start to its end: threads, listeners, and a stop that tells everybody when to come
//! back.

use crate::config::NodeConfig;
use crate::door::{self, By, Door, Threshold};
use crate::guard::Guard;
use crate::heart;
use crate::http;
use crate::lot;
use crate::node::{Node, StartError};
use crate::operator;
use crate::shard::Shard;
use crate::tls::{Tickets, Tls};
use crate::watch;
use crate::xmpp;
use std::future::Future;
use std::net::TcpListener;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How often the certificate's files are looked at, and what has to survive is kept.
const TLS_LOOK: Duration = Duration::from_secs(2);

/// Sockets that listen already, so that a test may bring its own on port 0.
#[derive(Debug)]
pub struct Listeners {
    /// For people.
    pub public: TcpListener,
    /// For the operator: health, metrics, commands.
    pub operator: Option<TcpListener>,
    /// For XMPP clients; with TLS once they ask for it.
    pub xmpp: Option<TcpListener>,
    /// For XMPP clients; with TLS from the first byte.
    pub xmpp_tls: Option<TcpListener>,
}

impl Listeners {
    /// For people alone.
    pub fn public(public: TcpListener) -> Self {
        Self { public, operator: None, xmpp: None, xmpp_tls: None }
    }
}

/// Connections that may wait to be accepted: half a second's worth of the fastest return.
pub const BACKLOG: i32 = 4_096;

/// A listening socket on `address`, with room for the many who come back at once.
///
/// # Errors
/// When the system refuses the address.
pub fn listen(address: std::net::SocketAddr) -> std::io::Result<TcpListener> {
    let domain = socket2::Domain::for_address(address);
    let socket = socket2::Socket::new(domain, socket2::Type::STREAM, None)?;
    socket.set_reuse_address(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Runs a node until `shutdown` resolves, then stops it in good order.
///
/// # Errors
/// When it cannot start, or when a part of it has failed.
pub async fn run(
    config: NodeConfig,
    listeners: Listeners,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let node = Node::open(config).await?;
    serve(node, listeners, shutdown).await
}

/// Serves with a node that has been opened. Returns when all is written and closed.
///
/// # Errors
/// When it cannot start, or when a part of it has failed.
pub async fn serve(
    node: Arc<Node>,
    listeners: Listeners,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StartError> {
    let tls = match &node.config.tls {
        Some(files) => Some(Arc::new(Tls::open(files, Tickets::open(&node).await?)?)),
        None => None,
    };
    listeners.public.set_nonblocking(true).map_err(StartError::Listen)?;
    // Listening once more only changes how many may wait.
    let backlog = i32::try_from(node.config.door.backlog_max).unwrap_or(i32::MAX);
    socket2::SockRef::from(&listeners.public).listen(backlog).map_err(StartError::Listen)?;
    node.set_xmpp_tls(tls.clone());
    let app = http::app(Arc::clone(&node));
    let front = Front { router: http::router(http::App::clone(&app)), app, tls: tls.clone() };
    let (done, mut ended) = mpsc::channel(node.config.shards.max(1));
    let mut threads = Vec::new();
    for index in 0..node.config.shards.max(1) {
        let (node, front, done) = (Arc::clone(&node), front.clone(), done.clone());
        let (up, came_up) = oneshot::channel();
        let index = u32::try_from(index).expect("fewer shards than four billion");
        let thread = std::thread::Builder::new()
            .name(format!("shard-{index}"))
            .spawn(move || shard(index, &node, front, up, done))
            .map_err(StartError::Thread)?;
        threads.push(thread);
        if let Ok(Err(e)) = came_up.await {
            return Err(StartError::Listen(e));
        }
    }
    drop(done);
    let doors = [
        (Some(listeners.public), By::Web),
        (listeners.xmpp, By::Xmpp),
        (listeners.xmpp_tls.filter(|_| tls.is_some()), By::XmppTls),
    ];
    let mut porches = Vec::new();
    for (listener, by) in doors {
        if let Some(listener) = listener {
            let node = Arc::clone(&node);
            porches.push(door::open(node, listener, by).map_err(StartError::Listen)?);
        }
    }
    let operator = match listeners.operator {
        Some(listener) => Some(operator::serve(Arc::clone(&node), listener)?),
        None => None,
    };
    let guard = Guard::start(Arc::clone(&node)).map_err(StartError::Thread)?;
    let lookout = watch::start(Arc::clone(&node))?;
    node.set_ready(true);
    tracing::debug!(shards = threads.len(), "serving");
    let look = async {
        loop {
            tokio::time::sleep(TLS_LOOK).await;
            if let Err(e) = node.keep().await {
                tracing::warn!(error = %e, "the rate cannot be kept for the next start");
            }
            let Some(tls) = &tls else { continue };
            tls.look();
            if let Err(e) = tls.tickets.rotate(&node).await {
                tracing::warn!(error = %e, "the key of TLS tickets cannot be replaced");
            }
        }
    };
    tokio::select! {
        biased;
        // 1. A part of the node that fails takes the whole down, before it can half-live.
        () = node.failed() => tracing::error!("a part of the node has failed: stopping"),
        // 2. The operator's wish.
        () = shutdown => tracing::info!("stopping"),
        () = look => {}
    }
    node.set_ready(false);
    node.stop();
    while ended.recv().await.is_some() {}
    threads.extend(porches);
    let died = threads.into_iter().map(std::thread::JoinHandle::join).any(|t| t.is_err());
    drop((operator, lookout, guard));
    if let Err(e) = node.xmpp.keep(&node.store).await {
        tracing::warn!(error = %e, "XMPP clients begin anew after the next start");
    }
    node.store.close().await;
    tracing::info!("stopped");
    if died || node.has_failed() { Err(StartError::Failed) } else { Ok(()) }
}

/// What stands before every shard alike: the routes share what they count, such as sign-ins.
#[derive(Clone)]
struct Front {
    router: axum::Router,
    app: http::App,
    tls: Option<Arc<Tls>>,
}

/// The life of a shard's thread.
fn shard(
    index: u32,
    node: &Arc<Node>,
    Front { router, app, tls }: Front,
    up: oneshot::Sender<std::io::Result<()>>,
    done: mpsc::Sender<()>,
) {
    // Dropped at the end of the thread, however it ends.
    let _done = done;
    let _bomb = Bomb(Arc::clone(node));
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(e) => {
            // Whoever started it has given up if nobody listens.
            let _ = up.send(Err(e));
            return;
        }
    };
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let shard = Shard::new(index, Arc::clone(node), app);
        let count = Arc::clone(&shard.pulse().openings_count);
        let threshold = Threshold::new(shard.node.config.door.openings_max, count);
        let door = Rc::new(Door { shard: Rc::clone(&shard), router, tls, threshold });
        shard.tasks.spawn_local(door::attend(door));
        shard.tasks.spawn_local(door::usher(Rc::clone(&shard)));
        shard.tasks.spawn_local(lot::attend(Rc::clone(&shard)));
        shard.tasks.spawn_local(xmpp::attend(Rc::clone(&shard)));
        let _ = up.send(Ok(()));
        heart::beat(shard).await;
    });
}

/// Tells the node when the thread that it lives on panics.
pub(crate) struct Bomb(pub(crate) Arc<Node>);

impl Drop for Bomb {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.fail("a shard panicked");
        }
    }
}
