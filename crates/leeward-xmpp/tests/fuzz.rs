//! Fuzz targets, one for each thing that reads what an XMPP client sends: plain functions of bytes that
//! panic when a promise is broken. Each is replayed on the committed corpus in `tests/corpus`, on
//! damaged copies of it, and on noise; a fuzzing engine can call the same functions.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a target looks for what breaks a promise among all that happens"
)]

#[path = "../../leeward-core/tests/replay/mod.rs"]
mod replay;
mod stage;

use leeward_core::id::{AccountId, Instant};
use leeward_xmpp::bosh::{self, Content, Deed, Event};
use leeward_xmpp::sasl::{self, Exchange, Fast, Hash, Scram};
use leeward_xmpp::stream::{Denied, Input, Output, Stream, Transport};
use leeward_xmpp::xml::{Element, Limits, Reader, Token, XmlError};
use leeward_xmpp::{jid, ns, stanza, station, stream, xml};
use replay::replay;
use stage::talk::{self, HEADER, login};
use stage::world::{LOBBY, two};
use station::Question;
use std::collections::BTreeMap;

/// Small enough for a fuzzer to reach.
const LIMITS: Limits =
    Limits { bytes_max: 1_000, elements_max: 20, depth_max: 6, attributes_max: 5 };

/// What is read of a stream up to its end, and what is wrong with it.
fn tokens(bytes: &[u8], each: usize) -> (Vec<Token>, Option<XmlError>) {
    let mut reader = Reader::new(LIMITS);
    let mut tokens = Vec::new();
    for mut piece in bytes.chunks(each.max(1)) {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(token)) => tokens.push(token),
                Ok(None) => break,
                Err(e) => return (tokens, Some(e)),
            }
            if tokens.last() == Some(&Token::Close) {
                return (tokens, None);
            }
        }
    }
    (tokens, None)
}

/// A stream is read the same however it is cut, and what is read keeps its limits. The first byte says
/// how it is cut.
fn reader(bytes: &[u8]) {
    let Some((&how, bytes)) = bytes.split_first() else { return };
    let whole = tokens(bytes, bytes.len());
    assert_eq!(whole, tokens(bytes, usize::from(how)));
    assert_eq!(whole, tokens(bytes, 1));
    for token in &whole.0 {
        if let Token::Element(element) = token {
            assert!(depth(element) <= LIMITS.depth_max && count(element) <= LIMITS.elements_max);
        }
    }
}

fn depth(element: &Element) -> usize {
    1 + element.elements().map(depth).max().unwrap_or(0)
}

fn count(element: &Element) -> usize {
    1 + element.elements().map(count).sum::<usize>()
}

/// What is read and written again reads the same, alone and within a stream.
fn written(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(element) = xml::parse(&text, LIMITS) else { return };
    let wide = Limits { bytes_max: 100_000, ..LIMITS };
    if element.ns() != ns::STREAM {
        let alone = element.to_document();
        assert_eq!(xml::parse(&alone, wide).as_ref(), Ok(&element), "{alone}");
    }
    let mut reader = Reader::new(wide);
    let stream = format!("{HEADER}{}", element.to_text());
    let mut bytes = stream.as_bytes();
    assert!(matches!(reader.read(&mut bytes), Ok(Some(Token::Open(_)))));
    assert_eq!(reader.read(&mut bytes), Ok(Some(Token::Element(element))), "{stream}");
}

/// A client of a stream, and how it reads what it is sent.
struct Client {
    stream: Stream,
    transport: Transport,
    reader: Reader,
    ended: bool,
}

impl Client {
    fn new(transport: Transport, clear_allowed: bool) -> Self {
        let setting = talk::setting(clear_allowed);
        let stream = Stream::new(setting, transport, "id".into(), "nonce".into());
        let reader = Reader::new(Limits { bytes_max: 100_000, ..talk::LIMITS });
        Self { stream, transport, reader, ended: false }
    }

    /// Something happens; what it is sent has to be what a client can read, and nothing follows the end.
    fn give(&mut self, input: Input<'_>) -> Vec<Output> {
        let mut out = Vec::new();
        self.stream.handle(input, &mut out);
        assert!(!self.ended || out.is_empty(), "after the end: {out:?}");
        self.ended = matches!(out.last(), Some(Output::End));
        for output in &out {
            match output {
                Output::Write(bytes) => self.read(bytes),
                Output::StartTls => self.reader = Reader::new(talk::LIMITS),
                _ => {}
            }
        }
        out
    }

    fn read(&mut self, bytes: &[u8]) {
        let text = std::str::from_utf8(bytes).expect("what is written is text");
        if matches!(self.transport, Transport::WebSocket | Transport::Bosh) {
            xml::parse(text, Limits { bytes_max: 100_000, ..talk::LIMITS }).expect(text);
            return;
        }
        if text.starts_with("<?xml") {
            self.reader = Reader::new(Limits { bytes_max: 100_000, ..talk::LIMITS });
        }
        let mut bytes = bytes;
        while !bytes.is_empty() {
            assert!(self.reader.read(&mut bytes).expect(text).is_some(), "half of it: {text}");
        }
    }

    /// A line of a script: what the client says, or with `!` what the shell does.
    fn line(&mut self, line: &str) -> Vec<Output> {
        match line {
            "!admit" => self.give(Input::Admitted),
            "!secure" => self.give(Input::Secured(Some(sasl::Binding::Exporter([3; 32])))),
            "!expire" => self.give(Input::Expired),
            "!nobody" => self.give(Input::Scram(None)),
            "!somebody" => {
                let scram = Scram::of("not to be guessed", [9; 16], 1);
                self.give(Input::Scram(Some((login(), scram))))
            }
            "!denied" => self.give(Input::Judged(Err(Denied::NotAuthorized))),
            "!tokens" => {
                let tokens = vec!["not to be guessed".to_owned(), "nor this".to_owned()];
                self.give(Input::Tokens(Some((login(), tokens))))
            }
            "!resumed" => self.give(Input::Resumed { h: 3, token: None }),
            "!not" => self.give(Input::NotResumed(Some(2))),
            "!bound" => {
                let jid = jid::Jid::of("member", "x").with("phone");
                let token = Some(("token".into(), "2027-01-01T00:00:00Z".into()));
                self.give(Input::Bound { jid, sm: Some("sm".into()), token })
            }
            said => match self.transport {
                Transport::Tcp | Transport::DirectTls => self.give(Input::Bytes(said.as_bytes())),
                Transport::WebSocket => self.give(Input::Text(said)),
                Transport::Bosh => match xml::parse(said, talk::LIMITS) {
                    Ok(element) => self.give(Input::Bosh(Content::Element(element))),
                    Err(_) => self.give(Input::Bosh(Content::Open)),
                },
            },
        }
    }
}

const TRANSPORTS: [Transport; 4] =
    [Transport::Tcp, Transport::WebSocket, Transport::Bosh, Transport::DirectTls];

/// Whoever knows no password is let in by nothing that they say, whatever the shell finds out meanwhile,
/// and is answered in what a client can read. The first byte says what is below.
fn stranger(bytes: &[u8]) {
    let Some((&how, script)) = bytes.split_first() else { return };
    let mut client = Client::new(TRANSPORTS[usize::from(how & 3)], how & 4 == 0);
    for line in String::from_utf8_lossy(script).lines() {
        for output in client.line(line) {
            match output {
                Output::Authenticated(..)
                | Output::Bind(_)
                | Output::Resume { .. }
                | Output::Element(_) => panic!("let in by {script:?}: {output:?}"),
                _ => {}
            }
        }
        assert!(!client.stream.is_live());
    }
}

/// Whoever has signed in is who they are, once; nothing of theirs is heard before a resource is bound.
fn member(bytes: &[u8]) {
    let Some((&how, script)) = bytes.split_first() else { return };
    let transport = TRANSPORTS[usize::from(how & 3)];
    let mut client = Client::new(transport, true);
    if transport == Transport::DirectTls {
        client.line("!secure");
    }
    let open = match transport {
        Transport::Tcp | Transport::DirectTls => HEADER,
        Transport::WebSocket => "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' version='1.0'/>",
        Transport::Bosh => "",
    };
    client.line(open);
    client.line("!admit");
    client.line("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AG0Acw==</auth>");
    client.line("!admit");
    let out = client.give(Input::Judged(Ok(login())));
    assert!(matches!(&out[..], [Output::Authenticated(..), Output::Write(_)]), "{out:?}");
    client.line(open);
    for line in String::from_utf8_lossy(script).lines() {
        let live = client.stream.is_live();
        for output in client.line(line) {
            match output {
                Output::Authenticated(..) => panic!("a second sign-in by {script:?}"),
                Output::Element(_) => assert!(live || line.starts_with('!')),
                _ => {}
            }
        }
    }
}

/// Requests of BOSH, one a line, with what the stream says between them: nothing is done twice, each
/// request is answered the same however often it comes, and what is answered is a body.
fn sessions(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let limits =
        Limits { bytes_max: 100_000, elements_max: 100, depth_max: 10, attributes_max: 20 };
    let (mut open, mut now): (Option<bosh::Session>, _) = (None, Instant(1_000_000));
    let (mut taken, mut answers) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        let event = match line {
            "!say" => Event::Say("<message xmlns='jabber:client'/>".into()),
            "!flush" => Event::Flush,
            "!tick" => Event::Tick,
            "!wait" => {
                now = now.plus_ms(60_000);
                Event::Tick
            }
            "!end" => Event::End(Some("remote-stream-error")),
            body => match xml::parse(body, limits) {
                Ok(body) => Event::Request(body),
                Err(_) => continue,
            },
        };
        let rid = match &event {
            Event::Request(body) => body.attribute("rid").and_then(|rid| rid.parse::<u64>().ok()),
            _ => None,
        };
        let deeds = match (&mut open, &event) {
            (Some(session), _) => session.handle(now, event),
            (None, Event::Request(body)) => {
                match bosh::Session::open(now, "sid", "x", "id", body) {
                    Ok((session, deeds)) => {
                        open = Some(session);
                        deeds
                    }
                    Err(_) => return,
                }
            }
            (None, _) => continue,
        };
        let told = deeds.iter().filter(|deed| matches!(deed, Deed::Tell(_))).count();
        if let Some(rid) = rid.filter(|_| told > 0) {
            assert_eq!(taken.insert(rid, told), None, "{rid} is done twice: {text}");
        }
        for deed in &deeds {
            if let Deed::Answer(rid, bytes) = deed {
                let answer = std::str::from_utf8(bytes).expect("text");
                let body = xml::parse(answer, limits).expect(answer);
                assert!(body.is("body", ns::HTTP_BIND), "{answer}");
                let first = answers.entry(*rid).or_insert_with(|| bytes.clone());
                let gone = answer.contains("item-not-found");
                assert!(first == bytes || gone, "{rid} is answered otherwise: {text}");
            }
        }
        if deeds.contains(&Deed::Over) {
            return;
        }
    }
}

/// What the mechanisms are given lets nobody in who does not know the secret. The first byte says how
/// an exchange begins, lines are its messages.
fn payloads(bytes: &[u8]) {
    let Some((&how, bytes)) = bytes.split_first() else { return };
    if let Some(plain) = sasl::parse_plain(bytes) {
        let again = [plain.authzid.clone(), plain.name.clone(), plain.password.clone()].join("\0");
        assert_eq!(again.as_bytes(), bytes);
        assert!(!plain.name.is_empty() && !plain.password.is_empty());
    }
    let binding = (how & 1 == 1).then_some(sasl::Binding::Exporter([3; 32]));
    if let Some(fast) = Fast::parse(bytes) {
        for mechanism in ["HT-SHA-256-NONE", "HT-SHA-256-EXPR"] {
            let tokens = ["not to be guessed".to_owned()];
            let opened = sasl::check_token(&fast, mechanism, binding.as_ref(), &tokens);
            assert_eq!(opened, None);
        }
    }
    let mut lines = bytes.split(|b| *b == b'\n');
    let first = lines.next().unwrap_or_default();
    let hash = if how & 2 == 0 { Hash::Sha1 } else { Hash::Sha256 };
    let begun = Exchange::begin(hash, how & 4 != 0, binding.as_ref(), first, "server");
    let Ok(mut exchange) = begun else { return };
    assert!(!exchange.name.is_empty());
    let challenge = exchange.challenge(Scram::of("not to be guessed", [7; 16], 1));
    assert!(challenge.starts_with("r=") && challenge.contains("server,s="), "{challenge}");
    for last in lines {
        assert!(exchange.finish(last).is_err(), "{:?}", String::from_utf8_lossy(last));
    }
}

/// An address is written as it is read, and looks like no other.
fn addresses(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(jid) = jid::Jid::parse(&text) else { return };
    assert_eq!(jid::Jid::parse(&jid.to_string()).as_ref(), Ok(&jid), "{text:?}");
    for part in [jid.local.as_deref(), Some(jid.domain.as_str()), jid.resource.as_deref()] {
        let part = part.unwrap_or("none");
        assert!(!part.is_empty() && part.len() <= 1_023 && !part.contains('\0'), "{text:?}");
    }
    let plain = |c: char| !c.is_control() && !c.is_whitespace() && !"@/<>&'\"".contains(c);
    assert!(jid.local.is_none_or(|local| local.chars().all(plain)), "{text:?}");
}

/// Whatever a member sends, it is theirs: what others are given of it is well-formed and in the name of
/// the room or the sender, what is asked of the store is of what they may have, in pages.
fn stanzas(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let mut world = two();
    for line in text.lines() {
        let mut reader = Reader::new(talk::LIMITS);
        let stream = format!("{HEADER}{line}");
        let mut bytes = stream.as_bytes();
        let _ = reader.read(&mut bytes);
        let Ok(Some(Token::Element(element))) = reader.read(&mut bytes) else { return };
        world.input(station::Input::Element(1, element));
        for given in world.sees(2) {
            let given = stage::world::element(&given);
            let from = given.attribute("from").unwrap_or_default();
            let theirs =
                [LOBBY, "bob@chat.example.org", "chat.example.org", "ann@chat.example.org"];
            let bare = from.split('/').next().unwrap_or_default();
            assert!(theirs.contains(&bare), "in the name of {from}: {text}");
        }
        for question in std::mem::take(&mut world.asked) {
            match question {
                Question::Archive(conn, room, asked) => {
                    assert!(conn == 1 && asked.limit <= 100 && asked.ids.len() <= 100);
                    assert!(world.rooms[&room].members.contains_key(&AccountId(2)));
                }
                Question::DirectArchive(account, asked) => {
                    assert!(account == AccountId(2) && asked.limit <= 100);
                }
                Question::Keep(account, key, value) => {
                    assert!(account == AccountId(2) && key.starts_with("xmpp/"));
                    assert!(key.len() <= 300 && value.len() <= 200_000);
                }
                _ => {}
            }
        }
        let events = &world.rooms[&leeward_core::id::RoomId(1)].events;
        assert!(events.iter().all(|event| event.from == AccountId(2)), "{text}");
        if world.sees(1).iter().any(|given| given.starts_with("closed")) {
            return;
        }
        world.outputs.clear();
    }
}

#[test]
fn the_reader_keeps_its_promises() {
    replay("reader", reader);
}

#[test]
fn what_is_written_keeps_its_promises() {
    replay("written", written);
}

#[test]
fn a_stream_keeps_its_promises_to_a_stranger() {
    replay("stranger", stranger);
}

#[test]
fn a_stream_keeps_its_promises_to_a_member() {
    replay("member", member);
}

#[test]
fn a_session_of_bosh_keeps_its_promises() {
    replay("bosh", sessions);
}

#[test]
fn the_mechanisms_keep_their_promises() {
    replay("sasl", payloads);
}

#[test]
fn addresses_keep_their_promises() {
    replay("jid", addresses);
}

#[test]
fn a_station_keeps_its_promises() {
    replay("station", stanzas);
}
