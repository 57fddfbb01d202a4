//! Bytes to messages: frames are found, judged, unmasked and put together. A message that lies whole
//! in the caller's buffer is lent from there; only what is incomplete is kept, and nothing is kept
//! when nothing is. Never allocates on the word of a header.

use super::close::{self, CloseFrame};
use super::deflate::Inflater;
use super::frame::{CONTROL_BYTES_MAX, HEADER_BYTES_MAX, Header, Opcode, Role, mask};
use super::utf8::{NotUtf8, Utf8};
use std::borrow::Cow;

/// A compressed message may be this much longer than its limit: what incompressible data costs.
const DEFLATE_SLACK_BYTES: usize = 1024;

/// What arrived.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message<'a> {
    /// A text message, whole.
    Text(Cow<'a, str>),
    /// A binary message, whole.
    Binary(Cow<'a, [u8]>),
    /// To be answered with a pong of the same payload.
    Ping(Cow<'a, [u8]>),
    /// The answer to a ping, or unasked.
    Pong(Cow<'a, [u8]>),
    /// The peer ends the conversation; nothing follows. To be answered with a close frame unless one
    /// was sent.
    Close(Option<CloseFrame>),
}

/// How the peer broke the rules. The connection ends with a close frame of [`WsError::close_code`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WsError {
    /// A reserved bit is set that no agreed extension gives a meaning.
    ReservedBit,
    /// An opcode that RFC 6455 does not define.
    ReservedOpcode,
    /// A control frame in pieces.
    FragmentedControl,
    /// A control frame above 125 bytes.
    LongControl,
    /// A length not in its shortest form, or above 2^63.
    BadLength,
    /// A client's frame without a mask.
    NotMasked,
    /// A server's frame with a mask.
    Masked,
    /// A continuation of nothing.
    NothingToContinue,
    /// A message begun within another.
    NotContinued,
    /// A message above the limit.
    TooBig,
    /// A text or a close reason that is not UTF-8.
    NotUtf8,
    /// A close code cut short or not allowed.
    BadClose,
    /// A message that does not decompress.
    BadDeflate,
}

impl WsError {
    /// The code of the close frame that answers it (RFC 6455, 7.4.1).
    pub fn close_code(self) -> u16 {
        match self {
            Self::TooBig => close::TOO_BIG,
            Self::NotUtf8 | Self::BadDeflate => close::BAD_PAYLOAD,
            Self::ReservedBit
            | Self::ReservedOpcode
            | Self::FragmentedControl
            | Self::LongControl
            | Self::BadLength
            | Self::NotMasked
            | Self::Masked
            | Self::NothingToContinue
            | Self::NotContinued
            | Self::BadClose => close::PROTOCOL_ERROR,
        }
    }

    /// The reason, in words, for the close frame and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ReservedBit => "reserved bit set",
            Self::ReservedOpcode => "reserved opcode",
            Self::FragmentedControl => "fragmented control frame",
            Self::LongControl => "control frame above 125 bytes",
            Self::BadLength => "length not in its shortest form",
            Self::NotMasked => "frame of a client without a mask",
            Self::Masked => "frame of a server with a mask",
            Self::NothingToContinue => "continuation of nothing",
            Self::NotContinued => "message begun within another",
            Self::TooBig => "message above the limit",
            Self::NotUtf8 => "text is not utf-8",
            Self::BadClose => "invalid close code",
            Self::BadDeflate => "message does not decompress",
        }
    }
}

impl std::fmt::Display for WsError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::error::Error for WsError {}

impl From<NotUtf8> for WsError {
    fn from(NotUtf8: NotUtf8) -> Self {
        Self::NotUtf8
    }
}

/// One direction of one connection.
pub struct Decoder {
    role: Role,
    message_bytes_max: usize,
    deflate: bool,
    /// A close frame or an error came: whatever follows is ignored.
    ended: bool,
    partial: Option<Box<Partial>>,
}

/// What is incomplete.
#[derive(Default)]
struct Partial {
    head: [u8; HEADER_BYTES_MAX],
    head_bytes: u8,
    frame: Option<Frame>,
    control: Vec<u8>,
    message: Option<Assembly>,
}

/// A frame whose payload is still arriving.
#[derive(Clone, Copy)]
struct Frame {
    header: Header,
    taken_bytes: u64,
}

/// A data message whose frames or bytes are still arriving.
struct Assembly {
    text: bool,
    compressed: bool,
    utf8: Utf8,
    bytes: Vec<u8>,
}

impl Decoder {
    /// A decoder at the end called `role`, for messages up to `message_bytes_max` (as inflated), with
    /// per-message compression if it was agreed.
    pub fn new(role: Role, message_bytes_max: usize, deflate: bool) -> Self {
        Self { role, message_bytes_max, deflate, ended: false, partial: None }
    }

    /// Heap kept between calls, in bytes: 0 when no message is under way.
    pub fn memory_bytes(&self) -> usize {
        let Some(partial) = &self.partial else { return 0 };
        let message = partial.message.as_ref().map_or(0, |m| m.bytes.capacity());
        size_of::<Partial>() + partial.control.capacity() + message
    }

    /// The next message in `input[*at..]`, moving `at` past what it took. `None` when all of `input`
    /// has been taken; what was incomplete is remembered for the next read. Payloads are unmasked in
    /// place. After a close frame or an error the rest of the connection is ignored.
    ///
    /// # Errors
    /// The first rule that the peer broke.
    pub fn next<'a>(
        &mut self,
        input: &'a mut [u8],
        at: &mut usize,
        inflater: &mut Inflater,
    ) -> Result<Option<Message<'a>>, WsError> {
        if self.ended {
            *at = input.len();
            return Ok(None);
        }
        let found = self.advance(input, at, inflater);
        if matches!(found, Err(_) | Ok(Some(Message::Close(_)))) {
            self.ended = true;
            self.partial = None;
        }
        found
    }

    fn advance<'a>(
        &mut self,
        input: &'a mut [u8],
        at: &mut usize,
        inflater: &mut Inflater,
    ) -> Result<Option<Message<'a>>, WsError> {
        loop {
            let (header, whole) = match self.partial.as_ref().and_then(|p| p.frame) {
                Some(frame) => (frame.header, None),
                None => {
                    let Some(header) = self.take_header(input, at)? else { return Ok(None) };
                    (header, whole_payload(header, input, *at))
                }
            };
            if let Some(range) = whole
                && (header.opcode.is_control() || self.is_single(header))
            {
                *at = range.end;
                let payload = &mut input[range];
                unmask(header, payload, 0);
                return self.deliver(header, payload, inflater).map(Some);
            }
            if !self.take_payload(header, input, at)? {
                return Ok(None);
            }
            if let Some(message) = self.end_frame(header, inflater)? {
                return Ok(Some(message));
            }
        }
    }

    /// A data message in one frame, nothing of it taken yet.
    fn is_single(&self, header: Header) -> bool {
        header.fin && header.opcode != Opcode::Continuation
    }

    /// Reads a header, from what was kept and what came.
    fn take_header(&mut self, input: &[u8], at: &mut usize) -> Result<Option<Header>, WsError> {
        let rest = &input[*at..];
        let kept = self.partial.as_ref().map_or(0, |p| usize::from(p.head_bytes));
        let read = if kept == 0 {
            Header::read(rest, self.deflate)?
        } else {
            let mut head = [0; HEADER_BYTES_MAX];
            if let Some(partial) = &self.partial {
                head = partial.head;
            }
            let more = rest.len().min(HEADER_BYTES_MAX - kept);
            head[kept..kept + more].copy_from_slice(&rest[..more]);
            Header::read(&head[..kept + more], self.deflate)?
                .map(|(header, len)| (header, len - kept))
        };
        if let Some((header, len)) = read {
            *at += len;
            if let Some(partial) = &mut self.partial {
                partial.head_bytes = 0;
            }
            self.judge(header)?;
            return Ok(Some(header));
        }
        if !rest.is_empty() {
            let partial = self.partial.get_or_insert_default();
            partial.head[kept..kept + rest.len()].copy_from_slice(rest);
            partial.head_bytes += u8::try_from(rest.len()).map_err(|_| WsError::BadLength)?;
            *at = input.len();
        }
        Ok(None)
    }

    /// Whether a frame may come here, in this role, at this size.
    fn judge(&mut self, header: Header) -> Result<(), WsError> {
        match (self.role, header.mask) {
            (Role::Server, None) => return Err(WsError::NotMasked),
            (Role::Client, Some(_)) => return Err(WsError::Masked),
            (Role::Server, Some(_)) | (Role::Client, None) => {}
        }
        if header.opcode.is_control() {
            return Ok(());
        }
        let message = self.partial.as_ref().and_then(|p| p.message.as_ref());
        let (so_far, compressed) = match (message, header.opcode) {
            (Some(m), Opcode::Continuation) => (m.bytes.len(), m.compressed),
            (Some(_), _) => return Err(WsError::NotContinued),
            (None, Opcode::Continuation) => return Err(WsError::NothingToContinue),
            (None, _) => (0, header.compressed),
        };
        let slack =
            if compressed { DEFLATE_SLACK_BYTES + self.message_bytes_max / 1024 } else { 0 };
        let room = (self.message_bytes_max + slack).saturating_sub(so_far);
        if header.payload_bytes > room as u64 { Err(WsError::TooBig) } else { Ok(()) }
    }

    /// Takes what came of a payload; true when the frame is complete.
    fn take_payload(
        &mut self,
        header: Header,
        input: &mut [u8],
        at: &mut usize,
    ) -> Result<bool, WsError> {
        let partial = self.partial.get_or_insert_default();
        let frame = partial.frame.get_or_insert(Frame { header, taken_bytes: 0 });
        let left = header.payload_bytes - frame.taken_bytes;
        let came = &mut input[*at..];
        let len = usize::try_from(left).map_or(came.len(), |left| left.min(came.len()));
        let piece = &mut came[..len];
        unmask(header, piece, (frame.taken_bytes % 4) as usize);
        *at += len;
        frame.taken_bytes += len as u64;
        let complete = frame.taken_bytes == header.payload_bytes;
        if header.opcode.is_control() {
            partial.control.extend_from_slice(piece);
            debug_assert!(partial.control.len() <= CONTROL_BYTES_MAX);
            return Ok(complete);
        }
        let message = partial.message.get_or_insert_with(|| Assembly {
            text: header.opcode == Opcode::Text,
            compressed: header.compressed,
            utf8: Utf8::default(),
            bytes: Vec::new(),
        });
        if message.text && !message.compressed {
            message.utf8.feed(piece)?;
        }
        message.bytes.extend_from_slice(piece);
        Ok(complete)
    }

    /// A frame that was kept is complete: the message it ends, if it ends one.
    fn end_frame(
        &mut self,
        header: Header,
        inflater: &mut Inflater,
    ) -> Result<Option<Message<'static>>, WsError> {
        let Some(partial) = &mut self.partial else { return Ok(None) };
        partial.frame = None;
        if header.opcode.is_control() {
            let payload = std::mem::take(&mut partial.control);
            self.release();
            return control(header.opcode, Cow::Owned(payload)).map(Some);
        }
        if !header.fin {
            return Ok(None);
        }
        let Some(message) = partial.message.take() else { return Ok(None) };
        self.release();
        let bytes = if message.compressed {
            inflater.inflate(&message.bytes, self.message_bytes_max)?
        } else {
            message.bytes
        };
        owned(message.text, bytes).map(Some)
    }

    /// Lends or inflates a message or control frame that lies whole in the caller's buffer.
    fn deliver<'a>(
        &mut self,
        header: Header,
        payload: &'a [u8],
        inflater: &mut Inflater,
    ) -> Result<Message<'a>, WsError> {
        self.release();
        if header.opcode.is_control() {
            return control(header.opcode, Cow::Borrowed(payload));
        }
        let text = header.opcode == Opcode::Text;
        if header.compressed {
            return owned(text, inflater.inflate(payload, self.message_bytes_max)?);
        }
        if !text {
            return Ok(Message::Binary(Cow::Borrowed(payload)));
        }
        let text = simdutf8::basic::from_utf8(payload).map_err(|_| WsError::NotUtf8)?;
        Ok(Message::Text(Cow::Borrowed(text)))
    }

    /// Lets go of what was kept, unless a message is under way.
    fn release(&mut self) {
        let idle = |p: &Partial| p.message.is_none() && p.frame.is_none() && p.head_bytes == 0;
        if self.partial.as_deref().is_some_and(idle) {
            self.partial = None;
        }
    }
}

/// Where the payload lies in `input`, if all of it came.
fn whole_payload(header: Header, input: &[u8], at: usize) -> Option<std::ops::Range<usize>> {
    let end = at.checked_add(usize::try_from(header.payload_bytes).ok()?)?;
    (end <= input.len()).then_some(at..end)
}

fn unmask(header: Header, payload: &mut [u8], at: usize) {
    if let Some(key) = header.mask {
        mask(payload, key, at);
    }
}

fn control(opcode: Opcode, payload: Cow<'_, [u8]>) -> Result<Message<'_>, WsError> {
    match opcode {
        Opcode::Ping => Ok(Message::Ping(payload)),
        Opcode::Pong => Ok(Message::Pong(payload)),
        Opcode::Close => close::read(&payload).map(Message::Close),
        Opcode::Continuation | Opcode::Text | Opcode::Binary => Err(WsError::ReservedOpcode),
    }
}

fn owned(text: bool, bytes: Vec<u8>) -> Result<Message<'static>, WsError> {
    if text {
        let text = String::from_utf8(bytes).map_err(|_| WsError::NotUtf8)?;
        Ok(Message::Text(Cow::Owned(text)))
    } else {
        Ok(Message::Binary(Cow::Owned(bytes)))
    }
}
