//! The one type of this crate: what the server may ask of its database.
//!
//! Whatever returns `Ok` and changes something is on disk by then. Lookups of what does not exist
//! return `Ok(None)`. Every call may return [`StoreError::Busy`], [`StoreError::Corrupt`] or
//! [`StoreError::Closed`], every change [`StoreError::Full`]; the comments name the refusals.

use crate::error::StoreError;
use crate::health::Health;
use crate::records::*;
use crate::sqlite::{self, Sqlite};
use leeward_core::account::Role;
use leeward_core::archive::{About, ArchivePage, ArchiveQuery, DirectQuery, Told};
#[expect(unused_imports, reason = "named in the documentation")]
use leeward_core::code::Code;
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Epoch, FileId, Millis, Nonce, RoomId, Seq, SessionId};
use leeward_core::room::{Member, MemberRole, RoomFacts, RoomSummary};
use leeward_core::search_query::SearchQuery;
use leeward_core::wire::{AccountState, RoomSettings, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Everything that must survive a restart. Cheap to clone.
#[derive(Clone)]
pub enum Store {
    /// One file beside the server.
    Sqlite(Sqlite),
}

/// Where the embedded database is and how it is used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SqliteConfig {
    /// The data directory; made when it does not exist.
    pub dir: PathBuf,
    /// Threads that read; at least 1.
    pub readers: usize,
    /// Largest size of the database in pages of 4,096 bytes; 0 for as much as the disk holds.
    pub pages_max: u32,
}

impl SqliteConfig {
    /// The usual: two readers, no bound but the disk.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into(), readers: 2, pages_max: 0 }
    }
}

impl Store {
    /// Opens the data directory, making or migrating the database. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Unusable`] when another server has the directory or the database is of a later
    /// version of the program, [`StoreError::Corrupt`] when it is damaged.
    pub fn open(config: &SqliteConfig) -> Result<Self, StoreError> {
        Sqlite::open(config).map(Self::Sqlite)
    }

    /// Serves what waits, then lets go of the data directory.
    pub async fn close(&self) {
        match self {
            Self::Sqlite(sqlite) => sqlite.close().await,
        }
    }

    /// Checks a backup, or a data directory that may be in use, by opening it and looking at
    /// everything. Blocks, for as long as it takes to read all of it.
    ///
    /// # Errors
    /// When it cannot be opened at all; what is wrong with it otherwise is in the report.
    pub fn verify(dir: &Path) -> Result<VerifyReport, StoreError> {
        sqlite::verify(dir)
    }

    /// Makes a data directory of a backup, which is checked first. Its epoch is raised, so that clients
    /// that have seen what came after the backup know that theirs is another history. Blocks.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`] when the backup is damaged, [`StoreError::Unusable`] when it is not
    /// complete or `dest` is not empty.
    pub fn restore(backup: &Path, dest: &Path) -> Result<VerifyReport, StoreError> {
        sqlite::restore(backup, dest)
    }

    /// How it has answered so far.
    pub fn health(&self) -> Health {
        match self {
            Self::Sqlite(sqlite) => sqlite.health(),
        }
    }

    /// Where the bytes of a file are. A thumbnail is beside it, with `.thumbnail` at its end.
    pub fn file_path(&self, file: FileId) -> PathBuf {
        match self {
            Self::Sqlite(sqlite) => sqlite.file_path(file),
        }
    }
}

macro_rules! asks {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*) -> $answer:ty;)*) => {
        impl Store {$(
            $(#[$doc])*
            ///
            /// # Errors
            /// See [`StoreError`].
            pub async fn $name(&self, $($arg: $type),*) -> Result<$answer, StoreError> {
                match self { Self::Sqlite(sqlite) => sqlite.$name($($arg),*).await }
            }
        )*}
    };
}

asks! {
    // --- the spine
    /// Stores a draft as the next event of a room. Refuses what `leeward_core::rules` refuses, and
    /// [`Code::NotFound`] where the author is not in the room. A nonce that its author has used before
    /// gets the answer it got then.
    append(draft: Append) -> Appended;
    /// Makes a room. `members` holds everybody in it, `by` included. A direct room of the same people
    /// is returned if there is one, with `created` false. Refuses a name that is taken
    /// ([`Code::Conflict`]).
    create_room(by: Author, facts: RoomFacts, members: Vec<(AccountId, MemberRole)>, at: Millis) -> RoomChange;
    /// Brings `who` into a room (themselves, when `by` is `who`). Lifts a ban if `by` moderates.
    join(by: Author, room: RoomId, who: AccountId, role: MemberRole, at: Millis) -> RoomChange;
    /// Takes `who` out of a room; `banned`: for good.
    leave(by: Author, room: RoomId, who: AccountId, banned: bool, at: Millis) -> RoomChange;
    /// Changes what somebody may do in a room.
    set_member_role(by: Author, room: RoomId, who: AccountId, role: MemberRole, at: Millis) -> RoomChange;
    /// Changes a room's facts to those given.
    edit_room(by: Author, room: RoomId, facts: RoomFacts, at: Millis) -> RoomChange;

    // --- reading rooms
    /// A room as the hub keeps it, read at one position. `tail_bytes_max` bounds the size of the tail.
    load_room(room: RoomId, tail_bytes_max: usize) -> Option<LoadedRoom>;
    /// The plain events after `seq`, in order, at most `limit`. A deleted message and its edits come
    /// without their text.
    events_after(room: RoomId, seq: Seq, limit: usize) -> Vec<Event>;
    /// A room's state at one position, with its newest lines.
    snapshot(room: RoomId, lines: usize) -> Option<Snapshot>;
    /// One page of history. `None`: there is no such room.
    page(room: RoomId, query: PageQuery) -> Option<Page>;
    /// One line with its state.
    line(room: RoomId, seq: Seq) -> Option<Event>;
    /// The pinned messages of a room with their state, latest first.
    pins(room: RoomId) -> Vec<Event>;
    /// The messages of a room that carry files, with their state, latest first; only those `before` a
    /// line if given.
    room_files(room: RoomId, before: Option<Seq>, limit: usize) -> Vec<Event>;
    /// Every text that a message has had, first first; empty when it was deleted.
    revisions(room: RoomId, seq: Seq) -> Vec<Revision>;
    /// The public rooms that are not archived, by name.
    public_rooms(account: AccountId) -> Vec<RoomListing>;
    /// The room of that name that is not direct.
    room_named(name: String) -> Option<RoomId>;
    /// What an account is to a room. `None`: there is no such room.
    access(account: AccountId, room: RoomId) -> Option<Access>;
    /// Everybody in a room, by account.
    members(room: RoomId) -> Vec<Member>;
    /// Those removed from a room for good.
    room_bans(room: RoomId) -> Vec<AccountId>;

    // --- archives: messages, edits, deletions and reactions, each with what it is about
    /// A part of one room's archive.
    archive(room: RoomId, query: ArchiveQuery) -> ArchivePage;
    /// A part of the archive of all direct rooms of two people that an account is in, in the order of
    /// time, room and seq.
    direct_archive(account: AccountId, query: DirectQuery) -> ArchivePage;
    /// Everything after `seq` as [`Store::events_after`] has it, with what it is about.
    told_after(room: RoomId, seq: Seq, limit: usize) -> Vec<Told>;
    /// What an event of `by` about this message is about.
    about(room: RoomId, seq: Seq, by: AccountId) -> Option<About>;
    /// The event that its author called so.
    called(author: AccountId, nonce: Nonce) -> Option<(RoomId, Seq)>;

    // --- what is the account's own
    /// Sets how far an account has read, up or down. Refuses where it is not in the room.
    mark_read(account: AccountId, room: RoomId, seq: Seq) -> ReadMark;
    /// Changes the settings given. Refuses where the account is not in the room.
    room_settings(account: AccountId, room: RoomId, settings: RoomSettings) -> Versioned<RoomSummary>;
    /// Keeps a setting; an empty value forgets it.
    set_setting(account: AccountId, key: String, value: String) -> Versioned<()>;
    /// The account's own list of rooms and settings.
    account_state(account: AccountId) -> Option<AccountState>;
    /// One room of that list. `None`: the account is not in it.
    room_summary(account: AccountId, room: RoomId) -> Option<Versioned<RoomSummary>>;
    /// Follows the thread below a message, or stops. Who starts or answers a thread follows it.
    follow(account: AccountId, room: RoomId, root: Seq, on: bool) -> Versioned<()>;
    /// Sets how far an account has read in a thread.
    mark_thread_read(account: AccountId, room: RoomId, root: Seq, seq: Seq) -> Versioned<()>;
    /// The threads that an account follows, latest reply first.
    threads(account: AccountId, limit: usize) -> Vec<ThreadSummary>;
    /// The messages of others that name an account, or everybody in a room, in the rooms that it is in,
    /// latest first; only those `before` the mention that was then, in that room, if given. A message
    /// in a direct room counts when it names somebody.
    mentions(account: AccountId, before: Option<(Millis, RoomId, Seq)>, limit: usize) -> Vec<(RoomId, Event)>;

    // --- accounts
    /// Every account, for the index in memory.
    index() -> Vec<IndexEntry>;
    /// Makes the first account of a workspace, its owner, and names the workspace. Refuses where there
    /// is an owner ([`Code::Conflict`]).
    set_up(workspace: String, owner: NewAccount) -> IndexEntry;
    /// Makes an account. Refuses a name that is taken ([`Code::Conflict`]).
    create_account(account: NewAccount) -> IndexEntry;
    /// What is needed to check the password of the account of that name.
    credentials(name: String) -> Option<Credentials>;
    /// Keeps what SCRAM needs of a password, for as long as `hash` is what is kept of it.
    keep_scram(account: AccountId, hash: String, scram: Vec<u8>) -> ();
    /// Sets the password and ends every session but `keep`; returns those ended.
    set_password_hash(account: AccountId, hash: Option<String>, keep: Option<SessionId>) -> Vec<SessionId>;
    /// Changes what is shown of an account.
    edit_person(account: AccountId, display: Option<String>, status: Option<String>) -> IndexEntry;
    /// Changes what an account may do. Refuses to take the last owner's role.
    set_role(account: AccountId, role: Role) -> IndexEntry;
    /// Lets an account sign in no more, or again. Returns the sessions it ended. Refuses for the last
    /// owner.
    set_disabled(account: AccountId, disabled: bool) -> (IndexEntry, Vec<SessionId>);

    // --- sessions, invites, tokens
    /// Makes a session.
    create_session(session: NewSession) -> Session;
    /// The sessions of an account that have not ended, latest first.
    sessions(account: AccountId, at: Millis) -> Vec<SessionRecord>;
    /// Ends a session of an account. False: it has none such.
    revoke_session(account: AccountId, session: SessionId) -> bool;
    /// Ends every session of an account but `keep`; returns those ended.
    revoke_sessions(account: AccountId, keep: Option<SessionId>) -> Vec<SessionId>;
    /// The sessions ended before their time, for the index in memory. Forgets those past their time.
    revoked_sessions(at: Millis) -> Vec<SessionId>;
    /// Notes when sessions were last heard of.
    touch_sessions(seen: Vec<(SessionId, Millis)>) -> ();
    /// Makes an invite.
    create_invite(invite: NewInvite) -> Invite;
    /// The invites that can still be accepted, latest first.
    invites(at: Millis) -> Vec<Invite>;
    /// The invite of that token if it can still be accepted.
    invite_by_token(token_hash: [u8; 32], at: Millis) -> Option<Invite>;
    /// Ends an invite. False: there is none such.
    revoke_invite(id: u64) -> bool;
    /// Accepts an invite: makes the account (its role is the invite's) and brings it into the rooms.
    /// Refuses [`Code::NotFound`] when the invite cannot be accepted, [`Code::Conflict`] when the name is taken.
    redeem_invite(token_hash: [u8; 32], account: NewAccount) -> Redeemed;
    /// Makes a bot token.
    create_bot_token(account: AccountId, token_hash: [u8; 32], note: String, at: Millis) -> BotToken;
    /// Every bot token of accounts that are not disabled, for the index in memory.
    bot_tokens() -> Vec<BotToken>;
    /// Ends a bot token; returns what it was.
    revoke_bot_token(id: u64) -> Option<BotToken>;

    // --- clients of other protocols
    /// What clients of an account keep here under keys that begin so, by key.
    kept_for_clients(account: AccountId, prefix: String) -> Vec<(String, String)>;
    /// Keeps something for them; an empty value forgets it. Refuses what is too much.
    keep_for_clients(account: AccountId, key: String, value: String) -> ();
    /// The devices that come again by a token, each with its sign-in, for the index in memory.
    devices() -> Vec<((AccountId, String), SessionId)>;
    /// A device of an account has this sign-in.
    keep_device(account: AccountId, agent: String, session: SessionId) -> ();

    // --- the workspace
    /// Makes an incoming webhook.
    create_hook(hook: NewHook) -> Hook;
    /// The hooks of a room.
    hooks(room: RoomId) -> Vec<Hook>;
    /// The hook of that token.
    hook_by_token(token_hash: [u8; 32]) -> Option<Hook>;
    /// Ends a hook; returns what it was.
    delete_hook(id: u64) -> Option<Hook>;
    /// Makes a slash command that is answered elsewhere. Refuses a name that is taken.
    create_command(command: NewCommand) -> Command;
    /// Those commands, by name.
    commands() -> Vec<Command>;
    /// The command of that name, and its secret.
    command_named(name: String) -> Option<(Command, String)>;
    /// Ends a command; returns what it was.
    delete_command(id: u64) -> Option<Command>;
    /// Notes something in the audit log.
    audit(entry: NewAudit) -> u64;
    /// The audit log, latest first, `before` an entry if given.
    audit_log(before: Option<u64>, limit: usize) -> Vec<AuditEntry>;
    /// The keys that sealed tokens are made with; made on first use of the data directory.
    keys() -> KeyMaterial;
    /// Makes a key current; the two before still open.
    rotate_keys(key: [u8; 32]) -> KeyMaterial;
    /// The name of the workspace; empty before set-up.
    workspace() -> String;
    /// Names the workspace.
    set_workspace(name: String) -> ();
    /// The history that positions belong to.
    epoch() -> Epoch;
    /// What a node noted for itself; none of it outlives a restore from a backup.
    note(note: Note) -> Option<Vec<u8>>;
    /// Notes something, in place of what was noted under that name.
    keep_note(note: Note, bytes: Vec<u8>) -> ();

    /// Messages in the rooms that an account is in, latest first; `before` is the cursor of the last
    /// hit seen. Refuses names of people or rooms that do not exist.
    search(account: AccountId, query: SearchQuery, limit: usize, before: Option<u64>) -> Vec<Hit>;

    // --- files: what is known of them; their bytes are at `file_path`
    /// Notes that an upload begins.
    create_upload(owner: AccountId, name: String, size: u64, at: Millis) -> StoredFile;
    /// Notes how much of an upload is on disk.
    progress(file: FileId, received: u64) -> ();
    /// Notes that a file is complete.
    finish_upload(file: FileId, upload: FinishedUpload) -> StoredFile;
    /// What is known of a file.
    file(file: FileId) -> Option<StoredFile>;
    /// Whether an account may read a file: it is its own, or on a message in a room that it is in.
    may_see_file(account: AccountId, file: FileId) -> bool;
    /// Forgets a file that no message carries; its bytes may go. False: a message carries it, or there
    /// is none such.
    delete_file(file: FileId) -> bool;
    /// Files begun before `before` that no message carries.
    stray_files(before: Millis, limit: usize) -> Vec<FileId>;

    // --- the whole
    /// Copies all of the data directory into a fresh directory while serving goes on.
    backup(dest: PathBuf) -> BackupReport;
    /// Writes the whole workspace into a fresh directory: `workspace.jsonl`, and the files.
    export(dest: PathBuf) -> ExportReport;
    /// Brings things from another system, in one transaction, in the order given; a thing that refers
    /// to another comes after it, in the same or in a later call. `source` names the system and the
    /// workspace there: repeating a call with the same source doubles nothing. Files are copied.
    /// Nobody is told, and nothing of it is unread. Meant for a server that is not serving yet.
    import(source: String, things: Vec<Import>) -> Vec<Imported>;
    /// Counts for the operator: rooms, accounts, events, waiting writes and so on, by name.
    figures() -> BTreeMap<String, u64>;
}
