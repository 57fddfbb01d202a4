//! What the client says, as bytes. Never decides when.

use super::bosh::OPEN;
use super::{Framing, Seat};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The id of the request to bind a resource; the only one that awaits an answer.
pub(crate) const BIND: &str = "bind";
/// RFC 6120, section 6.
const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
/// XEP-0198.
const SM: &str = "urn:xmpp:sm:3";

/// Appends pieces to what waits to be sent.
macro_rules! put {
    ($out:expr, $($piece:expr),+ $(,)?) => {{ $( $out.push_str($piece); )+ }};
}

/// Opens a stream, or opens it anew after SASL.
pub(crate) fn header(seat: &Seat, out: &mut String) {
    let domain = &*seat.place.domain;
    match seat.place.framing {
        Framing::Tcp => put!(
            out,
            "<stream:stream xmlns='jabber:client' \
             xmlns:stream='http://etherx.jabber.org/streams' version='1.0' to='",
            domain,
            "'>"
        ),
        Framing::WebSocket => put!(
            out,
            "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0' to='",
            domain,
            "'/>"
        ),
        Framing::Bosh => out.push_str(OPEN),
    }
}

/// SASL PLAIN (RFC 4616), whole.
pub(crate) fn plain(seat: &Seat, out: &mut String) {
    let secret = format!("\0{}\0{}", seat.name, seat.password);
    auth("PLAIN", &STANDARD.encode(secret), out);
}

/// Begins to sign in by this mechanism, with a first message in Base64.
pub(crate) fn auth(mechanism: &str, first: &str, out: &mut String) {
    put!(out, "<auth xmlns='", SASL, "' mechanism='", mechanism, "'>", first, "</auth>");
}

/// Answers a challenge.
pub(crate) fn response(answer: &str, out: &mut String) {
    put!(out, "<response xmlns='", SASL, "'>", answer, "</response>");
}

/// Asks for whatever resource the server gives.
pub(crate) fn bind(out: &mut String) {
    put!(
        out,
        "<iq type='set' id='",
        BIND,
        "'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>"
    );
}

/// Asks that the session outlive its connection.
pub(crate) fn enable(out: &mut String) {
    put!(out, "<enable xmlns='", SM, "' resume='true'/>");
}

/// Takes up a session by its id as the server wrote it, of whose stanzas so many were heard.
pub(crate) fn resume(id: &str, heard: u32, out: &mut String) {
    put!(out, "<resume xmlns='", SM, "' previd='");
    put!(out, id, "' h='", &heard.to_string(), "'/>");
}

/// So many stanzas were heard.
pub(crate) fn acknowledge(heard: u32, out: &mut String) {
    put!(out, "<a xmlns='", SM, "' h='", &heard.to_string(), "'/>");
}

/// Says that one is there.
pub(crate) fn presence(out: &mut String) {
    out.push_str("<presence/>");
}

/// Joins a room (XEP-0045, 7.2) with as much history as the place says.
pub(crate) fn join(seat: &Seat, room: &str, out: &mut String) {
    out.push_str("<presence to='");
    put_room(seat, room, out);
    out.push('/');
    escape(&seat.name, out);
    put!(
        out,
        "'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='",
        &seat.place.history.to_string(),
        "'/></x></presence>"
    );
}

/// Says something in a room.
pub(crate) fn message(seat: &Seat, room: &str, id: &str, text: &str, out: &mut String) {
    out.push_str("<message type='groupchat' to='");
    put_room(seat, room, out);
    put!(out, "' id='", id, "'><body>");
    escape(text, out);
    out.push_str("</body></message>");
}

/// Answers a request: to a ping with a result, to anything else that there is no such thing.
pub(crate) fn answer(id: &str, from: Option<&str>, ping: bool, out: &mut String) {
    // The values are as the server wrote them: escaped, but perhaps for other quotes.
    put!(out, "<iq type='", if ping { "result" } else { "error" }, "' id=\"", id, "\"");
    if let Some(from) = from {
        put!(out, " to=\"", from, "\"");
    }
    out.push_str(if ping {
        "/>"
    } else {
        "><error type='cancel'><service-unavailable \
         xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>"
    });
}

/// Makes an account (XEP-0077).
pub(crate) fn register(name: &str, password: &str, out: &mut String) {
    out.push_str("<iq type='set' id='");
    escape(name, out);
    out.push_str("'><query xmlns='jabber:iq:register'><username>");
    escape(name, out);
    out.push_str("</username><password>");
    escape(password, out);
    out.push_str("</password></query></iq>");
}

/// A stanza outside of a stream, with the namespace that it has there by itself.
pub(crate) fn alone(line: &str) -> String {
    for name in ["<message", "<presence", "<iq"] {
        if let Some(rest) = line.strip_prefix(name) {
            return format!("{name} xmlns='jabber:client'{rest}");
        }
    }
    line.to_owned()
}

fn put_room(seat: &Seat, room: &str, out: &mut String) {
    escape(room, out);
    put!(out, "@", &seat.place.rooms);
}

fn escape(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            c => out.push(c),
        }
    }
}
