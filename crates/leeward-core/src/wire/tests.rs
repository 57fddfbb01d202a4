//! Whatever the bytes, decoding answers; whatever the event, its frames are the same bytes.

use super::*;
use crate::event::{Message, Reaction, Replies, What};
use crate::id::FileId;
use crate::room::{MemberRole, RoomKind};
use proptest::prelude::*;

fn draft() -> impl Strategy<Value = Draft> {
    let seq = || (0u64..1 << 53).prop_map(Seq);
    prop_oneof![
        (".{0,40}", prop::option::of(seq()), any::<bool>(), prop::collection::vec(0u64..99, 0..4))
            .prop_map(|(text, thread, also_room, files)| Draft::Message {
                text,
                thread,
                also_room,
                files: files.into_iter().map(FileId).collect(),
                quote: thread,
            }),
        (seq(), ".{0,40}").prop_map(|(target, text)| Draft::Edit { target, text }),
        seq().prop_map(|target| Draft::Delete { target }),
        (seq(), ".{0,9}", any::<bool>()).prop_map(|(target, emoji, on)| Draft::React {
            target,
            emoji,
            on
        }),
        (seq(), any::<bool>()).prop_map(|(target, on)| Draft::Pin { target, on }),
    ]
}

fn nonce() -> impl Strategy<Value = Nonce> {
    "[!-~]{1,64}".prop_map(|text| Nonce::try_from(text).expect("visible ASCII"))
}

fn client_frame() -> impl Strategy<Value = ClientFrame> {
    let room = || (0u64..1 << 53).prop_map(RoomId);
    let seq = || (0u64..1 << 53).prop_map(Seq);
    let text = || prop::option::of(".{0,60}");
    let position = (room(), (0u64..9).prop_map(Epoch), seq());
    prop_oneof![
        (text(), text(), text(), ".{0,20}", any::<u32>(), prop::collection::vec(position, 0..9))
            .prop_map(|(ticket, token, slot, build, version, positions)| {
                let account_version = version.into();
                let hello = Hello { ticket, token, slot, build, account_version, positions };
                ClientFrame::Hello(hello)
            }),
        (room(), nonce(), draft())
            .prop_map(|(room, nonce, draft)| { ClientFrame::Post { room, nonce, draft } }),
        (room(), seq()).prop_map(|(room, seq)| ClientFrame::Read { room, seq }),
        (room(), prop::option::of(seq()))
            .prop_map(|(room, thread)| ClientFrame::Typing { room, thread }),
        prop::collection::vec(room(), 0..9).prop_map(|rooms| ClientFrame::Watch { rooms }),
        room().prop_map(|room| ClientFrame::Open { room }),
        Just(ClientFrame::Presence { state: Presence::Away }),
        (any::<u32>(), any::<bool>()).prop_map(|(n, hidden)| ClientFrame::Ping { n, hidden }),
    ]
}

fn what() -> impl Strategy<Value = What> {
    let message = (".{0,40}", prop::option::of(1u64..99), any::<bool>(), 0usize..3).prop_map(
        |(text, thread, flag, reactions)| {
            What::Message(Box::new(Message {
                text,
                thread: thread.map(Seq),
                also_room: flag,
                mentions: vec![AccountId(1); reactions],
                edited_at: thread.map(Millis),
                deleted: flag,
                reactions: vec![
                    Reaction { emoji: "👍".into(), by: vec![AccountId(1)] };
                    reactions
                ],
                replies: thread.map(|count| Replies {
                    count: count as u32,
                    last: Seq(count),
                    last_at: Millis(count),
                }),
                pinned: flag,
                ..Message::default()
            }))
        },
    );
    let target = || (1u64..99).prop_map(Seq);
    let facts = (".{0,9}", any::<bool>()).prop_map(|(name, archived)| {
        let topic = name.clone();
        let room_kind = RoomKind::Private;
        What::Room(RoomFacts { room_kind, name, topic, archived, read_only: !archived })
    });
    prop_oneof![
        message,
        (target(), ".{0,9}").prop_map(|(target, text)| {
            What::Edit { target, text, mentions: vec![AccountId(2)] }
        }),
        target().prop_map(|target| What::Delete { target }),
        (target(), any::<bool>()).prop_map(|(target, on)| What::Pin { target, on }),
        Just(What::Join { who: AccountId(3), role: MemberRole::Member }),
        any::<bool>().prop_map(|banned| What::Leave { who: AccountId(3), banned }),
        Just(What::Role { who: AccountId(3), role: MemberRole::Muted }),
        facts,
    ]
}

fn stored() -> impl Strategy<Value = Event> {
    (1u64..1 << 53, any::<u32>(), prop::option::of(nonce()), what()).prop_map(
        |(seq, at, nonce, what)| Event {
            seq: Seq(seq),
            at: Millis(at.into()),
            from: AccountId(at.into()),
            nonce,
            what,
        },
    )
}

fn parsed(frame: &[u8]) -> ServerFrame {
    serde_json::from_slice(frame).expect("what is encoded can be read")
}

proptest! {
    #[test]
    fn any_text_is_answered(text in ".{0,200}") {
        let _ = decode(&text);
    }

    #[test]
    fn anything_like_a_frame_is_answered(
        text in r#"(\{|\}|\[|\]|"t":|"post"|"hello"|"draft":|"kind":|"message"|,|:|"|\\|-?[0-9]{1,25}|null|e9){0,60}"#
    ) {
        let _ = decode(&text);
    }

    #[test]
    fn what_a_client_says_is_what_the_server_reads(frame in client_frame()) {
        let text = serde_json::to_string(&frame).expect("a frame is JSON");
        let read = decode(&text);
        prop_assert_eq!(read.expect("a frame of our own"), frame);
    }

    #[test]
    fn a_frame_cut_short_is_refused(frame in client_frame(), keep in 0.0f64..1.0) {
        let text = serde_json::to_string(&frame).expect("a frame is JSON");
        let mut end = (text.len() as f64 * keep) as usize;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        prop_assert!(decode(&text[..end]).is_err());
    }

    #[test]
    fn an_event_frame_around_shared_bytes_is_the_frame(event in stored(), room in 0u64..1 << 53) {
        let room = RoomId(room);
        let joined = super::event(room, &encode_event(&event));
        prop_assert_eq!(&joined, &encode(&ServerFrame::Event { room, event: event.clone() }));
        prop_assert_eq!(parsed(&joined), ServerFrame::Event { room, event });
    }

    #[test]
    fn a_delta_around_shared_bytes_is_the_frame(events in prop::collection::vec(stored(), 0..6)) {
        let (room, epoch) = (RoomId(7), Epoch(2));
        let encoded: Vec<Bytes> = events.iter().map(encode_event).collect();
        let joined = delta(room, epoch, encoded.iter().map(|bytes| &bytes[..]));
        prop_assert_eq!(&joined, &encode(&ServerFrame::Delta { room, epoch, events: events.clone() }));
        prop_assert_eq!(parsed(&joined), ServerFrame::Delta { room, epoch, events });
    }
}

#[test]
fn ids_beyond_what_a_script_can_hold_are_refused() {
    assert!(decode(r#"{"t":"open","room":9007199254740991}"#).is_ok());
    for number in ["9007199254740992", "18446744073709551616", "-1", "1.5", "1e3", "01", "0x1"] {
        assert!(decode(&format!(r#"{{"t":"open","room":{number}}}"#)).is_err(), "{number}");
    }
}

#[test]
fn the_same_field_twice_is_refused() {
    assert!(decode(r#"{"t":"open","room":1,"room":2}"#).is_err());
    assert!(decode(r#"{"t":"open","t":"ping","room":1}"#).is_err());
}
