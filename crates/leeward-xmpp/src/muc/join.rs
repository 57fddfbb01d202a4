//! Coming into a room and going out of it (XEP-0045, section 7.2 and 7.14).

use super::{Joined, forget, refused, with_room};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, Rest};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::time;
use crate::xml::Element;
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::room::{RoomFacts, RoomKind};
use leeward_core::wire::Presence;
use std::sync::Arc;

/// Messages of the past that a client is given when it joins, unless it asks for another number.
const HISTORY: usize = 20;
/// Most that it is given.
const HISTORY_MAX: usize = 100;

/// A presence for a room.
pub(super) fn presence(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    (name, to): (&str, &Jid),
    presence: &Element,
) {
    match presence.attribute("type") {
        Some("unavailable") => leave(station, around, conn, name),
        Some(_) => {}
        None => {
            if to.resource.is_none() {
                return station.refuse(conn, presence, Condition::JidMalformed, None);
            }
            let known = station.rooms.names.get(name).copied();
            let joined = station.client(conn).map(|client| &client.joined);
            let again =
                joined.zip(known).is_some_and(|(j, id): (&Joined, _)| j.rooms.contains(&id));
            // Without the element of a join it is a change of what is shown of an occupant.
            if again && presence.find("x", ns::MUC).is_none() {
                return;
            }
            let ask = Join::of(name, to, presence, around.names.wall());
            let stanza = presence.clone();
            with_room(station, around, conn, name, move |station, around, id| match id {
                Some(id) => enter(station, around, conn, id, ask, &stanza),
                None => make(station, around, conn, ask, stanza),
            });
        }
    }
}

/// What a client asks for with a join.
#[derive(Clone)]
struct Join {
    name: String,
    nick: String,
    count: usize,
    chars: usize,
    since: Option<Millis>,
    made: bool,
}

impl Join {
    fn of(name: &str, to: &Jid, presence: &Element, wall: Millis) -> Self {
        let history = presence.find("x", ns::MUC).and_then(|x| x.find("history", ns::MUC));
        let number = |name: &str| {
            history.and_then(|h| h.attribute(name)).and_then(|text| text.parse::<u64>().ok())
        };
        let size = |name: &str| number(name).map(|n| usize::try_from(n).unwrap_or(usize::MAX));
        let seconds =
            number("seconds").map(|s| Millis(wall.0.saturating_sub(s.saturating_mul(1_000))));
        let since = history.and_then(|h| h.attribute("since")).and_then(time::parse);
        let asked = seconds.is_some() || since.is_some();
        let usual = if asked { HISTORY_MAX } else { HISTORY };
        Self {
            name: name.to_owned(),
            nick: to.resource.clone().unwrap_or_default(),
            count: size("maxstanzas").unwrap_or(usual).min(HISTORY_MAX),
            chars: size("maxchars").unwrap_or(usize::MAX),
            since: seconds.max(since),
            made: false,
        }
    }
}

/// Brings a client into a room in memory, and first its account if need be.
fn enter(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    ask: Join,
    presence: &Element,
) {
    let Some(client) = station.client(conn) else { return };
    let account = client.account();
    let Some(room) = station.rooms.rooms.get(&id) else { return };
    if room.members.contains_key(&account) {
        return burst(station, around, conn, id, &ask);
    }
    if room.facts.room_kind != RoomKind::Public {
        // As if there were none: whoever is not in a room does not learn that there is one.
        return station.refuse(conn, presence, Condition::ItemNotFound, Some(NO_ROOM));
    }
    let presence = presence.clone();
    station.ask_in_order(conn, Question::Join(conn, id), move |station, around, answer| {
        if answer != Answer::Done {
            return refused(station, conn, &presence, &answer);
        }
        // The event is on its way; whoever has come in is in from here on.
        if let Some(room) = station.rooms.rooms.get_mut(&id) {
            let role = leeward_core::room::MemberRole::Member;
            room.members.entry(account).or_insert(role);
            station.rooms.of.entry(account).or_default().insert(id);
        }
        burst(station, around, conn, id, &ask);
    });
}

const NO_ROOM: &str = "there is no such room, or you are not in it";

/// Makes a room of that name, if there is none and the client may.
fn make(station: &mut Station, _around: Around<'_>, conn: Conn, ask: Join, presence: Element) {
    let facts = RoomFacts {
        room_kind: RoomKind::Public,
        name: ask.name.clone(),
        topic: String::new(),
        archived: false,
        read_only: false,
    };
    let question = Question::CreateRoom(conn, facts);
    station.ask_in_order(conn, question, move |station, around, answer| match answer {
        Answer::Which(id, made) => {
            let ask = Join { made, ..ask };
            super::load(station, around, conn, id, move |station, around, there| {
                if there.is_some() {
                    enter(station, around, conn, id, ask, &presence);
                }
            });
        }
        // A name that is taken is that of a room which the client may not know of.
        _ => station.refuse(conn, &presence, Condition::ItemNotFound, Some(NO_ROOM)),
    });
}

/// What a client is given that joins, in the order that clients rely on: who is there, itself, what was
/// said, what the room is about.
fn burst(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId, ask: &Join) {
    let Some(client) = station.client(conn) else { return };
    let domain = Arc::clone(&station.domain);
    let Some(person) = around.names.person(client.account()) else { return };
    let Some(room) = station.rooms.rooms.get(&id) else { return };
    let others: Vec<Rest> = room.others(person.id).cloned().collect();
    let mut statuses = vec![110];
    if ask.made {
        statuses.push(201);
    }
    if ask.nick != person.name {
        statuses.push(210);
    }
    let own = room.presence_of(&domain, &person, Presence::Online, &statuses);
    let history = room.history(ask.count, ask.chars, ask.since);
    let subject = room.subject(&domain);
    for rest in others {
        station.give(conn, rest, None);
    }
    station.send(conn, &own);
    for (seq, rest) in history {
        station.give(conn, rest, Some((id, seq)));
    }
    station.send(conn, &subject);
    if let Some(client) = station.client_mut(conn) {
        client.joined.rooms.insert(id);
    }
    listen(station, conn, id);
}

/// From here on a client gets every event of a room.
pub(super) fn listen(station: &mut Station, conn: Conn, id: RoomId) {
    if let Some(room) = station.rooms.rooms.get_mut(&id)
        && !room.joined.contains(&conn)
    {
        room.joined.push(conn);
        room.empty = None;
    }
}

/// A client leaves; its account stays in the room.
fn leave(station: &mut Station, around: Around<'_>, conn: Conn, name: &str) {
    let Some(id) = station.rooms.names.get(name).copied() else { return };
    let joined = station.client_mut(conn).is_some_and(|client| client.joined.rooms.remove(&id));
    if !joined {
        return;
    }
    forget(station, around, conn, id);
    say_out(station, around, conn, id, &[110]);
}

/// Tells a client that it is out.
fn say_out(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId, statuses: &[u16]) {
    let domain = Arc::clone(&station.domain);
    let person = station.client(conn).and_then(|c| around.names.person(c.account()));
    let room = station.rooms.rooms.get(&id);
    if let Some((room, person)) = room.zip(person) {
        let out = room.presence_of(&domain, &person, Presence::Offline, statuses);
        station.send(conn, &out);
    }
}

/// Somebody is not in the room any more: by themselves, removed, or removed for good.
pub(super) fn went_out(
    station: &mut Station,
    around: Around<'_>,
    id: RoomId,
    who: AccountId,
    (by, banned): (AccountId, bool),
) {
    if let Some(rooms) = station.rooms.of.get_mut(&who) {
        rooms.remove(&id);
    }
    let code = match (banned, by == who) {
        (true, _) => Some(301),
        (false, false) => Some(307),
        (false, true) => None,
    };
    for conn in station.clients_of(who) {
        let joined = station.client_mut(conn).is_some_and(|c| c.joined.rooms.remove(&id));
        if joined {
            let statuses: Vec<u16> = std::iter::once(110).chain(code).collect();
            say_out(station, around, conn, id, &statuses);
            forget(station, around, conn, id);
        }
    }
    let domain = Arc::clone(&station.domain);
    let Some(person) = around.names.person(who) else { return };
    let Some(room) = station.rooms.rooms.get(&id).filter(|room| room.is_shown()) else { return };
    let statuses: Vec<u16> = code.into_iter().collect();
    let out = room.presence_of(&domain, &person, Presence::Offline, &statuses);
    let joined = room.joined.clone();
    if !joined.is_empty() {
        station.fan_out(joined, Rest::of(&out), None);
    }
}
