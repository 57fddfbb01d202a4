//! Accounts and how they get in: passwords, sessions, invites, bot tokens.
//!
//! Tokens themselves are never stored, only their BLAKE3 hashes.

use super::RoomChange;
use leeward_core::account::{Person, Role};
use leeward_core::id::{AccountId, Millis, RoomId, SessionId};

/// What the index in memory keeps of an account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IndexEntry {
    /// As others see it.
    pub person: Person,
    /// The version of its own state.
    pub version: u64,
}

/// An account to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAccount {
    /// What is typed after `@`; unique.
    pub name: String,
    /// What is shown.
    pub display: String,
    /// What it may do.
    pub role: Role,
    /// A program.
    pub bot: bool,
    /// Argon2 in PHC form; `None`: cannot sign in by password.
    pub password_hash: Option<String>,
    /// When.
    pub at: Millis,
}

/// What is needed to check a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Credentials {
    /// Whose.
    pub person: Person,
    /// Argon2 in PHC form.
    pub password_hash: Option<String>,
    /// What SCRAM needs of the password, once it has been typed somewhere.
    pub scram: Option<Vec<u8>>,
}

/// A session to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewSession {
    /// Whose.
    pub account: AccountId,
    /// What the person calls the device, or what it says of itself.
    pub device: String,
    /// When.
    pub at: Millis,
    /// When it ends by itself.
    pub expires_at: Millis,
}

/// A session as a sealed token names it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// What the account may do.
    pub role: Role,
}

/// A session as its owner sees it in the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionRecord {
    /// Which.
    pub id: SessionId,
    /// Whose.
    pub account: AccountId,
    /// Which device.
    pub device: String,
    /// When it began.
    pub created_at: Millis,
    /// When it was last heard of, to within some minutes.
    pub seen_at: Millis,
    /// When it ends by itself.
    pub expires_at: Millis,
}

/// An invite to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewInvite {
    /// BLAKE3 of the token.
    pub token_hash: [u8; 32],
    /// Who invites.
    pub by: AccountId,
    /// What the account will be.
    pub role: Role,
    /// The rooms it will be in.
    pub rooms: Vec<RoomId>,
    /// How many accounts it may make.
    pub uses_max: u32,
    /// When it ends by itself.
    pub expires_at: Millis,
    /// For those who list invites.
    pub note: String,
    /// When.
    pub at: Millis,
}

/// An invite that can still be accepted.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Invite {
    /// Which.
    pub id: u64,
    /// Who invites.
    pub by: AccountId,
    /// What the account will be.
    pub role: Role,
    /// The rooms it will be in.
    pub rooms: Vec<RoomId>,
    /// How many accounts it has made.
    pub uses: u32,
    /// How many accounts it may make.
    pub uses_max: u32,
    /// When it ends by itself.
    pub expires_at: Millis,
    /// For those who list invites.
    pub note: String,
    /// When it was made.
    pub created_at: Millis,
}

/// What an accepted invite made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redeemed {
    /// The account.
    pub entry: IndexEntry,
    /// The rooms it came into.
    pub rooms: Vec<RoomChange>,
}

/// A token by which a program signs in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BotToken {
    /// Which.
    pub id: u64,
    /// Whose.
    pub account: AccountId,
    /// BLAKE3 of the token.
    pub token_hash: [u8; 32],
    /// For those who list tokens.
    pub note: String,
    /// When it was made.
    pub created_at: Millis,
}
