//! What is said in a room. A message becomes drafts for the room's log, each stored before the message
//! is acknowledged; the sender sees it as everybody does, when it comes from the log.

use super::draft::{self, Say, Wish};
use super::find::{Found, find, find_by_id};
use super::room::Room;
use super::{Whereabouts, invite, whereabouts, whose};
use crate::features::{self, emoji, ids};
use crate::jid::Jid;
use crate::ns;
use crate::refusal::refuse;
use crate::stanza::Condition;
use crate::station::{Answer, Around, Conn, Output, Question, Station};
use crate::xml::Element;
use leeward_core::code::Code;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, Nonce, RoomId, Seq};
use leeward_core::limits::REACTIONS_PER_MESSAGE_MAX;
use leeward_core::room::RoomFacts;
use std::collections::VecDeque;

/// Said to whoever sends what only they and some others could read.
const ENCRYPTED: &str =
    "rooms of this server are searched and moderated: switch end-to-end encryption off here";
const OUTSIDE: &str = "not in this room: come in first";
const UNKNOWN: &str = "there is no such message here, or it is not yours";
const PRIVATE: &str = "write to the person's own address: rooms pass nothing on in private";

/// A message on its way into a room.
struct Saying {
    conn: Conn,
    number: u32,
    account: AccountId,
    room: RoomId,
    message: Element,
}

/// Deals with a message for a room.
pub(super) fn message(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    to: &Jid,
    message: &Element,
) {
    let Some(local) = to.local.clone() else {
        return station.refuse(conn, message, Condition::ServiceUnavailable, None);
    };
    match (message.attribute("type"), &to.resource) {
        (Some("error"), _) => return,
        (Some("groupchat"), None) => {}
        (Some("groupchat"), Some(_)) => {
            let text = Some("what is said to all goes to the room itself");
            return station.refuse(conn, message, Condition::BadRequest, text);
        }
        (_, Some(_)) => return personal(station, conn, message),
        (_, None) => return invite::aside(station, around, (conn, number), &local, message),
    }
    let again = message.clone();
    match whereabouts(station, conn, &local) {
        Whereabouts::In(room) => said(station, (conn, number), room, message),
        Whereabouts::Outside => {
            station.refuse(conn, message, Condition::NotAcceptable, Some(OUTSIDE));
        }
        Whereabouts::Waking(room) => {
            find_by_id(station, around, (conn, Some(number)), room, move |station, _, found| {
                when_found(station, (conn, number), &found, &again);
            });
        }
        Whereabouts::Sought => {
            find(station, around, (conn, number), &local, move |station, _, found| {
                when_found(station, (conn, number), &found, &again);
            });
        }
    }
}

fn when_found(
    station: &mut Station,
    (conn, number): (Conn, u32),
    found: &Found,
    message: &Element,
) {
    match found {
        Found::Here(id) if station.rooms.here.get(id).is_some_and(|room| room.has(conn)) => {
            said(station, (conn, number), *id, message);
        }
        Found::Refused(refusal) => refuse(station, conn, message, refusal),
        Found::Here(_) | Found::Missing => {
            station.refuse(conn, message, Condition::NotAcceptable, Some(OUTSIDE));
        }
    }
}

/// A message to one occupant. What two people say to each other has a place of its own.
fn personal(station: &mut Station, conn: Conn, message: &Element) {
    let says = draft::read(message, &station.domain.files_url);
    if matches!(says, Wish::Say(_) | Wish::Edit(..) | Wish::Encrypted) {
        station.refuse(conn, message, Condition::NotAcceptable, Some(PRIVATE));
    }
}

/// Somebody who is in a room says something in it.
fn said(station: &mut Station, (conn, number): (Conn, u32), id: RoomId, message: &Element) {
    let Some((account, _)) = whose(station, conn) else { return };
    let saying = Saying { conn, number, account, room: id, message: message.clone() };
    match draft::read(message, &station.domain.files_url) {
        Wish::Say(say) => say_it(station, saying, say),
        Wish::Edit(id, text) => {
            with_own(station, saying, id, move |target| Draft::Edit { target, text });
        }
        Wish::Retract(id) => with_own(station, saying, id, |target| Draft::Delete { target }),
        Wish::React(id, emojis) => react(station, saying, &id, emojis),
        Wish::Subject(topic) => change_topic(station, saying, &topic),
        Wish::Typing(true) => station.output(Output::Typing(conn, id)),
        Wish::Displayed(id) => displayed(station, &saying, &id),
        Wish::Encrypted => {
            station.refuse(conn, message, Condition::PolicyViolation, Some(ENCRYPTED));
        }
        Wish::Typing(false) | Wish::Received(_) | Wish::Nothing => {}
    }
}

/// The message of a room that a client means, if it is known without asking.
fn meant(room: &Room, id: &str, by: Option<AccountId>) -> Option<Seq> {
    let by_place = || ids::place_in(id).filter(|(of, _)| *of == room.id).map(|(_, seq)| seq);
    let placed = ids::seq_of(id).or_else(by_place);
    let placed = placed.filter(|seq| *seq > Seq(0) && *seq <= room.head);
    placed.or_else(|| room.memory.called(room.id, id, by))
}

fn say_it(station: &mut Station, saying: Saying, say: Say) {
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    let Say { text, whole, reply, thread, file } = say;
    let quote = reply.as_deref().and_then(|id| meant(room, id, None));
    // What is answered and not known would be lost with the words that stand for it.
    let lost = reply.is_some() && quote.is_none();
    let empty = text.trim().is_empty() && file.is_none();
    let text = if lost || empty { whole.clone() } else { text };
    let quote = quote.filter(|quote| Some(*quote) != thread);
    let files = file.into_iter().collect();
    let draft = Draft::Message { text, thread, also_room: false, files, quote };
    if file.is_some() {
        return post_file(station, saying, draft, whole);
    }
    let Saying { conn, number, room, message, .. } = saying;
    features::post(station, (conn, number), room, (message, vec![draft]));
}

/// What a message is called in the log.
fn nonce(station: &Station, saying: &Saying) -> Nonce {
    let message = &saying.message;
    let origin = message.find("origin-id", ns::STANZA_ID).and_then(|origin| origin.attribute("id"));
    let salt = salt(station, saying.conn);
    ids::nonce_of(origin.or_else(|| message.attribute("id")), salt, saying.number)
}

fn salt(station: &Station, conn: Conn) -> &str {
    station.client(conn).map_or("", |client| &client.own.salt)
}

/// Posts a message. An address of somebody else's file cannot be attached: it is said as it stands.
fn post_file(station: &mut Station, saying: Saying, draft: Draft, whole: String) {
    let nonce = nonce(station, &saying);
    let (conn, number) = (saying.conn, saying.number);
    let question = Question::Post(conn, saying.room, nonce.clone(), draft.clone());
    station.keep_open(conn);
    station.ask_in_order(conn, question, move |station, _, answer| {
        station.until_done((conn, number), |station| {
            let Answer::Refused(refusal) = answer else { return };
            let plain = matches!(refusal.code, Code::NotFound | Code::Forbidden | Code::Conflict);
            let Draft::Message { thread, quote, .. } = draft else { return };
            if !plain {
                return refuse(station, conn, &saying.message, &refusal);
            }
            let files = Vec::new();
            let draft = Draft::Message { text: whole, thread, also_room: false, files, quote };
            post(station, saying, VecDeque::from([(nonce, draft)]));
        });
    });
}

/// Appends drafts one after the other. The message is done with when the last is stored; sent again
/// before that, it finds done what was.
fn post(station: &mut Station, saying: Saying, mut drafts: VecDeque<(Nonce, Draft)>) {
    let Some((nonce, draft)) = drafts.pop_front() else { return };
    let (conn, number) = (saying.conn, saying.number);
    station.keep_open(conn);
    let question = Question::Post(conn, saying.room, nonce, draft);
    station.ask_in_order(conn, question, move |station, _, answer| {
        station.until_done((conn, number), |station| {
            if let Answer::Refused(refusal) = answer {
                return refuse(station, conn, &saying.message, &refusal);
            }
            post(station, saying, drafts);
        });
    });
}

/// Does something to a message that the sender means by what they called it, or by its place.
fn with_own(
    station: &mut Station,
    saying: Saying,
    id: String,
    draft: impl FnOnce(Seq) -> Draft + 'static,
) {
    let nonce = nonce(station, &saying);
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    if let Some(target) = meant(room, &id, Some(saying.account)) {
        return post(station, saying, VecDeque::from([(nonce, draft(target))]));
    }
    let names = ids::nonces_of(&id, salt(station, saying.conn));
    let then = move |station: &mut Station, saying: Saying, target| {
        post(station, saying, VecDeque::from([(nonce, draft(target))]));
    };
    seek(station, saying, names.into(), then);
}

/// Looks for a message of the sender that has one of these names, and does something with it.
fn seek(
    station: &mut Station,
    saying: Saying,
    mut names: VecDeque<Nonce>,
    then: impl FnOnce(&mut Station, Saying, Seq) + 'static,
) {
    let (conn, number) = (saying.conn, saying.number);
    let Some(name) = names.pop_front() else {
        return station.refuse(conn, &saying.message, Condition::ItemNotFound, Some(UNKNOWN));
    };
    station.keep_open(conn);
    let question = Question::Find(saying.account, name);
    station.ask_in_order(conn, question, move |station, _, answer| {
        station.until_done((conn, number), |station| {
            if let Answer::Refused(refusal) = answer {
                return refuse(station, conn, &saying.message, &refusal);
            }
            if let Answer::Found(room, target) = answer
                && room == saying.room
            {
                return then(station, saying, target);
            }
            seek(station, saying, names, then);
        });
    });
}

fn not_found(station: &mut Station, saying: &Saying, answer: Answer) {
    if let Answer::Refused(refusal) = answer {
        return refuse(station, saying.conn, &saying.message, &refusal);
    }
    station.refuse(saying.conn, &saying.message, Condition::ItemNotFound, Some(UNKNOWN));
}

/// Makes the reactions of somebody on a message these.
fn react(station: &mut Station, saying: Saying, id: &str, emojis: Vec<String>) {
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    let Some(target) = meant(room, id, None) else {
        return station.refuse(
            saying.conn,
            &saying.message,
            Condition::ItemNotFound,
            Some(UNKNOWN),
        );
    };
    if emojis.len() > REACTIONS_PER_MESSAGE_MAX {
        let text = Some("too many reactions");
        return station.refuse(saying.conn, &saying.message, Condition::NotAcceptable, text);
    }
    if let Some(stand) = room.memory.reactions(target, saying.account) {
        return post_changes(station, saying, changes(&stand, &emojis, target));
    }
    let (conn, number) = (saying.conn, saying.number);
    station.keep_open(conn);
    let question = Question::About(saying.room, target, saying.account);
    station.ask_in_order(conn, question, move |station, _, answer| {
        station.until_done((conn, number), |station| {
            let Answer::About(about) = answer else { return not_found(station, &saying, answer) };
            post_changes(station, saying, changes(&about.reactions, &emojis, target));
        });
    });
}

/// What is to be put on and taken off so that these are all.
pub(crate) fn changes(before: &[String], after: &[String], target: Seq) -> Vec<Draft> {
    let react = |emoji: &String, on| Draft::React { target, emoji: emoji.clone(), on };
    // What was put on by its short name is shown as the emoji.
    let stays = |old: &&String| after.iter().any(|new| new == emoji(old));
    let there = |new: &&String| before.iter().any(|old| *new == emoji(old));
    let gone = before.iter().filter(|old| !stays(old)).map(|emoji| react(emoji, false));
    let new = after.iter().filter(|new| !there(new)).map(|emoji| react(emoji, true));
    gone.chain(new).collect()
}

/// Posts what a set of reactions changes. Sent again after half of it was stored, what is left is called
/// as it was: by what it does, and the last by the message itself.
fn post_changes(station: &mut Station, saying: Saying, changes: Vec<Draft>) {
    let own = nonce(station, &saying);
    let last = changes.len().saturating_sub(1);
    let named = |(at, draft): (usize, Draft)| {
        let nonce = if at == last { own.clone() } else { part(&own, &draft) };
        (nonce, draft)
    };
    let drafts = changes.into_iter().enumerate().map(named).collect();
    post(station, saying, drafts);
}

/// What one of several drafts is called that one message asks for.
fn part(nonce: &Nonce, draft: &Draft) -> Nonce {
    let hash = blake3::hash(format!("{}\0{draft:?}", nonce.as_str()).as_bytes());
    let name = hash.to_hex()[..40].to_owned();
    Nonce::try_from(name).expect("hexadecimal digits are visible")
}

fn change_topic(station: &mut Station, saying: Saying, topic: &str) {
    let Some((account, role)) = whose(station, saying.conn) else { return };
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    if !room.moderates(account, role) {
        let text = Some("only those who moderate the room change its subject");
        return station.refuse(saying.conn, &saying.message, Condition::Forbidden, text);
    }
    let topic = topic.split_whitespace().collect::<Vec<_>>().join(" ");
    let facts = RoomFacts { topic, ..room.facts.clone() };
    let (conn, number) = (saying.conn, saying.number);
    station.keep_open(conn);
    let question = Question::EditRoom(conn, saying.room, facts);
    station.ask_in_order(conn, question, move |station, _, answer| {
        station.until_done((conn, number), |station| {
            if let Answer::Refused(refusal) = answer {
                refuse(station, conn, &saying.message, &refusal);
            }
        });
    });
}

/// The sender has read so far. Nobody else is told.
fn displayed(station: &mut Station, saying: &Saying, id: &str) {
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    if let Some(seq) = meant(room, id, None) {
        let question = Question::Read(saying.conn, saying.room, seq);
        station.ask_for(saying.conn, question, |_, _, _| {});
    }
}
