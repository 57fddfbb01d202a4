//! The newest lines of a room as they stand, and its newest events as they were sent: what a join and
//! most of those who come back need, without asking the store. Each is rendered once and shared.

use super::render::{Quoted, View, render};
use crate::features::ids;
use crate::ns;
use crate::stanza::Rest;
use crate::station::{About, Told};
use crate::xml::Element;
use bytes::Bytes;
use leeward_core::event::{Event, Message, Reaction, What};
use leeward_core::id::{AccountId, Millis, RoomId, Seq};
use std::collections::VecDeque;

/// Lines that are kept of a room.
const LINES_MAX: usize = 100;
/// Events that are kept of a room, for those who come back.
const TAIL_MAX: usize = 512;
/// Bytes of them, rendered.
const TAIL_BYTES_MAX: usize = 256 * 1024;
/// Names of corrections that are kept of one message: some clients correct the last correction.
const ALIASES_MAX: usize = 8;

/// A message as it stands.
struct Line {
    event: Event,
    /// What its corrections were called.
    aliases: Vec<String>,
    /// As it is shown to those who come later.
    late: Option<Rest>,
}

/// An event as it was sent.
struct Said {
    seq: Seq,
    at: Millis,
    /// As those got it who were here.
    rest: Option<Rest>,
    /// The same for those who come later.
    late: Option<Rest>,
}

/// What is kept of a room.
pub(super) struct Memory {
    lines: VecDeque<Line>,
    /// Every event after `from`.
    tail: VecDeque<Said>,
    from: Seq,
    bytes: usize,
}

/// Which lines somebody who comes wants (XEP-0045, section 7.2.13).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Wanted {
    pub(super) lines_max: usize,
    pub(super) chars_max: usize,
    /// None that are older.
    pub(super) since: Millis,
}

impl Memory {
    /// With the newest lines of a room that is at `at`.
    pub(super) fn new(at: Seq, lines: Vec<Event>) -> Self {
        let mut memory = Self { lines: VecDeque::new(), tail: VecDeque::new(), from: at, bytes: 0 };
        lines.into_iter().for_each(|event| memory.add_line(event));
        memory
    }

    fn add_line(&mut self, event: Event) {
        if !matches!(event.what, What::Message(_)) {
            return;
        }
        if self.lines.len() >= LINES_MAX {
            self.lines.pop_front();
        }
        self.lines.push_back(Line { event, aliases: Vec::new(), late: None });
    }

    fn line(&self, seq: Seq) -> Option<&Line> {
        let index = self.lines.binary_search_by_key(&seq, |line| line.event.seq).ok()?;
        self.lines.get(index)
    }

    fn line_mut(&mut self, seq: Seq) -> Option<&mut Line> {
        let index = self.lines.binary_search_by_key(&seq, |line| line.event.seq).ok()?;
        self.lines.get_mut(index)
    }

    /// The newest message that its author called so, or one of its corrections.
    pub(super) fn called(&self, room: RoomId, id: &str, by: Option<AccountId>) -> Option<Seq> {
        let is = |line: &&Line| {
            let event = &line.event;
            let own = by.is_none_or(|by| by == event.from);
            let named = ids::shown(room, event) == id;
            own && (named || line.aliases.iter().any(|alias| alias == id))
        };
        self.lines.iter().rev().find(is).map(|line| line.event.seq)
    }

    /// What a message says and whose it is, as far as it is remembered.
    pub(super) fn quoted(&self, seq: Seq) -> Option<Quoted> {
        let event = &self.line(seq)?.event;
        let text = message(event)?.text.clone();
        Some(Quoted { seq, from: event.from, nonce: event.nonce.clone(), text })
    }

    /// The reactions of somebody on a message that is remembered.
    pub(super) fn reactions(&self, seq: Seq, by: AccountId) -> Option<Vec<String>> {
        let reactions = &message(&self.line(seq)?.event)?.reactions;
        let own = reactions.iter().filter(|reaction| reaction.by.contains(&by));
        Some(own.map(|reaction| reaction.emoji.clone()).collect())
    }

    /// What an event is about that is done to a message which is remembered, once it is applied.
    pub(super) fn about(&self, target: Seq, by: AccountId) -> Option<About> {
        let event = &self.line(target)?.event;
        let reactions = self.reactions(target, by)?;
        Some(About { target, from: event.from, nonce: event.nonce.clone(), reactions })
    }

    /// Does to the lines what an event says.
    pub(super) fn apply(&mut self, room: RoomId, event: &Event) {
        let target = match &event.what {
            What::Message(_) => return self.add_line(event.clone()),
            What::Edit { target, .. } | What::Delete { target } | What::React { target, .. } => {
                *target
            }
            What::Pin { .. }
            | What::Join { .. }
            | What::Leave { .. }
            | What::Role { .. }
            | What::Room(_) => return,
        };
        let Some(line) = self.line_mut(target) else { return };
        line.late = None;
        let edits = matches!(event.what, What::Edit { .. });
        if edits && line.aliases.len() < ALIASES_MAX {
            line.aliases.push(ids::shown(room, event));
        }
        if let What::Message(message) = &mut line.event.what {
            change(message, event);
        }
    }

    /// Keeps how an event was sent; none if it was not.
    pub(super) fn keep(&mut self, event: &Event, rest: Option<Rest>) {
        let said = Said { seq: event.seq, at: event.at, rest, late: None };
        self.bytes += said.bytes();
        self.tail.push_back(said);
        while self.tail.len() > TAIL_MAX || self.bytes > TAIL_BYTES_MAX {
            let Some(oldest) = self.tail.pop_front() else { return };
            self.bytes -= oldest.bytes();
            self.from = oldest.seq;
        }
    }

    /// Puts before the tail what came right before it, rendered for those who come later, if there is
    /// place.
    pub(super) fn precede(&mut self, after: Seq, said: &[(Seq, Option<Rest>)]) {
        let reaches = said.last().is_some_and(|(seq, _)| *seq == self.from);
        let said = said.iter().map(|(seq, late)| Said {
            seq: *seq,
            at: Millis(0),
            rest: None,
            late: late.clone(),
        });
        let said: Vec<Said> = said.collect();
        let bytes: usize = said.iter().map(Said::bytes).sum();
        let fits = self.tail.len() + said.len() <= TAIL_MAX && self.bytes + bytes <= TAIL_BYTES_MAX;
        if reaches && fits {
            said.into_iter().rev().for_each(|said| self.tail.push_front(said));
            self.bytes += bytes;
            self.from = after;
        }
    }

    /// Everything after a position for those who come later, with its places; none if that is not all
    /// here. `by`: the address of the room.
    pub(super) fn after(&mut self, seq: Seq, by: &str) -> Option<Vec<(Seq, Rest)>> {
        if seq < self.from {
            return None;
        }
        let first = self.tail.partition_point(|said| said.seq <= seq);
        let missed = self.tail.range_mut(first..);
        Some(missed.filter_map(|said| Some((said.seq, said.late(by)?))).collect())
    }

    /// Forgets how everything was rendered, because the room is somewhere else after `at`.
    pub(super) fn moved(&mut self, at: Seq) {
        self.lines.iter_mut().for_each(|line| line.late = None);
        self.tail.clear();
        (self.bytes, self.from) = (0, at);
    }

    /// What the tail comes after.
    pub(super) fn from(&self) -> Seq {
        self.from
    }

    /// The lines that somebody wants who comes, oldest first, as `view` shows them.
    pub(super) fn lines(&mut self, view: View<'_>, wanted: Wanted) -> Vec<(Seq, Rest)> {
        let mut found = Vec::new();
        let mut chars = 0;
        for index in (0..self.lines.len()).rev() {
            let line = &self.lines[index];
            if found.len() >= wanted.lines_max || line.event.at < wanted.since {
                break;
            }
            let Some(rest) = self.late_line(view, index) else { continue };
            chars += rest.bytes.len();
            if chars > wanted.chars_max {
                break;
            }
            found.push((self.lines[index].event.seq, rest));
        }
        found.reverse();
        found
    }

    fn late_line(&mut self, view: View<'_>, index: usize) -> Option<Rest> {
        let line = self.lines.get(index)?;
        if line.late.is_some() || message(&line.event).is_none_or(|message| message.deleted) {
            return line.late.clone();
        }
        let told = Told { event: line.event.clone(), about: None };
        let answers = message(&told.event).and_then(|message| message.quote.or(message.thread));
        let quoted = answers.and_then(|seq| self.quoted(seq));
        let view = View { quoted: quoted.as_ref(), ..view };
        let rest = Rest::of(&render(&view, &told)?);
        self.lines[index].late = Some(rest.clone());
        Some(rest)
    }

    /// How many bytes of events are kept.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Said {
    fn bytes(&self) -> usize {
        self.rest.as_ref().or(self.late.as_ref()).map_or(0, |rest| rest.bytes.len())
    }

    fn late(&mut self, by: &str) -> Option<Rest> {
        if self.late.is_none()
            && let Some(rest) = &self.rest
        {
            self.late = Some(delayed(rest, by, self.at));
        }
        self.late.clone()
    }
}

/// The same message, saying when it was sent.
fn delayed(rest: &Rest, by: &str, at: Millis) -> Rest {
    const END: &[u8] = b"</message>";
    let inside = rest.bytes.strip_suffix(END).unwrap_or(&rest.bytes);
    let mut delay = String::new();
    super::render::delay(by, at).write(&mut delay, ns::CLIENT);
    Rest { kind: rest.kind, bytes: Bytes::from([inside, delay.as_bytes(), END].concat()) }
}

fn message(event: &Event) -> Option<&Message> {
    match &event.what {
        What::Message(message) => Some(message),
        What::Edit { .. }
        | What::Delete { .. }
        | What::React { .. }
        | What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => None,
    }
}

/// Does to a message what a later event says.
fn change(message: &mut Message, event: &Event) {
    match &event.what {
        What::Edit { text, mentions, .. } => {
            message.text.clone_from(text);
            message.mentions.clone_from(mentions);
            message.edited_at = Some(event.at);
        }
        What::Delete { .. } => *message = Message { deleted: true, ..Message::default() },
        What::React { emoji, on, .. } => react(&mut message.reactions, emoji, event.from, *on),
        What::Message(_)
        | What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => {}
    }
}

fn react(reactions: &mut Vec<Reaction>, emoji: &str, who: AccountId, on: bool) {
    let at = reactions.iter().position(|reaction| reaction.emoji == emoji);
    match (at, on) {
        (Some(at), true) if !reactions[at].by.contains(&who) => reactions[at].by.push(who),
        (Some(_), true) | (None, false) => {}
        (Some(at), false) => {
            reactions[at].by.retain(|by| *by != who);
            if reactions[at].by.is_empty() {
                reactions.remove(at);
            }
        }
        (None, true) => reactions.push(Reaction { emoji: emoji.to_owned(), by: vec![who] }),
    }
}

/// The element of a stanza that only carries a child, as notices of typing are.
pub(super) fn carrying(from: &str, child: Element) -> Rest {
    let message = Element::new("message", ns::CLIENT).with("type", "groupchat").with("from", from);
    Rest::of(&message.child(child))
}
