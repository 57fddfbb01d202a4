//! Little plays outside of rooms.

use crate::ns;
use crate::station::tests::{Play, given, questions};
use crate::station::{Answer, Asleep, Framing, Input, Output, Question, Told};
use crate::xml::{Element, Limits, parse};
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, Epoch, Millis, Nonce, RoomId, Seq};
use leeward_core::room::{MemberRole, Notify, RoomFacts, RoomKind, RoomSummary};
use leeward_core::wire::Presence;
use std::sync::Arc;

const DIRECT: RoomId = RoomId(9);

pub(super) fn xml(text: &str) -> Element {
    let limits = Limits { bytes_max: 9_999, elements_max: 99, depth_max: 9, attributes_max: 9 };
    let at = text.find(['/', '>', ' ']).unwrap_or(0);
    let text = format!("{} xmlns='jabber:client'{}", &text[..at], &text[at..]);
    parse(&text, limits).unwrap()
}

pub(super) fn direct(with: u64) -> RoomSummary {
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
pub(super) fn two() -> Play {
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

/// The answer to what was asked of an account; nobody has been blocked by it.
fn reads(play: &mut Play, ask: crate::station::Ask, answer: Answer) -> Vec<Output> {
    let mut out = play.answer(ask, answer);
    let lists = |output: &Output| matches!(output, Output::Ask(_, Question::Settings(..)));
    if let Some(at) = out.iter().position(lists)
        && let Output::Ask(list, _) = out.remove(at)
    {
        out.extend(play.answer(list, Answer::Settings(Vec::new())));
    }
    out
}

fn asks(play: &mut Play, conn: u32, text: &str) -> String {
    let out = play.says(conn, xml(text));
    assert_eq!(questions(&out), [], "{text}");
    given(play, &out, conn).concat()
}

fn message(seq: u64, from: u64, nonce: &str, text: &str) -> Input {
    let what = What::Message(Box::new(Message { text: text.into(), ..Message::default() }));
    let nonce = Nonce::try_from(nonce.to_owned()).ok();
    let (seq, at, from) = (Seq(seq), Millis(1_790_000_000_000), AccountId(from));
    let event = Event { seq, at, from, nonce, what };
    Input::Heard(DIRECT, Arc::new(Published::new(DIRECT, event)))
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
fn in_a_large_workspace_those_are_seen_with_whom_one_has_spoken() {
    let others: Vec<String> = (0..600).map(|n| format!("other{n}")).collect();
    let names: Vec<&str> =
        ["owner", "member"].into_iter().chain(others.iter().map(|n| &n[..])).collect();
    let mut play = Play::of(&names);
    let out = play.bound(1, "owner", "r1");
    play.answer(questions(&out)[0].0, Answer::Account(1, vec![direct(2)]));
    play.says(1, xml("<presence/>"));
    let roster = asks(&mut play, 1, "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>");
    assert!(roster.contains("jid='member@") && !roster.contains("jid='other"), "{roster}");
    for (account, seen) in [(2, true), (3, false)] {
        play.town.online.borrow_mut().push(AccountId(account));
        let out = play.give(Input::Presence(Arc::from([(AccountId(account), Presence::Online)])));
        assert_eq!(!given(&play, &out, 1).is_empty(), seen, "account {account}");
    }
    // Whoever has been away for long is forgotten, with all that was known of them.
    play.give(Input::Gone { conn: 1, closed: true });
    play.now = play.station.deadline().expect("they are to be forgotten");
    let out = play.give(Input::Tick);
    assert!(matches!(out[..], [Output::Unlisten(DIRECT)]), "{out:?}");
    assert!(play.station.is_empty());
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
fn nothing_comes_from_whom_one_has_blocked_until_they_are_let_off() {
    let mut play = two();
    let ask = |play: &mut Play, what: &str, kept: &str| {
        let item = "<item jid='owner@chat.example.org'/>";
        let ask =
            format!("<iq type='set' id='b'><{what} xmlns='urn:xmpp:blocking'>{item}</{what}></iq>");
        let out = play.says(2, xml(&ask));
        let [(list, Question::Settings(AccountId(2), key))] = &questions(&out)[..] else {
            panic!("{out:?}")
        };
        let kept = Answer::Settings(vec![(key.clone(), kept.to_owned())]);
        let out = play.answer(*list, kept);
        let [(keep, Question::Keep(AccountId(2), _, list))] = &questions(&out)[..] else {
            panic!("{out:?}")
        };
        assert!(given(play, &out, 2).is_empty(), "nothing is done before it is kept");
        let out = play.answer(*keep, Answer::Done);
        let shards = |o: &Output| matches!(o, Output::Profile(AccountId(2), _));
        assert!(out.iter().any(shards), "other shards are told");
        assert!(
            given(play, &out, 3).concat().contains(&format!("<{what} ")),
            "its other clients too"
        );
        list.clone()
    };
    for conn in [2, 3] {
        play.says(conn, xml("<presence/>"));
    }
    let blocked = ask(&mut play, "block", "");
    assert_eq!(blocked, "owner@chat.example.org");
    let heard = |play: &mut Play, input: Input| {
        let out = play.give(input);
        [given(play, &out, 2), given(play, &out, 3)].concat().concat()
    };
    let seen = || Input::Presence(Arc::from([(AccountId(1), Presence::Online)]));
    assert_eq!(heard(&mut play, message(4, 1, "0123456789abcdef", "hi")), "");
    assert_eq!(heard(&mut play, Input::Typing(DIRECT, AccountId(1))), "");
    assert_eq!(heard(&mut play, seen()), "");
    let say = "<message to='owner@chat.example.org' type='chat' id='m'><body>hi</body></message>";
    let refused = asks(&mut play, 3, say);
    assert!(
        refused.contains("<not-acceptable ") && refused.contains("blocking:errors"),
        "{refused}"
    );
    // Another shard has changed the list.
    let out = play.give(Input::Profile(AccountId(2), "xmpp/blocked".into()));
    let [(read, Question::Settings(AccountId(2), key))] = &questions(&out)[..] else { panic!() };
    play.answer(*read, Answer::Settings(vec![(key.clone(), blocked.clone())]));
    assert_eq!(heard(&mut play, message(5, 1, "0123456789abcdeg", "still")), "");
    assert_eq!(ask(&mut play, "unblock", &blocked), "");
    assert!(heard(&mut play, message(6, 1, "0123456789abcdeh", "again")).contains("<body>again<"));
    assert!(heard(&mut play, seen()).contains("<presence "));
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

/// Words of owner's in a direct room, so long after the moment at which the play stands.
fn told(seq: u64, text: &str, after_ms: i64) -> Told {
    let what = What::Message(Box::new(Message { text: text.into(), ..Message::default() }));
    let at = Millis(1_790_000_000_000u64.saturating_add_signed(after_ms));
    let event = Event { seq: Seq(seq), at, from: AccountId(1), nonce: None, what };
    Told { event, about: None }
}

/// What is kept of member's client on 2.
fn kept(play: &mut Play) -> Option<Asleep> {
    let out = play.give(Input::Keep(2));
    let kept = out.into_iter().find_map(|output| match output {
        Output::Kept(2, asleep) => Some(*asleep),
        _ => None,
    });
    assert!(play.station.client(2).is_none(), "it is gone");
    kept.map(|kept| Asleep::read(&kept.to_bytes()).expect("it is what was kept"))
}

#[test]
fn direct_words_said_while_a_client_slept_are_told_once_its_account_is_known() {
    let asleep = kept(&mut two()).expect("it has nothing under way");
    // The next process knows nothing.
    let mut play = Play::of(&["owner", "member", "other"]);
    let out = play.give(Input::Woken(7, Framing::Alone, Box::new(asleep), 0));
    let [(account, Question::Account(AccountId(2)))] = &questions(&out)[..] else {
        panic!("{out:?}")
    };
    let known = RoomSummary { head: Seq(5), ..direct(1) };
    let fresh = RoomSummary { id: RoomId(10), head: Seq(2), ..direct(3) };
    let quiet = RoomSummary { id: RoomId(11), head: Seq(0), ..direct(3) };
    let answer = Answer::Account(1, vec![known, fresh, quiet]);
    let out = reads(&mut play, *account, answer);
    let asked = questions(&out);
    let [
        (first, Question::Since(DIRECT, Seq(3), _)),
        (second, Question::Since(RoomId(10), Seq(0), _)),
    ] = &asked[..]
    else {
        panic!("{asked:?}")
    };
    // More than is read at once.
    let out = play.answer(*first, Answer::Since(vec![told(4, "four", 1)], false));
    assert!(given(&play, &out, 7).concat().contains("<body>four<"));
    let [(rest, Question::Since(DIRECT, Seq(4), _))] = &questions(&out)[..] else {
        panic!("{out:?}")
    };
    // What is heard comes by itself; the sixth was heard, and is not told by the store as well.
    let heard = play.give(message(6, 1, "0123456789abcdef", "six"));
    assert!(given(&play, &heard, 7).concat().contains("<body>six<"));
    let events = vec![told(5, "five", 2), told(6, "six", 3)];
    let out = play.answer(*rest, Answer::Since(events, true));
    let got = given(&play, &out, 7);
    assert!(got.len() == 1 && got[0].contains("<body>five<"), "{got:?}");
    let events = vec![told(1, "long ago", -60_000), told(2, "news", 1)];
    let out = play.answer(*second, Answer::Since(events, true));
    let got = given(&play, &out, 7);
    assert!(got.len() == 1 && got[0].contains("<body>news<"), "{got:?}");
}

#[test]
fn whoever_falls_asleep_before_its_account_is_known_has_seen_what_it_had_seen() {
    let before = kept(&mut two()).expect("it has nothing under way");
    let mut play = Play::of(&["owner", "member", "other"]);
    play.give(Input::Woken(2, Framing::Alone, Box::new(before.clone()), 0));
    let after = kept(&mut play).expect("it has nothing under way");
    assert_eq!((&after.rooms, after.since), (&before.rooms, before.since));
    assert_eq!(after.rooms, [(DIRECT, Seq(3))]);
}

#[test]
fn nothing_is_kept_of_a_client_that_something_is_done_or_found_out_for() {
    for stanza in [
        "<message to='owner@chat.example.org' type='chat' id='1'><body>hi</body></message>",
        "<iq type='get' id='1'><pubsub xmlns='http://jabber.org/protocol/pubsub'>\
         <items node='urn:xmpp:avatar:metadata'/></pubsub></iq>",
    ] {
        let mut play = two();
        let out = play.says(2, xml(stanza));
        let asked = questions(&out);
        assert_eq!(asked.len(), 1);
        assert_eq!(kept(&mut play), None, "{stanza}");
        let mut play = two();
        let out = play.says(2, xml(stanza));
        for (ask, question) in questions(&out) {
            let answer = match question {
                Question::Post(..) => Answer::Posted(Seq(4), Millis(1)),
                _ => Answer::Settings(Vec::new()),
            };
            play.answer(ask, answer);
        }
        let kept = kept(&mut play).expect("all is done");
        assert_eq!((kept.handled, kept.bound.sm.as_ref()), (1, None));
    }
}

#[test]
fn that_a_message_has_come_is_told_to_all_clients_of_its_author_and_to_nobody_else() {
    let mut play = two();
    let got = "<message to='member@chat.example.org/r2' type='chat'>\
         <received xmlns='urn:xmpp:receipts' id='m1'/></message>";
    let mut out = play.says(1, xml(got));
    let Some(Output::Received { by, author, id }) = out.pop() else { panic!("{out:?}") };
    assert_eq!((by, author, id.as_ref(), out.len()), (AccountId(1), AccountId(2), "m1", 0));
    let out = play.give(Input::Received(by, author, id));
    for (conn, told) in [(1, 0), (2, 1), (3, 1)] {
        let got = given(&play, &out, conn);
        assert_eq!(got.len(), told, "{conn}: {got:?}");
        let wanted = "from='owner@chat.example.org' type='chat'><received xmlns='urn:xmpp:receipts' id='m1'/>";
        assert!(got.iter().all(|stanza| stanza.contains(wanted)), "{got:?}");
    }
    // Nobody is told who has never spoken to whoever says so, nor of what is no id.
    let stranger = got.replace("member@", "other@");
    assert!(play.says(1, xml(&stranger)).is_empty());
    assert!(
        play.says(1, xml(&got.replace("'m1'", &format!("'{}'", "x".repeat(1_025))))).is_empty()
    );
}

#[test]
fn direct_words_heard_for_the_other_end_before_an_account_was_read_are_told_to_it() {
    let mut play = Play::of(&["owner", "member"]);
    let out = play.bound(1, "owner", "r1");
    play.answer(questions(&out)[0].0, Answer::Account(1, vec![direct(2)]));
    let out = play.bound(2, "member", "r2");
    let account = questions(&out)[0].0;
    let out = play.give(message(4, 1, "0123456789abcdef", "four"));
    assert!(given(&play, &out, 2).is_empty(), "it is not known here that it is theirs");
    let out = reads(&mut play, account, Answer::Account(1, vec![direct(1)]));
    let asked = questions(&out);
    let [(since, Question::Since(DIRECT, Seq(3), _))] = &asked[..] else { panic!("{asked:?}") };
    let out = play.answer(*since, Answer::Since(vec![told(4, "four", 1)], true));
    let got = given(&play, &out, 2);
    assert!(got.len() == 1 && got[0].contains("<body>four<"), "{got:?}");
    assert!(given(&play, &out, 1).is_empty(), "whoever knows is not told again");
    let out = play.give(message(5, 1, "0123456789abcdef", "five"));
    assert!(given(&play, &out, 2).concat().contains("<body>five<"));
}

#[test]
fn the_first_word_of_another_is_told_once_it_is_known_whose_room_it_is_in() {
    let mut play = Play::of(&["owner", "member"]);
    let mut again = Vec::new();
    for (conn, name) in [(1, "owner"), (2, "member")] {
        let out = play.bound(conn, name, "r");
        let version = u64::from(conn == 1);
        let answer = Answer::Account(version, Vec::new());
        again = questions(&reads(&mut play, questions(&out)[0].0, answer));
        // The list of the second has changed since, and is read again.
        assert_eq!(again.len(), usize::from(conn == 2));
    }
    let again = again[0].0;
    let say = "<message to='member@chat.example.org' type='chat'><body>hi</body></message>";
    let out = play.says(1, xml(say));
    play.answer(questions(&out)[0].0, Answer::Which(RoomId(10), true));
    let Input::Heard(_, published) = message(1, 1, "0123456789abcdef", "hi") else { panic!() };
    let out = play.give(Input::Heard(RoomId(10), published));
    assert!(given(&play, &out, 2).is_empty());
    let fresh = RoomSummary { id: RoomId(10), head: Seq(0), ..direct(1) };
    let out = play.answer(again, Answer::Account(1, vec![fresh]));
    let asked = questions(&out);
    let [(since, Question::Since(RoomId(10), Seq(0), _))] = &asked[..] else { panic!("{asked:?}") };
    let out = play.answer(*since, Answer::Since(vec![told(1, "hi", 1)], true));
    assert!(given(&play, &out, 2).concat().contains("<body>hi<"));
}

#[test]
fn an_account_that_could_not_be_read_is_read_again() {
    let mut play = Play::of(&["owner", "member"]);
    let out = play.bound(2, "member", "r2");
    let busy = Answer::Refused(leeward_core::code::Code::StoreBusy.into());
    assert!(play.answer(questions(&out)[0].0, busy).is_empty());
    assert!(play.give(Input::Tick).is_empty(), "not at once");
    play.now = play.now.plus_ms(2_000);
    let out = play.give(Input::Tick);
    let [(ask, Question::Account(AccountId(2)))] = questions(&out)[..] else { panic!("{out:?}") };
    let out = reads(&mut play, ask, Answer::Account(1, vec![direct(1)]));
    assert!(matches!(out[..], [Output::Listen(DIRECT, _)]), "{out:?}");
    play.now = play.now.plus_ms(2_000);
    assert!(play.give(Input::Tick).is_empty());
}
