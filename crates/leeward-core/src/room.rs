//! Rooms, who is in them, and what each account sees of them.

use crate::id::{AccountId, Epoch, Millis, RoomId, Seq};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Who can find and enter a room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum RoomKind {
    /// Any member of the workspace.
    Public,
    /// Those invited.
    Private,
    /// A fixed set of two or more people; has no name of its own.
    Direct,
}

/// What somebody may do in one room.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize, ToSchema,
)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Reads and writes unless the room is read-only; reads only where muted.
    Muted,
    /// Reads, and writes unless the room is read-only.
    Member,
    /// Also edits the room's facts, deletes others' messages, mutes and removes people.
    Moderator,
}

/// A room's own facts.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RoomFacts {
    /// Who can find and enter it.
    pub room_kind: RoomKind,
    /// Lower-case name without `#`, unique among rooms that are not direct; empty for direct rooms.
    pub name: String,
    /// What it is about.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<String>"))]
    pub topic: String,
    /// Kept for reading only, hidden from the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub archived: bool,
    /// Only moderators write.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub read_only: bool,
}

/// When somebody wants to be told about a room.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Notify {
    /// Every message.
    All,
    /// Messages that name them, and direct ones.
    #[default]
    Mentions,
    /// Nothing: muted.
    None,
}

/// One room as one account sees it in its list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RoomSummary {
    /// Which room.
    pub id: RoomId,
    /// Its facts.
    #[serde(flatten)]
    pub facts: RoomFacts,
    /// The history its positions belong to.
    pub epoch: Epoch,
    /// The last event in its log.
    pub head: Seq,
    /// The last message in its log; unread when above `read`.
    pub last_message: Seq,
    /// When that was stored.
    pub last_at: Millis,
    /// How far this account has read, on any device.
    pub read: Seq,
    /// Messages above `read` that name this account; in a direct room, all that others sent.
    pub mentions: u32,
    /// What this account may do here.
    pub role: MemberRole,
    /// When it wants to be told.
    pub notify: Notify,
    /// Kept at the top of the list.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
    pub favourite: bool,
    /// The other people of a direct room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(test, ts(optional, as = "Option<Vec<AccountId>>"))]
    pub with: Vec<AccountId>,
    /// How many people are in it.
    pub members: u32,
}

/// Somebody in a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Member {
    /// Who.
    pub account: AccountId,
    /// What they may do here.
    pub role: MemberRole,
}
