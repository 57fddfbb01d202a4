//! A shell that keeps everything in memory: it answers what a station asks, at once or when told to.

use crate::station::tests::{Play, given};
use crate::station::{
    About, Answer, Ask, Asleep, Bound, Conn, Framing, Input, Output, Question, RoomState, Told,
};
use crate::xml::{Element, Limits, parse};
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::event::{Draft, Event, FileRef, Message, What};
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, Epoch, FileId, Millis, Nonce, Position, RoomId, Seq, SessionId};
use leeward_core::room::{Member, MemberRole, RoomFacts, RoomKind};
use leeward_core::rules;
use leeward_core::wire::Presence;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

pub(super) const LOBBY: &str = "lobby@rooms.chat.example.org";
const LIMITS: Limits =
    Limits { bytes_max: 100_000, elements_max: 1_000, depth_max: 20, attributes_max: 20 };

/// A room as the shell keeps it.
pub(super) struct Log {
    pub(super) facts: RoomFacts,
    pub(super) members: BTreeMap<AccountId, MemberRole>,
    pub(super) banned: Vec<AccountId>,
    pub(super) events: Vec<Event>,
}

/// What the shell has yet to hand to the station.
enum Pending {
    Answer(Ask, Answer),
    Heard(RoomId, Seq),
}

/// The shell, and the station that it drives.
pub(super) struct World {
    pub(super) play: Play,
    pub(super) rooms: BTreeMap<RoomId, Log>,
    pub(super) asked: Vec<Question>,
    /// All that was to be done, but for questions, since it was last taken.
    pub(super) outputs: Vec<Output>,
    pub(super) asleep: Vec<Asleep>,
    pub(super) roles: BTreeMap<AccountId, Role>,
    who: BTreeMap<Conn, AccountId>,
    listening: BTreeMap<RoomId, Seq>,
    pending: VecDeque<Pending>,
    /// What happens is handed over only by [`World::settle`] and [`World::hand_over`].
    pub(super) slow: bool,
    /// The store does not answer.
    pub(super) busy: bool,
}

pub(super) fn text(text: &str) -> Message {
    Message { text: text.into(), ..Message::default() }
}

impl World {
    /// With these people, the first of whom moderates `lobby`, which all are in.
    pub(super) fn of(names: &[&str]) -> Self {
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
    pub(super) fn room(&mut self, id: u64, name: &str, room_kind: RoomKind, members: &[u64]) {
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
    pub(super) fn event(&mut self, room: u64, from: u64, what: What) -> Seq {
        self.append(RoomId(room), AccountId(from), None, what)
    }

    /// Somebody says something by our own client.
    pub(super) fn post(&mut self, room: u64, from: u64, words: &str) -> Seq {
        self.event(room, from, What::Message(Box::new(text(words))))
    }

    fn append(&mut self, id: RoomId, from: AccountId, nonce: Option<Nonce>, what: What) -> Seq {
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
    pub(super) fn settle(&mut self) {
        while self.hand_over(0) {}
    }

    /// Hands over one of the things that happened; false: there was none. What was heard comes in its
    /// order, answers in any.
    pub(super) fn hand_over(&mut self, which: usize) -> bool {
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
                Output::Sleep(asleep) => self.asleep.push(*asleep),
                Output::Send(..)
                | Output::FanOut(..)
                | Output::Raw(..)
                | Output::Typing(..)
                | Output::Presence(..)
                | Output::Enable(..)
                | Output::Close(..) => self.outputs.push(output),
            }
        }
    }

    /// A client binds, with stream management.
    pub(super) fn bound(&mut self, conn: Conn, name: &str) {
        let account =
            crate::station::Directory::by_name(&self.play.town, name).expect("the play has them");
        self.who.insert(conn, account);
        let bound = Bound {
            account,
            role: self.roles.get(&account).copied().unwrap_or(Role::Member),
            session: SessionId(0),
            jid: crate::jid::Jid::of(name, crate::station::tests::DOMAIN).with(&format!("c{conn}")),
            framing: Framing::Stream,
            carbons: false,
            inactive: false,
            began: self.play.now,
            sm: Some(Some(format!("sm-{conn}"))),
        };
        self.input(Input::Bound(conn, Box::new(bound)));
    }

    pub(super) fn input(&mut self, input: Input) {
        if let Input::Woken(conn, _, asleep, _) = &input {
            self.who.insert(*conn, asleep.bound.account);
        }
        let outputs = self.play.give(input);
        self.take(outputs);
        self.unless_slow();
    }

    /// A client sends a stanza.
    pub(super) fn says(&mut self, conn: Conn, stanza: &str) {
        let stanza = match stanza.contains("sm:3") {
            true => stanza.to_owned(),
            false => stanza.replacen(' ', " xmlns='jabber:client' ", 1),
        };
        let element = parse(&stanza, LIMITS).expect("the play is well-formed");
        self.input(Input::Element(conn, element));
    }

    pub(super) fn joins(&mut self, conn: Conn, room: &str, nick: &str) {
        self.says(
            conn,
            &format!(
                "<presence to='{room}@rooms.chat.example.org/{nick}'>\
                 <x xmlns='http://jabber.org/protocol/muc'/></presence>"
            ),
        );
    }

    /// What a client was given since this was last called for anybody.
    pub(super) fn got(&mut self, conn: Conn) -> Vec<String> {
        let outputs = std::mem::take(&mut self.outputs);
        given(&self.play, &outputs, conn)
    }

    /// The same, leaving it for others.
    pub(super) fn sees(&self, conn: Conn) -> Vec<String> {
        given(&self.play, &self.outputs, conn)
    }

    pub(super) fn forget(&mut self) {
        self.outputs.clear();
        self.asked.clear();
    }

    /// The process ends and another begins: it has what is stored and those who sleep.
    pub(super) fn restart(&mut self) {
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
    pub(super) fn online(&mut self, who: u64, online: bool) {
        let mut list = self.play.town.online.borrow_mut();
        list.retain(|known| known.0 != who);
        list.extend(online.then_some(AccountId(who)));
        drop(list);
        let presence = if online { Presence::Online } else { Presence::Offline };
        self.input(Input::Presence(Arc::from([(AccountId(who), presence)])));
    }

    fn role_of(&self, account: AccountId) -> Role {
        self.roles.get(&account).copied().unwrap_or(Role::Member)
    }

    fn answer(&mut self, question: Question) -> Answer {
        if self.busy {
            return refused(Code::StoreBusy);
        }
        match question {
            Question::RoomNamed(name) => {
                let named = |(_, log): &(&RoomId, &Log)| {
                    log.facts.name == name && log.facts.room_kind != RoomKind::Direct
                };
                let found = self.rooms.iter().find(named);
                found.map_or(Answer::None, |(id, _)| Answer::Which(*id, false))
            }
            Question::Room(id) => self.state(id),
            Question::Post(conn, room, nonce, draft) => self.posted(conn, room, nonce, draft),
            Question::Join(conn, room) => {
                let account = self.who[&conn];
                let log = &self.rooms[&room];
                if log.members.contains_key(&account) {
                    return Answer::Done;
                }
                let banned = log.banned.contains(&account);
                if let Err(code) = rules::may_join(&log.facts, self.role_of(account), banned) {
                    return refused(code);
                }
                let what = What::Join { who: account, role: MemberRole::Member };
                self.later(room, account, None, what);
                Answer::Done
            }
            Question::CreateRoom(conn, facts) => {
                if self.rooms.values().any(|log| log.facts.name == facts.name) {
                    return refused(Code::Conflict);
                }
                let id = RoomId(self.rooms.len() as u64 + 1);
                let maker = [(self.who[&conn], MemberRole::Moderator)].into();
                let log = Log { facts, members: maker, banned: Vec::new(), events: Vec::new() };
                self.rooms.insert(id, log);
                Answer::Which(id, true)
            }
            Question::SetRole(conn, room, who, role) => {
                let new = !self.rooms[&room].members.contains_key(&who);
                let what = if new { What::Join { who, role } } else { What::Role { who, role } };
                self.rooms.get_mut(&room).expect("it is there").banned.retain(|b| *b != who);
                self.later(room, self.who[&conn], None, what);
                Answer::Done
            }
            Question::Remove { by, room, who, banned } => {
                self.later(room, self.who[&by], None, What::Leave { who, banned });
                Answer::Done
            }
            Question::EditRoom(conn, room, facts) => {
                let account = self.who[&conn];
                let log = &self.rooms[&room];
                let member = log.members.get(&account).copied();
                if let Err(code) = rules::may_administer(&log.facts, member, self.role_of(account))
                {
                    return refused(code);
                }
                self.later(room, account, None, What::Room(facts));
                Answer::Done
            }
            Question::Bans(_, room) => Answer::Accounts(self.rooms[&room].banned.clone()),
            Question::Find(account, nonce) => {
                let found = self.rooms.iter().find_map(|(id, log)| {
                    let own = |e: &&Event| e.from == account && e.nonce.as_ref() == Some(&nonce);
                    Some((*id, log.events.iter().find(own)?.seq))
                });
                found.map_or(Answer::None, |(room, seq)| Answer::Found(room, seq))
            }
            Question::About(room, seq, account) => {
                self.about(room, seq, account).map_or(Answer::None, Answer::About)
            }
            Question::Since(room, seq, limit) => {
                let log = &self.rooms[&room];
                let after = log.events.iter().filter(|event| event.seq > seq).take(limit);
                let told: Vec<Told> = after.map(|event| self.told(room, event)).collect();
                let all = told.len() < limit;
                Answer::Since(told, all)
            }
            Question::PublicRooms(_) => {
                let public = self.rooms.iter().filter(|(_, log)| {
                    log.facts.room_kind == RoomKind::Public && !log.facts.archived
                });
                let row =
                    |(id, log): (&RoomId, &Log)| (*id, log.facts.clone(), log.members.len() as u32);
                Answer::Rooms(public.map(row).collect())
            }
            Question::Read(..) => Answer::Done,
            Question::Account(_)
            | Question::Direct(..)
            | Question::Archive(..)
            | Question::DirectArchive(..)
            | Question::Settings(..)
            | Question::Keep(..)
            | Question::Upload(..)
            | Question::File(..)
            | Question::Display(..) => Answer::None,
        }
    }

    fn later(&mut self, room: RoomId, from: AccountId, nonce: Option<Nonce>, what: What) -> Seq {
        let slow = std::mem::replace(&mut self.slow, true);
        let seq = self.append(room, from, nonce, what);
        self.slow = slow;
        seq
    }

    fn state(&self, id: RoomId) -> Answer {
        let Some(log) = self.rooms.get(&id) else { return Answer::None };
        let member =
            |(account, role): (&AccountId, &MemberRole)| Member { account: *account, role: *role };
        let lines = log.events.iter().filter(|event| matches!(event.what, What::Message(_)));
        Answer::Room(Box::new(RoomState {
            room: id,
            facts: log.facts.clone(),
            at: Position { epoch: Epoch(1), seq: Seq(log.events.len() as u64) },
            members: log.members.iter().map(member).collect(),
            lines: lines.cloned().collect(),
        }))
    }

    fn about(&self, room: RoomId, seq: Seq, account: AccountId) -> Option<About> {
        let log = &self.rooms[&room];
        let event = log.events.get(usize::try_from(seq.0).ok()?.checked_sub(1)?)?;
        let mut reactions: Vec<String> = Vec::new();
        for reaction in log.events.iter().filter(|event| event.from == account) {
            if let What::React { target, emoji, on } = &reaction.what
                && *target == seq
            {
                reactions.retain(|known| known != emoji);
                reactions.extend(on.then(|| emoji.clone()));
            }
        }
        Some(About { target: seq, from: event.from, nonce: event.nonce.clone(), reactions })
    }

    fn told(&self, room: RoomId, event: &Event) -> Told {
        let target = match &event.what {
            What::Edit { target, .. } | What::Delete { target } | What::React { target, .. } => {
                Some(*target)
            }
            _ => None,
        };
        let about = target.and_then(|target| self.about(room, target, event.from));
        Told { event: event.clone(), about }
    }

    fn posted(&mut self, conn: Conn, room: RoomId, nonce: Nonce, draft: Draft) -> Answer {
        let account = self.who[&conn];
        let log = &self.rooms[&room];
        let again = |event: &&Event| event.from == account && event.nonce.as_ref() == Some(&nonce);
        if let Some(event) = log.events.iter().find(again) {
            return Answer::Posted(event.seq, event.at);
        }
        let Some(member) = log.members.get(&account).copied() else {
            return refused(Code::NotFound);
        };
        let target = rules::target_of(&draft).and_then(|seq| {
            let event = log.events.get(usize::try_from(seq.0).ok()?.checked_sub(1)?)?;
            Some(rules::Target {
                author: event.from,
                deleted: false,
                is_message: matches!(event.what, What::Message(_)),
                is_reply: false,
            })
        });
        let role = self.role_of(account);
        let may = rules::may_post(&log.facts, member, role, &draft, target, account);
        if let Err(code) = may {
            return refused(code);
        }
        let file = |id: &FileId| FileRef {
            id: *id,
            name: "f".into(),
            mime: "image/png".into(),
            size: 1,
            width: None,
            height: None,
        };
        let what = match draft {
            // Files below 100 are this account's.
            Draft::Message { files, .. } if files.iter().any(|file| file.0 >= 100) => {
                return refused(Code::NotFound);
            }
            Draft::Message { text, thread, also_room, files, quote } => {
                let files = files.iter().map(file).collect();
                let message =
                    Message { text, thread, also_room, files, quote, ..Message::default() };
                What::Message(Box::new(message))
            }
            Draft::Edit { target, text } => What::Edit { target, text, mentions: Vec::new() },
            Draft::Delete { target } => What::Delete { target },
            Draft::React { target, emoji, on } => What::React { target, emoji, on },
            Draft::Pin { target, on } => What::Pin { target, on },
        };
        let seq = self.later(room, account, Some(nonce), what);
        Answer::Posted(seq, Millis(0))
    }
}

fn refused(code: Code) -> Answer {
    Answer::Refused(Refusal::new(code))
}

/// The elements that a client got, without those around what is asked for.
pub(super) fn messages(got: &[String]) -> Vec<&str> {
    got.iter().map(String::as_str).filter(|stanza| stanza.starts_with("<message")).collect()
}

/// A stanza, taken apart.
pub(super) fn element(stanza: &str) -> Element {
    let wrapped = stanza.replacen(' ', " xmlns='jabber:client' ", 1);
    parse(&wrapped, LIMITS).expect("what is sent is well-formed")
}
