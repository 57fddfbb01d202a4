//! The header of one frame (RFC 6455, 5.2): read, judged and written. Never looks at a payload.

use super::WsError;

/// The longest header: two bytes, an eight-byte length and a four-byte mask.
pub const HEADER_BYTES_MAX: usize = 14;

/// The longest payload of a control frame (RFC 6455, 5.5).
pub const CONTROL_BYTES_MAX: usize = 125;

/// Which end of the connection one is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// Sends unmasked frames, requires masked ones.
    Server,
    /// Sends masked frames, requires unmasked ones.
    Client,
}

/// What a frame is (RFC 6455, 5.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Opcode {
    /// More of the message begun before.
    Continuation,
    /// The beginning of a text message.
    Text,
    /// The beginning of a binary message.
    Binary,
    /// The end of the conversation.
    Close,
    /// A question whether the peer is there.
    Ping,
    /// The answer to it.
    Pong,
}

impl Opcode {
    /// The four bits on the wire.
    pub fn bits(self) -> u8 {
        match self {
            Self::Continuation => 0x0,
            Self::Text => 0x1,
            Self::Binary => 0x2,
            Self::Close => 0x8,
            Self::Ping => 0x9,
            Self::Pong => 0xA,
        }
    }

    fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0x0 => Some(Self::Continuation),
            0x1 => Some(Self::Text),
            0x2 => Some(Self::Binary),
            0x8 => Some(Self::Close),
            0x9 => Some(Self::Ping),
            0xA => Some(Self::Pong),
            _ => None,
        }
    }

    /// Close, ping and pong: short, never fragmented, allowed between the frames of a message.
    pub fn is_control(self) -> bool {
        self.bits() & 0x8 != 0
    }
}

/// The header of one frame.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header {
    /// The last frame of its message.
    pub fin: bool,
    /// The first reserved bit: with RFC 7692, the message is compressed.
    pub compressed: bool,
    /// What it is.
    pub opcode: Opcode,
    /// The key the payload was masked with, if it was.
    pub mask: Option<[u8; 4]>,
    /// The length of the payload in bytes.
    pub payload_bytes: u64,
}

impl Header {
    /// Reads a header from the front of `bytes`: the header and how many bytes it took, or `None`
    /// when there are too few. Wrong bits are found as early as the bytes that hold them. `deflate`:
    /// compression was agreed.
    ///
    /// # Errors
    /// A reserved bit or opcode, a control frame that is long or fragmented, a length not in its
    /// shortest form.
    pub fn read(bytes: &[u8], deflate: bool) -> Result<Option<(Self, usize)>, WsError> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        if first & 0b0011_0000 != 0 {
            return Err(WsError::ReservedBit);
        }
        let (fin, compressed) = (first & 0x80 != 0, first & 0x40 != 0);
        let opcode = Opcode::from_bits(first & 0x0F).ok_or(WsError::ReservedOpcode)?;
        if opcode.is_control() && !fin {
            return Err(WsError::FragmentedControl);
        }
        let begins = matches!(opcode, Opcode::Text | Opcode::Binary);
        if compressed && !(deflate && begins) {
            return Err(WsError::ReservedBit);
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        let short = second & 0x7F;
        if opcode.is_control() && usize::from(short) > CONTROL_BYTES_MAX {
            return Err(WsError::LongControl);
        }
        let Some((payload_bytes, mut at)) = read_length(short, bytes)? else { return Ok(None) };
        let mut mask = None;
        if second & 0x80 != 0 {
            let Some(key) = bytes.get(at..at + 4) else { return Ok(None) };
            mask = key.try_into().ok();
            at += 4;
        }
        Ok(Some((Self { fin, compressed, opcode, mask, payload_bytes }, at)))
    }

    /// Appends the header to `out`.
    pub fn write(&self, out: &mut Vec<u8>) {
        let fin = if self.fin { 0x80 } else { 0 };
        let compressed = if self.compressed { 0x40 } else { 0 };
        out.push(fin | compressed | self.opcode.bits());
        let masked = if self.mask.is_some() { 0x80 } else { 0 };
        if let Ok(len) = u8::try_from(self.payload_bytes)
            && usize::from(len) <= CONTROL_BYTES_MAX
        {
            out.push(masked | len);
        } else if let Ok(len) = u16::try_from(self.payload_bytes) {
            out.push(masked | 126);
            out.extend_from_slice(&len.to_be_bytes());
        } else {
            out.push(masked | 127);
            out.extend_from_slice(&self.payload_bytes.to_be_bytes());
        }
        if let Some(key) = self.mask {
            out.extend_from_slice(&key);
        }
    }
}

/// The payload's length and where the header goes on after it.
fn read_length(short: u8, bytes: &[u8]) -> Result<Option<(u64, usize)>, WsError> {
    match short {
        126 => {
            let Some(Ok(len)) = bytes.get(2..4).map(<[u8; 2]>::try_from) else { return Ok(None) };
            let len = u64::from(u16::from_be_bytes(len));
            if len < 126 { Err(WsError::BadLength) } else { Ok(Some((len, 4))) }
        }
        127 => {
            let Some(Ok(len)) = bytes.get(2..10).map(<[u8; 8]>::try_from) else { return Ok(None) };
            let len = u64::from_be_bytes(len);
            let shortest = len > u64::from(u16::MAX) && len >> 63 == 0;
            if shortest { Ok(Some((len, 10))) } else { Err(WsError::BadLength) }
        }
        len => Ok(Some((u64::from(len), 2))),
    }
}

/// Masks or unmasks `bytes` in place (RFC 6455, 5.3), the first of which is at offset `at` of its
/// frame's payload.
pub fn mask(bytes: &mut [u8], key: [u8; 4], at: usize) {
    let key: [u8; 4] = std::array::from_fn(|i| key[(at + i) % 4]);
    let wide = u64::from_ne_bytes(std::array::from_fn(|i| key[i % 4]));
    let (chunks, rest) = bytes.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (i, byte) in rest.iter_mut().enumerate() {
        *byte ^= key[i % 4];
    }
}
