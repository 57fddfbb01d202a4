//! The model: what the store should answer, kept in vectors and maps.

use crate::Said;
use crate::fold::{Room, fold};
use leeward_core::code::Code;
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::RoomKind;
use leeward_core::rules::{self, Target};
use leeward_store::Append;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Default)]
struct Kept {
    state: Room,
    /// As the log gives them: what was deleted has lost its text.
    log: Vec<Event>,
    /// Every message with its state, replies included.
    messages: BTreeMap<Seq, Event>,
    read: BTreeMap<AccountId, Seq>,
}

#[derive(Default)]
pub(crate) struct Oracle {
    rooms: BTreeMap<RoomId, Kept>,
    nonces: BTreeMap<(AccountId, String), (RoomId, Seq)>,
}

impl Oracle {
    pub(crate) fn create(&mut self, events: &[Event]) {
        let room = RoomId(self.rooms.len() as u64 + 1);
        self.rooms.insert(room, Kept::default());
        self.apply(room, events);
    }

    pub(crate) fn room(&self, room: RoomId) -> &Room {
        &self.rooms[&room].state
    }

    pub(crate) fn log(&self, room: RoomId) -> Vec<Event> {
        self.rooms[&room].log.clone()
    }

    pub(crate) fn head(&self, room: RoomId) -> u64 {
        self.rooms[&room].log.len() as u64
    }

    pub(crate) fn append(&mut self, a: &Append) -> Said {
        let key = (a.author.account, a.nonce.as_str().to_owned());
        let known = self.nonces.get(&key);
        if let Some((room, seq)) = known.filter(|(room, _)| *room == a.room) {
            let event = self.rooms[room].log[seq.0 as usize - 1].clone();
            return Ok((*room, event, true));
        }
        let what = self.what(a)?;
        if known.is_some() {
            return Err(Code::Conflict);
        }
        let seq = Seq(self.head(a.room) + 1);
        let nonce = Some(a.nonce.clone());
        let event = Event { seq, at: a.at, from: a.author.account, nonce, what };
        self.apply(a.room, std::slice::from_ref(&event));
        self.nonces.insert(key, (a.room, seq));
        Ok((a.room, event, false))
    }

    fn what(&self, a: &Append) -> Result<What, Code> {
        let kept = &self.rooms[&a.room];
        let facts = kept.state.facts.as_ref().expect("every room begins with its facts");
        let member = *kept.state.members.get(&a.author.account).ok_or(Code::NotFound)?;
        let target = rules::target_of(&a.draft).and_then(|seq| kept.target(seq));
        rules::may_post(facts, member, a.author.role, &a.draft, target, a.author.account)?;
        let here = |who: &AccountId| kept.state.members.contains_key(who);
        let mentions: Vec<_> = a.mentions.iter().copied().filter(here).collect();
        Ok(match a.draft.clone() {
            Draft::Message { text, thread, also_room, quote, .. } => {
                if let Some(quote) = quote {
                    let quoted = kept.target(quote).ok_or(Code::NotFound)?;
                    if !quoted.is_message {
                        return Err(Code::BadRequest);
                    }
                }
                What::Message(Box::new(Message {
                    text,
                    thread,
                    also_room,
                    quote,
                    mentions,
                    mentions_room: a.mentions_room,
                    name: a.name.clone(),
                    ..Message::default()
                }))
            }
            Draft::Edit { target, text } => What::Edit { target, text, mentions },
            Draft::Delete { target } => What::Delete { target },
            Draft::React { target, emoji, on } => What::React { target, emoji, on },
            Draft::Pin { target, on } => What::Pin { target, on },
        })
    }

    pub(crate) fn apply(&mut self, room: RoomId, events: &[Event]) {
        let kept = self.rooms.get_mut(&room).expect("made before");
        for event in events {
            assert_eq!(event.seq.0, kept.log.len() as u64 + 1, "no hole, no double");
            kept.log.push(event.clone());
            kept.state.apply(event);
            if matches!(event.what, What::Message(_)) {
                kept.messages.insert(event.seq, event.clone());
            }
            fold(&mut kept.messages, event);
            match &event.what {
                What::Delete { target } => kept.forget_text(*target),
                What::Join { who, .. } => {
                    kept.read.insert(*who, event.seq);
                }
                What::Leave { who, .. } => {
                    kept.read.remove(who);
                }
                What::Message(_)
                | What::Edit { .. }
                | What::React { .. }
                | What::Pin { .. }
                | What::Role { .. }
                | What::Room(_) => {}
            }
        }
    }

    pub(crate) fn mark_read(
        &mut self,
        who: AccountId,
        room: RoomId,
        seq: Seq,
    ) -> Option<(Seq, u32)> {
        let head = self.head(room);
        let kept = self.rooms.get_mut(&room)?;
        let mark = kept.read.get_mut(&who)?;
        *mark = Seq(seq.0.min(head));
        let mark = *mark;
        Some((mark, kept.mentions(who, mark)))
    }

    /// Head, last message, read mark and mentions of one who is in the room.
    pub(crate) fn summary(&self, who: AccountId, room: RoomId) -> Option<(Seq, Seq, Seq, u32)> {
        let kept = &self.rooms[&room];
        let read = *kept.read.get(&who)?;
        let last = kept.messages.last_key_value().map_or(Seq(0), |(seq, _)| *seq);
        Some((Seq(kept.log.len() as u64), last, read, kept.mentions(who, read)))
    }

    pub(crate) fn pinned(&self, room: RoomId) -> Vec<Seq> {
        let messages = self.rooms[&room].messages.iter();
        messages.filter(|(_, m)| said(m).pinned).map(|(seq, _)| *seq).collect()
    }

    pub(crate) fn threads(&self, room: RoomId) -> BTreeSet<Seq> {
        self.rooms[&room].messages.values().filter_map(|m| said(m).thread).collect()
    }

    pub(crate) fn thread(&self, room: RoomId, root: Seq) -> Vec<Event> {
        let messages = self.rooms[&room].messages.values();
        messages.filter(|m| m.seq == root || said(m).thread == Some(root)).cloned().collect()
    }
}

fn said(event: &Event) -> &Message {
    let What::Message(message) = &event.what else { panic!("no message: {event:?}") };
    message
}

impl Kept {
    fn target(&self, seq: Seq) -> Option<Target> {
        let index = usize::try_from(seq.0.checked_sub(1)?).ok()?;
        let event = self.log.get(index)?;
        let message = self.messages.get(&seq).map(said);
        Some(Target {
            author: event.from,
            deleted: message.is_some_and(|m| m.deleted),
            is_message: message.is_some(),
            is_reply: message.is_some_and(|m| m.thread.is_some()),
        })
    }

    fn mentions(&self, who: AccountId, read: Seq) -> u32 {
        let facts = self.state.facts.as_ref().expect("every room begins with its facts");
        let direct = facts.room_kind == RoomKind::Direct;
        let names = |event: &&Event| {
            let message = said(event);
            let named = direct || message.mentions_room || message.mentions.contains(&who);
            event.seq > read && event.from != who && !message.deleted && named
        };
        self.messages.values().filter(names).count() as u32
    }

    fn forget_text(&mut self, target: Seq) {
        for event in &mut self.log {
            match &mut event.what {
                What::Message(message) if event.seq == target => {
                    **message = Message {
                        thread: message.thread,
                        also_room: message.also_room,
                        name: message.name.take(),
                        ..Message::default()
                    };
                }
                What::Edit { target: edited, text, mentions } if *edited == target => {
                    text.clear();
                    mentions.clear();
                }
                _ => {}
            }
        }
    }
}
