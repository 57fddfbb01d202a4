//! The porch: whoever has come waits here until a shard has time for them. Nothing is read of a
//! socket here, and nothing is known of it but its address.
//!
//! What the kernel has no room for is not lost, it is tried again after a second and then after three,
//! which is longer than everybody's return may take. The kernel's room is small (`somaxconn`), and
//! shards that let people in are slow to empty it; so a thread of its own does nothing else.

use crate::node::Node;
use crate::run::Bomb;
use leeward_core::id::Instant;
use std::collections::VecDeque;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::sync::Notify;

/// Longest wait on the porch, in milliseconds: clients give up after 10 s, and what is let in for
/// somebody who has gone is work for nobody.
const WAIT_MS: u64 = 8_000;
/// Of the descriptors that connections may have, so many more may be in use while people change over.
const CHANGING_OVER: usize = 64;
/// How long an accept waits for somebody before it looks whether the node stops.
const LOOK: Duration = Duration::from_millis(100);
/// Between two looks, when there is no room or no descriptor.
const PAUSE: Duration = Duration::from_millis(5);

/// Who waits.
pub(crate) struct Porch {
    most: usize,
    line: Mutex<VecDeque<Caller>>,
    length: AtomicUsize,
    came: Notify,
}

/// By which door somebody comes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    /// HTTP, and what is asked for by it.
    Web,
    /// XMPP, with TLS once it is asked for.
    Xmpp,
    /// XMPP, with TLS from the first byte.
    XmppTls,
}

/// Somebody who has come.
pub(crate) struct Caller {
    pub(crate) stream: TcpStream,
    pub(crate) address: SocketAddr,
    /// By which door.
    pub(crate) by: By,
    since: Instant,
}

impl Porch {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most: most.max(1),
            line: Mutex::default(),
            length: AtomicUsize::new(0),
            came: Notify::new(),
        }
    }

    /// How many wait.
    pub(crate) fn len(&self) -> usize {
        self.length.load(Ordering::Relaxed)
    }

    fn put(&self, caller: Caller) {
        let mut line = self.line();
        line.push_back(caller);
        self.length.store(line.len(), Ordering::Relaxed);
        drop(line);
        self.came.notify_one();
    }

    /// Takes the next one who has not waited too long already.
    pub(crate) async fn next(&self, node: &Node) -> Caller {
        loop {
            while let Some(caller) = self.take() {
                if node.instant().ms_since(caller.since) < WAIT_MS {
                    return caller;
                }
                node.metrics.turned_away.inc();
            }
            self.came.notified().await;
        }
    }

    fn take(&self) -> Option<Caller> {
        let mut line = self.line();
        let caller = line.pop_front();
        self.length.store(line.len(), Ordering::Relaxed);
        // One note may have stood for many who came.
        if !line.is_empty() {
            self.came.notify_one();
        }
        caller
    }

    fn line(&self) -> MutexGuard<'_, VecDeque<Caller>> {
        self.line.lock().expect("nothing panics while it holds this lock")
    }
}

/// Starts the thread that accepts. It ends when the node stops.
pub(crate) fn open(node: Arc<Node>, listener: TcpListener, by: By) -> io::Result<JoinHandle<()>> {
    listener.set_nonblocking(false)?;
    // On Linux a listening socket's accept has the time-out of its reads.
    socket2::SockRef::from(&listener).set_read_timeout(Some(LOOK))?;
    std::thread::Builder::new().name("porch".into()).spawn(move || {
        let _bomb = Bomb(Arc::clone(&node));
        keep(&node, &listener, by);
    })
}

fn keep(node: &Node, listener: &TcpListener, by: By) {
    // A thread of its own, which nobody waits for; what it looks at between two calls of the system is
    // whether the node stops.
    let stopping = node.stopping();
    while !*stopping.borrow() {
        if !has_room(node) {
            std::thread::park_timeout(PAUSE);
            continue;
        }
        match listener.accept() {
            Ok((stream, address)) => receive(node, stream, address, by),
            Err(e) if e.kind() == io::ErrorKind::WouldBlock => {}
            Err(e) => {
                // One peer's fault ends with that peer; a process out of descriptors has to wait.
                tracing::warn!(error = %e, "cannot accept");
                std::thread::park_timeout(PAUSE * 10);
            }
        }
    }
}

/// Whether one more socket leaves the node enough descriptors for everything else.
fn has_room(node: &Node) -> bool {
    let open = usize::try_from(node.counts().iter().sum::<i64>()).unwrap_or(0);
    node.porch.len() < node.porch.most
        && open + node.openings() + node.porch.len()
            <= node.config.connections_max as usize + CHANGING_OVER
}

fn receive(node: &Node, stream: TcpStream, address: SocketAddr, by: By) {
    node.metrics.accepted.inc();
    let now = node.instant();
    // Behind a proxy the address that counts is known when the head of the request is.
    if (by != By::Web || !node.config.behind_proxy) && !node.sources.admit(address.ip(), now) {
        node.metrics.turned_away.inc();
        // Closed at once and forgotten by the kernel too.
        let _ = socket2::SockRef::from(&stream).set_linger(Some(Duration::ZERO));
        return;
    }
    if let Err(e) = stream.set_nonblocking(true) {
        tracing::debug!(error = %e, "cannot prepare a socket");
        return;
    }
    node.porch.put(Caller { stream, address, by, since: now });
}
