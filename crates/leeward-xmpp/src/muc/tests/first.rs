//! A room from its first visitor on, each question and answer by hand.

use crate::ns;
use crate::station::tests::{Play, given, questions};
use crate::station::{
    About, Answer, Ask, Asleep, Framing, Input, Output, Question, RoomState, Told,
};
use crate::xml::{Element, Limits, parse};
use leeward_core::code::Code;
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, Epoch, Millis, Nonce, Position, RoomId, Seq};
use leeward_core::room::{Member, MemberRole, RoomFacts, RoomKind};
use std::sync::Arc;

const ROOM: RoomId = RoomId(5);
const JID: &str = "lobby@rooms.chat.example.org";

fn xml(text: &str) -> Element {
    let limits = Limits { bytes_max: 9_999, elements_max: 99, depth_max: 9, attributes_max: 9 };
    let at = text.find(['/', '>', ' ']).unwrap_or(0);
    let text = format!("{} xmlns='jabber:client'{}", &text[..at], &text[at..]);
    parse(&text, limits).unwrap()
}

fn event(seq: u64, from: u64, what: What) -> Event {
    let nonce = Nonce::try_from(format!("id-of-message-number-{seq}")).ok();
    Event { seq: Seq(seq), at: Millis(1_790_000_000_000), from: AccountId(from), nonce, what }
}

fn said(seq: u64, from: u64, text: &str) -> Event {
    event(seq, from, What::Message(Box::new(Message { text: text.into(), ..Message::default() })))
}

fn state(kind: RoomKind, members: &[u64], lines: Vec<Event>) -> RoomState {
    let facts = RoomFacts {
        room_kind: kind,
        name: "lobby".into(),
        topic: "all of us".into(),
        archived: false,
        read_only: false,
    };
    let at = Position { epoch: Epoch(1), seq: lines.last().map_or(Seq(1), |e| e.seq) };
    let member = |id: &u64| Member { account: AccountId(*id), role: MemberRole::Member };
    RoomState { room: ROOM, facts, at, members: members.iter().map(member).collect(), lines }
}

fn heard(play: &mut Play, event: Event) -> Vec<Output> {
    play.give(Input::Heard(ROOM, Arc::new(Published::new(ROOM, event))))
}

/// The one question among them.
fn asked(outputs: &[Output]) -> (Ask, Question) {
    let all = questions(outputs);
    let [one] = &all[..] else { panic!("{all:?}") };
    one.clone()
}

const JOIN: &str = "<presence to='lobby@rooms.chat.example.org/member'>\
     <x xmlns='http://jabber.org/protocol/muc'/></presence>";

/// Three people, the second of whom has joined on connection 1; lines 2 to 4 are history.
fn joined() -> Play {
    let mut play = Play::of(&["owner", "member", "other"]);
    play.town.online.borrow_mut().extend([AccountId(1), AccountId(2)]);
    answered(&mut play, 1, "member");
    let out = play.says(1, xml(JOIN));
    let (ask, question) = asked(&out);
    assert_eq!(question, Question::RoomNamed("lobby".into()));
    let out = play.answer(ask, Answer::Which(ROOM, false));
    let (ask, question) = asked(&out);
    assert_eq!(question, Question::Room(ROOM));
    let lines = vec![said(2, 1, "one"), said(3, 2, "two"), said(4, 1, "three")];
    let out = play.answer(ask, Answer::Room(Box::new(state(RoomKind::Public, &[1, 2, 3], lines))));
    assert!(out.iter().any(|o| matches!(o, Output::Listen(ROOM, Seq(4)))));
    in_order(&given(&play, &out, 1));
    play
}

/// Binds, and answers what is asked of the account.
fn answered(play: &mut Play, conn: u32, name: &str) {
    let out = play.bound(conn, name, "phone");
    for (ask, _) in questions(&out) {
        play.answer(ask, Answer::Account(1, Vec::new()));
    }
}

/// Those who are there, then oneself, then what was said, then what the room is about.
fn in_order(stanzas: &[String]) {
    let kinds: Vec<&str> = stanzas
        .iter()
        .map(|s| match s {
            s if s.contains("code='110'") => "self",
            s if s.starts_with("<presence") => "other",
            s if s.contains("<subject>all of us<") => "subject",
            s if s.contains("<delay") => "history",
            _ => panic!("{s}"),
        })
        .collect();
    assert_eq!(kinds, ["other", "self", "history", "history", "history", "subject"]);
    assert!(stanzas[2].contains("from='lobby@rooms.chat.example.org/owner'"), "{}", stanzas[2]);
    assert!(stanzas[2].contains("id='0000000002'"), "{}", stanzas[2]);
}

#[test]
fn a_join_is_told_in_the_order_that_clients_rely_on_and_the_next_asks_nobody() {
    let mut play = joined();
    answered(&mut play, 2, "other");
    let out = play.says(2, xml(JOIN));
    assert_eq!(questions(&out), []);
    let stanzas = given(&play, &out, 2);
    assert!(
        stanzas.iter().any(|s| s.contains("code='210'") && s.contains("/other'")),
        "the nick is the name"
    );
    assert_eq!(given(&play, &out, 1), Vec::<String>::new(), "nothing is told to the others");
}

#[test]
fn history_is_given_as_it_is_asked_for() {
    let mut play = joined();
    answered(&mut play, 2, "other");
    let join = JOIN.replace("muc'/>", "muc'><history maxstanzas='1'/></x>");
    let out = play.says(2, xml(&join));
    let history = given(&play, &out, 2).iter().filter(|s| s.contains("<delay")).count();
    assert_eq!(history, 1);
}

#[test]
fn what_is_said_is_a_post_and_comes_back_once_it_is_in_the_log() {
    let mut play = joined();
    let message = format!(
        "<message to='{JID}' type='groupchat' id='0123456789abcdef'><body>hi</body>\
         <stanza-id xmlns='urn:xmpp:sid:0' by='{JID}' id='1'/>\
         <delay xmlns='urn:xmpp:delay' from='{JID}' stamp='2001-01-01T00:00:00Z'/></message>"
    );
    let out = play.says(1, xml(&message));
    let (ask, Question::Post(1, ROOM, nonce, Draft::Message { text, .. })) = asked(&out) else {
        panic!("{out:?}")
    };
    assert_eq!((nonce.as_str(), text.as_str()), ("0123456789abcdef", "hi"));
    assert!(given(&play, &out, 1).is_empty());
    let out = play.answer(ask, Answer::Posted(Seq(5), Millis(1)));
    assert!(given(&play, &out, 1).is_empty(), "it comes by the log");
    let out = heard(&mut play, said(5, 2, "hi"));
    let [stanza] = &given(&play, &out, 1)[..] else { panic!("{out:?}") };
    assert!(stanza.starts_with("<message to='member@chat.example.org/phone' from='lobby@"));
    assert_eq!(stanza.matches("<stanza-id").count(), 1, "{stanza}");
    assert!(stanza.contains("id='0000000005'") && !stanza.contains("<delay"), "{stanza}");
}

#[test]
fn only_what_is_in_the_log_is_acknowledged() {
    let mut play = joined();
    play.give(Input::Enabled(1, Some("sm".into())));
    let handled = |play: &mut Play| {
        let out = play.says(1, Element::new("r", ns::SM));
        given(play, &out, 1).concat()
    };
    let message = format!("<message to='{JID}' type='groupchat' id='a1'><body>hi</body></message>");
    let out = play.says(1, xml(&message));
    play.says(1, xml("<presence><show>away</show></presence>"));
    assert!(handled(&mut play).contains("h='0'"), "the first is under way");
    let (ask, _) = asked(&out);
    play.answer(ask, Answer::Posted(Seq(5), Millis(1)));
    assert!(handled(&mut play).contains("h='2'"));
}

#[test]
fn whoever_has_not_joined_does_not_speak_and_whoever_left_neither() {
    let mut play = joined();
    let message = format!("<message to='{JID}' type='groupchat'><body>hi</body></message>");
    answered(&mut play, 2, "other");
    let out = play.says(2, xml(&message));
    assert!(given(&play, &out, 2).concat().contains("not-acceptable"));
    let out = play.says(1, xml(&format!("<presence to='{JID}/member' type='unavailable'/>")));
    assert!(given(&play, &out, 1).concat().contains("code='110'"));
    let out = play.says(1, xml(&message));
    assert!(given(&play, &out, 1).concat().contains("not-acceptable"));
    let ping =
        format!("<iq to='{JID}/member' type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>");
    let out = play.says(1, xml(&ping));
    assert!(given(&play, &out, 1).concat().contains("not-acceptable"), "XEP-0410");
}

#[test]
fn a_room_that_one_may_not_know_of_is_as_one_that_is_not() {
    let tries = [
        JOIN.to_owned(),
        format!(
            "<iq to='{JID}' type='get' id='1'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>"
        ),
        format!("<iq to='{JID}' type='set' id='1'><query xmlns='urn:xmpp:mam:2'/></iq>"),
        format!(
            "<iq to='{JID}' type='get' id='1'><query xmlns='http://jabber.org/protocol/muc#admin'>\
             <item affiliation='member'/></query></iq>"
        ),
    ];
    for stanza in tries {
        let outcome = |there: bool| {
            let mut play = Play::of(&["owner", "member"]);
            answered(&mut play, 1, "member");
            let (ask, _) = asked(&play.says(1, xml(&stanza)));
            let mut out = if there {
                let out = play.answer(ask, Answer::Which(ROOM, false));
                let (ask, _) = asked(&out);
                play.answer(ask, Answer::Room(Box::new(state(RoomKind::Private, &[1], vec![]))))
            } else {
                play.answer(ask, Answer::None)
            };
            // Both are asked anew: the room may be open by now, or made.
            let refused = match &questions(&out)[..] {
                [(ask, Question::CreateRoom(..))] => Some((*ask, Code::Conflict)),
                [(ask, Question::Join(..))] => Some((*ask, Code::NotFound)),
                _ => None,
            };
            if let Some((ask, code)) = refused {
                out = play.answer(ask, Answer::Refused(code.into()));
            }
            given(&play, &out, 1)
        };
        assert_eq!(outcome(true), outcome(false), "{stanza}");
        assert!(outcome(true).concat().contains("item-not-found"), "{stanza}");
    }
}

#[test]
fn edits_reactions_and_deletions_are_told_with_what_they_are_about() {
    let mut play = joined();
    let target = Seq(3);
    let edit = What::Edit { target, text: "too".into(), mentions: vec![] };
    let out = heard(&mut play, event(5, 2, edit));
    let text = given(&play, &out, 1).concat();
    assert!(
        text.contains("<replace xmlns='urn:xmpp:message-correct:0' id='id-of-message-number-3'/>")
    );
    let react = What::React { target, emoji: "tada".into(), on: true };
    let out = heard(&mut play, event(6, 1, react));
    let text = given(&play, &out, 1).concat();
    assert!(text.contains("id='0000000003'><reaction>\u{1f389}</reaction>"), "{text}");
    let out = heard(&mut play, event(7, 2, What::Delete { target }));
    let text = given(&play, &out, 1).concat();
    assert!(
        text.contains("<retract xmlns='urn:xmpp:message-retract:1' id='0000000003'/>"),
        "{text}"
    );
    answered(&mut play, 2, "other");
    let out = play.says(2, xml(JOIN));
    assert!(!given(&play, &out, 2).concat().contains("<body>two"), "it was taken back");
    // What memory does not have is found out.
    let old = What::React { target: Seq(1), emoji: "eyes".into(), on: true };
    let out = heard(&mut play, event(8, 1, old));
    let (ask, question) = asked(&out);
    assert_eq!(question, Question::About(ROOM, Seq(1), AccountId(1)));
    let (from, reactions) = (AccountId(2), vec!["eyes".to_owned()]);
    let about = About { target: Seq(1), from, nonce: None, reactions };
    let out = play.answer(ask, Answer::About(about));
    assert!(given(&play, &out, 1).concat().contains("\u{1f440}"));
}

#[test]
fn a_client_reacts_with_all_that_it_wants_and_what_changes_is_posted() {
    let mut play = joined();
    heard(&mut play, event(5, 2, What::React { target: Seq(4), emoji: "tada".into(), on: true }));
    let react = format!(
        "<message to='{JID}' type='groupchat' id='r1'>\
         <reactions xmlns='urn:xmpp:reactions:0' id='0000000004'><reaction>\u{1f440}</reaction></reactions></message>"
    );
    let out = play.says(1, xml(&react));
    let target = Seq(4);
    let (ask, question) = asked(&out);
    let posts = |question: Question, emoji: &str, on: bool| {
        let Question::Post(1, ROOM, nonce, draft) = question else { panic!("{question:?}") };
        assert_eq!(draft, Draft::React { target, emoji: emoji.into(), on });
        nonce
    };
    posts(question, "tada", false);
    // The second when the first is stored; it has the name of the message.
    let out = play.answer(ask, Answer::Posted(Seq(6), Millis(1)));
    let (_, question) = asked(&out);
    assert!(posts(question, "\u{1f440}", true).as_str().ends_with("~r1"));
}

#[test]
fn who_comes_and_goes_is_told_once_for_the_whole_room() {
    let mut play = joined();
    play.town.online.borrow_mut().push(AccountId(3));
    let changes = [(AccountId(3), leeward_core::wire::Presence::Online)];
    let out = play.give(Input::Presence(changes.into()));
    let stanzas = given(&play, &out, 1);
    let occupants = stanzas.iter().filter(|s| s.contains("rooms.")).count();
    assert_eq!(occupants, 1, "{stanzas:?}");
    assert!(play.give(Input::Presence(changes.into())).iter().all(|o| !matches!(o, Output::FanOut(_, rest, _) if String::from_utf8_lossy(&rest.bytes).contains("rooms."))));
    let out = heard(&mut play, event(5, 1, What::Leave { who: AccountId(3), banned: true }));
    let text = given(&play, &out, 1).concat();
    assert!(text.contains("type='unavailable'") && text.contains("code='301'"), "{text}");
}

#[test]
fn whoever_is_removed_is_told_so_and_hears_nothing_more() {
    let mut play = joined();
    let out = heard(&mut play, event(5, 1, What::Leave { who: AccountId(2), banned: false }));
    let text = given(&play, &out, 1).concat();
    assert!(text.contains("code='110'") && text.contains("code='307'"), "{text}");
    let out = heard(&mut play, said(6, 1, "alone at last"));
    assert!(given(&play, &out, 1).is_empty());
    assert!(play.station.client(1).unwrap().joined.rooms.is_empty());
}

/// Cuts a client off; what sleeps of it.
fn cut(play: &mut Play) -> Box<Asleep> {
    let out = play.give(Input::Gone { conn: 1, closed: false });
    let sleeps = out.into_iter().find_map(|output| match output {
        Output::Sleep(asleep) => Some(asleep),
        _ => None,
    });
    sleeps.expect("it may be taken up again")
}

fn bodies(stanzas: &[String]) -> Vec<String> {
    let body = |s: &String| Some(s.split("<body>").nth(1)?.split('<').next()?.to_owned());
    stanzas.iter().filter_map(body).collect()
}

#[test]
fn a_client_that_comes_back_is_given_what_it_missed_once_and_in_order() {
    for acknowledged in 0..=2 {
        let mut play = joined();
        play.give(Input::Enabled(1, Some("sm".into())));
        heard(&mut play, said(5, 1, "five"));
        heard(&mut play, said(6, 1, "six"));
        let asleep = cut(&mut play);
        heard(&mut play, said(7, 1, "seven"));
        assert!(asleep.fits(acknowledged) && !asleep.fits(3));
        // Another process has to ask for what it does not have in memory.
        let mut play = Play::of(&["owner", "member", "other"]);
        let woken = Input::Woken(4, Framing::Stream, asleep, acknowledged);
        let out = play.give(woken);
        let mut reads = questions(&out);
        reads.retain(|(_, question)| matches!(question, Question::Room(_)));
        let lines = vec![said(7, 1, "seven")];
        let state = state(RoomKind::Public, &[1, 2, 3], lines);
        let out = play.answer(reads[0].0, Answer::Room(Box::new(state)));
        let after = 4 + u64::from(acknowledged);
        let (ask, question) = asked(&out);
        assert_eq!(question, Question::Since(ROOM, Seq(after), 500));
        // What is said while that is looked up comes after it.
        let early = heard(&mut play, said(8, 1, "eight"));
        assert!(bodies(&given(&play, &early, 4)).is_empty());
        let told = |seq: u64, text: &str| Told { event: said(seq, 1, text), about: None };
        let all = [told(5, "five"), told(6, "six"), told(7, "seven")];
        let missed = all[acknowledged as usize..].to_vec();
        let out = play.answer(ask, Answer::Since(missed, true));
        assert_eq!(questions(&out), []);
        let mut seen = bodies(&given(&play, &out, 4));
        let out = heard(&mut play, said(9, 1, "nine"));
        seen.extend(bodies(&given(&play, &out, 4)));
        let expected = &["five", "six", "seven", "eight", "nine"][acknowledged as usize..];
        assert_eq!(seen, expected, "{acknowledged}");
    }
}
