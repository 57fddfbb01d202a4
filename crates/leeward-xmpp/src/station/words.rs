//! What happens to a station, and what it wants done.

use crate::jid::Jid;
use crate::stanza::Rest;
use crate::xml::Element;
use bytes::Bytes;
pub use leeward_core::archive::{About, ArchivePage, ArchiveQuery, DirectPlace, DirectQuery, Told};

use leeward_core::account::{Person, Role};
use leeward_core::code::Refusal;
use leeward_core::event::{Draft, Event, FileRef};
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, Instant, Millis, Nonce, Position, RoomId, Seq, SessionId};
use leeward_core::room::{Member, MemberRole, RoomFacts, RoomSummary};
use leeward_core::wire::Presence;
use std::sync::Arc;

/// A connection of the shard: the index that its hub knows it by.
pub type Conn = u32;
/// A question that waits for its answer.
pub type Ask = u64;

/// What the shell knows without asking anybody.
pub trait Directory {
    /// An account, as others see it.
    fn person(&self, account: AccountId) -> Option<Person>;
    /// The account of that name, whether or not it may sign in.
    fn by_name(&self, name: &str) -> Option<AccountId>;
    /// How many accounts there are.
    fn count(&self) -> usize;
    /// Everybody, by account.
    fn everybody(&self) -> Vec<Person>;
    /// What somebody does, on whatever they are connected with.
    fn presence(&self, account: AccountId) -> Presence;
    /// The version of an account's own list of rooms.
    fn version(&self, account: AccountId) -> u64;
    /// The wall clock.
    fn wall(&self) -> Millis;
    /// Where a file can be got by whoever has the address.
    fn file_url(&self, file: &FileRef) -> String;
}

/// What is decided for the whole server.
#[derive(Clone, Debug)]
pub struct Domain {
    /// The address of the server: `chat.example.org`. Its rooms are at `rooms.` and files at `files.`
    /// of it.
    pub name: String,
    /// The name of the workspace, for people.
    pub workspace: String,
    /// Name and version of the program.
    pub software: (&'static str, &'static str),
    /// Where files are put and got: `https://chat.example.org`, without a slash at its end.
    pub files_url: String,
    /// Largest file, in bytes.
    pub file_bytes_max: u64,
    /// What makes the ids of occupants: kept, so that they are the same after a restart.
    pub secret: [u8; 32],
}

/// How a client's stanzas are written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Framing {
    /// As children of one stream: TCP.
    Stream,
    /// Each alone: WebSocket (RFC 7395) and BOSH.
    Alone,
}

/// A client that has bound a resource.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Bound {
    /// Whose.
    pub account: AccountId,
    /// What it may do in the workspace.
    pub role: Role,
    /// The sign-in that it counts as; 0: none.
    pub session: SessionId,
    /// Its full address.
    pub jid: Jid,
    /// How it is written to.
    pub framing: Framing,
    /// Carbons were asked for with the binding (XEP-0386).
    pub carbons: bool,
    /// It said that it is inactive (XEP-0352).
    pub inactive: bool,
    /// When it began; no other client of the account that had the same address began then.
    pub began: Instant,
    /// Stream management is on, and goes on under this id if it may be taken up again (XEP-0198).
    pub sm: Option<Option<String>>,
}

/// What happens to a station.
#[derive(Debug)]
pub enum Input {
    /// A client has bound a resource.
    Bound(Conn, Box<Bound>),
    /// A client takes up what slept, having handled so many stanzas of it.
    Woken(Conn, Framing, Box<super::Asleep>, u32),
    /// Stream management is on, under this id if it may be taken up again.
    Enabled(Conn, Option<String>),
    /// A client sends an element of its stream.
    Element(Conn, Element),
    /// A connection is gone. `closed`: the client said so, and nothing of it sleeps.
    Gone {
        /// Which.
        conn: Conn,
        /// It closed its stream.
        closed: bool,
    },
    /// The server stops, and a client without stream management goes on when it runs again, if all that it
    /// has sent is done with. It is gone after this.
    Keep(Conn),
    /// The answer to a question.
    Answered(Ask, Answer),
    /// An event of a room that is listened to, in the order of its log.
    Heard(RoomId, Arc<Published>),
    /// What people do, where it changed.
    Presence(Arc<[(AccountId, Presence)]>),
    /// Somebody is typing.
    Typing(RoomId, AccountId),
    /// The first has got a message of the second's, which its author calls so.
    Received(AccountId, AccountId, Arc<str>),
    /// Somebody has published something in this node, which others may want to know.
    Profile(AccountId, Arc<str>),
    /// Somebody's name or status changed.
    Person(AccountId),
    /// An account has read so far in a room, on whatever device.
    Read(AccountId, RoomId, Seq),
    /// An account's own list of rooms has changed.
    List(AccountId),
    /// Nothing was heard of a client for long: ask whether it is there.
    Probe(Conn),
    /// Time has passed.
    Tick,
}

/// What a station wants done, in this order.
#[derive(Debug)]
pub enum Output {
    /// Give a stanza to a client. Its address goes before. With the event that it renders, if it does.
    Send(Conn, Rest, Option<(RoomId, Seq)>),
    /// Give it to these, each with their own address before.
    FanOut(Vec<Conn>, Rest, Option<(RoomId, Seq)>),
    /// Give a client an element that is no stanza, or bytes that are complete.
    Raw(Conn, Bytes),
    /// Find out, or do, and answer.
    Ask(Ask, Question),
    /// Tell of every event of a room after this one, in order.
    Listen(RoomId, Seq),
    /// No more of that.
    Unlisten(RoomId),
    /// Tell the hub that somebody types.
    Typing(Conn, RoomId),
    /// Tell every shard that somebody has published something in this node.
    Profile(AccountId, Arc<str>),
    /// Tell every shard that somebody has got a message.
    Received {
        /// Who.
        by: AccountId,
        /// Whose message.
        author: AccountId,
        /// What its author calls it.
        id: Arc<str>,
    },
    /// Tell the hub what somebody does.
    Presence(Conn, Presence),
    /// Answer a request to turn stream management on (XEP-0198): seal an id for it.
    Enable(Conn, Element),
    /// Keep what can be taken up again.
    Sleep(Box<super::Asleep>),
    /// The answer to [`Input::Keep`]: keep this until the server runs again.
    Kept(Conn, Box<super::Asleep>),
    /// End the stream with an error (RFC 6120, section 4.9.3) and the connection with it.
    Close(Conn, &'static str),
}

/// What a station has to find out or to have done. Whoever does it checks anew whether it may be done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Question {
    /// The account's own list of rooms.
    Account(AccountId),
    /// The room of that name that is not direct.
    RoomNamed(String),
    /// A room's state: members and newest lines.
    Room(RoomId),
    /// The public rooms that are not archived.
    PublicRooms(AccountId),
    /// Append to a room's log. The answer says where it is.
    Post(Conn, RoomId, Nonce, Draft),
    /// The direct room of two people; made if there is none.
    Direct(Conn, AccountId),
    /// Make a room, with its maker alone in it.
    CreateRoom(Conn, RoomFacts),
    /// Come into a public room.
    Join(Conn, RoomId),
    /// Bring somebody into a room, or give them another role in it.
    SetRole(Conn, RoomId, AccountId, MemberRole),
    /// Take somebody out of a room; for good if `banned`.
    Remove {
        /// Who does it.
        by: Conn,
        /// Where.
        room: RoomId,
        /// Whom.
        who: AccountId,
        /// For good.
        banned: bool,
    },
    /// Change a room's facts.
    EditRoom(Conn, RoomId, RoomFacts),
    /// Those removed for good.
    Bans(Conn, RoomId),
    /// A page of a room's archive.
    Archive(Conn, RoomId, ArchiveQuery),
    /// A page of the archive of all direct rooms of an account.
    DirectArchive(AccountId, DirectQuery),
    /// The message that an author called so, wherever it is.
    Find(AccountId, Nonce),
    /// What an event is about.
    About(RoomId, Seq, AccountId),
    /// Everything after a position, at most so many; for whoever takes up what slept.
    Since(RoomId, Seq, usize),
    /// Set how far an account has read.
    Read(Conn, RoomId, Seq),
    /// What clients of an account keep with the server under keys that begin so.
    Settings(AccountId, String),
    /// Keep something; an empty value forgets it.
    Keep(AccountId, String, String),
    /// Make place for a file: name, bytes, type.
    Upload(Conn, String, u64, Option<String>),
    /// Change what is shown of an account.
    Display(Conn, String),
}

/// The answer to a [`Question`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// It was refused.
    Refused(Refusal),
    /// It is done.
    Done,
    /// There is none.
    None,
    /// To `Account`: the version of the list, and the list.
    Account(u64, Vec<RoomSummary>),
    /// To `RoomNamed`, `Direct` and `CreateRoom`: which room; `true` if it was made.
    Which(RoomId, bool),
    /// To `Room`.
    Room(Box<RoomState>),
    /// To `PublicRooms`: with how many people are in each.
    Rooms(Vec<(RoomId, RoomFacts, u32)>),
    /// To `Post`: its place.
    Posted(Seq, Millis),
    /// To `Bans`.
    Accounts(Vec<AccountId>),
    /// To `Archive` and `DirectArchive`.
    Page(ArchivePage),
    /// To `Find`.
    Found(RoomId, Seq),
    /// To `About`.
    About(About),
    /// To `Since`: the events in order; `true` if those are all.
    Since(Vec<Told>, bool),
    /// To `Settings`: key and value.
    Settings(Vec<(String, String)>),
    /// To `Upload`: where to put it, where it can be got.
    Slot {
        /// For `PUT`.
        put: String,
        /// For `GET`.
        get: String,
    },
}

/// A room as a station begins with it. Events after `at` are heard.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomState {
    /// Which.
    pub room: RoomId,
    /// Its facts.
    pub facts: RoomFacts,
    /// What it is the state at.
    pub at: Position,
    /// Everybody in it.
    pub members: Vec<Member>,
    /// Its newest lines, in order, with all that later events did to them.
    pub lines: Vec<Event>,
}
