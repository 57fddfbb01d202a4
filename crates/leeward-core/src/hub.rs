//! The rooms of one shard, and which of its connections are in them.
//!
//! A room is loaded once, with its members and the newest part of its log; from then on it follows
//! the news. A returning client is answered from that memory: who may be here is looked up among the
//! members, what it missed is joined from bytes that exist already. Nothing is read for one client
//! alone, except the state of a room that it asks to see. Never iterates over hash maps, never blocks:
//! whoever drives it does the reading and answers with another input.

mod attend;
mod listen;
mod news;
mod reading;
mod room;
#[cfg(test)]
mod tests;
mod who;

pub use news::{News, Published};
pub use room::Load;

use crate::account::Role;
use crate::code::Code;
use crate::event::Event;
use crate::id::{AccountId, Epoch, Instant, Position, RoomId, Seq, SessionId};
use bytes::Bytes;
use room::Room;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use who::Attached;

/// A connection of this shard: an index, reused after [`Input::Detach`].
pub type Conn = u32;

/// Bounds of a hub.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Bytes of events kept for one room.
    pub ring_bytes_max: usize,
    /// Bytes of events kept for all rooms: shared out evenly when it is short.
    pub rings_bytes_max: usize,
    /// Bytes of what one connection missed that it is sent when it comes back; for rooms beyond it is
    /// told of a gap. Half of what may wait for a connection, so that it is not slow at once.
    pub missed_bytes_max: usize,
    /// How long an event may wait for the one before it, in milliseconds: two shards publish what one
    /// commit has stored, so that it is usually a matter of microseconds. Then the store is asked.
    pub reorder_ms: u64,
    /// How long a room without connections is kept, in milliseconds.
    pub idle_ms: u64,
    /// How long an encoded snapshot that nobody asks for is kept, in milliseconds.
    pub snapshot_ms: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ring_bytes_max: 64 * 1024,
            rings_bytes_max: 64 * 1024 * 1024,
            missed_bytes_max: 512 * 1024,
            reorder_ms: 50,
            idle_ms: 300_000,
            snapshot_ms: 60_000,
        }
    }
}

/// Who is on a connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Who {
    /// The account.
    pub account: AccountId,
    /// What it may do in the workspace.
    pub role: Role,
    /// The sign-in; 0 for a bot.
    pub session: SessionId,
    /// Of the session; no other connection of this node has it.
    pub epoch: u32,
}

/// Where a connection stands in one room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stand {
    /// The room.
    pub room: RoomId,
    /// What the client has applied.
    pub at: Position,
    /// The client itself said so. Otherwise it has just been told of the room, as it was at `at`.
    pub claimed: bool,
}

/// What happens to a hub.
#[derive(Debug)]
pub enum Input {
    /// A connection was let in, stands so, and gets what it missed, then everything.
    Attach(Conn, Who, Vec<Stand>),
    /// A connection that hears its rooms through [`Input::Listen`] was let in: it counts as present, and
    /// is closed like any other.
    AttachApart(Conn, Who),
    /// A connection is gone.
    Detach(Conn),
    /// From a shard, possibly this one.
    News(News),
    /// News was lost: look for holes.
    Lost,
    /// The answer to [`Output::Load`]; none where there is no such room.
    Loaded(RoomId, Option<Load>),
    /// The answer to [`Output::CatchUp`].
    CaughtUp(RoomId, Vec<Event>),
    /// The answer to [`Output::ReadSnapshot`]: the state at a position, as a WebSocket frame.
    Snapshot(RoomId, Option<(Position, Bytes)>),
    /// Say [`Output::Heard`] of every event of this room after this one.
    Listen(RoomId, Seq),
    /// No more of that.
    Unlisten(RoomId),
    /// The answer to [`Output::Since`].
    Since(RoomId, Vec<Event>),
    /// The client wants a room's state.
    Open(Conn, RoomId),
    /// The rooms on the client's screen.
    Watch(Conn, Vec<RoomId>),
    /// Somebody types.
    Typing(Conn, RoomId, Option<Seq>),
    /// What somebody does, as they say.
    Presence(Conn, crate::wire::Presence),
    /// So much is shed from here on.
    Shed(Shed),
    /// Time has passed.
    Tick,
}

/// How much is left undone so that messages go on: each includes those before it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub enum Shed {
    /// All is well.
    #[default]
    Nothing,
    /// Who types where.
    Typing,
    /// Who is there.
    Presence,
    /// The states of rooms that are opened.
    Snapshots,
    /// Search.
    Search,
}

impl Shed {
    /// Everything that may be shed, in this order.
    pub const ALL: [Self; 4] = [Self::Typing, Self::Presence, Self::Snapshots, Self::Search];

    /// Its name on the wire and in figures; empty for nothing.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Nothing => "",
            Self::Typing => "typing",
            Self::Presence => "presence",
            Self::Snapshots => "snapshots",
            Self::Search => "search",
        }
    }

    /// All that is shed at this level.
    pub fn what(self) -> impl Iterator<Item = Self> {
        Self::ALL.into_iter().filter(move |what| *what <= self)
    }

    /// One thing less: the last that was shed comes back first.
    pub fn less(self) -> Self {
        self.what().map_while(|what| (what < self).then_some(what)).last().unwrap_or_default()
    }
}

/// What a hub wants done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Read a room.
    Load(RoomId),
    /// Read what came after.
    CatchUp(RoomId, Seq),
    /// An event of a room that is listened to: each once, in order, without holes.
    Heard(RoomId, Arc<Published>),
    /// Read what came after, of a room that is listened to.
    Since(RoomId, Seq),
    /// Read and encode a room's state.
    ReadSnapshot(RoomId),
    /// A WebSocket frame for one connection.
    Send(Conn, Bytes),
    /// A WebSocket frame for every connection in a room, as [`Hub::connections`] lists them.
    FanOut(RoomId, Bytes),
    /// All that a connection missed has been sent.
    InSync(Conn),
    /// A request of a connection is refused.
    Refuse(Conn, Option<RoomId>, Code),
    /// A connection ends.
    Close(Conn, Code),
    /// For the other shards, and this one.
    Publish(News),
}

/// The rooms of one shard.
pub struct Hub {
    limits: Limits,
    shard: u32,
    rooms: BTreeMap<RoomId, Room>,
    conns: Vec<Option<Attached>>,
    /// Connections by account.
    accounts: BTreeSet<(AccountId, Conn)>,
    presence: who::Board,
    listening: listen::Listening,
    /// Rooms in which an event waits for the one before it, and until when.
    early: BTreeMap<RoomId, Instant>,
    swept: Instant,
    outputs: VecDeque<Output>,
}

impl Hub {
    /// A hub without rooms.
    pub fn new(shard: u32, limits: Limits, now: Instant) -> Self {
        Self {
            limits,
            shard,
            rooms: BTreeMap::new(),
            conns: Vec::new(),
            accounts: BTreeSet::new(),
            presence: who::Board::default(),
            listening: listen::Listening::default(),
            early: BTreeMap::new(),
            swept: now,
            outputs: VecDeque::new(),
        }
    }

    /// Takes in what happened. Total: nothing a peer can send makes it panic.
    pub fn handle(&mut self, now: Instant, input: Input) {
        match input {
            Input::Attach(conn, who, stands) => self.attach(now, conn, who, stands),
            Input::AttachApart(conn, who) => self.attach_apart(now, conn, who),
            Input::Detach(conn) => self.detach(now, conn),
            Input::News(news) => self.news(now, news),
            Input::Lost => {
                self.look_for_holes();
                self.listen_for_holes();
            }
            Input::Loaded(room, load) => self.loaded(now, room, load),
            Input::CaughtUp(room, events) => self.caught_up(now, room, events),
            Input::Snapshot(room, snapshot) => self.snapshot_read(now, room, snapshot),
            Input::Listen(room, seq) => self.listen(room, seq),
            Input::Unlisten(room) => self.unlisten(room),
            Input::Since(room, events) => self.since(now, room, events),
            Input::Open(conn, room) => self.open(now, conn, room),
            Input::Watch(conn, rooms) => self.watch(conn, rooms),
            Input::Typing(conn, room, thread) => self.typing(conn, room, thread),
            Input::Presence(conn, presence) => self.set_presence(now, conn, presence),
            Input::Shed(level) => self.shed(level),
            Input::Tick => self.tick(now),
        }
    }

    /// What is to be done next. To be drained after each [`Hub::handle`], in order.
    pub fn next_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// When to call `handle(now, Input::Tick)` at the latest.
    pub fn deadline(&self) -> Instant {
        let sweep = self.swept.plus_ms(SWEEP_MS);
        let early = self.early.values().copied().min().unwrap_or(sweep);
        let listening = self.listening.deadline().unwrap_or(sweep);
        sweep.min(early).min(listening).min(self.presence.deadline().unwrap_or(sweep))
    }

    /// The connections in a room, for [`Output::FanOut`].
    pub fn connections(&self, room: RoomId) -> &[Conn] {
        self.rooms.get(&room).map_or(&[], |room| &room.subscribers)
    }

    /// What an account does, on whichever shard it does most, as far as this shard has been told.
    pub fn presence(&self, account: AccountId) -> crate::wire::Presence {
        self.presence.presence(account)
    }

    /// How many rooms are in memory, and how many bytes of events.
    pub fn memory(&self) -> (usize, usize) {
        (self.rooms.len(), self.rooms.values().map(Room::ring_bytes).sum())
    }

    fn tick(&mut self, now: Instant) {
        let holes: Vec<RoomId> =
            self.early.extract_if(.., |_, until| *until <= now).map(|(room, _)| room).collect();
        for id in holes {
            self.ask_for_hole(id);
        }
        self.listen_on(now);
        self.tell_presence(now);
        if now >= self.swept.plus_ms(SWEEP_MS) {
            self.swept = now;
            self.sweep(now);
        }
    }

    fn sweep(&mut self, now: Instant) {
        let limits = self.limits;
        self.rooms.retain(|_, room| {
            room.drop_stale_snapshot(now, limits.snapshot_ms);
            !room.is_idle(now, limits.idle_ms)
        });
    }

    fn ring_bytes_max(&self) -> usize {
        self.limits.ring_bytes_max.min(self.limits.rings_bytes_max / self.rooms.len().max(1))
    }

    fn position(&self, room: RoomId) -> Option<(Epoch, Seq)> {
        self.rooms.get(&room).and_then(Room::head)
    }
}

/// How often rooms and snapshots that nobody uses are looked for.
const SWEEP_MS: u64 = 15_000;
