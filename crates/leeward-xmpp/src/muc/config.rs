//! What a room is like, as a form (XEP-0045, section 10). What changes of it mean to those who are in it
//! is heard from its log.

use super::whose;
use crate::features::disco;
use crate::ns;
use crate::refusal::refuse;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::id::RoomId;
use leeward_core::room::{RoomFacts, RoomKind};

const FORM: &str = "http://jabber.org/protocol/muc#roomconfig";

/// Shows the form to whoever may change it.
pub(super) fn show(station: &mut Station, conn: Conn, id: RoomId, iq: &Element) {
    if !moderates(station, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let Some(room) = station.rooms.here.get(&id) else { return };
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
pub(super) fn set(station: &mut Station, conn: Conn, id: RoomId, iq: &Element) {
    if !moderates(station, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let Some(query) = iq.first() else { return };
    let Some(room) = station.rooms.here.get(&id) else { return };
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
    station.ask_in_order(conn, question, move |station, _, answer| {
        if let Answer::Refused(refusal) = answer {
            return refuse(station, conn, &iq, &refusal);
        }
        station.send(conn, &result(&iq, None));
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

/// Whether a client's account moderates a room.
pub(super) fn moderates(station: &Station, conn: Conn, id: RoomId) -> bool {
    let room = station.rooms.here.get(&id);
    room.zip(whose(station, conn))
        .is_some_and(|(room, (account, role))| room.moderates(account, role))
}
