//! Little plays outside of rooms.

use crate::ns;
use crate::station::tests::{Play, given, questions};
use crate::station::{Answer, Input, Output, Question, Told};
use crate::xml::{Element, Limits, parse};
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, Epoch, Millis, Nonce, RoomId, Seq};
use leeward_core::room::{MemberRole, Notify, RoomFacts, RoomKind, RoomSummary};
use std::sync::Arc;

const DIRECT: RoomId = RoomId(9);
/// A direct room that is made.
const NEW: RoomId = RoomId(10);

fn xml(text: &str) -> Element {
    let limits = Limits { bytes_max: 9_999, elements_max: 99, depth_max: 9, attributes_max: 9 };
    let at = text.find(['/', '>', ' ']).unwrap_or(0);
    let text = format!("{} xmlns='jabber:client'{}", &text[..at], &text[at..]);
    parse(&text, limits).unwrap()
}

fn direct(with: u64) -> RoomSummary {
    RoomSummary {
        id: DIRECT,
        facts: RoomFacts {
            room_kind: RoomKind::Direct,
            name: String::new(),
            topic: String::new(),
            archived: false,
            read_only: false,
        },
        epoch: Epoch(1),
        head: Seq(3),
        last_message: Seq(3),
        last_at: Millis(1),
        read: Seq(3),
        mentions: 0,
        role: MemberRole::Member,
        notify: Notify::All,
        favourite: false,
        with: vec![AccountId(with)],
        members: 2,
    }
}

/// Owner on connection 1 and member on 2 and 3, who have a direct room.
fn two() -> Play {
    let mut play = Play::of(&["owner", "member", "other"]);
    for (conn, name, with) in [(1, "owner", 2), (2, "member", 1), (3, "member", 1)] {
        let out = play.bound(conn, name, &format!("r{conn}"));
        for (ask, question) in questions(&out) {
            assert!(matches!(question, Question::Account(_)));
            play.answer(ask, Answer::Account(1, vec![direct(with)]));
        }
    }
    play
}

fn asks(play: &mut Play, conn: u32, text: &str) -> String {
    let out = play.says(conn, xml(text));
    assert_eq!(questions(&out), [], "{text}");
    given(play, &out, conn).concat()
}

fn event(seq: u64, from: u64, nonce: &str, text: &str) -> Event {
    let what = What::Message(Box::new(Message { text: text.into(), ..Message::default() }));
    let nonce = Nonce::try_from(nonce.to_owned()).ok();
    let (seq, at, from) = (Seq(seq), Millis(1_790_000_000_000), AccountId(from));
    Event { seq, at, from, nonce, what }
}

fn heard(room: RoomId, event: Event) -> Input {
    Input::Heard(room, Arc::new(Published::new(room, event)))
}

fn message(seq: u64, from: u64, nonce: &str, text: &str) -> Input {
    heard(DIRECT, event(seq, from, nonce, text))
}

#[test]
fn a_ping_is_answered_whatever_waits() {
    let mut play = two();
    let say = "<message to='owner@chat.example.org' type='chat'><body>hi</body></message>";
    play.says(2, xml(say));
    let pong = asks(&mut play, 2, "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>");
    assert!(pong.contains("type='result'") && pong.contains("id='p'"), "{pong}");
    let nobody = "<iq to='a@else.where' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
    assert!(asks(&mut play, 2, nobody).contains("service-unavailable"));
}

#[test]
fn an_unknown_request_is_refused_and_an_answer_is_not_answered() {
    let mut play = two();
    let unknown = "<iq type='get' id='1'><what xmlns='urn:nobody'/></iq>";
    assert!(asks(&mut play, 1, unknown).contains("service-unavailable"));
    for kind in ["error", "result"] {
        let answer = format!("<iq type='{kind}' id='1'><what xmlns='urn:nobody'/></iq>");
        assert_eq!(asks(&mut play, 1, &answer), "");
    }
}

#[test]
fn colleagues_are_in_the_roster_and_one_that_is_known_is_not_sent_again() {
    let mut play = two();
    let roster = asks(&mut play, 1, "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>");
    assert!(roster.contains("jid='member@chat.example.org'") && roster.contains("'both'"));
    assert!(!roster.contains("jid='owner@"), "not oneself");
    let version = roster.split("ver='").nth(1).unwrap().split('\'').next().unwrap();
    let again =
        format!("<iq type='get' id='2'><query xmlns='jabber:iq:roster' ver='{version}'/></iq>");
    assert!(!asks(&mut play, 1, &again).contains("<query"));
    assert!(roster.contains("<group>Example</group>"));
    play.station.domain.workspace.rename("Acme".into());
    assert!(asks(&mut play, 1, &again).contains("<group>Acme</group>"), "it is another roster");
}

#[test]
fn a_word_to_somebody_is_a_post_in_their_room() {
    let mut play = two();
    let say = "<message to='owner@chat.example.org/r1' type='chat' id='0123456789abcdef'>\
         <body>hi</body></message>";
    let out = play.says(2, xml(say));
    let [(ask, Question::Post(2, DIRECT, nonce, Draft::Message { text, .. }))] =
        &questions(&out)[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!((nonce.as_str(), text.as_str()), ("0123456789abcdef", "hi"));
    play.answer(*ask, Answer::Posted(Seq(4), Millis(1)));
    let carbons = "<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>";
    asks(&mut play, 3, carbons);
    let out = play.give(message(4, 2, "0123456789abcdef", "hi"));
    let to_owner = given(&play, &out, 1).concat();
    assert!(to_owner.contains("from='member@chat.example.org'") && to_owner.contains("<body>hi<"));
    assert!(to_owner.contains("by='owner@chat.example.org' id='9.0000000004'"), "{to_owner}");
    assert_eq!(given(&play, &out, 2), Vec::<String>::new(), "it knows what it said");
    let carbon = given(&play, &out, 3).concat();
    assert!(carbon.contains("<sent xmlns='urn:xmpp:carbons:2'>"), "{carbon}");
    assert!(carbon.contains("from='member@chat.example.org' type='chat'><sent"), "{carbon}");
    let out = play.give(message(4, 2, "0123456789abcdef", "hi"));
    assert!(given(&play, &out, 1).is_empty(), "each once");
}

#[test]
fn the_first_word_between_two_makes_their_room() {
    let mut play = two();
    let say = "<message to='other@chat.example.org' type='chat'><body>hi</body></message>";
    let out = play.says(1, xml(say));
    let [(ask, Question::Direct(1, other))] = &questions(&out)[..] else { panic!("{out:?}") };
    assert_eq!(*other, AccountId(3));
    let out = play.answer(*ask, Answer::Which(RoomId(10), true));
    assert!(out.iter().any(|o| matches!(o, Output::Listen(RoomId(10), Seq(0)))));
    assert!(questions(&out).iter().any(|(_, q)| matches!(q, Question::Post(1, RoomId(10), ..))));
}

#[test]
fn the_first_word_between_two_is_heard_by_the_other_who_is_here() {
    let mut play = two();
    for (ask, _) in questions(&play.bound(4, "other", "r4")) {
        play.answer(ask, Answer::Account(1, Vec::new()));
    }
    let say = "<message to='other@chat.example.org' type='chat'><body>hi</body></message>";
    let out = play.says(1, xml(say));
    let (ask, _) = questions(&out)[0];
    play.answer(ask, Answer::Which(NEW, true));
    let out = play.give(heard(NEW, event(4, 1, "a", "hi")));
    assert!(given(&play, &out, 4).concat().contains("<body>hi</body>"));
}

#[test]
fn a_room_that_one_hears_already_is_caught_up_with_when_it_turns_out_to_be_the_others_too() {
    let mut play = Play::of(&["owner", "member", "other"]);
    let [(first, _)] = questions(&play.bound(1, "owner", "r1"))[..] else { panic!() };
    let [(second, _)] = questions(&play.bound(4, "other", "r4"))[..] else { panic!() };
    let theirs = |with| RoomSummary { id: NEW, ..direct(with) };
    play.answer(first, Answer::Account(1, vec![theirs(3)]));
    let event = event(4, 3, "a", "hi");
    let out = play.give(heard(NEW, event.clone()));
    assert!(given(&play, &out, 4).is_empty(), "nobody knows that it is theirs");
    let later = RoomSummary { head: Seq(4), last_at: event.at, ..theirs(1) };
    let out = play.answer(second, Answer::Account(1, vec![later]));
    let [(ask, Question::Since(NEW, Seq(0), _))] = questions(&out)[..] else { panic!("{out:?}") };
    let told = Told { event: Event { from: AccountId(1), ..event }, about: None };
    let out = play.answer(ask, Answer::Since(vec![told], true));
    assert!(given(&play, &out, 4).concat().contains("<body>hi</body>"));
}

#[test]
fn nobody_is_told_who_there_is_not_and_what_is_encrypted_is_refused() {
    let mut play = two();
    let nobody = "<message to='nobody@chat.example.org' type='chat'><body>hi</body></message>";
    assert!(asks(&mut play, 1, nobody).contains("service-unavailable"));
    let omemo = "<message to='member@chat.example.org' type='chat'>\
         <encrypted xmlns='eu.siacs.conversations.axolotl'/><body>no</body></message>";
    assert!(asks(&mut play, 1, omemo).contains("policy-violation"));
    let keys = "<iq type='set' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
         <publish node='eu.siacs.conversations.axolotl.devicelist'><item/></publish></pubsub></iq>";
    assert!(asks(&mut play, 1, keys).contains("policy-violation"));
}

#[test]
fn what_others_keep_is_theirs() {
    let mut play = two();
    let items = |node: &str| {
        format!(
            "<iq to='owner@chat.example.org' type='get' id='1'>\
             <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='{node}'/></pubsub></iq>"
        )
    };
    for node in [ns::BOOKMARKS, ns::DISPLAYED, "urn:secret"] {
        assert!(asks(&mut play, 2, &items(node)).contains("forbidden"), "{node}");
    }
    let out = play.says(2, xml(&items(ns::AVATAR_METADATA)));
    assert!(matches!(questions(&out)[..], [(_, Question::Settings(AccountId(1), _))]));
    let publish = "<iq to='owner@chat.example.org' type='set' id='1'>\
         <pubsub xmlns='http://jabber.org/protocol/pubsub'><publish node='x'><item><a/></item>\
         </publish></pubsub></iq>";
    assert!(asks(&mut play, 2, publish).contains("forbidden"));
    let archive =
        "<iq to='owner@chat.example.org' type='set' id='1'><query xmlns='urn:xmpp:mam:2'/></iq>";
    assert!(asks(&mut play, 2, archive).contains("forbidden"));
}

#[test]
fn too_many_requests_are_refused_for_a_while_and_pings_never() {
    let mut play = two();
    let ask = "<iq type='get' id='1'><query xmlns='jabber:iq:version'/></iq>";
    let refused = (0..1_100).filter(|_| asks(&mut play, 1, ask).contains("resource-constraint"));
    assert_eq!(refused.count(), 100);
    let ping = "<iq type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>";
    assert!(asks(&mut play, 1, ping).contains("result"));
}

#[test]
fn a_page_of_an_archive_says_whether_there_is_more() {
    let mut play = two();
    let query = "<iq type='set' id='m'><query xmlns='urn:xmpp:mam:2' queryid='q'>\
         <x xmlns='jabber:x:data' type='submit'><field var='with'><value>owner@chat.example.org</value></field></x>\
         <set xmlns='http://jabber.org/protocol/rsm'><max>2</max><before/></set></query></iq>";
    let out = play.says(2, xml(query));
    let [(ask, Question::DirectArchive(AccountId(2), asked))] = &questions(&out)[..] else {
        panic!("{out:?}")
    };
    assert_eq!((asked.with, asked.limit, asked.backwards), (Some(AccountId(1)), 2, true));
    let Input::Heard(_, published) = message(4, 1, "0123456789abcdef", "hi") else { panic!() };
    let told = crate::station::Told { event: published.event.clone(), about: None };
    let entries = vec![(DIRECT, told)];
    let page = crate::station::ArchivePage { entries, complete: false };
    let out = play.answer(*ask, Answer::Page(page));
    let stanzas = given(&play, &out, 2);
    assert_eq!(stanzas.len(), 2);
    assert!(stanzas[0].contains("queryid='q' id='9.0000000004'") && stanzas[0].contains("<delay"));
    assert!(stanzas[1].contains("<first>9.0000000004</first>") && !stanzas[1].contains("complete"));
    for bad in ["after-id'><value>; DROP", "start'><value>yesterday", "what'><value>x"] {
        let query = format!(
            "<iq type='set' id='m'><query xmlns='urn:xmpp:mam:2'><x xmlns='jabber:x:data'>\
             <field var='{bad}</value></field></x></query></iq>"
        );
        let refused = asks(&mut play, 2, &query);
        assert!(refused.contains("bad-request") || refused.contains("item-not-found"), "{bad}");
    }
}

#[test]
fn somebody_who_types_is_seen_to_and_then_to_have_stopped() {
    let mut play = two();
    let typing = "<message to='owner@chat.example.org' type='chat'>\
         <composing xmlns='http://jabber.org/protocol/chatstates'/></message>";
    let out = play.says(2, xml(typing));
    assert!(matches!(out[..], [Output::Typing(2, DIRECT)]), "{out:?}");
    let out = play.give(Input::Typing(DIRECT, AccountId(2)));
    assert!(given(&play, &out, 1).concat().contains("<composing"));
    assert!(given(&play, &out, 2).is_empty());
    assert!(play.give(Input::Typing(DIRECT, AccountId(2))).is_empty());
    play.now = play.now.plus_ms(6_000);
    let out = play.give(Input::Tick);
    assert!(given(&play, &out, 1).concat().contains("<paused"));
}
