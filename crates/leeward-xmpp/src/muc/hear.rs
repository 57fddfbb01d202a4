//! What comes from a room's log: it is rendered once and given to those who are there, and it changes
//! what is known of the room.

use super::join;
use super::render::{View, render, sender, subject};
use super::room::{Room, address};
use super::standing::{Standing, notice, status};
use crate::features::ids;
use crate::ns;
use crate::stanza::Rest;
use crate::station::{About, Answer, Around, Client, Conn, Domain, Mark, Question, Station, Told};
use crate::xml::Element;
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use std::sync::Arc;

/// Why a room is left by everybody.
const RENAMED: &str = "the room has another name";
const ARCHIVED: &str = "the room is archived";
/// The room is configured in another way (XEP-0045, section 10.2.1).
const CONFIGURED: u16 = 104;

/// An event of a room, in the order of its log.
pub(super) fn heard(station: &mut Station, around: Around<'_>, id: RoomId, event: &Event) {
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let last = room.heard.back().map_or(room.head, |event| event.seq);
    // What is not the next comes from before the room was read, and comes again.
    if event.seq == last.next() {
        room.heard.push_back(event.clone());
        go_on(station, around, id);
    }
}

/// Takes what was heard, up to what it has to be found out about first.
fn go_on(station: &mut Station, around: Around<'_>, id: RoomId) {
    while let Some(room) = station.rooms.here.get_mut(&id)
        && !room.asking
        && let Some(event) = room.heard.front()
    {
        let (target, by) = (target(event), event.from);
        let unknown = target.filter(|target| room.memory.about(*target, by).is_none());
        if let Some(target) = unknown
            && room.learnt.is_none()
        {
            room.asking = true;
            let load = room.load;
            return station.ask(Question::About(id, target, by), move |station, around, answer| {
                learnt(station, around, (id, load), answer);
            });
        }
        let learnt = room.learnt.take().flatten();
        if let Some(event) = room.heard.pop_front() {
            take(station, around, id, Told { event, about: learnt });
        }
    }
}

fn learnt(station: &mut Station, around: Around<'_>, (id, load): (RoomId, u64), answer: Answer) {
    let Some(room) = station.rooms.still(id, load) else { return };
    room.asking = false;
    room.learnt = Some(if let Answer::About(about) = answer { Some(about) } else { None });
    go_on(station, around, id);
}

/// The message that is changed by an event and has to be known to say so.
pub(super) fn target(event: &Event) -> Option<Seq> {
    match &event.what {
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

/// The message that an event answers.
pub(super) fn answers(event: &Event) -> Option<Seq> {
    match &event.what {
        What::Message(message) => message.quote.or(message.thread),
        What::Edit { .. }
        | What::Delete { .. }
        | What::React { .. }
        | What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => None,
    }
}

fn take(station: &mut Station, around: Around<'_>, id: RoomId, mut told: Told) {
    let domain = Arc::clone(&station.domain);
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let event = &told.event;
    room.head = event.seq;
    room.memory.apply(id, event);
    let known: Option<About> = target(event).and_then(|seq| room.memory.about(seq, event.from));
    told.about = known.or(told.about);
    let rest = rendered(room, around, &domain, &told);
    let event = told.event;
    room.memory.keep(&event, rest.clone());
    if matches!(event.what, What::Message(_)) {
        // Whoever has said it does not type it any more.
        room.typing.remove(&event.from);
    }
    let here: Vec<Conn> = room.here.iter().copied().collect();
    if let Some(rest) = rest
        && !here.is_empty()
    {
        station.fan_out(here, rest, Some((id, event.seq)));
    }
    reached(station, id);
    match event.what {
        What::Join { who, role } => came(station, around, (id, who), role),
        What::Role { who, role } => became(station, around, (id, who), role),
        What::Leave { who, banned } => went(station, around, (id, who), event.from, banned),
        What::Room(facts) => changed(station, around, id, facts),
        What::Message(_)
        | What::Edit { .. }
        | What::Delete { .. }
        | What::React { .. }
        | What::Pin { .. } => {}
    }
}

/// Those who had heard more than was known here hear on from where they were.
fn reached(station: &mut Station, id: RoomId) {
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let Room { here, behind, head, .. } = room;
    behind.retain(|conn, at| {
        let reached = *at == *head;
        if reached {
            here.insert(*conn);
        }
        !reached
    });
}

/// What an event looks like to those who are there.
fn rendered(room: &Room, around: Around<'_>, domain: &Domain, told: &Told) -> Option<Rest> {
    let event = &told.event;
    let view = room.view(around, domain);
    let quoted = answers(event).and_then(|seq| room.memory.quoted(seq));
    if let What::Room(facts) = &event.what
        && facts.topic != room.facts.topic
    {
        return Some(Rest::of(&about_now(&view, event, facts)));
    }
    let view = View { quoted: quoted.as_ref(), ..view };
    render(&view, told).map(|stanza| Rest::of(&stanza))
}

/// That a room is about something else, as its place in the log has it.
fn about_now(view: &View<'_>, event: &Event, facts: &RoomFacts) -> Element {
    let place = Element::new("stanza-id", ns::STANZA_ID)
        .with("by", view.frame.by)
        .with("id", ids::stanza_id(event.seq));
    let from = sender(view.domain, view.names, view.frame, event.from);
    subject(&from, &facts.topic).child(place)
}

/// Somebody is a member.
pub(super) fn came(
    station: &mut Station,
    around: Around<'_>,
    (id, who): (RoomId, AccountId),
    role: MemberRole,
) {
    station.rooms.of.insert((who, id));
    became(station, around, (id, who), role);
}

/// Somebody has a role. Whoever is seen is seen in it.
fn became(
    station: &mut Station,
    around: Around<'_>,
    (id, who): (RoomId, AccountId),
    role: MemberRole,
) {
    let domain = Arc::clone(&station.domain);
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let before = room.members.insert(who, role);
    let rest = look(room, around, &domain, who);
    tell(station, id, who, rest);
    if before.is_some_and(|before| before != role) {
        for conn in own_clients(station, id, who) {
            join::here(station, around, conn, id, false);
        }
    }
}

/// Looks at a member anew.
pub(super) fn look(
    room: &mut Room,
    around: Around<'_>,
    domain: &Domain,
    who: AccountId,
) -> Option<Rest> {
    let everybody = room.everybody_is_seen();
    let role = room.members.get(&who).copied()?;
    let Room { id, address, facts, seen, .. } = room;
    let scene = super::standing::Scene { domain, names: around.names, room: *id, address, facts };
    seen.look(scene, who, role, everybody)
}

/// The clients of somebody that are in a room.
fn own_clients(station: &Station, id: RoomId, who: AccountId) -> Vec<Conn> {
    let mut conns = station.clients_of(who);
    conns.retain(|conn| station.rooms.here.get(&id).is_some_and(|room| room.has(*conn)));
    conns
}

/// Tells everybody in a room what is seen of somebody, but not themselves.
pub(super) fn tell(station: &mut Station, id: RoomId, who: AccountId, rest: Option<Rest>) {
    let Some(rest) = rest else { return };
    let Some(room) = station.rooms.here.get(&id) else { return };
    let mut conns = room.clients();
    conns.retain(|conn| station.client(*conn).is_some_and(|client| client.account() != who));
    if !conns.is_empty() {
        station.fan_out(conns, rest, None);
    }
}

/// Somebody is no member any more.
fn went(
    station: &mut Station,
    around: Around<'_>,
    (id, who): (RoomId, AccountId),
    by: AccountId,
    banned: bool,
) {
    let domain = Arc::clone(&station.domain);
    let own = own_clients(station, id, who);
    station.rooms.of.remove(&(who, id));
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    room.members.remove(&who);
    let why = match (banned, by == who) {
        (true, _) => status::BANNED,
        (false, false) => status::KICKED,
        (false, true) => status::LEFT,
    };
    let standing = match banned {
        true => Standing { affiliation: "outcast", ..Standing::NONE },
        false => Standing::NONE,
    };
    let scene = room.scene(around, &domain);
    let told = Rest::of(&scene.gone(who, standing, &[why]));
    let to_self = Rest::of(&scene.gone(who, standing, &[status::SELF, why]));
    let shown = room.seen.forget(who);
    own.iter().for_each(|conn| room.forget(*conn, around.now));
    for conn in own {
        outside(station, conn, id, to_self.clone());
    }
    station.rooms.empty(around.now, id);
    tell(station, id, who, shown.then_some(told));
}

/// A client is not in a room any more, and is told so.
pub(super) fn outside(station: &mut Station, conn: Conn, id: RoomId, why: Rest) {
    if let Some(client) = station.client_mut(conn) {
        client.joined.rooms.remove(&id);
    }
    station.give_as(conn, why.clone(), &Mark::Own(why));
}

/// The room has other facts.
fn changed(station: &mut Station, around: Around<'_>, id: RoomId, facts: RoomFacts) {
    let domain = Arc::clone(&station.domain);
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let moved = facts.name != room.facts.name && facts.room_kind != RoomKind::Direct;
    let archived = facts.archived && !room.facts.archived;
    let other = facts.room_kind != room.facts.room_kind
        || facts.read_only != room.facts.read_only
        || facts.archived != room.facts.archived;
    if moved {
        let instead = address(&domain, id, &facts);
        close(station, around, id, Some(&instead), RENAMED);
    } else if archived {
        close(station, around, id, None, ARCHIVED);
    }
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    room.facts = facts;
    if moved {
        let old = std::mem::replace(&mut room.address, address(&domain, id, &room.facts).into());
        room.memory.moved(room.head);
        let new = super::find::local(&room.address).to_owned();
        station.rooms.names.remove(super::find::local(&old));
        station.rooms.names.insert(new, id);
    }
    if moved || other {
        reconfigured(station, around, id);
    }
}

/// Everybody's standing may be another: each is told of their own.
fn reconfigured(station: &mut Station, around: Around<'_>, id: RoomId) {
    let domain = Arc::clone(&station.domain);
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    room.look_at_all(around, &domain);
    let conns = room.clients();
    if conns.is_empty() {
        return;
    }
    let notice = Rest::of(&notice(&room.address, CONFIGURED));
    station.fan_out(conns.clone(), notice, None);
    for conn in conns {
        join::here(station, around, conn, id, false);
    }
}

/// Has every client leave a room.
fn close(station: &mut Station, around: Around<'_>, id: RoomId, instead: Option<&str>, why: &str) {
    let domain = Arc::clone(&station.domain);
    let Some(room) = station.rooms.here.get(&id) else { return };
    for conn in room.clients() {
        let Some(room) = station.rooms.here.get_mut(&id) else { return };
        room.forget(conn, around.now);
        let Some(account) = station.client(conn).map(Client::account) else { continue };
        let Some(room) = station.rooms.here.get(&id) else { return };
        let gone = Rest::of(&room.scene(around, &domain).destroyed(account, instead, why));
        outside(station, conn, id, gone);
    }
    station.rooms.empty(around.now, id);
}
