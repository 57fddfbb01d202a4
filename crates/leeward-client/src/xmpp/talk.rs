//! One connection from its header to the room's subject, and what is heard from there on. A machine:
//! elements go in, bytes and news come out. Never owns a socket, never reads a clock.
//!
//! Signing in is SASL PLAIN or SCRAM, a resource of the server's choice, presence, and each room with its
//! history; who resumes a session (XEP-0198) is in as soon as the server agrees.

use super::scan::{attribute, child, name, text};
use super::scram::{MECHANISM, Scram};
use super::{Seat, words};
use crate::client::random;

/// What came of an element.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum News<'a> {
    /// Nothing to tell.
    None,
    /// In: every room's subject has come; or the session goes on where it was, with so many of its
    /// stanzas handled.
    Ready { handled: Option<u32> },
    /// Somebody said something.
    Message(Message<'a>),
    /// The server handled so many of the stanzas of this session.
    Handled(u32),
    /// The server does not want it, in a word of its own.
    Refused(&'a str),
    /// It says that the sign-in has failed: what most clients take for the end.
    SignedOut(&'a str),
}

/// What somebody said in a room, as the bytes that came.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message<'a> {
    element: &'a [u8],
}

impl<'a> Message<'a> {
    /// The room and who spoke there: `room@domain/nick`.
    pub fn from(self) -> &'a str {
        attribute(self.element, b"from").unwrap_or_default()
    }

    /// Who spoke: the nick.
    pub fn nick(self) -> &'a str {
        self.from().split_once('/').map_or("", |(_, nick)| nick)
    }

    /// The room, without its domain.
    pub fn room(self) -> &'a str {
        self.from().split_once('@').map_or("", |(room, _)| room)
    }

    /// What its author called it.
    pub fn id(self) -> &'a str {
        attribute(self.element, b"id").unwrap_or_default()
    }

    /// What the room calls it (XEP-0359).
    pub fn stanza_id(self) -> Option<&'a str> {
        attribute(child(self.element, b"stanza-id")?, b"id")
    }

    /// The text, as written: escaped.
    pub fn body(self) -> &'a str {
        text(self.element, b"body").unwrap_or_default()
    }

    /// It is history.
    pub fn is_delayed(self) -> bool {
        child(self.element, b"delay").is_some()
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Step {
    /// The features before SASL are awaited.
    #[default]
    Greeting,
    Auth,
    /// The features after SASL are awaited.
    Welcome,
    Resuming,
    Binding,
    /// So many rooms, as bits, have not told their subject.
    Joining(u8),
    In,
}

/// A session that outlives its connection.
#[derive(Clone, Debug, Default)]
struct Session {
    id: Box<str>,
    /// Stanzas heard and said since it began.
    heard: u32,
    said: u32,
    /// The server has agreed to it.
    agreed: bool,
}

/// The machine.
#[derive(Debug, Default)]
pub(crate) struct Talk {
    step: Step,
    session: Option<Box<Session>>,
    /// A sign-in that awaits its challenge.
    scram: Option<Box<Scram>>,
    /// The stream is to begin anew.
    restarts: bool,
}

impl Talk {
    /// A connection is open.
    pub(crate) fn open(&mut self, seat: &Seat, out: &mut String) {
        (self.step, self.restarts) = (Step::Greeting, false);
        say(out, |out| words::header(seat, out));
    }

    /// Whether the stream begins anew behind the element that was heard last.
    pub(crate) fn restarts(&mut self) -> bool {
        std::mem::take(&mut self.restarts)
    }

    /// All rooms are joined.
    pub(crate) fn is_in(&self) -> bool {
        self.step == Step::In
    }

    /// The next connection signs in anew.
    pub(crate) fn forget(&mut self) {
        self.session = None;
    }

    /// A message is on its way; its number among the stanzas of the session, if there is one.
    pub(crate) fn said(&mut self) -> Option<u32> {
        let session = self.session.as_mut()?;
        session.said = session.said.wrapping_add(1);
        Some(session.said)
    }

    /// An element has come.
    pub(crate) fn hear<'a>(
        &mut self,
        seat: &Seat,
        element: &'a [u8],
        out: &mut String,
    ) -> News<'a> {
        match name(element) {
            b"message" => {
                self.count();
                self.on_message(seat, element)
            }
            b"presence" => {
                self.count();
                let refused = attribute(element, b"type") == Some("error") && !self.is_in();
                if refused { News::Refused(condition(element)) } else { News::None }
            }
            b"iq" => {
                self.count();
                self.on_iq(seat, element, out)
            }
            b"features" => self.on_features(seat, element, out),
            b"success" => {
                self.step = Step::Welcome;
                self.restarts = true;
                say(out, |out| words::header(seat, out));
                News::None
            }
            b"challenge" => self.on_challenge(seat, element, out),
            b"failure" => News::SignedOut(condition(element)),
            b"error" => News::Refused(condition(element)),
            b"close" => News::Refused("close"),
            _ => self.on_session(element, out, seat),
        }
    }

    fn on_features<'a>(&mut self, seat: &Seat, element: &'a [u8], out: &mut String) -> News<'a> {
        match self.step {
            Step::Greeting => {
                self.step = Step::Auth;
                self.sign_in(seat, out);
            }
            Step::Welcome => {
                let known = self.session.as_ref().filter(|session| !session.id.is_empty());
                let able = child(element, b"sm").is_some();
                if let Some(session) = known.filter(|_| able) {
                    self.step = Step::Resuming;
                    say(out, |out| words::resume(&session.id, session.heard, out));
                } else {
                    self.session = (able && seat.place.resumes).then(Box::default);
                    self.bind(out);
                }
            }
            Step::Auth | Step::Resuming | Step::Binding | Step::Joining(_) | Step::In => {}
        }
        News::None
    }

    fn sign_in(&mut self, seat: &Seat, out: &mut String) {
        if !seat.place.scram {
            return say(out, |out| words::plain(seat, out));
        }
        let scram = Scram::begin(&seat.name, &format!("{}-{:08x}", seat.name, random()));
        say(out, |out| words::auth(MECHANISM, &scram.first(), out));
        self.scram = Some(Box::new(scram));
    }

    fn on_challenge<'a>(&mut self, seat: &Seat, element: &'a [u8], out: &mut String) -> News<'a> {
        let challenge = text(element, b"challenge").unwrap_or_default();
        let answer = self.scram.take().and_then(|s| s.answer(&seat.password, challenge));
        let Some(answer) = answer else { return News::SignedOut("challenge") };
        say(out, |out| words::response(&answer, out));
        News::None
    }

    fn bind(&mut self, out: &mut String) {
        self.step = Step::Binding;
        say(out, words::bind);
    }

    fn on_iq<'a>(&mut self, seat: &Seat, element: &'a [u8], out: &mut String) -> News<'a> {
        let id = attribute(element, b"id").unwrap_or_default();
        match attribute(element, b"type") {
            Some("result") if id == words::BIND && self.step == Step::Binding => {
                if self.session.is_some() {
                    say(out, words::enable);
                }
                self.stanza(out, words::presence);
                for room in &seat.rooms {
                    self.stanza(out, |out| words::join(seat, room, out));
                }
                let rooms = u32::try_from(seat.rooms.len()).unwrap_or(u32::MAX);
                self.step =
                    Step::Joining(u8::MAX.checked_shr(8u32.saturating_sub(rooms)).unwrap_or(0));
                if rooms == 0 {
                    self.step = Step::In;
                    return News::Ready { handled: None };
                }
            }
            Some("error") if id == words::BIND => return News::Refused(condition(element)),
            Some("get" | "set") => {
                let ping = child(element, b"ping").is_some();
                self.stanza(out, |out| words::answer(id, attribute(element, b"from"), ping, out));
            }
            Some(_) | None => {}
        }
        News::None
    }

    fn on_message<'a>(&mut self, seat: &Seat, element: &'a [u8]) -> News<'a> {
        if attribute(element, b"type") != Some("groupchat") {
            return News::None;
        }
        let message = Message { element };
        if child(element, b"body").is_some() {
            return News::Message(message);
        }
        let Step::Joining(rooms) = self.step else { return News::None };
        if child(element, b"subject").is_none() {
            return News::None;
        }
        let joined = seat.rooms.iter().position(|room| **room == *message.room());
        let rooms = rooms & !joined.map_or(0, |bit| 1 << bit);
        self.step = if rooms == 0 { Step::In } else { Step::Joining(rooms) };
        if rooms == 0 { News::Ready { handled: None } } else { News::None }
    }

    /// The words of XEP-0198; all others mean nothing.
    fn on_session<'a>(&mut self, element: &'a [u8], out: &mut String, seat: &Seat) -> News<'a> {
        let Some(session) = &mut self.session else { return News::None };
        match name(element) {
            b"enabled" => {
                session.id = attribute(element, b"id").unwrap_or_default().into();
                session.agreed = true;
            }
            b"resumed" if self.step == Step::Resuming => {
                self.step = Step::In;
                session.said = number(element).unwrap_or(session.said);
                return News::Ready { handled: Some(session.said) };
            }
            b"failed" => {
                let resuming = self.step == Step::Resuming;
                self.session = (resuming && seat.place.resumes).then(Box::default);
                if resuming {
                    self.bind(out);
                }
            }
            b"r" => {
                let heard = session.heard;
                say(out, |out| words::acknowledge(heard, out));
            }
            b"a" => return number(element).map_or(News::None, News::Handled),
            _ => {}
        }
        News::None
    }

    /// A stanza has come.
    fn count(&mut self) {
        if let Some(session) = self.session.as_mut().filter(|session| session.agreed) {
            session.heard = session.heard.wrapping_add(1);
        }
    }

    /// Says something that counts.
    fn stanza(&mut self, out: &mut String, words: impl FnOnce(&mut String)) {
        self.said();
        say(out, words);
    }
}

/// How many stanzas an element says were handled.
fn number(element: &[u8]) -> Option<u32> {
    attribute(element, b"h")?.parse().ok()
}

/// Each stanza on a line of its own: to a stream nothing, to a WebSocket the end of a message.
pub(crate) fn say(out: &mut String, words: impl FnOnce(&mut String)) {
    words(out);
    out.push('\n');
}

/// The name of the condition in an error: of the first element in it that is no text.
fn condition(element: &[u8]) -> &str {
    /// What may stand around a condition.
    const AROUND: [&[u8]; 4] = [b"error", b"failure", b"x", b"priority"];
    let mut rest = element;
    while let Some(at) = rest.get(1..).and_then(|r| r.iter().position(|b| *b == b'<')) {
        rest = &rest[at + 1..];
        let name = name(rest);
        if !name.is_empty() && !rest.starts_with(b"</") && !AROUND.contains(&name) {
            return std::str::from_utf8(name).unwrap_or_default();
        }
    }
    "error"
}

#[cfg(test)]
mod tests;
