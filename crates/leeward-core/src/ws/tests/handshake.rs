//! The opening handshake and the bargaining over compression.

use crate::ws::handshake::{
    Accepted, Answer, DEFLATE_OFFER, HandshakeError, Request, accept, accept_key, check_answer,
};

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";

fn request() -> Request<'static> {
    Request {
        connection: "keep-alive, Upgrade",
        upgrade: "websocket",
        version: "13",
        key: KEY,
        protocols: "",
        extensions: "",
    }
}

fn accepted(request: &Request<'_>) -> Accepted {
    accept(request, &["leeward.v1"], true).expect("a proper request")
}

fn bargain(extensions: &str) -> Option<String> {
    accepted(&Request { extensions, ..request() }).deflate.map(|d| d.header())
}

#[test]
fn the_key_of_the_rfc_gets_the_answer_of_the_rfc() {
    assert_eq!(accept_key(KEY), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!(accepted(&request()).accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

#[test]
fn a_request_without_upgrade_is_no_websocket() {
    let refused = |r: Request<'_>| accept(&r, &[], true).expect_err("refused");
    assert_eq!(refused(Request { upgrade: "h2c", ..request() }), HandshakeError::NotWebSocket);
    assert_eq!(refused(Request { connection: "close", ..request() }), HandshakeError::NotWebSocket);
}

#[test]
fn another_version_or_a_bad_key_is_refused() {
    let refused = |r: Request<'_>| accept(&r, &[], true).expect_err("refused");
    assert_eq!(refused(Request { version: "8", ..request() }), HandshakeError::Version);
    assert_eq!(refused(Request { version: "", ..request() }), HandshakeError::Version);
    for key in ["", "c2hvcnQ=", "not base64 at all!!!!!!=="] {
        assert_eq!(refused(Request { key, ..request() }), HandshakeError::Key);
    }
}

#[test]
fn words_are_compared_without_case() {
    let odd = Request { connection: "UPGRADE", upgrade: "WebSocket", ..request() };
    assert!(accept(&odd, &[], true).is_ok());
}

#[test]
fn the_first_known_protocol_is_chosen_or_none() {
    let chosen = |protocols| accepted(&Request { protocols, ..request() }).protocol;
    assert_eq!(chosen("chat, leeward.v1"), Some("leeward.v1"));
    assert_eq!(chosen("chat"), None);
    assert_eq!(chosen(""), None);
}

#[test]
fn compression_is_agreed_without_context_whatever_is_offered() {
    let plain = Some(DEFLATE_OFFER.to_owned());
    assert_eq!(bargain("permessage-deflate"), plain);
    assert_eq!(bargain("permessage-deflate; client_max_window_bits"), plain);
    assert_eq!(bargain("permessage-deflate; client_max_window_bits=10"), plain);
    assert_eq!(bargain("permessage-deflate; server_no_context_takeover"), plain);
    assert_eq!(bargain("x-webkit-deflate-frame, permessage-deflate"), plain);
}

#[test]
fn a_smaller_window_is_kept_and_repeated() {
    let nine = bargain("permessage-deflate; server_max_window_bits=9; client_max_window_bits");
    assert_eq!(nine, Some(format!("{DEFLATE_OFFER}; server_max_window_bits=9")));
    let quoted = bargain("permessage-deflate; server_max_window_bits=\"12\"");
    assert_eq!(quoted, Some(format!("{DEFLATE_OFFER}; server_max_window_bits=12")));
}

#[test]
fn the_first_offer_that_can_be_kept_is_taken() {
    let two = "permessage-deflate; server_max_window_bits=8, permessage-deflate";
    assert_eq!(bargain(two), Some(DEFLATE_OFFER.to_owned()));
}

#[test]
fn offers_that_break_the_rules_are_passed_over() {
    for offer in [
        "",
        "permessage-bzip2",
        "permessage-deflate; unknown",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_no_context_takeover; server_no_context_takeover",
    ] {
        assert_eq!(bargain(offer), None, "{offer}");
    }
}

#[test]
fn compression_is_not_agreed_where_it_is_not_wanted() {
    let request = Request { extensions: "permessage-deflate", ..request() };
    assert_eq!(accept(&request, &[], false).expect("a proper request").deflate, None);
}

#[test]
fn a_client_believes_only_the_answer_to_its_own_request() {
    let accept = accept_key(KEY);
    let answer = Answer {
        connection: "Upgrade",
        upgrade: "websocket",
        accept: &accept,
        ..Answer::default()
    };
    let check = |answer: &Answer<'_>| check_answer(KEY, Some("leeward.v1"), true, answer);
    assert_eq!(check(&answer), Ok(false));
    assert_eq!(check(&Answer { protocol: Some("leeward.v1"), ..answer }), Ok(false));
    assert_eq!(check(&Answer { extensions: DEFLATE_OFFER, ..answer }), Ok(true));
    for wrong in [
        Answer { accept: "s3pPLMBiTxaQ9kYGzzhZRbK+xOp=", ..answer },
        Answer { upgrade: "", ..answer },
        Answer { protocol: Some("other"), ..answer },
        Answer { extensions: "permessage-deflate", ..answer },
        Answer { extensions: "permessage-bzip2", ..answer },
    ] {
        assert_eq!(check(&wrong), Err(HandshakeError::Answer), "{wrong:?}");
    }
}
