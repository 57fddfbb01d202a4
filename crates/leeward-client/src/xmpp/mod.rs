//! A client that speaks XMPP, made for load: thousands in one process, a kilobyte or so each. It signs
//! in, joins its rooms, says and hears messages there, and comes back as a client of some make does
//! ([`Species`](crate::drill::Species)). Never a client for people: no roster, no encryption, no tree
//! of what it reads, and no trust in nobody but the server under load.
//!
//! In reading order: [`Seat`] (whose connection, and to where), [`Client`], `talk` (from the header to
//! the room's subject), `link` (TCP, a WebSocket, or
//! `bosh`), `scan` (elements in bytes), [`numbers`] (exact
//! accounts of what was heard), [`accounts`] (making them).

pub mod accounts;
mod bosh;
mod client;
mod link;
pub mod numbers;
mod scan;
mod scram;
mod talk;
mod words;

pub use client::{Client, Listener};
pub use talk::Message;

use crate::server::{Roots, Server};
use std::io;
use std::net::IpAddr;
use std::path::PathBuf;
use std::rc::Rc;

/// What a stream is wrapped in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Framing {
    /// A document without end (RFC 6120).
    Tcp,
    /// One element in each message (RFC 7395).
    WebSocket,
    /// Some elements in each request (XEP-0124).
    Bosh,
}

/// A server as all its clients see it.
#[derive(Clone)]
pub struct Place {
    server: Server,
    framing: Framing,
    /// The path of the WebSocket or of BOSH.
    path: Box<str>,
    domain: Box<str>,
    rooms: Box<str>,
    history: u32,
    resumes: bool,
    scram: bool,
}

impl Place {
    /// The server at `xmpp://host:port`, `xmpps://host:port` (TLS from the first byte) or
    /// `ws://host:port/path`, or `http://host:port/path` for BOSH; the domain it is asked for, and the
    /// domain of its rooms.
    ///
    /// # Errors
    /// The URL is of another form.
    pub fn parse(url: &str, domain: &str, rooms: &str, roots: Option<PathBuf>) -> io::Result<Self> {
        let server = Server::parse(url, &roots.map_or(Roots::System, Roots::File))?;
        let framing = match url {
            _ if url.starts_with("xmpp") => Framing::Tcp,
            _ if url.starts_with("http") => Framing::Bosh,
            _ => Framing::WebSocket,
        };
        let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
        let path = rest.find('/').map_or("/", |at| &rest[at..]);
        Ok(Self {
            server,
            framing,
            path: path.into(),
            domain: domain.into(),
            rooms: rooms.into(),
            history: HISTORY,
            resumes: false,
            scram: false,
        })
    }

    /// Sessions are to outlive their connections (XEP-0198), where the server can do that.
    #[must_use]
    pub fn resuming(self, resumes: bool) -> Self {
        Self { resumes, ..self }
    }

    /// Sign-ins are to be by SCRAM-SHA-256, as most clients do it, in place of PLAIN.
    #[must_use]
    pub fn by_scram(self, scram: bool) -> Self {
        Self { scram, ..self }
    }
}

/// Messages of a room that are asked for when it is joined.
const HISTORY: u32 = 20;

/// Whose connection, and to where.
pub struct Seat {
    /// The server.
    pub place: Rc<Place>,
    /// The account, without its domain; also the nick in its rooms.
    pub name: Box<str>,
    /// What it signs in by.
    pub password: Box<str>,
    /// Rooms to join, without their domain; eight at most.
    pub rooms: Vec<Box<str>>,
    /// The address to connect from, if it matters.
    pub from: Option<IpAddr>,
}
