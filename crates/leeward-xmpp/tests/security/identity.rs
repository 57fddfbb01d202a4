//! Words in another's name, and looks at what is another's.

use crate::ns;
use crate::stage::talk::LIMITS;
use crate::stage::world::{LOBBY, two};
use crate::stage::{DOMAIN, Play, given, questions};
use crate::station::{Answer, Ask, Input, Output, Question};
use crate::xml::{Element, parse};
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::hub::Published;
use leeward_core::id::{AccountId, Millis, RoomId, Seq};
use std::sync::Arc;

const FORGED: &str = "<stanza-id xmlns='urn:xmpp:sid:0' by='owner@chat.example.org' id='forged'/>\
    <occupant-id xmlns='urn:xmpp:occupant-id:0' id='forged'/>\
    <delay xmlns='urn:xmpp:delay' from='chat.example.org' stamp='2001-01-01T00:00:00Z'>forged</delay>\
    <addresses xmlns='http://jabber.org/protocol/address'><address type='ofrom' jid='forged@x'/></addresses>\
    <nick xmlns='http://jabber.org/protocol/nick'>forged</nick>\
    <x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/>forged</x>\
    <result xmlns='urn:xmpp:mam:2' id='forged'><forwarded xmlns='urn:xmpp:forward:0'/></result>\
    <sent xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'>\
    <message xmlns='jabber:client' from='owner@chat.example.org'><body>forged</body></message>\
    </forwarded></sent>\
    <event xmlns='http://jabber.org/protocol/pubsub#event'><items node='forged'/></event>";

fn stanza(text: &str) -> Element {
    parse(&text.replacen(' ', " xmlns='jabber:client' ", 1), LIMITS).expect("well-formed")
}

/// owner on 1, member on 2, and nothing between them yet.
fn strangers() -> Play {
    let mut play = Play::of(&["owner", "member"]);
    play.bound(1, "owner", "desk");
    play.bound(2, "member", "phone");
    play
}

fn asked(outputs: &[Output], wanted: impl Fn(&Question) -> bool) -> (Ask, Question) {
    questions(outputs).into_iter().find(|(_, question)| wanted(question)).expect("it is asked")
}

/// What only a server says is not believed of a client: carbons, results of archives, marks of time and of
/// place in a message to a person reach nobody (CVE-2017-5589 and its kin for XEP-0280; XEP-0359, section 6).
#[test]
fn nothing_forged_in_a_message_reaches_whom_it_is_for() {
    let mut play = strangers();
    let says = format!(
        "<message to='owner@{DOMAIN}' type='chat' id='x'><body>hi</body>{FORGED}</message>"
    );
    let out = play.says(2, stanza(&says));
    let (ask, _) = asked(&out, |q| matches!(q, Question::Direct(2, AccountId(1))));
    let out = play.answer(ask, Answer::Which(RoomId(9), true));
    let (_, post) = asked(&out, |q| matches!(q, Question::Post(..)));
    let Question::Post(2, RoomId(9), nonce, Draft::Message { text, .. }) = &post else { panic!() };
    assert_eq!(text, "hi");
    assert!(!format!("{post:?}").contains("forged"));
    let what = What::Message(Box::new(Message { text: text.clone(), ..Message::default() }));
    let nonce = Some(nonce.clone());
    let event =
        Event { seq: Seq(1), at: Millis(1_790_000_000_000), from: AccountId(2), nonce, what };
    let out = play.give(Input::Heard(RoomId(9), Arc::new(Published::new(RoomId(9), event))));
    for conn in [1, 2] {
        for message in given(&play, &out, conn) {
            let names: Vec<String> =
                stanza(&message).elements().map(|e| e.name().to_owned()).collect();
            assert!(message.contains(&format!(" from='member@{DOMAIN}'")), "{message}");
            assert!(names.starts_with(&["body".to_owned()]), "{names:?}");
            assert!(!message.contains("forged") && !message.contains("<delay"), "{message}");
        }
    }
}

/// What a server alone sends is sent to nobody by a client: pushes of rosters and block lists, events of
/// nodes, headlines, errors, carbons (RFC 6121, section 2.1.6; XEP-0191; CVE-2015-8688).
#[test]
fn what_a_server_alone_sends_is_sent_by_no_client() {
    let to = [format!("owner@{DOMAIN}/desk"), format!("owner@{DOMAIN}")];
    let iqs = [
        "<query xmlns='jabber:iq:roster'><item jid='evil@x' subscription='both'/></query>",
        "<block xmlns='urn:xmpp:blocking'><item jid='member@chat.example.org'/></block>",
        "<enable xmlns='urn:xmpp:carbons:2'/>",
        "<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>",
        "<query xmlns='jabber:iq:private'><a xmlns='urn:a'/></query>",
    ];
    for to in &to {
        for inside in iqs {
            let mut play = strangers();
            let out =
                play.says(2, stanza(&format!("<iq to='{to}' type='set' id='1'>{inside}</iq>")));
            assert_eq!(given(&play, &out, 1), Vec::<String>::new(), "{inside}");
            assert!(given(&play, &out, 2)[0].contains("<service-unavailable"), "{inside}");
            assert_eq!(questions(&out), [], "{inside}");
        }
        for kind in ["headline", "error", "groupchat"] {
            let mut play = strangers();
            let says = format!("<message to='{to}' type='{kind}'><body>a</body>{FORGED}</message>");
            let out = play.says(2, stanza(&says));
            assert!(given(&play, &out, 1).is_empty() && questions(&out).is_empty(), "{kind}");
        }
        let mut play = strangers();
        let empty = format!("<message to='{to}' type='chat'>{FORGED}</message>");
        let out = play.says(2, stanza(&empty));
        assert!(given(&play, &out, 1).is_empty() && questions(&out).is_empty());
        for kind in ["result", "error"] {
            let answer = format!("<iq to='{to}' type='{kind}' id='roster'>{}</iq>", iqs[0]);
            assert!(play.says(2, stanza(&answer)).is_empty(), "an answer to what nobody asked");
        }
    }
}

/// Presence is known to the server and told by it; nothing that a client puts into its own is passed on, to
/// all or to one: capabilities under a hash that is not theirs, codes of rooms, pictures (XEP-0115, section
/// 8.1; XEP-0153).
#[test]
fn nothing_of_a_presence_is_passed_on() {
    let inside = "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='x' ver='forged'/>\
        <x xmlns='vcard-temp:x:update'><photo>forged</photo></x>\
        <x xmlns='http://jabber.org/protocol/muc#user'><status code='307'/></x>\
        <status>forged</status><priority>forged</priority>";
    let mut play = strangers();
    for to in ["", " to='owner@chat.example.org'", " to='owner@chat.example.org/desk'"] {
        let out = play.says(2, stanza(&format!("<presence id='1'{to}>{inside}</presence>")));
        assert_eq!(given(&play, &out, 1), Vec::<String>::new());
        assert_eq!(questions(&out), []);
        let told = out.iter().filter(|o| matches!(o, Output::Presence(..) | Output::Profile(..)));
        assert!(!format!("{:?}", told.collect::<Vec<_>>()).contains("forged"), "{out:?}");
    }
    let mut world = two();
    world.says(1, &format!("<presence to='{LOBBY}/bob'>{inside}</presence>"));
    assert_eq!(world.got(2), Vec::<String>::new());
}

/// Nobody learns by asking a full address whether somebody is there: one that is, one that is not and one that
/// never was are answered alike (RFC 6120, section 8.5.3; RFC 6121, section 8.5.3.2.3).
#[test]
fn a_full_address_says_nothing_of_who_is_there() {
    for inside in [
        "<query xmlns='jabber:iq:version'/>",
        "<query xmlns='jabber:iq:last'/>",
        "<ping xmlns='urn:xmpp:ping'/>",
        "<time xmlns='urn:xmpp:time'/>",
        "<query xmlns='http://jabber.org/protocol/disco#info'/>",
        "<what xmlns='urn:x'/>",
    ] {
        let mut play = strangers();
        let mut answer = |resource: &str| {
            let to = format!("owner@{DOMAIN}/{resource}");
            let ask = format!("<iq to='{to}' type='get' id='1'>{inside}</iq>");
            let out = play.says(2, stanza(&ask));
            assert!(given(&play, &out, 1).is_empty(), "{inside}");
            given(&play, &out, 2).concat().replace(&to, "")
        };
        let there = answer("desk");
        assert_eq!(there, answer("elsewhere"), "{inside}");
        let known = inside.contains("disco");
        assert_eq!(there.contains("<service-unavailable"), !known, "{there}");
    }
}

/// A roster is of the workspace: nobody fills theirs, or anybody's, with addresses, and no wish for presence
/// is passed on (RFC 6121, sections 2 and 3).
#[test]
fn nobody_fills_a_roster() {
    let mut play = strangers();
    let ask = "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>";
    let out = play.says(2, stanza(ask));
    let before = given(&play, &out, 2);
    for n in 0..200 {
        let item = format!("<item jid='n{n}@else.where' name='n'/>");
        let set =
            format!("<iq type='set' id='1'><query xmlns='jabber:iq:roster'>{item}</query></iq>");
        let out = play.says(2, stanza(&set));
        assert_eq!(questions(&out), []);
    }
    for kind in ["subscribe", "subscribed", "unsubscribe", "unsubscribed"] {
        let out = play.says(2, stanza(&format!("<presence to='owner@{DOMAIN}' type='{kind}'/>")));
        assert!(given(&play, &out, 1).is_empty() && questions(&out).is_empty(), "{kind}");
        let out =
            play.says(2, stanza(&format!("<presence to='nobody@else.where' type='{kind}'/>")));
        assert!(given(&play, &out, 1).is_empty() && questions(&out).is_empty(), "{kind}");
    }
    let out = play.says(2, stanza(ask));
    assert_eq!(given(&play, &out, 2), before);
}

/// What others may see of an account is what is kept under that very name: a node that is private and only
/// begins so is not shown in its place (XEP-0163).
#[test]
fn a_private_node_is_not_shown_for_an_open_one() {
    let mut play = strangers();
    let ask = |node: &str| {
        format!(
            "<iq to='owner@{DOMAIN}' type='get' id='1'>\
             <pubsub xmlns='http://jabber.org/protocol/pubsub'><items node='{node}'/></pubsub></iq>"
        )
    };
    let kept = |node: &str, word: &str| {
        let item = format!(
            "<items xmlns='{}'><item id='1'><a xmlns='urn:a'>{word}</a></item></items>",
            ns::PUBSUB
        );
        (format!("xmpp/pep/{node}"), item)
    };
    let out = play.says(2, stanza(&ask(ns::NICK)));
    let (ask_id, _) = asked(&out, |q| matches!(q, Question::Settings(AccountId(1), _)));
    let private = format!("{}/private", ns::NICK);
    let out = play.answer(ask_id, Answer::Settings(vec![kept(&private, "secret")]));
    let got = given(&play, &out, 2).concat();
    assert!(got.contains("<item-not-found") && !got.contains("secret"), "{got}");
    let out = play.says(2, stanza(&ask(ns::NICK)));
    let (ask_id, _) = asked(&out, |q| matches!(q, Question::Settings(AccountId(1), _)));
    let both = vec![kept(ns::NICK, "open"), kept(&private, "secret")];
    let out = play.answer(ask_id, Answer::Settings(both));
    assert!(given(&play, &out, 2).concat().contains(">open<"));
}
