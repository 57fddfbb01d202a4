//! How far an account has read, for all of its clients (XEP-0490): the marks of the workspace.

use super::{bookmarks, ids, pep};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::RoomSummary;

fn item(id: String, by: &str, name: String) -> Element {
    let stanza_id = Element::new("stanza-id", ns::STANZA_ID).with("by", by).with("id", name);
    let displayed = Element::new("displayed", ns::DISPLAYED).child(stanza_id);
    Element::new("item", ns::PUBSUB).with("id", id).child(displayed)
}

/// The items of the node.
pub(super) fn items(station: &mut Station, conn: Conn, iq: &Element) {
    let Some(client) = station.client(conn) else { return };
    let (question, iq) = (Question::Account(client.account()), iq.clone());
    station.ask_for(conn, question, move |station, around, answer| {
        let Answer::Account(_, rooms) = &answer else {
            return super::refused(station, conn, &iq, &answer);
        };
        let own = station.client(conn).map(|client| client.jid().bare().to_string());
        let own = own.unwrap_or_default();
        let mark = |room: &RoomSummary| match bookmarks::jid(station, room) {
            Some(jid) => {
                let jid = jid.to_string();
                Some(item(jid.clone(), &jid, ids::stanza_id(room.read)))
            }
            None => {
                let person = around.names.person(*room.with.first()?)?;
                let jid = Jid::of(&person.name, &station.domain.name).to_string();
                Some(item(jid, &own, ids::archive_id(room.id, room.read)))
            }
        };
        let read = rooms.iter().filter(|room| room.read.0 > 0);
        let items = read.filter_map(mark).collect();
        pep::answer_items(station, conn, &iq, ns::DISPLAYED, items);
    });
}

/// A client says how far has been read.
pub(super) fn publish(
    station: &mut Station,
    _around: Around<'_>,
    conn: Conn,
    item: &Element,
    iq: &Element,
) {
    let said = item
        .first()
        .and_then(|displayed| displayed.find("stanza-id", ns::STANZA_ID))
        .and_then(|id| id.attribute("id").map(str::to_owned));
    let jid = item.attribute("id").and_then(|id| Jid::parse(id).ok());
    let place = said.zip(jid).and_then(|(id, jid)| {
        ids::archived(&id).or_else(|| {
            let room = crate::muc::room_of(station, &jid)?;
            Some((room, ids::seq_of(&id)?))
        })
    });
    let Some((room, seq)) = place else {
        return station.refuse(conn, iq, Condition::ItemNotFound, None);
    };
    let iq = iq.clone();
    station.ask_in_order(conn, Question::Read(conn, room, seq), move |station, _, answer| {
        match answer {
            Answer::Done => station.send(conn, &result(&iq, None)),
            answer => super::refused(station, conn, &iq, &answer),
        }
    });
}

/// An account has read so far: its clients are told.
pub(super) fn told(
    station: &mut Station,
    around: Around<'_>,
    account: AccountId,
    room: RoomId,
    seq: Seq,
) {
    let Some(first) = station.clients_of(account).first().copied() else { return };
    let own = station.client(first).map(|client| client.jid().bare().to_string());
    let own = own.unwrap_or_default();
    let other = station.accounts.other(account, room);
    let item = match (other, crate::muc::jid_of(station, room)) {
        (Some(other), _) => around.names.person(other).map(|person| {
            let jid = Jid::of(&person.name, &station.domain.name).to_string();
            item(jid, &own, ids::archive_id(room, seq))
        }),
        (None, Some(jid)) => {
            let jid = jid.to_string();
            Some(item(jid.clone(), &jid, ids::stanza_id(seq)))
        }
        (None, None) => None,
    };
    if let Some(item) = item {
        pep::tell(station, account, ns::DISPLAYED, &item);
    }
}
