//! One connection: a stream over TCP, a WebSocket, or requests of HTTP. Reads into a buffer shared by all the connections
//! of a thread, so that a silent one holds none. Never knows what is said.

use super::bosh::{Bosh, Session};
use super::scan::{Flow, Piece, Scanner};
use super::{Framing, Seat, words};
use crate::client::random;
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
    Bosh(Box<Bosh>),
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
            Framing::Bosh => {
                Ok(Self::Bosh(Box::new(Bosh::open(Rc::clone(&seat), random()).await?)))
            }
        }
    }

    /// Queues lines, each a stanza. They are sent by the next `poll_hear` or `poll_flush`.
    pub(crate) fn say(&mut self, lines: &str) {
        match self {
            // No white space between them: SASL forbids it (RFC 6120, 6.3.5).
            Self::Tcp(tcp) => lines.lines().for_each(|line| tcp.unsent.extend(line.as_bytes())),
            Self::WebSocket(socket) => {
                let say = |line: String| socket.say(Opcode::Text, line.as_bytes());
                lines.lines().map(words::alone).for_each(say);
            }
            Self::Bosh(bosh) => bosh.say(lines),
        }
    }

    /// Shows that one is alive.
    pub(crate) fn ping(&mut self) {
        match self {
            Self::Tcp(tcp) => tcp.unsent.push(b'\n'),
            Self::WebSocket(socket) => socket.say(Opcode::Ping, &[]),
            // A request waits at the server all the while.
            Self::Bosh(_) => {}
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
            Self::Bosh(bosh) => bosh.poll_hear(cx, hear),
        }
    }

    /// Sends what is queued.
    pub(crate) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        match self {
            Self::Tcp(tcp) => tcp.poll_flush(cx),
            Self::WebSocket(socket) => socket.poll_flush(cx),
            Self::Bosh(bosh) => Poll::Ready(bosh.poll_flush(cx)),
        }
    }

    /// Goes on with a session of BOSH.
    pub(crate) fn take_up(&mut self, session: Box<Session>) {
        if let Self::Bosh(bosh) = self {
            bosh.take_up(session);
        }
    }

    /// The session of BOSH on it is not to be gone on with.
    pub(crate) fn forget(&mut self) {
        if let Self::Bosh(bosh) = self {
            bosh.forget();
        }
    }

    /// Says goodbye where the server would not learn of it by the end of the connection.
    pub(crate) fn poll_end(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self {
            Self::Tcp(_) | Self::WebSocket(_) => Poll::Ready(()),
            Self::Bosh(bosh) => bosh.poll_end(cx),
        }
    }

    /// What outlives it.
    pub(crate) fn into_session(self) -> Option<Box<Session>> {
        match self {
            Self::Bosh(bosh) => Some(bosh.into_session()),
            Self::Tcp(_) | Self::WebSocket(_) => None,
        }
    }

    /// Has the kernel reset the connection when this is dropped.
    pub(crate) fn reset_when_dropped(&self) {
        match self {
            Self::Tcp(tcp) => tcp.stream.reset_when_dropped(),
            Self::WebSocket(socket) => socket.reset_when_dropped(),
            Self::Bosh(bosh) => bosh.reset_when_dropped(),
        }
    }
}

/// Reads once, into a buffer shared by all.
pub(super) fn read_some(
    stream: &mut Stream,
    cx: &mut Context<'_>,
    hear: impl FnOnce(&[u8]),
) -> Poll<io::Result<()>> {
    SCRATCH.with_borrow_mut(|scratch| {
        let mut buf = ReadBuf::new(scratch);
        ready!(Pin::new(stream).poll_read(cx, &mut buf))?;
        if buf.filled().is_empty() {
            return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
        }
        hear(buf.filled());
        Poll::Ready(Ok(()))
    })
}

impl Tcp {
    fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        mut hear: impl FnMut(Piece<'_>) -> Flow,
    ) -> Poll<Result<(), SocketError>> {
        ready!(self.poll_flush(cx))?;
        let mut fed = Ok(());
        let scanner = &mut self.scanner;
        ready!(read_some(&mut self.stream, cx, |some| fed = scanner.feed(some, &mut hear)))?;
        Poll::Ready(fed.map_err(|error| io::Error::other(error).into()))
    }

    fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        self.stream.poll_send(cx, &mut self.unsent).map_err(SocketError::Io)
    }
}
