//! UTF-8 judged piece by piece, so that a text message is refused at its first wrong byte, wherever
//! the network cut it. Never keeps the bytes.

/// The state between two pieces of one text.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Utf8 {
    /// Continuation bytes still due.
    due: u8,
    /// The range that the next of them must lie in (RFC 3629, 4: no overlong form, no surrogate,
    /// nothing above U+10FFFF).
    low: u8,
    high: u8,
}

/// The text has a byte that cannot stand where it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotUtf8;

impl Utf8 {
    /// Judges the next piece.
    ///
    /// # Errors
    /// [`NotUtf8`] as soon as no continuation could make the text valid.
    pub fn feed(&mut self, mut piece: &[u8]) -> Result<(), NotUtf8> {
        while self.due > 0 {
            let Some((&byte, rest)) = piece.split_first() else { return Ok(()) };
            self.step(byte)?;
            piece = rest;
        }
        let Err(error) = simdutf8::compat::from_utf8(piece) else { return Ok(()) };
        if error.error_len().is_some() {
            return Err(NotUtf8);
        }
        piece[error.valid_up_to()..].iter().try_for_each(|&byte| self.step(byte))
    }

    /// Whether the text may end here.
    pub fn is_whole(self) -> bool {
        self.due == 0
    }

    fn step(&mut self, byte: u8) -> Result<(), NotUtf8> {
        if self.due > 0 {
            if !(self.low..=self.high).contains(&byte) {
                return Err(NotUtf8);
            }
            *self = Self { due: self.due - 1, low: 0x80, high: 0xBF };
            return Ok(());
        }
        let (due, low, high) = match byte {
            0x00..=0x7F => (0, 0, 0),
            0xC2..=0xDF => (1, 0x80, 0xBF),
            0xE0 => (2, 0xA0, 0xBF),
            0xE1..=0xEC | 0xEE..=0xEF => (2, 0x80, 0xBF),
            0xED => (2, 0x80, 0x9F),
            0xF0 => (3, 0x90, 0xBF),
            0xF1..=0xF3 => (3, 0x80, 0xBF),
            0xF4 => (3, 0x80, 0x8F),
            0x80..=0xC1 | 0xF5..=0xFF => return Err(NotUtf8),
        };
        *self = Self { due, low, high };
        Ok(())
    }
}
