//! The workspace out and in: backups, exports, imports.

use leeward_core::account::Role;
use leeward_core::id::{Epoch, Millis};
use leeward_core::room::RoomKind;

/// What a backup holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BackupReport {
    /// Size of the database in it, in bytes.
    pub database_bytes: u64,
    /// Uploaded files in it.
    pub files: u64,
    /// Their size, in bytes.
    pub files_bytes: u64,
    /// Events in it.
    pub events: u64,
}

/// What was found when a backup or a data directory was checked. `faults` empty: all is well.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyReport {
    /// The history its positions belong to.
    pub epoch: Epoch,
    /// Accounts in it.
    pub accounts: u64,
    /// Rooms in it.
    pub rooms: u64,
    /// Events in it.
    pub events: u64,
    /// Uploaded files whose bytes were compared with their sums.
    pub files: u64,
    /// Tokens of bots in it, which are good wherever the database is.
    pub bot_tokens: u64,
    /// Incoming webhooks in it, likewise.
    pub hooks: u64,
    /// Invites in it that were neither used up nor ended.
    pub invites: u64,
    /// What is wrong, in words, at most some dozens.
    pub faults: Vec<String>,
}

/// What an export wrote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExportReport {
    /// Lines of `workspace.jsonl`.
    pub lines: u64,
    /// Uploaded files.
    pub files: u64,
}

/// One thing from another system. References between things are the other system's ids, so that a
/// thing may refer to what an earlier run or an earlier batch has brought.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Import {
    /// Somebody. An account of the same name that exists already is taken for the same person.
    Account {
        /// The other system's id.
        external: String,
        /// What is typed after `@`; made to fit the rules, and unique by a number at its end.
        name: String,
        /// What is shown.
        display: String,
        /// What they may do; never above member.
        role: Role,
        /// A program.
        bot: bool,
        /// May not sign in.
        disabled: bool,
        /// When they came.
        at: Millis,
    },
    /// A room. A public room of the same name that exists already is taken for the same room.
    Room {
        /// The other system's id.
        external: String,
        /// Who can find and enter it.
        kind: RoomKind,
        /// Its name; made to fit the rules, and unique by a number at its end. Empty for direct rooms.
        name: String,
        /// What it is about.
        topic: String,
        /// For reading only.
        archived: bool,
        /// External ids of the people in it, who made it first.
        members: Vec<String>,
        /// When it was made.
        at: Millis,
    },
    /// A message. Within one room, bring them in the order in which they were sent.
    Message {
        /// The other system's id.
        external: String,
        /// External id of the room.
        room: String,
        /// External id of the author.
        author: String,
        /// When it was sent.
        at: Millis,
        /// Markdown source.
        text: String,
        /// External id of the message that starts its thread.
        thread: Option<String>,
        /// Of a reply: it also stands in the room itself.
        also_room: bool,
        /// Its files.
        files: Vec<ImportFile>,
        /// Reactions, in the order in which each was first put on.
        reactions: Vec<ImportReaction>,
        /// When its text was last replaced.
        edited_at: Option<Millis>,
        /// Pinned to the room.
        pinned: bool,
        /// The name an integration gave itself.
        name: Option<String>,
    },
}

/// A file of an imported message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportFile {
    /// The other system's id.
    pub external: String,
    /// The name it was uploaded under.
    pub name: String,
    /// The media type, sniffed.
    pub mime: String,
    /// Where its bytes are; they are copied into the data directory.
    pub source: std::path::PathBuf,
}

/// A reaction on an imported message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportReaction {
    /// A short name without colons, or the emoji itself.
    pub emoji: String,
    /// External ids of those who gave it.
    pub by: Vec<String>,
}

/// What became of one [`Import`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Imported {
    /// Stored, under this id (account, room) or seq (message).
    Stored(u64),
    /// An earlier run has brought it; its id or seq.
    Known(u64),
    /// Left out, with the reason in words.
    Skipped(String),
}
