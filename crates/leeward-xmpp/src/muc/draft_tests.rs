//! What is read from messages as clients write them, and as an attacker would.

use super::*;
use crate::xml::{Limits, parse};

const LIMITS: Limits =
    Limits { bytes_max: 10_000, elements_max: 100, depth_max: 10, attributes_max: 10 };

fn reads(inside: &str) -> Wish {
    let text =
        format!("<message xmlns='jabber:client' type='groupchat' id='m1'>{inside}</message>");
    read(&parse(&text, LIMITS).expect("the test is well-formed"), "https://chat.example.org")
}

fn said(inside: &str) -> Say {
    let Wish::Say(say) = reads(inside) else { panic!("{inside} says nothing") };
    say
}

#[test]
fn a_body_is_said_as_it_stands() {
    let text =
        said("<body> **hi**\n</body><active xmlns='http://jabber.org/protocol/chatstates'/>");
    assert_eq!(text.text, " **hi**\n");
    assert_eq!((text.reply, text.thread, text.file), (None, None, None));
}

#[test]
fn a_reply_is_said_without_the_quote_that_is_only_for_others() {
    let text = said(
        "<body>&gt; Grüße\nyes</body><reply xmlns='urn:xmpp:reply:0' id='0000000000000002'/>\
         <fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body start='0' end='8'/>\
         </fallback>",
    );
    assert_eq!((text.text.as_str(), text.whole.as_str()), ("yes", "> Grüße\nyes"));
    assert_eq!(text.reply.as_deref(), Some("0000000000000002"));
}

#[test]
fn places_beyond_a_text_or_no_places_at_all_do_no_harm() {
    for (range, left) in [
        ("start='0' end='99999999999999999999999'", ""),
        ("start='-1' end='2'", "s"),
        ("start='2' end='1'", "yes"),
        ("start='7' end='9'", "yes"),
        ("", ""),
    ] {
        let text = said(&format!(
            "<body>yes</body><reply xmlns='urn:xmpp:reply:0' id='a'/><fallback \
             xmlns='urn:xmpp:fallback:0' for='urn:xmpp:reply:0'><body {range}/></fallback>"
        ));
        assert_eq!((text.text.as_str(), text.whole.as_str()), (left, "yes"), "{range}");
    }
}

#[test]
fn a_file_of_this_server_is_attached_and_any_other_address_is_text() {
    let own = "https://chat.example.org/api/v1/files/31";
    let oob = |url| format!("<x xmlns='jabber:x:oob'><url>{url}</url></x>");
    let text = said(&format!("<body>{own}</body>{}", oob(own)));
    assert_eq!((text.text.as_str(), text.file), ("", Some(FileId(31))));
    assert_eq!(text.whole, own);
    let given = "https://chat.example.org/xmpp/files/31/c2VhbGVk/cat.png";
    assert_eq!(said(&format!("<body>{given}</body>{}", oob(given))).file, Some(FileId(31)));
    let named = format!("{own}/cat.png");
    assert_eq!(said(&format!("<body>{named}</body>")).file, Some(FileId(31)));
    assert_eq!(said(&oob(own)).file, Some(FileId(31)), "without a body");
    let both = said(&format!("<body>look\n{own}</body>{}", oob(own)));
    assert_eq!((both.text.as_str(), both.file), ("look", Some(FileId(31))));
    for other in [
        "https://elsewhere.example/api/v1/files/31",
        "https://chat.example.org.evil.example/api/v1/files/31",
        "https://chat.example.org/api/v1/files/31x",
        "https://chat.example.org/api/v1/files/",
        "https://chat.example.org/api/v1/files/99999999999999999999",
    ] {
        let text = said(&format!("<body>{other}</body>{}", oob(other)));
        assert_eq!((text.text.as_str(), text.file), (other, None));
    }
    assert_eq!(
        said(&format!("<body>see</body>{}", oob("https://a.b/c"))).text,
        "see\nhttps://a.b/c"
    );
}

#[test]
fn a_correction_names_what_it_replaces() {
    let said = reads("<body>b</body><replace xmlns='urn:xmpp:message-correct:0' id='m0'/>");
    assert_eq!(said, Wish::Edit("m0".into(), "b".into()));
}

#[test]
fn a_message_is_taken_back_in_each_way_that_clients_know() {
    for way in [
        "<retract xmlns='urn:xmpp:message-retract:1' id='s1'/><body>/me retracts</body>",
        "<apply-to xmlns='urn:xmpp:fasten:0' id='s1'><retract \
         xmlns='urn:xmpp:message-retract:0'/></apply-to>",
    ] {
        assert_eq!(reads(way), Wish::Retract("s1".into()));
    }
}

#[test]
fn reactions_are_a_set() {
    let said = reads(
        "<reactions xmlns='urn:xmpp:reactions:0' id='s1'><reaction>👍</reaction>\
         <reaction> 👍 </reaction><reaction>🎉</reaction><reaction/></reactions>",
    );
    assert_eq!(said, Wish::React("s1".into(), vec!["👍".into(), "🎉".into()]));
}

#[test]
fn what_has_no_words_is_read_by_what_it_has() {
    let state = |name| format!("<{name} xmlns='http://jabber.org/protocol/chatstates'/>");
    assert_eq!(reads(&state("composing")), Wish::Typing(true));
    assert_eq!(reads(&state("paused")), Wish::Typing(false));
    assert_eq!(reads("<subject> New </subject>"), Wish::Subject(" New ".into()));
    assert_eq!(reads("<subject/>"), Wish::Subject(String::new()));
    assert_eq!(reads("<subject>a</subject><thread>b</thread>"), Wish::Nothing);
    let displayed = "<displayed xmlns='urn:xmpp:chat-markers:0' id='s1'/>";
    assert_eq!(reads(displayed), Wish::Displayed("s1".into()));
    let received = "<received xmlns='urn:xmpp:receipts' id='s1'/>";
    assert_eq!(reads(received), Wish::Received("s1".into()));
    assert_eq!(reads(""), Wish::Nothing);
    assert_eq!(reads("<body/>"), Wish::Nothing);
}

#[test]
fn what_is_encrypted_is_known_whatever_stands_beside_it() {
    for inside in [
        "<body>fallback</body><encrypted xmlns='eu.siacs.conversations.axolotl'/>",
        "<encrypted xmlns='urn:xmpp:omemo:2'/><store xmlns='urn:xmpp:hints'/>",
        "<body>x</body><encryption xmlns='urn:xmpp:eme:0' namespace='urn:xmpp:omemo:2'/>",
        "<body>x</body><x xmlns='jabber:x:encrypted'>AAAA</x>",
    ] {
        assert_eq!(reads(inside), Wish::Encrypted, "{inside}");
    }
}

#[test]
fn a_thread_is_known_by_the_place_of_its_first_message() {
    let thread = |name| said(&format!("<body>a</body><thread>{name}</thread>")).thread;
    assert_eq!(thread("lw-thread-0000000003"), Some(Seq(3)));
    assert_eq!(thread("0b5c6e0c-6f0f-4d0e"), None);
}
