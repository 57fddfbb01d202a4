//! Rooms as XMPP knows them (XEP-0045).

pub(crate) mod draft;
pub(crate) mod ids;
pub(crate) mod render;
pub(crate) mod when;

use crate::jid::Jid;
use crate::stanza::Condition;
use crate::station::{Around, Conn, Station};
use crate::xml::Element;
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Instant, RoomId, Seq};
use leeward_core::wire::Presence;

/// The rooms that somebody of a station is in.
#[derive(Default)]
pub struct Rooms {}

/// What a client is in the rooms that it has joined.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Joined {}

/// Deals with a stanza for a room, or for the service of rooms.
pub(crate) fn stanza(
    station: &mut Station,
    _around: Around<'_>,
    (conn, _number): (Conn, u32),
    _to: &Jid,
    stanza: &Element,
) {
    station.refuse(conn, stanza, Condition::ServiceUnavailable, None);
}

pub(crate) fn heard(_station: &mut Station, _around: Around<'_>, _room: RoomId, _event: &Event) {}

pub(crate) fn typing(_station: &mut Station, _around: Around<'_>, _room: RoomId, _who: AccountId) {}

pub(crate) fn presence_changed(
    _station: &mut Station,
    _around: Around<'_>,
    _changes: &[(AccountId, Presence)],
) {
}

pub(crate) fn gone(_station: &mut Station, _around: Around<'_>, _conn: Conn, _sleeps: bool) {}

pub(crate) fn tick(_station: &mut Station, _around: Around<'_>) {}

pub(crate) fn deadline(_station: &Station) -> Option<Instant> {
    None
}

/// The rooms that a client has joined, and up to where it was sent their events.
pub(crate) fn positions(_station: &Station, _conn: Conn) -> Vec<(RoomId, Seq)> {
    Vec::new()
}

/// Sends a client what came in a room after a position.
pub(crate) fn catch_up(
    _station: &mut Station,
    _around: Around<'_>,
    _conn: Conn,
    _room: RoomId,
    _after: Seq,
) {
}
