//! Rooms and what an account is in them.

use leeward_core::event::Event;
use leeward_core::id::{AccountId, Epoch, Millis, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts};

/// What a change to a room did; publish `events`, push to the accounts of `versions`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomChange {
    /// Which room.
    pub room: RoomId,
    /// The history its events belong to.
    pub epoch: Epoch,
    /// The log entries it made, in order; empty when nothing changed.
    pub events: Vec<Event>,
    /// Accounts whose own state changed by it, with the version it has since.
    pub versions: Vec<(AccountId, u64)>,
    /// The room did not exist before.
    pub created: bool,
}

/// Something of an account's own state, with the version that the state has since.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Versioned<T> {
    /// What.
    pub value: T,
    /// See [`leeward_core::wire::AccountState`].
    pub version: u64,
}

/// How far an account has read in a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReadMark {
    /// The last event read.
    pub seq: Seq,
    /// Messages above it that name the account; in a direct room, all of the others'.
    pub mentions: u32,
    /// The version of the account's state with this change.
    pub version: u64,
}

/// What an account is to a room.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Access {
    /// The room's facts.
    pub facts: RoomFacts,
    /// What the account may do in it; `None` when it is not in it.
    pub role: Option<MemberRole>,
    /// It was removed for good.
    pub banned: bool,
}

/// Somebody in a room, with when they came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Membership {
    /// Who.
    pub account: AccountId,
    /// What they may do here.
    pub role: MemberRole,
    /// When they came in.
    pub since: Millis,
}

/// A public room as the list for browsing shows it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoomListing {
    /// Which.
    pub id: RoomId,
    /// Its facts.
    pub facts: RoomFacts,
    /// How many people are in it.
    pub members: u32,
    /// When its last message was stored.
    pub last_at: Millis,
    /// The account that asks is in it.
    pub joined: bool,
}
