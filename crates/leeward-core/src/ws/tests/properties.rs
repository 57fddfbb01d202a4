//! Properties: however a conversation is cut into reads, the same messages are heard; whatever the
//! bytes, nothing panics and nothing is heard after an error.

use super::{heard, masked};
use crate::ws::frame::{Header, Opcode};
use crate::ws::utf8::Utf8;
use crate::ws::{Deflater, encode};
use proptest::prelude::*;

/// One message of a conversation and how its sender cuts it into frames.
#[derive(Clone, Debug)]
enum Said {
    Text(String, usize),
    Binary(Vec<u8>, usize),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Compressed(String),
}

fn said() -> impl Strategy<Value = Said> {
    let bytes = || proptest::collection::vec(any::<u8>(), 0..300);
    let short = || proptest::collection::vec(any::<u8>(), 0..=125);
    prop_oneof![
        (".{0,80}", 1..50usize).prop_map(|(t, n)| Said::Text(t, n)),
        (bytes(), 1..99usize).prop_map(|(b, n)| Said::Binary(b, n)),
        short().prop_map(Said::Ping),
        short().prop_map(Said::Pong),
        ".{0,200}".prop_map(Said::Compressed),
    ]
}

fn write(said: &Said, out: &mut Vec<u8>) {
    let (opcode, payload, frame_bytes) = match said {
        Said::Text(t, n) => (Opcode::Text, t.as_bytes(), *n),
        Said::Binary(b, n) => (Opcode::Binary, b.as_slice(), *n),
        Said::Ping(b) => return out.extend(masked(true, Opcode::Ping, b)),
        Said::Pong(b) => return out.extend(masked(true, Opcode::Pong, b)),
        Said::Compressed(t) => {
            let mask = Some(super::KEY);
            let header = Header {
                fin: true,
                compressed: true,
                opcode: Opcode::Text,
                mask,
                payload_bytes: 0,
            };
            return encode::frame(header, &Deflater::default().deflate(t.as_bytes()), out);
        }
    };
    let count = payload.len().div_ceil(frame_bytes).max(1);
    for i in 0..count {
        let piece = &payload[i * frame_bytes..payload.len().min((i + 1) * frame_bytes)];
        let opcode = if i == 0 { opcode } else { Opcode::Continuation };
        out.extend(masked(i + 1 == count, opcode, piece));
    }
}

fn expected(said: &Said) -> String {
    let message = match said {
        Said::Text(t, _) | Said::Compressed(t) => crate::ws::Message::Text(t.into()),
        Said::Binary(b, _) => crate::ws::Message::Binary(b.into()),
        Said::Ping(b) => crate::ws::Message::Ping(b.into()),
        Said::Pong(b) => crate::ws::Message::Pong(b.into()),
    };
    super::words(&message)
}

proptest! {
    #[test]
    fn what_was_said_is_heard_however_it_is_cut(
        conversation in proptest::collection::vec(said(), 0..12),
        step in 1..700usize,
    ) {
        let mut wire = Vec::new();
        conversation.iter().for_each(|s| write(s, &mut wire));
        let all: Vec<_> = conversation.iter().map(expected).collect();
        prop_assert_eq!(heard(&wire, step, true), all);
    }

    #[test]
    fn a_damaged_conversation_never_panics_and_ends_with_its_error(
        conversation in proptest::collection::vec(said(), 1..6),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        step in 1..300usize,
    ) {
        let mut wire = Vec::new();
        conversation.iter().for_each(|s| write(s, &mut wire));
        for (at, byte) in damage {
            let at = at.index(wire.len());
            wire[at] = byte;
        }
        let out = heard(&wire, step, true);
        let errors = out.iter().filter(|line| line.starts_with("error ")).count();
        prop_assert!(errors <= 1);
        prop_assert!(errors == 0 || out.last().is_some_and(|l| l.starts_with("error ")));
    }

    #[test]
    fn any_bytes_are_judged_alike_however_they_are_cut(
        wire in proptest::collection::vec(any::<u8>(), 0..400),
        step in 1..50usize,
    ) {
        prop_assert_eq!(heard(&wire, step, true), heard(&wire, wire.len().max(1), true));
    }

    #[test]
    fn utf8_in_pieces_is_judged_as_the_standard_library_judges_the_whole(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..12),
            ".{0,12}".prop_map(String::into_bytes),
            proptest::collection::vec(prop_oneof![Just(0xE0), Just(0xED), Just(0xF4), Just(0xF0), Just(0x80), Just(0x9F), Just(0xA0), Just(0xBF), Just(0x8F), Just(0x90)], 0..6),
        ],
        step in 1..5usize,
    ) {
        let mut utf8 = Utf8::default();
        let fed = bytes.chunks(step).try_for_each(|piece| utf8.feed(piece));
        let valid = fed.is_ok() && utf8.is_whole();
        prop_assert_eq!(valid, std::str::from_utf8(&bytes).is_ok());
        let hopeless = std::str::from_utf8(&bytes).is_err_and(|e| e.error_len().is_some());
        prop_assert_eq!(fed.is_err(), hopeless);
    }
}
