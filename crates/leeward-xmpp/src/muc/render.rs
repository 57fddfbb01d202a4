//! Events as stanzas: each event that says something is exactly one message, in rooms and between two.
//!
//! Pure: what an event is about and what it quotes are handed in. Rooms call a message by its place
//! (XEP-0359), as XEP-0424, XEP-0444 and XEP-0461 want it there; between two people it is called as its
//! author calls it. What clients may not understand has a body that says it in words (XEP-0428).

use super::draft::THREAD;
use crate::features::{emoji, ids};
use crate::jid::Jid;
use crate::ns;
use crate::station::{Directory, Domain, Told};
use crate::time;
use crate::xml::Element;
use leeward_core::event::{Event, Message, What};
use leeward_core::id::{AccountId, Millis, Nonce, RoomId, Seq};

/// Most of a quoted text that is shown to those who do not know replies, in characters and lines: it
/// only has to remind.
const QUOTE_CHARS_MAX: usize = 240;
const QUOTE_LINES_MAX: usize = 4;
/// What those read who do not know retractions or moderation.
const TAKEN_BACK: &str = "(took a message back; this client goes on showing it)";
const REMOVED: &str = "(a moderator removed a message; this client goes on showing it)";

/// Where a message stands.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The room.
    pub room: RoomId,
    /// Whom its ids are by: the address of the room, or that of the account whose archive it is in.
    pub by: &'a str,
    /// In a room of more than two: its address, from which each speaks under their name.
    pub group: bool,
    /// It is told later than it was said (XEP-0203).
    pub delayed: bool,
}

/// All that a message is made from but the event.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    /// What is decided for the whole server.
    pub(crate) domain: &'a Domain,
    /// Who is who.
    pub(crate) names: &'a dyn Directory,
    /// Where it stands.
    pub(crate) frame: Frame<'a>,
    /// The message that it quotes or whose thread it is in, if that is known.
    pub(crate) quoted: Option<&'a Quoted>,
}

/// A message that another one answers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Quoted {
    /// Its place.
    pub(crate) seq: Seq,
    /// Who wrote it.
    pub(crate) from: AccountId,
    /// What they called it.
    pub(crate) nonce: Option<Nonce>,
    /// What it says; empty if that is not known.
    pub(crate) text: String,
}

impl View<'_> {
    fn address_of(&self, account: AccountId) -> String {
        sender(self.domain, self.names, self.frame, account)
    }

    /// What a message is called by those who answer it, react to it or take it back.
    fn name_of(&self, seq: Seq, nonce: Option<&Nonce>) -> String {
        match self.frame.group {
            true => ids::stanza_id(seq),
            false => ids::shown_nonce(self.frame.room, seq, nonce),
        }
    }

    /// What every message of an event begins with.
    fn begin(&self, event: &Event, from: String) -> Element {
        let kind = if self.frame.group { "groupchat" } else { "chat" };
        let id = ids::shown(self.frame.room, event);
        Element::new("message", ns::CLIENT).with("from", from).with("type", kind).with("id", id)
    }

    /// What every message of an event ends with.
    fn end(&self, message: Element, event: &Event) -> Element {
        let Frame { room, by, group, delayed } = self.frame;
        let place = match group {
            true => ids::stanza_id(event.seq),
            false => ids::archive_id(room, event.seq),
        };
        // Where the room itself speaks, nobody does.
        let speaks = message.attribute("from") != Some(by);
        let id = ids::shown(room, event);
        let stanza_id = Element::new("stanza-id", ns::STANZA_ID).with("by", by).with("id", place);
        message
            .child(stanza_id)
            .child(Element::new("origin-id", ns::STANZA_ID).with("id", id))
            .children((group && speaks).then(|| occupant_id(self.domain, room, event.from)))
            .children(delayed.then(|| delay(by, event.at)))
    }
}

/// Whom a message is from: in a room the occupant, between two the account.
pub fn sender(
    domain: &Domain,
    names: &dyn Directory,
    frame: Frame<'_>,
    account: AccountId,
) -> String {
    let name = name(names, account);
    match frame.group {
        true => format!("{}/{name}", frame.by),
        false => Jid::of(&name, &domain.name).to_string(),
    }
}

/// What somebody is called in addresses. A directory knows everybody who ever wrote.
pub(crate) fn name(names: &dyn Directory, account: AccountId) -> String {
    names.person(account).map_or_else(|| format!("account-{account}"), |person| person.name)
}

/// Who an occupant is, whatever they are called (XEP-0421): the same for ever, another in each room.
pub fn occupant_id(domain: &Domain, room: RoomId, account: AccountId) -> Element {
    let mut mac = blake3::Hasher::new_keyed(&domain.secret);
    mac.update(&room.0.to_be_bytes()).update(&account.0.to_be_bytes());
    let id = mac.finalize().to_hex()[..32].to_owned();
    Element::new("occupant-id", ns::OCCUPANT_ID).with("id", id)
}

/// When something was said (XEP-0203).
pub(crate) fn delay(by: &str, at: Millis) -> Element {
    Element::new("delay", ns::DELAY).with("from", by).with("stamp", time::date_time(at))
}

/// The message that tells an event, without its `to`; none where it is told in another way, or not at
/// all.
pub fn message(
    domain: &Domain,
    names: &dyn Directory,
    frame: Frame<'_>,
    told: &Told,
) -> Option<Element> {
    render(&View { domain, names, frame, quoted: None }, told)
}

/// The same, with what it quotes for those who do not know replies.
pub(crate) fn render(view: &View<'_>, told: &Told) -> Option<Element> {
    let event = &told.event;
    match &event.what {
        What::Message(message) if message.deleted => Some(tombstone(view, event)),
        What::Message(message) => Some(said(view, told, message)),
        What::Edit { target, text, .. } => Some(edited(view, told, *target, text)),
        What::Delete { target } => Some(taken_back(view, told, *target)),
        What::React { target, .. } => reacted(view, told, *target),
        What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => None,
    }
}

/// A message that is not there any more: an archive still has its place (XEP-0424, section 5).
fn tombstone(view: &View<'_>, event: &Event) -> Element {
    let stamp = time::date_time(event.at);
    let gone = Element::new("retracted", ns::RETRACT).with("stamp", stamp);
    view.end(view.begin(event, view.address_of(event.from)).child(gone), event)
}

fn body(text: &str) -> Element {
    Element::new("body", ns::CLIENT).text(text)
}

fn said(view: &View<'_>, told: &Told, message: &Message) -> Element {
    let event = &told.event;
    let mut out = view.begin(event, view.address_of(event.from));
    let answers = message.quote.or(message.thread);
    let quoted = view.quoted.filter(|quoted| Some(quoted.seq) == answers);
    let quote = quoted.map(|quoted| quote_of(&quoted.text)).unwrap_or_default();
    let urls: Vec<String> = message.files.iter().map(|file| view.names.file_url(file)).collect();
    let lines = [&message.text].into_iter().filter(|text| !text.is_empty()).chain(&urls);
    let text: Vec<&str> = lines.map(String::as_str).collect();
    out = out.child(body(&(quote.clone() + &text.join("\n"))));
    // Clients show a file in place only where it is all that the message has.
    if let ([url], true) = (&urls[..], message.text.is_empty()) {
        let url = Element::new("url", ns::OOB).text(url);
        out = out.child(Element::new("x", ns::OOB).child(url));
    }
    if let Some(root) = message.thread {
        let thread = format!("{THREAD}{}", ids::stanza_id(root));
        out = out.child(Element::new("thread", ns::CLIENT).text(thread));
    }
    if let Some(answers) = answers {
        out = out.children(reply(view, told, answers));
        if !quote.is_empty() {
            let end = quote.chars().count().to_string();
            let part = Element::new("body", ns::FALLBACK).with("start", "0").with("end", end);
            out = out.child(fallback(ns::REPLY).child(part));
        }
    }
    if let Some(name) = &message.name {
        out = out.child(Element::new("nick", ns::NICK).text(name));
    }
    if !view.frame.group {
        out = out.child(Element::new("request", ns::RECEIPTS));
        out = out.child(Element::new("markable", ns::MARKERS));
    }
    view.end(out, event)
}

/// What in the body is only for those who do not know something (XEP-0428).
fn fallback(of: &'static str) -> Element {
    Element::new("fallback", ns::FALLBACK).with("for", of)
}

/// What an answer says about what it answers (XEP-0461), if that can be named.
fn reply(view: &View<'_>, told: &Told, answers: Seq) -> Option<Element> {
    let quoted = view.quoted.filter(|quoted| quoted.seq == answers);
    let about = told.about.as_ref().filter(|about| about.target == answers);
    let known = quoted.map(|quoted| (quoted.from, quoted.nonce.as_ref()));
    let known = known.or_else(|| about.map(|about| (about.from, about.nonce.as_ref())));
    let reply = Element::new("reply", ns::REPLY);
    match known {
        Some((from, nonce)) => {
            let to = view.address_of(from);
            Some(reply.with("to", to).with("id", view.name_of(answers, nonce)))
        }
        None => view.frame.group.then(|| reply.with("id", ids::stanza_id(answers))),
    }
}

/// The beginning of a text as those see it who do not know replies, each line marked; with the line
/// feed before what was said.
fn quote_of(text: &str) -> String {
    let short: String = text.chars().take(QUOTE_CHARS_MAX).collect();
    let lines = short.lines().filter(|line| !line.trim().is_empty()).take(QUOTE_LINES_MAX);
    lines.map(|line| format!("> {line}\n")).collect()
}

/// A correction (XEP-0308). It names the message by what its author called it, in rooms too.
fn edited(view: &View<'_>, told: &Told, target: Seq, text: &str) -> Element {
    let event = &told.event;
    let nonce = told.about.as_ref().and_then(|about| about.nonce.as_ref());
    let id = ids::shown_nonce(view.frame.room, target, nonce);
    let replace = Element::new("replace", ns::CORRECT).with("id", id);
    let out = view.begin(event, view.address_of(event.from)).child(body(text)).child(replace);
    view.end(out, event)
}

/// A message that its author took back (XEP-0424) or a moderator removed (XEP-0425): then it is the
/// room that says so.
fn taken_back(view: &View<'_>, told: &Told, target: Seq) -> Element {
    let event = &told.event;
    let about = told.about.as_ref();
    let moderated = about.is_some_and(|about| about.from != event.from) && view.frame.group;
    let id = view.name_of(target, about.and_then(|about| about.nonce.as_ref()));
    let mut retract = Element::new("retract", ns::RETRACT).with("id", id);
    let (from, text) = match moderated {
        true => (view.frame.by.to_owned(), REMOVED),
        false => (view.address_of(event.from), TAKEN_BACK),
    };
    if moderated {
        let by = Element::new("moderated", ns::MODERATE)
            .with("by", view.address_of(event.from))
            .child(occupant_id(view.domain, view.frame.room, event.from));
        retract = retract.child(by);
    }
    let out = view.begin(event, from).child(retract).child(fallback(ns::RETRACT)).child(body(text));
    view.end(out.child(Element::new("store", ns::HINTS)), event)
}

/// All reactions of somebody on a message (XEP-0444), as they stand; none if the message is unknown.
fn reacted(view: &View<'_>, told: &Told, target: Seq) -> Option<Element> {
    let event = &told.event;
    let about = told.about.as_ref()?;
    let id = view.name_of(target, about.nonce.as_ref());
    let reactions = about.reactions.iter();
    let reactions = reactions.map(|name| Element::new("reaction", ns::REACTIONS).text(emoji(name)));
    let reactions = Element::new("reactions", ns::REACTIONS).with("id", id).children(reactions);
    let out = view.begin(event, view.address_of(event.from)).child(reactions);
    Some(view.end(out.child(Element::new("store", ns::HINTS)), event))
}

/// What a room is about, as its last word to whoever joins and as a message when it changes.
pub(crate) fn subject(from: &str, topic: &str) -> Element {
    Element::new("message", ns::CLIENT)
        .with("type", "groupchat")
        .with("from", from)
        .child(Element::new("subject", ns::CLIENT).text(topic))
}

#[cfg(test)]
#[path = "render_tests.rs"]
mod tests;
