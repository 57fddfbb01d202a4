//! Stream management (XEP-0198): what was handled, what was sent and not acknowledged.
//!
//! A message that was rendered from an event is remembered by the event's place alone, from which it
//! can be rendered again; so a thousand unacknowledged messages cost some kilobytes.

use super::{Around, Conn, Output, Station};
use crate::ns;
use crate::stanza::{Kind, Rest};
use crate::xml::Element;
use bytes::Bytes;
use leeward_core::id::{RoomId, Seq};
use std::collections::VecDeque;

/// Stanzas sent after which the client is asked what it has handled.
const ASK_AFTER: usize = 32;
/// Stanzas that may be unacknowledged; beyond, the session cannot be taken up again.
const UNACKED_MAX: usize = 8_192;
/// Longest stanza of a client's own that is kept until it is acknowledged, in bytes.
const KEPT_BYTES_MAX: usize = 4_096;

/// A stanza that was sent and not acknowledged.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Mark {
    /// It renders this event.
    Event(RoomId, Seq),
    /// It is the client's own, and is sent again as it was.
    Own(Rest),
    /// It is of no use later.
    Passing,
}

impl Mark {
    /// What is remembered of a stanza that nothing else is known of but the event that it renders.
    pub fn of(rest: &Rest, event: Option<(RoomId, Seq)>) -> Self {
        match (event, rest.kind) {
            (Some((room, seq)), _) => Self::Event(room, seq),
            (None, Kind::Presence) => Self::Passing,
            (None, Kind::Message | Kind::Iq) => Self::Own(rest.clone()),
        }
    }

    /// The event that it renders.
    pub fn event(&self) -> Option<(RoomId, Seq)> {
        match self {
            Self::Event(room, seq) => Some((*room, *seq)),
            Self::Own(_) | Self::Passing => None,
        }
    }
}

/// The counts of one session. They run from 0 and wrap around at 2^32.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Sm {
    /// The id under which it is taken up again, if it may be.
    pub id: Option<String>,
    /// What the client has acknowledged.
    pub acked: u32,
    /// What was sent since.
    pub unacked: VecDeque<Mark>,
    /// Too much was sent without an acknowledgement.
    pub overflowed: bool,
    /// The client was asked and has not answered.
    asking: bool,
}

impl Sm {
    /// Counts from 0.
    pub fn new(id: Option<String>) -> Self {
        Self { id, ..Self::default() }
    }

    /// Goes on where a client said it is.
    pub fn at(id: Option<String>, acked: u32) -> Self {
        Self { id, acked, ..Self::default() }
    }

    /// Notes a stanza that is sent; whether to ask for an acknowledgement.
    pub fn sent(&mut self, mark: &Mark) -> bool {
        let mark = match mark {
            Mark::Own(rest) if rest.bytes.len() > KEPT_BYTES_MAX => Mark::Passing,
            Mark::Own(_) | Mark::Event(..) | Mark::Passing => mark.clone(),
        };
        if self.unacked.len() >= UNACKED_MAX {
            self.overflowed = true;
            self.unacked.pop_front();
            self.acked = self.acked.wrapping_add(1);
        }
        self.unacked.push_back(mark);
        let ask = self.unacked.len() >= ASK_AFTER && !self.asking;
        self.asking |= ask;
        ask
    }

    /// The client has handled so many in all. False: that cannot be.
    pub fn acknowledge(&mut self, h: u32) -> bool {
        let more = h.wrapping_sub(self.acked) as usize;
        if more > self.unacked.len() {
            return false;
        }
        self.unacked.drain(..more);
        if self.unacked.is_empty() {
            self.unacked.shrink_to(0);
        }
        self.acked = h;
        self.asking = false;
        true
    }
}

/// The request for an acknowledgement.
pub(super) fn request() -> Bytes {
    Bytes::from_static(b"<r xmlns='urn:xmpp:sm:3'/>")
}

fn unexpected() -> Bytes {
    let unexpected = Element::new("unexpected-request", ns::STANZA_ERRORS);
    Element::new("failed", ns::SM).child(unexpected).to_document().into()
}

/// Asks a client whether it is there, by what it is sure to answer.
pub(super) fn probe(station: &mut Station, conn: Conn) {
    if station.client(conn).is_some_and(|client| client.sm().is_some()) {
        return station.output(Output::Raw(conn, request()));
    }
    let domain = station.domain.name.clone();
    let ping = Element::new("iq", ns::CLIENT)
        .with("from", domain)
        .with("type", "get")
        .with("id", "there")
        .child(Element::new("ping", ns::PING));
    station.send(conn, &ping);
}

/// Deals with an element that is no stanza.
pub(super) fn nonza(station: &mut Station, around: Around<'_>, conn: Conn, element: &Element) {
    match (element.name(), element.ns()) {
        ("r", ns::SM) => {
            let Some(client) = station.client(conn).filter(|client| client.sm().is_some()) else {
                return;
            };
            let answer = Element::new("a", ns::SM).with("h", client.handled().to_string());
            station.output(Output::Raw(conn, answer.to_document().into()));
        }
        ("a", ns::SM) => {
            let h = element.attribute("h").and_then(|h| h.parse().ok());
            let fits = station
                .client_mut(conn)
                .is_some_and(|client| h.is_some_and(|h| client.acknowledge(h)));
            if !fits {
                // XEP-0198, section 4: more was acknowledged than was sent.
                station.output(Output::Close(conn, "undefined-condition"));
            }
        }
        ("enable", ns::SM) if station.client(conn).is_some_and(|client| client.sm().is_none()) => {
            station.output(Output::Enable(conn, element.clone()));
        }
        // It has what it asks for, or a session of its own: said, and nothing changed.
        ("enable" | "resume", ns::SM) => station.output(Output::Raw(conn, unexpected())),
        (_, ns::CSI) => crate::features::csi(station, around, conn, element),
        _ => station.output(Output::Close(conn, "unsupported-stanza-type")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own() -> Mark {
        Mark::of(&Rest { kind: Kind::Message, bytes: Bytes::from_static(b"/>") }, None)
    }

    #[test]
    fn what_is_acknowledged_is_forgotten_and_more_than_was_sent_is_a_fault() {
        let mut sm = Sm::at(None, u32::MAX);
        for _ in 0..3 {
            sm.sent(&own());
        }
        assert!(sm.acknowledge(1), "the count wraps around");
        assert_eq!(sm.unacked.len(), 1);
        assert!(!sm.acknowledge(3) && !sm.acknowledge(0));
        assert!(sm.acknowledge(2) && sm.unacked.is_empty());
    }

    #[test]
    fn a_client_is_asked_once_until_it_answers() {
        let mut sm = Sm::new(None);
        let asked = (0..100).filter(|_| sm.sent(&own())).count();
        assert_eq!(asked, 1);
        assert!(sm.acknowledge(100));
        assert_eq!((0..100).filter(|_| sm.sent(&own())).count(), 1);
    }

    #[test]
    fn what_nobody_acknowledges_is_bounded() {
        let mut sm = Sm::new(Some("id".into()));
        for _ in 0..=UNACKED_MAX {
            sm.sent(&Mark::Event(RoomId(1), Seq(1)));
        }
        assert!(sm.overflowed && sm.unacked.len() == UNACKED_MAX && sm.acked == 1);
    }
}
