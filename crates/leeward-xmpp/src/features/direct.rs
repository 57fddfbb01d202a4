//! What is said to one person: messages of direct rooms of two, carbons for one's other clients
//! (XEP-0280), what passes between the two.

use super::{accounts, ids};
use crate::jid::Jid;
use crate::muc::draft::{self, Say, Wish};
use crate::muc::{changes, render};
use crate::ns;
use crate::stanza::{Condition, Rest, blocked};
use crate::station::{Answer, Around, Client, Conn, Output, Question, Station, Told};
use crate::xml::Element;
use leeward_core::event::{Draft, Event, What};
use leeward_core::id::{AccountId, Instant, Millis, Nonce, RoomId, Seq};

/// How long somebody who types is believed to, in milliseconds.
const TYPING_MS: u64 = 6_000;
/// Longest id of a message whose coming is told, in bytes: what clients make up is shorter.
const RECEIVED_BYTES_MAX: usize = 1_024;
/// Events that are read at once for a client that comes back.
const MISSED_MAX: usize = 500;

/// A message for one person.
pub(super) fn message(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    to: Option<&Jid>,
    message: &Element,
) {
    if matches!(message.attribute("type"), Some("error" | "headline" | "groupchat")) {
        return;
    }
    let other = to.and_then(|to| station.account_of(around, to));
    let own = station.client(conn).map(Client::account);
    let (Some(other), Some(own)) = (other, own) else {
        return station.refuse(
            conn,
            message,
            Condition::ServiceUnavailable,
            Some("there is nobody so called"),
        );
    };
    if other == own {
        let words = "there is no room for notes to oneself";
        return station.refuse(conn, message, Condition::ServiceUnavailable, Some(words));
    }
    if station.accounts.blocks(own, other) {
        return station.send(conn, &blocked(message));
    }
    let wish = draft::read(message, &station.domain.files_url);
    let room = station.accounts.room(own, other);
    let said = Said { conn, number, own, other, stanza: message.clone() };
    match (wish, room) {
        (Wish::Say(say), Some(room)) => said.say(station, room, say),
        (Wish::Say(say), None) => said.begin(station, say),
        (Wish::Encrypted, _) => {
            let words = "what is encrypted from end to end cannot be kept or searched here";
            station.refuse(conn, message, Condition::PolicyViolation, Some(words));
        }
        (Wish::Edit(target, text), Some(room)) => {
            said.about(station, room, &target, move |station, said, target| {
                said.post(station, room, vec![Draft::Edit { target, text }]);
            });
        }
        (Wish::Retract(target), Some(room)) => {
            said.about(station, room, &target, move |station, said, target| {
                said.post(station, room, vec![Draft::Delete { target }]);
            });
        }
        (Wish::React(target, set), Some(room)) => {
            said.about(station, room, &target, move |station, said, target| {
                said.react(station, room, target, set);
            });
        }
        (Wish::Displayed(target), Some(room)) => {
            said.about(station, room, &target, move |station, said, target| {
                let question = Question::Read(said.conn, room, target);
                station.ask_for(said.conn, question, |_, _, _| ());
            });
        }
        (Wish::Typing(true), Some(room)) => station.output(Output::Typing(conn, room)),
        (Wish::Received(id), Some(_)) => said.received(station, id),
        (_, _) => {}
    }
}

/// A message that a client has sent to one person.
struct Said {
    conn: Conn,
    number: u32,
    own: AccountId,
    other: AccountId,
    stanza: Element,
}

impl Said {
    fn post(self, station: &mut Station, room: RoomId, drafts: Vec<Draft>) {
        super::post(station, (self.conn, self.number), room, (self.stanza, drafts));
    }

    fn say(self, station: &mut Station, room: RoomId, say: Say) {
        let quote = say.reply.as_deref().and_then(ids::archived).filter(|(r, _)| *r == room);
        let draft = Draft::Message {
            text: say.text,
            thread: say.thread,
            also_room: false,
            files: say.file.into_iter().collect(),
            quote: quote.map(|(_, seq)| seq),
        };
        self.post(station, room, vec![draft]);
    }

    /// The first word between two: their room is made.
    fn begin(self, station: &mut Station, say: Say) {
        let (conn, question) = (self.conn, Question::Direct(self.conn, self.other));
        station.keep_open(conn);
        station.ask_in_order(conn, question, move |station, around, answer| match answer {
            Answer::Which(room, made) => {
                accounts::found(station, self.own, self.other, (room, made));
                accounts::look(station, around, self.own);
                self.say(station, room, say);
            }
            answer => {
                station.done(conn, self.number);
                super::refused(station, conn, &self.stanza, &answer);
            }
        });
    }

    /// Goes on with the message of that id: of either of the two, by what its author called it.
    fn about(
        self,
        station: &mut Station,
        room: RoomId,
        id: &str,
        then: impl FnOnce(&mut Station, Self, Seq) + 'static,
    ) {
        let place = ids::archived(id).or_else(|| ids::place_in(id)).filter(|(r, _)| *r == room);
        if let Some((_, seq)) = place {
            return then(station, self, seq);
        }
        let salt = station.client(self.conn).map(|client| client.own.salt.clone());
        let nonces = ids::nonces_of(id, &salt.unwrap_or_default());
        let both = [self.own, self.other];
        let tries = nonces.into_iter().flat_map(|nonce| both.map(|who| (who, nonce.clone())));
        self.find(station, room, tries.collect(), then);
    }

    fn find(
        self,
        station: &mut Station,
        room: RoomId,
        mut tries: Vec<(AccountId, Nonce)>,
        then: impl FnOnce(&mut Station, Self, Seq) + 'static,
    ) {
        let Some((who, nonce)) = tries.pop() else {
            let words = Some("there is no such message");
            return station.refuse(self.conn, &self.stanza, Condition::ItemNotFound, words);
        };
        let (conn, question) = (self.conn, Question::Find(who, nonce));
        station.ask_in_order(conn, question, move |station, _, answer| match answer {
            Answer::Found(found, seq) if found == room => then(station, self, seq),
            _ => self.find(station, room, tries, then),
        });
    }

    fn react(self, station: &mut Station, room: RoomId, target: Seq, set: Vec<String>) {
        let (conn, question) = (self.conn, Question::About(room, target, self.own));
        station.ask_in_order(conn, question, move |station, _, answer| match answer {
            Answer::About(about) => {
                self.post(station, room, changes(&about.reactions, &set, target));
            }
            answer => super::refused(station, self.conn, &self.stanza, &answer),
        });
    }

    /// A message has come (XEP-0184): its author's clients are told, on whichever shard they are.
    fn received(self, station: &mut Station, id: String) {
        if id.len() <= RECEIVED_BYTES_MAX {
            let (by, author) = (self.own, self.other);
            station.output(Output::Received { by, author, id: id.into() });
        }
    }
}

/// Somebody has got a message of somebody's, who is told.
pub(super) fn received(
    station: &mut Station,
    around: Around<'_>,
    (by, author): (AccountId, AccountId),
    id: &str,
) {
    let conns = station.clients_of(author);
    let Some(person) = around.names.person(by).filter(|_| !conns.is_empty()) else { return };
    let receipt = Element::new("message", ns::CLIENT)
        .with("from", Jid::of(&person.name, &station.domain.name).to_string())
        .with("type", "chat")
        .child(Element::new("received", ns::RECEIPTS).with("id", id))
        .child(Element::new("no-store", ns::HINTS));
    station.fan_out(conns, Rest::of(&receipt), None);
}

/// An event of a direct room that is listened to.
pub(super) fn heard(station: &mut Station, around: Around<'_>, room: RoomId, event: &Event) {
    if !station.accounts.hear(room, event) {
        return;
    }
    match &event.what {
        What::Edit { target, .. } | What::Delete { target } | What::React { target, .. } => {
            let event = event.clone();
            let question = Question::About(room, *target, event.from);
            station.ask(question, move |station, around, answer| {
                if let Answer::About(about) = answer {
                    tell(station, around, room, &Told { event, about: Some(about) });
                }
            });
        }
        What::Message(_) => {
            tell(station, around, room, &Told { event: event.clone(), about: None });
        }
        What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => {}
    }
}

/// Gives an event to the other, and to the author's other clients.
fn tell(station: &mut Station, around: Around<'_>, room: RoomId, told: &Told) {
    for account in station.accounts.ends(room).unwrap_or_default() {
        let conns = station.clients_of(account);
        give(station, around, (account, room), conns, told);
    }
}

/// Gives an event of a direct room to clients of one of the two.
fn give(
    station: &mut Station,
    around: Around<'_>,
    (account, room): (AccountId, RoomId),
    mut conns: Vec<Conn>,
    told: &Told,
) {
    if station.accounts.blocks(account, told.event.from) {
        return;
    }
    let Some(own) = around.names.person(account) else { return };
    let own = Jid::of(&own.name, &station.domain.name).to_string();
    let frame = render::Frame { room, by: &own, group: false, delayed: false };
    let Some(message) = render::message(&station.domain, around.names, frame, told) else { return };
    let event = Some((room, told.event.seq));
    if told.event.from != account {
        if !conns.is_empty() {
            station.fan_out(conns, Rest::of(&message), event);
        }
        return;
    }
    // The client that said it knows; the others are told in an envelope, if they have asked for it.
    let nonce = told.event.nonce.as_ref();
    conns.retain(|conn| {
        station.client(*conn).is_some_and(|client| client.own.carbons && !client.own.said(nonce))
    });
    let other = station.accounts.other(account, room).and_then(|o| around.names.person(o));
    let Some(other) = other.filter(|_| !conns.is_empty()) else { return };
    let to = Jid::of(&other.name, &station.domain.name).to_string();
    let forwarded = Element::new("forwarded", ns::FORWARD).child(message.with("to", to));
    let carbon = Element::new("message", ns::CLIENT)
        .with("from", own)
        .with("type", "chat")
        .child(Element::new("sent", ns::CARBONS).child(forwarded));
    station.fan_out(conns, Rest::of(&carbon), event);
}

/// A direct room of which somebody has missed something.
#[derive(Clone, Copy)]
pub(super) struct Missed {
    pub(super) account: AccountId,
    pub(super) room: RoomId,
    /// What was heard of it last: what comes after is told as it is heard,
    pub(super) heard: Seq,
    /// unless it was said before this.
    pub(super) told: Millis,
}

/// Sends a client what came in a direct room after a position and not before a time.
pub(super) fn catch_up(
    station: &mut Station,
    conn: Conn,
    missed: Missed,
    (after, from): (Seq, Millis),
) {
    let Missed { account, room, heard, told: told_from } = missed;
    let question = Question::Since(room, after, MISSED_MAX);
    station.ask_in_order(conn, question, move |station, around, answer| {
        let Answer::Since(events, all) = answer else { return };
        let last = events.last().map_or(after, |told| told.event.seq);
        let is_missed = |told: &&Told| {
            let Event { seq, at, .. } = told.event;
            at >= from && (seq <= heard || at < told_from)
        };
        for told in events.iter().filter(is_missed) {
            give(station, around, (account, room), vec![conn], told);
        }
        if !all && last > after {
            catch_up(station, conn, missed, (last, from));
        }
    });
}

/// Somebody types in a direct room that is listened to.
pub(super) fn typing(station: &mut Station, around: Around<'_>, room: RoomId, who: AccountId) {
    let until = around.now.plus_ms(TYPING_MS);
    if station.typing.insert((room, who), until).is_none() {
        say_typing(station, around, (room, who), "composing");
    }
}

fn say_typing(
    station: &mut Station,
    around: Around<'_>,
    (room, who): (RoomId, AccountId),
    state: &'static str,
) {
    let ends = station.accounts.ends(room).unwrap_or_default();
    let Some(other) = ends.into_iter().find(|account| *account != who) else { return };
    if station.accounts.blocks(other, who) {
        return;
    }
    let Some(person) = around.names.person(who) else { return };
    let message = Element::new("message", ns::CLIENT)
        .with("from", Jid::of(&person.name, &station.domain.name).to_string())
        .with("type", "chat")
        .child(Element::new(state, ns::CHAT_STATES))
        .child(Element::new("no-store", ns::HINTS));
    let conns = station.clients_of(other);
    if !conns.is_empty() {
        station.fan_out(conns, Rest::of(&message), None);
    }
}

/// Tells of those who type no more.
pub(super) fn tick(station: &mut Station, around: Around<'_>) {
    let ended = station.typing.extract_if(.., |_, until| *until <= around.now);
    let ended: Vec<(RoomId, AccountId)> = ended.map(|(which, _)| which).collect();
    for which in ended {
        say_typing(station, around, which, "paused");
    }
}

pub(super) fn deadline(station: &Station) -> Option<Instant> {
    station.typing.values().copied().min()
}
