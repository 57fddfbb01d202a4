//! The frames of the native protocol, `leeward.v1`: JSON text, one frame one message.
//!
//! Events are encoded once; [`delta`] and the other builders here join bytes that exist already, so
//! that a room's traffic is shared by all who get it. Never does I/O.

use crate::account::Person;
use crate::code::Refusal;
use crate::event::{Draft, Event, Message, What};
use crate::id::{AccountId, Epoch, Millis, Nonce, Position, RoomId, Seq, SessionId};
use crate::limits;
use crate::room::{Member, Notify, RoomFacts, RoomSummary};
use bytes::Bytes;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The WebSocket subprotocol a client offers and the server echoes.
pub const SUBPROTOCOL: &str = "leeward.v1";

/// What a client sends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "t", rename_all = "snake_case", deny_unknown_fields)]
pub enum ClientFrame {
    /// The first frame: who is there and what it has seen already.
    Hello(Hello),
    /// Append to a room's log. Answered by `posted` or `refused` with the same nonce.
    Post {
        /// Where.
        room: RoomId,
        /// What the client calls it; repeating it repeats the answer, never the deed.
        nonce: Nonce,
        /// What.
        draft: Draft,
    },
    /// Read up to here, on every device of the account.
    Read {
        /// Where.
        room: RoomId,
        /// The last event read. May go down: "mark unread from here".
        seq: Seq,
    },
    /// Somebody is typing here. Repeated every 4 s while it lasts; forgotten after 6 s.
    Typing {
        /// Where.
        room: RoomId,
        /// In which thread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        thread: Option<Seq>,
    },
    /// The rooms on the screen, whose presence and typing is wanted; replaces the set before.
    Watch {
        /// At most [`limits::WATCHED_ROOMS_MAX`].
        rooms: Vec<RoomId>,
    },
    /// A room's state is wanted; answered by `snapshot`, then its events from there.
    Open {
        /// Which.
        room: RoomId,
    },
    /// What the person is doing, for others to see.
    Presence {
        /// Here or away; "offline" is the absence of a live lease.
        state: Presence,
    },
    /// Still here; answered by `pong`.
    Ping {
        /// Returned as it came.
        #[serde(default)]
        n: u32,
        /// The page is hidden, so that its timers are slow: grant a long lease.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        hidden: bool,
    },
}

/// The first frame of a connection.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The ticket of the last `welcome`: resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub ticket: Option<String>,
    /// A sign-in token. A browser leaves it out: its cookie came with the upgrade.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub token: Option<String>,
    /// The place that an earlier `refuse` or `goodbye` kept for this client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub slot: Option<String>,
    /// Name and version of the client, such as `web/0.1.0+3f2a`.
    #[serde(default)]
    pub build: String,
    /// The `version` of the last `account` or `account_room` frame; 0 for none.
    #[serde(default)]
    #[cfg_attr(test, ts(type = "number"))]
    pub account_version: u64,
    /// The last event applied, for each room known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<(RoomId, Epoch, Seq)>,
}

/// Whether somebody is at their screen.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// A live lease, and lately active.
    Online,
    /// A live lease, idle.
    Away,
    /// No live lease.
    Offline,
}

/// How long a connection may be silent, as granted to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Lease {
    /// The client sends something at least so often, in milliseconds.
    pub ping_ms: u32,
    /// Either end gives the connection up after so many milliseconds of silence.
    pub lease_ms: u32,
    /// If the connection is lost without a word, the first attempt comes at a random moment within so
    /// many milliseconds.
    pub spread_ms: u32,
}

/// What the server sends.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "t", rename_all = "snake_case")]
pub enum ServerFrame {
    /// Let in. `delta`, `gap` and `account` frames follow, then `caught_up`.
    Welcome {
        /// The session, for as long as it is resumed.
        session: SessionId,
        /// Whose it is.
        account: AccountId,
        /// What to resume with; replaces the one before.
        ticket: String,
        /// How long to be silent.
        lease: Lease,
        /// The server's wall clock.
        now: Millis,
        /// The session went on; false after a sign-in.
        resumed: bool,
        /// The build of the web app that this server serves.
        build: String,
    },
    /// The account's own list of rooms and settings, whole.
    Account(Box<AccountState>),
    /// One room of that list came or changed.
    AccountRoom {
        /// The list's version with this change.
        #[cfg_attr(test, ts(type = "number"))]
        version: u64,
        /// The room as it stands.
        room: Box<RoomSummary>,
    },
    /// One room left that list.
    AccountRoomGone {
        /// The list's version with this change.
        #[cfg_attr(test, ts(type = "number"))]
        version: u64,
        /// Which.
        room: RoomId,
    },
    /// How far the account has read, on whichever of its devices. All of them are told, the one that
    /// said so included, so that each knows the version.
    Read {
        /// The list's version with this change.
        #[cfg_attr(test, ts(type = "number"))]
        version: u64,
        /// Where.
        room: RoomId,
        /// The last event read.
        seq: Seq,
        /// Messages above it that name the account.
        mentions: u32,
    },
    /// What came after the position that the client gave.
    Delta {
        /// Where.
        room: RoomId,
        /// The history it belongs to.
        epoch: Epoch,
        /// In order, without holes.
        events: Vec<Event>,
    },
    /// Too much came after that position, or it belongs to another history: live events go on from
    /// `head`; the hole before it is filled by `open` and by pages of history.
    Gap {
        /// Where.
        room: RoomId,
        /// Up to where it can see.
        head: Position,
    },
    /// All that was missed has been sent: the client is in sync.
    CaughtUp {
        /// The server's wall clock.
        now: Millis,
    },
    /// Something happened.
    Event {
        /// Where.
        room: RoomId,
        /// What. Its seq is one above the last in this room.
        event: Event,
    },
    /// A room's state.
    Snapshot(Box<Snapshot>),
    /// A post was stored durably.
    Posted {
        /// Which.
        nonce: Nonce,
        /// Where.
        room: RoomId,
        /// Its place.
        seq: Seq,
        /// When.
        at: Millis,
    },
    /// A request was refused; the connection goes on.
    Refused {
        /// Which post, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        nonce: Option<Nonce>,
        /// In which room.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        room: Option<RoomId>,
        /// Why.
        #[serde(flatten)]
        refusal: Refusal,
    },
    /// Who is here, in a room that is watched: all of it after `watch`, then changes.
    Presence {
        /// Where.
        room: RoomId,
        /// Each account that changed, and to what. Whoever is not named in the first is offline.
        people: Vec<(AccountId, Presence)>,
        /// The first since `watch`: forget what was known.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        #[cfg_attr(test, ts(optional, as = "Option<bool>"))]
        whole: bool,
    },
    /// Somebody is typing in a room that is watched.
    Typing {
        /// Where.
        room: RoomId,
        /// Who.
        who: AccountId,
        /// In which thread.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        thread: Option<Seq>,
    },
    /// Somebody's name, role or status, as it stands.
    Person {
        /// Them.
        person: Person,
    },
    /// What is late because the server sheds it: `typing`, `presence`, `snapshots`, `search`, shed in
    /// this order. Empty: all is well.
    Shed {
        /// Names of features.
        what: Vec<String>,
    },
    /// Waiting to be let in, on this very connection.
    Parked {
        /// How many of its kind are before.
        place: u32,
        /// The estimated wait, in milliseconds.
        wait_ms: u32,
        /// What the operator says meanwhile, in words for people.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        message: Option<String>,
    },
    /// The answer to `ping`: the lease starts anew.
    Pong {
        /// As it came.
        n: u32,
        /// From here on.
        lease: Lease,
    },
    /// The connection ends before it began.
    Refuse {
        /// Why, and when to come back.
        #[serde(flatten)]
        refusal: Refusal,
        /// The place kept for this client; presented in the next `hello`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        slot: Option<String>,
    },
    /// The connection ends.
    Goodbye {
        /// Why, and when to come back.
        #[serde(flatten)]
        refusal: Refusal,
        /// The place kept for this client, in a planned drain; presented in the next `hello`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        #[cfg_attr(test, ts(optional))]
        slot: Option<String>,
    },
}

/// An account's own list of rooms and settings.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct AccountState {
    /// Raised by every change of what is below.
    #[cfg_attr(test, ts(type = "number"))]
    pub version: u64,
    /// The account.
    pub me: Person,
    /// The workspace's name.
    pub workspace: String,
    /// Its rooms.
    pub rooms: Vec<RoomSummary>,
    /// What the clients of this account keep with the server, such as the theme.
    pub settings: BTreeMap<String, String>,
    /// The people of those rooms, up to a few hundred; others are at `/api/v1/people`.
    pub people: Vec<Person>,
}

/// A room's state at a position.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Snapshot {
    /// Which room.
    pub room: RoomId,
    /// All up to here has been applied.
    pub at: Position,
    /// Its facts.
    pub facts: RoomFacts,
    /// Who is in it, up to [`limits::SNAPSHOT_MEMBERS_MAX`].
    pub members: Vec<Member>,
    /// How many are in it.
    pub members_total: u32,
    /// The people named in this frame.
    pub people: Vec<Person>,
    /// The newest lines of its timeline, in order, with their state at `at`.
    pub lines: Vec<Event>,
    /// There are older lines.
    pub more: bool,
}

/// Settings of one room for one account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct RoomSettings {
    /// When to be told; left out: as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub notify: Option<Notify>,
    /// At the top of the list; left out: as before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(test, ts(optional))]
    pub favourite: Option<bool>,
}

/// Why bytes are not a [`ClientFrame`].
#[derive(Debug)]
pub enum BadFrame {
    /// Longer than [`limits::FRAME_BYTES_MAX`].
    TooBig,
    /// Nested deeper than [`limits::FRAME_DEPTH_MAX`].
    TooDeep,
    /// Not JSON, or not of the documented form.
    Form(serde_json::Error),
}

impl std::fmt::Display for BadFrame {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::TooBig => write!(f, "a frame is at most {} bytes", limits::FRAME_BYTES_MAX),
            Self::TooDeep => write!(f, "a frame nests at most {} levels", limits::FRAME_DEPTH_MAX),
            Self::Form(e) => write!(f, "{e}"),
        }
    }
}

impl std::error::Error for BadFrame {}

/// Reads one client frame.
///
/// # Errors
/// [`BadFrame`] says which limit or form was not kept. Never panics, whatever the bytes.
pub fn decode(text: &str) -> Result<ClientFrame, BadFrame> {
    if text.len() > limits::FRAME_BYTES_MAX {
        return Err(BadFrame::TooBig);
    }
    if depth(text.as_bytes()) > limits::FRAME_DEPTH_MAX {
        return Err(BadFrame::TooDeep);
    }
    serde_json::from_str(text).map_err(BadFrame::Form)
}

/// The deepest nesting of brackets outside strings.
fn depth(json: &[u8]) -> usize {
    let (mut deepest, mut now, mut in_string, mut escaped) = (0usize, 0usize, false, false);
    for &b in json {
        match (in_string, b) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => {
                now += 1;
                deepest = deepest.max(now);
            }
            (false, b'}' | b']') => now = now.saturating_sub(1),
            (true | false, _) => {}
        }
    }
    deepest
}

/// Writes one server frame.
pub fn encode(frame: &ServerFrame) -> Bytes {
    json(frame)
}

/// Writes one event, to be shared by every frame that carries it.
pub fn encode_event(event: &Event) -> Bytes {
    json(event)
}

fn json<T: Serialize>(value: &T) -> Bytes {
    Bytes::from(serde_json::to_vec(value).expect("frames hold no map with keys that are not text"))
}

/// An encoded event without what it says of a message that has been taken back; none where it says
/// nothing of it.
pub fn without_text(event: &[u8], target: Seq) -> Option<Bytes> {
    let mut event: Event = serde_json::from_slice(event).ok()?;
    event.what = match event.what {
        What::Message(m) if event.seq == target => What::Message(Box::new(Message {
            thread: m.thread,
            also_room: m.also_room,
            deleted: true,
            ..Message::default()
        })),
        What::Edit { target: edited, .. } if edited == target => {
            What::Edit { target, text: String::new(), mentions: Vec::new() }
        }
        What::Message(_)
        | What::Edit { .. }
        | What::Delete { .. }
        | What::React { .. }
        | What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => return None,
    };
    Some(encode_event(&event))
}

/// The `event` frame around an encoded event.
pub fn event(room: RoomId, event: &[u8]) -> Bytes {
    let mut out = Vec::with_capacity(event.len() + 48);
    out.extend_from_slice(format!(r#"{{"t":"event","room":{room},"event":"#).as_bytes());
    out.extend_from_slice(event);
    out.push(b'}');
    Bytes::from(out)
}

/// The `delta` frame around encoded events.
pub fn delta<'a>(room: RoomId, epoch: Epoch, events: impl IntoIterator<Item = &'a [u8]>) -> Bytes {
    let mut out = format!(r#"{{"t":"delta","room":{room},"epoch":{epoch},"events":["#).into_bytes();
    for (i, event) in events.into_iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(event);
    }
    out.extend_from_slice(b"]}");
    Bytes::from(out)
}

#[cfg(test)]
mod tests;
