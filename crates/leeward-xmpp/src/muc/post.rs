//! What a client says in a room (XEP-0045, section 7.4).

use super::draft::{self, Say, Wish};
use super::{refused, with_room};
use crate::features::{self, ids};
use crate::jid::Jid;
use crate::ns;
use crate::stanza::Condition;
use crate::station::{Answer, Around, Conn, Output, Question, Station};
use crate::xml::Element;
use leeward_core::event::Draft;
use leeward_core::id::{AccountId, Nonce, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts};

/// A message for a room.
pub(super) fn message(
    station: &mut Station,
    around: Around<'_>,
    (conn, number): (Conn, u32),
    (name, to): (&str, &Jid),
    message: &Element,
) {
    if message.attribute("type") == Some("error") {
        return;
    }
    if let Some(invite) =
        message.find("x", ns::MUC_USER).and_then(|x| x.find("invite", ns::MUC_USER))
    {
        return invited(station, around, conn, name, (invite, message));
    }
    if message.attribute("type") != Some("groupchat") {
        let words = "to say something to one person, write to their own address";
        return station.refuse(conn, message, Condition::FeatureNotImplemented, Some(words));
    }
    if to.resource.is_some() {
        return station.refuse(conn, message, Condition::BadRequest, None);
    }
    let id = station.rooms.names.get(name).copied();
    let joined = station.client(conn).zip(id).is_some_and(|(c, id)| c.joined.rooms.contains(&id));
    let Some(id) = id.filter(|_| joined) else {
        let words = "join the room before you speak in it";
        return station.refuse(conn, message, Condition::NotAcceptable, Some(words));
    };
    let said = Said { conn, number, room: id, stanza: message.clone() };
    match draft::read(message, &station.domain.files_url) {
        Wish::Say(say) => post_text(station, &said, say),
        Wish::Edit(target, text) => {
            said.about(station, &target, |station, said, target| {
                said.post(station, vec![Draft::Edit { target, text }]);
            });
        }
        Wish::Retract(target) => said.about(station, &target, |station, said, target| {
            said.post(station, vec![Draft::Delete { target }]);
        }),
        Wish::React(target, set) => said.about(station, &target, |station, said, target| {
            react(station, said, target, set);
        }),
        Wish::Typing(true) => station.output(Output::Typing(conn, id)),
        Wish::Displayed(target) => {
            if let Some(seq) = said.place(station, &target) {
                station.ask_for(conn, Question::Read(conn, id, seq), |_, _, _| ());
            }
        }
        Wish::Subject(text) => subject(station, around, said, text),
        Wish::Encrypted => {
            let words = "what is encrypted from end to end cannot be kept or searched here";
            station.refuse(conn, message, Condition::PolicyViolation, Some(words));
        }
        Wish::Typing(false) | Wish::Received(_) | Wish::Nothing => {}
    }
}

/// A message that a client has sent to a room it has joined.
struct Said {
    conn: Conn,
    number: u32,
    room: RoomId,
    stanza: Element,
}

impl Said {
    fn place(&self, station: &Station, id: &str) -> Option<Seq> {
        let client = station.client(self.conn)?;
        let room = station.rooms.rooms.get(&self.room)?;
        room.place(client.account(), id, &client.own.salt)
    }

    /// Goes on with the message of that id; one that memory does not have is looked for.
    fn about(
        self,
        station: &mut Station,
        id: &str,
        then: impl FnOnce(&mut Station, Self, Seq) + 'static,
    ) {
        if let Some(target) = self.place(station, id) {
            return then(station, self, target);
        }
        let Some(client) = station.client(self.conn) else { return };
        let (account, nonces) = (client.account(), ids::nonces_of(id, &client.own.salt));
        self.find(station, account, nonces, then);
    }

    fn find(
        self,
        station: &mut Station,
        account: AccountId,
        mut nonces: Vec<Nonce>,
        then: impl FnOnce(&mut Station, Self, Seq) + 'static,
    ) {
        let Some(nonce) = nonces.pop() else {
            let words = "there is no such message";
            let condition = Condition::ItemNotFound;
            return station.refuse(self.conn, &self.stanza, condition, Some(words));
        };
        let (conn, question) = (self.conn, Question::Find(account, nonce));
        station.ask_in_order(conn, question, move |station, _, answer| match answer {
            Answer::Found(room, seq) if room == self.room => then(station, self, seq),
            _ => self.find(station, account, nonces, then),
        });
    }

    /// Has drafts appended, in order. The stanza is done with when the last has been answered.
    fn post(self, station: &mut Station, drafts: Vec<Draft>) {
        features::post(station, (self.conn, self.number), self.room, (self.stanza, drafts));
    }
}

fn post_text(station: &mut Station, said: &Said, say: Say) {
    let quote = say.reply.as_deref().and_then(|id| said.place(station, id));
    let draft = Draft::Message {
        text: say.text,
        thread: say.thread,
        also_room: false,
        files: say.file.into_iter().collect(),
        // What begins the thread is not quoted in it.
        quote: quote.filter(|quote| say.thread != Some(*quote)),
    };
    let said = Said { stanza: said.stanza.clone(), ..*said };
    said.post(station, vec![draft]);
}

/// What is to be put on and taken off so that these are all.
pub(crate) fn changes(before: &[String], after: &[String], target: Seq) -> Vec<Draft> {
    let react = |emoji: &String, on| Draft::React { target, emoji: emoji.clone(), on };
    // What was put on by its short name is shown as the emoji.
    let stays = |old: &&String| after.iter().any(|new| new == features::emoji(old));
    let there = |new: &&String| before.iter().any(|old| *new == features::emoji(old));
    let gone = before.iter().filter(|old| !stays(old)).map(|emoji| react(emoji, false));
    let new = after.iter().filter(|new| !there(new)).map(|emoji| react(emoji, true));
    gone.chain(new).collect()
}

fn react(station: &mut Station, said: Said, target: Seq, set: Vec<String>) {
    let Some(account) = station.client(said.conn).map(crate::station::Client::account) else {
        return;
    };
    let known = station.rooms.rooms.get(&said.room).and_then(|room| room.about(target, account));
    if let Some(about) = known {
        return said.post(station, changes(&about.reactions, &set, target));
    }
    let (conn, question) = (said.conn, Question::About(said.room, target, account));
    station.ask_in_order(conn, question, move |station, _, answer| match answer {
        Answer::About(about) => said.post(station, changes(&about.reactions, &set, target)),
        answer => refused(station, said.conn, &said.stanza, &answer),
    });
}

fn subject(station: &mut Station, around: Around<'_>, said: Said, text: String) {
    let person = station.client(said.conn).and_then(|c| around.names.person(c.account()));
    let Some(room) = station.rooms.rooms.get(&said.room) else { return };
    if !person.is_some_and(|person| room.may_moderate(&person)) {
        let words = "only moderators say what the room is about";
        return station.refuse(said.conn, &said.stanza, Condition::Forbidden, Some(words));
    }
    let topic = text.lines().next().unwrap_or_default().trim().to_owned();
    let facts = RoomFacts { topic, ..room.facts.clone() };
    let question = Question::EditRoom(said.conn, said.room, facts);
    station.ask_in_order(said.conn, question, move |station, _, answer| {
        if answer != Answer::Done {
            refused(station, said.conn, &said.stanza, &answer);
        }
    });
}

/// Somebody is to be brought into the room (XEP-0045, section 7.8).
fn invited(
    station: &mut Station,
    around: Around<'_>,
    conn: Conn,
    name: &str,
    (invite, message): (&Element, &Element),
) {
    let whom = invite.attribute("to").and_then(|to| Jid::parse(to).ok());
    let Some(whom) = whom.and_then(|jid| station.account_of(around, &jid)) else {
        return station.refuse(
            conn,
            message,
            Condition::ItemNotFound,
            Some("there is nobody so called"),
        );
    };
    let message = message.clone();
    with_room(station, around, conn, name, move |station, _, id| {
        let Some(id) = id else {
            return station.refuse(conn, &message, Condition::ItemNotFound, None);
        };
        let question = Question::SetRole(conn, id, whom, MemberRole::Member);
        station.ask_in_order(conn, question, move |station, _, answer| {
            if answer != Answer::Done {
                refused(station, conn, &message, &answer);
            }
        });
    });
}
