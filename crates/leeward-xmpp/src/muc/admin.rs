//! Who may do what in a room, as lists (XEP-0045, sections 8 and 9), and the taking back of what others
//! have said (XEP-0425).

use super::config::moderates;
use super::refused;
use crate::features::ids;
use crate::jid::Jid;
use crate::ns;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::account::Person;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::MemberRole;

/// Shows a list: everybody of one affiliation or role.
pub(super) fn show(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    id: RoomId,
    iq: &Element,
) {
    let item = iq.first().and_then(|query| query.find("item", ns::MUC_ADMIN));
    let wanted = |name| item.and_then(|item| item.attribute(name)).map(str::to_owned);
    let (affiliation, role) = (wanted("affiliation"), wanted("role"));
    let account = station.client(conn).map(crate::station::Client::account);
    let room = station.rooms.rooms.get(&id);
    let is_in = room.zip(account).is_some_and(|(room, who)| room.members.contains_key(&who));
    if !is_in {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    if affiliation.as_deref() == Some("outcast") {
        return banned(station, around, conn, id, iq);
    }
    let Some(room) = room else { return };
    let people = room.members.keys().filter_map(|account| around.names.person(*account));
    let fits = |person: &Person| {
        let (has, is) = room.standing(person);
        affiliation.as_deref().is_none_or(|a| a == has) && role.as_deref().is_none_or(|r| r == is)
    };
    let items = people.filter(fits).map(|person| {
        let (affiliation, role) = room.standing(&person);
        entry(&station.domain.name, &person, affiliation).with("role", role)
    });
    let query = Element::new("query", ns::MUC_ADMIN).children(items);
    station.send(conn, &result(iq, Some(query)));
}

fn entry(domain: &str, person: &Person, affiliation: &'static str) -> Element {
    Element::new("item", ns::MUC_ADMIN)
        .with("affiliation", affiliation)
        .with("jid", format!("{}@{domain}", person.name))
        .with("nick", person.name.clone())
}

fn banned(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId, iq: &Element) {
    if !moderates(station, around, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let iq = iq.clone();
    station.ask_for(conn, Question::Bans(conn, id), move |station, around, answer| {
        let Answer::Accounts(accounts) = answer else {
            return refused(station, conn, &iq, &answer);
        };
        let people = accounts.iter().filter_map(|account| around.names.person(*account));
        let items = people.map(|person| entry(&station.domain.name, &person, "outcast"));
        let query = Element::new("query", ns::MUC_ADMIN).children(items);
        station.send(conn, &result(&iq, Some(query)));
    });
}

/// Changes one entry of a list.
pub(super) fn set(station: &mut Station, around: Around<'_>, conn: Conn, id: RoomId, iq: &Element) {
    let Some(query) = iq.first() else { return };
    let mut items = query.elements().filter(|e| e.is("item", ns::MUC_ADMIN));
    let (Some(item), None) = (items.next(), items.next()) else {
        let words = "one change at a time";
        return station.refuse(conn, iq, Condition::NotAcceptable, Some(words));
    };
    let Some(who) = whom(station, around, item) else {
        return station.refuse(
            conn,
            iq,
            Condition::ItemNotFound,
            Some("there is nobody so called"),
        );
    };
    let question = match (item.attribute("affiliation"), item.attribute("role")) {
        (Some("outcast"), _) => Question::Remove { by: conn, room: id, who, banned: true },
        (Some("none"), _) | (None, Some("none")) => {
            Question::Remove { by: conn, room: id, who, banned: false }
        }
        (Some("member"), _) | (None, Some("participant")) => {
            Question::SetRole(conn, id, who, MemberRole::Member)
        }
        (Some("admin" | "owner"), _) | (None, Some("moderator")) => {
            Question::SetRole(conn, id, who, MemberRole::Moderator)
        }
        (None, Some("visitor")) => Question::SetRole(conn, id, who, MemberRole::Muted),
        _ => return station.refuse(conn, iq, Condition::BadRequest, None),
    };
    let iq = iq.clone();
    station.ask_in_order(conn, question, move |station, _, answer| match answer {
        Answer::Done => station.send(conn, &result(&iq, None)),
        answer => refused(station, conn, &iq, &answer),
    });
}

fn whom(station: &Station, around: Around<'_>, item: &Element) -> Option<AccountId> {
    if let Some(nick) = item.attribute("nick") {
        return around.names.by_name(&nick.to_lowercase());
    }
    station.account_of(around, &Jid::parse(item.attribute("jid")?).ok()?)
}

/// Takes back what somebody else has said.
pub(super) fn moderate(station: &mut Station, conn: Conn, id: RoomId, iq: &Element) {
    let target = iq.first().and_then(|moderate| {
        moderate.find("retract", ns::RETRACT)?;
        ids::seq_of(moderate.attribute("id")?)
    });
    let Some((target, client)) = target.zip(station.client(conn)) else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    let nonce = ids::nonce_of(iq.attribute("id"), &client.own.salt, client.handled());
    let iq = iq.clone();
    let question = Question::Post(conn, id, nonce, Draft::Delete { target });
    station.ask_in_order(conn, question, move |station, _, answer| match answer {
        Answer::Posted(..) => station.send(conn, &result(&iq, None)),
        answer => refused(station, conn, &iq, &answer),
    });
}
