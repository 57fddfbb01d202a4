//! Requests of BOSH that try to do something twice, early or in another's place.

use crate::bosh::{Content, Deed, Event, Session};
use crate::ns;
use crate::stage::talk::{LIMITS, Talk, ends_with};
use crate::stream::{Input, Output, Transport};
use crate::xml::{Element, parse};
use leeward_core::id::Instant;

const NOW: Instant = Instant(1_000_000);

fn body(rid: u64, inside: &str) -> Event {
    let text = format!("<body xmlns='{}' rid='{rid}' sid='s'>{inside}</body>", ns::HTTP_BIND);
    Event::Request(parse(&text, LIMITS).expect("it opens"))
}

fn session() -> Session {
    let first = Element::new("body", ns::HTTP_BIND).with("rid", "100").with("wait", "60");
    let (mut session, _) = Session::open(NOW, "s", "x", "i", &first).expect("it opens");
    session.handle(NOW, Event::Flush);
    session
}

/// A number that was used brings nothing, whatever comes under it: the answer is the one that was given, byte
/// for byte (XEP-0124, section 14.3).
#[test]
fn other_words_under_a_used_number_do_nothing() {
    let mut session = session();
    session.handle(NOW, body(101, "<message xmlns='jabber:client' id='1'/>"));
    session.handle(NOW, Event::Say("<first/>".into()));
    let answered = session.handle(NOW, Event::Flush);
    assert!(matches!(&answered[..], [Deed::Answer(101, _)]));
    let forged = body(101, "<message xmlns='jabber:client' id='2'/>");
    assert_eq!(session.handle(NOW, forged), answered);
    session.handle(NOW, body(102, ""));
    let waiting = body(102, "<message xmlns='jabber:client' id='3'/>");
    assert!(session.handle(NOW, waiting).is_empty(), "nor while its answer is waited for");
}

/// A request that comes before its turn is kept, and no more of them than the window has: whoever sends others
/// has no session any more, and nothing of what waited is done (XEP-0124, section 14.2).
#[test]
fn no_more_requests_wait_for_their_turn_than_were_agreed() {
    let mut session = session();
    assert!(session.handle(NOW, body(102, "<message xmlns='jabber:client'/>")).is_empty());
    for rid in [u64::from(u32::MAX), 103] {
        let deeds = session.handle(NOW, body(rid, "<message xmlns='jabber:client'/>"));
        assert!(!deeds.iter().any(|deed| matches!(deed, Deed::Tell(_))), "{deeds:?}");
        assert!(matches!(&deeds[0], Deed::Answer(answered, _) if *answered == rid));
    }
}

/// Before anybody has signed in an element is as short as on any other way, however much a request may hold.
#[test]
fn a_request_before_the_sign_in_holds_no_more_than_a_sign_in() {
    let long = Element::new("auth", ns::SASL).text("x".repeat(LIMITS.bytes_max));
    let mut talk = Talk::over(Transport::Bosh, true);
    talk.give(Input::Bosh(Content::Open));
    ends_with(&talk.give(Input::Bosh(Content::Element(long.clone()))), "policy-violation");
    let mut talk = Talk::over(Transport::Bosh, true);
    talk.give(Input::Bosh(Content::Open));
    talk.give(Input::Admitted);
    ends_with(&talk.give(Input::Bosh(Content::Element(long))), "policy-violation");
}

/// What is of no namespace in a request is of that of BOSH, and no stanza.
#[test]
fn what_is_of_the_envelope_is_no_stanza() {
    let Event::Request(body) = body(101, "<message to='a@x'><body>a</body></message>") else {
        panic!()
    };
    let message = body.first().cloned().unwrap();
    assert_eq!(message.ns(), ns::HTTP_BIND);
    let mut world = crate::stage::world::two();
    world.input(crate::station::Input::Element(1, message));
    assert_eq!(world.got(1), ["closed: unsupported-stanza-type"]);
    let mut talk = Talk::over(Transport::Bosh, true);
    talk.give(Input::Bosh(Content::Open));
    talk.give(Input::Admitted);
    let out = talk.give(Input::Bosh(Content::Element(body)));
    assert!(matches!(out.last(), Some(Output::End)), "{out:?}");
}
