//! From the address of a room to what is known of it. A room is read once, however many clients come
//! to it at the same moment; what one client sends to it while it is read is done in its order.

use super::room::{GROUP, Room};
use crate::station::{Answer, Around, Conn, Output, Question, Station};
use leeward_core::code::Refusal;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::RoomKind;

/// What is at an address.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// A room that is in memory.
    Here(RoomId),
    /// Nothing.
    Missing,
    /// It cannot be said at this moment.
    Refused(Refusal),
}

/// What is done when a room has been found, for which stanza of which client.
pub(super) struct Waiter {
    conn: Conn,
    generation: u64,
    /// None: it is for no stanza.
    number: Option<u32>,
    then: Then,
}

type Then = Box<dyn FnOnce(&mut Station, Around<'_>, Found)>;

/// Finds what is at `local@rooms.…` for a stanza, which is kept under way until then.
pub(super) fn find(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    local: &str,
    then: impl FnOnce(&mut Station, Around<'_>, Found) + 'static,
) {
    if let Some(room) = station.rooms.names.get(local) {
        return then(station, around, Found::Here(*room));
    }
    let Some(waiter) = waiter(station, conn, Some(number), then) else { return };
    station.keep_open(conn);
    if let Some(waiting) = station.rooms.finding.get_mut(local) {
        return waiting.push(waiter);
    }
    station.rooms.finding.insert(local.to_owned(), vec![waiter]);
    match group(local) {
        Some(room) => load(station, room, local.to_owned(), false),
        None => find_by_name(station, local.to_owned()),
    }
}

/// Whether something is being found at an address, so that what is for it has to wait.
pub(super) fn is_sought(station: &Station, local: &str) -> bool {
    station.rooms.finding.contains_key(local)
}

/// Brings a room into memory whose id is known, for a stanza if there is one.
pub(super) fn find_by_id(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, Option<u32>),
    room: RoomId,
    then: impl FnOnce(&mut Station, Around<'_>, Found) + 'static,
) {
    if station.rooms.here.contains_key(&room) {
        return then(station, around, Found::Here(room));
    }
    // No room has such a name.
    let key = format!("#{room}");
    let Some(waiter) = waiter(station, conn, number, then) else { return };
    if number.is_some() {
        station.keep_open(conn);
    }
    if let Some(waiting) = station.rooms.finding.get_mut(&key) {
        return waiting.push(waiter);
    }
    station.rooms.finding.insert(key.clone(), vec![waiter]);
    load(station, room, key, true);
}

fn waiter(
    station: &Station,
    conn: Conn,
    number: Option<u32>,
    then: impl FnOnce(&mut Station, Around<'_>, Found) + 'static,
) -> Option<Waiter> {
    let generation = station.client(conn)?.generation;
    Some(Waiter { conn, generation, number, then: Box::new(then) })
}

/// The room that an address means which is called by its number.
fn group(local: &str) -> Option<RoomId> {
    let number = local.strip_prefix(GROUP)?;
    let plain = !number.starts_with('0') && number.bytes().all(|b| b.is_ascii_digit());
    if plain { number.parse().ok() } else { None }
}

fn find_by_name(station: &mut Station, local: String) {
    station.ask(Question::RoomNamed(local.clone()), move |station, around, answer| {
        if let Answer::Refused(refusal) = answer {
            return found(station, around, &local, &Found::Refused(refusal));
        }
        let Answer::Which(room, _) = answer else {
            return found(station, around, &local, &Found::Missing);
        };
        if station.rooms.here.contains_key(&room) {
            return found(station, around, &local, &Found::Here(room));
        }
        load(station, room, local, true);
    });
}

/// Reads a room for those who seek `key`. `certain`: it is what they seek, whatever it is called.
fn load(station: &mut Station, room: RoomId, key: String, certain: bool) {
    station.ask(Question::Room(room), move |station, around, answer| {
        if let Answer::Refused(refusal) = answer {
            return found(station, around, &key, &Found::Refused(refusal));
        }
        let Answer::Room(state) = answer else {
            return match certain {
                true => found(station, around, &key, &Found::Missing),
                false => find_by_name(station, key),
            };
        };
        let direct = state.facts.room_kind == RoomKind::Direct;
        if !certain && !direct {
            // A room may be called like the number of another.
            return find_by_name(station, key);
        }
        if direct && state.members.len() <= 2 {
            // What two people say to each other is no room.
            return found(station, around, &key, &Found::Missing);
        }
        keep(station, around, *state);
        found(station, around, &key, &Found::Here(room));
    });
}

fn keep(station: &mut Station, around: Around<'_>, state: crate::station::RoomState) {
    if station.rooms.here.contains_key(&state.room) {
        return;
    }
    let (id, seq) = (state.room, state.at.seq);
    station.rooms.loads += 1;
    let load = station.rooms.loads;
    let room = Room { load, ..Room::new(around, &station.domain, state) };
    let accounts: Vec<AccountId> = room.members.keys().copied().collect();
    station.rooms.of.extend(accounts.into_iter().map(|account| (account, id)));
    station.rooms.names.insert(local(&room.address).to_owned(), id);
    station.rooms.here.insert(id, room);
    station.rooms.empty(around.now, id);
    station.output(Output::Listen(id, seq));
}

/// What stands before the `@`.
pub(super) fn local(address: &str) -> &str {
    address.split_once('@').map_or(address, |(local, _)| local)
}

fn found(station: &mut Station, around: Around<'_>, key: &str, found: &Found) {
    let waiting = station.rooms.finding.remove(key).unwrap_or_default();
    for Waiter { conn, generation, number, then } in waiting {
        if station.client(conn).is_none_or(|client| client.generation != generation) {
            continue;
        }
        match number {
            Some(number) => {
                station.until_done((conn, number), |station| then(station, around, found.clone()));
            }
            None => then(station, around, found.clone()),
        }
    }
}
