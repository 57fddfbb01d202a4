//! The talk, line by line: what comes, what is said, what is told.

use super::*;
use crate::xmpp::Place;
use std::rc::Rc;

const FEATURES: &str = "<stream:features><mechanisms><mechanism>PLAIN</mechanism></mechanisms>\
    </stream:features>";
const BINDS: &str =
    "<stream:features><bind xmlns='b'/><sm xmlns='urn:xmpp:sm:3'/></stream:features>";
const BOUND: &str = "<iq id='bind' type='result'><bind><jid>u@d/x</jid></bind></iq>";
const SUBJECT: &str = "<message from='r@rooms.d' type='groupchat'><subject/></message>";

fn seat(resumes: bool) -> Seat {
    seat_at(|place| place.resuming(resumes))
}

fn seat_at(change: impl Fn(Place) -> Place) -> Seat {
    let place = Place::parse("xmpp://127.0.0.1:5222", "d", "rooms.d", None).expect("a place");
    let place = Rc::new(change(place));
    Seat { place, name: "u".into(), password: "p".into(), rooms: vec!["r".into()], from: None }
}

/// Hears a line; what is said, and what is told in words.
fn hear(talk: &mut Talk, seat: &Seat, line: &str) -> (String, String) {
    let mut out = String::new();
    let news = talk.hear(seat, line.as_bytes(), &mut out);
    let news = match news {
        News::Message(message) => format!("{} says {}", message.nick(), message.body()),
        News::None
        | News::Ready { .. }
        | News::Handled(_)
        | News::Refused(_)
        | News::SignedOut(_) => format!("{news:?}"),
    };
    (out, news)
}

fn signed_in(seat: &Seat) -> Talk {
    let (mut talk, mut out) = (Talk::default(), String::new());
    talk.open(seat, &mut out);
    assert!(out.starts_with("<stream:stream") || out.starts_with("<?xml"), "{out}");
    let (said, _) = hear(&mut talk, seat, FEATURES);
    assert!(said.contains("mechanism='PLAIN'>AHUAcA==</auth>"), "{said}");
    assert!(!talk.restarts());
    hear(&mut talk, seat, "<success xmlns='s'/>");
    assert!(talk.restarts());
    talk
}

fn joining(seat: &Seat) -> Talk {
    let mut talk = signed_in(seat);
    let (said, _) = hear(&mut talk, seat, BINDS);
    assert!(said.contains("<bind"), "{said}");
    let (said, _) = hear(&mut talk, seat, BOUND);
    assert!(said.contains("to='r@rooms.d/u'") && said.contains("maxstanzas='20'"), "{said}");
    assert_eq!(said.contains("<enable"), seat.place.resumes, "{said}");
    talk
}

#[test]
fn a_challenge_is_answered_once_and_one_that_is_none_is_told() {
    use base64::Engine;
    let coded = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let seat = seat_at(|place| place.by_scram(true));
    let mut talk = Talk::default();
    talk.open(&seat, &mut String::new());
    let (said, _) = hear(&mut talk, &seat, FEATURES);
    let first = said.split(['>', '<']).nth(2).expect("a first message");
    assert!(said.contains("mechanism='SCRAM-SHA-256'"), "{said}");
    assert!(first.starts_with(&coded("n,,n=u,r=u-")[..14]), "{said}");
    let challenge = format!("<challenge xmlns='s'>{}</challenge>", coded("r=u-1,s=AAAA,i=1"));
    let (said, _) = hear(&mut talk, &seat, &challenge);
    assert!(said.starts_with("<response") && said.contains(&coded("c=biws,r=u-1,p=")[..15]));
    assert_eq!(hear(&mut talk, &seat, &challenge).1, "SignedOut(\"challenge\")");
}

#[test]
fn it_is_in_when_the_subject_of_its_room_has_come() {
    let seat = seat(false);
    let mut talk = joining(&seat);
    let past = "<message from='r@rooms.d/v' type='groupchat'><body>past</body><delay/></message>";
    assert_eq!(hear(&mut talk, &seat, past).1, "v says past");
    let other = SUBJECT.replace("r@", "q@");
    assert_eq!(hear(&mut talk, &seat, &other).1, "None");
    assert!(!talk.is_in());
    assert_eq!(hear(&mut talk, &seat, SUBJECT).1, "Ready { handled: None }");
    assert!(talk.is_in());
    assert_eq!(talk.said(), None);
}

#[test]
fn a_ping_is_answered_and_another_request_is_refused() {
    let seat = seat(false);
    let mut talk = joining(&seat);
    let ask = "<iq type='get' id='7' from='d'><ping xmlns='urn:xmpp:ping'/></iq>";
    assert_eq!(hear(&mut talk, &seat, ask).0, "<iq type='result' id=\"7\" to=\"d\"/>\n");
    let other = ask.replace("ping", "time");
    assert!(hear(&mut talk, &seat, &other).0.contains("<service-unavailable"));
}

#[test]
fn a_refusal_is_told_in_the_word_of_the_server() {
    let seat = seat(false);
    let (mut talk, mut out) = (Talk::default(), String::new());
    talk.open(&seat, &mut out);
    let failure = "<failure xmlns='sasl'><not-authorized/><text>no</text></failure>";
    assert_eq!(hear(&mut talk, &seat, failure).1, "SignedOut(\"not-authorized\")");
    let mut talk = joining(&seat);
    let error = "<presence from='r@rooms.d/u' type='error'><x/><error type='wait'>\
        <resource-constraint xmlns='stanzas'/></error></presence>";
    assert_eq!(hear(&mut talk, &seat, error).1, "Refused(\"resource-constraint\")");
}

#[test]
fn a_session_is_resumed_with_the_stanzas_heard_since_it_began() {
    let seat = seat(true);
    let mut talk = joining(&seat);
    hear(&mut talk, &seat, "<enabled id='s&amp;1' resume='true'/>");
    hear(&mut talk, &seat, SUBJECT);
    assert_eq!(hear(&mut talk, &seat, "<r/>").0, "<a xmlns='urn:xmpp:sm:3' h='1'/>\n");
    assert_eq!(talk.said(), Some(3), "presence and a join came before");
    talk.open(&seat, &mut String::new());
    hear(&mut talk, &seat, FEATURES);
    hear(&mut talk, &seat, "<success/>");
    let (said, _) = hear(&mut talk, &seat, BINDS);
    assert!(said.contains("previd='s&amp;1' h='1'"), "{said}");
    let resumed = "<resumed h='2' previd='s&amp;1'/>";
    assert_eq!(hear(&mut talk, &seat, resumed).1, "Ready { handled: Some(2) }");
    assert_eq!(talk.said(), Some(3), "what was not handled is numbered anew");
}

#[test]
fn whoever_cannot_resume_signs_in_anew() {
    let seat = seat(true);
    let mut talk = joining(&seat);
    hear(&mut talk, &seat, "<enabled id='s' resume='true'/>");
    hear(&mut talk, &seat, SUBJECT);
    talk.open(&seat, &mut String::new());
    hear(&mut talk, &seat, FEATURES);
    hear(&mut talk, &seat, "<success/>");
    hear(&mut talk, &seat, BINDS);
    let (said, _) = hear(&mut talk, &seat, "<failed><item-not-found/></failed>");
    assert!(said.contains("<bind"), "{said}");
    assert!(hear(&mut talk, &seat, BOUND).0.contains("<enable"));
}
