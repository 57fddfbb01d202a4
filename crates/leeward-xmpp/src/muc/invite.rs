//! Bringing somebody into a room: by way of the room (XEP-0045, section 7.8.2) or directly (XEP-0249).
//! Either makes them a member, and they find the room in their list as everybody does who is in it;
//! the invitation itself is passed on to nobody.

use super::find::{Found, find};
use super::room::{Access, service};
use super::whose;
use crate::jid::Jid;
use crate::ns;
use crate::refusal::refuse;
use crate::stanza::Condition;
use crate::station::{Answer, Around, Conn, Question, Station};
use crate::xml::Element;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::MemberRole;

const NOBODY: &str = "there is nobody so called";

/// A message to a room that is not to all in it: an invitation to somebody else, or nothing that is done
/// here. That somebody will not come is of no use to anybody: they are a member.
pub(super) fn aside(
    station: &mut Station,
    around: Around<'_>,
    from: (Conn, u32),
    local: &str,
    message: &Element,
) {
    let x = message.find("x", ns::MUC_USER);
    if let Some(invite) = x.and_then(|x| x.find("invite", ns::MUC_USER)) {
        let whom = invite.attribute("to").and_then(|to| Jid::parse(to).ok());
        return bring(station, around, from, local, (whom, message));
    }
    if message.find("body", ns::CLIENT).is_some() {
        let text = Some("what is said in a room is of type groupchat");
        station.refuse(from.0, message, Condition::BadRequest, text);
    }
}

/// The room of this server that a message to somebody invites them to.
fn room_of(station: &Station, message: &Element) -> Option<String> {
    let jid = message.find("x", ns::CONFERENCE)?.attribute("jid")?;
    let jid = Jid::parse(jid).ok().filter(|jid| jid.domain == service(&station.domain))?;
    jid.local
}

/// Deals with a message to somebody if it invites them to a room; false: it does not.
pub(crate) fn directly(
    station: &mut Station,
    around: Around<'_>,
    from: (Conn, u32),
    to: Option<&Jid>,
    message: &Element,
) -> bool {
    let room = room_of(station, message);
    if let Some(local) = &room {
        bring(station, around, from, local, (to.cloned(), message));
    }
    room.is_some()
}

fn bring(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    local: &str,
    (whom, message): (Option<Jid>, &Element),
) {
    let Some(whom) = whom.and_then(|jid| station.account_of(around, &jid)) else {
        return station.refuse(conn, message, Condition::ItemNotFound, Some(NOBODY));
    };
    let message = message.clone();
    find(station, around, (conn, number), local, move |station, _, found| match found {
        Found::Here(room) => make_member(station, (conn, number), room, (whom, message)),
        Found::Missing => station.refuse(conn, &message, Condition::ItemNotFound, None),
        Found::Refused(refusal) => refuse(station, conn, &message, &refusal),
    });
}

fn make_member(
    station: &mut Station,
    (conn, number): (Conn, u32),
    id: RoomId,
    (whom, message): (AccountId, Element),
) {
    let Some((account, role)) = whose(station, conn) else { return };
    let Some(room) = station.rooms.here.get(&id) else { return };
    if room.access(account, role) == Access::Hidden {
        return station.refuse(conn, &message, Condition::ItemNotFound, None);
    }
    if room.members.contains_key(&whom) {
        return;
    }
    station.keep_open(conn);
    let question = Question::SetRole(conn, id, whom, MemberRole::Member);
    station.ask_in_order(conn, question, move |station, _, answer| {
        station.until_done((conn, number), |station| {
            if let Answer::Refused(refusal) = answer {
                refuse(station, conn, &message, &refusal);
            }
        });
    });
}
