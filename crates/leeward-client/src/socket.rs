//! One WebSocket to a server. Reads into a buffer shared by all the sockets of a thread, so that a
//! silent one holds none. Never reconnects: that is the business of [`crate::Client`].

use crate::server::{Server, Stream};
use leeward_core::ws::frame::{Header, Opcode};
use leeward_core::ws::handshake::{self, Answer, HandshakeError};
use leeward_core::ws::{Decoder, Inflater, Message, Role, WsError, encode};
use std::cell::RefCell;
use std::io;
use std::net::IpAddr;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, ReadBuf};

/// The largest message a server may send: a snapshot of the longest messages, twice over.
const MESSAGE_BYTES_MAX: usize = 64 << 20;

/// The longest head of an answer to the upgrade.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// What is read at once, by all the sockets of a thread in turn.
const SCRATCH_BYTES: usize = 64 << 10;

/// Random bytes drawn at once for the masks of many frames.
const MASKS_BYTES: usize = 1024;

thread_local! {
    static SCRATCH: RefCell<(Vec<u8>, Inflater)> =
        RefCell::new((vec![0; SCRATCH_BYTES], Inflater::default()));
    static MASKS: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// How to ask for the upgrade.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ask<'a> {
    /// The path on the server.
    pub path: &'a str,
    /// The subprotocol offered.
    pub protocol: Option<&'a str>,
    /// Offer compression.
    pub deflate: bool,
    /// The address to connect from.
    pub from: Option<IpAddr>,
}

/// An open WebSocket.
pub struct Socket {
    stream: Stream,
    decoder: Decoder,
    unsent: Vec<u8>,
    /// What came with the answer to the upgrade.
    early: Vec<u8>,
    deflate: bool,
}

/// Why a socket could not be opened, or is lost.
#[derive(Debug)]
pub enum SocketError {
    /// The network or TLS failed, or the peer is gone.
    Io(io::Error),
    /// The server answered with this HTTP status.
    Status(u16),
    /// The server's answer does not fit.
    Handshake(HandshakeError),
    /// The server broke the rules of framing.
    Framing(WsError),
}

impl std::fmt::Display for SocketError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(e) => e.fmt(f),
            Self::Status(status) => write!(f, "the server answered with status {status}"),
            Self::Handshake(e) => e.fmt(f),
            Self::Framing(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for SocketError {}

impl From<io::Error> for SocketError {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

impl Socket {
    /// Connects and upgrades.
    ///
    /// # Errors
    /// The server cannot be reached, or does not upgrade.
    pub async fn open(server: &Server, ask: Ask<'_>) -> Result<Self, SocketError> {
        let mut stream = server.connect(ask.from).await?;
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let key = handshake::request_key(random);
        stream.write_all(request(server, ask, &key).as_bytes()).await?;
        let (head, early) = read_head(&mut stream).await?;
        let deflate = judge(&head, ask, &key)?;
        let decoder = Decoder::new(Role::Client, MESSAGE_BYTES_MAX, deflate);
        Ok(Self { stream, decoder, unsent: Vec::new(), early, deflate })
    }

    /// Whether compression was agreed.
    pub fn is_deflate(&self) -> bool {
        self.deflate
    }

    /// Reads once and hands each message to `hear`, which must not touch another socket. Pings are
    /// answered here. Ready with `Ok` when something was read, with an error when the connection is
    /// over.
    ///
    /// # Errors
    /// The connection is lost, closed in order (then a `Close` was heard first), or broken.
    pub fn poll_hear(
        &mut self,
        cx: &mut Context<'_>,
        mut hear: impl FnMut(&Message<'_>),
    ) -> Poll<Result<(), SocketError>> {
        ready!(self.poll_flush(cx))?;
        SCRATCH.with_borrow_mut(|(scratch, inflater)| {
            let mut early = std::mem::take(&mut self.early);
            let input = if early.is_empty() {
                let mut buf = ReadBuf::new(scratch);
                ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buf))?;
                let len = buf.filled().len();
                &mut scratch[..len]
            } else {
                &mut early
            };
            if input.is_empty() {
                return Poll::Ready(Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()));
            }
            let mut at = 0;
            while let Some(message) =
                self.decoder.next(input, &mut at, inflater).map_err(SocketError::Framing)?
            {
                hear(&message);
                match &message {
                    Message::Ping(payload) => put(&mut self.unsent, Opcode::Pong, payload),
                    Message::Close(_) => put(&mut self.unsent, Opcode::Close, &[]),
                    Message::Text(_) | Message::Binary(_) | Message::Pong(_) => {}
                }
            }
            // An answer that does not fit the socket's buffer goes out before the next read.
            match self.poll_flush(cx) {
                Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
                Poll::Ready(Ok(())) | Poll::Pending => Poll::Ready(Ok(())),
            }
        })
    }

    /// Has the kernel reset the connection when this is dropped, and throw away what waits in it.
    pub fn reset_when_dropped(&self) {
        self.stream.reset_when_dropped();
    }

    /// Queues a message. It is sent by the next `poll_hear` or `poll_flush`.
    pub fn say(&mut self, opcode: Opcode, payload: &[u8]) {
        put(&mut self.unsent, opcode, payload);
    }

    /// Bytes queued and not sent.
    pub fn unsent_bytes(&self) -> usize {
        self.unsent.len()
    }

    /// Sends what is queued.
    ///
    /// # Errors
    /// The connection is lost.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SocketError>> {
        self.stream.poll_send(cx, &mut self.unsent).map_err(SocketError::Io)
    }

    /// Reads once; see [`Self::poll_hear`].
    ///
    /// # Errors
    /// As there.
    pub async fn hear(&mut self, mut hear: impl FnMut(&Message<'_>)) -> Result<(), SocketError> {
        std::future::poll_fn(|cx| self.poll_hear(cx, &mut hear)).await
    }

    /// Queues a frame as its header says, masked: for messages in pieces or compressed.
    pub fn say_frame(&mut self, header: Header, payload: &[u8]) {
        encode::frame(Header { mask: Some(mask_key()), ..header }, payload, &mut self.unsent);
    }
}

fn put(unsent: &mut Vec<u8>, opcode: Opcode, payload: &[u8]) {
    encode::client(opcode, payload, mask_key(), unsent);
}

/// Four unpredictable bytes.
fn mask_key() -> [u8; 4] {
    MASKS.with_borrow_mut(|masks| {
        if masks.len() < 4 {
            masks.resize(MASKS_BYTES, 0);
            getrandom::fill(masks).expect("the system has randomness once it has started");
        }
        std::array::from_fn(|_| masks.pop().unwrap_or_default())
    })
}

fn request(server: &Server, ask: Ask<'_>, key: &str) -> String {
    let mut out = format!(
        "GET {} HTTP/1.1\r\nHost: {}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: {}\r\nSec-WebSocket-Key: {key}\r\n",
        ask.path,
        server.authority(),
        handshake::VERSION,
    );
    if let Some(protocol) = ask.protocol {
        out += &format!("Sec-WebSocket-Protocol: {protocol}\r\n");
    }
    if ask.deflate {
        out += &format!("Sec-WebSocket-Extensions: {}\r\n", handshake::DEFLATE_OFFER);
    }
    out + "\r\n"
}

/// Reads up to the empty line: the head, and what came after it.
async fn read_head(stream: &mut Stream) -> Result<(Vec<u8>, Vec<u8>), SocketError> {
    let mut head = Vec::with_capacity(512);
    loop {
        if let Some(at) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            let early = head.split_off(at + 4);
            return Ok((head, early));
        }
        if head.len() > HEAD_BYTES_MAX || stream.read_buf(&mut head).await? == 0 {
            return Err(SocketError::Handshake(HandshakeError::Answer));
        }
    }
}

/// Whether the answer fits: then whether compression was agreed.
fn judge(head: &[u8], ask: Ask<'_>, key: &str) -> Result<bool, SocketError> {
    let wrong = || SocketError::Handshake(HandshakeError::Answer);
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut answer = httparse::Response::new(&mut headers);
    answer.parse(head).map_err(|_| wrong())?;
    match answer.code {
        Some(101) => {}
        Some(status) => return Err(SocketError::Status(status)),
        None => return Err(wrong()),
    }
    let value = |name: &str| {
        let header = answer.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
        std::str::from_utf8(header.value).ok()
    };
    let fields = Answer {
        connection: value("connection").unwrap_or_default(),
        upgrade: value("upgrade").unwrap_or_default(),
        accept: value("sec-websocket-accept").unwrap_or_default(),
        protocol: value("sec-websocket-protocol"),
        extensions: value("sec-websocket-extensions").unwrap_or_default(),
    };
    let agreed = handshake::check_answer(key, ask.protocol, ask.deflate, &fields);
    agreed.map_err(SocketError::Handshake)
}
