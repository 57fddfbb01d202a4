//! Bookmarks (XEP-0402, and XEP-0048 in XEP-0049): the rooms that an account is in.

use super::pep;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::result;
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::room::{RoomKind, RoomSummary};

/// The address of a room in a client's list; none for a direct room of two.
pub(super) fn jid(station: &Station, room: &RoomSummary) -> Option<Jid> {
    let service = format!("rooms.{}", station.domain.name);
    match room.facts.room_kind {
        RoomKind::Public | RoomKind::Private => Some(Jid::of(&room.facts.name, &service)),
        RoomKind::Direct if room.with.len() > 1 => {
            Some(Jid::of(&format!("group-{}", room.id), &service))
        }
        RoomKind::Direct => None,
    }
}

/// What a room is called in a list.
fn name(around: Around<'_>, room: &RoomSummary) -> String {
    if room.facts.room_kind != RoomKind::Direct {
        return room.facts.name.clone();
    }
    let people = room.with.iter().filter_map(|account| around.names.person(*account));
    people.map(|person| person.display).collect::<Vec<_>>().join(", ")
}

fn rooms(answer: &Answer) -> &[RoomSummary] {
    match answer {
        Answer::Account(_, rooms) => rooms,
        _ => &[],
    }
}

/// The items of the node of bookmarks.
pub(super) fn items(station: &mut Station, _around: Around<'_>, conn: Conn, iq: &Element) {
    let Some(client) = station.client(conn) else { return };
    let (question, iq) = (Question::Account(client.account()), iq.clone());
    station.ask_for(conn, question, move |station, around, answer| {
        let nick = station.client(conn).and_then(|client| client.jid().local.clone());
        let item = |room: &RoomSummary| {
            let conference = Element::new("conference", ns::BOOKMARKS)
                .with("autojoin", if room.facts.archived { "false" } else { "true" })
                .with("name", name(around, room))
                .child(Element::new("nick", ns::BOOKMARKS).text(nick.clone().unwrap_or_default()));
            let jid = jid(station, room)?.to_string();
            Some(Element::new("item", ns::PUBSUB).with("id", jid).child(conference))
        };
        let items = rooms(&answer).iter().filter_map(item).collect();
        pep::answer_items(station, conn, &iq, ns::BOOKMARKS, items);
    });
}

/// A client marks a room. One is in the rooms that one has joined, whatever is marked.
pub(super) fn publish(
    station: &mut Station,
    _around: Around<'_>,
    conn: Conn,
    item: &Element,
    iq: &Element,
) {
    let id = item.attribute("id").unwrap_or_default();
    let named = Element::new("item", ns::PUBSUB).with("id", id);
    let publish = Element::new("publish", ns::PUBSUB).with("node", ns::BOOKMARKS).child(named);
    let pubsub = Element::new("pubsub", ns::PUBSUB).child(publish);
    station.send(conn, &result(iq, Some(pubsub)));
}

/// The older form.
pub(super) fn legacy(station: &mut Station, conn: Conn, sets: bool, iq: &Element) {
    if sets {
        return station.send(conn, &result(iq, None));
    }
    let Some(client) = station.client(conn) else { return };
    let (question, iq) = (Question::Account(client.account()), iq.clone());
    station.ask_for(conn, question, move |station, around, answer| {
        let nick = station.client(conn).and_then(|client| client.jid().local.clone());
        let conference = |room: &RoomSummary| {
            let nick = nick.clone().unwrap_or_default();
            let conference = Element::new("conference", ns::BOOKMARKS_LEGACY)
                .with("jid", jid(station, room)?.to_string())
                .with("name", name(around, room))
                .with("autojoin", if room.facts.archived { "false" } else { "true" })
                .child(Element::new("nick", ns::BOOKMARKS_LEGACY).text(nick));
            Some(conference)
        };
        let storage = Element::new("storage", ns::BOOKMARKS_LEGACY)
            .children(rooms(&answer).iter().filter_map(conference));
        let query = Element::new("query", ns::PRIVATE).child(storage);
        station.send(conn, &result(&iq, Some(query)));
    });
}
