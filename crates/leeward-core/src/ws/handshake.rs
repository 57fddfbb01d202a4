//! What is agreed in HTTP headers (RFC 6455, 4; RFC 7692, 7.1): pure functions over their values,
//! for the end that asks and the end that answers.

use super::deflate::{WINDOW_BITS_MAX, WINDOW_BITS_MIN};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha1::{Digest, Sha1};

/// The one version there is.
pub const VERSION: &str = "13";

/// The compression that a client of ours offers.
pub const DEFLATE_OFFER: &str = "permessage-deflate; server_no_context_takeover; \
                                 client_no_context_takeover";

const DEFLATE: &str = "permessage-deflate";
const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// The headers of a request to upgrade, as they came; several of one name joined by commas.
#[derive(Clone, Copy, Debug, Default)]
pub struct Request<'a> {
    /// `Connection`.
    pub connection: &'a str,
    /// `Upgrade`.
    pub upgrade: &'a str,
    /// `Sec-WebSocket-Version`.
    pub version: &'a str,
    /// `Sec-WebSocket-Key`.
    pub key: &'a str,
    /// `Sec-WebSocket-Protocol`; empty where absent.
    pub protocols: &'a str,
    /// `Sec-WebSocket-Extensions`; empty where absent.
    pub extensions: &'a str,
}

/// The headers of the answer `101 Switching Protocols`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// `Sec-WebSocket-Accept`.
    pub accept: String,
    /// `Sec-WebSocket-Protocol`, where one was agreed.
    pub protocol: Option<&'static str>,
    /// Compression, where it was agreed; [`Deflate::header`] is `Sec-WebSocket-Extensions`.
    pub deflate: Option<Deflate>,
}

/// Compression as agreed. Neither end ever takes context over.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Deflate {
    /// The largest window that the server may compress with, as a power of two. A frame compressed
    /// for everybody suits this receiver when it is [`WINDOW_BITS_MAX`].
    pub server_window_bits: u8,
    /// The client asked for that window, so the answer repeats it.
    asked: bool,
}

impl Deflate {
    /// The value of `Sec-WebSocket-Extensions` in the answer.
    pub fn header(self) -> String {
        let mut out = DEFLATE_OFFER.to_owned();
        if self.asked {
            out.push_str("; server_max_window_bits=");
            out.push_str(&self.server_window_bits.to_string());
        }
        out
    }
}

/// Why an upgrade is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HandshakeError {
    /// `Connection` and `Upgrade` do not ask for a WebSocket: status 426.
    NotWebSocket,
    /// Another version than [`VERSION`], which the answer then names: status 426.
    Version,
    /// `Sec-WebSocket-Key` is not 16 bytes in Base64: status 400.
    Key,
    /// The peer's answer does not fit the request.
    Answer,
}

impl HandshakeError {
    /// The HTTP status of the refusal.
    pub fn status(self) -> u16 {
        match self {
            Self::NotWebSocket | Self::Version => 426,
            Self::Key => 400,
            Self::Answer => 502,
        }
    }
}

impl std::fmt::Display for HandshakeError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotWebSocket => "not a request for a websocket",
            Self::Version => "the websocket version is not 13",
            Self::Key => "the websocket key is not 16 bytes in base64",
            Self::Answer => "the answer to the websocket handshake does not fit the request",
        })
    }
}

impl std::error::Error for HandshakeError {}

/// The value of `Sec-WebSocket-Accept` for a key (RFC 6455, 4.2.2).
pub fn accept_key(key: &str) -> String {
    STANDARD.encode(Sha1::new().chain_update(key).chain_update(GUID).finalize())
}

/// The value of `Sec-WebSocket-Key` for 16 unpredictable bytes.
pub fn request_key(random: [u8; 16]) -> String {
    STANDARD.encode(random)
}

/// Judges a request. The first of the client's protocols that is among `protocols` is chosen, the
/// first of its offers of compression that can be kept is accepted if `deflate` is wanted.
///
/// # Errors
/// The request is not one for a WebSocket of version 13.
pub fn accept(
    request: &Request<'_>,
    protocols: &[&'static str],
    deflate: bool,
) -> Result<Accepted, HandshakeError> {
    let has = |value: &str, word: &str| list(value).any(|item| item.eq_ignore_ascii_case(word));
    if !has(request.connection, "upgrade") || !has(request.upgrade, "websocket") {
        return Err(HandshakeError::NotWebSocket);
    }
    if request.version.trim() != VERSION {
        return Err(HandshakeError::Version);
    }
    let key = request.key.trim();
    if STANDARD.decode(key).map(|bytes| bytes.len()) != Ok(16) {
        return Err(HandshakeError::Key);
    }
    let known = |offered: &str| protocols.iter().find(|p| **p == offered).copied();
    Ok(Accepted {
        accept: accept_key(key),
        protocol: list(request.protocols).find_map(known),
        deflate: if deflate { accept_deflate(request.extensions) } else { None },
    })
}

/// Judges a server's answer to a request with `key` that offered `protocol` and, if `deflate`,
/// [`DEFLATE_OFFER`]: whether messages may be compressed.
///
/// # Errors
/// [`HandshakeError::Answer`] when it was not made for this request.
pub fn check_answer(
    key: &str,
    protocol: Option<&str>,
    deflate: bool,
    answer: &Answer<'_>,
) -> Result<bool, HandshakeError> {
    let upgraded = answer.upgrade.trim().eq_ignore_ascii_case("websocket")
        && list(answer.connection).any(|item| item.eq_ignore_ascii_case("upgrade"));
    let protocol_fits = answer.protocol.is_none_or(|p| Some(p.trim()) == protocol);
    if !upgraded || answer.accept.trim() != accept_key(key) || !protocol_fits {
        return Err(HandshakeError::Answer);
    }
    let mut extensions = list(answer.extensions);
    let Some(agreed) = extensions.next() else { return Ok(false) };
    let (name, mut params) = extension(agreed);
    let known = |(name, value): (&str, Option<&str>)| match name {
        "server_no_context_takeover" | "client_no_context_takeover" => value.is_none(),
        "server_max_window_bits" => window_bits(value).is_some(),
        _ => false,
    };
    let no_context = extension(agreed).1.any(|(name, _)| name == "server_no_context_takeover");
    let fits = deflate && name == DEFLATE && params.all(known) && no_context;
    if fits && extensions.next().is_none() { Ok(true) } else { Err(HandshakeError::Answer) }
}

/// The headers of a server's answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    /// `Connection`.
    pub connection: &'a str,
    /// `Upgrade`.
    pub upgrade: &'a str,
    /// `Sec-WebSocket-Accept`.
    pub accept: &'a str,
    /// `Sec-WebSocket-Protocol`.
    pub protocol: Option<&'a str>,
    /// `Sec-WebSocket-Extensions`; empty where absent.
    pub extensions: &'a str,
}

/// The first offer that can be kept (RFC 7692, 5.1).
fn accept_deflate(extensions: &str) -> Option<Deflate> {
    list(extensions).find_map(|offer| {
        let (name, params) = extension(offer);
        if !name.eq_ignore_ascii_case(DEFLATE) { None } else { accept_params(params) }
    })
}

fn accept_params<'a>(params: impl Iterator<Item = (&'a str, Option<&'a str>)>) -> Option<Deflate> {
    let mut agreed = Deflate { server_window_bits: WINDOW_BITS_MAX, asked: false };
    let mut seen: Vec<&str> = Vec::new();
    for (name, value) in params {
        if seen.contains(&name) {
            return None;
        }
        seen.push(name);
        match name {
            "server_no_context_takeover" | "client_no_context_takeover" if value.is_none() => {}
            "server_max_window_bits" => {
                agreed.server_window_bits = window_bits(value).filter(|b| *b >= WINDOW_BITS_MIN)?;
                agreed.asked = true;
            }
            // Our window for reading is the largest there is, whatever the client would use.
            "client_max_window_bits" if value.is_none() => {}
            "client_max_window_bits" => {
                window_bits(value)?;
            }
            _ => return None,
        }
    }
    Some(agreed)
}

/// 8 to 15, without leading zeros (RFC 7692, 7.1.2.1).
fn window_bits(value: Option<&str>) -> Option<u8> {
    let value = value?;
    let bits: u8 = value.parse().ok()?;
    ((8..=15).contains(&bits) && value == bits.to_string()).then_some(bits)
}

/// The name of an extension and its parameters, unquoted.
fn extension(text: &str) -> (&str, impl Iterator<Item = (&str, Option<&str>)>) {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().unwrap_or_default();
    let params = parts.map(|part| match part.split_once('=') {
        None => (part, None),
        Some((name, value)) => (name.trim_end(), Some(value.trim().trim_matches('"'))),
    });
    (name, params)
}

/// The items of a comma-separated header. Quoted commas do not occur in the headers read here.
fn list(value: &str) -> impl Iterator<Item = &str> {
    value.split(',').map(str::trim).filter(|item| !item.is_empty())
}
