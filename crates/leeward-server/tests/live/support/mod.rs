//! A real server on port 0 in a directory of its own, and clients that speak to it frame by frame.
#![allow(dead_code, unused_imports, reason = "each test uses its own part of this")]

use leeward_core::account::Role;
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::id::{AccountId, Epoch, Millis, Nonce, RoomId, Seq, SessionId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::seal::{Grant, Purpose};
use leeward_server::node::StartError;
use leeward_server::run::{Listeners, listen, serve};
use leeward_server::{Node, NodeConfig};
use leeward_store::{Append, Author, NewAccount, NewSession};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(crate) mod asker;
mod line;
pub(crate) mod wedge;
pub(crate) mod xmpp;
pub(crate) use line::{Line, Raw, hello, post};

/// Nothing here takes longer unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A port of the system's choice.
pub(crate) const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// A server.
pub(crate) struct World {
    pub(crate) node: Arc<Node>,
    pub(crate) address: SocketAddr,
    pub(crate) operator: SocketAddr,
    /// Where XMPP is spoken, with TLS once it is asked for.
    pub(crate) xmpp: SocketAddr,
    /// The history that its positions belong to.
    pub(crate) epoch: u64,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<Result<(), StartError>>>,
    dir: Option<TempDir>,
}

/// An account with a sign-in.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) account: AccountId,
    pub(crate) session: SessionId,
    pub(crate) token: String,
}

impl World {
    /// A server with the defaults, two shards.
    pub(crate) async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A server whose configuration has been changed.
    pub(crate) async fn with(change: impl FnOnce(&mut NodeConfig)) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let mut world = Self::over(dir.path(), change).await;
        world.dir = Some(dir);
        world
    }

    /// A server over a directory that exists.
    pub(crate) async fn over(dir: &Path, change: impl FnOnce(&mut NodeConfig)) -> Self {
        Self::at(listen(LOOPBACK).expect("a port"), dir, change).await
    }

    /// The same, for people who come by this socket.
    pub(crate) async fn at(
        public: TcpListener,
        dir: &Path,
        change: impl FnOnce(&mut NodeConfig),
    ) -> Self {
        let mut config = NodeConfig::new(dir);
        config.shards = 2;
        config.operator_secret = Some("secret".into());
        change(&mut config);
        let node = Node::open(config).await.expect("the node opens");
        let operator = listen(LOOPBACK).expect("a port");
        let address = public.local_addr().expect("it listens");
        let operator_address = operator.local_addr().expect("it listens");
        let spoken = listen(LOOPBACK).expect("a port");
        let xmpp = spoken.local_addr().expect("it listens");
        let listeners =
            Listeners { operator: Some(operator), xmpp: Some(spoken), ..Listeners::public(public) };
        let (stop, stopped) = oneshot::channel::<()>();
        let served = Arc::clone(&node);
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let shutdown = async {
                let _ = stopped.await;
            };
            runtime.expect("a runtime").block_on(serve(served, listeners, shutdown))
        });
        let ready = || async { Raw::status(operator_address, "/readyz").await == 200 };
        tokio::time::timeout(PATIENCE, async {
            while !ready().await {
                tokio::task::yield_now().await;
            }
        })
        .await
        .expect("the server becomes ready");
        let (stop, thread) = (Some(stop), Some(thread));
        let epoch = node.store.epoch().await.expect("it can be read").0;
        Self { node, address, operator: operator_address, xmpp, epoch, stop, thread, dir: None }
    }

    /// Asks it to stop; it goes on until it has.
    pub(crate) fn begin_stop(&mut self) {
        drop(self.stop.take());
    }

    /// Stops it and waits until it has.
    pub(crate) async fn stop(mut self) -> Option<TempDir> {
        self.begin_stop();
        self.ended().await.expect("the server stopped in good order");
        self.dir.take()
    }

    /// Waits until it has ended, of itself or because it was asked to.
    pub(crate) async fn ended(&mut self) -> Result<(), StartError> {
        let thread = self.thread.take().expect("it ends once");
        let joined = tokio::task::spawn_blocking(move || thread.join());
        let joined = tokio::time::timeout(PATIENCE, joined).await.expect("it ends");
        joined.expect("joining does not panic").expect("its own thread never panics")
    }

    /// The directory of one that has ended.
    pub(crate) fn stopped(mut self) -> TempDir {
        self.dir.take().expect("it had a directory of its own")
    }

    /// Makes an account that is signed in.
    pub(crate) async fn account(&self, name: &str) -> Seat {
        self.account_of(name, Role::Member).await
    }

    pub(crate) async fn account_of(&self, name: &str, role: Role) -> Seat {
        self.account_with(name, role, None).await
    }

    pub(crate) async fn account_with(
        &self,
        name: &str,
        role: Role,
        password_hash: Option<String>,
    ) -> Seat {
        let account = NewAccount {
            name: name.into(),
            display: name.into(),
            role,
            bot: false,
            password_hash,
            at: self.node.now(),
        };
        let entry = self.node.store.create_account(account).await.expect("the name is free");
        let account = entry.person.id;
        self.node.accounts.put(entry);
        self.sign_in(account, role).await
    }

    /// Signs an account in once more.
    pub(crate) async fn sign_in(&self, account: AccountId, role: Role) -> Seat {
        let at = self.node.now();
        let expires_at = Millis(at.0 + 3_600_000);
        let session = NewSession { account, device: "test".into(), at, expires_at };
        let session = self.node.store.create_session(session).await.expect("it is stored").id;
        let token = self.node.seal_token(self.grant(account, session, role));
        Seat { account, session, token }
    }

    pub(crate) fn grant(&self, account: AccountId, session: SessionId, role: Role) -> Grant {
        let issued = self.node.now();
        let expires = Millis(issued.0 + 3_600_000);
        Grant { account, session, session_epoch: 0, role, issued, expires, lease_ms: 0 }
    }

    pub(crate) fn ticket(&self, grant: &Grant) -> String {
        self.node.keys().seal(Purpose::Resume, grant)
    }

    /// Makes a public room with these people in it; the first made it.
    pub(crate) async fn room(&self, name: &str, seats: &[&Seat]) -> RoomId {
        let facts = RoomFacts {
            room_kind: RoomKind::Public,
            name: name.into(),
            topic: String::new(),
            archived: false,
            read_only: false,
        };
        let by = Author { account: seats[0].account, role: Role::Member };
        let role = |i| if i == 0 { MemberRole::Moderator } else { MemberRole::Member };
        let members = seats.iter().enumerate().map(|(i, seat)| (seat.account, role(i))).collect();
        let change = self.node.store.create_room(by, facts, members, self.node.now()).await;
        self.tell(&change.expect("the room is made"))
    }

    /// Brings somebody into a room.
    pub(crate) async fn join(&self, room: RoomId, seat: &Seat) {
        let by = Author { account: seat.account, role: Role::Member };
        let at = self.node.now();
        let change = self.node.store.join(by, room, seat.account, MemberRole::Member, at).await;
        self.tell(&change.expect("they may come in"));
    }

    /// Takes somebody out of a room.
    pub(crate) async fn leave(&self, room: RoomId, seat: &Seat) {
        let by = Author { account: seat.account, role: Role::Member };
        let change = self.node.store.leave(by, room, seat.account, false, self.node.now()).await;
        self.tell(&change.expect("they may leave"));
    }

    fn tell(&self, change: &leeward_store::RoomChange) -> RoomId {
        for (account, version) in &change.versions {
            self.node.accounts.bump(*account, *version);
        }
        self.node.publish(change.room, change.epoch, &change.events);
        change.room
    }

    /// Stores a message without anybody being told, as a process does that dies right after.
    pub(crate) async fn store_silently(
        &self,
        seat: &Seat,
        room: RoomId,
        text: &str,
    ) -> (Epoch, Event) {
        let append = Append {
            room,
            author: Author { account: seat.account, role: Role::Member },
            nonce: nonce(text),
            draft: message(text),
            mentions: Vec::new(),
            mentions_room: false,
            name: None,
            at: self.node.now(),
        };
        let appended = self.node.store.append(append).await.expect("it is stored");
        (appended.epoch, appended.event)
    }

    /// The seq of the last event in a room.
    pub(crate) async fn head(&self, room: RoomId) -> u64 {
        self.log(room).await.last().map_or(0, |event| event.seq.0)
    }

    /// Every event of a room, from the database.
    pub(crate) async fn log(&self, room: RoomId) -> Vec<Event> {
        self.node.store.events_after(room, Seq(0), 1_000_000).await.expect("it can be read")
    }

    /// A page of the operator's listener.
    pub(crate) async fn page(&self, path: &str) -> String {
        Raw::get(self.operator, path).await
    }

    /// Gives the operator's listener an order; the status and what it answered.
    pub(crate) async fn order(&self, order: &Value) -> (u16, Value) {
        Raw::command(self.operator, order).await
    }

    /// Gives an order that is well formed.
    pub(crate) async fn ordered(&self, order: Value) -> Value {
        let (status, answer) = self.order(&order).await;
        assert_eq!(status, 200, "{order}: {answer}");
        answer
    }

    /// Waits until something is so.
    pub(crate) async fn until(&self, what: &str, mut so: impl AsyncFnMut(&Self) -> bool) {
        let wait = async {
            while !so(self).await {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        tokio::time::timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| panic!("not in time: {what}"));
    }

    /// A figure from the metrics page.
    pub(crate) async fn figure(&self, name: &str) -> u64 {
        let page = self.page("/metrics").await;
        let line = page.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {name} in {page}")).trim().parse().expect("a number")
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.begin_stop();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The text of a message event.
pub(crate) fn text_of(event: &Event) -> Option<&str> {
    let What::Message(message) = &event.what else { return None };
    Some(&message.text)
}

pub(crate) fn message(text: &str) -> Draft {
    let Message { text, .. } = Message { text: text.into(), ..Message::default() };
    Draft::Message { text, thread: None, also_room: false, files: Vec::new(), quote: None }
}

pub(crate) fn nonce(text: &str) -> Nonce {
    Nonce::try_from(text.replace(' ', "-")).expect("visible characters")
}
