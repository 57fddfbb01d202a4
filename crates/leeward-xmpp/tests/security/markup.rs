//! Text that is more, or other, than it looks.

use crate::ns;
use crate::stage::talk::{HEADER, LIMITS, Talk, written};
use crate::stage::world::{LOBBY, messages, two};
use crate::station::Input;
use crate::stream::{self, Output, Transport};
use crate::xml::{Reader, Token, XmlError, parse};

const FORBIDDEN: [&str; 6] = [
    "<!DOCTYPE a [<!ENTITY a 'aaaaaaaa'><!ENTITY b '&a;&a;&a;&a;&a;&a;&a;&a;'>]><message>&b;</message>",
    "<!DOCTYPE a SYSTEM 'file:///etc/passwd'><message/>",
    "<!DOCTYPE a [<!ENTITY b SYSTEM 'http://localhost/'>]><message>&b;</message>",
    "<message><body>&lol;</body></message>",
    "<message><!-- hidden --><body>a</body></message>",
    "<message><?xml-stylesheet href='a'?></message>",
];

/// Types of documents, entities of one's own, comments and instructions end the stream before anything of
/// them is heard (RFC 6120, section 11.1; the billion laughs, CVE-2003-1564).
#[test]
fn entities_and_types_are_no_part_of_a_stream() {
    for text in FORBIDDEN {
        for mut talk in [Talk::offered(), Talk::live()] {
            let out = talk.says(text);
            let said = written(&out);
            let known = said.contains("<restricted-xml ") || said.contains("<not-well-formed ");
            assert!(known && matches!(out.last(), Some(Output::End)), "{text}: {said}");
            assert!(!out.iter().any(|o| matches!(o, Output::Element(_))), "{text}");
            assert!(talk.says("<presence/>").is_empty(), "nothing follows");
        }
        assert!(parse(text, LIMITS).is_err(), "in a frame or a request: {text}");
    }
    let laughs = FORBIDDEN[0].split("<message>").next().unwrap();
    assert!(matches!(parse(laughs, LIMITS), Err(XmlError::Restricted | XmlError::NotWellFormed)));
}

/// A prefix means what it was last declared to mean, and a stanza is one of `jabber:client` alone: what is
/// of servers, of nobody or of something that only looks like it ends the stream (RFC 6120, section 4.8).
#[test]
fn what_only_looks_like_a_stanza_ends_the_stream() {
    for text in [
        format!(
            "<message xmlns='jabber:server' to='{LOBBY}' type='groupchat'><body>a</body></message>"
        ),
        "<x:message xmlns:x='jabber:component:accept'/>".to_owned(),
        "<message xmlns=''/>".to_owned(),
        "<messages/>".to_owned(),
        "<stream:message/>".to_owned(),
        "<stream:features/>".to_owned(),
        "<iq xmlns='jabber:client '/>".to_owned(),
        "<stream:message xmlns:stream='urn:x'/>".to_owned(),
    ] {
        let mut reader = Reader::new(LIMITS);
        let stream = format!("{HEADER}{text}");
        let mut bytes = stream.as_bytes();
        assert!(matches!(reader.read(&mut bytes), Ok(Some(Token::Open(_)))));
        let Ok(Some(Token::Element(element))) = reader.read(&mut bytes) else { panic!("{text}") };
        let mut world = two();
        world.input(Input::Element(1, element));
        assert_eq!(world.got(1), ["closed: unsupported-stanza-type"], "{text}");
        assert!(world.asked.is_empty(), "{text}");
    }
    let mut world = two();
    let rebound = format!(
        "<c:message xmlns:c='{}' to='{LOBBY}' type='groupchat'><c:body>a</c:body></c:message>",
        ns::CLIENT
    );
    world.input(Input::Element(1, parse(&rebound, LIMITS).unwrap()));
    assert_eq!(messages(&world.got(2)).len(), 1, "the same under another prefix is the same");
}

/// What one parser takes for the end of a stanza and another for text cannot be used to have somebody
/// receive what was never sent: stanzas are written anew, never passed on (stanza smuggling,
/// CVE-2022-22784 and the like).
#[test]
fn text_that_looks_like_another_stanza_stays_text() {
    let inner = "</body></message><message from='ann@chat.example.org' to='cid'><body>forged";
    let escaped = inner.replace('<', "&lt;").replace('>', "&gt;");
    for body in [format!("<![CDATA[{inner}]]>"), escaped, inner.replace('<', "&#60;")] {
        let mut world = two();
        let say =
            format!("<message to='{LOBBY}' type='groupchat' id='x'><body>{body}</body></message>");
        world.says(1, &say);
        let got = world.got(2);
        assert_eq!(messages(&got).len(), 1, "{got:?}");
        let mut reader = Reader::new(LIMITS);
        let stream = format!("{HEADER}{}", got[0]);
        let mut bytes = stream.as_bytes();
        reader.read(&mut bytes).unwrap();
        let Ok(Some(Token::Element(message))) = reader.read(&mut bytes) else { panic!("{got:?}") };
        assert_eq!(message.find("body", ns::CLIENT).unwrap().content(), inner);
        assert_eq!((reader.read(&mut bytes), bytes.len()), (Ok(None), 0), "nothing follows");
    }
}

/// A frame of a WebSocket is one element, whole: two, or half of one, end the stream (RFC 7395, section
/// 3.3.3), and what is in it is bounded as on any other way.
#[test]
fn a_frame_holds_neither_two_elements_nor_too_many() {
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x' version='1.0'/>";
    let many = format!("<a>{}</a>", "<b/>".repeat(LIMITS.elements_max));
    let deep = "<a>".repeat(LIMITS.depth_max + 1) + &"</a>".repeat(LIMITS.depth_max + 1);
    let long = format!("<a>{}</a>", "x".repeat(LIMITS.bytes_max));
    let two = "<auth xmlns='urn:a'/><auth xmlns='urn:a'/>".to_owned();
    let half = "<auth xmlns='urn:a'>".to_owned();
    for (frame, why) in [
        (many, "policy-violation"),
        (deep, "policy-violation"),
        (long, "policy-violation"),
        (two, "not-well-formed"),
        (half, "not-well-formed"),
    ] {
        let mut talk = Talk::over(Transport::WebSocket, true);
        talk.give(stream::Input::Text(open));
        talk.give(stream::Input::Admitted);
        let said = written(&talk.give(stream::Input::Text(&frame)));
        assert!(said.contains(&format!("<{why} ")), "{frame:.60}: {said}");
    }
}

/// What a client is told that it may send is what it may: over a WebSocket no more than a frame holds
/// (XEP-0478).
#[test]
fn nobody_is_told_that_they_may_send_more_than_a_frame_holds() {
    let told = |transport, open: stream::Input<'_>| {
        let mut setting = (*crate::stage::talk::setting(true)).clone();
        setting.limits.0.bytes_max = 1 << 20;
        let (id, nonce) = ("id".into(), "nonce".into());
        let stream = stream::Stream::new(setting.into(), transport, id, nonce);
        let mut talk = Talk { stream };
        talk.give(open);
        let said = written(&talk.give(stream::Input::Admitted));
        said.split("<max-bytes>").nth(1).and_then(|rest| rest.split('<').next()?.parse().ok())
    };
    let open = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='x' version='1.0'/>";
    let frame = Some(leeward_core::limits::FRAME_BYTES_MAX);
    assert_eq!(told(Transport::WebSocket, stream::Input::Text(open)), frame);
    assert_eq!(told(Transport::Tcp, stream::Input::Bytes(HEADER.as_bytes())), Some(1 << 20));
}
