//! What a message asks for, whichever room it is for. Nothing of it is passed on as it is.

use crate::features::ids;
use crate::ns;
use crate::xml::Element;
use leeward_core::id::{FileId, Seq};

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
    if let Some(subject) = child("subject", ns::CLIENT) {
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
    const OF_THEM: [&str; 4] = [
        "eu.siacs.conversations.axolotl",
        "urn:xmpp:omemo:2",
        "urn:xmpp:openpgp:0",
        "jabber:x:encrypted",
    ];
    matches!(element.name(), "encrypted" | "openpgp" | "x") && OF_THEM.contains(&element.ns())
}

fn say(message: &Element, body: &str, files: &str) -> Say {
    let url = message.find("x", ns::OOB).and_then(|x| x.find("url", ns::OOB));
    let file = url.and_then(|url| file_of(&url.content(), files));
    let reply = message.find("reply", ns::REPLY).and_then(|reply| reply.attribute("id"));
    let thread = message.find("thread", ns::CLIENT).map(Element::content);
    let mut text = without_fallback(message, body);
    if file.is_some() && url.is_some_and(|url| url.content().trim() == text.trim()) {
        text.clear();
    }
    Say {
        text,
        reply: reply.map(str::to_owned),
        thread: thread.and_then(|thread| ids::seq_of(thread.strip_prefix(THREAD)?)),
        file,
    }
}

/// What the name of a thread begins with; the place of its first message follows.
pub const THREAD: &str = "lw-thread-";

/// The file of an address that this server has given.
pub fn file_of(url: &str, files: &str) -> Option<FileId> {
    let rest = url.trim().strip_prefix(files)?.strip_prefix("/api/v1/files/")?;
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
            cut.push((place("start").unwrap_or(0), place("end").unwrap_or(usize::MAX)));
        }
    }
    if cut.is_empty() {
        return body.to_owned();
    }
    let kept = |at: usize| !cut.iter().any(|(start, end)| (*start..*end).contains(&at));
    body.chars().enumerate().filter(|(at, _)| kept(*at)).map(|(_, c)| c).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::xml::{Limits, parse};

    const FILES: &str = "https://chat.example.org";

    fn wish(children: &str) -> Wish {
        let limits = Limits { bytes_max: 9_999, elements_max: 99, depth_max: 9, attributes_max: 9 };
        let text = format!("<message xmlns='jabber:client'>{children}</message>");
        read(&parse(&text, limits).unwrap(), FILES)
    }

    fn said(text: &str) -> Say {
        Say { text: text.into(), ..Say::default() }
    }

    #[test]
    fn what_is_said_is_a_text() {
        assert_eq!(wish("<body>hello</body>"), Wish::Say(said("hello")));
        assert_eq!(wish("<body> </body>"), Wish::Nothing);
        let subject = "<subject>plans</subject>";
        assert_eq!(wish(subject), Wish::Subject("plans".into()));
        assert_eq!(wish(&format!("{subject}<body>hello</body>")), Wish::Say(said("hello")));
    }

    #[test]
    fn an_answer_loses_what_it_quotes() {
        let answer = wish(
            "<body>&gt; h\u{e9}llo\nyes</body><reply xmlns='urn:xmpp:reply:0' id='0000000007'/>\
             <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'>\
             <body start='0' end='8'/></fallback><thread>lw-thread-0000000003</thread>",
        );
        let expected =
            Say { reply: Some("0000000007".into()), thread: Some(Seq(3)), ..said("yes") };
        assert_eq!(answer, Wish::Say(expected));
    }

    #[test]
    fn a_file_of_this_server_is_a_file() {
        let url = "https://chat.example.org/api/v1/files/12/a.png?for=x";
        let oob = format!("<x xmlns='jabber:x:oob'><url>{url}</url></x>");
        let file = Say { file: Some(FileId(12)), ..Say::default() };
        assert_eq!(wish(&format!("<body>{url}</body>{oob}")), Wish::Say(file));
        let elsewhere = "https://evil.example/api/v1/files/12";
        assert_eq!(file_of(elsewhere, FILES), None);
        assert_eq!(file_of("https://chat.example.org.evil.example/api/v1/files/12", FILES), None);
    }

    #[test]
    fn edits_reactions_and_retractions_name_their_message() {
        let replace = "<body>two</body><replace xmlns='urn:xmpp:message-correct:0' id='x'/>";
        assert_eq!(wish(replace), Wish::Edit("x".into(), "two".into()));
        let reactions = "<reactions xmlns='urn:xmpp:reactions:0' id='7'><reaction>\u{1f44b}</reaction>\
             <reaction>\u{1f44b}</reaction><reaction> </reaction></reactions>";
        assert_eq!(wish(reactions), Wish::React("7".into(), vec!["\u{1f44b}".into()]));
        let retract = "<retract xmlns='urn:xmpp:message-retract:1' id='7'/>\
             <body>This person attempted to retract a message.</body>";
        assert_eq!(wish(retract), Wish::Retract("7".into()));
    }

    #[test]
    fn what_passes_is_told_apart() {
        let state =
            |name: &str| wish(&format!("<{name} xmlns='http://jabber.org/protocol/chatstates'/>"));
        assert_eq!((state("composing"), state("gone")), (Wish::Typing(true), Wish::Typing(false)));
        let displayed = "<displayed xmlns='urn:xmpp:chat-markers:0' id='7'/>";
        assert_eq!(wish(displayed), Wish::Displayed("7".into()));
        let received = "<received xmlns='urn:xmpp:receipts' id='7'/>";
        assert_eq!(wish(received), Wish::Received("7".into()));
        let omemo = "<encrypted xmlns='eu.siacs.conversations.axolotl'/><body>no</body>";
        assert_eq!(wish(omemo), Wish::Encrypted);
    }
}
