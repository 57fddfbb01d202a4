//! Stanzas on their way out, and why one is refused.
//!
//! A stanza to many is rendered once, without the address it goes to; what stands before the rest
//! is each client's own and short. So a room's message costs each of its readers two slices.

use crate::ns;
use crate::xml::Element;
use bytes::Bytes;

/// The three kinds (RFC 6120, section 8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// Pushed, from one to another.
    Message,
    /// Told to whoever may know.
    Presence,
    /// Asked and answered.
    Iq,
}

impl Kind {
    /// The name of its element.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Message => "message",
            Self::Presence => "presence",
            Self::Iq => "iq",
        }
    }

    /// The kind of an element, if it is a stanza of a client.
    pub fn of(element: &Element) -> Option<Self> {
        if element.ns() != ns::CLIENT {
            return None;
        }
        match element.name() {
            "message" => Some(Self::Message),
            "presence" => Some(Self::Presence),
            "iq" => Some(Self::Iq),
            _ => None,
        }
    }
}

/// A stanza that lacks its address: everything after `<message to='…'`, from the blank before the next
/// attribute to the last `>`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rest {
    /// What it is.
    pub kind: Kind,
    /// The rest of it.
    pub bytes: Bytes,
}

impl Rest {
    /// Renders a stanza, whatever its `to`.
    ///
    /// # Panics
    /// When the element is no stanza: whoever renders has built one.
    pub fn of(stanza: &Element) -> Self {
        let kind = Kind::of(stanza).expect("only stanzas are rendered");
        let mut out = String::new();
        stanza.write_rest(&mut out, "to");
        Self { kind, bytes: out.into() }
    }
}

/// Why a stanza is refused (RFC 6120, section 8.3.3), with the type that goes with it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Condition {
    /// It makes no sense.
    BadRequest,
    /// It is there already, or taken.
    Conflict,
    /// It is not done here.
    FeatureNotImplemented,
    /// It may not be done.
    Forbidden,
    /// It is somewhere else.
    Gone,
    /// The server has failed.
    InternalServerError,
    /// There is none.
    ItemNotFound,
    /// The address is none.
    JidMalformed,
    /// It fails a rule that the client could have known.
    NotAcceptable,
    /// It may not be done by anybody.
    NotAllowed,
    /// First say who you are.
    NotAuthorized,
    /// A rule of the house is against it.
    PolicyViolation,
    /// It is for members.
    RegistrationRequired,
    /// Too much at this moment.
    ResourceConstraint,
    /// Nobody does this here.
    ServiceUnavailable,
    /// It is not expected here, at this moment.
    UnexpectedRequest,
}

impl Condition {
    /// The condition's name and the type of the error.
    pub fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::BadRequest => ("bad-request", "modify"),
            Self::Conflict => ("conflict", "cancel"),
            Self::FeatureNotImplemented => ("feature-not-implemented", "cancel"),
            Self::Forbidden => ("forbidden", "auth"),
            Self::Gone => ("gone", "cancel"),
            Self::InternalServerError => ("internal-server-error", "wait"),
            Self::ItemNotFound => ("item-not-found", "cancel"),
            Self::JidMalformed => ("jid-malformed", "modify"),
            Self::NotAcceptable => ("not-acceptable", "modify"),
            Self::NotAllowed => ("not-allowed", "cancel"),
            Self::NotAuthorized => ("not-authorized", "auth"),
            Self::PolicyViolation => ("policy-violation", "modify"),
            Self::RegistrationRequired => ("registration-required", "auth"),
            Self::ResourceConstraint => ("resource-constraint", "wait"),
            Self::ServiceUnavailable => ("service-unavailable", "cancel"),
            Self::UnexpectedRequest => ("unexpected-request", "wait"),
        }
    }

    /// The `error` element, with words for people if there are any.
    pub fn element(self, text: Option<&str>) -> Element {
        let (name, kind) = self.words();
        let error = Element::new("error", ns::CLIENT)
            .with("type", kind)
            .child(Element::new(name, ns::STANZA_ERRORS));
        match text {
            Some(text) => error
                .child(Element::new("text", ns::STANZA_ERRORS).with("xml:lang", "en").text(text)),
            None => error,
        }
    }
}

/// The answer to a request that went well; `from` whom it was sent to.
pub fn result(request: &Element, payload: Option<Element>) -> Element {
    let answer = answer(request, "result");
    match payload {
        Some(payload) => answer.child(payload),
        None => answer,
    }
}

/// The answer to a stanza that is refused.
pub fn error(stanza: &Element, condition: Condition, text: Option<&str>) -> Element {
    answer(stanza, "error").child(condition.element(text))
}

/// The error of whoever writes to somebody whom they have blocked (XEP-0191, section 3.2).
pub fn blocked(stanza: &Element) -> Element {
    let why = Element::new("blocked", ns::BLOCKING_ERRORS);
    answer(stanza, "error").child(Condition::NotAcceptable.element(None).child(why))
}

fn answer(stanza: &Element, kind: &'static str) -> Element {
    let name = Kind::of(stanza).map_or("iq", Kind::as_str);
    Element::new(name, ns::CLIENT)
        .with_some("from", stanza.attribute("to"))
        .with_some("id", stanza.attribute("id"))
        .with("type", kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_says_what_kind_it_is_and_answers_whom_it_was_sent_to() {
        let iq = Element::new("iq", ns::CLIENT).with("to", "rooms.x").with("id", "7");
        let error = error(&iq, Condition::ItemNotFound, Some("no such room"));
        assert_eq!(
            error.to_text(),
            "<iq from='rooms.x' id='7' type='error'><error type='cancel'>\
             <item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\
             <text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>no such room</text>\
             </error></iq>"
        );
    }

    #[test]
    fn a_stanza_is_rendered_without_its_address() {
        let message = Element::new("message", ns::CLIENT).with("to", "me").with("type", "chat");
        let rest = Rest::of(&message.child(Element::new("body", ns::CLIENT).text("hi")));
        assert_eq!(rest.kind, Kind::Message);
        assert_eq!(&rest.bytes[..], b" type='chat'><body>hi</body></message>");
    }
}
