//! The spine: what a post passes on its way from whoever sends it to everybody who gets it.
//!
//! Checked, appended to the log, committed; then published, and only then answered. Everything that
//! is known about accounts and sessions without asking the database is here too. Never writes to a
//! socket.

use crate::accounts::AccountIndex;
use crate::admission::Admission;
use crate::config::NodeConfig;
use crate::doctor::Doctor;
use crate::door::{Porch, Sources};
use crate::guard::Guarded;
use crate::kept::Kept;
use crate::metrics::Metrics;
use crate::passwords::Passwords;
use crate::state::State;
use crate::watch::{Figures, Watch};
use crate::xmpp::Xmpp;
use leeward_bus::Bus;
use leeward_core::account::{Person, Role};
use leeward_core::code::{Code, Refusal};
use leeward_core::event::{Draft, Event};
use leeward_core::hub::{News, Published, Who};
use leeward_core::id::{AccountId, Epoch, Instant, Millis, Nonce, RoomId, Seq, SessionId};
use leeward_core::limits;
use leeward_core::mentions::mentions;
use leeward_core::rules;
use leeward_core::seal::{Grant, KeyRing, Purpose};
use leeward_core::storm::{Start, StormLimits};
use leeward_core::wire::{self, ServerFrame, Snapshot};
use leeward_core::ws;
use leeward_store::{Append, Author, ReadMark, SqliteConfig, Store, StoreError};
use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, RwLock};

/// One running server process.
pub struct Node {
    /// All that must survive a restart.
    pub store: Store,
    /// Every account, in memory.
    pub accounts: AccountIndex,
    /// What it was told when it started.
    pub config: Arc<NodeConfig>,
    /// What it counts.
    pub metrics: Metrics,
    /// The pool that hashes passwords.
    pub passwords: Passwords,
    /// What it will run into.
    pub doctor: Doctor,
    pub(crate) bus: Bus,
    pub(crate) admission: Admission,
    /// Who asks from where, before anything is read.
    pub(crate) sources: Sources,
    /// Who has come and is not taken in yet.
    pub(crate) porch: Porch,
    /// What it shows of itself.
    pub(crate) watch: Arc<Watch>,
    /// What the guard has seen.
    pub(crate) guarded: Guarded,
    /// What it has for XMPP.
    pub(crate) xmpp: Xmpp,
    keys: KeyRing,
    clock: Clock,
    revoked: RwLock<BTreeSet<SessionId>>,
    epochs: AtomicU32,
    pub(crate) state: State,
}

/// Who does something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Actor {
    /// Which account.
    pub account: AccountId,
    /// What it may do in the workspace.
    pub role: Role,
    /// The sign-in it came by; none for a bot.
    pub session: Option<SessionId>,
    /// A program, by its token.
    pub bot: bool,
}

/// What came of a post.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Posted {
    /// Its place in the room's log.
    pub seq: Seq,
    /// When it was stored.
    pub at: Millis,
    /// It had been stored before under the same nonce; this is the first answer again.
    pub repeated: bool,
}

impl Node {
    /// Opens the data directory and loads what is kept in memory.
    ///
    /// # Errors
    /// When the data directory cannot be used, or the system gives no threads.
    pub async fn open(config: NodeConfig) -> Result<Arc<Self>, StartError> {
        let mut files = SqliteConfig::new(&config.data);
        files.readers = config.readers;
        let store = Store::open(&files)?;
        let keys = store.keys().await?;
        let accounts = AccountIndex::of(store.index().await?, store.bot_tokens().await?);
        let revoked = store.revoked_sessions(Clock::wall()).await?;
        let bus = Bus::local(config.bounds.inbox_bytes_max);
        let clock = Clock::start();
        let storm = StormLimits {
            connections_max: config.connections_max as usize,
            parked_bytes_max: config.storm.parked_bytes_max,
            // Without control a node is at the mercy of the next storm: for drills alone.
            control: config.storm.control || !config.allow_drills,
            ..StormLimits::default()
        };
        let xmpp = Xmpp::open(&config, &store).await?;
        let kept = Kept::read(&store).await?.begin(&store).await?;
        let start = Start {
            now: clock.instant(),
            wall: Clock::wall(),
            node: 1,
            epoch: kept.epoch,
            mu_per_s: kept.mu_per_s,
        };
        let watch = Arc::new(Watch::new(config.build.clone()));
        Ok(Arc::new(Self {
            admission: Admission::new(storm, start, config.shards.max(1)),
            sources: Sources::new(&config.door, secret()),
            porch: Porch::new(config.door.porch_max),
            guarded: Guarded::default(),
            xmpp,
            state: State::new(config.shards.max(1)),
            store,
            accounts,
            metrics: Metrics::with(Box::new(Figures(Arc::clone(&watch)))),
            watch,
            passwords: Passwords::start().map_err(StartError::Thread)?,
            doctor: Doctor::default(),
            bus,
            keys: KeyRing::new(keys.current, keys.previous),
            clock,
            revoked: RwLock::new(revoked.into_iter().collect()),
            epochs: AtomicU32::new(first_epoch(Clock::wall())),
            config: Arc::new(config),
        }))
    }

    /// The wall clock.
    pub fn now(&self) -> Millis {
        Clock::wall()
    }

    /// Monotonic time since the node started.
    pub(crate) fn instant(&self) -> Instant {
        self.clock.instant()
    }

    /// Who holds this sign-in token or bot token.
    ///
    /// # Errors
    /// [`Code::SignIn`] when it is forged, expired or revoked, [`Code::Banned`] when the account is
    /// disabled.
    pub fn open_token(&self, text: &str) -> Result<Actor, Refusal> {
        let (account, session) = match self.keys.open(Purpose::SignIn, text, self.now()) {
            Ok(grant) => (grant.account, Some(grant.session)),
            Err(code) => {
                let hash = blake3::hash(text.as_bytes());
                (self.accounts.bot(hash.as_bytes()).ok_or(code)?, None)
            }
        };
        self.actor(account, session)
    }

    /// Who holds this resume ticket, and of which epoch it is. One MAC, two look-ups in memory.
    pub(crate) fn open_ticket(&self, text: &str) -> Result<(Actor, Grant), Refusal> {
        let grant = self.keys.open(Purpose::Resume, text, self.now())?;
        let session = (grant.session.0 != 0).then_some(grant.session);
        Ok((self.actor(grant.account, session)?, grant))
    }

    /// An account as it stands at this moment.
    pub(crate) fn actor(
        &self,
        account: AccountId,
        session: Option<SessionId>,
    ) -> Result<Actor, Refusal> {
        if session.is_some_and(|s| self.revoked(s)) {
            return Err(Code::SignIn.into());
        }
        let standing = self.accounts.standing(account).ok_or(Code::SignIn)?;
        if standing.disabled {
            return Err(Code::Banned.into());
        }
        Ok(Actor { account, role: standing.role, session, bot: standing.bot })
    }

    /// Seals a sign-in token.
    pub fn seal_token(&self, grant: Grant) -> String {
        self.keys.seal(Purpose::SignIn, &grant)
    }

    /// The workspace's keys, for tokens of other purposes.
    pub fn keys(&self) -> &KeyRing {
        &self.keys
    }

    /// Appends a draft to a room's log and tells everybody. The answer follows the commit. It is
    /// carried through even when the caller goes away.
    ///
    /// # Errors
    /// What the rules, the limits or the database refuse.
    pub async fn post(
        self: &Arc<Self>,
        actor: &Actor,
        room: RoomId,
        nonce: Nonce,
        draft: Draft,
        name: Option<String>,
    ) -> Result<Posted, Refusal> {
        let (node, actor) = (Arc::clone(self), *actor);
        let done = async move { node.append(actor, room, nonce, draft, name).await };
        tokio::spawn(done).await.unwrap_or_else(|_| Err(Code::Internal.into()))
    }

    /// The same, for a caller that does not go away.
    pub(crate) async fn append(
        &self,
        actor: Actor,
        room: RoomId,
        nonce: Nonce,
        draft: Draft,
        name: Option<String>,
    ) -> Result<Posted, Refusal> {
        rules::check_draft(&draft)?;
        let (mentions, mentions_room) = self.named_in(&draft);
        let author = Author { account: actor.account, role: actor.role };
        let at = self.now();
        let append = Append { room, author, nonce, draft, mentions, mentions_room, name, at };
        let began = self.instant();
        let appended =
            self.store.append(append).await.inspect_err(|e| self.metrics.post_failed(e))?;
        self.metrics.posted(self.instant().0.saturating_sub(began.0), appended.repeated);
        let (seq, at) = (appended.event.seq, appended.event.at);
        if !appended.repeated {
            let mut published = Published::new(room, appended.event);
            published.arrived = Some(began);
            self.tell(room, appended.epoch, std::iter::once(published));
        }
        Ok(Posted { seq, at, repeated: appended.repeated })
    }

    fn named_in(&self, draft: &Draft) -> (Vec<AccountId>, bool) {
        let (Draft::Message { text, .. } | Draft::Edit { text, .. }) = draft else {
            return (Vec::new(), false);
        };
        let found = mentions(text);
        let mut accounts = Vec::new();
        for name in found.names {
            let account = self.accounts.by_name(&name.to_lowercase());
            accounts.extend(account.filter(|a| !accounts.contains(a)));
        }
        (accounts, found.room)
    }

    /// Tells everybody in the room what has been stored in its log, in the order of the log.
    pub fn publish(&self, room: RoomId, epoch: Epoch, events: &[Event]) {
        if events.is_empty() {
            return;
        }
        self.tell(room, epoch, events.iter().map(|e| Published::new(room, e.clone())));
    }

    fn tell(&self, room: RoomId, epoch: Epoch, events: impl Iterator<Item = Published>) {
        let events = events.map(Arc::new).collect();
        self.bus.publish(&News::Events { room, epoch, events });
    }

    /// Sends a frame to every live connection of an account. Call it after the change is stored, and
    /// after [`AccountIndex::bump`] where the frame carries a version.
    pub fn push_account(&self, account: AccountId, frame: &ServerFrame) {
        let frame = ws::encode::text(&wire::encode(frame));
        self.bus.publish(&News::Account { account, frame });
    }

    /// Sets how far an account has read, and tells all its devices.
    ///
    /// # Errors
    /// When it is not in the room, or the database refuses.
    pub async fn mark_read(
        &self,
        account: AccountId,
        room: RoomId,
        seq: Seq,
    ) -> Result<ReadMark, StoreError> {
        let mark = self.store.mark_read(account, room, seq).await?;
        self.accounts.bump(account, mark.version);
        let (version, seq, mentions) = (mark.version, mark.seq, mark.mentions);
        let frame = ServerFrame::Read { version, room, seq, mentions };
        let frame = ws::encode::text(&wire::encode(&frame));
        self.bus.publish(&News::Read { account, room, seq, frame });
        Ok(mark)
    }

    /// Tells those who may see this person what they are like.
    pub fn push_person(&self, person: Person) {
        let frame = ServerFrame::Person { person: person.clone() };
        let frame = ws::encode::text(&wire::encode(&frame));
        self.bus.publish(&News::Person { person: Arc::new(person), frame });
    }

    /// Ends a sign-in: its token and its tickets open nothing from here on, its live connections are
    /// closed. The caller has recorded it in the store.
    pub fn end_session(&self, account: AccountId, session: SessionId) {
        self.revoked.write().expect("nothing panics while it holds this lock").insert(session);
        self.bus.publish(&News::EndSession { account, session });
    }

    /// Closes the live connections of an account. The caller has recorded why in the store and in
    /// the index of accounts.
    pub fn end_account(&self, account: AccountId, code: Code) {
        self.bus.publish(&News::EndAccount { account, code });
    }

    /// Closes those connections of an account that were let in by its password. The caller has recorded
    /// why in the store.
    pub(crate) fn end_passwords(&self, account: AccountId) {
        self.bus.publish(&News::EndSession { account, session: SessionId(0) });
    }

    fn revoked(&self, session: SessionId) -> bool {
        self.revoked.read().expect("nothing panics while it holds this lock").contains(&session)
    }

    /// An epoch for a session that begins or resumes: no other on this node has it.
    pub(crate) fn next_epoch(&self) -> u32 {
        self.epochs.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether a failure of the store is final, so that asking again is of no use.
    pub(crate) fn gives_up(&self, e: &StoreError) -> bool {
        match e {
            StoreError::Busy => *self.stopping().borrow(),
            StoreError::Full => false,
            StoreError::Refused(_)
            | StoreError::Unusable(_)
            | StoreError::Corrupt(_)
            | StoreError::Closed => true,
        }
    }

    /// A room's state, as it is sent to who opens it.
    pub(crate) async fn snapshot(&self, room: RoomId) -> Result<Option<Snapshot>, StoreError> {
        self.metrics.store_reads.inc();
        self.store.snapshot(room, limits::SNAPSHOT_MESSAGES).await
    }

    /// What ties a place in line to whoever was given it: the session as it stood then.
    pub(crate) fn bound(
        &self,
        account: AccountId,
        session: Option<SessionId>,
        epoch: Option<u32>,
    ) -> u64 {
        let mut bytes = [0; 20];
        bytes[..8].copy_from_slice(&account.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&session.unwrap_or_default().0.to_be_bytes());
        bytes[16..].copy_from_slice(&epoch.unwrap_or(0).to_be_bytes());
        let hash = blake3::derive_key("leeward 2026-11 whose place in line it is", &bytes);
        u64::from_be_bytes(*hash.first_chunk().expect("a BLAKE3 hash has 32 bytes"))
    }

    /// The same for a connection that is in: as its resume ticket says.
    pub(crate) fn bound_of(&self, who: &Who) -> u64 {
        let session = (who.session.0 != 0).then_some(who.session);
        self.bound(who.account, session, Some(who.epoch))
    }

    /// Ends the connection that a session had before.
    pub(crate) fn fence(&self, account: AccountId, epoch: u32) {
        self.bus.publish(&News::Fence { account, epoch });
    }

    /// Keeps what has to be known after a restart.
    pub(crate) async fn keep(&self) -> Result<(), StoreError> {
        Kept::of(self.admission.start().epoch, self.admission.mu_per_s()).write(&self.store).await
    }
}

/// A secret that nobody can guess.
pub(crate) fn secret() -> [u8; 32] {
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).expect("the kernel gives random numbers once it has booted");
    secret
}

/// Why a node did not start.
#[derive(Debug)]
pub enum StartError {
    /// The data directory cannot be used.
    Store(StoreError),
    /// The certificate or its key cannot be used.
    Tls(String),
    /// The system gave no thread.
    Thread(std::io::Error),
    /// A listener cannot be used.
    Listen(std::io::Error),
    /// A part of the node failed while it was serving; the log says which.
    Failed,
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Store(e) => e.fmt(f),
            Self::Tls(why) => write!(f, "the certificate cannot be used: {why}"),
            Self::Thread(e) => write!(f, "the system gives no thread: {e}"),
            Self::Listen(e) => write!(f, "the listener cannot be used: {e}"),
            Self::Failed => f.write_str("a part of the server failed"),
        }
    }
}

impl std::error::Error for StartError {}

impl From<StoreError> for StartError {
    fn from(e: StoreError) -> Self {
        Self::Store(e)
    }
}

/// Epochs go on growing over restarts as long as fewer than one session a second begins: they are
/// only ever compared for being equal, and only within one account.
fn first_epoch(now: Millis) -> u32 {
    const START: u64 = 1_735_689_600_000;
    let seconds = now.0.saturating_sub(START) / 1_000;
    u32::try_from(seconds % u64::from(u32::MAX)).map_or(1, |n| n.max(1))
}

/// The only place that reads a clock for the core.
#[derive(Clone, Copy)]
pub(crate) struct Clock {
    start: std::time::Instant,
}

impl Clock {
    pub(crate) fn start() -> Self {
        Self { start: std::time::Instant::now() }
    }

    pub(crate) fn instant(&self) -> Instant {
        let micros = self.start.elapsed().as_micros();
        Instant(u64::try_from(micros).expect("half a million years of microseconds fit"))
    }

    pub(crate) fn wall() -> Millis {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        let millis = since.map_or(0, |d| d.as_millis());
        Millis(u64::try_from(millis).expect("half a billion years of milliseconds fit"))
    }
}
