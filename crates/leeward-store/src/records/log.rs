//! The log of a room: what is appended, what is read back, and the files it refers to.

use leeward_core::account::Role;
use leeward_core::event::{Draft, Event, FileRef};
use leeward_core::id::{AccountId, Epoch, Millis, Nonce, Position, RoomId, Seq};
use leeward_core::room::{Member, RoomFacts};

/// Who does something, as far as rights go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Author {
    /// The account.
    pub account: AccountId,
    /// What it may do in the workspace.
    pub role: Role,
}

/// A draft on its way into a room's log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Append {
    /// Where.
    pub room: RoomId,
    /// By whom.
    pub author: Author,
    /// What the author calls it; unique per author for ever.
    pub nonce: Nonce,
    /// What; checked for form and limits already.
    pub draft: Draft,
    /// Accounts that the text names; those who are not in the room are left out by the store.
    pub mentions: Vec<AccountId>,
    /// The text names the whole room.
    pub mentions_room: bool,
    /// The name an integration gives itself.
    pub name: Option<String>,
    /// When.
    pub at: Millis,
}

/// What became of a draft. It is on disk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Appended {
    /// Where it is: for a repeated nonce, where the first draft went.
    pub room: RoomId,
    /// The plain event.
    pub event: Event,
    /// The history its seq belongs to.
    pub epoch: Epoch,
    /// The nonce was known: this is the answer given then, and nothing was stored.
    pub repeated: bool,
}

/// A room as the hub keeps it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoadedRoom {
    /// Its facts.
    pub facts: RoomFacts,
    /// Where its log ends.
    pub position: Position,
    /// The last message in its log; 0 for none.
    pub last_message: Seq,
    /// Everyone in it, by account.
    pub members: Vec<Member>,
    /// The newest events, in order, without holes up to `position`.
    pub tail: Vec<Event>,
}

/// Which lines of a timeline are wanted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PageFrom {
    /// The newest.
    Newest,
    /// As many on either side; the line itself is among them.
    Around(Seq),
    /// Those before it, nearest first counted.
    Before(Seq),
    /// Those after it, nearest first counted.
    After(Seq),
}

/// A question for one page of history.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PageQuery {
    /// Where to look.
    pub from: PageFrom,
    /// Only this thread, its first message included. `None`: the room's own timeline, in which a reply
    /// appears only when it is also shown in the room.
    pub thread: Option<Seq>,
    /// How many lines, at most [`leeward_core::limits::PAGE_ENTRIES_MAX`].
    pub limit: usize,
}

/// One page of history, oldest first, with the state of each line at `at`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// The lines.
    pub lines: Vec<Event>,
    /// There are older lines.
    pub more_before: bool,
    /// There are later lines.
    pub more_after: bool,
    /// All up to here has been applied to the lines.
    pub at: Position,
}

/// One text a message has had.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Revision {
    /// The event that brought it: the message itself or an edit.
    pub seq: Seq,
    /// When.
    pub at: Millis,
    /// By whom.
    pub from: AccountId,
    /// The text.
    pub text: String,
}

/// A thread that an account follows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ThreadSummary {
    /// Where.
    pub room: RoomId,
    /// Its first message, with its state; `replies` counts the thread.
    pub root: Event,
    /// The last reply.
    pub last: Option<Event>,
    /// The last reply read.
    pub read: Seq,
    /// Replies above `read` by others.
    pub unread: u32,
}

/// A match of a search.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hit {
    /// Where.
    pub room: RoomId,
    /// The message with its state.
    pub event: Event,
    /// The part of the text around the match, on one line.
    pub snippet: String,
    /// Pass it as `before` to get the matches that follow.
    pub cursor: u64,
}

/// An uploaded file, or one on its way. The bytes are elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredFile {
    /// As a message shows it; `mime` is empty until finished.
    pub file: FileRef,
    /// Who uploads it.
    pub owner: AccountId,
    /// BLAKE3 of the bytes, once finished.
    pub sum: Option<[u8; 32]>,
    /// Bytes received so far; equals the size once all are there.
    pub received: u64,
    /// All bytes are there and were looked at.
    pub finished: bool,
    /// When the upload began.
    pub created_at: Millis,
}

/// What is known of a file once all its bytes are there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FinishedUpload {
    /// BLAKE3 of the bytes.
    pub sum: [u8; 32],
    /// How many bytes there are.
    pub size: u64,
    /// The media type, sniffed.
    pub mime: String,
    /// Width and height in pixels of an image that has a thumbnail.
    pub pixels: Option<(u32, u32)>,
}
