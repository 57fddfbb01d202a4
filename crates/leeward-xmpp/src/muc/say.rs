//! What is said in a room. A message becomes drafts for the room's log, each stored before the message
//! is acknowledged; the sender sees it as everybody does, when it comes from the log.

use super::draft::{self, Said, Text};
use super::find::{Found, find, find_by_id};
use super::refusal::refuse;
use super::render::is_name;
use super::room::Room;
use super::{Whereabouts, ids, whereabouts, whose};
use crate::jid::Jid;
use crate::stanza::Condition;
use crate::station::{Answer, Around, Conn, Output, Question, Station};
use crate::xml::Element;
use leeward_core::code::Code;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, Nonce, RoomId, Seq};
use leeward_core::room::RoomFacts;
use std::collections::VecDeque;

/// Said to whoever sends what only they and some others could read.
const ENCRYPTED: &str =
    "rooms of this server are searched and moderated: switch end-to-end encryption off here";
const OUTSIDE: &str = "not in this room: come in first";
const UNKNOWN: &str = "there is no such message here, or it is not yours";
const PRIVATE: &str = "write to the person's own address: rooms pass nothing on in private";
/// Reactions of one person on one message; more is no opinion.
const REACTIONS_MAX: usize = 50;

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
        (_, None) => return aside(station, conn, message),
    }
    let again = message.clone();
    match whereabouts(station, conn, &local) {
        Whereabouts::In(room) => said(station, around, (conn, number), room, message),
        Whereabouts::Outside => {
            station.refuse(conn, message, Condition::NotAcceptable, Some(OUTSIDE));
        }
        Whereabouts::Waking(room) => {
            find_by_id(
                station,
                around,
                (conn, Some(number)),
                room,
                move |station, around, found| {
                    when_found(station, around, (conn, number), &found, &again);
                },
            );
        }
        Whereabouts::Sought => {
            find(station, around, (conn, number), &local, move |station, around, found| {
                when_found(station, around, (conn, number), &found, &again);
            });
        }
    }
}

fn when_found(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    found: &Found,
    message: &Element,
) {
    match found {
        Found::Here(id) if station.rooms.here.get(id).is_some_and(|room| room.has(conn)) => {
            said(station, around, (conn, number), *id, message);
        }
        Found::Refused(refusal) => refuse(station, conn, message, refusal),
        Found::Here(_) | Found::Missing => {
            station.refuse(conn, message, Condition::NotAcceptable, Some(OUTSIDE));
        }
    }
}

/// A message to one occupant. What two people say to each other has a place of its own.
fn personal(station: &mut Station, conn: Conn, message: &Element) {
    let says = draft::read(&station.domain, message);
    match says {
        Said::Text(_) | Said::Edit { .. } | Said::Encrypted => {
            station.refuse(conn, message, Condition::NotAcceptable, Some(PRIVATE));
        }
        Said::TakeBack { .. }
        | Said::Reactions { .. }
        | Said::Subject(_)
        | Said::Typing(_)
        | Said::Displayed { .. }
        | Said::Nothing => {}
    }
}

/// A message to a room that is not to all in it.
fn aside(station: &mut Station, conn: Conn, message: &Element) {
    if message.find("body", crate::ns::CLIENT).is_some() {
        let text = Some("what is said in a room is of type groupchat");
        station.refuse(conn, message, Condition::BadRequest, text);
    }
}

/// Somebody who is in a room says something in it.
fn said(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    id: RoomId,
    message: &Element,
) {
    let Some((account, _)) = whose(station, conn) else { return };
    let saying = Saying { conn, number, account, room: id, message: message.clone() };
    match draft::read(&station.domain, message) {
        Said::Text(text) => say(station, around, saying, *text),
        Said::Edit { id, text } => {
            let draft = move |target| Draft::Edit { target, text };
            with_own(station, around, saying, id, draft);
        }
        Said::TakeBack { id } => {
            with_own(station, around, saying, id, |target| Draft::Delete { target })
        }
        Said::Reactions { id, emojis } => react(station, around, saying, &id, emojis),
        Said::Subject(topic) => change_topic(station, saying, topic),
        Said::Typing(true) => station.output(Output::Typing(conn, id)),
        Said::Displayed { id } => displayed(station, &saying, &id),
        Said::Encrypted => {
            station.refuse(conn, message, Condition::PolicyViolation, Some(ENCRYPTED));
        }
        Said::Typing(false) | Said::Nothing => {}
    }
}

/// The message of a room that a client means, if it is known without asking.
fn meant(room: &Room, id: &str, by: Option<AccountId>) -> Option<Seq> {
    let placed = ids::seq_of(id).or_else(|| ids::placed(id, room.id));
    let placed = placed.filter(|seq| *seq > Seq(0) && *seq <= room.head);
    placed.or_else(|| room.memory.called(room.id, id, by))
}

fn say(station: &mut Station, around: Around<'_>, saying: Saying, said: Text) {
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    let thread = said.thread.and_then(|thread| ids::placed(&thread, saying.room));
    let answers = said.answers.as_deref();
    let quote = answers.and_then(|id| meant(room, id, None));
    // What is answered and not known would be lost with the words that stand for it.
    let text = if answers.is_some() && quote.is_none() { said.whole.clone() } else { said.text };
    let draft = Draft::Message {
        text,
        thread,
        also_room: false,
        files: said.files,
        quote: quote.filter(|quote| Some(*quote) != thread),
    };
    let nonce = nonce(station, around, &saying);
    post_file(station, saying, nonce, draft, said.whole);
}

/// What a message is called in the log.
fn nonce(station: &mut Station, around: Around<'_>, saying: &Saying) -> Nonce {
    let salt = salt(station, around, saying.conn);
    ids::nonce(&saying.message, &salt, saying.number)
}

fn salt(station: &mut Station, around: Around<'_>, conn: Conn) -> String {
    let secret = station.domain.secret;
    let Some(client) = station.client_mut(conn) else { return String::new() };
    if client.joined.salt.is_empty() {
        let moment = around.names.wall().0 ^ around.now.0.rotate_left(32) ^ client.generation;
        client.joined.salt = ids::salt(&secret, &client.jid().to_string(), moment);
    }
    client.joined.salt.clone()
}

/// Posts a message. An address of somebody else's file cannot be attached: it is said as it stands.
fn post_file(station: &mut Station, saying: Saying, nonce: Nonce, draft: Draft, whole: String) {
    let attaches = matches!(&draft, Draft::Message { files, .. } if !files.is_empty());
    if !attaches {
        return post(station, saying, VecDeque::from([(nonce, draft)]));
    }
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
    around: Around<'_>,
    saying: Saying,
    id: String,
    draft: impl FnOnce(Seq) -> Draft + 'static,
) {
    let nonce = nonce(station, around, &saying);
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    if let Some(target) = meant(room, &id, Some(saying.account)) {
        return post(station, saying, VecDeque::from([(nonce, draft(target))]));
    }
    let (conn, number) = (saying.conn, saying.number);
    let called = ids::named(&id, &salt(station, around, conn));
    station.keep_open(conn);
    let question = Question::Find(saying.account, called);
    station.ask_in_order(conn, question, move |station, _, answer| {
        station.until_done((conn, number), |station| {
            if let Answer::Found(room, target) = answer
                && room == saying.room
            {
                return post(station, saying, VecDeque::from([(nonce, draft(target))]));
            }
            not_found(station, &saying, answer);
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
fn react(station: &mut Station, around: Around<'_>, saying: Saying, id: &str, emojis: Vec<String>) {
    let Some(room) = station.rooms.here.get(&saying.room) else { return };
    let Some(target) = meant(room, id, None) else {
        return station.refuse(
            saying.conn,
            &saying.message,
            Condition::ItemNotFound,
            Some(UNKNOWN),
        );
    };
    if emojis.len() > REACTIONS_MAX {
        let text = Some("too many reactions");
        return station.refuse(saying.conn, &saying.message, Condition::NotAcceptable, text);
    }
    if let Some(stand) = room.memory.reactions(target, saying.account) {
        return become_reactions(station, around, saying, target, (&stand, &emojis));
    }
    let (conn, number) = (saying.conn, saying.number);
    station.keep_open(conn);
    let question = Question::About(saying.room, target, saying.account);
    station.ask_in_order(conn, question, move |station, around, answer| {
        station.until_done((conn, number), |station| {
            let Answer::About(about) = answer else { return not_found(station, &saying, answer) };
            let change = (&about.reactions[..], &emojis[..]);
            become_reactions(station, around, saying, target, change);
        });
    });
}

/// What lies between the reactions that stand and those that are wanted. Names that are no emojis are
/// not shown by every client, and stay until all are taken off.
fn become_reactions(
    station: &mut Station,
    around: Around<'_>,
    saying: Saying,
    target: Seq,
    (stand, wanted): (&[String], &[String]),
) {
    let off = stand.iter().filter(|emoji| !wanted.contains(emoji));
    let off = off.filter(|emoji| wanted.is_empty() || !is_name(emoji)).map(|emoji| (emoji, false));
    let on = wanted.iter().filter(|emoji| !stand.contains(emoji)).map(|emoji| (emoji, true));
    let changes: Vec<(&String, bool)> = off.chain(on).collect();
    let own = nonce(station, around, &saying);
    let salt = salt(station, around, saying.conn);
    let last = changes.len().saturating_sub(1);
    let draft = |(at, (emoji, on)): (usize, (&String, bool))| {
        // Sent again after half of it was stored, what is left is called as it was: by what it does,
        // and the last by the message itself.
        let nonce = match at == last {
            true => own.clone(),
            false => ids::part(&own, &salt, &format!("{on}{emoji}")),
        };
        (nonce, Draft::React { target, emoji: emoji.clone(), on })
    };
    let drafts = changes.into_iter().enumerate().map(draft).collect();
    post(station, saying, drafts);
}

fn change_topic(station: &mut Station, saying: Saying, topic: String) {
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
