//! Archives and rooms, asked for what they do not give.

use crate::stage::world::{LOBBY, condition, two};
use crate::station::Question;

fn query(to: &str, inside: &str) -> String {
    let to = if to.is_empty() { String::new() } else { format!(" to='{to}'") };
    format!("<iq type='set' id='q'{to}><query xmlns='urn:xmpp:mam:2'>{inside}</query></iq>")
}

fn set(inside: &str) -> String {
    format!("<set xmlns='http://jabber.org/protocol/rsm'>{inside}</set>")
}

fn field(var: &str, value: &str) -> String {
    format!(
        "<x xmlns='jabber:x:data' type='submit'><field var='{var}'><value>{value}</value></field></x>"
    )
}

/// Pages are asked for by numbers that the archive has given: text that could be anything else, ids of other
/// archives and negative or endless counts reach no store (XEP-0059, XEP-0313; injection through paging).
#[test]
fn what_is_no_place_in_an_archive_reaches_no_store() {
    let foreign = [
        "1 OR 1=1",
        "'; DROP TABLE events;--",
        "-1",
        "9.0000000004",
        "99999999999999999999",
        "0x10",
    ];
    for id in foreign {
        for inside in [
            set(&format!("<after>{id}</after>")),
            set(&format!("<before>{id}</before>")),
            field("after-id", id),
            field("before-id", id),
        ] {
            let mut world = two();
            world.says(1, &query(LOBBY, &inside));
            assert_eq!(condition(&world.got(1)), "item-not-found", "{inside}");
            assert!(world.asked.is_empty(), "{inside}");
        }
    }
    for id in ["1 OR 1=1", "0000000001", "9.-1", "9.99999999999999999999", "x.1", "9.1.1"] {
        let mut world = two();
        world.says(1, &query("", &set(&format!("<after>{id}</after>"))));
        assert_eq!(condition(&world.got(1)), "item-not-found", "{id}");
        assert!(world.asked.is_empty(), "{id}");
    }
    for inside in [
        set("<max>-1</max>"),
        set("<max>1e9</max>"),
        set("<max>99999999999999999999999</max>"),
        field("start", "yesterday"),
        field("start", "2026-01-01T00:00:00Z' OR '1'='1"),
        field("end", "9999999-01-01T00:00:00Z"),
        field("sender", "ann"),
    ] {
        for to in [LOBBY, ""] {
            let mut world = two();
            world.says(1, &query(to, &inside));
            assert_eq!(condition(&world.got(1)), "bad-request", "{inside}");
            assert!(world.asked.is_empty(), "{inside}");
        }
    }
}

/// However much is asked for, a page has a hundred entries, and a list of ids as many.
#[test]
fn a_page_is_never_longer_than_a_page() {
    let ids: String = (0..500).map(|n| format!("<value>{n}</value>")).collect();
    let ids = format!("<x xmlns='jabber:x:data'><field var='ids'>{ids}</field></x>");
    for inside in [set("<max>1000000000</max>"), ids] {
        let mut world = two();
        world.says(1, &query(LOBBY, &inside));
        let [Question::Archive(1, _, asked)] = &world.asked[..] else {
            panic!("{:?}", world.asked)
        };
        assert!(asked.limit <= 100 && asked.ids.len() <= 100, "{asked:?}");
    }
    let mut world = two();
    world.says(1, &query("", &set("<max>1000000000</max>")));
    assert!(matches!(&world.asked[..], [Question::DirectArchive(_, asked)] if asked.limit == 100));
}

/// An archive is asked for with whom a conversation was, and gives nothing for whom there is not, or who is
/// of another server.
#[test]
fn nothing_was_said_to_whom_there_is_not() {
    for with in ["nobody@chat.example.org", "ann@else.where", "not an address", "%", "' OR 1=1 --"]
    {
        let mut world = two();
        world.says(1, &query("", &field("with", with)));
        let got = world.got(1);
        assert_eq!(got.len(), 1, "{with}: {got:?}");
        assert!(got[0].contains("<fin ") && got[0].contains("complete='true'"), "{with}: {got:?}");
        assert!(world.asked.is_empty(), "{with}");
    }
}

/// A name that is drawn as another's is none: what cannot be seen, turns the direction or stands above another
/// letter makes no room (RFC 7622, section 3.3).
#[test]
fn nobody_makes_a_room_that_looks_like_another() {
    for name in [
        "lob\u{200b}by",
        "\u{202e}ybbol",
        "lob\u{ad}by",
        "\u{feff}lobby",
        "l\u{2060}obby",
        "lob by",
    ] {
        let mut world = two();
        world.joins(1, name, "bob");
        assert_eq!(condition(&world.got(1)), "jid-malformed", "{name:?}");
        assert_eq!(world.rooms.len(), 1);
    }
    for name in ["lobb\u{301}y", "q\u{307}uiet", "lobby\u{fe0f}", "lob\u{34f}by"] {
        let mut world = two();
        world.joins(1, name, "bob");
        let got = world.got(1);
        assert!(got.iter().all(|stanza| stanza.contains("type='error'")), "{name:?}: {got:?}");
        assert_eq!(world.rooms.len(), 1, "{name:?}");
    }
}
