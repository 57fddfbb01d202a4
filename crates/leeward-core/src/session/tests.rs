//! This input gives exactly these outputs.

use super::*;
use crate::account::Role;
use crate::id::{AccountId, SessionId};
use crate::wire;

const NOW: Instant = Instant(5_000_000);

fn limits() -> Limits {
    Limits {
        posts: Rate { each_us: 100_000, burst: 3 },
        requests: Rate { each_us: 100_000, burst: 8 },
        posts_in_flight_max: 2,
        ..Limits::default()
    }
}

fn give(session: &mut Session, now: Instant, input: Input) -> Vec<Output> {
    let mut out = Vec::new();
    session.handle(now, &limits(), input, &mut out);
    out
}

fn frame(text: &str) -> Input {
    Input::Frame(wire::decode(text))
}

fn admitted() -> Admitted {
    let who = Who { account: AccountId(3), role: Role::Member, session: SessionId(4), epoch: 5 };
    Admitted { who, resumed: false, ghost: None }
}

fn live() -> Session {
    let mut session = Session::new(NOW, &limits());
    give(&mut session, NOW, frame(r#"{"t":"hello","token":"x"}"#));
    let out = give(&mut session, NOW, Input::Admitted(admitted()));
    assert!(matches!(out[..], [Output::Welcome(_, lease)] if lease == limits().terms.visible));
    session
}

fn closed_for(out: &[Output]) -> Code {
    let [Output::Send(frame), Output::Close(refusal)] = out else { panic!("{out:?}") };
    let (ServerFrame::Goodbye { refusal: said, .. } | ServerFrame::Refuse { refusal: said, .. }) =
        frame
    else {
        panic!("{frame:?}")
    };
    assert_eq!(said, refusal, "what is said is what is done");
    refusal.code
}

fn refused(out: &[Output]) -> (Code, u32) {
    match out {
        [Output::Send(ServerFrame::Refused { refusal, .. })] => {
            (refusal.code, refusal.after_ms.expect("it says when to come back"))
        }
        other => panic!("{other:?}"),
    }
}

const POST: &str = r#"{"t":"post","room":1,"nonce":"a","draft":{"kind":"message","text":"hello"}}"#;

#[test]
fn hello_is_knocked_for_and_welcomed_with_a_lease() {
    let mut session = Session::new(NOW, &limits());
    let out = give(&mut session, NOW, frame(r#"{"t":"hello","ticket":"abc"}"#));
    assert!(matches!(&out[..], [Output::Knock(h)] if h.ticket.as_deref() == Some("abc")));
    assert!(!session.is_live());
    give(&mut session, NOW, Input::Admitted(admitted()));
    assert!(session.is_live());
    assert_eq!(session.deadline(), NOW.plus_ms(15_000));
}

#[test]
fn whoever_is_not_let_in_is_told_why_and_when_to_come_back() {
    let mut session = Session::new(NOW, &limits());
    give(&mut session, NOW, frame(r#"{"t":"hello"}"#));
    let refusal = Refusal::from(Code::Gate).after(7_000);
    let out = give(&mut session, NOW, Input::Refused(refusal, Some("slot".into())));
    let [Output::Send(ServerFrame::Refuse { slot, .. }), Output::Close(refusal)] = &out[..] else {
        panic!("{out:?}")
    };
    assert_eq!((slot.as_deref(), refusal.after_ms), (Some("slot"), Some(7_000)));
}

#[test]
fn whoever_waits_is_kept_and_told_its_place_when_the_wait_is_long() {
    let mut session = Session::new(NOW, &limits());
    give(&mut session, NOW, frame(r#"{"t":"hello"}"#));
    let parked = |wait_ms, message| Input::Parked { place: 7, wait_ms, message };
    assert!(give(&mut session, NOW, parked(999, None)).is_empty());
    assert_eq!(session.deadline(), NOW.plus_ms(30_000));
    let later = NOW.plus_ms(9_000);
    let out = give(&mut session, later, parked(1_000, None));
    assert!(matches!(
        out[..],
        [Output::Send(ServerFrame::Parked { place: 7, wait_ms: 1_000, message: None })]
    ));
    let out = give(&mut session, later, parked(5, Some("back at ten".into())));
    assert!(matches!(&out[..], [Output::Send(ServerFrame::Parked { message: Some(_), .. })]));
    assert!(give(&mut session, later.plus_ms(30_000), Input::Tick).is_empty());
    let out = give(&mut session, later.plus_ms(30_000), Input::Admitted(admitted()));
    assert!(matches!(&out[..], [Output::Welcome(..)]));
    assert!(give(&mut session, later, parked(2_000, None)).is_empty(), "it is in");
}

#[test]
fn whoever_is_sent_away_for_a_while_is_given_its_place() {
    let mut session = live();
    let refusal = Refusal::from(Code::Drain).after(7_000);
    let out = give(&mut session, NOW, Input::Leave(refusal, Some("slot".into())));
    let [Output::Send(ServerFrame::Goodbye { slot, .. }), Output::Close(refusal)] = &out[..] else {
        panic!("{out:?}")
    };
    assert_eq!((slot.as_deref(), refusal.after_ms), (Some("slot"), Some(7_000)));
}

#[test]
fn nothing_comes_before_hello_and_hello_comes_once() {
    let mut session = Session::new(NOW, &limits());
    assert_eq!(closed_for(&give(&mut session, NOW, frame(r#"{"t":"ping"}"#))), Code::BadFrame);
    let mut session = live();
    assert_eq!(closed_for(&give(&mut session, NOW, frame(r#"{"t":"hello"}"#))), Code::BadFrame);
    assert!(give(&mut session, NOW, frame(POST)).is_empty(), "a closed session does nothing");
}

#[test]
fn talking_does_not_gain_time_before_hello() {
    let mut session = Session::new(NOW, &limits());
    let deadline = session.deadline();
    give(&mut session, NOW.plus_ms(9_000), Input::Heard);
    assert_eq!(session.deadline(), deadline);
    let out = give(&mut session, NOW.plus_ms(10_001), Input::Tick);
    assert_eq!(closed_for(&out), Code::HelloTimeout);
}

#[test]
fn a_lease_runs_out_in_silence_and_not_before() {
    let mut session = live();
    assert!(give(&mut session, NOW.plus_ms(15_000), Input::Tick).is_empty());
    give(&mut session, NOW.plus_ms(15_000), Input::Heard);
    assert!(give(&mut session, NOW.plus_ms(30_000), Input::Tick).is_empty());
    let out = give(&mut session, NOW.plus_ms(30_001), Input::Tick);
    assert_eq!(closed_for(&out), Code::LeaseExpired);
}

#[test]
fn a_ping_of_a_hidden_page_is_granted_a_long_lease() {
    let mut session = live();
    let out = give(&mut session, NOW, frame(r#"{"t":"ping","n":7,"hidden":true}"#));
    let [Output::Send(ServerFrame::Pong { n: 7, lease })] = out[..] else { panic!("{out:?}") };
    assert_eq!(lease, limits().terms.hidden);
    assert_eq!(session.deadline(), NOW.plus_ms(150_000));
    assert!(session.is_hidden());
}

#[test]
fn changing_the_terms_changes_only_what_is_granted_after() {
    let mut session = live();
    let mut short = limits();
    short.terms.visible.lease_ms = 1_000;
    let mut out = Vec::new();
    session.handle(NOW.plus_ms(14_000), &short, Input::Tick, &mut out);
    assert!(out.is_empty(), "the lease held was granted for longer");
    session.handle(NOW.plus_ms(14_000), &short, frame(r#"{"t":"ping"}"#), &mut out);
    assert!(matches!(&out[..], [Output::Send(ServerFrame::Pong { lease, .. })]
        if lease.lease_ms == 1_000));
}

#[test]
fn posts_are_kept_to_their_rate_and_to_their_number_under_way() {
    let mut session = live();
    for _ in 0..2 {
        let out = give(&mut session, NOW, frame(POST));
        assert!(matches!(&out[..], [Output::Post(RoomId(1), _, _)]));
    }
    assert_eq!(refused(&give(&mut session, NOW, frame(POST))), (Code::RateLimited, 200));
    give(&mut session, NOW, Input::Answered);
    assert!(matches!(&give(&mut session, NOW, frame(POST))[..], [Output::Post(..)]));
    give(&mut session, NOW, Input::Answered);
    let (code, after_ms) = refused(&give(&mut session, NOW, frame(POST)));
    assert_eq!(code, Code::RateLimited);
    let later = NOW.plus_ms(after_ms.into());
    assert!(matches!(&give(&mut session, later, frame(POST))[..], [Output::Post(..)]));
}

#[test]
fn dear_requests_are_refused_sooner() {
    let mut session = live();
    let read = r#"{"t":"read","room":1,"seq":2}"#;
    assert!(matches!(&give(&mut session, NOW, frame(read))[..], [Output::Read(..)]));
    assert_eq!(refused(&give(&mut session, NOW, frame(read))).0, Code::RateLimited);
}

#[test]
fn what_is_not_a_frame_ends_the_connection_with_its_reason() {
    let deep = format!("{}1{}", "[".repeat(40), "]".repeat(40));
    let big = "x".repeat(crate::limits::FRAME_BYTES_MAX + 1);
    for (text, code) in [
        ("", Code::BadFrame),
        ("{", Code::BadFrame),
        (r#"{"t":"what"}"#, Code::BadFrame),
        (r#"{"t":"ping","extra":1}"#, Code::BadFrame),
        (
            r#"{"t":"post","room":-1,"nonce":"a","draft":{"kind":"delete","target":1}}"#,
            Code::BadFrame,
        ),
        (&deep, Code::BadFrame),
        (&big, Code::TooBig),
    ] {
        assert_eq!(closed_for(&give(&mut live(), NOW, frame(text))), code, "{text:.40}");
    }
}

#[test]
fn a_session_is_small() {
    assert!(size_of::<Session>() <= 64, "{} bytes", size_of::<Session>());
}
