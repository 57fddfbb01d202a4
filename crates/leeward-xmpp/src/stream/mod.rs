//! One connection's way in: header, features, TLS, sign-in, binding or resuming.
//!
//! A machine that is small once its client is in: what is needed before is dropped then. Nobody is told
//! of a failure where the server has too much to do; whoever has to wait is not answered yet.

mod binding;
mod features;
mod framing;
mod signing;
#[cfg(test)]
mod tests;
mod words;

pub use binding::{MAX_S, enabled};
pub use words::*;

use crate::bosh::Content;
use crate::ns;
use crate::sasl::Binding;
use crate::stanza::{Condition, error};
use crate::xml::{self, Element, Reader, Token, XmlError};
use signing::Attempt;
use std::collections::VecDeque;
use std::sync::Arc;

/// How long a stream may be silent, in seconds, as its clients are told (XEP-0478).
const IDLE_S: u32 = 120;
/// Elements that may wait while something is being found out.
const QUEUE_MAX: usize = 16;
/// Sign-ins that may fail on one stream (RFC 6120, 6.4.5).
const TRIES_MAX: u8 = 3;

/// One stream.
pub struct Stream {
    setting: Arc<Setting>,
    transport: Transport,
    id: String,
    /// How often it was opened.
    opened: u8,
    /// TLS is below it.
    secure: bool,
    /// Its header was answered.
    begun: bool,
    closed: bool,
    state: State,
    reader: Reader,
    /// What is needed until its client is in.
    opening: Option<Box<Opening>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// The client has to open the stream.
    Header,
    /// It waits for its features.
    Hall,
    /// It may begin TLS or sign in.
    Offered,
    /// TLS begins; what comes before it is not looked at.
    Tls,
    /// Something is being found out: what comes waits.
    Asking,
    /// It has signed in and opens the stream anew.
    Signed,
    /// It may bind or resume.
    Binding,
    /// It is in.
    Live,
}

struct Opening {
    server_nonce: String,
    binding: Option<Binding>,
    attempt: Option<Attempt>,
    tries: u8,
    agent: UserAgent,
    /// What was asked for together with the sign-in.
    inline: Option<signing::Inline>,
    /// The id of the request to bind.
    bind_id: Option<String>,
    /// The session that it asked to resume.
    previd: Option<String>,
    /// What the client has said while something was found out.
    queue: VecDeque<Element>,
}

impl Stream {
    /// A stream that nothing has come on. `id` and `server_nonce` are random: nobody can guess them.
    pub fn new(
        setting: Arc<Setting>,
        transport: Transport,
        id: String,
        server_nonce: String,
    ) -> Self {
        let reader = Reader::new(setting.limits.0);
        Self {
            setting,
            transport,
            id,
            opened: 0,
            secure: false,
            begun: false,
            closed: false,
            state: State::Header,
            reader,
            opening: Some(Box::new(Opening {
                server_nonce,
                binding: None,
                attempt: None,
                tries: 0,
                agent: UserAgent::default(),
                inline: None,
                bind_id: None,
                previd: None,
                queue: VecDeque::new(),
            })),
        }
    }

    /// The stream of a client that was in when the server stopped, and goes on by single requests.
    pub fn live(setting: Arc<Setting>, id: String) -> Self {
        let reader = Reader::new(setting.limits.1);
        let (secure, begun, closed) = (true, true, false);
        let (transport, state, opening) = (Transport::Bosh, State::Live, None);
        Self { setting, transport, id, opened: 1, secure, begun, closed, state, reader, opening }
    }

    /// Takes in what happened; puts on `out` what is to be done about it. Total.
    pub fn handle(&mut self, input: Input<'_>, out: &mut Vec<Output>) {
        if self.closed {
            return;
        }
        match input {
            Input::Bytes(bytes) => self.bytes(bytes, out),
            Input::Text(text) => self.text(text, out),
            Input::Bosh(Content::Open) => self.open(None, out),
            Input::Bosh(Content::Element(element)) => self.of_request(element, out),
            Input::Secured(binding) => self.secured(binding),
            Input::Admitted => self.admitted(out),
            Input::Scram(found) => self.scram(found, out),
            Input::Judged(judged) => self.judged(judged, out),
            Input::Tokens(found) => self.tokens(found, out),
            Input::Bound { jid, sm, token } => self.bound(&jid, sm, token, out),
            Input::Resumed { h, token } => self.resumed(h, token, out),
            Input::NotResumed(h) => self.not_resumed(h, out),
            Input::End(condition) => self.fail(condition, out),
            Input::Expired => self.fail("connection-timeout", out),
        }
        self.go_on(out);
    }

    /// Whether its client is in.
    pub fn is_live(&self) -> bool {
        self.state == State::Live
    }

    fn bytes(&mut self, mut bytes: &[u8], out: &mut Vec<Output>) {
        while !self.closed && self.state != State::Tls {
            let token = match self.reader.read(&mut bytes) {
                Ok(Some(token)) => token,
                Ok(None) => return,
                Err(e) => return self.fail(condition(e), out),
            };
            match token {
                Token::Open(header) => self.open(Some(&header), out),
                Token::Element(element) => self.element(element, out),
                Token::Close => self.closed_by_client(out),
            }
        }
    }

    fn text(&mut self, text: &str, out: &mut Vec<Output>) {
        let live = matches!(self.state, State::Live | State::Binding);
        let limits = if live { self.setting.limits.1 } else { self.setting.limits.0 };
        match xml::parse(text, limits) {
            Ok(element) if element.is("open", ns::FRAMING) => self.open(Some(&element), out),
            Ok(element) if element.is("close", ns::FRAMING) => self.closed_by_client(out),
            Ok(element) => self.element(element, out),
            Err(e) => self.fail(condition(e), out),
        }
    }

    /// An element of a request, which was read before anybody knew whose it is.
    fn of_request(&mut self, element: Element, out: &mut Vec<Output>) {
        let known = matches!(self.state, State::Live | State::Binding);
        if !known && element.to_document().len() > self.setting.limits.0.bytes_max {
            return self.fail("policy-violation", out);
        }
        self.element(element, out);
    }

    /// The client opens its stream, for the first time or anew.
    fn open(&mut self, header: Option<&Element>, out: &mut Vec<Output>) {
        if let Some(header) = header {
            let stream = header.is("stream", ns::STREAM) || header.is("open", ns::FRAMING);
            if !stream {
                return self.fail("invalid-namespace", out);
            }
            // RFC 6120, 4.9.3.6 and 4.7.5; a stream that is opened anew has to be for the same server.
            let to = header.attribute("to").map(str::to_lowercase);
            if to.is_some_and(|to| to != self.setting.domain) {
                return self.fail("host-unknown", out);
            }
            if !header.attribute("version").is_some_and(|version| version.starts_with("1.")) {
                return self.fail("unsupported-version", out);
            }
        }
        match self.state {
            State::Header => {
                self.write_header(out);
                self.state = State::Hall;
                out.push(Output::Hello);
            }
            State::Signed => {
                self.write_header(out);
                self.state = State::Binding;
                self.reader.set_limits(self.setting.limits.1);
                self.offer_binding(false, false, out);
            }
            // A WebSocket may say so at any time, and gains nothing.
            State::Hall
            | State::Offered
            | State::Tls
            | State::Asking
            | State::Binding
            | State::Live => self.fail("not-well-formed", out),
        }
    }

    fn admitted(&mut self, out: &mut Vec<Output>) {
        match self.state {
            State::Hall => {
                self.state = State::Offered;
                self.offer_sign_in(out);
            }
            State::Asking => self.attempt(out),
            State::Header
            | State::Offered
            | State::Tls
            | State::Signed
            | State::Binding
            | State::Live => {}
        }
    }

    fn secured(&mut self, binding: Option<Binding>) {
        self.secure = true;
        if let Some(opening) = &mut self.opening {
            opening.binding = binding;
        }
        if self.state == State::Tls {
            // RFC 6120, 5.4.3.3: what was said before is forgotten, also what waited to be heard:
            // anybody on the way could have said it.
            if let Some(opening) = &mut self.opening {
                opening.queue.clear();
                (opening.attempt, opening.inline) = (None, None);
                opening.agent = UserAgent::default();
            }
            (self.state, self.begun) = (State::Header, false);
            self.reader = Reader::new(self.setting.limits.0);
        }
    }

    fn element(&mut self, element: Element, out: &mut Vec<Output>) {
        match self.state {
            State::Live => out.push(Output::Element(element)),
            State::Asking | State::Hall => {
                let Some(opening) = &mut self.opening else { return };
                if opening.queue.len() >= QUEUE_MAX {
                    return self.fail("policy-violation", out);
                }
                opening.queue.push_back(element);
            }
            State::Offered => self.offered(&element, out),
            State::Binding => self.bind(&element, out),
            State::Header | State::Tls | State::Signed => self.fail("not-authorized", out),
        }
    }

    /// Deals with what was said while something was found out.
    fn go_on(&mut self, out: &mut Vec<Output>) {
        while !self.closed
            && matches!(self.state, State::Offered | State::Binding | State::Live)
            && let Some(element) = self.opening.as_mut().and_then(|o| o.queue.pop_front())
        {
            self.element(element, out);
        }
        if self.state == State::Live && self.opening.as_ref().is_some_and(|o| o.queue.is_empty()) {
            self.opening = None;
        }
    }

    /// An element of a stream on which nobody has signed in.
    fn offered(&mut self, element: &Element, out: &mut Vec<Output>) {
        match (element.name(), element.ns()) {
            ("starttls", ns::TLS) if self.offers_tls() => {
                self.write(&Element::new("proceed", ns::TLS), out);
                self.state = State::Tls;
                out.push(Output::StartTls);
            }
            ("starttls", ns::TLS) => {
                self.write(&Element::new("failure", ns::TLS), out);
                self.write_close(out);
                out.push(Output::End);
            }
            ("auth" | "response" | "abort", ns::SASL) => self.sasl(element, out),
            ("authenticate" | "response" | "abort", ns::SASL2) => self.sasl2(element, out),
            // Some ask whether anybody is there before they sign in; nothing is answered but that.
            ("iq", ns::CLIENT) if element.attribute("type") == Some("get") => {
                self.write(&error(element, Condition::NotAuthorized, None), out);
                self.fail("not-authorized", out);
            }
            _ => self.fail("not-authorized", out),
        }
    }
}

fn condition(e: XmlError) -> &'static str {
    match e {
        XmlError::NotWellFormed => "not-well-formed",
        XmlError::Restricted => "restricted-xml",
        XmlError::BadNamespace => "bad-namespace-prefix",
        XmlError::TooBig => "policy-violation",
    }
}
