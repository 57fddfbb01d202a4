//! A shell that keeps everything in memory: it answers what a station asks, at once or when told to.

use super::{DOMAIN, Play, given};
use crate::ns;
use crate::station::{Answer, Ask, Asleep, Bound, Conn, Framing, Input, Output, Question};
use crate::xml::{Element, Limits, parse};
use leeward_core::account::Role;
use leeward_core::event::{Event, Message, What};
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, Millis, Nonce, RoomId, Seq, SessionId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::wire::Presence;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub(crate) const LOBBY: &str = "lobby@rooms.chat.example.org";
const LIMITS: Limits =
    Limits { bytes_max: 100_000, elements_max: 1_000, depth_max: 20, attributes_max: 20 };

/// A room as the shell keeps it.
pub(crate) struct Log {
    pub(crate) facts: RoomFacts,
    pub(crate) members: BTreeMap<AccountId, MemberRole>,
    pub(crate) banned: Vec<AccountId>,
    pub(crate) events: Vec<Event>,
}

/// What the shell has yet to hand to the station.
enum Pending {
    Answer(Ask, Answer),
    Heard(RoomId, Seq),
}

/// The shell, and the station that it drives.
pub(crate) struct World {
    pub(crate) play: Play,
    pub(crate) rooms: BTreeMap<RoomId, Log>,
    pub(crate) asked: Vec<Question>,
    /// All that was to be done, but for questions, since it was last taken.
    pub(crate) outputs: Vec<Output>,
    pub(crate) asleep: Vec<Asleep>,
    pub(crate) roles: BTreeMap<AccountId, Role>,
    pub(crate) who: BTreeMap<Conn, AccountId>,
    listening: BTreeMap<RoomId, Seq>,
    pending: VecDeque<Pending>,
    /// What happens is handed over only by [`World::settle`] and [`World::hand_over`].
    pub(crate) slow: bool,
    /// The store does not answer.
    pub(crate) busy: bool,
}

pub(crate) fn text(text: &str) -> Message {
    Message { text: text.into(), ..Message::default() }
}

impl World {
    /// With these people, the first of whom moderates `lobby`, which all are in.
    pub(crate) fn of(names: &[&str]) -> Self {
        let mut world = Self {
            play: Play::of(names),
            rooms: BTreeMap::new(),
            asked: Vec::new(),
            outputs: Vec::new(),
            asleep: Vec::new(),
            roles: BTreeMap::new(),
            who: BTreeMap::new(),
            listening: BTreeMap::new(),
            pending: VecDeque::new(),
            slow: false,
            busy: false,
        };
        let ids: Vec<u64> = (1..=names.len() as u64).collect();
        world.room(1, "lobby", RoomKind::Public, &ids);
        world.play.town.online.borrow_mut().extend(ids.into_iter().map(AccountId));
        world
    }

    /// A room, with its members; the first moderates it.
    pub(crate) fn room(&mut self, id: u64, name: &str, room_kind: RoomKind, members: &[u64]) {
        let facts = RoomFacts {
            room_kind,
            name: name.into(),
            topic: String::new(),
            archived: false,
            read_only: false,
        };
        let mut members: BTreeMap<AccountId, MemberRole> =
            members.iter().map(|id| (AccountId(*id), MemberRole::Member)).collect();
        if let Some(first) = members.values_mut().next() {
            *first = MemberRole::Moderator;
        }
        let log = Log { facts, members, banned: Vec::new(), events: Vec::new() };
        self.rooms.insert(RoomId(id), log);
    }

    /// Something happens in a room, by whatever way.
    pub(crate) fn event(&mut self, room: u64, from: u64, what: What) -> Seq {
        self.append(RoomId(room), AccountId(from), None, what)
    }

    /// Somebody says something by our own client.
    pub(crate) fn post(&mut self, room: u64, from: u64, words: &str) -> Seq {
        self.event(room, from, What::Message(Box::new(text(words))))
    }

    pub(crate) fn append(
        &mut self,
        id: RoomId,
        from: AccountId,
        nonce: Option<Nonce>,
        what: What,
    ) -> Seq {
        let log = self.rooms.get_mut(&id).expect("the play names a room");
        let seq = Seq(log.events.len() as u64 + 1);
        match &what {
            What::Join { who, role } | What::Role { who, role } => {
                log.members.insert(*who, *role);
            }
            What::Leave { who, banned } => {
                log.members.remove(who);
                log.banned.extend(banned.then_some(*who));
            }
            What::Room(facts) => log.facts = facts.clone(),
            What::Message(_)
            | What::Edit { .. }
            | What::Delete { .. }
            | What::React { .. }
            | What::Pin { .. } => {}
        }
        let at = Millis(1_789_999_000_000 + seq.0 * 1_000);
        log.events.push(Event { seq, at, from, nonce, what });
        if self.listening.contains_key(&id) {
            self.pending.push_back(Pending::Heard(id, seq));
        }
        self.unless_slow();
        seq
    }

    fn unless_slow(&mut self) {
        if !self.slow {
            self.settle();
        }
    }

    /// Hands over all that happened.
    pub(crate) fn settle(&mut self) {
        while self.hand_over(0) {}
    }

    /// Hands over one of the things that happened; false: there was none. What was heard comes in its
    /// order, answers in any.
    pub(crate) fn hand_over(&mut self, which: usize) -> bool {
        if self.pending.is_empty() {
            return false;
        }
        let mut which = which % self.pending.len();
        if let Pending::Heard(..) = &self.pending[which] {
            let heard = |p: &Pending| matches!(p, Pending::Heard(..));
            which = self.pending.iter().position(heard).expect("there is one");
        }
        let outputs = match self.pending.remove(which).expect("it was looked at") {
            Pending::Answer(ask, answer) => self.play.answer(ask, answer),
            Pending::Heard(room, seq) => {
                let Some(at) = self.listening.get_mut(&room).filter(|at| seq == at.next()) else {
                    return true;
                };
                *at = seq;
                let event = self.rooms[&room].events[seq.0 as usize - 1].clone();
                self.play.give(Input::Heard(room, Arc::new(Published::new(room, event))))
            }
        };
        self.take(outputs);
        true
    }

    fn take(&mut self, outputs: Vec<Output>) {
        for output in outputs {
            match output {
                Output::Ask(ask, question) => {
                    // What is known of the account itself is asked by others.
                    if !matches!(question, Question::Account(_) | Question::Settings(..)) {
                        self.asked.push(question.clone());
                    }
                    let answer = self.answer(question);
                    self.pending.push_back(Pending::Answer(ask, answer));
                }
                Output::Listen(room, seq) => {
                    self.listening.insert(room, seq);
                    let head = self.rooms[&room].events.len() as u64;
                    let missed = (seq.0 + 1..=head).map(|seq| Pending::Heard(room, Seq(seq)));
                    self.pending.extend(missed);
                }
                Output::Unlisten(room) => {
                    self.listening.remove(&room);
                }
                Output::Sleep(asleep) | Output::Kept(_, asleep) => self.asleep.push(*asleep),
                Output::Send(..)
                | Output::FanOut(..)
                | Output::Raw(..)
                | Output::Typing(..)
                | Output::Received { .. }
                | Output::Profile(..)
                | Output::Presence(..)
                | Output::Enable(..)
                | Output::Close(..) => self.outputs.push(output),
            }
        }
    }

    /// A client binds, with stream management.
    pub(crate) fn bound(&mut self, conn: Conn, name: &str) {
        let account =
            crate::station::Directory::by_name(&self.play.town, name).expect("the play has them");
        self.who.insert(conn, account);
        let bound = Bound {
            account,
            role: self.roles.get(&account).copied().unwrap_or(Role::Member),
            session: SessionId(0),
            jid: crate::jid::Jid::of(name, DOMAIN).with(&format!("c{conn}")),
            framing: Framing::Stream,
            carbons: false,
            inactive: false,
            began: self.play.now,
            sm: Some(Some(format!("sm-{conn}"))),
        };
        self.input(Input::Bound(conn, Box::new(bound)));
    }

    pub(crate) fn input(&mut self, input: Input) {
        if let Input::Woken(conn, _, asleep, _) = &input {
            self.who.insert(*conn, asleep.bound.account);
        }
        let outputs = self.play.give(input);
        self.take(outputs);
        self.unless_slow();
    }

    /// A client sends a stanza.
    pub(crate) fn says(&mut self, conn: Conn, stanza: &str) {
        let stanza = match stanza.contains("sm:3") {
            true => stanza.to_owned(),
            false => stanza.replacen(' ', " xmlns='jabber:client' ", 1),
        };
        let element = parse(&stanza, LIMITS).expect("the play is well-formed");
        self.input(Input::Element(conn, element));
    }

    pub(crate) fn joins(&mut self, conn: Conn, room: &str, nick: &str) {
        self.says(
            conn,
            &format!(
                "<presence to='{room}@rooms.chat.example.org/{nick}'>\
                 <x xmlns='http://jabber.org/protocol/muc'/></presence>"
            ),
        );
    }

    /// What a client was given since this was last called for anybody.
    pub(crate) fn got(&mut self, conn: Conn) -> Vec<String> {
        let outputs = std::mem::take(&mut self.outputs);
        given(&self.play, &outputs, conn)
    }

    /// The same, leaving it for others.
    pub(crate) fn sees(&self, conn: Conn) -> Vec<String> {
        given(&self.play, &self.outputs, conn)
    }

    pub(crate) fn forget(&mut self) {
        self.outputs.clear();
        self.asked.clear();
    }

    /// The process ends and another begins: it has what is stored and those who sleep.
    pub(crate) fn restart(&mut self) {
        let names: Vec<String> =
            self.play.town.people.iter().map(|person| person.name.clone()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut after = Self::of(&names);
        std::mem::swap(&mut after.rooms, &mut self.rooms);
        std::mem::swap(&mut after.asleep, &mut self.asleep);
        (after.slow, after.busy) = (self.slow, self.busy);
        after.play.now = self.play.now;
        *self = after;
    }

    /// People come or go, whatever they are connected with.
    pub(crate) fn online(&mut self, who: u64, online: bool) {
        let mut list = self.play.town.online.borrow_mut();
        list.retain(|known| known.0 != who);
        list.extend(online.then_some(AccountId(who)));
        drop(list);
        let presence = if online { Presence::Online } else { Presence::Offline };
        self.input(Input::Presence(Arc::from([(AccountId(who), presence)])));
    }
}

/// The elements that a client got, without those around what is asked for.
pub(crate) fn messages(got: &[String]) -> Vec<&str> {
    got.iter().map(String::as_str).filter(|stanza| stanza.starts_with("<message")).collect()
}

/// A stanza, taken apart.
pub(crate) fn element(stanza: &str) -> Element {
    let wrapped = stanza.replacen(' ', " xmlns='jabber:client' ", 1);
    parse(&wrapped, LIMITS).expect("what is sent is well-formed")
}

/// bob on 1 and ann on 2 are in the lobby; cid is online elsewhere.
pub(crate) fn two() -> World {
    let mut world = World::of(&["ann", "bob", "cid"]);
    for (conn, name) in [(1, "bob"), (2, "ann")] {
        world.bound(conn, name);
        world.joins(conn, "lobby", name);
    }
    world.forget();
    world
}

/// Why the only thing that a client got is an error.
pub(crate) fn condition(got: &[String]) -> String {
    assert_eq!(got.len(), 1, "{got:?}");
    let stanza = element(&got[0]);
    assert_eq!(stanza.attribute("type"), Some("error"), "{got:?}");
    let error = stanza.find("error", ns::CLIENT).expect("it is one");
    error.first().expect("it has a condition").name().to_owned()
}
