//! What can be asked of rooms: what there are, what one is, whether one is in it (XEP-0045 section 6,
//! XEP-0410), and its archive.

use super::room::Room;
use super::{admin, config, with_room};
use crate::features::{self, disco};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::id::RoomId;
use leeward_core::room::RoomKind;

/// What the service of rooms can do.
const SERVICE: [&str; 5] =
    [ns::DISCO_INFO, ns::DISCO_ITEMS, ns::MUC, ns::PING, "http://jabber.org/protocol/muc#unique"];

/// A request to the service itself.
pub(super) fn service(station: &mut Station, _around: Around<'_>, conn: Conn, iq: &Element) {
    let query = iq.first();
    match (iq.attribute("type"), query.map(|q| (q.name(), q.ns()))) {
        (Some("get"), Some(("query", ns::DISCO_INFO))) => {
            let name = format!("Rooms of {}", station.domain.workspace);
            let info = disco::info(("conference", "text", &name), SERVICE.iter().copied(), None);
            station.send(conn, &result(iq, Some(info)));
        }
        (Some("get"), Some(("query", ns::DISCO_ITEMS))) => list(station, conn, iq),
        (Some("get"), Some(("ping", ns::PING))) => station.send(conn, &result(iq, None)),
        (Some("get" | "set"), _) => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
        (_, _) => {}
    }
}

/// The public rooms, and those that the client is in.
fn list(station: &mut Station, conn: Conn, iq: &Element) {
    let Some(account) = station.client(conn).map(crate::station::Client::account) else { return };
    let iq = iq.clone();
    station.ask_for(conn, Question::PublicRooms(account), move |station, _, answer| {
        let Answer::Rooms(rooms) = answer else {
            return super::refused(station, conn, &iq, &answer);
        };
        let item = |(_, facts, count): &(RoomId, leeward_core::room::RoomFacts, u32)| {
            let jid = Jid::of(&facts.name, &format!("rooms.{}", station.domain.name));
            Element::new("item", ns::DISCO_ITEMS)
                .with("jid", jid.to_string())
                .with("name", format!("{} ({count})", facts.name))
        };
        let query = Element::new("query", ns::DISCO_ITEMS).children(rooms.iter().map(item));
        station.send(conn, &result(&iq, Some(query)));
    });
}

/// A request to a room, or to an occupant of one.
pub(super) fn iq(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    (name, to): (&str, &Jid),
    iq: &Element,
) {
    let Some(query) = iq.first().filter(|_| matches!(iq.attribute("type"), Some("get" | "set")))
    else {
        return;
    };
    if let Some(nick) = &to.resource {
        return of_occupant(station, around, conn, (name, nick), iq);
    }
    let kind = (query.name(), query.ns());
    let sets = iq.attribute("type") == Some("set");
    let iq = iq.clone();
    if matches!(kind, ("ping", ns::PING)) {
        return station.send(conn, &result(&iq, None));
    }
    let what = match (kind, sets) {
        (("query", ns::DISCO_INFO), false) => What::Info,
        (("query", ns::DISCO_ITEMS), false) => What::Items,
        (("query", ns::MUC_OWNER), false) => What::Config,
        (("query", ns::MUC_OWNER), true) => What::SetConfig,
        (("query", ns::MUC_ADMIN), false) => What::Lists,
        (("query", ns::MUC_ADMIN), true) => What::SetLists,
        (("query" | "metadata", ns::MAM), _) => What::Archive,
        (("vCard", ns::VCARD), false) => {
            return station.refuse(conn, &iq, Condition::ItemNotFound, None);
        }
        (("moderate", ns::MODERATE), true) => What::Moderate,
        _ => return station.refuse(conn, &iq, Condition::ServiceUnavailable, None),
    };
    with_room(station, around, conn, name, move |station, around, id| {
        let Some(id) = id.filter(|id| may_know(station, conn, *id)) else {
            return station.refuse(conn, &iq, Condition::ItemNotFound, None);
        };
        match what {
            What::Info => info(station, conn, id, &iq),
            What::Items => {
                let none = Element::new("query", ns::DISCO_ITEMS);
                station.send(conn, &result(&iq, Some(none)));
            }
            What::Config => config::show(station, around, conn, id, &iq),
            What::SetConfig => config::set(station, around, conn, id, &iq),
            What::Lists => admin::show(station, around, conn, id, &iq),
            What::SetLists => admin::set(station, around, conn, id, &iq),
            What::Archive => archive(station, around, conn, id, &iq),
            What::Moderate => admin::moderate(station, conn, id, &iq),
        }
    });
}

enum What {
    Info,
    Items,
    Config,
    SetConfig,
    Lists,
    SetLists,
    Archive,
    Moderate,
}

/// Whether a client may know that there is such a room.
fn may_know(station: &Station, conn: Conn, id: RoomId) -> bool {
    let room = station.rooms.rooms.get(&id);
    room.zip(station.client(conn)).is_some_and(|(room, client)| {
        room.facts.room_kind == RoomKind::Public
            && client.role() != leeward_core::account::Role::Guest
            || room.members.contains_key(&client.account())
    })
}

fn info(station: &mut Station, conn: Conn, id: RoomId, iq: &Element) {
    let node = iq.first().and_then(|query| query.attribute("node"));
    if node == Some("x-roomuser-item") {
        // The name that one has here is that of the account; nothing is reserved.
        let empty = Element::new("query", ns::DISCO_INFO).with("node", "x-roomuser-item");
        return station.send(conn, &result(iq, Some(empty)));
    }
    let Some(room) = station.rooms.rooms.get(&id) else { return };
    let name = if room.facts.name.is_empty() { "Group" } else { &room.facts.name };
    let identity = ("conference", "text", name);
    let info = disco::info(identity, features_of(room), Some(form(room)));
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
    let occupants = room.occupants().to_string();
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

fn archive(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId, iq: &Element) {
    let room = station.rooms.rooms.get(&id);
    let account = station.client(conn).map(crate::station::Client::account);
    let is_in = room.zip(account).is_some_and(|(room, who)| room.members.contains_key(&who));
    if !is_in {
        let words = "only those who are in the room read what was said";
        return station.refuse(conn, iq, Condition::Forbidden, Some(words));
    }
    let by = room.map(|room| room.jid(&station.domain).to_string()).unwrap_or_default();
    features::mam::room_archive(station, around, conn, (id, by), iq);
}

/// A request to an occupant. A ping tells whether one is still in the room oneself (XEP-0410).
fn of_occupant(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    (name, nick): (&str, &str),
    iq: &Element,
) {
    let id = station.rooms.names.get(name);
    let joined = station.client(conn).zip(id).is_some_and(|(c, id)| c.joined.rooms.contains(id));
    let ping = iq.find("ping", ns::PING).is_some();
    if !joined {
        return station.refuse(conn, iq, Condition::NotAcceptable, None);
    }
    let occupant = around.names.by_name(nick).filter(|account| {
        id.and_then(|id| station.rooms.rooms.get(id))
            .is_some_and(|room| room.members.contains_key(account))
    });
    let own = station.client(conn).is_some_and(|client| Some(client.account()) == occupant);
    match (occupant, iq.find("vCard", ns::VCARD)) {
        (Some(account), Some(_)) => features::vcard::show(station, around, conn, account, iq),
        (Some(_), None) if ping && own => station.send(conn, &result(iq, None)),
        (Some(_), None) => station.refuse(conn, iq, Condition::ServiceUnavailable, None),
        (None, _) => station.refuse(conn, iq, Condition::ItemNotFound, None),
    }
}
