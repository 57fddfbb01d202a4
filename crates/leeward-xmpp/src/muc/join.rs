//! Coming into a room and going out of it (XEP-0045, section 7).
//!
//! Whoever comes to a room in memory costs copies of what is rendered already, asks nobody, and is told
//! to nobody: who is seen in a room are members who are online, and that does not change by it. The
//! order is relied on by clients: those who are there, oneself, what was said, the subject.

use super::find::{Found, find, find_by_id};
use super::memory::Wanted;
use super::render::{Frame, View, name, subject};
use super::room::{Access, GROUP, Room};
use super::standing::{Standing, status};
use crate::jid::Jid;
use crate::ns;
use crate::refusal::refuse;
use crate::stanza::{Condition, Rest};
use crate::station::{Answer, Around, Client, Conn, Domain, Mark, Question, Station};
use crate::time;
use crate::xml::Element;
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::rules;
use std::sync::Arc;

/// Lines that somebody gets who does not say how many they want.
const LINES_DEFAULT: usize = 20;
const NO_ROOM: &str = "there is no such room, or you are not in it";

/// Somebody who wants to come in.
struct Comer {
    conn: Conn,
    /// Which of its stanzas it was.
    number: u32,
    /// They came by another nick than the one they have.
    renamed: bool,
    wanted: Wanted,
    /// What they sent, for when it is refused.
    stanza: Element,
}

/// Deals with a presence for a room.
pub(super) fn presence(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    to: &Jid,
    stanza: &Element,
) {
    let Some(room) = to.local.clone() else {
        return station.refuse(conn, stanza, Condition::ServiceUnavailable, None);
    };
    match stanza.attribute("type") {
        Some("unavailable") => leave(station, around, conn, &room),
        Some(_) => {}
        None => match &to.resource {
            None => {
                station.refuse(conn, stanza, Condition::JidMalformed, Some("a nick is missing"))
            }
            Some(nick) => come(station, around, (conn, number), &room, (nick, stanza)),
        },
    }
}

fn come(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    room: &str,
    (nick, stanza): (&str, &Element),
) {
    let Some(account) = station.client(conn).map(Client::account) else { return };
    let renamed = name(around.names, account) != *nick;
    let x = stanza.find("x", ns::MUC);
    let joined = super::joined(station, conn, room);
    match (x, joined) {
        (None, Some(room)) => return here(station, around, conn, room, renamed),
        (None, None) => {
            // Who believes to be in a room and is not has to come again (XEP-0410).
            let text = Some("not in this room: come in first");
            return station.refuse(conn, stanza, Condition::NotAcceptable, text);
        }
        (Some(_), _) => {}
    }
    if !station.rooms.may_come(around.now, conn) {
        let text = Some("too many rooms at once; come back in a minute");
        return station.refuse(conn, stanza, Condition::ResourceConstraint, text);
    }
    let wanted = wanted(around, x.and_then(|x| x.find("history", ns::MUC)));
    let comer = Comer { conn, number, renamed, wanted, stanza: stanza.clone() };
    let called = room.to_owned();
    find(station, around, (conn, number), room, move |station, around, found| match found {
        Found::Here(room) => knock(station, around, room, comer),
        Found::Missing => create(station, called, comer),
        Found::Refused(refusal) => refuse(station, conn, &comer.stanza, &refusal),
    });
}

/// What of the history somebody wants. Limits may be given together; each is kept.
fn wanted(around: Around<'_>, history: Option<&Element>) -> Wanted {
    let number = |name| history?.attribute(name)?.trim().parse::<u64>().ok();
    let size = |n: u64| usize::try_from(n).unwrap_or(usize::MAX);
    let seconds =
        number("seconds").map(|s| around.names.wall().0.saturating_sub(s.saturating_mul(1_000)));
    let since = history.and_then(|h| h.attribute("since")).and_then(time::parse);
    let oldest = seconds.unwrap_or(0).max(since.unwrap_or_default().0);
    let any = history.is_some_and(|h| h.attribute("since").or(h.attribute("seconds")).is_some());
    let default = if any { usize::MAX } else { LINES_DEFAULT };
    Wanted {
        lines_max: number("maxstanzas").map_or(default, size),
        chars_max: number("maxchars").map_or(usize::MAX, size),
        since: Millis(oldest),
    }
}

/// Lets somebody in who may come in.
fn knock(station: &mut Station, around: Around<'_>, id: RoomId, comer: Comer) {
    let conn = comer.conn;
    let Some((room, client)) = station.rooms.here.get(&id).zip(station.client(conn)) else {
        return;
    };
    match room.access(client.account(), client.role()) {
        Access::Member(_) => enter(station, around, id, &comer, false),
        // Also where what is known says no: they may have been invited a moment ago.
        Access::Open | Access::Hidden => {
            station.keep_open(conn);
            station.ask_in_order(conn, Question::Join(conn, id), move |station, around, answer| {
                station.until_done((conn, comer.number), |station| {
                    let_in(station, around, id, &comer, answer);
                });
            });
        }
    }
}

/// The answer to whoever came into a room without being in it.
fn let_in(station: &mut Station, around: Around<'_>, id: RoomId, comer: &Comer, answer: Answer) {
    let conn = comer.conn;
    let Some(account) = station.client(conn).map(Client::account) else { return };
    if let Answer::Refused(refusal) = answer {
        return match refusal.code == Code::NotFound {
            true => no_room(station, comer),
            false => refuse(station, conn, &comer.stanza, &refusal),
        };
    }
    // The event that says so may be on its way.
    super::hear::came(station, around, (id, account), MemberRole::Member);
    enter(station, around, id, comer, false);
}

/// Whoever may not know of a room is told what they are told where there is none.
fn no_room(station: &mut Station, comer: &Comer) {
    station.refuse(comer.conn, &comer.stanza, Condition::ItemNotFound, Some(NO_ROOM));
}

/// Makes a room of that name for whoever came to none, if they may make rooms.
fn create(station: &mut Station, name: String, comer: Comer) {
    let conn = comer.conn;
    let Some(role) = station.client(conn).map(Client::role) else { return };
    let may = rules::may_create_room(role, RoomKind::Public).is_ok();
    if !may || name.starts_with(GROUP) {
        return no_room(station, &comer);
    }
    if let Err(refusal) = rules::check_room_name(&name) {
        return refuse(station, conn, &comer.stanza, &refusal);
    }
    let facts = RoomFacts {
        room_kind: RoomKind::Public,
        name,
        topic: String::new(),
        archived: false,
        read_only: false,
    };
    station.keep_open(conn);
    station.ask_in_order(
        conn,
        Question::CreateRoom(conn, facts),
        move |station, around, answer| {
            station.until_done((conn, comer.number), |station| {
                created(station, around, comer, answer);
            });
        },
    );
}

fn created(station: &mut Station, around: Around<'_>, comer: Comer, answer: Answer) {
    let conn = comer.conn;
    if let Answer::Refused(refusal) = answer {
        // A name that is taken is that of a room which the client may not know of.
        return match refusal.code == Code::Conflict {
            true => no_room(station, &comer),
            false => refuse(station, conn, &comer.stanza, &refusal),
        };
    }
    let Answer::Which(room, made) = answer else {
        return no_room(station, &comer);
    };
    let then = (conn, Some(comer.number));
    find_by_id(station, around, then, room, move |station, around, found| match found {
        Found::Here(room) if made => enter(station, around, room, &comer, true),
        Found::Here(room) => knock(station, around, room, comer),
        Found::Missing => no_room(station, &comer),
        Found::Refused(refusal) => refuse(station, conn, &comer.stanza, &refusal),
    });
}

/// Gives a client all that it gets on coming, and lets it hear from there on.
fn enter(station: &mut Station, around: Around<'_>, id: RoomId, comer: &Comer, made: bool) {
    let (conn, domain) = (comer.conn, Arc::clone(&station.domain));
    let Some(account) = station.client(conn).map(Client::account) else { return };
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let others = room.seen.but(account);
    let mut codes = vec![status::SELF];
    codes.extend(made.then_some(status::CREATED));
    codes.extend(comer.renamed.then_some(status::NICK));
    let own = own(room, around, &domain, account, &codes);
    let Room { memory, address, .. } = room;
    let frame = Frame { room: id, by: address, group: true, delayed: true };
    let view = View { domain: &domain, names: around.names, frame, quoted: None };
    let lines = memory.lines(view, comer.wanted);
    let subject = Rest::of(&subject(&room.address, &room.facts.topic));
    let address = Arc::clone(&room.address);
    room.behind.remove(&conn);
    room.here.insert(conn);
    if let Some(client) = station.client_mut(conn) {
        client.joined.rooms.insert(id, address);
    }
    for rest in others {
        station.give(conn, rest, None);
    }
    station.give_as(conn, own.clone(), &Mark::Own(own));
    for (seq, rest) in lines {
        station.give(conn, rest, Some((id, seq)));
    }
    station.give(conn, subject, None);
}

/// One's own presence in a room. It is kept until it is acknowledged: without it a client believes to
/// be outside.
fn own(
    room: &Room,
    around: Around<'_>,
    domain: &Domain,
    account: AccountId,
    codes: &[u16],
) -> Rest {
    let member = room.members.get(&account).copied().unwrap_or(MemberRole::Muted);
    Rest::of(&room.scene(around, domain).there(account, member, codes))
}

/// Tells a client that it is in a room, under the nick that it has there.
pub(super) fn here(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    renamed: bool,
) {
    let domain = Arc::clone(&station.domain);
    let Some(account) = station.client(conn).map(Client::account) else { return };
    let Some(room) = station.rooms.here.get(&id) else { return };
    let mut codes = vec![status::SELF];
    codes.extend(renamed.then_some(status::NICK));
    let own = own(room, around, &domain, account, &codes);
    station.give_as(conn, own.clone(), &Mark::Own(own));
}

fn leave(station: &mut Station, around: Around<'_>, conn: Conn, room: &str) {
    let Some(id) = super::joined(station, conn, room) else { return };
    let domain = Arc::clone(&station.domain);
    let Some(account) = station.client(conn).map(Client::account) else { return };
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    room.forget(conn, around.now);
    let member = room.members.get(&account).copied().unwrap_or(MemberRole::Muted);
    let scene = room.scene(around, &domain);
    let standing = Standing { role: "none", ..scene.standing(account, member) };
    let gone = Rest::of(&scene.gone(account, standing, &[status::SELF]));
    super::hear::outside(station, conn, id, gone);
    station.rooms.empty(around.now, id);
}
