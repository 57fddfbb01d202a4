//! BOSH (XEP-0124, XEP-0206): a stream over requests of HTTP that the server answers when it has
//! something to say.
//!
//! A machine for one session: which request is next, which answer was given to which, which one waits. A
//! request that comes again is answered as before and nothing of it is done twice; so a session survives
//! whatever the network does to its requests, and a planned stop of the server too (`kept`). Never decides
//! who may come in: what it carries is a stream.

mod kept;

pub use kept::KEPT_BYTES_MAX;

use crate::ns;
use crate::xml::{Element, escape_attribute};
use bytes::Bytes;
use leeward_core::id::Instant;
use std::collections::{BTreeMap, VecDeque};

/// What a request brings to the stream.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Content {
    /// The stream opens, or opens again after sign-in.
    Open,
    /// An element.
    Element(Element),
}

/// Requests of one session that may be under way: one that waits and one that brings something.
const REQUESTS: u64 = 2;
/// Longest wait for an answer, in seconds: proxies give up after 60.
const WAIT_S_MAX: u64 = 50;
/// How long a session lives without a request, in seconds: a hidden page runs its timers once a minute.
pub const INACTIVITY_S: u64 = 120;
/// Longest pause that a client may ask for, in seconds.
const PAUSE_S_MAX: u64 = 300;
/// Largest rid: a number that JavaScript holds exactly.
const RID_MAX: u64 = (1 << 53) - 1;
/// Bytes that may wait for the next request; beyond, the session ends.
const WAITING_BYTES_MAX: usize = 1024 * 1024;

/// What happens to a session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    /// A request has come: its body.
    Request(Element),
    /// The stream says this: an element with its namespaces.
    Say(Bytes),
    /// What was said is to be given to a request that waits, if one does.
    Flush,
    /// The session ends, with this condition if any.
    End(Option<&'static str>),
    /// Time has passed.
    Tick,
}

/// What a session wants done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Deed {
    /// Tell the stream.
    Tell(Content),
    /// The client has ended the session.
    Closed,
    /// Answer the request of this rid.
    Answer(u64, Bytes),
    /// The session is no more.
    Over,
}

/// One session.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Session {
    /// The last request that has been dealt with.
    rid: u64,
    wait_s: u64,
    /// The first answer says what was agreed.
    greeting: Option<String>,
    /// The answers to the last requests.
    answers: VecDeque<(u64, Bytes)>,
    /// The request that waits, and until when.
    parked: Option<(u64, Instant)>,
    /// Requests that came before their turn.
    early: BTreeMap<u64, Element>,
    waiting: Vec<Bytes>,
    waiting_bytes: usize,
    /// Since when no request waits, and how long that may last, in seconds.
    idle: (Instant, u64),
    /// It ends, in these words, with the next answer.
    end: Option<Option<&'static str>>,
    over: bool,
}

/// Why a request opens no session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BadRequest;

impl Session {
    /// Opens a session by its first request. `sid` cannot be guessed; the session itself forgets it.
    ///
    /// # Errors
    /// When the request has no rid.
    pub fn open(
        now: Instant,
        sid: &str,
        domain: &str,
        stream_id: &str,
        body: &Element,
    ) -> Result<(Self, Vec<Deed>), BadRequest> {
        let number = |name: &str| body.attribute(name).and_then(|text| text.parse::<u64>().ok());
        let rid = number("rid").filter(|rid| (1..=RID_MAX).contains(rid)).ok_or(BadRequest)?;
        let wait_s = number("wait").unwrap_or(WAIT_S_MAX).clamp(1, WAIT_S_MAX);
        let mut greeting = String::new();
        for (name, value) in [
            ("sid", sid),
            ("wait", &wait_s.to_string()),
            ("requests", &REQUESTS.to_string()),
            ("hold", "1"),
            ("inactivity", &INACTIVITY_S.to_string()),
            ("maxpause", &PAUSE_S_MAX.to_string()),
            ("polling", "1"),
            ("ver", "1.6"),
            ("from", domain),
            ("authid", stream_id),
            ("xmpp:version", "1.0"),
            ("xmpp:restartlogic", "true"),
            ("xmlns:xmpp", ns::XBOSH),
        ] {
            greeting.push_str(&format!(" {name}='"));
            escape_attribute(value, &mut greeting);
            greeting.push('\'');
        }
        let mut session = Self {
            rid: rid - 1,
            wait_s,
            greeting: Some(greeting),
            answers: VecDeque::new(),
            parked: None,
            early: BTreeMap::new(),
            waiting: Vec::new(),
            waiting_bytes: 0,
            idle: (now, INACTIVITY_S),
            end: None,
            over: false,
        };
        let mut deeds = Vec::new();
        session.rid = rid;
        session.park(now, rid, &mut deeds);
        deeds.push(Deed::Tell(Content::Open));
        Ok((session, deeds))
    }

    /// Takes in what happened; what is to be done, in order. Total.
    pub fn handle(&mut self, now: Instant, event: Event) -> Vec<Deed> {
        let mut deeds = Vec::new();
        match event {
            Event::Request(body) => self.request(now, body, &mut deeds),
            Event::Say(bytes) => {
                self.waiting_bytes += bytes.len();
                self.waiting.push(bytes);
                if self.waiting_bytes > WAITING_BYTES_MAX {
                    self.end = Some(Some("policy-violation"));
                    self.flush(now, &mut deeds);
                    self.finish(&mut deeds);
                }
            }
            Event::Flush => self.flush(now, &mut deeds),
            Event::End(condition) => {
                self.end.get_or_insert(condition);
                self.flush(now, &mut deeds);
                // Nobody waits: whoever comes next learns that there is nothing any more.
                self.finish(&mut deeds);
            }
            Event::Tick => self.tick(now, &mut deeds),
        }
        deeds
    }

    /// When to call `handle(now, Event::Tick)` at the latest.
    pub fn deadline(&self) -> Instant {
        match self.parked {
            Some((_, until)) => until,
            None => self.idle.0.plus_ms(self.idle.1 * 1_000),
        }
    }

    fn tick(&mut self, now: Instant, deeds: &mut Vec<Deed>) {
        match self.parked {
            Some((rid, until)) if until <= now => self.answer(now, rid, deeds),
            None if self.deadline() <= now => self.finish(deeds),
            Some(_) | None => {}
        }
    }

    fn request(&mut self, now: Instant, body: Element, deeds: &mut Vec<Deed>) {
        let rid = body.attribute("rid").and_then(|rid| rid.parse::<u64>().ok()).unwrap_or(0);
        if let Some((_, answer)) = self.answers.iter().find(|(known, _)| *known == rid) {
            return deeds.push(Deed::Answer(rid, answer.clone()));
        }
        if self.parked.is_some_and(|(parked, _)| parked == rid) {
            // It came again before it was answered: whoever brought it last is answered.
            return;
        }
        if rid <= self.rid || rid > self.rid + REQUESTS {
            deeds.push(Deed::Answer(rid, terminated(Some("item-not-found"))));
            self.end = Some(Some("item-not-found"));
            return self.finish(deeds);
        }
        self.early.insert(rid, body);
        while let Some(body) = self.early.remove(&(self.rid + 1)) {
            self.rid += 1;
            self.take(now, self.rid, &body, deeds);
            if self.over {
                return;
            }
        }
    }

    fn take(&mut self, now: Instant, rid: u64, body: &Element, deeds: &mut Vec<Deed>) {
        if body.attribute("xmpp:restart").or(body.attribute("restart")) == Some("true") {
            deeds.push(Deed::Tell(Content::Open));
        }
        let brought = body.elements().cloned();
        deeds.extend(brought.map(|element| Deed::Tell(Content::Element(element))));
        self.park(now, rid, deeds);
        if body.attribute("type") == Some("terminate") {
            deeds.push(Deed::Closed);
            self.end = Some(None);
            self.flush(now, deeds);
            return self.finish(deeds);
        }
        if let Some(pause) = body.attribute("pause").and_then(|pause| pause.parse::<u64>().ok()) {
            self.answer(now, rid, deeds);
            self.idle = (now, pause.clamp(INACTIVITY_S, PAUSE_S_MAX));
        }
    }

    /// Has a request wait. One waits at most: the one before is answered.
    fn park(&mut self, now: Instant, rid: u64, deeds: &mut Vec<Deed>) {
        if let Some((before, _)) = self.parked {
            self.answer(now, before, deeds);
        }
        self.parked = Some((rid, now.plus_ms(self.wait_s * 1_000)));
    }

    /// Answers the request that waits if there is something to say.
    fn flush(&mut self, now: Instant, deeds: &mut Vec<Deed>) {
        let says = !self.waiting.is_empty() || self.greeting.is_some() || self.end.is_some();
        if let Some((rid, _)) = self.parked.filter(|_| says && !self.over) {
            self.answer(now, rid, deeds);
        }
    }

    fn answer(&mut self, now: Instant, rid: u64, deeds: &mut Vec<Deed>) {
        let ends = self.end;
        let mut text = String::from("<body xmlns='http://jabber.org/protocol/httpbind'");
        if let Some(greeting) = self.greeting.take() {
            text.push_str(&greeting);
        }
        if let Some(condition) = ends {
            text.push_str(&ending(condition));
        }
        let says = std::mem::take(&mut self.waiting);
        self.waiting_bytes = 0;
        if says.is_empty() {
            text.push_str("/>");
        } else {
            text.push_str(" xmlns:stream='http://etherx.jabber.org/streams'>");
            says.iter().for_each(|element| text.push_str(&String::from_utf8_lossy(element)));
            text.push_str("</body>");
        }
        let bytes = Bytes::from(text);
        self.answers.push_back((rid, bytes.clone()));
        while self.answers.len() as u64 > REQUESTS {
            self.answers.pop_front();
        }
        self.parked = None;
        self.idle = (now, INACTIVITY_S);
        deeds.push(Deed::Answer(rid, bytes));
    }

    fn finish(&mut self, deeds: &mut Vec<Deed>) {
        if !std::mem::replace(&mut self.over, true) {
            deeds.push(Deed::Over);
        }
    }
}

fn ending(condition: Option<&'static str>) -> String {
    match condition {
        Some(condition) => format!(" type='terminate' condition='{condition}'"),
        None => " type='terminate'".to_owned(),
    }
}

/// The answer that ends a session, or says that there is none.
pub fn terminated(condition: Option<&'static str>) -> Bytes {
    let ending = ending(condition);
    format!("<body xmlns='http://jabber.org/protocol/httpbind'{ending}/>").into()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) const NOW: Instant = Instant(1_000_000);

    pub(super) fn body(rid: u64) -> Element {
        Element::new("body", ns::HTTP_BIND).with("rid", rid.to_string())
    }

    pub(super) fn stanza(rid: u64) -> Element {
        body(rid).child(Element::new("message", ns::CLIENT).with("id", rid.to_string()))
    }

    /// A session whose first request has been answered.
    pub(super) fn session() -> Session {
        let (mut session, deeds) =
            Session::open(NOW, "s", "x", "i", &body(100).with("wait", "600")).unwrap();
        assert_eq!(deeds, [Deed::Tell(Content::Open)]);
        let deeds = session.handle(NOW, Event::Say("<features/>".into()));
        assert!(deeds.is_empty(), "more may follow at once");
        let [Deed::Answer(100, text)] = &session.handle(NOW, Event::Flush)[..] else { panic!() };
        let text = String::from_utf8_lossy(text).into_owned();
        for part in ["sid='s'", "wait='50'", "requests='2'", "hold='1'", "<features/></body>"] {
            assert!(text.contains(part), "{text}");
        }
        session
    }

    pub(super) fn told(deeds: &[Deed]) -> Vec<u64> {
        let id = |deed: &Deed| match deed {
            Deed::Tell(Content::Element(e)) => e.attribute("id")?.parse().ok(),
            Deed::Tell(Content::Open) | Deed::Closed | Deed::Answer(..) | Deed::Over => None,
        };
        deeds.iter().filter_map(id).collect()
    }

    #[test]
    fn a_request_that_comes_again_is_answered_as_before_and_nothing_is_done_twice() {
        let mut session = session();
        assert_eq!(told(&session.handle(NOW, Event::Request(stanza(101)))), [101]);
        session.handle(NOW, Event::Say("<a/>".into()));
        let first = session.handle(NOW, Event::Flush);
        let again = session.handle(NOW, Event::Request(stanza(101)));
        assert_eq!(first, again);
        assert!(told(&again).is_empty());
        session.handle(NOW, Event::Request(stanza(102)));
        assert!(session.handle(NOW, Event::Request(stanza(102))).is_empty(), "it waits already");
    }

    #[test]
    fn requests_are_taken_in_their_order() {
        let mut session = session();
        assert!(session.handle(NOW, Event::Request(stanza(102))).is_empty());
        let deeds = session.handle(NOW, Event::Request(stanza(101)));
        assert_eq!(told(&deeds), [101, 102]);
        let answered = deeds.iter().filter(|deed| matches!(deed, Deed::Answer(101, _)));
        assert_eq!(answered.count(), 1, "one waits at most");
    }

    #[test]
    fn a_request_out_of_the_window_ends_the_session() {
        for rid in [99, 103, 0, RID_MAX] {
            let mut session = session();
            let deeds = session.handle(NOW, Event::Request(stanza(rid)));
            let [Deed::Answer(answered, text), Deed::Over] = &deeds[..] else {
                panic!("{deeds:?}")
            };
            assert_eq!(*answered, rid);
            assert!(String::from_utf8_lossy(text).contains("item-not-found"));
        }
    }

    #[test]
    fn whoever_waits_is_answered_in_time_and_a_silent_session_ends() {
        let mut session = session();
        session.handle(NOW, Event::Request(body(101)));
        assert_eq!(session.deadline(), NOW.plus_ms(50_000));
        let late = NOW.plus_ms(50_000);
        assert!(matches!(&session.handle(late, Event::Tick)[..], [Deed::Answer(101, _)]));
        assert_eq!(session.deadline(), late.plus_ms(120_000));
        assert!(session.handle(late.plus_ms(119_000), Event::Tick).is_empty());
        assert_eq!(session.handle(late.plus_ms(120_000), Event::Tick), [Deed::Over]);
    }

    #[test]
    fn a_session_is_ended_by_either_side() {
        let mut session = session();
        let end = body(101).with("type", "terminate");
        let deeds = session.handle(NOW, Event::Request(end));
        assert!(
            matches!(&deeds[..], [Deed::Closed, Deed::Answer(101, _), Deed::Over]),
            "{deeds:?}"
        );
        let mut session = self::session();
        session.handle(NOW, Event::Request(body(101)));
        let deeds = session.handle(NOW, Event::End(Some("remote-stream-error")));
        let [Deed::Answer(101, text), Deed::Over] = &deeds[..] else { panic!("{deeds:?}") };
        assert!(String::from_utf8_lossy(text).contains("condition='remote-stream-error'"));
    }

    #[test]
    fn a_client_may_pause_and_start_anew() {
        let mut session = session();
        let deeds = session.handle(NOW, Event::Request(body(101).with("pause", "200")));
        assert!(matches!(&deeds[..], [Deed::Answer(101, _)]));
        assert_eq!(session.deadline(), NOW.plus_ms(200_000));
        let deeds = session.handle(NOW, Event::Request(body(102).with("xmpp:restart", "true")));
        assert_eq!(deeds, [Deed::Tell(Content::Open)]);
    }

    #[test]
    fn what_waits_is_bounded() {
        let mut session = session();
        let said = Bytes::from(vec![b'x'; 600 * 1024]);
        assert!(session.handle(NOW, Event::Say(said.clone())).is_empty());
        assert_eq!(session.handle(NOW, Event::Say(said)), [Deed::Over]);
    }

    #[test]
    fn a_request_without_a_number_opens_nothing() {
        let open = |body: &Element| Session::open(NOW, "s", "x", "i", body).is_err();
        assert!(open(&Element::new("body", ns::HTTP_BIND)));
        assert!(open(&body(0)) && open(&body(RID_MAX + 1)));
        assert!(open(&Element::new("body", ns::HTTP_BIND).with("rid", "-1")));
    }
}
