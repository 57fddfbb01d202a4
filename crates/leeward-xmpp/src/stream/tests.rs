//! Little plays: what a client says, and exactly what the stream makes of it.

use super::*;
use crate::jid::Jid;
use crate::sasl::{ITERATIONS, Scram};
use crate::stage::talk::{HEADER, Talk as Play, ends_with, login, written};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const SASL2: &str = "urn:xmpp:sasl:2";

#[test]
fn a_client_is_answered_at_once_and_gets_its_features_when_there_is_room() {
    let mut play = Play::over(Transport::Tcp, true);
    let out = play.says(HEADER);
    let text = written(&out);
    assert!(text.contains("from='x'") && text.contains("id='id'"), "{text}");
    assert!(!text.contains("features"));
    assert!(play.says(" ").is_empty(), "it waits, and may show that it is there");
    let features = written(&play.give(Input::Admitted));
    for part in ["starttls", "SCRAM-SHA-256<", "SCRAM-SHA-1<", "PLAIN", SASL2, "HT-SHA-256-NONE"] {
        assert!(features.contains(part), "{part}: {features}");
    }
    assert!(!features.contains("PLUS") && !features.contains("EXPR"), "nothing can be bound");
}

#[test]
fn nobody_signs_in_in_the_clear_where_that_is_not_allowed() {
    let mut play = Play::over(Transport::Tcp, false);
    play.says(HEADER);
    let features = written(&play.give(Input::Admitted));
    assert!(features.contains("<required/>") && !features.contains("mechanism"), "{features}");
    let out = play.plain("member", "secret");
    assert!(written(&out).contains("invalid-mechanism"));
    assert!(!out.iter().any(|o| matches!(o, Output::Knock { .. })));
}

#[test]
fn what_is_said_before_tls_is_forgotten() {
    let mut play = Play::over(Transport::Tcp, false);
    play.says(HEADER);
    play.give(Input::Admitted);
    let starttls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/><presence/><iq ";
    let out = play.says(starttls);
    assert!(matches!(&out[..], [Output::Write(_), Output::StartTls]), "{out:?}");
    assert!(play.says("<message/>").is_empty());
    play.give(Input::Secured(Some(crate::sasl::Binding::Exporter([9; 32]))));
    assert!(matches!(&play.says(HEADER)[..], [Output::Write(_), Output::Hello]));
    let features = written(&play.give(Input::Admitted));
    for part in ["SCRAM-SHA-256-PLUS", "tls-exporter", "PLAIN", "HT-SHA-256-EXPR"] {
        assert!(features.contains(part), "{part}: {features}");
    }
    assert!(!features.contains("starttls"));
}

#[test]
fn nothing_is_looked_up_before_somebody_is_let_in() {
    let mut play = Play::offered();
    let out = play.plain("Member", "secret");
    let [Output::Knock { claim: Claim::Plain, name, .. }] = &out[..] else { panic!("{out:?}") };
    assert_eq!(name.as_deref(), Some("Member"));
    let out = play.give(Input::Admitted);
    let [Output::Password(name, password)] = &out[..] else { panic!("{out:?}") };
    assert_eq!((name.as_str(), password.as_str()), ("member", "secret"));
    let out = play.give(Input::Judged(Ok(login())));
    assert!(matches!(&out[..], [Output::Authenticated(..), Output::Write(_)]), "{out:?}");
    let features = written(&play.says(HEADER));
    for part in ["<bind", "<session", "<optional/>", "<sm ", "csi", "rosterver", "caps"] {
        assert!(features.contains(part), "{part}: {features}");
    }
    let out = play
        .says("<iq type='set' id='b1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>phone</resource></bind></iq>");
    let [Output::Bind(request)] = &out[..] else { panic!("{out:?}") };
    assert_eq!(request.resource.as_deref(), Some("phone"));
    assert!(written(&play.bound()).contains("id='b1' type='result'><bind"));
    assert!(matches!(&play.says("<presence/>")[..], [Output::Element(_)]));
}

#[test]
fn a_wrong_password_may_be_tried_three_times() {
    let mut play = Play::offered();
    for attempt in 1..=3 {
        play.plain("member", "wrong");
        play.give(Input::Admitted);
        let out = play.give(Input::Judged(Err(Denied::NotAuthorized)));
        assert!(written(&out).contains("not-authorized"));
        assert_eq!(matches!(out.last(), Some(Output::End)), attempt == 3, "{attempt}");
    }
}

#[test]
fn overload_is_never_told_as_a_sign_in_that_failed() {
    let mut play = Play::offered();
    play.plain("member", "secret");
    play.give(Input::Admitted);
    let out = play.give(Input::Judged(Err(Denied::Failed)));
    assert!(!written(&out).contains("failure"));
    ends_with(&out, "internal-server-error");
    let mut play = Play::offered();
    ends_with(&play.give(Input::Expired), "connection-timeout");
}

#[test]
fn nobody_looks_like_somebody_whose_password_is_wrong() {
    let challenge = |found: Option<(Login, Scram)>| {
        let mut play = Play::offered();
        let first = STANDARD.encode("n,,n=member,r=abcdef");
        play.says(&format!(
            "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>{first}</auth>"
        ));
        play.give(Input::Admitted);
        let text = written(&play.give(Input::Scram(found)));
        let inner = text.split(['>', '<']).nth(2).unwrap().to_owned();
        let said = String::from_utf8(STANDARD.decode(inner).unwrap()).unwrap();
        let last = STANDARD.encode(format!("c=biws,r=abcdefnonce,p={}", STANDARD.encode([0; 20])));
        let answer = play
            .says(&format!("<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>{last}</response>"));
        (said, written(&answer))
    };
    let (known, refused) = challenge(Some((login(), Scram::of("secret", [3; 16], ITERATIONS))));
    let (unknown, refused_too) = challenge(None);
    assert_eq!(refused, refused_too);
    assert_eq!(known.len(), unknown.len());
    assert!(unknown.ends_with(&format!("i={ITERATIONS}")));
}

#[test]
fn nobody_signs_in_twice_or_speaks_before() {
    ends_with(&Play::offered().says("<message to='a@x'/>"), "not-authorized");
    ends_with(&Play::signed().says("<message to='a@x'/>"), "not-authorized");
    let mut play = Play::signed();
    ends_with(&play.plain("owner", "secret"), "not-authorized");
    let mut play = Play::over(Transport::Tcp, true);
    ends_with(&play.says("<message xmlns='jabber:client'/>"), "invalid-namespace");
}

#[test]
fn a_stream_is_for_this_server_both_times() {
    let other = HEADER.replace("to='x'", "to='y'");
    ends_with(&Play::over(Transport::Tcp, true).says(&other), "host-unknown");
    let mut play = Play::offered();
    play.plain("member", "secret");
    play.give(Input::Admitted);
    play.give(Input::Judged(Ok(login())));
    ends_with(&play.says(&other), "host-unknown");
    let old = HEADER.replace(" version='1.0' \\", "").replace("version='1.0' xmlns", "xmlns");
    ends_with(&Play::over(Transport::Tcp, true).says(&old), "unsupported-version");
}

#[test]
fn too_much_before_sign_in_ends_the_stream() {
    let long = format!("<auth>{}", "x".repeat(4_001));
    ends_with(&Play::offered().says(&long), "policy-violation");
    let many = "<r xmlns='a'/>".repeat(17);
    let mut play = Play::offered();
    play.plain("member", "secret");
    ends_with(&play.says(&many), "policy-violation");
    ends_with(&Play::offered().says("<!-- a -->"), "restricted-xml");
}

#[test]
fn one_round_trip_signs_in_binds_and_gives_a_token() {
    let mut play = Play::offered();
    let said = STANDARD.encode("\0member\0secret");
    let out = play.says(&format!(
        "<authenticate xmlns='{SASL2}' mechanism='PLAIN'>\
         <initial-response>{said}</initial-response>\
         <user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>App</software></user-agent>\
         <bind xmlns='urn:xmpp:bind:0'><tag>App</tag><enable xmlns='urn:xmpp:carbons:2'/>\
         <enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>\
         <request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/></authenticate>"
    ));
    assert!(matches!(&out[..], [Output::Knock { claim: Claim::Plain, .. }]), "{out:?}");
    play.give(Input::Admitted);
    let out = play.give(Input::Judged(Ok(login())));
    let [Output::Authenticated(_, agent), Output::Bind(request)] = &out[..] else {
        panic!("{out:?}")
    };
    assert_eq!(agent.software.as_deref(), Some("App"));
    assert!(request.carbons && request.sm == Some(true));
    assert_eq!(request.token.as_deref(), Some("HT-SHA-256-NONE"));
    let jid = Jid::of("member", "x").with("App.1");
    let token = Some(("secret-token".into(), "2027-01-01T00:00:00Z".into()));
    let out = play.give(Input::Bound { jid, sm: Some("sm-id".into()), token });
    let text = written(&out);
    for part in [
        "<authorization-identifier>member@x/App.1<",
        "<bound xmlns='urn:xmpp:bind:0'><enabled xmlns='urn:xmpp:sm:3' id='sm-id' resume='true'",
        "token='secret-token'",
        "<stream:features>",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let features = text.split("<stream:features>").nth(1).expect("features come last");
    assert!(!features.contains("<sm "), "what is on already is not offered: {features}");
    assert!(matches!(&play.says("<presence/>")[..], [Output::Element(_)]));
}

#[test]
fn a_token_signs_in_and_takes_up_a_session() {
    let mut play = Play::offered();
    let proof = crate::sasl::tests_mac(b"token", b"Initiator");
    let said = STANDARD.encode([&b"member\0"[..], &proof].concat());
    let authenticate = format!(
        "<authenticate xmlns='{SASL2}' mechanism='HT-SHA-256-NONE'>\
         <initial-response>{said}</initial-response><user-agent id='d4565fa7-4d72'/>\
         <fast xmlns='urn:xmpp:fast:0' count='1'/>\
         <resume xmlns='urn:xmpp:sm:3' previd='old' h='5'/></authenticate>"
    );
    let out = play.says(&authenticate);
    let [Output::Knock { claim: Claim::Resume, previd, .. }] = &out[..] else { panic!("{out:?}") };
    assert_eq!(previd.as_deref(), Some("old"));
    assert!(matches!(&play.give(Input::Admitted)[..], [Output::Tokens(..)]));
    let out = play.give(Input::Tokens(Some((login(), vec!["token".into()]))));
    let [Output::Authenticated(..), Output::Resume { previd, h: 5, token: Some(_) }] = &out[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!(previd, "old");
    let text = written(&play.give(Input::Resumed { h: 9, token: None }));
    assert!(text.contains("<resumed xmlns='urn:xmpp:sm:3' previd='old' h='9'/>"), "{text}");
    assert!(play.stream.is_live());
    let mut play = Play::offered();
    play.says(&authenticate);
    play.give(Input::Admitted);
    let out = play.give(Input::Tokens(Some((login(), vec!["another".into()]))));
    assert!(written(&out).contains("not-authorized"));
}

#[test]
fn a_session_that_is_gone_is_said_to_be_and_another_may_begin() {
    let mut play = Play::signed();
    let out = play.says("<resume xmlns='urn:xmpp:sm:3' previd='old' h='3'/>");
    assert!(matches!(&out[..], [Output::Resume { h: 3, .. }]), "{out:?}");
    let text = written(&play.give(Input::NotResumed(Some(4))));
    assert!(text.contains("<failed xmlns='urn:xmpp:sm:3' h='4'><item-not-found"), "{text}");
    let out =
        play.says("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    assert!(matches!(&out[..], [Output::Bind(_)]));
}

#[test]
fn a_stream_that_is_opened_anew_has_another_id() {
    let mut play = Play::over(Transport::Tcp, true);
    assert!(written(&play.says(HEADER)).contains(" id='id'>"));
    play.give(Input::Admitted);
    play.plain("member", "secret");
    play.give(Input::Admitted);
    play.give(Input::Judged(Ok(login())));
    assert!(written(&play.says(HEADER)).contains(" id='id-2'>"));
}

#[test]
fn a_websocket_is_opened_and_closed_by_the_very_bytes_that_clients_look_for() {
    let mut play = Play::over(Transport::WebSocket, true);
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x' version='1.0'/>";
    let text = written(&play.give(Input::Text(open)));
    assert!(text.starts_with("<open xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" "), "{text}");
    let features = written(&play.give(Input::Admitted));
    assert!(features.contains("xmlns:stream='http://etherx.jabber.org/streams'"), "{features}");
    let close = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>";
    let out = play.give(Input::Text(close));
    assert_eq!(written(&out), "<close xmlns=\"urn:ietf:params:xml:ns:xmpp-framing\" />");
    assert!(matches!(out.last(), Some(Output::End)));
    for bad in ["<presence/><presence/>", "<presence", ""] {
        let mut play = Play::over(Transport::WebSocket, true);
        play.give(Input::Text(open));
        ends_with(&play.give(Input::Text(bad)), "not-well-formed");
    }
}

#[test]
fn a_stream_that_is_live_keeps_little() {
    let mut play = Play::live();
    assert!(play.stream.opening.is_none());
    assert!(size_of::<Stream>() <= 200, "{} bytes", size_of::<Stream>());
    let out = play.says("</stream:stream>");
    assert!(matches!(&out[..], [Output::Closed, Output::Write(_), Output::End]), "{out:?}");
    assert!(play.says("<presence/>").is_empty(), "it is over");
}

proptest::proptest! {
    #[test]
    fn whatever_comes_ends_in_words_and_never_in_a_panic(
        pieces in proptest::collection::vec(".{0,40}", 0..20),
        answers in proptest::collection::vec(0u8..8, 0..20),
    ) {
        let mut play = Play::over(Transport::Tcp, true);
        play.says(HEADER);
        play.give(Input::Admitted);
        for (piece, answer) in pieces.iter().zip(answers) {
            play.says(piece);
            match answer {
                0 => drop(play.give(Input::Admitted)),
                1 => drop(play.give(Input::Judged(Ok(login())))),
                2 => drop(play.give(Input::Scram(None))),
                3 => drop(play.bound()),
                4 => drop(play.give(Input::Resumed { h: 1, token: None })),
                5 => drop(play.give(Input::NotResumed(None))),
                6 => drop(play.give(Input::Tokens(None))),
                _ => drop(play.plain("a", "b")),
            }
        }
    }
}
