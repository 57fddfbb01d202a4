//! The workspace itself: keys, notes, webhooks, the audit log.

use leeward_core::id::{AccountId, Millis, RoomId};

/// The keys that sealed tokens are made with. Ids count round, so that the one byte lasts.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyMaterial {
    /// Seals and opens.
    pub current: (u8, [u8; 32]),
    /// Only open, youngest first.
    pub previous: Vec<(u8, [u8; 32])>,
}

impl std::fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "KeyMaterial(current {}, {} previous)", self.current.0, self.previous.len())
    }
}

/// What a node notes for itself, to know it after a restart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Note {
    /// The secrets that TLS session tickets are sealed with.
    TlsTickets,
    /// How many it could let in in a second, last.
    Storm,
    /// What makes the ids of occupants, and the tokens of devices.
    Xmpp,
    /// Sessions of XMPP clients that were cut off when the node stopped.
    Sleepers,
    /// Sessions of BOSH that went on when the node stopped. Forgotten when a password is changed and when
    /// a backup is restored: nobody signs in who goes on with one.
    Bosh,
}

/// An incoming webhook to be made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewHook {
    /// BLAKE3 of the token.
    pub token_hash: [u8; 32],
    /// Where its messages go.
    pub room: RoomId,
    /// The account that they are from; must be in the room.
    pub account: AccountId,
    /// Who made it.
    pub by: AccountId,
    /// For those who list hooks, and the name its messages carry unless they say otherwise.
    pub name: String,
    /// When.
    pub at: Millis,
}

/// An incoming webhook.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hook {
    /// Which.
    pub id: u64,
    /// Where its messages go.
    pub room: RoomId,
    /// The account that they are from.
    pub account: AccountId,
    /// Who made it.
    pub by: AccountId,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created_at: Millis,
}

/// Something done by those who may do more than others.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct NewAudit {
    /// When.
    pub at: Millis,
    /// Who; `None`: the operator at the command line.
    pub by: Option<AccountId>,
    /// What, as `noun.verb`: `account.disable`.
    pub action: String,
    /// On what, as `noun:id`: `account:7`.
    pub subject: String,
    /// More about it, for people to read; no secrets.
    pub detail: String,
}

/// An entry of the audit log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuditEntry {
    /// Its place: 1, 2, 3…
    pub id: u64,
    /// What it says.
    pub entry: NewAudit,
}
