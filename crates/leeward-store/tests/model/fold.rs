//! What events do to the state of a room, as a client applies them.

use leeward_core::event::{Event, Message, Reaction, Replies, What};
use leeward_core::id::{AccountId, Seq};
use leeward_core::room::{MemberRole, RoomFacts};
use leeward_core::wire::Snapshot;
use std::collections::BTreeMap;

/// A room as a client shows it.
#[derive(Clone, PartialEq, Debug, Default)]
pub(crate) struct Room {
    pub(crate) facts: Option<RoomFacts>,
    pub(crate) members: BTreeMap<AccountId, MemberRole>,
    /// The lines of the room's own timeline.
    pub(crate) lines: BTreeMap<Seq, Event>,
}

impl Room {
    pub(crate) fn of(snapshot: &Snapshot) -> Self {
        Self {
            facts: Some(snapshot.facts.clone()),
            members: snapshot.members.iter().map(|m| (m.account, m.role)).collect(),
            lines: snapshot.lines.iter().map(|line| (line.seq, line.clone())).collect(),
        }
    }

    pub(crate) fn apply(&mut self, event: &Event) {
        match &event.what {
            What::Join { who, role } | What::Role { who, role } => {
                self.members.insert(*who, *role);
            }
            What::Leave { who, .. } => {
                self.members.remove(who);
            }
            What::Room(facts) => self.facts = Some(facts.clone()),
            What::Message(_)
            | What::Edit { .. }
            | What::Delete { .. }
            | What::React { .. }
            | What::Pin { .. } => {}
        }
        if in_timeline(&event.what) {
            self.lines.insert(event.seq, event.clone());
        }
        fold(&mut self.lines, event);
    }
}

/// A reply shows in the room only when that was asked for.
fn in_timeline(what: &What) -> bool {
    let hidden = matches!(what, What::Message(m) if m.thread.is_some() && !m.also_room);
    what.is_line() && !hidden
}

/// Applies an event to the message that it is about, if that is among the lines.
pub(crate) fn fold(lines: &mut BTreeMap<Seq, Event>, event: &Event) {
    let (target, change): (Seq, Change<'_>) = match &event.what {
        What::Message(message) => match message.thread {
            Some(root) => (root, Change::Reply),
            None => return,
        },
        What::Edit { target, text, mentions } => (*target, Change::Edit(text, mentions)),
        What::Delete { target } => (*target, Change::Delete),
        What::React { target, emoji, on } => (*target, Change::React(emoji, *on)),
        What::Pin { target, on } => (*target, Change::Pin(*on)),
        What::Join { .. } | What::Leave { .. } | What::Role { .. } | What::Room(_) => return,
    };
    let Some(Event { what: What::Message(message), .. }) = lines.get_mut(&target) else { return };
    match change {
        Change::Reply => {
            let count = message.replies.map_or(0, |replies| replies.count) + 1;
            message.replies = Some(Replies { count, last: event.seq, last_at: event.at });
        }
        Change::Edit(text, mentions) => {
            message.text = text.to_owned();
            message.mentions = mentions.to_vec();
            message.edited_at = Some(event.at);
        }
        Change::Delete => take_back(message),
        Change::React(emoji, on) => react(&mut message.reactions, emoji, event.from, on),
        Change::Pin(on) => message.pinned = on,
    }
}

enum Change<'e> {
    Reply,
    Edit(&'e str, &'e [AccountId]),
    Delete,
    React(&'e str, bool),
    Pin(bool),
}

/// What remains of a deleted message.
fn take_back(message: &mut Message) {
    *message = Message {
        deleted: true,
        thread: message.thread,
        also_room: message.also_room,
        name: message.name.take(),
        replies: message.replies,
        ..Message::default()
    };
}

fn react(chips: &mut Vec<Reaction>, emoji: &str, by: AccountId, on: bool) {
    match (chips.iter_mut().find(|chip| chip.emoji == emoji), on) {
        (Some(chip), true) => {
            if !chip.by.contains(&by) {
                chip.by.push(by);
            }
        }
        (Some(chip), false) => chip.by.retain(|who| *who != by),
        (None, true) => chips.push(Reaction { emoji: emoji.to_owned(), by: vec![by] }),
        (None, false) => {}
    }
    chips.retain(|chip| !chip.by.is_empty());
}
