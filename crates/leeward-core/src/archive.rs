//! What has been said, as an archive gives it: event by event, each with what it is about.

use crate::event::Event;
use crate::id::{AccountId, Millis, Nonce, RoomId, Seq};

/// What an edit, a reaction or a deletion is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct About {
    /// The message.
    pub target: Seq,
    /// Who wrote it.
    pub from: AccountId,
    /// What they called it.
    pub nonce: Option<Nonce>,
    /// All reactions on it of whoever did this, as they stand.
    pub reactions: Vec<String>,
}

/// An event with what it is about.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Told {
    /// What happened.
    pub event: Event,
    /// What it is about, where it is about a message.
    pub about: Option<About>,
}

/// Which part of a room's archive is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ArchiveQuery {
    /// Only what comes after this.
    pub after: Option<Seq>,
    /// Only what comes before this.
    pub before: Option<Seq>,
    /// Only from this time on.
    pub start: Option<Millis>,
    /// Only up to this time.
    pub end: Option<Millis>,
    /// Only these, by place.
    pub ids: Vec<Seq>,
    /// The last ones instead of the first.
    pub backwards: bool,
    /// At most so many.
    pub limit: usize,
}

/// A place in the archive of all direct rooms of an account: in the order of time, room, seq.
pub type DirectPlace = (RoomId, Seq);

/// Which part of the archive of an account's direct rooms is wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct DirectQuery {
    /// Only those with this person.
    pub with: Option<AccountId>,
    /// Only what comes after this.
    pub after: Option<DirectPlace>,
    /// Only what comes before this.
    pub before: Option<DirectPlace>,
    /// Only from this time on.
    pub start: Option<Millis>,
    /// Only up to this time.
    pub end: Option<Millis>,
    /// The last ones instead of the first.
    pub backwards: bool,
    /// At most so many.
    pub limit: usize,
}

/// A page of an archive, in the order of the archive whichever way it was read: messages, edits,
/// deletions and reactions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ArchivePage {
    /// The entries, with the room of each.
    pub entries: Vec<(RoomId, Told)>,
    /// Nothing lies beyond it in the direction that it was read.
    pub complete: bool,
}
