//! What a connection needs that speaks XMPP: its stream, and how far it is with coming in.

use super::bosh::Bosh;
use crate::conn::Conn;
use crate::door::Place;
use crate::shard::Shard;
use bytes::Bytes;
use leeward_core::id::Instant;
use leeward_core::storm::Source;
use leeward_core::ws;
use leeward_xmpp::stream::{Login, Stream, Transport, UserAgent};
use std::rc::Rc;

/// How long a client may take until it has bound a resource, waiting not counted, in milliseconds.
pub(crate) const OPENING_MS: u64 = 30_000;
/// How long whoever waits to come in is kept, in milliseconds.
pub(crate) const WAITING_MS: u64 = 60_000;
/// Silence after which a client is asked whether it is there, in milliseconds: routers forget a
/// connection that is silent for longer.
const SILENCE_MS: u64 = 120_000;
/// Silence after which it is given up, in milliseconds.
const LOST_MS: u64 = 150_000;

/// A connection that speaks XMPP.
pub(crate) struct Line {
    pub(crate) stream: Stream,
    pub(crate) transport: Transport,
    pub(crate) stage: Standing,
    /// When it is given up, until it is live.
    pub(crate) until: Instant,
    /// Until when it is kept after it was turned away, asked for again meanwhile.
    pub(crate) waits_until: Option<Instant>,
    /// Who has signed in, until it is live.
    pub(crate) login: Option<Box<(Login, UserAgent)>>,
    /// It counts among those who sign in.
    pub(crate) counted: bool,
    /// The station knows nothing of it any more.
    pub(crate) gone: bool,
    /// It was asked whether it is there, and not heard since.
    pub(crate) asked: bool,
    /// TLS is on it and its stream has not been told.
    pub(crate) securing: bool,
    /// What it has instead of a socket, if it comes by requests of HTTP.
    pub(crate) bosh: Option<Box<Bosh>>,
    /// The id under which it can be taken up again.
    pub(crate) sm: Option<String>,
}

/// How far a connection is with coming in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Standing {
    /// It has a place among those who sign in.
    Opening,
    /// It waits for one.
    InHall,
    /// It waits to be let in.
    Knocking,
    /// It has been let in, and signs in.
    SigningIn,
    /// It has bound a resource.
    Live,
}

/// A client at the door, before it is a connection.
pub(crate) struct Arrival {
    pub(crate) transport: Transport,
    pub(crate) source: Source,
    pub(crate) place: Option<Place>,
    /// Passwords may go in the clear.
    pub(crate) clear_allowed: bool,
    /// The id of its stream, and the server's part of nonces.
    pub(crate) id: String,
    pub(crate) nonce: String,
}

impl Line {
    pub(crate) fn new(stream: Stream, transport: Transport, now: Instant, securing: bool) -> Self {
        Self {
            stream,
            transport,
            stage: Standing::Opening,
            until: now.plus_ms(OPENING_MS),
            waits_until: None,
            login: None,
            counted: false,
            gone: false,
            asked: false,
            securing,
            bosh: None,
            sm: None,
        }
    }

    /// Whether its client has bound a resource and is here.
    pub(crate) fn is_live(&self) -> bool {
        self.stage == Standing::Live && !self.gone
    }

    /// When to look at it again, if nothing is heard.
    pub(crate) fn deadline(&self, heard: Instant) -> Instant {
        if let Some(bosh) = &self.bosh {
            let due = bosh.deadline();
            return if self.stage == Standing::Live { due } else { due.min(self.until) };
        }
        match self.stage {
            Standing::Live if self.asked => heard.plus_ms(LOST_MS),
            Standing::Live => heard.plus_ms(SILENCE_MS),
            Standing::Opening | Standing::InHall | Standing::Knocking | Standing::SigningIn => {
                self.until
            }
        }
    }
}

impl Shard {
    /// Writes bytes that are complete in themselves, in whatever framing the connection has.
    pub(crate) fn write_line(&self, conn: &Rc<Conn>, bytes: &Bytes) {
        self.write_parts(conn, [bytes, &Bytes::new()]);
    }

    /// Writes one element that is in two parts.
    pub(crate) fn write_parts(&self, conn: &Rc<Conn>, [before, rest]: [&Bytes; 2]) {
        let transport = conn.state.borrow().xmpp.as_ref().map(|line| line.transport);
        match transport {
            Some(Transport::Tcp | Transport::DirectTls) => self.give_parts(conn, [before, rest]),
            Some(Transport::WebSocket) => {
                let header = ws::encode::text_header(before.len() + rest.len());
                self.give_parts(conn, [&header, before, rest]);
            }
            Some(Transport::Bosh) => self.hand_over(conn, [before, rest]),
            None => {}
        }
    }
}
