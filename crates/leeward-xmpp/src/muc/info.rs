//! What can be asked of rooms: what there are, what one is, whether one is in it (XEP-0045 section 6,
//! XEP-0410), and its archive.

use super::find::{Found, find};
use super::room::{Access, Room, service};
use super::{Whereabouts, admin, config, whereabouts, whose};
use crate::features::{self, disco};
use crate::jid::Jid;
use crate::ns;
use crate::refusal::refuse;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::{RoomFacts, RoomKind};

/// What the service of rooms can do.
const SERVICE: [&str; 5] =
    [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::MUC, ns::PING, "http://jabber.org/protocol/muc#unique"];

/// Deals with a request to a room, or to the service of rooms.
pub(super) fn iq(
    station: &mut Station,
    around: Around<'_>,
    from: (Conn, u32),
    to: &Jid,
    iq: &Element,
) {
    if !matches!(iq.attribute("type"), Some("get" | "set")) {
        return;
    }
    match (&to.local, &to.resource) {
        (None, _) => of_service(station, from.0, iq),
        (Some(room), Some(nick)) => of_occupant(station, around, from.0, (room, nick), iq),
        (Some(room), None) => of_room(station, around, from, room, iq),
    }
}

/// A request to the service itself.
fn of_service(station: &mut Station, conn: Conn, iq: &Element) {
    let query = iq.first();
    match (iq.attribute("type"), query.map(|q| (q.name(), q.ns()))) {
        (Some("get"), Some(("query", ns::DISCO_INFO))) => {
            let name = format!("Rooms of {}", station.domain.workspace.name());
            let info = disco::info(("conference", "text", &name), SERVICE.iter().copied(), None);
            station.send(conn, &result(iq, Some(info)));
        }
        (Some("get"), Some(("query", ns::DISCO_ITEMS))) => list(station, conn, iq),
        (Some("get"), Some(("ping", ns::PING))) => station.send(conn, &result(iq, None)),
        (_, _) => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
    }
}

/// The rooms that anybody may enter. Others are in nobody's list but their members' own.
fn list(station: &mut Station, conn: Conn, iq: &Element) {
    let Some((account, _)) = whose(station, conn) else { return };
    let iq = iq.clone();
    station.ask_for(conn, Question::PublicRooms(account), move |station, _, answer| {
        let Answer::Rooms(rooms) = answer else {
            return features::refused(station, conn, &iq, &answer);
        };
        let item = |(_, facts, count): &(RoomId, RoomFacts, u32)| {
            let jid = Jid::of(&facts.name, &service(&station.domain));
            Element::new("item", ns::DISCO_ITEMS)
                .with("jid", jid.to_string())
                .with("name", format!("{} ({count})", facts.name))
        };
        let query = Element::new("query", ns::DISCO_ITEMS).children(rooms.iter().map(item));
        station.send(conn, &result(&iq, Some(query)));
    });
}

enum What {
    Info,
    Nick,
    Items,
    Config,
    SetConfig,
    Lists,
    SetLists,
    Archive,
    Moderate,
}

/// A request to a room. Whoever may not know of it is answered as if there were none.
fn of_room(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    name: &str,
    iq: &Element,
) {
    let Some(query) = iq.first() else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    if query.is("ping", ns::PING) {
        return station.send(conn, &result(iq, None));
    }
    let sets = iq.attribute("type") == Some("set");
    let nick = query.attribute("node") == Some("x-roomuser-item");
    let what = match ((query.name(), query.ns()), sets) {
        (("query", ns::DISCO_INFO), false) if nick => What::Nick,
        (("query", ns::DISCO_INFO), false) => What::Info,
        (("query", ns::DISCO_ITEMS), false) => What::Items,
        (("query", ns::MUC_OWNER), false) => What::Config,
        (("query", ns::MUC_OWNER), true) => What::SetConfig,
        (("query", ns::MUC_ADMIN), false) => What::Lists,
        (("query", ns::MUC_ADMIN), true) => What::SetLists,
        (("query" | "metadata", ns::MAM), _) => What::Archive,
        (("moderate", ns::MODERATE), true) => What::Moderate,
        (("vCard", ns::VCARD), false) => {
            return station.refuse(conn, iq, Condition::ItemNotFound, None);
        }
        _ => return station.refuse(conn, iq, Condition::ServiceUnavailable, None),
    };
    let iq = iq.clone();
    find(station, around, (conn, number), name, move |station, around, found| match found {
        Found::Here(id) if may_know(station, conn, id) => {
            answer(station, around, (conn, number), id, (&what, &iq));
        }
        Found::Here(_) | Found::Missing => {
            station.refuse(conn, &iq, Condition::ItemNotFound, None);
        }
        Found::Refused(refusal) => refuse(station, conn, &iq, &refusal),
    });
}

fn answer(
    station: &mut Station,
    around: Around<'_>,
    from: (Conn, u32),
    id: RoomId,
    (what, iq): (&What, &Element),
) {
    let conn = from.0;
    match what {
        What::Info => info(station, conn, id, iq),
        What::Nick => nick(station, around, conn, iq),
        What::Items => {
            let none = Element::new("query", ns::DISCO_ITEMS);
            station.send(conn, &result(iq, Some(none)));
        }
        What::Config => config::show(station, conn, id, iq),
        What::SetConfig => config::set(station, conn, id, iq),
        What::Lists => admin::show(station, around, conn, id, iq),
        What::SetLists => admin::set(station, around, conn, id, iq),
        What::Archive => archive(station, around, conn, id, iq),
        What::Moderate => admin::moderate(station, from, id, iq),
    }
}

/// Whether a client may know that there is such a room.
fn may_know(station: &Station, conn: Conn, id: RoomId) -> bool {
    let room = station.rooms.here.get(&id);
    room.zip(whose(station, conn))
        .is_some_and(|(room, (account, role))| room.access(account, role) != Access::Hidden)
}

/// The name that one has in every room: that of the account (XEP-0045, section 7.12).
fn nick(station: &mut Station, around: Around<'_>, conn: Conn, iq: &Element) {
    let person = whose(station, conn).and_then(|(account, _)| around.names.person(account));
    let identity = person.map(|person| {
        Element::new("identity", ns::DISCO_INFO)
            .with("category", "conference")
            .with("type", "text")
            .with("name", person.name)
    });
    let query = Element::new("query", ns::DISCO_INFO).with("node", "x-roomuser-item");
    station.send(conn, &result(iq, Some(query.children(identity))));
}

fn info(station: &mut Station, conn: Conn, id: RoomId, iq: &Element) {
    let Some(room) = station.rooms.here.get(&id) else { return };
    let name = if room.facts.name.is_empty() { "Group" } else { &room.facts.name };
    let identity = ("conference", "text", name);
    let mut info = disco::info(identity, features_of(room), Some(form(room)));
    if let Some(node) = iq.first().and_then(|query| query.attribute("node")) {
        // Nothing is kept under nodes; whoever asks by one gets it back (XEP-0030, section 3.2).
        info.set("node", node);
    }
    station.send(conn, &result(iq, Some(info)));
}

fn features_of(room: &Room) -> impl Iterator<Item = &'static str> + use<> {
    let public = room.facts.room_kind == RoomKind::Public;
    let moderated = room.facts.read_only || room.facts.archived;
    let kind = if public { ["muc_public", "muc_open"] } else { ["muc_hidden", "muc_membersonly"] };
    let always = [
        ns::MUC,
        ns::DISCO_INFO,
        ns::MAM,
        "urn:xmpp:mam:2#extended",
        ns::STANZA_ID,
        ns::OCCUPANT_ID,
        ns::REPLY,
        ns::REACTIONS,
        ns::CORRECT,
        ns::RETRACT,
        ns::MODERATE,
        ns::CHAT_STATES,
        "http://jabber.org/protocol/muc#stable_id",
        "http://jabber.org/protocol/muc#self-ping-optimization",
        "muc_persistent",
        "muc_semianonymous",
        "muc_unsecured",
    ];
    let moderated = if moderated { "muc_moderated" } else { "muc_unmoderated" };
    always.into_iter().chain(kind).chain([moderated])
}

/// What people want to know of a room (XEP-0045, section 15.5.4).
fn form(room: &Room) -> Element {
    let occupants = room.seen.len().to_string();
    disco::form(
        "result",
        "http://jabber.org/protocol/muc#roominfo",
        &[
            ("muc#roominfo_description", "text-single", &room.facts.topic),
            ("muc#roominfo_subject", "text-single", &room.facts.topic),
            ("muc#roominfo_occupants", "text-single", &occupants),
        ],
    )
}

/// What was said, for members: whoever may come in but has not reads nothing either.
fn archive(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId, iq: &Element) {
    let Some((account, _)) = whose(station, conn) else { return };
    let Some(room) = station.rooms.here.get(&id) else { return };
    if !room.members.contains_key(&account) {
        let words = "only those who are in the room read what was said";
        return station.refuse(conn, iq, Condition::Forbidden, Some(words));
    }
    let by = room.address.to_string();
    features::mam::room_archive(station, around, conn, (id, by), iq);
}

/// A request to an occupant. A ping tells whether one is still in the room oneself (XEP-0410), without
/// asking anybody.
fn of_occupant(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    (name, nick): (&str, &str),
    iq: &Element,
) {
    let id = match whereabouts(station, conn, name) {
        Whereabouts::In(id) | Whereabouts::Waking(id) => id,
        Whereabouts::Sought | Whereabouts::Outside => {
            return station.refuse(conn, iq, Condition::NotAcceptable, None);
        }
    };
    let own = whose(station, conn).map(|(account, _)| account);
    let named: Option<AccountId> = around.names.by_name(nick);
    if named == own && iq.find("ping", ns::PING).is_some() {
        return station.send(conn, &result(iq, None));
    }
    let room = station.rooms.here.get(&id);
    let occupant = named.filter(|who| room.is_some_and(|room| room.members.contains_key(who)));
    match (occupant, iq.find("vCard", ns::VCARD)) {
        (Some(account), Some(_)) => features::vcard::show(station, around, conn, account, iq),
        (Some(_), None) => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
        (None, _) => station.refuse(conn, iq, Condition::ItemNotFound, None),
    }
}
