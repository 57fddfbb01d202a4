//! Rooms as XMPP knows them (XEP-0045).
//!
//! Whoever is in a room of the workspace may join it here; an occupant is a member who is connected, by
//! whatever protocol, under the name of their account. Joining a room that is in memory asks nobody and
//! costs copies; nothing is told to the others, who learn once a second who has come.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a question has one kind of answer, and whatever else comes is a refusal"
)]

mod admin;
mod config;
pub mod draft;
mod info;
mod join;
mod post;
pub mod render;
mod room;
#[cfg(test)]
mod tests;

pub(crate) use post::changes;

use crate::features::refused;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, Kind, Rest};
use crate::station::{Answer, Around, Conn, Output, Question, Station, Told};
use crate::xml::Element;
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, Instant, RoomId, Seq};
use leeward_core::room::RoomKind;
use leeward_core::wire::Presence;
use room::Room;
use std::collections::{BTreeMap, BTreeSet};

/// How long a room that nobody has joined is kept, in milliseconds.
const KEPT_MS: u64 = 5 * 60_000;
/// How long somebody who types is believed to, in milliseconds, as in the web app.
const TYPING_MS: u64 = 6_000;
/// Events that a client may have missed in one room and is still sent when it comes back.
const MISSED_MAX: usize = 500;

/// The rooms that somebody of a station is in.
#[derive(Default)]
pub struct Rooms {
    rooms: BTreeMap<RoomId, Room>,
    names: BTreeMap<String, RoomId>,
    /// The rooms here that an account is in.
    of: BTreeMap<AccountId, BTreeSet<RoomId>>,
    /// Rooms that are being read, and who waits for them.
    reading: BTreeMap<RoomId, Vec<Waiting>>,
    /// Rooms without listeners, or with somebody who types: when to look at one.
    due: BTreeMap<RoomId, Instant>,
}

type Waiting = Box<dyn FnOnce(&mut Station, Around<'_>, bool)>;

/// What a client is in the rooms that it has joined.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Joined {
    /// Which rooms.
    pub rooms: BTreeSet<RoomId>,
}

/// Deals with a stanza for a room, or for the service of rooms.
pub(crate) fn stanza(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    to: &Jid,
    stanza: &Element,
) {
    let Some(kind) = Kind::of(stanza) else { return };
    let Some(name) = to.local.clone() else {
        return match kind {
            Kind::Iq => info::service(station, around, conn, stanza),
            Kind::Message | Kind::Presence => {
                station.refuse(conn, stanza, Condition::ServiceUnavailable, None);
            }
        };
    };
    match kind {
        Kind::Presence => join::presence(station, around, conn, (&name, to), stanza),
        Kind::Message => post::message(station, around, (conn, number), (&name, to), stanza),
        Kind::Iq => info::iq(station, around, conn, (&name, to), stanza),
    }
}

/// Does something with the room of that name in memory, reading it first if need be. `false`: there is
/// none, or none that the client may know of. What the client sends meanwhile waits.
fn with_room(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    name: &str,
    then: impl FnOnce(&mut Station, Around<'_>, Option<RoomId>) + 'static,
) {
    let known = station.rooms.names.get(name).copied();
    if let Some(id) = known.filter(|id| station.rooms.rooms.contains_key(id)) {
        return then(station, around, Some(id));
    }
    if let Some(id) = name.strip_prefix("group-").and_then(|id| id.parse().ok()) {
        return load(station, around, conn, id, then);
    }
    let question = Question::RoomNamed(name.to_owned());
    station.ask_in_order(conn, question, move |station, around, answer| match answer {
        Answer::Which(id, _) => load(station, around, conn, id, then),
        _ => then(station, around, None),
    });
}

/// Does something with a room in memory, reading it first if need be.
fn load(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    then: impl FnOnce(&mut Station, Around<'_>, Option<RoomId>) + 'static,
) {
    if station.rooms.rooms.contains_key(&id) {
        return then(station, around, Some(id));
    }
    let Some(held) = station.hold(conn) else { return };
    let then: Waiting = Box::new(move |station, around, there| {
        if station.release(conn, held) {
            then(station, around, there.then_some(id));
            station.resume(around, conn);
        }
    });
    if let Some(waiting) = station.rooms.reading.get_mut(&id) {
        return waiting.push(then);
    }
    station.rooms.reading.insert(id, vec![then]);
    station.ask(Question::Room(id), move |station, around, answer| {
        let there = match answer {
            Answer::Room(state) if is_group(&state.facts, state.members.len()) => {
                let room = Room::of(*state, &station.domain.clone(), around.names);
                keep(station, around, room);
                true
            }
            _ => false,
        };
        for then in station.rooms.reading.remove(&id).unwrap_or_default() {
            then(station, around, there);
        }
    });
}

/// Direct rooms of two are no rooms here.
fn is_group(facts: &leeward_core::room::RoomFacts, members: usize) -> bool {
    facts.room_kind != RoomKind::Direct || members > 2
}

fn keep(station: &mut Station, around: Around<'_>, mut room: Room) {
    let (id, head) = (room.id, room.head);
    let name = room.jid(&station.domain).local.unwrap_or_default();
    let rooms = &mut station.rooms;
    rooms.names.insert(name, id);
    for account in room.members.keys() {
        rooms.of.entry(*account).or_default().insert(id);
    }
    room.empty = Some(around.now);
    rooms.rooms.insert(id, room);
    rooms.due.insert(id, around.now.plus_ms(KEPT_MS));
    station.output(Output::Listen(id, head));
}

/// An event of a room in memory.
pub(crate) fn heard(station: &mut Station, around: Around<'_>, id: RoomId, event: &Event) {
    let domain = std::sync::Arc::clone(&station.domain);
    let Some(room) = station.rooms.rooms.get_mut(&id).filter(|room| event.seq > room.head) else {
        return;
    };
    let before = room.jid(&domain);
    let was = room.facts.clone();
    // What is taken back is looked up before it is gone.
    let target = target_of(&event.what);
    room.apply(&domain, around.names, event);
    room.typing.remove(&event.from);
    let about = target.map(|target| room.about(target, event.from));
    let told = |about| Told { event: event.clone(), about };
    match (&event.what, about) {
        (_, Some(Some(about))) => tell(station, around, id, &told(Some(about))),
        // Older than memory: found out, then told.
        (_, Some(None)) => {
            let (event, by) = (event.clone(), event.from);
            let question = Question::About(id, target.unwrap_or_default(), by);
            station.ask(question, move |station, around, answer| {
                if let Answer::About(about) = answer {
                    tell(station, around, id, &Told { event, about: Some(about) });
                }
            });
        }
        (What::Message(_), None) => tell(station, around, id, &told(None)),
        (What::Join { who, .. } | What::Role { who, .. }, None) => {
            came_in(station, around, id, *who);
        }
        (What::Leave { who, banned }, None) => {
            join::went_out(station, around, id, *who, (event.from, *banned));
        }
        (What::Room(facts), None) => {
            config::changed(station, around, id, (&was, &before), facts);
        }
        (What::Edit { .. } | What::Delete { .. } | What::React { .. } | What::Pin { .. }, None) => {
        }
    }
}

fn target_of(what: &What) -> Option<Seq> {
    match what {
        What::Edit { target, .. } | What::Delete { target } | What::React { target, .. } => {
            Some(*target)
        }
        What::Message(_)
        | What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => None,
    }
}

/// Gives an event to whoever listens: rendered once.
fn tell(station: &mut Station, around: Around<'_>, id: RoomId, told: &Told) {
    let Some(room) = station.rooms.rooms.get(&id).filter(|room| !room.joined.is_empty()) else {
        return;
    };
    let joined = room.joined.clone();
    if let Some(rest) = rendered(station, around, id, told, false) {
        station.fan_out(joined, rest, Some((id, told.event.seq)));
    }
}

fn rendered(
    station: &Station,
    around: Around<'_>,
    id: RoomId,
    told: &Told,
    delayed: bool,
) -> Option<Rest> {
    let room = station.rooms.rooms.get(&id)?;
    let by = room.jid(&station.domain).to_string();
    let frame = render::Frame { room: id, by: &by, group: true, delayed };
    render::message(&station.domain, around.names, frame, told).map(|message| Rest::of(&message))
}

fn came_in(station: &mut Station, around: Around<'_>, id: RoomId, who: AccountId) {
    station.rooms.of.entry(who).or_default().insert(id);
    let domain = std::sync::Arc::clone(&station.domain);
    let Some(room) = station.rooms.rooms.get_mut(&id) else { return };
    if let Some(rest) = room.anew(&domain, around.names, who)
        && room.is_shown()
    {
        let joined = room.joined.clone();
        station.fan_out(joined, rest, None);
    }
}

/// What people do has changed: each room is gone through once.
pub(crate) fn presence_changed(
    station: &mut Station,
    around: Around<'_>,
    changes: &[(AccountId, Presence)],
) {
    let domain = std::sync::Arc::clone(&station.domain);
    let mut tells = Vec::new();
    for (account, _) in changes {
        for id in station.rooms.of.get(account).into_iter().flatten() {
            let Some(room) = station.rooms.rooms.get_mut(id) else { continue };
            if let Some(rest) = room.look_at(&domain, around.names, *account)
                && room.is_shown()
                && !room.joined.is_empty()
            {
                tells.push((room.joined.clone(), *account, rest));
            }
        }
    }
    for (mut joined, account, rest) in tells {
        // Whoever has joined was told of itself when it did.
        joined.retain(|conn| station.client(*conn).is_some_and(|c| c.account() != account));
        if !joined.is_empty() {
            station.fan_out(joined, rest, None);
        }
    }
}

/// Somebody types in a room.
pub(crate) fn typing(station: &mut Station, around: Around<'_>, id: RoomId, who: AccountId) {
    let until = around.now.plus_ms(TYPING_MS);
    let Some(room) = station.rooms.rooms.get_mut(&id) else { return };
    if room.typing.insert(who, until).is_none() {
        say_typing(station, around, id, (who, "composing"));
    }
    let due = station.rooms.due.entry(id).or_insert(until);
    *due = (*due).min(until);
}

fn say_typing(
    station: &mut Station,
    around: Around<'_>,
    id: RoomId,
    (who, state): (AccountId, &'static str),
) {
    let Some(room) = station.rooms.rooms.get(&id) else { return };
    let by = room.jid(&station.domain).to_string();
    let frame = render::Frame { room: id, by: &by, group: true, delayed: false };
    let message = Element::new("message", ns::CLIENT)
        .with("from", render::sender(&station.domain, around.names, frame, who))
        .with("type", "groupchat")
        .child(Element::new(state, ns::CHAT_STATES))
        .child(Element::new("no-store", ns::HINTS));
    let mut joined = room.joined.clone();
    joined.retain(|conn| station.client(*conn).is_some_and(|c| c.account() != who));
    if !joined.is_empty() {
        station.fan_out(joined, Rest::of(&message), None);
    }
}

/// A client is gone; `sleeps`: it may come back to its rooms.
pub(crate) fn gone(station: &mut Station, around: Around<'_>, conn: Conn, _sleeps: bool) {
    let joined = station.client(conn).map(|client| client.joined.rooms.clone());
    for id in joined.unwrap_or_default() {
        forget(station, around, conn, id);
    }
}

/// A client does not listen to a room any more.
fn forget(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId) {
    let Some(room) = station.rooms.rooms.get_mut(&id) else { return };
    room.joined.retain(|joined| *joined != conn);
    if room.joined.is_empty() {
        room.empty = Some(around.now);
        let due = around.now.plus_ms(KEPT_MS);
        station.rooms.due.entry(id).or_insert(due);
    }
}

pub(crate) fn tick(station: &mut Station, around: Around<'_>) {
    let due = station.rooms.due.extract_if(.., |_, due| *due <= around.now);
    let due: Vec<RoomId> = due.map(|(id, _)| id).collect();
    for id in due {
        look_at(station, around, id);
    }
}

/// Looks at a room whose time has come: who types no more, whether anybody listens.
fn look_at(station: &mut Station, around: Around<'_>, id: RoomId) {
    let now = around.now;
    let Some(room) = station.rooms.rooms.get_mut(&id) else { return };
    let ended: Vec<AccountId> =
        room.typing.extract_if(.., |_, until| *until <= now).map(|(who, _)| who).collect();
    let next_typing = room.typing.values().copied().min();
    let idle = room.empty.filter(|_| room.joined.is_empty());
    for who in ended {
        say_typing(station, around, id, (who, "paused"));
    }
    match idle.map(|since| since.plus_ms(KEPT_MS)) {
        Some(until) if until <= now => let_go(station, id),
        until => {
            if let Some(due) = until.into_iter().chain(next_typing).min() {
                station.rooms.due.insert(id, due);
            }
        }
    }
}

fn let_go(station: &mut Station, id: RoomId) {
    let Some(room) = station.rooms.rooms.remove(&id) else { return };
    station.rooms.names.retain(|_, known| *known != id);
    for account in room.members.keys() {
        if let Some(rooms) = station.rooms.of.get_mut(account) {
            rooms.remove(&id);
            if rooms.is_empty() {
                station.rooms.of.remove(account);
            }
        }
    }
    station.output(Output::Unlisten(id));
}

pub(crate) fn deadline(station: &Station) -> Option<Instant> {
    station.rooms.due.values().copied().min()
}

/// The rooms that a client has joined, and up to where it was sent their events.
pub(crate) fn positions(station: &Station, conn: Conn) -> Vec<(RoomId, Seq)> {
    let Some(client) = station.client(conn) else { return Vec::new() };
    let head = |id: &RoomId| station.rooms.rooms.get(id).map(|room| (*id, room.head));
    client.joined.rooms.iter().filter_map(head).collect()
}

/// Sends a client what came in a room after a position, and lets it listen on. It may not be in the room
/// any more.
pub(crate) fn catch_up(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    after: Seq,
) {
    let Some(client) = station.client(conn) else { return };
    let account = client.account();
    if !client.joined.rooms.contains(&id) {
        return;
    }
    load(station, around, conn, id, move |station, _, there| {
        let room = there.and_then(|id| station.rooms.rooms.get(&id));
        let Some(room) = room.filter(|room| room.members.contains_key(&account)) else {
            if let Some(client) = station.client_mut(conn) {
                client.joined.rooms.remove(&id);
            }
            return;
        };
        if room.head == after {
            return join::listen(station, conn, id);
        }
        let question = Question::Since(id, after, MISSED_MAX);
        station.ask_in_order(conn, question, move |station, around, answer| {
            let Answer::Since(events, _) = answer else {
                return station.output(Output::Close(conn, "internal-server-error"));
            };
            let head = station.rooms.rooms.get(&id).map_or(after, |room| room.head);
            // What has been heard meanwhile is told by that.
            for told in events.iter().filter(|told| told.event.seq <= head) {
                if let Some(rest) = rendered(station, around, id, told, true) {
                    station.give(conn, rest, Some((id, told.event.seq)));
                }
            }
            let last = events.last().map_or(after, |told| told.event.seq);
            if last >= head {
                join::listen(station, conn, id);
            } else {
                catch_up(station, around, conn, id, last);
            }
        });
    });
}

/// The room of an address, if it is in memory.
pub(crate) fn room_of(station: &Station, jid: &Jid) -> Option<RoomId> {
    station.rooms.names.get(jid.local.as_deref()?).copied()
}

/// The address of a room in memory.
pub(crate) fn jid_of(station: &Station, id: RoomId) -> Option<Jid> {
    station.rooms.rooms.get(&id).map(|room| room.jid(&station.domain))
}

/// Somebody's name or status has changed.
pub(crate) fn person_changed(station: &mut Station, around: Around<'_>, account: AccountId) {
    let rooms: Vec<RoomId> =
        station.rooms.of.get(&account).into_iter().flatten().copied().collect();
    for id in rooms {
        came_in(station, around, id, account);
    }
}
