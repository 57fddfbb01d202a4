//! Ways to sign in as somebody else, or with less than a password.

use crate::ns;
use crate::sasl::{Binding, Scram};
use crate::stage::talk::{HEADER, LIMITS, Talk, ends_with, login, written};
use crate::stream::{Input, Output, Stream, Transport};
use crate::xml::{Element, parse};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Digest as _;

const SASL: &str = "urn:ietf:params:xml:ns:xmpp-sasl";
const STARTTLS: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const PASSWORD: &str = "correct horse";

fn auth(mechanism: &str, message: &[u8]) -> String {
    let said = STANDARD.encode(message);
    format!("<auth xmlns='{SASL}' mechanism='{mechanism}'>{said}</auth>")
}

fn response(message: &str) -> String {
    format!("<response xmlns='{SASL}'>{}</response>", STANDARD.encode(message))
}

fn features(outputs: &[Output]) -> Element {
    let text = written(outputs);
    let at = text.find("<stream:features").expect("features are offered");
    let declared = format!("<stream:features xmlns:stream='{}'", ns::STREAM);
    let alone = text[at..].replacen("<stream:features", &declared, 1);
    parse(&alone, LIMITS).expect("features are an element")
}

/// Anybody on the way can put words before TLS begins. Those that were heard while the client waited for its
/// features, behind its own request for TLS, are as forgotten as all others (RFC 6120, section 5.4.3.3;
/// CVE-2011-0411 and its kin).
#[test]
fn what_somebody_put_before_tls_is_not_done_after_it() {
    let mut talk = Talk::over(Transport::Tcp, false);
    talk.says(HEADER);
    let injected = auth("PLAIN", b"\0attacker\0secret");
    assert!(talk.says(&format!("{STARTTLS}{injected}")).is_empty(), "it waits for its features");
    let out = talk.give(Input::Admitted);
    assert!(matches!(out.last(), Some(Output::StartTls)), "{out:?}");
    talk.give(Input::Secured(None));
    talk.says(HEADER);
    let out = talk.give(Input::Admitted);
    assert!(matches!(&out[..], [Output::Write(_)]), "features and nothing else: {out:?}");
    let out = talk.says(&auth("PLAIN", b"\0member\0secret"));
    assert!(matches!(&out[..], [Output::Knock { name: Some(name), .. }] if name == "member"));
}

/// Nothing is compressed below a stanza: XEP-0138 lets a small message become a large one (CVE-2014-2741 to
/// CVE-2014-2746), and it is neither offered nor begun.
#[test]
fn compression_is_neither_offered_nor_begun() {
    for transport in [Transport::Tcp, Transport::DirectTls, Transport::WebSocket, Transport::Bosh] {
        let mut talk = Talk::over(transport, true);
        let open = Element::new("open", ns::FRAMING).with("version", "1.0").to_document();
        match transport {
            Transport::WebSocket => talk.give(Input::Text(&open)),
            Transport::Bosh => talk.give(Input::Bosh(crate::bosh::Content::Open)),
            Transport::Tcp | Transport::DirectTls => talk.says(HEADER),
        };
        assert!(!written(&talk.give(Input::Admitted)).contains("compress"), "{transport:?}");
    }
    let asks =
        "<compress xmlns='http://jabber.org/protocol/compress'><method>zlib</method></compress>";
    for mut talk in [Talk::offered(), Talk::signed()] {
        ends_with(&talk.says(asks), "not-authorized");
    }
    assert!(matches!(&Talk::live().says(asks)[..], [Output::Element(_)]), "refused by the station");
}

/// Nobody signs in on another's behalf (RFC 4616; RFC 4422, section 3.4.1): neither as another account nor as
/// one of another server.
#[test]
fn nobody_acts_for_another_by_a_password_of_their_own() {
    for authzid in ["owner", "owner@x", "member@y", "member@x@x", "member@", "@x", "x"] {
        let said = format!("{authzid}\0member\0secret");
        let out = Talk::offered().says(&auth("PLAIN", said.as_bytes()));
        assert!(written(&out).contains("<invalid-authzid/>"), "{authzid}: {out:?}");
    }
    for authzid in ["", "member", "member@x", "Member@X"] {
        let said = format!("{authzid}\0member\0secret");
        let out = Talk::offered().says(&auth("PLAIN", said.as_bytes()));
        assert!(matches!(&out[..], [Output::Knock { .. }]), "{authzid}: {out:?}");
    }
}

/// Whoever has signed in is who the server has found them to be; no name that the client has said counts,
/// in the header, in the mechanism or when it binds.
#[test]
fn a_client_is_called_what_the_server_found_and_not_what_it_says() {
    let mut talk = Talk::over(Transport::Tcp, true);
    talk.says(&HEADER.replace("to='x'", "to='x' from='owner@x'"));
    talk.give(Input::Admitted);
    let said = STANDARD.encode("\0MEMBER\0secret");
    talk.says(&format!(
        "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>\
         <initial-response>{said}</initial-response>\
         <authorization-identifier>owner@x</authorization-identifier>\
         <bind xmlns='urn:xmpp:bind:0'><tag>owner@x/desk</tag></bind></authenticate>"
    ));
    talk.give(Input::Admitted);
    let out = talk.give(Input::Judged(Ok(login())));
    let [Output::Authenticated(who, _), Output::Bind(request)] = &out[..] else {
        panic!("{out:?}")
    };
    assert_eq!((who, request.tag.as_deref()), (&login(), Some("ownerxdesk")));
    let text = written(&talk.bound());
    assert!(text.contains("<authorization-identifier>member@x/phone<") && !text.contains("owner@"));
}

/// A client of SCRAM-SHA-256 (RFC 7677): its last message, given the server's first.
fn proof(password: &str, channel: &str, server_first: &str) -> String {
    let part = |name: &str| {
        server_first.split(',').find_map(|p| p.strip_prefix(name)).expect("it is said")
    };
    let salt = STANDARD.decode(part("s=")).expect("Base64");
    let mut salted = [0; 32];
    let rounds = part("i=").parse().expect("a number");
    pbkdf2::pbkdf2_hmac::<sha2::Sha256>(password.as_bytes(), &salt, rounds, &mut salted);
    let mac = |key: &[u8], data: &[u8]| -> [u8; 32] {
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).expect("keys have any length");
        mac.update(data);
        mac.finalize().into_bytes().into()
    };
    let key = mac(&salted, b"Client Key");
    let without = format!("c={},r={}", STANDARD.encode(channel), part("r="));
    let signed = format!("n=member,r=abc,{server_first},{without}");
    let signature = mac(&sha2::Sha256::digest(key), signed.as_bytes());
    let proof: Vec<u8> = key.iter().zip(signature).map(|(k, s)| k ^ s).collect();
    format!("{without},p={}", STANDARD.encode(proof))
}

/// Begins an exchange; what the server says first.
fn challenged(talk: &mut Talk, mechanism: &str, first: &str) -> String {
    talk.says(&auth(mechanism, first.as_bytes()));
    talk.give(Input::Admitted);
    let scram = Scram::of(PASSWORD, [4; 16], 4_096);
    let text = written(&talk.give(Input::Scram(Some((login(), scram)))));
    let challenge = parse(&text, LIMITS).expect("a challenge").content();
    String::from_utf8(STANDARD.decode(challenge).expect("Base64")).expect("text")
}

fn of_nonce(nonce: &str) -> Talk {
    let setting = crate::stage::talk::setting(true);
    let stream = Stream::new(setting, Transport::Tcp, "id".into(), nonce.into());
    let mut talk = Talk { stream };
    talk.says(HEADER);
    talk.give(Input::Admitted);
    talk
}

/// Whoever has heard one exchange of SCRAM cannot sign in by it: the server's part of the nonce is another on
/// each stream and at each try, and a proof for one is none for another (RFC 5802, sections 5.1 and 9).
#[test]
fn what_was_heard_of_one_exchange_is_of_no_use_in_another() {
    let mut first = of_nonce("one");
    let heard = challenged(&mut first, "SCRAM-SHA-256", "n,,n=member,r=abc");
    let last = proof(PASSWORD, "n,,", &heard);
    let out = first.says(&response(&last));
    assert!(matches!(&out[..], [Output::Authenticated(who, _), _] if *who == login()), "{out:?}");
    let mut other = of_nonce("two");
    challenged(&mut other, "SCRAM-SHA-256", "n,,n=member,r=abc");
    assert!(written(&other.says(&response(&last))).contains("<not-authorized/>"));
    let mut again = of_nonce("one");
    let wrong = challenged(&mut again, "SCRAM-SHA-256", "n,,n=member,r=abc");
    again.says(&response(&proof("not it", "n,,", &wrong)));
    let next = challenged(&mut again, "SCRAM-SHA-256", "n,,n=member,r=abc");
    assert!(wrong == heard && next != heard, "{next}");
    assert!(written(&again.says(&response(&last))).contains("<not-authorized/>"));
}

/// A proof is bound to the connection that it was made for: with the binding of another, with none, or with a
/// header that says otherwise than at first it fails (RFC 5802, section 6; RFC 9266).
#[test]
fn a_proof_that_was_bound_to_another_connection_is_none_here() {
    let plus = |channel: &[u8]| {
        let mut talk = Talk::over(Transport::DirectTls, false);
        talk.give(Input::Secured(Some(Binding::Exporter([65; 32]))));
        talk.says(HEADER);
        talk.give(Input::Admitted);
        let first = "p=tls-exporter,,n=member,r=abc";
        let heard = challenged(&mut talk, "SCRAM-SHA-256-PLUS", first);
        let channel = std::str::from_utf8(channel).unwrap();
        let out = talk.says(&response(&proof(PASSWORD, channel, &heard)));
        out.iter().any(|o| matches!(o, Output::Authenticated(..)))
    };
    let own = [&b"p=tls-exporter,,"[..], &[65; 32]].concat();
    let others = [&b"p=tls-exporter,,"[..], &[66; 32]].concat();
    assert!(plus(&own));
    assert!(!plus(&others) && !plus(b"n,,") && !plus(b"p=tls-exporter,,"));
}

/// Nobody on the way can have a client use a weaker mechanism by taking those of one list away: both ways to
/// sign in offer the same, and what can be bound is said (XEP-0388, XEP-0440).
#[test]
fn both_ways_to_sign_in_offer_the_same() {
    for binding in [None, Some(Binding::Exporter([1; 32]))] {
        let mut talk = Talk::over(Transport::DirectTls, false);
        talk.give(Input::Secured(binding.clone()));
        talk.says(HEADER);
        let features = features(&talk.give(Input::Admitted));
        let names = |list: &Element, space| -> Vec<String> {
            list.elements().filter(|e| e.is("mechanism", space)).map(Element::content).collect()
        };
        let one = names(features.find("mechanisms", ns::SASL).unwrap(), ns::SASL);
        let two = names(features.find("authentication", ns::SASL2).unwrap(), ns::SASL2);
        assert_eq!(one, two);
        assert_eq!(one.len(), if binding.is_some() { 5 } else { 3 });
        let bound = features.find("sasl-channel-binding", ns::CHANNEL_BINDING);
        assert_eq!(bound.is_some(), binding.is_some());
    }
}

/// An exchange that is given up counts as one that failed: nobody looks accounts up without end on one stream
/// by beginning again and again (RFC 6120, section 6.4.5).
#[test]
fn beginning_again_and_again_ends_the_stream() {
    let mut talk = Talk::offered();
    for n in 0.. {
        assert!(n < 6, "it may go on for ever");
        let out = talk.says(&auth("SCRAM-SHA-256", b"n,,n=member,r=abc"));
        if matches!(out.last(), Some(Output::End)) {
            break;
        }
        if matches!(&out[..], [Output::Knock { .. }]) {
            talk.give(Input::Admitted);
            talk.give(Input::Scram(None));
        }
    }
    let mut talk = Talk::offered();
    let abort = format!("<abort xmlns='{SASL}'/>");
    let ends: Vec<bool> =
        (0..3).map(|_| matches!(talk.says(&abort).last(), Some(Output::End))).collect();
    assert_eq!(ends, [false, false, true]);
}

/// A session is taken up at a count of stanzas, which is a number of 32 bits and nothing else (XEP-0198).
#[test]
fn nothing_is_taken_up_at_what_is_no_count() {
    for h in ["", "-1", "x", "4294967296", "1.5", "0x1", " 1"] {
        let resume = format!("<resume xmlns='urn:xmpp:sm:3' previd='old' h='{h}'/>");
        let out = Talk::signed().says(&resume);
        ends_with(&out, "invalid-xml");
        assert!(!out.iter().any(|o| matches!(o, Output::Resume { .. })), "{h}");
        let mut talk = Talk::offered();
        let said = STANDARD.encode("\0member\0secret");
        talk.says(&format!(
            "<authenticate xmlns='urn:xmpp:sasl:2' mechanism='PLAIN'>\
             <initial-response>{said}</initial-response>{resume}</authenticate>"
        ));
        talk.give(Input::Admitted);
        let out = talk.give(Input::Judged(Ok(login())));
        assert!(!out.iter().any(|o| matches!(o, Output::Resume { .. })), "{h}: {out:?}");
    }
}
