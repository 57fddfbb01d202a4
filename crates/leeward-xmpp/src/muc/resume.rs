//! Those who come back to what slept (XEP-0198): they are in their rooms as before, and get what was
//! said meanwhile before anything that is said from then on. What a room has in memory asks nobody;
//! otherwise the store is asked once for all who come back to it.

use super::find::{Found, find_by_id};
use super::hear::{answers, outside};
use super::render::{Frame, Quoted, View, render, subject};
use super::room::{Access, Room};
use super::standing::{Scene, Standing, status};
use super::{Due, joined_rooms};
use crate::stanza::Rest;
use crate::station::{Answer, Around, Conn, Domain, Question, Station, Told};
use leeward_core::event::What;
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::{RoomFacts, RoomKind};
use std::sync::Arc;

/// Events that are read at once.
const PAGE: usize = 500;
/// How long after the store could not answer it is asked again, in milliseconds.
const AGAIN_MS: u64 = 2_000;

/// The rooms that a client has joined, and up to where it was sent their events.
pub(super) fn positions(station: &Station, conn: Conn) -> Vec<(RoomId, Seq)> {
    let position = |id: RoomId| {
        let room = station.rooms.here.get(&id);
        let waking = station.rooms.waking.get(&(conn, id)).copied();
        let behind = room.and_then(|room| room.behind.get(&conn).copied());
        waking.or(behind).or_else(|| room.map(|room| room.head))
    };
    let rooms = joined_rooms(station, conn).into_iter();
    rooms.filter_map(|(id, _)| Some((id, position(id)?))).collect()
}

/// Sends a client what came in a room after a position.
pub(super) fn catch_up(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    after: Seq,
) {
    if !station.client(conn).is_some_and(|client| client.joined.rooms.contains_key(&id)) {
        return;
    }
    station.rooms.waking.insert((conn, id), after);
    find_by_id(station, around, (conn, None), id, move |station, around, found| match found {
        Found::Here(_) => back(station, around, conn, id),
        Found::Missing => {
            station.rooms.waking.remove(&(conn, id));
            lost(station, around, conn, id);
        }
        Found::Refused(_) => {
            station.rooms.due.insert((around.now.plus_ms(AGAIN_MS), Due::Wake(conn, id)));
        }
    });
}

/// Tries once more what could not be done.
pub(super) fn again(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId) {
    if let Some(after) = station.rooms.waking.get(&(conn, id)).copied() {
        catch_up(station, around, conn, id, after);
    }
}

/// The room that a client slept in is no more.
fn lost(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId) {
    let domain = Arc::clone(&station.domain);
    let Some(client) = station.client(conn) else { return };
    let (account, Some(address)) = (client.account(), client.joined.rooms.get(&id).cloned()) else {
        return;
    };
    let facts = RoomFacts {
        room_kind: RoomKind::Private,
        name: String::new(),
        topic: String::new(),
        archived: false,
        read_only: false,
    };
    let scene =
        Scene { domain: &domain, names: around.names, room: id, address: &address, facts: &facts };
    let gone = Rest::of(&scene.destroyed(account, None, "the room is gone"));
    outside(station, conn, id, gone);
}

/// A client is back in a room that is in memory, if it may still be there.
fn back(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId) {
    let domain = Arc::clone(&station.domain);
    let Some(after) = station.rooms.waking.remove(&(conn, id)) else { return };
    let Some(client) = station.client(conn) else { return };
    let (account, role) = (client.account(), client.role());
    let Some(address) = client.joined.rooms.get(&id).cloned() else { return };
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    if let Some(gone) = expelled(room, around, &domain, (account, &address)) {
        return outside(station, conn, id, gone);
    }
    debug_assert_ne!(room.access(account, role), Access::Hidden, "members see their rooms");
    room.behind.insert(conn, after);
    if !reach(station, conn, id) {
        read(station, id);
    }
}

/// What a client is told that may not go on in a room: it is called otherwise, or they are no member.
fn expelled(
    room: &Room,
    around: Around<'_>,
    domain: &Domain,
    (account, address): (AccountId, &Arc<str>),
) -> Option<Rest> {
    let scene = Scene { address, ..room.scene(around, domain) };
    if room.address != *address {
        let why = "the room has another name";
        return Some(Rest::of(&scene.destroyed(account, Some(&room.address), why)));
    }
    if !room.members.contains_key(&account) {
        let codes = [status::SELF, status::LEFT];
        return Some(Rest::of(&scene.gone(account, Standing::NONE, &codes)));
    }
    None
}

/// Sends a client that is behind what is in memory; false: that is not all.
fn reach(station: &mut Station, conn: Conn, id: RoomId) -> bool {
    let Some(room) = station.rooms.here.get_mut(&id) else { return true };
    let Some(after) = room.behind.get(&conn).copied() else { return true };
    if after > room.head {
        // It has heard more than is known here, elsewhere: see `hear::take`.
        return true;
    }
    let Room { memory, address, .. } = room;
    let Some(missed) = memory.after(after, address) else { return false };
    room.behind.remove(&conn);
    room.here.insert(conn);
    for (seq, rest) in missed {
        station.give(conn, rest, Some((id, seq)));
    }
    true
}

/// Asks for what those have missed who are behind, unless that is asked already.
pub(super) fn read(station: &mut Station, id: RoomId) {
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let begins = room.memory.from();
    let first = room.behind.values().filter(|at| **at < begins).min().copied();
    let Some(from) = first.filter(|_| room.reading.is_none()) else { return };
    room.reading = Some(from);
    let load = room.load;
    station.ask(Question::Since(id, from, PAGE), move |station, around, answer| {
        answered(station, around, (id, load), answer);
    });
}

fn answered(station: &mut Station, around: Around<'_>, (id, load): (RoomId, u64), answer: Answer) {
    let domain = Arc::clone(&station.domain);
    let Some(room) = station.rooms.still(id, load) else { return };
    let Some(from) = room.reading.take() else { return };
    let Answer::Since(told, _) = answer else {
        station.rooms.due.insert((around.now.plus_ms(AGAIN_MS), Due::Read(id)));
        return;
    };
    // What is beyond the head is heard yet, by everybody.
    let told: Vec<Told> = told.into_iter().filter(|told| told.event.seq <= room.head).collect();
    let renamed = told.iter().any(|told| matches!(told.event.what, What::Room(_)));
    let said = rendered(room, around, &domain, &told);
    // If there is nothing, what is missing was lost with the store: go on with what is known.
    let last = said.last().map_or(room.memory.from(), |(seq, _)| *seq);
    let before = said.partition_point(|(seq, _)| *seq <= room.memory.from());
    room.memory.precede(from, &said[..before]);
    let behind: Vec<(Conn, Seq)> = room.behind.iter().map(|(conn, at)| (*conn, *at)).collect();
    let topic = renamed.then(|| Rest::of(&subject(&room.address, &room.facts.topic)));
    for (conn, at) in behind.into_iter().filter(|(_, at)| *at >= from) {
        if let Some(room) = station.rooms.here.get_mut(&id) {
            room.behind.insert(conn, at.max(last));
        }
        for (seq, rest) in said.iter().filter(|(seq, _)| *seq > at) {
            if let Some(rest) = rest {
                station.give(conn, rest.clone(), Some((id, *seq)));
            }
        }
        if let Some(topic) = &topic {
            station.give(conn, topic.clone(), None);
        }
        reach(station, conn, id);
    }
    read(station, id);
}

/// What was read, each rendered once for all who come back.
fn rendered(
    room: &Room,
    around: Around<'_>,
    domain: &Domain,
    told: &[Told],
) -> Vec<(Seq, Option<Rest>)> {
    let one = |one: &Told| {
        let quoted = answers(&one.event).and_then(|seq| {
            let read = told.binary_search_by_key(&seq, |told| told.event.seq).ok();
            room.memory.quoted(seq).or_else(|| quoted(&told[read?]))
        });
        let view = room.view(around, domain);
        let frame = Frame { delayed: true, ..view.frame };
        let view = View { frame, quoted: quoted.as_ref(), ..view };
        (one.event.seq, render(&view, one).map(|stanza| Rest::of(&stanza)))
    };
    told.iter().map(one).collect()
}

fn quoted(told: &Told) -> Option<Quoted> {
    let event = &told.event;
    let What::Message(message) = &event.what else { return None };
    Some(Quoted {
        seq: event.seq,
        from: event.from,
        nonce: event.nonce.clone(),
        text: message.text.clone(),
    })
}
