//! Events as stanzas: each event that says something is exactly one message, in rooms and between two.
//!
//! Pure: what an event is about and what it quotes are handed in. Rooms call a message by its place
//! (XEP-0359), as XEP-0424, XEP-0444 and XEP-0461 want it there; between two people it is called as its
//! author calls it. What clients may not understand has a body that says it in words (XEP-0428).

use super::{ids, when};
use crate::jid::Jid;
use crate::ns;
use crate::station::{Directory, Domain, Told};
use crate::xml::Element;
use leeward_core::event::{Event, FileRef, Message, What};
use leeward_core::id::{AccountId, Millis, Nonce, RoomId, Seq};

/// Most of a quoted text that is shown to those who do not know replies, in characters and lines: it
/// only has to remind.
const QUOTE_CHARS_MAX: usize = 240;
const QUOTE_LINES_MAX: usize = 4;
/// What those read who do not know retractions or moderation.
const TAKEN_BACK: &str = "(took a message back; this client goes on showing it)";
const REMOVED: &str = "(a moderator removed a message; this client goes on showing it)";

/// Where a stanza stands: who is who, and whose archive it is in.
#[derive(Clone, Copy)]
pub(crate) struct Frame<'a> {
    /// What is decided for the whole server.
    pub(crate) domain: &'a Domain,
    /// Who is who.
    pub(crate) names: &'a dyn Directory,
    /// Which room's events they are.
    pub(crate) room: RoomId,
    /// How that room is known to whoever gets it.
    pub(crate) place: Place<'a>,
    /// It says when it happened (XEP-0203), because that is a while ago.
    pub(crate) late: bool,
    /// The message that it quotes or whose thread it is in, if that is known.
    pub(crate) quoted: Option<&'a Quoted>,
}

/// How a room is known to whoever gets a stanza.
#[derive(Clone, Copy)]
pub(crate) enum Place<'a> {
    /// As a room (XEP-0045), at this address.
    Room(&'a str),
    /// As what two people say to each other.
    Direct {
        /// Whose archive it is in: the bare address of who gets it.
        by: &'a str,
        /// What it is called there.
        stanza_id: &'a str,
    },
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

impl Frame<'_> {
    /// The address that somebody speaks from.
    pub(crate) fn address_of(&self, account: AccountId) -> String {
        let name = name(self.names, account);
        match self.place {
            Place::Room(room) => format!("{room}/{name}"),
            Place::Direct { .. } => Jid::of(&name, &self.domain.name).to_string(),
        }
    }

    /// What a message is called by those who answer it, react to it or take it back.
    fn name_of(&self, seq: Seq, nonce: Option<&Nonce>) -> String {
        match self.place {
            Place::Room(_) => ids::stanza_id(seq),
            Place::Direct { .. } => ids::shown(nonce, self.room, seq),
        }
    }

    /// Who keeps it in an archive, and what it is called there.
    fn archived(&self, event: &Event) -> Element {
        let (by, id) = match self.place {
            Place::Room(room) => (room, ids::stanza_id(event.seq)),
            Place::Direct { by, stanza_id } => (by, stanza_id.to_owned()),
        };
        Element::new("stanza-id", ns::STANZA_ID).with("by", by).with("id", id)
    }

    /// What every message of an event begins with.
    fn begin(&self, event: &Event, from: String) -> Element {
        let id = ids::shown(event.nonce.as_ref(), self.room, event.seq);
        let kind = match self.place {
            Place::Room(_) => "groupchat",
            Place::Direct { .. } => "chat",
        };
        Element::new("message", ns::CLIENT).with("type", kind).with("id", id).with("from", from)
    }

    /// What every message of an event ends with.
    fn end(&self, message: Element, event: &Event) -> Element {
        let message = message.child(self.archived(event));
        // Who takes something from another is not in the room by that name: the room itself speaks.
        let speaks = message.attribute("from").is_some_and(|from| from.contains('/'));
        let message = match self.place {
            Place::Room(_) if speaks => {
                message.child(occupant_id(self.domain, self.room, event.from))
            }
            Place::Room(_) | Place::Direct { .. } => message,
        };
        match (self.late, self.place) {
            (true, Place::Room(by) | Place::Direct { by, .. }) => {
                message.child(delay(by, event.at))
            }
            (false, _) => message,
        }
    }
}

/// What somebody is called in addresses. A directory knows everybody who ever wrote.
pub(crate) fn name(names: &dyn Directory, account: AccountId) -> String {
    names.person(account).map_or_else(|| format!("account-{account}"), |person| person.name)
}

/// What an occupant is called whatever their nick (XEP-0421): the same for ever, and different in
/// every room.
pub(crate) fn occupant_id(domain: &Domain, room: RoomId, account: AccountId) -> Element {
    let mut hasher = blake3::Hasher::new_keyed(&domain.secret);
    hasher.update(b"occupant\0").update(&room.0.to_le_bytes()).update(&account.0.to_le_bytes());
    let id = &hasher.finalize().to_hex()[..32];
    Element::new("occupant-id", ns::OCCUPANT_ID).with("id", id)
}

/// When something was said (XEP-0203).
pub(crate) fn delay(by: &str, at: Millis) -> Element {
    Element::new("delay", ns::DELAY).with("from", by).with("stamp", when::stamp(at))
}

/// The message that renders an event, without its `to`; none if the event says nothing in XMPP. A
/// message that has been taken back says nothing, an edited one what it says after the edit.
pub(crate) fn render(frame: &Frame<'_>, told: &Told) -> Option<Element> {
    let event = &told.event;
    match &event.what {
        What::Message(message) if message.deleted => None,
        What::Message(message) => Some(said(frame, told, message)),
        What::Edit { target, text, .. } => Some(edited(frame, told, *target, text)),
        What::Delete { target } => Some(taken_back(frame, told, *target)),
        What::React { target, .. } => reacted(frame, told, *target),
        What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => None,
    }
}

fn body(text: &str) -> Element {
    Element::new("body", ns::CLIENT).text(text)
}

fn said(frame: &Frame<'_>, told: &Told, message: &Message) -> Element {
    let event = &told.event;
    let mut out = frame.begin(event, frame.address_of(event.from));
    let answers = message.quote.or(message.thread);
    let quoted = frame.quoted.filter(|quoted| Some(quoted.seq) == answers);
    let quote = quoted.map(|quoted| quote_of(&quoted.text)).unwrap_or_default();
    let urls: Vec<String> = message.files.iter().map(|file| url(frame.domain, file)).collect();
    let lines = [&message.text].into_iter().filter(|text| !text.is_empty()).chain(&urls);
    let text: Vec<&str> = lines.map(String::as_str).collect();
    out = out.child(body(&(quote.clone() + &text.join("\n"))));
    for url in urls {
        let oob = Element::new("x", ns::OOB);
        out = out.child(oob.child(Element::new("url", ns::OOB).text(url)));
    }
    if let Some(root) = message.thread {
        let thread = format!("lw-{}-{root}", frame.room);
        out = out.child(Element::new("thread", ns::CLIENT).text(thread));
    }
    if let Some(answers) = answers {
        out = out.children(reply(frame, told, answers));
        if !quote.is_empty() {
            let end = quote.chars().count().to_string();
            let part = Element::new("body", ns::FALLBACK).with("start", "0").with("end", end);
            out = out
                .child(Element::new("fallback", ns::FALLBACK).with("for", ns::REPLY).child(part));
        }
    }
    if let Some(name) = &message.name {
        out = out.child(Element::new("nick", ns::NICK).text(name));
    }
    frame.end(out, event)
}

/// What an answer says about what it answers (XEP-0461), if that can be named.
fn reply(frame: &Frame<'_>, told: &Told, answers: Seq) -> Option<Element> {
    let quoted = frame.quoted.filter(|quoted| quoted.seq == answers);
    let about = told.about.as_ref().filter(|about| about.target == answers);
    let known = quoted.map(|quoted| (quoted.from, quoted.nonce.as_ref()));
    let known = known.or_else(|| about.map(|about| (about.from, about.nonce.as_ref())));
    let reply = Element::new("reply", ns::REPLY);
    match (known, frame.place) {
        (Some((from, nonce)), _) => {
            let to = frame.address_of(from);
            Some(reply.with("to", to).with("id", frame.name_of(answers, nonce)))
        }
        (None, Place::Room(_)) => Some(reply.with("id", frame.name_of(answers, None))),
        (None, Place::Direct { .. }) => None,
    }
}

/// The beginning of a text as those see it who do not know replies, each line marked; with the line
/// feed before what was said.
fn quote_of(text: &str) -> String {
    let short: String = text.chars().take(QUOTE_CHARS_MAX).collect();
    let lines = short.lines().filter(|line| !line.trim().is_empty()).take(QUOTE_LINES_MAX);
    lines.map(|line| format!("> {line}\n")).collect()
}

/// Where the bytes of a file are.
pub(crate) fn url(domain: &Domain, file: &FileRef) -> String {
    format!("{}/api/v1/files/{}", domain.files_url, file.id)
}

/// A correction (XEP-0308). It names the message by what its author called it, in rooms too.
fn edited(frame: &Frame<'_>, told: &Told, target: Seq, text: &str) -> Element {
    let event = &told.event;
    let nonce = told.about.as_ref().and_then(|about| about.nonce.as_ref());
    let replace =
        Element::new("replace", ns::CORRECT).with("id", ids::shown(nonce, frame.room, target));
    let out = frame.begin(event, frame.address_of(event.from)).child(body(text)).child(replace);
    frame.end(out, event)
}

/// A message that its author took back (XEP-0424) or a moderator removed (XEP-0425).
fn taken_back(frame: &Frame<'_>, told: &Told, target: Seq) -> Element {
    let event = &told.event;
    let about = told.about.as_ref();
    let moderated = about.is_some_and(|about| about.from != event.from);
    let id = frame.name_of(target, about.and_then(|about| about.nonce.as_ref()));
    let mut retract = Element::new("retract", ns::RETRACT).with("id", id);
    let (from, text) = match frame.place {
        Place::Room(room) if moderated => {
            let by = Element::new("moderated", ns::MODERATE)
                .with("by", frame.address_of(event.from))
                .child(occupant_id(frame.domain, frame.room, event.from));
            retract = retract.child(by);
            (room.to_owned(), REMOVED)
        }
        Place::Room(_) | Place::Direct { .. } => (frame.address_of(event.from), TAKEN_BACK),
    };
    let out = frame
        .begin(event, from)
        .child(retract)
        .child(Element::new("fallback", ns::FALLBACK).with("for", ns::RETRACT))
        .child(body(text))
        .child(Element::new("store", ns::HINTS));
    frame.end(out, event)
}

/// All reactions of somebody on a message (XEP-0444), as they stand; none if the message is unknown.
fn reacted(frame: &Frame<'_>, told: &Told, target: Seq) -> Option<Element> {
    let event = &told.event;
    let about = told.about.as_ref()?;
    let id = frame.name_of(target, about.nonce.as_ref());
    let reactions = about
        .reactions
        .iter()
        .map(|emoji| Element::new("reaction", ns::REACTIONS).text(emoji_out(emoji)));
    let reactions = Element::new("reactions", ns::REACTIONS).with("id", id).children(reactions);
    let out = frame
        .begin(event, frame.address_of(event.from))
        .child(reactions)
        .child(Element::new("store", ns::HINTS));
    Some(frame.end(out, event))
}

/// A reaction as XMPP has it: an emoji as it is, a name between colons.
fn emoji_out(emoji: &str) -> String {
    if is_name(emoji) { format!(":{emoji}:") } else { emoji.to_owned() }
}

/// Whether a reaction is a short name and no emoji: clients of XMPP show such only as text.
pub(crate) fn is_name(emoji: &str) -> bool {
    emoji.is_ascii()
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
