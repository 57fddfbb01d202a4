//! The public Autobahn cases as a table: what arrives, in which pieces, and what is heard. Sections
//! 1 (framing), 2 (pings), 3 (reserved bits), 4 (opcodes), 5 (fragmentation), 6 (UTF-8), 7 (close),
//! 9 (sizes), 10 (automatic fragmentation). Sections 12 and 13 are in `compression` and `handshake`.

use super::{heard, masked};
use crate::ws::close;
use crate::ws::frame::Opcode::{self, Binary, Close, Continuation, Ping, Pong, Text};

/// Frames as (fin, opcode, payload).
type Frames<'a> = &'a [(bool, Opcode, &'a [u8])];

fn wire(frames: Frames<'_>) -> Vec<u8> {
    frames.iter().flat_map(|(fin, opcode, payload)| masked(*fin, *opcode, payload)).collect()
}

/// Each case whole, and byte by byte.
fn check(case: &str, wire: &[u8], expected: &[&str]) {
    for step in [wire.len(), 1, 7] {
        assert_eq!(heard(wire, step, false), expected, "case {case} in pieces of {step}");
    }
}

#[test]
fn section_1_text_and_binary_of_every_length_form() {
    for len in [0usize, 125, 126, 127, 128, 65_535, 65_536] {
        let payload = vec![b'*'; len];
        let shown = if len > 130 { format!("{len} bytes") } else { "*".repeat(len) };
        check("1.1", &wire(&[(true, Text, &payload)]), &[&format!("text {shown}")]);
        check("1.2", &wire(&[(true, Binary, &payload)]), &[&format!("binary {shown}")]);
    }
    let payload = vec![b'*'; 65_536];
    let big = wire(&[(true, Text, &payload)]);
    assert_eq!(heard(&big, 997, false), ["text 65536 bytes"], "case 1.1.8");
}

#[test]
fn section_2_pings_and_pongs() {
    let long = vec![0xFE; 125];
    let shown = format!("ping {}", String::from_utf8_lossy(&long));
    let cases: &[(&str, Frames<'_>, &[&str])] = &[
        ("2.1", &[(true, Ping, b"")], &["ping "]),
        ("2.2", &[(true, Ping, b"Hello, world!")], &["ping Hello, world!"]),
        ("2.4", &[(true, Ping, &long)], &[&shown]),
        ("2.7", &[(true, Pong, b"")], &["pong "]),
        ("2.8", &[(true, Pong, b"unsolicited")], &["pong unsolicited"]),
        ("2.9", &[(true, Pong, b"a"), (true, Ping, b"b")], &["pong a", "ping b"]),
        ("2.10", &[(true, Ping, b"1"), (true, Ping, b"2")], &["ping 1", "ping 2"]),
    ];
    for (case, frames, expected) in cases {
        check(case, &wire(frames), expected);
    }
    let too_long = wire(&[(true, Ping, &[0xFE; 126])]);
    check("2.5", &too_long, &["error 1002"]);
}

#[test]
fn section_3_reserved_bits() {
    for bits in [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70] {
        for opcode in [Text, Binary, Ping, Close] {
            let mut frame = masked(true, opcode, b"");
            frame[0] |= bits;
            let mut all = masked(true, Text, b"before");
            all.extend(frame);
            all.extend(masked(true, Text, b"after"));
            check("3.1 to 3.7", &all, &["text before", "error 1002"]);
        }
    }
}

#[test]
fn section_4_reserved_opcodes() {
    for opcode in [3u8, 4, 5, 6, 7, 11, 12, 13, 14, 15] {
        let mut frame = masked(true, Text, b"reserved");
        frame[0] = 0x80 | opcode;
        let mut all = masked(true, Text, b"before");
        all.extend(frame);
        check("4.1, 4.2", &all, &["text before", "error 1002"]);
    }
}

#[test]
fn section_5_fragmentation() {
    let bad = &["error 1002"];
    let cases: &[(&str, Frames<'_>, &[&str])] = &[
        ("5.1", &[(false, Ping, b"frag"), (true, Continuation, b"ment")], bad),
        ("5.2", &[(false, Pong, b"frag"), (true, Continuation, b"ment")], bad),
        ("5.3", &[(false, Text, b"frag"), (true, Continuation, b"ment")], &["text fragment"]),
        (
            "5.6",
            &[(false, Text, b"frag"), (true, Ping, b"?"), (true, Continuation, b"ment")],
            &["ping ?", "text fragment"],
        ),
        ("5.9", &[(true, Continuation, b"nothing"), (true, Text, b"x")], bad),
        ("5.12", &[(false, Continuation, b"nothing"), (true, Text, b"x")], bad),
        (
            "5.15",
            &[
                (false, Text, b"a"),
                (true, Continuation, b"b"),
                (false, Continuation, b"c"),
                (true, Text, b"d"),
            ],
            &["text ab", "error 1002"],
        ),
        ("5.18", &[(false, Text, b"a"), (true, Text, b"b")], bad),
        (
            "5.19",
            &[
                (false, Text, b"1"),
                (false, Continuation, b"2"),
                (true, Ping, b"p1"),
                (false, Continuation, b"3"),
                (false, Continuation, b"4"),
                (true, Ping, b"p2"),
                (true, Continuation, b"5"),
            ],
            &["ping p1", "ping p2", "text 12345"],
        ),
    ];
    for (case, frames, expected) in cases {
        check(case, &wire(frames), expected);
    }
}

#[test]
fn section_6_valid_texts() {
    let valid: &[&str] = &[
        "",
        "Hello-µ@ßöäüàá-UTF-8!!",
        "κόσμε",
        "\u{0}",
        "\u{80}",
        "\u{800}",
        "\u{10000}",
        "\u{7f}",
        "\u{7ff}",
        "\u{ffff}",
        "\u{10ffff}",
        "\u{d7ff}",
        "\u{e000}",
        "\u{fffd}",
        "\u{fffe}",
        "\u{1fffe}",
        "\u{10fffe}",
    ];
    for text in valid {
        let shown = format!("text {text}");
        check("6.2", &wire(&[(true, Text, text.as_bytes())]), &[&shown]);
        let mut frames: Vec<_> =
            text.as_bytes().chunks(1).map(|b| (false, Continuation, b)).collect();
        frames.push((true, Continuation, b""));
        frames[0].1 = Text;
        check("6.2 by octets", &wire(&frames), &[&shown]);
    }
    check(
        "6.1",
        &wire(&[(false, Text, b""), (false, Continuation, b""), (true, Continuation, b"")]),
        &["text "],
    );
}

#[test]
fn section_6_invalid_texts() {
    let kosme = "κόσμε".as_bytes();
    let surrogate = [kosme, b"\xed\xa0\x80edited"].concat();
    let invalid: &[&[u8]] = &[
        &surrogate,
        b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xf4\x90\x80\x80",
        b"\xce",
        b"\xce\xba\xe1",
        b"\xce\xba\xe1\xbd",
        b"\xf8\x88\x80\x80\x80",
        b"\xfc\x84\x80\x80\x80\x80",
        b"\xf7\xbf\xbf\xbf",
        b"\xf4\x90\x80\x80",
        b"\x80",
        b"\xbf",
        b"\x80\xbf\x80",
        b"\xc0 ",
        b"\xfe",
        b"\xff",
        b"\xc0\xaf",
        b"\xe0\x80\xaf",
        b"\xf0\x80\x80\xaf",
        b"\xc1\xbf",
        b"\xe0\x9f\xbf",
        b"\xf0\x8f\xbf\xbf",
        b"\xed\xa0\x80",
        b"\xed\xbf\xbf",
        b"\xed\xa0\x80\xed\xb0\x80",
    ];
    for text in invalid {
        check("6.3 and later", &wire(&[(true, Text, text)]), &["error 1007"]);
    }
}

#[test]
fn section_6_4_a_hopeless_text_is_refused_before_it_ends() {
    let start = "κόσμε".as_bytes();
    let by_fragments = wire(&[(false, Text, start), (false, Continuation, b"\xf4\x90\x80\x80")]);
    check("6.4.1", &by_fragments, &["error 1007"]);
    let early = wire(&[(false, Text, start), (false, Continuation, b"\xf4\x90")]);
    check("6.4.2", &early, &["error 1007"]);
    let whole = wire(&[(true, Text, b"\xce\xba\xe1\xbd\xb9\xf4\x90\x80\x80edited")]);
    let cut = &whole[..6 + 7];
    check("6.4.3, 6.4.4", cut, &["error 1007"]);
}

#[test]
fn section_7_closing() {
    let code = |code: u16| code.to_be_bytes().to_vec();
    let cases: &[(&str, Frames<'_>, &[&str])] = &[
        ("7.1.1", &[(true, Text, b"hi"), (true, Close, b"\x03\xe8")], &["text hi", "close 1000 "]),
        ("7.1.2", &[(true, Close, b"\x03\xe8"), (true, Close, b"\x03\xe8")], &["close 1000 "]),
        ("7.1.3", &[(true, Close, b"\x03\xe8"), (true, Ping, b"")], &["close 1000 "]),
        ("7.1.4", &[(true, Close, b"\x03\xe8"), (true, Text, b"late")], &["close 1000 "]),
        ("7.1.5", &[(false, Text, b"a"), (true, Close, b"\x03\xe8")], &["close 1000 "]),
        ("7.3.1", &[(true, Close, b"")], &["close"]),
        ("7.3.2", &[(true, Close, b"\x03")], &["error 1002"]),
        ("7.3.3", &[(true, Close, b"\x03\xe8")], &["close 1000 "]),
        ("7.3.4", &[(true, Close, b"\x03\xe8Hello World!")], &["close 1000 Hello World!"]),
        ("7.5.1", &[(true, Close, b"\x03\xe8\xce\xba\xed\xa0\x80")], &["error 1007"]),
    ];
    for (case, frames, expected) in cases {
        check(case, &wire(frames), expected);
    }
    let longest = close::payload(1000, &"*".repeat(123));
    check(
        "7.3.5",
        &wire(&[(true, Close, &longest)]),
        &[&format!("close 1000 {}", "*".repeat(123))],
    );
    let longer = [&longest[..], b"*"].concat();
    check("7.3.6", &wire(&[(true, Close, &longer)]), &["error 1002"]);
    for good in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        check("7.7", &wire(&[(true, Close, &code(good))]), &[&format!("close {good} ")]);
    }
    for bad in [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535] {
        check("7.9, 7.13", &wire(&[(true, Close, &code(bad))]), &["error 1002"]);
    }
}

#[test]
fn section_9_sixteen_mebibytes_whole_in_fragments_and_in_small_reads() {
    let payload = vec![b'*'; 16 << 20];
    let expected = format!("{} bytes", payload.len());
    let whole = wire(&[(true, Text, &payload)]);
    assert_eq!(heard(&whole, whole.len(), false), [format!("text {expected}")], "9.1.6");
    assert_eq!(heard(&whole, 4096, false), [format!("text {expected}")], "9.5");
    for piece in [64usize, 4096, 1 << 20] {
        let mut frames = Vec::new();
        for (i, part) in payload[..4 << 20].chunks(piece).enumerate() {
            let opcode = if i == 0 { Binary } else { Continuation };
            frames.extend(masked((i + 1) * piece >= 4 << 20, opcode, part));
        }
        assert_eq!(heard(&frames, 65_536, false), [format!("binary {} bytes", 4 << 20)], "9.4");
    }
}

#[test]
fn section_10_a_message_in_frames_of_1300_bytes() {
    let payload = vec![b'*'; 65_536];
    let mut frames = Vec::new();
    for (i, part) in payload.chunks(1300).enumerate() {
        let opcode = if i == 0 { Text } else { Continuation };
        frames.extend(masked((i + 1) * 1300 >= payload.len(), opcode, part));
    }
    check("10.1.1", &frames, &["text 65536 bytes"]);
}
