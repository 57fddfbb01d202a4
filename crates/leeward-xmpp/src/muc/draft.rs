//! What a message asks for, whichever room it is for. Nothing of it is passed on as it is.

use crate::features::ids;
use crate::ns;
use crate::xml::Element;
use leeward_core::id::{FileId, Seq};

/// Parts of a text that may be left out: each letter is looked up in all of them.
const RANGES_MAX: usize = 4;
/// An older way to take a message back, that clients still use.
const FASTEN: &str = "urn:xmpp:fasten:0";
const RETRACT_OLD: &str = "urn:xmpp:message-retract:0";

/// What a message asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Wish {
    /// Say something.
    Say(Say),
    /// Another text for a message of its own that it calls so (XEP-0308).
    Edit(String, String),
    /// Take a message back (XEP-0424), or have it taken back (XEP-0425).
    Retract(String),
    /// From here on these are its reactions on a message (XEP-0444).
    React(String, Vec<String>),
    /// It types, or does so no more (XEP-0085).
    Typing(bool),
    /// It has read up to this message (XEP-0333).
    Displayed(String),
    /// This message has come (XEP-0184).
    Received(String),
    /// What the room is about is to be this.
    Subject(String),
    /// It cannot be read here: it is encrypted from end to end (XEP-0384 and the like).
    Encrypted,
    /// Nothing that is done here.
    Nothing,
}

/// Something to be said.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Say {
    /// The text, without what is quoted in it for those who do not know replies.
    pub text: String,
    /// All of it, with the address of its file: for when what it answers is not known, or the file is
    /// somebody else's.
    pub whole: String,
    /// The message that it answers (XEP-0461).
    pub reply: Option<String>,
    /// The message that begins its thread, if it names one of ours (XEP-0201).
    pub thread: Option<Seq>,
    /// A file of this server.
    pub file: Option<FileId>,
}

/// Reads a message. `files`: what the address of a file of this server begins with.
pub fn read(message: &Element, files: &str) -> Wish {
    let child = |name, ns| message.find(name, ns);
    let id_of = |element: &Element| element.attribute("id").unwrap_or_default().to_owned();
    if message.elements().any(is_encrypted) {
        return Wish::Encrypted;
    }
    if let Some(retract) = child("retract", ns::RETRACT) {
        return Wish::Retract(id_of(retract));
    }
    if let Some(fastened) = child("apply-to", FASTEN)
        && fastened.find("retract", RETRACT_OLD).is_some()
    {
        return Wish::Retract(id_of(fastened));
    }
    if let Some(reactions) = child("reactions", ns::REACTIONS) {
        let each = reactions.elements().filter(|e| e.is("reaction", ns::REACTIONS));
        let mut set: Vec<String> = Vec::new();
        for emoji in each.map(|e| e.content().trim().to_owned()) {
            if !emoji.is_empty() && !set.contains(&emoji) {
                set.push(emoji);
            }
        }
        return Wish::React(id_of(reactions), set);
    }
    let body = child("body", ns::CLIENT).map(Element::content);
    let body = body.filter(|body| !body.trim().is_empty());
    match (body, child("replace", ns::CORRECT)) {
        (Some(body), Some(replace)) => {
            return Wish::Edit(id_of(replace), without_fallback(message, &body));
        }
        (Some(body), None) => return Wish::Say(say(message, &body, files)),
        (None, _) => {}
    }
    if child("x", ns::OOB).is_some() {
        let say = say(message, "", files);
        return if say.whole.is_empty() { Wish::Nothing } else { Wish::Say(say) };
    }
    // With a thread it is the title of a conversation (RFC 6121, 5.2.4), which rooms do not have.
    if let Some(subject) = child("subject", ns::CLIENT)
        && child("thread", ns::CLIENT).is_none()
    {
        return Wish::Subject(subject.content());
    }
    for element in message.elements() {
        match (element.name(), element.ns()) {
            ("displayed", ns::MARKERS) => return Wish::Displayed(id_of(element)),
            ("received", ns::RECEIPTS) => return Wish::Received(id_of(element)),
            ("composing", ns::CHAT_STATES) => return Wish::Typing(true),
            ("paused" | "active" | "inactive" | "gone", ns::CHAT_STATES) => {
                return Wish::Typing(false);
            }
            _ => {}
        }
    }
    Wish::Nothing
}

fn is_encrypted(element: &Element) -> bool {
    const OF_THEM: [&str; 6] = [
        "eu.siacs.conversations.axolotl",
        "urn:xmpp:omemo:1",
        "urn:xmpp:omemo:2",
        "urn:xmpp:openpgp:0",
        "jabber:x:encrypted",
        // XEP-0380 says that something is encrypted, whatever by.
        "urn:xmpp:eme:0",
    ];
    OF_THEM.contains(&element.ns())
}

fn say(message: &Element, body: &str, files: &str) -> Say {
    let url = message.find("x", ns::OOB).and_then(|x| x.find("url", ns::OOB));
    let url = url.map(|url| url.content().trim().to_owned()).filter(|url| !url.is_empty());
    // Some clients give the address of what they have uploaded as all that they say.
    let alone = || Some(body.trim().to_owned()).filter(|body| file_of(body, files).is_some());
    let url = url.or_else(alone);
    let file = url.as_deref().and_then(|url| file_of(url, files));
    let reply = message.find("reply", ns::REPLY).and_then(|reply| reply.attribute("id"));
    let thread = message.find("thread", ns::CLIENT).map(Element::content);
    let mut text = without_fallback(message, body);
    let mut whole = body.to_owned();
    match (&url, file) {
        (Some(url), Some(_)) => text = without_line(&text, url),
        (Some(url), None) => add_line(&mut text, url),
        (None, _) => {}
    }
    if let Some(url) = &url {
        add_line(&mut whole, url);
    }
    Say {
        text,
        whole,
        reply: reply.map(str::to_owned),
        thread: thread.and_then(|thread| ids::seq_of(thread.strip_prefix(THREAD)?)),
        file,
    }
}

/// Adds a line to a text that does not have it.
fn add_line(text: &mut String, line: &str) {
    if text.contains(line) {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    text.push_str(line);
}

/// A text without a line; as it was, to the last line feed, if it does not have it.
fn without_line(text: &str, line: &str) -> String {
    if !text.lines().any(|other| other.trim() == line) {
        return text.to_owned();
    }
    let kept: Vec<&str> = text.lines().filter(|other| other.trim() != line).collect();
    kept.join("\n")
}

/// What the name of a thread begins with; the place of its first message follows.
pub const THREAD: &str = "lw-thread-";

/// Where the files of this server are: with a token and a name behind it, as clients of XMPP are given
/// them, or without, as in the API.
const FILES_AT: [&str; 2] = ["/xmpp/files/", "/api/v1/files/"];

/// The file of an address that this server has given. Whether somebody may attach it is not said by it.
pub fn file_of(url: &str, files: &str) -> Option<FileId> {
    let path = url.trim().strip_prefix(files)?;
    let rest = FILES_AT.iter().find_map(|at| path.strip_prefix(at))?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    rest[..end].parse().ok()
}

/// A body without what it holds for those who do not know replies (XEP-0428). Places count characters,
/// as the specification has it.
fn without_fallback(message: &Element, body: &str) -> String {
    let mut cut: Vec<(usize, usize)> = Vec::new();
    for fallback in message.elements().filter(|e| e.is("fallback", ns::FALLBACK)) {
        if fallback.attribute("for") != Some(ns::REPLY) {
            continue;
        }
        for part in fallback.elements().filter(|e| e.is("body", ns::FALLBACK)) {
            let place = |name| part.attribute(name).and_then(|text| text.parse().ok());
            if cut.len() < RANGES_MAX {
                cut.push((place("start").unwrap_or(0), place("end").unwrap_or(usize::MAX)));
            }
        }
    }
    if cut.is_empty() {
        return body.to_owned();
    }
    let kept = |at: usize| !cut.iter().any(|(start, end)| (*start..*end).contains(&at));
    body.chars().enumerate().filter(|(at, _)| kept(*at)).map(|(_, c)| c).collect()
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
