//! A session as bytes, so that it goes on after the server has been stopped and started: which request is
//! next, what was answered to the last ones, which one has no answer yet, what waits to be said.
//!
//! A request that was waiting is asked again by its client, and waits again. What came before its turn was
//! neither looked at nor answered, and comes again too.

use super::{INACTIVITY_S, PAUSE_S_MAX, RID_MAX, Session, WAIT_S_MAX};
use crate::packed::{In, Out};
use bytes::Bytes;
use leeward_core::id::Instant;
use std::collections::{BTreeMap, VecDeque};

/// Of this form; what is of another is not read.
const VERSION: u8 = 1;
/// Longest that is kept of one session, in bytes: two answers with a page of an archive each, and as much
/// again that waits. One of which there is more begins anew.
pub const KEPT_BYTES_MAX: usize = 1024 * 1024;
/// How the answer begins that says what the session is called, which is known to its client alone.
const GREETING: &[u8] = b"<body xmlns='http://jabber.org/protocol/httpbind' sid='";

impl Session {
    /// As bytes. `None`: it ends, its client has not been told of it, or there is too much of it.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        if self.over || self.end.is_some() || self.greeting.is_some() {
            return None;
        }
        let mut out = Out(vec![VERSION]);
        let parked = self.parked.map_or(0, |(rid, _)| rid);
        [self.rid, self.wait_s, self.idle.1, parked].into_iter().for_each(|n| out.number(n));
        let answers = self.answers.iter().filter(|(_, answer)| !answer.starts_with(GREETING));
        out.number(answers.clone().count() as u64);
        answers.for_each(|(rid, answer)| {
            out.number(*rid);
            out.bytes(answer);
        });
        out.bytes(&self.waiting.concat());
        (out.0.len() <= KEPT_BYTES_MAX).then_some(out.0)
    }

    /// Reads what [`Session::to_bytes`] has written.
    pub fn read(now: Instant, bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let mut from = In(rest);
        let rid = from.number()?;
        let (wait_s, idle_s, parked) = (from.number()?, from.number()?, from.number()?);
        let answer = |from: &mut In<'_>| {
            let rid = from.number()?;
            Some((rid, Bytes::copy_from_slice(from.bytes()?)))
        };
        let answers = VecDeque::from(from.list(answer)?);
        let waiting = Bytes::copy_from_slice(from.bytes()?);
        let sound = (1..=RID_MAX).contains(&rid)
            && (1..=WAIT_S_MAX).contains(&wait_s)
            && (INACTIVITY_S..=PAUSE_S_MAX).contains(&idle_s)
            && parked <= rid;
        let whole = version == VERSION && from.0.is_empty() && sound;
        whole.then(|| Self {
            rid,
            wait_s,
            greeting: None,
            answers,
            parked: (parked != 0).then(|| (parked, now.plus_ms(wait_s * 1_000))),
            early: BTreeMap::new(),
            waiting_bytes: waiting.len(),
            waiting: Vec::from_iter((!waiting.is_empty()).then_some(waiting)),
            idle: (now, idle_s),
            end: None,
            over: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{NOW, body, session, stanza, told};
    use super::super::{Deed, Event};
    use super::*;

    /// A day later, by another clock.
    const LATER: Instant = Instant(5);

    /// The session as the next process has it.
    fn again(session: &Session) -> Session {
        let bytes = session.to_bytes().expect("it can be kept");
        Session::read(LATER, &bytes).expect("it is what was kept")
    }

    fn answered(deeds: &[Deed]) -> Vec<(u64, String)> {
        let text = |deed: &Deed| match deed {
            Deed::Answer(rid, text) => Some((*rid, String::from_utf8_lossy(text).into_owned())),
            Deed::Tell(_) | Deed::Closed | Deed::Flush | Deed::Over => None,
        };
        deeds.iter().filter_map(text).collect()
    }

    /// A session in which 101 and 102 were answered and 103 waits.
    fn waiting() -> (Session, Vec<(u64, String)>) {
        let mut session = session();
        let mut answers = Vec::new();
        for (rid, said) in [(101, "<a/>"), (102, "<b>\u{fc}</b>")] {
            session.handle(NOW, Event::Request(stanza(rid)));
            session.handle(NOW, Event::Say(said.into()));
            answers.extend(answered(&session.handle(NOW, Event::Flush)));
        }
        assert_eq!(told(&session.handle(NOW, Event::Request(stanza(103)))), [103]);
        (session, answers)
    }

    #[test]
    fn a_request_of_before_a_stop_is_answered_as_before_and_nothing_of_it_is_done_twice() {
        let (session, answers) = waiting();
        let mut session = again(&session);
        for (rid, answer) in answers {
            let deeds = session.handle(LATER, Event::Request(stanza(rid)));
            assert_eq!(answered(&deeds), [(rid, answer)]);
            assert!(told(&deeds).is_empty());
        }
    }

    #[test]
    fn the_request_that_waited_is_asked_again_and_waits_again() {
        let mut session = again(&waiting().0);
        assert_eq!(session.deadline(), LATER.plus_ms(50_000));
        assert!(session.handle(LATER, Event::Request(stanza(103))).is_empty(), "nothing twice");
        session.handle(LATER, Event::Say("<c/>".into()));
        let answers = answered(&session.handle(LATER, Event::Flush));
        assert!(matches!(&answers[..], [(103, text)] if text.contains("<c/>")), "{answers:?}");
        assert_eq!(told(&session.handle(LATER, Event::Request(stanza(104)))), [104]);
    }

    #[test]
    fn the_next_request_may_come_before_the_one_that_waited_is_asked_again() {
        let mut session = again(&waiting().0);
        let deeds = session.handle(LATER, Event::Request(stanza(104)));
        assert_eq!(told(&deeds), [104]);
        let first = answered(&deeds);
        assert!(matches!(&first[..], [(103, _)]), "one waits at most: {deeds:?}");
        assert_eq!(answered(&session.handle(LATER, Event::Request(stanza(103)))), first);
    }

    #[test]
    fn what_waited_to_be_said_is_said_and_what_came_early_comes_again() {
        let mut session = session();
        session.handle(NOW, Event::Say("<a/>".into()));
        session.handle(NOW, Event::Say("<b/>".into()));
        session.handle(NOW, Event::Flush);
        assert!(session.handle(NOW, Event::Request(stanza(102))).is_empty(), "early");
        let mut session = again(&session);
        assert_eq!(told(&session.handle(LATER, Event::Request(stanza(101)))), [101]);
        let answers = answered(&session.handle(LATER, Event::Flush));
        assert!(matches!(&answers[..], [(101, text)] if text.contains("<a/><b/>")), "{answers:?}");
        assert_eq!(told(&session.handle(LATER, Event::Request(stanza(102)))), [102]);
    }

    #[test]
    fn a_pause_lasts_and_a_request_out_of_the_window_ends_what_was_kept() {
        let mut session = session();
        session.handle(NOW, Event::Request(body(101).with("pause", "200")));
        let mut session = again(&session);
        assert_eq!(session.deadline(), LATER.plus_ms(200_000));
        let deeds = session.handle(LATER, Event::Request(stanza(104)));
        assert!(matches!(&deeds[..], [Deed::Answer(104, _), Deed::Over]), "{deeds:?}");
    }

    #[test]
    fn what_is_kept_does_not_say_what_the_session_is_called() {
        let (mut session, _) =
            Session::open(NOW, "secret-name", "x", "i", &body(100)).expect("it has a number");
        session.handle(NOW, Event::Flush);
        let bytes = session.to_bytes().expect("its client has been told of it");
        assert!(!String::from_utf8_lossy(&bytes).contains("secret-name"));
        assert!(again(&session).answers.is_empty());
    }

    #[test]
    fn what_ends_or_is_too_much_or_not_known_to_its_client_is_not_kept() {
        let (session, _) = Session::open(NOW, "s", "x", "i", &body(100)).expect("it has a number");
        assert_eq!(session.to_bytes(), None, "not greeted");
        let mut session = waiting().0;
        session.handle(NOW, Event::Request(body(104).with("type", "terminate")));
        assert_eq!(session.to_bytes(), None, "ended");
        let mut session = self::session();
        for rid in [101, 102] {
            session.handle(NOW, Event::Say(Bytes::from(vec![b'x'; KEPT_BYTES_MAX / 2])));
            session.handle(NOW, Event::Request(body(rid)));
            session.handle(NOW, Event::Flush);
        }
        assert_eq!(session.to_bytes(), None, "too much");
    }

    #[test]
    fn what_is_damaged_is_not_taken_for_something_else() {
        let bytes = waiting().0.to_bytes().expect("it can be kept");
        for cut in 0..bytes.len() {
            assert_eq!(Session::read(NOW, &bytes[..cut]), None, "{cut}");
        }
        // Version, rid, wait, idle, parked: each out of its bounds.
        for at in [0, 1, 9, 17, 25] {
            let mut other = bytes.clone();
            other[at] = 0xff;
            assert_eq!(Session::read(NOW, &other), None, "{at}");
        }
    }
}
