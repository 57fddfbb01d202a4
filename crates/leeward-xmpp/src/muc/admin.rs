//! Who may do what in a room, as lists (XEP-0045, sections 8 and 9), and the taking back of what others
//! have said (XEP-0425).

use super::config::moderates;
use super::room::Room;
use super::standing::Standing;
use super::whose;
use crate::features::{self, ids};
use crate::jid::Jid;
use crate::ns;
use crate::refusal::refuse;
use crate::stanza::{Condition, result};
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::account::Person;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::{MemberRole, RoomKind};

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
    let Some((account, _)) = whose(station, conn) else { return };
    let Some(room) = station.rooms.here.get(&id) else { return };
    // Clients that are members of a private room ask who else is; in open ones it is of use to those
    // alone who may change it.
    let open = room.facts.room_kind == RoomKind::Public;
    let member = room.members.contains_key(&account);
    if !member || open && !moderates(station, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    if affiliation.as_deref() == Some("outcast") {
        return banned(station, conn, id, iq);
    }
    let people = room.members.iter().filter_map(|(account, member)| {
        let person = around.names.person(*account)?;
        let standing = Standing::of(&room.facts, *member, person.role);
        Some((person, standing))
    });
    let fits = |(_, standing): &(Person, Standing)| {
        affiliation.as_deref().is_none_or(|a| a == standing.affiliation)
            && role.as_deref().is_none_or(|r| r == standing.role)
    };
    let items = people.filter(fits).map(|(person, standing)| {
        entry(&station.domain.name, &person, standing.affiliation).with("role", standing.role)
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

fn banned(station: &mut Station, conn: Conn, id: RoomId, iq: &Element) {
    if !moderates(station, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let iq = iq.clone();
    station.ask_for(conn, Question::Bans(conn, id), move |station, around, answer| {
        let Answer::Accounts(accounts) = answer else {
            return features::refused(station, conn, &iq, &answer);
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
    if !moderates(station, conn, id) {
        return station.refuse(conn, iq, Condition::Forbidden, None);
    }
    let Some(room) = station.rooms.here.get(&id) else { return };
    let question = match change(room, who, item) {
        Some(Change::Role(role)) => Question::SetRole(conn, id, who, role),
        Some(Change::Out { banned }) => Question::Remove { by: conn, room: id, who, banned },
        None => return station.refuse(conn, iq, Condition::BadRequest, None),
    };
    let iq = iq.clone();
    station.ask_in_order(conn, question, move |station, _, answer| {
        if let Answer::Refused(refusal) = answer {
            return refuse(station, conn, &iq, &refusal);
        }
        station.send(conn, &result(&iq, None));
    });
}

/// What an entry asks for.
enum Change {
    Role(MemberRole),
    Out { banned: bool },
}

fn change(room: &Room, who: AccountId, item: &Element) -> Option<Change> {
    let out = Change::Out { banned: false };
    // In a room that is open to all a member like any other is nothing in particular.
    let lowered = room.facts.room_kind == RoomKind::Public
        && room.members.get(&who) == Some(&MemberRole::Moderator);
    match (item.attribute("affiliation"), item.attribute("role")) {
        (Some("outcast"), _) => Some(Change::Out { banned: true }),
        (Some("none"), _) if lowered => Some(Change::Role(MemberRole::Member)),
        (Some("none"), _) | (None, Some("none")) => Some(out),
        (Some("member"), _) | (None, Some("participant")) => Some(Change::Role(MemberRole::Member)),
        (Some("admin" | "owner"), _) | (None, Some("moderator")) => {
            Some(Change::Role(MemberRole::Moderator))
        }
        (None, Some("visitor")) => Some(Change::Role(MemberRole::Muted)),
        (Some(_), _) | (None, Some(_) | None) => None,
    }
}

fn whom(station: &Station, around: Around<'_>, item: &Element) -> Option<AccountId> {
    if let Some(nick) = item.attribute("nick") {
        return around.names.by_name(&nick.to_lowercase());
    }
    station.account_of(around, &Jid::parse(item.attribute("jid")?).ok()?)
}

/// Takes back what somebody else has said (XEP-0425).
pub(super) fn moderate(
    station: &mut Station,
    (conn, number): (Conn, u32),
    id: RoomId,
    iq: &Element,
) {
    let target = iq.first().and_then(|moderate| {
        moderate.find("retract", ns::RETRACT)?;
        ids::seq_of(moderate.attribute("id")?)
    });
    let Some((target, client)) = target.zip(station.client(conn)) else {
        return station.refuse(conn, iq, Condition::BadRequest, None);
    };
    // Requests are counted apart from messages.
    let name = format!("moderate-{}", iq.attribute("id").unwrap_or_default());
    let nonce = ids::nonce_of(Some(&name), &client.own.salt, number);
    let iq = iq.clone();
    let question = Question::Post(conn, id, nonce, Draft::Delete { target });
    station.ask_in_order(conn, question, move |station, _, answer| {
        if !matches!(answer, Answer::Posted(..)) {
            return features::refused(station, conn, &iq, &answer);
        }
        station.send(conn, &result(&iq, None));
    });
}
