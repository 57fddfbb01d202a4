//! What comes of the questions of a station: by the rules of the core, at once.

use super::world::{Log, World};
use crate::station::{About, Answer, Conn, Question, RoomState, Told};
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::event::{Draft, Event, FileRef, Message, What};
use leeward_core::id::{AccountId, Epoch, FileId, Millis, Nonce, Position, RoomId, Seq};
use leeward_core::room::{Member, MemberRole, RoomKind};
use leeward_core::rules;

impl World {
    fn role_of(&self, account: AccountId) -> Role {
        self.roles.get(&account).copied().unwrap_or(Role::Member)
    }

    /// What comes of a question.
    pub(crate) fn answer(&mut self, question: Question) -> Answer {
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
            question => self.look_up(question),
        }
    }

    /// What is only looked up.
    fn look_up(&mut self, question: Question) -> Answer {
        match question {
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
            | Question::RoomNamed(_)
            | Question::Room(_)
            | Question::Post(..)
            | Question::Join(..)
            | Question::CreateRoom(..)
            | Question::SetRole(..)
            | Question::Remove { .. }
            | Question::EditRoom(..)
            | Question::Direct(..)
            | Question::Archive(..)
            | Question::DirectArchive(..)
            | Question::Settings(..)
            | Question::Keep(..)
            | Question::Upload(..)
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
