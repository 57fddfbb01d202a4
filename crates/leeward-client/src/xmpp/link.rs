//! One connection: a stream over TCP, or a WebSocket. Reads into a buffer shared by all the connections
//! of a thread, so that a silent one holds none. Never knows what is said.

use super::scan::{Flow, Piece, Scanner};
use super::{Framing, Seat};
use crate::server::Stream;
use crate::socket::{Ask, Socket, SocketError};
use leeward_core::ws::Message;
use leeward_core::ws::frame::Opcode;
use std::cell::RefCell;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, ReadBuf};

/// The subprotocol of XMPP on a WebSocket (RFC 7395, 3.1).
const SUBPROTOCOL: &str = "xmpp";

/// What is read at once, by all the connections of a thread in turn.
const SCRATCH_BYTES: usize = 64 << 10;

thread_local! {
    static SCRATCH: RefCell<Vec<u8>> = RefCell::new(vec![0; SCRATCH_BYTES]);
}

/// A connection.
pub(crate) enum Link {
    Tcp(Tcp),
    WebSocket(Box<Socket>),
}

pub(crate) struct Tcp {
    stream: Stream,
    scanner: Scanner,
    unsent: Vec<u8>,
}

impl Link {
    /// Connects; over a WebSocket also upgrades.
    pub(crate) async fn open(seat: Rc<Seat>) -> Result<Self, SocketError> {
        let place = &seat.place;
        match place.framing {
            Framing::Tcp => Ok(Self::Tcp(Tcp {
                stream: place.server.connect(seat.from).await?,
                scanner: Scanner::default(),
                unsent: Vec::new(),
            })),
            Framing::WebSocket => {
                let protocol = Some(SUBPROTOCOL);
                let ask = Ask { path: &place.path, protocol, deflate: false, from: seat.from };
                Ok(Self::WebSocket(Box::new(Socket::open(&place.server, ask).await?)))
            }
        }
    }

    /// Queues lines, each a stanza. They are sent by the next `poll_hear` or `poll_flush`.
    pub(crate) fn say(&mut self, lines: &str) {
        match self {
            Self::Tcp(tcp) => tcp.unsent.extend_from_slice(lines.as_bytes()),
            Self::WebSocket(socket) => {
                lines.lines().for_each(|line| socket.say(Opcode::Text, line.as_bytes()));
            }
        }
    }

    /// Shows that one is alive.
    pub(crate) fn ping(&mut self) {
        match self {
            Self::Tcp(tcp) => tcp.unsent.push(b'\n'),
            Self::WebSocket(socket) => socket.say(Opcode::Ping, &[]),
        }
    }

    /// Reads once and hands each piece to `hear`, which must not touch another connection.
    pub(crate) fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        mut hear: impl FnMut(Piece<'_>) -> Flow,
    ) -> Poll<Result<(), SocketError>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_hear(cx, hear),
            Self::WebSocket(socket) => socket.poll_hear(cx, |message| match message {
                Message::Text(text) => {
                    hear(Piece::Element(text.as_bytes()));
                }
                Message::Close(_) => {
                    hear(Piece::End);
                }
                Message::Binary(_) | Message::Ping(_) | Message::Pong(_) => {}
            }),
        }
    }

    /// Sends what is queued.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_flush(cx),
            Self::WebSocket(socket) => socket.poll_flush(cx),
        }
    }

    /// Has the kernel reset the connection when this is dropped.
    pub(crate) fn reset_when_dropped(&self) {
        match self {
            Self::Tcp(tcp) => tcp.stream.reset_when_dropped(),
            Self::WebSocket(socket) => socket.reset_when_dropped(),
        }
    }
}

impl Tcp {
    fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        mut hear: impl FnMut(Piece<'_>) -> Flow,
    ) -> Poll<Result<(), SocketError>> {
        ready!(self.poll_flush(cx))?;
        SCRATCH.with_borrow_mut(|scratch| {
            let mut buf = ReadBuf::new(scratch);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
            if buf.filled().is_empty() {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
            }
            let fed = self.scanner.feed(buf.filled(), &mut hear);
            Poll::Ready(fed.map_err(|error| io::Error::other(error).into()))
        })
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        self.stream.poll_send(cx, &mut self.unsent).map_err(SocketError::Io)
    }
}
