//! Fuzz targets, one for each thing that reads bytes from a stranger: plain functions of bytes that
//! panic when a promise is broken. Each is replayed on the committed corpus in `tests/corpus`, on
//! damaged copies of it, and on noise; a fuzzing engine can call the same functions.

mod replay;

use leeward_core::id::{AccountId, Millis, SessionId};
use leeward_core::mentions::mentions;
use leeward_core::rules::check_draft;
use leeward_core::seal::{Grant, KeyRing, Purpose};
use leeward_core::search_query::SearchQuery;
use leeward_core::wire::{self, ClientFrame};
use leeward_core::ws::handshake::{Request, accept};
use leeward_core::ws::{Decoder, Inflater, Role};
use replay::replay;

/// A limit small enough for a fuzzer to reach.
const MESSAGE_BYTES_MAX: usize = 4096;

/// The decoder never panics, never keeps more than its limit allows, and hears the same however the
/// bytes are cut. The first byte says how.
fn ws_decoder(bytes: &[u8]) {
    let Some((&how, wire)) = bytes.split_first() else { return };
    let role = if how & 1 == 0 { Role::Server } else { Role::Client };
    let whole = decode(role, how & 2 != 0, wire, wire.len());
    let cut = decode(role, how & 2 != 0, wire, usize::from(how >> 2) + 1);
    assert_eq!(whole, cut);
}

fn decode(role: Role, deflate: bool, wire: &[u8], step: usize) -> Vec<String> {
    let mut decoder = Decoder::new(role, MESSAGE_BYTES_MAX, deflate);
    let (mut inflater, mut out) = (Inflater::default(), Vec::new());
    for piece in wire.chunks(step.max(1)) {
        let (mut piece, mut at) = (piece.to_vec(), 0);
        loop {
            match decoder.next(&mut piece, &mut at, &mut inflater) {
                Ok(Some(message)) => out.push(format!("{message:?}")),
                Ok(None) => break,
                Err(error) => out.push(error.to_string()),
            }
        }
        assert!(decoder.memory_bytes() <= 4 * MESSAGE_BYTES_MAX);
    }
    out
}

/// A frame that is read is written and read again as the same.
fn client_frame(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let Ok(frame) = wire::decode(text) else { return };
    if let ClientFrame::Post { draft, .. } = &frame {
        let _ = check_draft(draft);
    }
    let again = serde_json::to_string(&frame).expect("what was read can be written");
    assert_eq!(wire::decode(&again).expect("what was written can be read"), frame);
}

fn ring() -> KeyRing {
    KeyRing::new((1, [7; 32]), vec![(0, [8; 32])])
}

fn grant() -> Grant {
    Grant {
        account: AccountId(3),
        session: SessionId(4),
        session_epoch: 1,
        role: leeward_core::account::Role::Member,
        issued: Millis(1),
        expires: Millis(1_000),
        lease_ms: 15_000,
    }
}

/// Nothing opens but what was sealed.
fn sealed(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let real = ring().seal(Purpose::Resume, &grant());
    if let Ok(opened) = ring().open(Purpose::Resume, &text, Millis(2)) {
        assert_eq!((text.as_ref(), opened), (real.as_str(), grant()));
    }
}

/// Any text is a query or an explained refusal.
fn search_query(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(refusal) = SearchQuery::parse(&text) {
        assert!(!refusal.message.is_empty());
    }
}

/// Whoever is mentioned stands in the text.
fn mentioned(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    for name in mentions(&text).names {
        assert!(text.contains(&format!("@{name}")), "{name:?}");
    }
}

/// Headers of any kind are judged without panic. Lines are the values.
fn handshake(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut lines = text.lines();
    let mut line = || lines.next().unwrap_or_default();
    let request = Request {
        connection: line(),
        upgrade: line(),
        version: line(),
        key: line(),
        protocols: line(),
        extensions: line(),
    };
    if let Ok(accepted) = accept(&request, &["leeward.v1"], true) {
        assert!(accepted.protocol.is_none_or(|p| request.protocols.contains(p)));
        assert!(accepted.deflate.is_none_or(|d| (9..=15).contains(&d.server_window_bits)));
    }
}

#[test]
fn the_websocket_decoder_keeps_its_promises() {
    replay("ws", ws_decoder);
}

#[test]
fn the_handshake_keeps_its_promises() {
    replay("handshake", handshake);
}

#[test]
fn the_frames_of_clients_keep_their_promises() {
    replay("wire", client_frame);
}

#[test]
fn sealed_tokens_keep_their_promises() {
    replay("seal", sealed);
    sealed(ring().seal(Purpose::Resume, &grant()).as_bytes());
}

#[test]
fn search_queries_keep_their_promises() {
    replay("search", search_query);
}

#[test]
fn mentions_keep_their_promises() {
    replay("mentions", mentioned);
}
