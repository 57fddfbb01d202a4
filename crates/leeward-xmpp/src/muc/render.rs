//! Events as messages: of rooms and of direct rooms, live, as history and out of an archive.

use super::draft::THREAD;
use crate::features::ids;
use crate::ns;
use crate::station::{Directory, Domain, Told};
use crate::time;
use crate::xml::Element;
use leeward_core::event::{Message, What};
use leeward_core::id::{AccountId, Millis, RoomId, Seq};

/// Where a message stands.
#[derive(Clone, Copy)]
pub struct Frame<'a> {
    /// The room.
    pub room: RoomId,
    /// Whom its ids are by: the address of the room, or that of the account whose archive it is in.
    pub by: &'a str,
    /// In a room of more than two: its address, from which each speaks under their name.
    pub group: bool,
    /// It is told later than it was said.
    pub delayed: bool,
}

/// The message that tells an event; none where it is told in another way, or not at all.
pub fn message(
    domain: &Domain,
    names: &dyn Directory,
    frame: Frame<'_>,
    told: &Told,
) -> Option<Element> {
    let event = &told.event;
    let id = ids::shown(frame.room, event);
    let from = sender(domain, names, frame, event.from);
    let kind = if frame.group { "groupchat" } else { "chat" };
    let stanza = Element::new("message", ns::CLIENT).with("from", from).with("type", kind);
    let mut stanza = stanza.with("id", id.clone());
    match &event.what {
        What::Message(message) if message.deleted => {
            // An archive still has its place (XEP-0424, section 5).
            stanza.push(retracted(event.at).into());
        }
        What::Message(message) => stanza = said(names, frame, message, stanza),
        What::Edit { text, .. } => {
            let about = told.about.as_ref()?;
            let original = ids::shown_nonce(frame.room, about.target, about.nonce.as_ref());
            stanza = stanza
                .child(body(text))
                .child(Element::new("replace", ns::CORRECT).with("id", original));
        }
        What::Delete { target } => {
            let about = told.about.as_ref()?;
            stanza = taken_back(domain, names, frame, (*target, about.from, event.from), stanza)
                .child(body("A message was taken back."));
        }
        What::React { target, .. } => {
            let about = told.about.as_ref()?;
            let emoji = |emoji: &String| {
                Element::new("reaction", ns::REACTIONS).text(crate::features::emoji(emoji))
            };
            let named = target_id(frame, *target, about.nonce.as_ref());
            let reactions = Element::new("reactions", ns::REACTIONS)
                .with("id", named)
                .children(about.reactions.iter().map(emoji));
            stanza = stanza.child(reactions).child(hint("store"));
        }
        What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => return None,
    }
    Some(stanza.children(common(domain, frame, event.from, event.seq, &id, event.at)))
}

/// What a message is called in reactions and retractions: in a room what the room calls it, between two
/// what its author does.
fn target_id(frame: Frame<'_>, target: Seq, nonce: Option<&leeward_core::id::Nonce>) -> String {
    if frame.group { ids::stanza_id(target) } else { ids::shown_nonce(frame.room, target, nonce) }
}

/// What is in every message.
fn common(
    domain: &Domain,
    frame: Frame<'_>,
    from: AccountId,
    seq: Seq,
    id: &str,
    at: Millis,
) -> Vec<Element> {
    let name = if frame.group { ids::stanza_id(seq) } else { ids::archive_id(frame.room, seq) };
    let stanza_id = Element::new("stanza-id", ns::STANZA_ID).with("by", frame.by).with("id", name);
    let origin = Element::new("origin-id", ns::STANZA_ID).with("id", id);
    let mut all = vec![stanza_id, origin];
    if frame.group {
        all.push(occupant_id(domain, frame.room, from));
    }
    if frame.delayed {
        let stamp = time::date_time(at);
        all.push(Element::new("delay", ns::DELAY).with("from", frame.by).with("stamp", stamp));
    }
    all
}

fn said(
    names: &dyn Directory,
    frame: Frame<'_>,
    message: &Message,
    mut stanza: Element,
) -> Element {
    let urls: Vec<String> = message.files.iter().map(|file| names.file_url(file)).collect();
    let text = match (message.text.is_empty(), urls.is_empty()) {
        (false, true) => message.text.clone(),
        (true, _) => urls.join("\n"),
        (false, false) => format!("{}\n{}", message.text, urls.join("\n")),
    };
    stanza.push(body(&text).into());
    // Clients show a file in place only where it is all that the message has.
    if let ([url], true) = (&urls[..], message.text.is_empty()) {
        let url = Element::new("url", ns::OOB).text(url.clone());
        stanza.push(Element::new("x", ns::OOB).child(url).into());
    }
    let answers = message.quote.or(message.thread);
    if let Some(target) = answers.filter(|_| frame.group) {
        let reply = Element::new("reply", ns::REPLY).with("id", ids::stanza_id(target));
        stanza.push(reply.into());
    }
    if let Some(root) = message.thread {
        let thread = format!("{THREAD}{}", ids::stanza_id(root));
        stanza.push(Element::new("thread", ns::CLIENT).text(thread).into());
    }
    if let Some(name) = &message.name {
        stanza.push(Element::new("nick", ns::NICK).text(name.clone()).into());
    }
    if !frame.group {
        stanza.push(Element::new("request", ns::RECEIPTS).into());
        stanza.push(Element::new("markable", ns::MARKERS).into());
    }
    stanza
}

fn taken_back(
    domain: &Domain,
    names: &dyn Directory,
    frame: Frame<'_>,
    (target, author, by): (Seq, AccountId, AccountId),
    stanza: Element,
) -> Element {
    let retract = Element::new("retract", ns::RETRACT).with("id", ids::stanza_id(target));
    if !frame.group || author == by {
        return stanza.child(retract);
    }
    // By somebody who may: the room says so (XEP-0425).
    let who = sender(domain, names, frame, by);
    let moderated = Element::new("moderated", ns::MODERATE).with("by", who);
    let mut stanza = stanza;
    stanza.set("from", frame.by);
    stanza.child(retract.child(moderated))
}

fn retracted(at: Millis) -> Element {
    Element::new("retracted", ns::RETRACT).with("stamp", time::date_time(at))
}

/// Whom a message is from: in a room the occupant, between two the account.
pub fn sender(
    domain: &Domain,
    names: &dyn Directory,
    frame: Frame<'_>,
    account: AccountId,
) -> String {
    let name = names.person(account).map_or_else(|| format!("account-{account}"), |p| p.name);
    if frame.group { format!("{}/{name}", frame.by) } else { format!("{name}@{}", domain.name) }
}

/// Who an occupant is, whatever they are called (XEP-0421): the same for ever, another in each room.
pub fn occupant_id(domain: &Domain, room: RoomId, account: AccountId) -> Element {
    let mut mac = blake3::Hasher::new_keyed(&domain.secret);
    mac.update(&room.0.to_be_bytes()).update(&account.0.to_be_bytes());
    let id = mac.finalize().to_hex()[..32].to_owned();
    Element::new("occupant-id", ns::OCCUPANT_ID).with("id", id)
}

fn body(text: &str) -> Element {
    Element::new("body", ns::CLIENT).text(text)
}

fn hint(name: &'static str) -> Element {
    Element::new(name, ns::HINTS)
}
