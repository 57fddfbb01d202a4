//! What a room is like, as a form (XEP-0045, section 10), and what changes of it mean to those in it.

use super::{forget, refused};
use crate::features::disco;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, Rest, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::id::RoomId;
use leeward_core::room::{RoomFacts, RoomKind};

const FORM: &str = "http://jabber.org/protocol/muc#roomconfig";

/// Shows the form to whoever may change it.
pub(super) fn show(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    iq: &Element,
) {
    if !moderates(station, around, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let Some(room) = station.rooms.rooms.get(&id) else { return };
    let facts = &room.facts;
    let hidden = facts.room_kind != RoomKind::Public;
    let flag = |on| if on { "1" } else { "0" };
    let form = disco::form(
        "form",
        FORM,
        &[
            ("muc#roomconfig_roomname", "text-single", &facts.name),
            ("muc#roomconfig_roomdesc", "text-single", &facts.topic),
            ("muc#roomconfig_persistentroom", "boolean", "1"),
            ("muc#roomconfig_publicroom", "boolean", flag(!hidden)),
            ("muc#roomconfig_membersonly", "boolean", flag(hidden)),
            ("muc#roomconfig_moderatedroom", "boolean", flag(facts.read_only)),
            ("muc#roomconfig_enablearchiving", "boolean", "1"),
            ("muc#roomconfig_whois", "text-single", "moderators"),
        ],
    );
    let query = Element::new("query", ns::MUC_OWNER).child(form);
    station.send(conn, &result(iq, Some(query)));
}

/// Takes a form that has been filled in, an empty one that takes the room as it is, or the end of the room.
pub(super) fn set(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId, iq: &Element) {
    if !moderates(station, around, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let Some(query) = iq.first() else { return };
    let Some(room) = station.rooms.rooms.get(&id) else { return };
    let mut facts = room.facts.clone();
    if query.find("destroy", ns::MUC_OWNER).is_some() {
        // Nothing that was said is lost: the room is kept for reading.
        facts.archived = true;
    } else if let Some(form) = query.find("x", ns::DATA_FORMS) {
        if form.attribute("type") == Some("cancel") {
            return station.send(conn, &result(iq, None));
        }
        if let Some(wrong) = fill_in(&mut facts, form) {
            return station.refuse(conn, iq, Condition::NotAcceptable, Some(wrong));
        }
    } else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    }
    if facts == room.facts {
        return station.send(conn, &result(iq, None));
    }
    let iq = iq.clone();
    let question = Question::EditRoom(conn, id, facts);
    station.ask_in_order(conn, question, move |station, _, answer| match answer {
        Answer::Done => station.send(conn, &result(&iq, None)),
        answer => refused(station, conn, &iq, &answer),
    });
}

/// What a form says; why it cannot be.
fn fill_in(facts: &mut RoomFacts, form: &Element) -> Option<&'static str> {
    for field in form.elements().filter(|e| e.is("field", ns::DATA_FORMS)) {
        let value = field.find("value", ns::DATA_FORMS).map(Element::content).unwrap_or_default();
        let on = matches!(value.as_str(), "1" | "true");
        let hidden = facts.room_kind != RoomKind::Public;
        match field.attribute("var").unwrap_or_default() {
            "muc#roomconfig_roomname" if !value.trim().is_empty() => {
                // People give rooms titles; here the name is one.
                let name = value.trim().to_lowercase().replace(char::is_whitespace, "-");
                if leeward_core::rules::check_room_name(&name).is_ok() {
                    facts.name = name;
                }
            }
            "muc#roomconfig_roomdesc" => value.trim().clone_into(&mut facts.topic),
            "muc#roomconfig_moderatedroom" => facts.read_only = on,
            "muc#roomconfig_persistentroom" if !on => {}
            "muc#roomconfig_publicroom" if on == hidden => {
                return Some(
                    "whether a room is private is decided when it is made, in the web app",
                );
            }
            "muc#roomconfig_passwordprotectedroom" if on => {
                return Some("rooms have members, not passwords");
            }
            _ => {}
        }
    }
    None
}

pub(super) fn moderates(station: &Station, around: Around<'_>, conn: Conn, id: RoomId) -> bool {
    let person = station.client(conn).and_then(|c| around.names.person(c.account()));
    let room = station.rooms.rooms.get(&id);
    room.zip(person).is_some_and(|(room, person)| room.may_moderate(&person))
}

/// The room is another than before: those in it are told, and sent to its new address if it has one.
pub(super) fn changed(
    station: &mut Station,
    around: Around<'_>,
    id: RoomId,
    (was, before): (&RoomFacts, &Jid),
    facts: &RoomFacts,
) {
    let domain = std::sync::Arc::clone(&station.domain);
    let Some(room) = station.rooms.rooms.get(&id) else { return };
    let (after, joined) = (room.jid(&domain), room.joined.clone());
    if was.topic != facts.topic && after == *before && !joined.is_empty() {
        let subject = Rest::of(&room.subject(&domain));
        station.fan_out(joined.clone(), subject, None);
    }
    if after == *before {
        if was.read_only != facts.read_only || was.archived != facts.archived {
            let status = Element::new("status", ns::MUC_USER).with("code", "104");
            let message = Element::new("message", ns::CLIENT)
                .with("from", before.to_string())
                .with("type", "groupchat")
                .child(Element::new("x", ns::MUC_USER).child(status));
            if !joined.is_empty() {
                station.fan_out(joined, Rest::of(&message), None);
            }
        }
        return;
    }
    station.rooms.names.retain(|_, known| *known != id);
    station.rooms.names.insert(after.local.clone().unwrap_or_default(), id);
    for conn in joined {
        moved(station, around, conn, id, (before, &after));
    }
}

/// Tells a client that a room has another address (XEP-0045, section 10.9).
fn moved(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    (before, after): (&Jid, &Jid),
) {
    let person = station.client(conn).and_then(|c| around.names.person(c.account()));
    if let Some(person) = person {
        let item =
            Element::new("item", ns::MUC_USER).with("affiliation", "none").with("role", "none");
        let destroy = Element::new("destroy", ns::MUC_USER)
            .with("jid", after.to_string())
            .child(Element::new("reason", ns::MUC_USER).text("the room has another name"));
        let status = Element::new("status", ns::MUC_USER).with("code", "110");
        let x = Element::new("x", ns::MUC_USER).child(item).child(destroy).child(status);
        let out = Element::new("presence", ns::CLIENT)
            .with("from", before.with(&person.name).to_string())
            .with("type", "unavailable")
            .child(x);
        station.send(conn, &out);
    }
    if let Some(client) = station.client_mut(conn) {
        client.joined.rooms.remove(&id);
    }
    forget(station, around, conn, id);
}
