//! Rooms as XMPP knows them (XEP-0045).
//!
//! A room is in memory while somebody is in it and a while after; then its newest lines and those who
//! are seen in it are rendered already, so that a thousand who come back at once ask the store nothing.
//! In reading order: [`render`] and [`draft`], events as messages and messages as drafts; `room`,
//! `memory` and `standing`, what is kept; `find` brings a room into memory; `join`, `say`, `hear` and
//! `resume`, what clients do in it and get from it; `invite`, `info`, `config` and `admin`, what they
//! ask.

pub mod draft;
pub mod render;

mod admin;
mod config;
mod find;
mod hear;
mod info;
mod invite;
mod join;
mod memory;
mod resume;
mod room;
mod say;
mod standing;
mod typing;

#[cfg(test)]
mod tests;

pub(crate) use invite::directly as invited;
pub(crate) use say::changes;

use crate::jid::Jid;
use crate::stanza::Kind;
use crate::station::{Around, Client, Conn, Output, Station};
use crate::xml::Element;
use find::Waiter;
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Instant, RoomId, Seq};
use leeward_core::wire::Presence;
use room::Room;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// How long a room stays in memory that nobody is in, in milliseconds: longer than those stay away who
/// come back to what slept.
const KEPT_MS: u64 = 300_000;
/// Times that one client may come in a minute, to all rooms together: more than anybody has rooms, and
/// each costs as many stanzas as people are seen.
const JOINS_MAX: u32 = 600;
const MINUTE_MS: u64 = 60_000;

/// The rooms that somebody of a station is in.
#[derive(Default)]
pub struct Rooms {
    here: BTreeMap<RoomId, Room>,
    /// Those by what stands before the `@` of their address.
    names: BTreeMap<String, RoomId>,
    /// Those by who is a member.
    of: BTreeSet<(AccountId, RoomId)>,
    /// What is sought, and for whom.
    finding: BTreeMap<String, Vec<Waiter>>,
    /// Clients that came back to a room that is not in memory yet, and up to where they have heard it.
    waking: BTreeMap<(Conn, RoomId), Seq>,
    due: BTreeSet<(Instant, Due)>,
    /// Times that a room came into memory.
    loads: u64,
    /// How often clients came since when.
    comings: BTreeMap<Conn, (Instant, u32)>,
}

/// What is to be looked at when its time has come.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Due {
    /// Whether somebody still types.
    Typing(RoomId, AccountId),
    /// Whether anybody came to a room again.
    Empty(RoomId),
    /// What those missed who are behind.
    Read(RoomId),
    /// A room that a client came back to.
    Wake(Conn, RoomId),
}

/// What a client is in the rooms that it has joined.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Joined {
    /// Which, and where each was when it came.
    pub rooms: BTreeMap<RoomId, Arc<str>>,
}

impl Rooms {
    /// Whether a client may come to one more room.
    fn may_come(&mut self, now: Instant, conn: Conn) -> bool {
        let (since, times) = self.comings.entry(conn).or_insert((now, 0));
        if now.ms_since(*since) >= MINUTE_MS {
            (*since, *times) = (now, 0);
        }
        *times += 1;
        *times <= JOINS_MAX
    }

    /// A room in memory, if it is there since this time.
    fn still(&mut self, id: RoomId, load: u64) -> Option<&mut Room> {
        self.here.get_mut(&id).filter(|room| room.load == load)
    }

    fn empty(&mut self, now: Instant, id: RoomId) {
        if self.here.get(&id).is_some_and(Room::is_empty) {
            self.due.insert((now.plus_ms(KEPT_MS), Due::Empty(id)));
        }
    }
}

/// Where a client is, seen from an address.
enum Whereabouts {
    /// In this room.
    In(RoomId),
    /// In this room, which is not in memory yet.
    Waking(RoomId),
    /// What is there is being found out.
    Sought,
    /// Not there.
    Outside,
}

/// Whether a client is in the room of that name.
fn whereabouts(station: &Station, conn: Conn, local: &str) -> Whereabouts {
    if let Some(id) = joined(station, conn, local) {
        return Whereabouts::In(id);
    }
    let mut rooms = joined_rooms(station, conn).into_iter();
    let waking = rooms.find(|(_, address)| find::local(address) == local);
    match waking {
        Some((id, _)) if station.rooms.waking.contains_key(&(conn, id)) => Whereabouts::Waking(id),
        Some(_) | None if find::is_sought(station, local) => Whereabouts::Sought,
        Some(_) | None => Whereabouts::Outside,
    }
}

/// The room in memory of that name, if a client is in it.
fn joined(station: &Station, conn: Conn, local: &str) -> Option<RoomId> {
    let id = station.rooms.names.get(local)?;
    station.rooms.here.get(id).filter(|room| room.has(conn)).map(|room| room.id)
}

/// The rooms that a client has joined.
fn joined_rooms(station: &Station, conn: Conn) -> Vec<(RoomId, Arc<str>)> {
    let rooms = station.client(conn).map(|client| &client.joined.rooms);
    let pairs = rooms.into_iter().flatten();
    pairs.map(|(id, address)| (*id, Arc::clone(address))).collect()
}

/// Deals with a stanza for a room, or for the service of rooms.
pub(crate) fn stanza(
    station: &mut Station,
    around: Around<'_>,
    from: (Conn, u32),
    to: &Jid,
    stanza: &Element,
) {
    match Kind::of(stanza) {
        Some(Kind::Presence) => join::presence(station, around, from, to, stanza),
        Some(Kind::Message) => say::message(station, around, from, to, stanza),
        Some(Kind::Iq) => info::iq(station, around, from, to, stanza),
        None => {}
    }
}

pub(crate) fn heard(station: &mut Station, around: Around<'_>, room: RoomId, event: &Event) {
    hear::heard(station, around, room, event);
}

pub(crate) fn typing(station: &mut Station, around: Around<'_>, room: RoomId, who: AccountId) {
    typing::typing(station, around, room, who);
}

/// Tells those in each room once what has changed in it.
pub(crate) fn presence_changed(
    station: &mut Station,
    around: Around<'_>,
    changes: &[(AccountId, Presence)],
) {
    let domain = Arc::clone(&station.domain);
    for (who, _) in changes {
        let presence = around.names.presence(*who);
        for id in rooms_of(station, *who) {
            let Some(room) = station.rooms.here.get_mut(&id) else { continue };
            if !room.seen.is(*who, presence) {
                let rest = hear::look(room, around, &domain, *who);
                hear::tell(station, id, *who, rest);
            }
        }
    }
}

pub(crate) fn gone(station: &mut Station, around: Around<'_>, conn: Conn, _sleeps: bool) {
    for (id, _) in joined_rooms(station, conn) {
        station.rooms.waking.remove(&(conn, id));
        if let Some(room) = station.rooms.here.get_mut(&id) {
            room.forget(conn, around.now);
        }
        station.rooms.empty(around.now, id);
    }
    station.rooms.comings.remove(&conn);
}

pub(crate) fn tick(station: &mut Station, around: Around<'_>) {
    while let Some((at, due)) = station.rooms.due.first().copied()
        && at <= around.now
    {
        station.rooms.due.remove(&(at, due));
        match due {
            Due::Typing(room, who) => typing::stopped(station, around, room, who),
            Due::Empty(room) => forget(station, around, room),
            Due::Read(room) => resume::read(station, room),
            Due::Wake(conn, room) => resume::again(station, around, conn, room),
        }
    }
}

/// Forgets a room that nobody has been in for a while.
fn forget(station: &mut Station, around: Around<'_>, id: RoomId) {
    let stays = |room: &Room| !room.is_empty() || around.now.ms_since(room.left) < KEPT_MS;
    if station.rooms.here.get(&id).is_none_or(stays) {
        return;
    }
    let Some(room) = station.rooms.here.remove(&id) else { return };
    station.rooms.names.remove(find::local(&room.address));
    for account in room.members.keys() {
        station.rooms.of.remove(&(*account, id));
    }
    station.output(Output::Unlisten(id));
}

pub(crate) fn deadline(station: &Station) -> Option<Instant> {
    station.rooms.due.first().map(|(at, _)| *at)
}

/// The rooms that a client has joined, and up to where it was sent their events.
pub(crate) fn positions(station: &Station, conn: Conn) -> Vec<(RoomId, Seq)> {
    resume::positions(station, conn)
}

/// Sends a client what came in a room after a position.
pub(crate) fn catch_up(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    room: RoomId,
    after: Seq,
) {
    resume::catch_up(station, around, conn, room, after);
}

/// The room of an address, if it is in memory.
pub(crate) fn room_of(station: &Station, jid: &Jid) -> Option<RoomId> {
    station.rooms.names.get(jid.local.as_deref()?).copied()
}

/// The address of a room in memory.
pub(crate) fn jid_of(station: &Station, id: RoomId) -> Option<Jid> {
    let room = station.rooms.here.get(&id)?;
    Some(Jid::of(find::local(&room.address), &room::service(&station.domain)))
}

/// Somebody's name or status has changed.
pub(crate) fn person_changed(station: &mut Station, around: Around<'_>, account: AccountId) {
    let domain = Arc::clone(&station.domain);
    for id in rooms_of(station, account) {
        let Some(room) = station.rooms.here.get_mut(&id) else { continue };
        let rest = hear::look(room, around, &domain, account);
        hear::tell(station, id, account, rest);
    }
}

/// Whether a client is in a room with somebody.
pub(crate) fn share(station: &Station, client: &Client, other: AccountId) -> bool {
    let rooms = &client.joined.rooms;
    rooms.keys().any(|room| station.rooms.of.contains(&(other, *room)))
}

/// The rooms in memory that an account is in.
fn rooms_of(station: &Station, account: AccountId) -> Vec<RoomId> {
    let all = (account, RoomId(0))..=(account, RoomId(u64::MAX));
    station.rooms.of.range(all).map(|(_, room)| *room).collect()
}

/// Whose client it is, and what they may do in the workspace.
fn whose(station: &Station, conn: Conn) -> Option<(AccountId, leeward_core::account::Role)> {
    station.client(conn).map(|client| (client.account(), client.role()))
}
