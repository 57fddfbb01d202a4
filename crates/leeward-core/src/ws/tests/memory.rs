//! What a decoder holds: nothing when idle, never more than what came.

use super::{KEY, LIMIT, masked};
use crate::ws::frame::{Header, Opcode, Role};
use crate::ws::{Decoder, Inflater, Message, encode};
use std::borrow::Cow;

fn feed(decoder: &mut Decoder, bytes: &[u8]) -> usize {
    let (mut bytes, mut at, mut count) = (bytes.to_vec(), 0, 0);
    let mut inflater = Inflater::default();
    while decoder.next(&mut bytes, &mut at, &mut inflater).expect("well formed").is_some() {
        count += 1;
    }
    count
}

#[test]
fn an_idle_decoder_is_small_and_owns_no_heap() {
    let decoder = Decoder::new(Role::Server, LIMIT, true);
    assert!(size_of_val(&decoder) <= 32);
    assert_eq!(decoder.memory_bytes(), 0);
}

#[test]
fn a_whole_message_is_lent_from_the_buffer_it_came_in() {
    let mut decoder = Decoder::new(Role::Server, LIMIT, false);
    let mut wire = masked(true, Opcode::Text, b"hello");
    let message = decoder.next(&mut wire, &mut 0, &mut Inflater::default()).expect("well formed");
    assert!(matches!(message, Some(Message::Text(Cow::Borrowed("hello")))));
}

#[test]
fn memory_is_given_back_after_each_message_that_came_in_pieces() {
    let mut decoder = Decoder::new(Role::Server, LIMIT, false);
    let wire = masked(true, Opcode::Binary, &[7; 100_000]);
    assert_eq!(feed(&mut decoder, &wire[..50_000]), 0);
    assert!(decoder.memory_bytes() >= 49_000);
    assert_eq!(feed(&mut decoder, &wire[50_000..]), 1);
    assert_eq!(decoder.memory_bytes(), 0);
}

#[test]
fn memory_is_given_back_after_a_control_frame_in_pieces() {
    let mut decoder = Decoder::new(Role::Server, LIMIT, false);
    let wire = masked(true, Opcode::Ping, b"there?");
    assert_eq!(wire.iter().map(|b| feed(&mut decoder, &[*b])).sum::<usize>(), 1);
    assert_eq!(decoder.memory_bytes(), 0);
}

#[test]
fn a_header_alone_makes_no_room_for_its_payload() {
    let mut decoder = Decoder::new(Role::Server, LIMIT, false);
    let mut wire = Vec::new();
    let header = Header {
        fin: true,
        compressed: false,
        opcode: Opcode::Binary,
        mask: Some(KEY),
        payload_bytes: 0,
    };
    Header { payload_bytes: 10_000_000, ..header }.write(&mut wire);
    wire.extend_from_slice(&[0; 10]);
    feed(&mut decoder, &wire);
    assert!(decoder.memory_bytes() < 1_000);
}

#[test]
fn a_frame_is_encoded_into_no_more_than_it_needs() {
    for len in [0, 125, 126, 65_535, 65_536] {
        let frame = encode::text(&vec![b'a'; len]);
        let vec: Vec<u8> = frame.into();
        assert_eq!(vec.capacity(), vec.len());
    }
}
