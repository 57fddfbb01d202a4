//! Per-message compression (RFC 7692) without context takeover in either direction, so that a frame
//! compressed once suits every receiver and a connection keeps no window. One [`Inflater`] and one
//! [`Deflater`] serve all the connections of a thread. Never inflates beyond a limit.

use super::WsError;
use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What a sender cuts from the end of a compressed message (RFC 7692, 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The first allocation for an inflated message; it then doubles up to the limit.
const INFLATE_STEP_BYTES: usize = 4 * 1024;

/// The largest window: 2^15 bytes.
pub const WINDOW_BITS_MAX: u8 = 15;

/// The smallest window that zlib can compress with (it does not do 2^8 in raw streams).
pub const WINDOW_BITS_MIN: u8 = 9;

/// Decompresses messages. Holds no memory before the first.
#[derive(Default)]
pub struct Inflater {
    stream: Option<Decompress>,
}

impl Inflater {
    /// The message whose compressed form, without its tail, is `payload`.
    ///
    /// # Errors
    /// [`WsError::TooBig`] above `bytes_max`, [`WsError::BadDeflate`] when it does not decompress.
    pub fn inflate(&mut self, payload: &[u8], bytes_max: usize) -> Result<Vec<u8>, WsError> {
        let stream = self.stream.get_or_insert_with(|| Decompress::new(false));
        stream.reset(false);
        let mut out = Vec::new();
        for mut input in [payload, &TAIL] {
            while let Some(taken) = step(stream, input, &mut out, bytes_max)? {
                input = &input[taken..];
            }
        }
        Ok(out)
    }
}

/// One call of the decompressor: how much of `input` it took, or `None` when all is done.
fn step(
    stream: &mut Decompress,
    input: &[u8],
    out: &mut Vec<u8>,
    bytes_max: usize,
) -> Result<Option<usize>, WsError> {
    if out.len() == out.capacity() {
        // One byte above the limit tells a message that fits exactly from one that does not.
        let room = (bytes_max + 1).saturating_sub(out.len());
        if room == 0 {
            return Err(WsError::TooBig);
        }
        out.reserve_exact(room.min(out.len().max(INFLATE_STEP_BYTES)));
    }
    let (in_before, room) = (stream.total_in(), out.capacity() - out.len());
    let status = stream
        .decompress_vec(input, out, FlushDecompress::Sync)
        .map_err(|_| WsError::BadDeflate)?;
    let taken = usize::try_from(stream.total_in() - in_before).map_err(|_| WsError::BadDeflate)?;
    let filled = out.len() == out.capacity();
    if out.len() > bytes_max {
        return Err(WsError::TooBig);
    }
    match status {
        // A final block inside a message is allowed (RFC 7692, 7.2.3.4): begin the next stream.
        Status::StreamEnd => stream.reset(false),
        Status::Ok | Status::BufError => {
            if taken == 0 && !filled && !input.is_empty() && room > 0 {
                return Err(WsError::BadDeflate);
            }
        }
    }
    Ok((filled || taken < input.len()).then_some(taken))
}

/// Compresses messages. Holds no memory before the first.
pub struct Deflater {
    window_bits: u8,
    stream: Option<Compress>,
}

impl Default for Deflater {
    fn default() -> Self {
        Self::with_window_bits(WINDOW_BITS_MAX)
    }
}

impl Deflater {
    /// A deflater whose frames suit every receiver with at least this window; clamped to what can be
    /// done.
    pub fn with_window_bits(bits: u8) -> Self {
        Self { window_bits: bits.clamp(WINDOW_BITS_MIN, WINDOW_BITS_MAX), stream: None }
    }

    /// The compressed form of a message, without its tail.
    pub fn deflate(&mut self, message: &[u8]) -> Vec<u8> {
        let bits = self.window_bits;
        let stream = self.stream.get_or_insert_with(|| {
            Compress::new_with_window_bits(Compression::fast(), false, bits)
        });
        stream.reset();
        let mut out = Vec::with_capacity(message.len() / 2 + 64);
        let mut at = 0;
        loop {
            let before = stream.total_in();
            stream
                .compress_vec(&message[at..], &mut out, FlushCompress::Sync)
                .expect("a raw stream without a dictionary only fails when misused");
            at +=
                usize::try_from(stream.total_in() - before).expect("at most the message's length");
            if at == message.len() && out.len() < out.capacity() {
                break;
            }
            out.reserve(out.len().max(64));
        }
        if out.ends_with(&TAIL) {
            out.truncate(out.len() - TAIL.len());
        }
        out
    }
}
