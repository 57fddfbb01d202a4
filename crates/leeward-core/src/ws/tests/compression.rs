//! Compressed messages: the examples of RFC 7692, the limits, and damage.

use super::{KEY, LIMIT, heard, heard_up_to, masked};
use crate::ws::frame::{Header, Opcode};
use crate::ws::{Deflater, Inflater, WsError, encode};

fn compressed(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let compressed = opcode != Opcode::Continuation;
    let header = Header { fin, compressed, opcode, mask: Some(KEY), payload_bytes: 0 };
    encode::frame(header, payload, &mut out);
    out
}

#[test]
fn the_examples_of_the_rfc_are_understood() {
    let hello: &[&[u8]] = &[
        &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00],
        &[0x00, 0x05, 0x00, 0xfa, 0xff, 0x48, 0x65, 0x6c, 0x6c, 0x6f, 0x00],
        &[0xf3, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00, 0x00],
        &[0xf2, 0x48, 0x05, 0x00, 0x00, 0x00, 0xff, 0xff, 0xca, 0xc9, 0xc9, 0x07, 0x00],
    ];
    for payload in hello {
        let wire = compressed(true, Opcode::Text, payload);
        assert_eq!(heard(&wire, wire.len(), true), ["text Hello"]);
    }
}

#[test]
fn a_compressed_message_may_come_in_fragments_with_a_ping_between() {
    let mut wire = compressed(false, Opcode::Text, &[0xf2, 0x48, 0xcd]);
    wire.extend(masked(true, Opcode::Ping, b""));
    wire.extend(compressed(true, Opcode::Continuation, &[0xc9, 0xc9, 0x07, 0x00]));
    assert_eq!(heard(&wire, 3, true), ["ping ", "text Hello"]);
}

#[test]
fn an_empty_message_is_one_zero_byte() {
    assert_eq!(Deflater::default().deflate(b""), [0]);
    assert_eq!(Inflater::default().inflate(&[0], 10), Ok(vec![]));
}

#[test]
fn every_size_and_window_comes_back_as_it_was() {
    let text: Vec<u8> = (0..300_000u32).map(|i| (i % 251 + i / 1000 % 5) as u8).collect();
    let mut inflater = Inflater::default();
    for bits in [8, 9, 12, 15] {
        let mut deflater = Deflater::with_window_bits(bits);
        for len in [0, 1, 10, 511, 512, 513, 4095, 4096, 4097, 65_536, 300_000] {
            let small = deflater.deflate(&text[..len]);
            assert_eq!(inflater.inflate(&small, len).as_deref(), Ok(&text[..len]), "{bits} {len}");
        }
    }
}

#[test]
fn a_small_bomb_is_refused_at_the_limit_and_never_unpacked() {
    let bomb = Deflater::default().deflate(&vec![0; 5_000_000]);
    assert!(bomb.len() < 99_000);
    assert_eq!(Inflater::default().inflate(&bomb, 100_000), Err(WsError::TooBig));
    let wire = compressed(true, Opcode::Binary, &bomb);
    assert_eq!(heard_up_to(&wire, wire.len(), true, 100_000), ["error 1009"]);
}

#[test]
fn a_message_of_exactly_the_limit_passes_and_one_more_byte_does_not() {
    let small = Deflater::default().deflate(&[7; 10_000]);
    assert!(Inflater::default().inflate(&small, 10_000).is_ok());
    assert_eq!(Inflater::default().inflate(&small, 9_999), Err(WsError::TooBig));
}

#[test]
fn what_does_not_decompress_closes_with_1007_and_harms_nobody_after() {
    let mut inflater = Inflater::default();
    assert_eq!(inflater.inflate(&[0xFF; 40], LIMIT), Err(WsError::BadDeflate));
    let hello = [0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00];
    assert_eq!(inflater.inflate(&hello, LIMIT).as_deref(), Ok(&b"Hello"[..]));
    let wire = compressed(true, Opcode::Text, &[0xFF; 40]);
    assert_eq!(heard(&wire, 9, true), ["error 1007"]);
}

#[test]
fn compressed_text_that_is_not_utf8_is_refused() {
    let small = Deflater::default().deflate(&[0xce, 0xba, 0xed, 0xa0, 0x80]);
    let wire = compressed(true, Opcode::Text, &small);
    assert_eq!(heard(&wire, wire.len(), true), ["error 1007"]);
}

#[test]
fn the_compressed_bit_is_refused_where_it_has_no_meaning() {
    let text = compressed(true, Opcode::Text, &[0xf2, 0x48, 0xcd, 0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(heard(&text, text.len(), false), ["error 1002"], "not agreed");
    let mut ping = masked(true, Opcode::Ping, b"");
    ping[0] |= 0x40;
    assert_eq!(heard(&ping, ping.len(), true), ["error 1002"], "on a control frame");
    let mut more = masked(false, Opcode::Text, b"a");
    more.extend(masked(true, Opcode::Continuation, b"b"));
    more[7] |= 0x40;
    assert_eq!(heard(&more, more.len(), true), ["error 1002"], "on a continuation");
}

#[test]
fn a_shared_frame_is_compressed_only_where_that_makes_it_smaller() {
    let mut deflater = Deflater::default();
    assert!(encode::text_compressed(b"x", &mut deflater).is_none());
    let long = "the same words again ".repeat(50);
    let frame = encode::text_compressed(long.as_bytes(), &mut deflater).expect("repetitive");
    assert!(frame.len() < long.len() / 5);
    let again = encode::text_compressed(long.as_bytes(), &mut deflater).expect("repetitive");
    assert_eq!(frame, again, "no context is taken over");
}
