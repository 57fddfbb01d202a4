//! What a message of a client asks for. Pure: what it is about is given as the client calls it.
//!
//! Only what is read here is done: whatever else stands in a message, and above all what only the
//! server may say (ids of the archive and of occupants, delays, forwarded messages), is left behind.

use crate::ns;
use crate::station::Domain;
use crate::xml::Element;
use leeward_core::id::FileId;

/// Older ways that clients still use to take a message back.
const FASTEN: &str = "urn:xmpp:fasten:0";
const RETRACT_OLD: &str = "urn:xmpp:message-retract:0";
/// Contents that the server cannot read and would keep for ever (XEP-0384, XEP-0027, XEP-0364).
const ENCRYPTED: &[(&str, &str)] = &[
    ("encrypted", "eu.siacs.conversations.axolotl"),
    ("encrypted", "urn:xmpp:omemo:1"),
    ("encrypted", "urn:xmpp:omemo:2"),
    ("x", "jabber:x:encrypted"),
    ("openpgp", "urn:xmpp:openpgp:0"),
    ("encryption", "urn:xmpp:eme:0"),
];
/// Parts of a text that may be left out, and addresses that may come with it: more only cost time.
const RANGES_MAX: usize = 4;
const ADDRESSES_MAX: usize = 10;

/// What a message asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Said {
    /// Say something.
    Text(Box<Text>),
    /// Replace the text of a message (XEP-0308).
    Edit {
        /// What its author called it.
        id: String,
        /// The text that takes its place.
        text: String,
    },
    /// Take a message back (XEP-0424).
    TakeBack {
        /// Which.
        id: String,
    },
    /// These are all reactions of the sender on a message (XEP-0444).
    Reactions {
        /// Which.
        id: String,
        /// Emojis, or names without their colons; each once.
        emojis: Vec<String>,
    },
    /// Change what a room is about.
    Subject(String),
    /// The sender types, or has stopped (XEP-0085).
    Typing(bool),
    /// The sender has seen everything up to this message (XEP-0333).
    Displayed {
        /// Which.
        id: String,
    },
    /// It is encrypted from end to end, which cannot be searched, moderated or shown elsewhere.
    Encrypted,
    /// Nothing that is known here.
    Nothing,
}

/// Something said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Text {
    /// What is said, without what only repeats the message that is answered.
    pub(crate) text: String,
    /// All of it, for when that message is not known here.
    pub(crate) whole: String,
    /// The message that is answered (XEP-0461).
    pub(crate) answers: Option<String>,
    /// The thread that it says it is in.
    pub(crate) thread: Option<String>,
    /// Files of this server that come with it; their addresses are in `whole`, not in `text`.
    pub(crate) files: Vec<FileId>,
}

/// Reads a message.
pub(crate) fn read(domain: &Domain, message: &Element) -> Said {
    if ENCRYPTED.iter().any(|(name, ns)| message.find(name, ns).is_some()) {
        return Said::Encrypted;
    }
    if let Some(id) = taken_back(message) {
        return Said::TakeBack { id };
    }
    if let Some(said) = reactions(message) {
        return said;
    }
    let body = message.find("body", ns::CLIENT).map(Element::content);
    let replaced = message.find("replace", ns::CORRECT).and_then(id);
    match (body, replaced) {
        (Some(body), Some(id)) => {
            let text = without_fallback(message, &body);
            Said::Edit { id, text }
        }
        (Some(body), None) => text(domain, message, &body),
        (None, _) => wordless(domain, message),
    }
}

fn id(element: &Element) -> Option<String> {
    element.attribute("id").filter(|id| !id.is_empty()).map(str::to_owned)
}

fn taken_back(message: &Element) -> Option<String> {
    if let Some(retract) = message.find("retract", ns::RETRACT) {
        return id(retract);
    }
    let fastened = message.find("apply-to", FASTEN)?;
    fastened.find("retract", RETRACT_OLD).and_then(|_| id(fastened))
}

fn reactions(message: &Element) -> Option<Said> {
    let reactions = message.find("reactions", ns::REACTIONS)?;
    let mut emojis: Vec<String> = Vec::new();
    for reaction in reactions.elements().filter(|e| e.is("reaction", ns::REACTIONS)) {
        let text = reaction.content();
        let emoji = text.trim().trim_matches(':');
        if !emoji.is_empty() && !emojis.iter().any(|known| known == emoji) {
            emojis.push(emoji.to_owned());
        }
    }
    Some(Said::Reactions { id: id(reactions)?, emojis })
}

fn text(domain: &Domain, message: &Element, body: &str) -> Said {
    let answers = message.find("reply", ns::REPLY).and_then(id);
    let thread = message.find("thread", ns::CLIENT).map(Element::content);
    let mut text = match answers {
        Some(_) => without_fallback(message, body),
        None => body.to_owned(),
    };
    let (mut whole, mut files) = (body.to_owned(), Vec::new());
    for address in addresses(domain, message, body) {
        match file(domain, &address) {
            Some(file) if !files.contains(&file) => {
                files.push(file);
                text = without_line(&text, &address);
            }
            Some(_) => {}
            None if !text.contains(&address) => text = with_line(text, &address),
            None => {}
        }
        if !whole.contains(&address) {
            whole = with_line(whole, &address);
        }
    }
    let text = Text { text, whole, answers, thread, files };
    if text.text.trim().is_empty() && text.files.is_empty() {
        return Said::Nothing;
    }
    Said::Text(Box::new(text))
}

fn wordless(domain: &Domain, message: &Element) -> Said {
    if let Some(subject) = message.find("subject", ns::CLIENT) {
        // With a thread it is the title of a conversation (RFC 6121, 5.2.4), which rooms do not have.
        if message.find("thread", ns::CLIENT).is_none() {
            return Said::Subject(subject.content().trim().to_owned());
        }
    }
    if message.find("x", ns::OOB).is_some() {
        return text(domain, message, "");
    }
    if let Some(id) = message.find("displayed", ns::MARKERS).and_then(id) {
        return Said::Displayed { id };
    }
    let state = message.elements().find(|child| child.ns() == ns::CHAT_STATES);
    match state.map(Element::name) {
        Some("composing") => Said::Typing(true),
        Some(_) => Said::Typing(false),
        None => Said::Nothing,
    }
}

/// Addresses that come with a message (XEP-0066), or a file of this server that is all it says.
fn addresses(domain: &Domain, message: &Element, body: &str) -> Vec<String> {
    let oob = message.elements().filter(|child| child.is("x", ns::OOB));
    let urls = oob.filter_map(|x| x.find("url", ns::OOB)).map(|url| url.content());
    let mut addresses: Vec<String> = urls.map(|url| url.trim().to_owned()).collect();
    addresses.retain(|url| !url.is_empty());
    addresses.truncate(ADDRESSES_MAX);
    let body = body.trim();
    if addresses.is_empty() && file(domain, body).is_some() {
        addresses.push(body.to_owned());
    }
    addresses
}

/// The file of this server that is at an address.
pub(crate) fn file(domain: &Domain, address: &str) -> Option<FileId> {
    let path = address.strip_prefix(&domain.files_url)?.strip_prefix("/api/v1/files/")?;
    let digits = path.find(|c: char| !c.is_ascii_digit()).map_or(path, |end| &path[..end]);
    let rest = &path[digits.len()..];
    let whole = rest.is_empty() || rest.starts_with(['/', '?', '#', '.']);
    if whole { digits.parse().ok() } else { None }
}

fn with_line(text: String, line: &str) -> String {
    if text.is_empty() { line.to_owned() } else { text + "\n" + line }
}

fn without_line(text: &str, line: &str) -> String {
    let kept: Vec<&str> = text.lines().filter(|other| other.trim() != line).collect();
    // As it was, to the last line feed, unless the line was there.
    if kept.len() == text.lines().count() { text.to_owned() } else { kept.join("\n") }
}

/// What is left of a text without what is only there for those who do not know replies (XEP-0428).
/// Places are counted in characters (XEP-0426).
fn without_fallback(message: &Element, body: &str) -> String {
    let fallbacks = message.elements().filter(|child| {
        child.is("fallback", ns::FALLBACK) && child.attribute("for") == Some(ns::REPLY)
    });
    let parts = fallbacks.flat_map(Element::elements).filter(|part| part.name() == "body");
    let place = |part: &Element, name, other: usize| match part.attribute(name) {
        Some(text) => text.parse().unwrap_or(other),
        None => other,
    };
    let ranges: Vec<(usize, usize)> = parts
        .take(RANGES_MAX)
        .map(|part| (place(part, "start", 0), place(part, "end", usize::MAX)))
        .collect();
    if ranges.is_empty() {
        return body.to_owned();
    }
    let kept = body
        .chars()
        .enumerate()
        .filter(|(at, _)| !ranges.iter().any(|(start, end)| (*start..*end).contains(at)));
    kept.map(|(_, c)| c).collect()
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
