//! What happens in a room: the drafts people send and the events that the log keeps.
//!
//! These are the words of the domain and the words on the wire at once; nothing here encodes itself.

use crate::id::{AccountId, FileId, Millis, Nonce, Seq};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a client asks to have appended to a room's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Draft {
    /// Say something.
    Message {
        /// Markdown source, at most [`crate::limits::TEXT_BYTES_MAX`]; may be empty when files are attached.
        #[serde(default)]
        text: String,
        /// The message that starts the thread this one belongs to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thread: Option<Seq>,
        /// A reply that is also shown in the room itself.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        also_room: bool,
        /// Files uploaded beforehand by the same account.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        files: Vec<FileId>,
        /// The message quoted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        quote: Option<Seq>,
    },
    /// Replace the text of one's own message.
    Edit {
        /// The message.
        target: Seq,
        /// The text that takes its place.
        text: String,
    },
    /// Take a message back.
    Delete {
        /// The message.
        target: Seq,
    },
    /// Put a reaction on a message, or take it off.
    React {
        /// The message.
        target: Seq,
        /// A short name without colons, such as `tada`, or the emoji itself.
        emoji: String,
        /// On or off.
        on: bool,
    },
    /// Pin a message to the room, or unpin it.
    Pin {
        /// The message.
        target: Seq,
        /// On or off.
        on: bool,
    },
}

/// One entry of a room's log.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Event {
    /// Its place.
    pub seq: Seq,
    /// When the server stored it.
    pub at: Millis,
    /// Who did it.
    pub from: AccountId,
    /// What the author's client called it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub nonce: Option<Nonce>,
    /// What happened.
    #[serde(flatten)]
    pub what: What,
}

/// What an [`Event`] says.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum What {
    /// Somebody said something.
    Message(Box<Message>),
    /// A message has another text.
    Edit {
        /// The message.
        target: Seq,
        /// Its text from here on.
        text: String,
        /// Whom the text mentions from here on.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        mentions: Vec<AccountId>,
    },
    /// A message was taken back; its text and files are gone.
    Delete {
        /// The message.
        target: Seq,
    },
    /// A reaction was put on a message or taken off.
    React {
        /// The message.
        target: Seq,
        /// The reaction.
        emoji: String,
        /// On or off.
        on: bool,
    },
    /// A message was pinned or unpinned.
    Pin {
        /// The message.
        target: Seq,
        /// On or off.
        on: bool,
    },
    /// Somebody came into the room.
    Join {
        /// Who.
        who: AccountId,
        /// What they may do here.
        role: crate::room::MemberRole,
    },
    /// Somebody left the room or was removed from it (`from` differs from `who`).
    Leave {
        /// Who.
        who: AccountId,
        /// Removed for good.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        banned: bool,
    },
    /// Somebody may do other things in this room than before.
    Role {
        /// Who.
        who: AccountId,
        /// What they may do from here on.
        role: crate::room::MemberRole,
    },
    /// The room's own facts changed; each is given as it stands after the change.
    Room(crate::room::RoomFacts),
}

/// A message. Fields below `name` are its state as of the time it is read: a live event carries none
/// of them, an entry of a snapshot or of a page of history carries all that later events have done.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Message {
    /// Markdown source; empty once deleted.
    pub text: String,
    /// The message that starts its thread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub thread: Option<Seq>,
    /// A reply that is also shown in the room itself.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub also_room: bool,
    /// Attached files.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<FileRef>>"))]
    pub files: Vec<FileRef>,
    /// The message quoted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub quote: Option<Seq>,
    /// Accounts named in the text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<AccountId>>"))]
    pub mentions: Vec<AccountId>,
    /// The whole room is named in the text (`@room`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub mentions_room: bool,
    /// The name an integration gave itself for this message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub name: Option<String>,
    /// When the text was last replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub edited_at: Option<Millis>,
    /// Taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub deleted: bool,
    /// Reactions, in the order in which each was first put on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<Reaction>>"))]
    pub reactions: Vec<Reaction>,
    /// The thread it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub replies: Option<Replies>,
    /// Pinned to the room.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub pinned: bool,
}

/// One reaction on a message and who gave it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Reaction {
    /// A short name without colons, or the emoji itself.
    pub emoji: String,
    /// Who, in the order in which they gave it.
    pub by: Vec<AccountId>,
}

/// The thread below a message. A reply whose seq is not above `last` is counted already.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Replies {
    /// How many.
    pub count: u32,
    /// The last of them.
    pub last: Seq,
    /// When it was sent.
    pub last_at: Millis,
}

/// A file as a message shows it. Its bytes are at `/api/v1/files/{id}`.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct FileRef {
    /// Which file.
    pub id: FileId,
    /// The name it was uploaded under, without any path.
    pub name: String,
    /// Its media type, as sniffed by the server.
    pub mime: String,
    /// Its size in bytes.
    #[cfg_attr(test, ts(type = "number"))]
    pub size: u64,
    /// Width in pixels, of an image that has a thumbnail at `/api/v1/files/{id}/thumbnail`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub width: Option<u32>,
    /// Height in pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub height: Option<u32>,
}

impl What {
    /// Whether it has a line of its own in the room's timeline (edits, reactions and the like change
    /// the line of another).
    pub fn is_line(&self) -> bool {
        match self {
            Self::Message(_)
            | Self::Join { .. }
            | Self::Leave { .. }
            | Self::Role { .. }
            | Self::Room(_) => true,
            Self::Edit { .. } | Self::Delete { .. } | Self::React { .. } | Self::Pin { .. } => {
                false
            }
        }
    }
}
