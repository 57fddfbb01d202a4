//! The codec held to the rules: by the table of the public Autobahn cases, by properties, and by
//! single behaviours that neither names.

mod autobahn;
mod compression;
mod handshake;
mod memory;
mod properties;

use super::frame::{Header, Opcode, Role};
use super::{Decoder, Inflater, Message, WsError, encode};

/// The limit in tests that are not about limits.
const LIMIT: usize = 1 << 24;

const KEY: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];

/// A client's frame.
fn masked(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let header = Header { fin, compressed: false, opcode, mask: Some(KEY), payload_bytes: 0 };
    encode::frame(header, payload, &mut out);
    out
}

/// What a server makes of `wire`, arriving in pieces of `step` bytes: each message as text, then the
/// error if one came.
fn heard(wire: &[u8], step: usize, deflate: bool) -> Vec<String> {
    heard_up_to(wire, step, deflate, LIMIT)
}

fn heard_up_to(wire: &[u8], step: usize, deflate: bool, limit: usize) -> Vec<String> {
    let mut decoder = Decoder::new(Role::Server, limit, deflate);
    let (mut inflater, mut out) = (Inflater::default(), Vec::new());
    for piece in wire.chunks(step.max(1)) {
        let (mut piece, mut at) = (piece.to_vec(), 0);
        loop {
            match decoder.next(&mut piece, &mut at, &mut inflater) {
                Ok(Some(message)) => out.push(words(&message)),
                Ok(None) => break,
                Err(error) => out.push(format!("error {}", error.close_code())),
            }
        }
        assert_eq!(at, piece.len(), "a read is always taken whole");
    }
    out
}

fn words(message: &Message<'_>) -> String {
    let short = |b: &[u8]| match b.len() {
        0..=130 => String::from_utf8_lossy(b).into_owned(),
        n => format!("{n} bytes"),
    };
    match message {
        Message::Text(t) => format!("text {}", short(t.as_bytes())),
        Message::Binary(b) => format!("binary {}", short(b)),
        Message::Ping(b) => format!("ping {}", short(b)),
        Message::Pong(b) => format!("pong {}", short(b)),
        Message::Close(None) => "close".to_owned(),
        Message::Close(Some(c)) => format!("close {} {}", c.code, c.reason),
    }
}

/// The first error of a client or server decoder on whole `wire`.
fn error(role: Role, wire: &[u8], limit: usize) -> Option<WsError> {
    let mut decoder = Decoder::new(role, limit, false);
    let (mut wire, mut at) = (wire.to_vec(), 0);
    loop {
        match decoder.next(&mut wire, &mut at, &mut Inflater::default()) {
            Ok(Some(_)) => {}
            Ok(None) => return None,
            Err(error) => return Some(error),
        }
    }
}

#[test]
fn a_server_refuses_a_frame_without_a_mask() {
    let wire = encode::text(b"hello");
    assert_eq!(error(Role::Server, &wire, LIMIT), Some(WsError::NotMasked));
}

#[test]
fn a_client_refuses_a_frame_with_a_mask() {
    let wire = masked(true, Opcode::Text, b"hello");
    assert_eq!(error(Role::Client, &wire, LIMIT), Some(WsError::Masked));
}

#[test]
fn a_message_above_the_limit_is_refused_by_its_header() {
    let header = &masked(true, Opcode::Text, &[b'a'; 101])[..6];
    assert_eq!(error(Role::Server, header, 100), Some(WsError::TooBig));
}

#[test]
fn fragments_that_add_up_above_the_limit_are_refused() {
    let mut wire = masked(false, Opcode::Text, &[b'a'; 60]);
    wire.extend(masked(true, Opcode::Continuation, &[b'a'; 41]));
    assert_eq!(error(Role::Server, &wire, 100), Some(WsError::TooBig));
    assert_eq!(error(Role::Server, &wire, 101), None);
}

#[test]
fn a_length_longer_than_needed_is_refused() {
    let mut short = vec![0x81, 0xFE, 0, 5, 0, 0, 0, 0];
    short.extend_from_slice(b"hello");
    assert_eq!(error(Role::Server, &short, LIMIT), Some(WsError::BadLength));
    let long = [0x82, 0xFF, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 0, 0, 0, 0];
    assert_eq!(error(Role::Server, &long, LIMIT), Some(WsError::BadLength));
}

#[test]
fn a_length_with_its_highest_bit_set_is_refused() {
    let wire = [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    assert_eq!(error(Role::Server, &wire, LIMIT), Some(WsError::BadLength));
}

#[test]
fn nothing_is_heard_after_an_error() {
    let mut wire = masked(true, Opcode::Continuation, b"of nothing");
    wire.extend(masked(true, Opcode::Text, b"hello"));
    assert_eq!(heard(&wire, wire.len(), false), ["error 1002"]);
    assert_eq!(heard(&wire, 1, false), ["error 1002"]);
}

#[test]
fn a_close_reason_is_cut_between_characters() {
    let reason = "é".repeat(100);
    let wire = encode::close(1000, &reason);
    assert_eq!(wire.len(), 2 + 2 + 122);
    assert_eq!(error(Role::Client, &wire, LIMIT), None);
}

#[test]
fn a_close_is_answered_with_its_own_code() {
    let code = |b: &[u8]| b.get(2..4).map(|c| u16::from_be_bytes([c[0], c[1]]));
    let frame = super::CloseFrame { code: 4001, reason: "bye".to_owned() };
    assert_eq!(code(&encode::close_reply(Some(&frame))), Some(4001));
    assert_eq!(code(&encode::close_reply(None)), None);
}
