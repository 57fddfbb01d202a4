//! What clients do outside of rooms, one file for each thing.

use crate::jid::Jid;
use crate::stanza::Condition;
use crate::station::{Around, Bound, Conn, Station};
use crate::xml::Element;
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Instant, RoomId, Seq};
use leeward_core::wire::Presence;

/// What is known of accounts that are here, or were until lately.
#[derive(Default)]
pub struct Accounts {}

/// What the features keep of one client.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Own {}

impl Own {
    pub(crate) fn of(_bound: &Bound) -> Self {
        Self::default()
    }
}

pub(crate) fn came(_station: &mut Station, _around: Around<'_>, _conn: Conn) {}

pub(crate) fn woken(_station: &mut Station, _around: Around<'_>, _conn: Conn) {}

pub(crate) fn gone(_station: &mut Station, _around: Around<'_>, _conn: Conn, _sleeps: bool) {}

pub(crate) fn iq(
    station: &mut Station,
    _around: Around<'_>,
    conn: Conn,
    _to: Option<&Jid>,
    iq: &Element,
) {
    station.refuse(conn, iq, Condition::ServiceUnavailable, None);
}

pub(crate) fn message(
    station: &mut Station,
    _around: Around<'_>,
    (conn, _number): (Conn, u32),
    _to: Option<&Jid>,
    message: &Element,
) {
    station.refuse(conn, message, Condition::ServiceUnavailable, None);
}

pub(crate) fn presence(
    _station: &mut Station,
    _around: Around<'_>,
    _conn: Conn,
    _to: Option<&Jid>,
    _presence: &Element,
) {
}

pub(crate) fn csi(_station: &mut Station, _around: Around<'_>, _conn: Conn, _element: &Element) {}

/// An event of a direct room of two; false: it is of another room.
pub(crate) fn heard(
    _station: &mut Station,
    _around: Around<'_>,
    _room: RoomId,
    _event: &Event,
) -> bool {
    false
}

/// Somebody types in a direct room of two; false: it is another room.
pub(crate) fn typing(
    _station: &mut Station,
    _around: Around<'_>,
    _room: RoomId,
    _who: AccountId,
) -> bool {
    false
}

pub(crate) fn presence_changed(
    _station: &mut Station,
    _around: Around<'_>,
    _changes: &[(AccountId, Presence)],
) {
}

pub(crate) fn person_changed(_station: &mut Station, _around: Around<'_>, _account: AccountId) {}

pub(crate) fn read(
    _station: &mut Station,
    _around: Around<'_>,
    _account: AccountId,
    _room: RoomId,
    _seq: Seq,
) {
}

pub(crate) fn tick(_station: &mut Station, _around: Around<'_>) {}

pub(crate) fn deadline(_station: &Station) -> Option<Instant> {
    None
}

/// The direct rooms that a client hears of, and up to where it was sent their events.
pub(crate) fn positions(_station: &Station, _conn: Conn) -> Vec<(RoomId, Seq)> {
    Vec::new()
}

/// Sends a client what came in a direct room after a position; false: it is another room.
pub(crate) fn catch_up(
    _station: &mut Station,
    _around: Around<'_>,
    _conn: Conn,
    _room: RoomId,
    _after: Seq,
) -> bool {
    false
}
