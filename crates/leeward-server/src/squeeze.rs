//! Compression of frames that many get: each once, however many they are.
//!
//! A frame is recognised by its place in memory, which it keeps as long as it is remembered here.

use bytes::Bytes;
use leeward_core::ws::frame::Header;
use leeward_core::ws::{self, Deflater};
use std::collections::VecDeque;

/// Frames shorter than this are sent as they are: a message of the usual length would be no shorter.
pub(crate) const BYTES_MIN: usize = 1_024;
/// Frames remembered: a few rooms' worth of what everybody asks for at the same time.
const FRAMES_MAX: usize = 8;

/// The last frames that were compressed.
#[derive(Default)]
pub(crate) struct Squeeze {
    deflater: Deflater,
    recent: VecDeque<(Bytes, Option<Bytes>)>,
}

impl Squeeze {
    /// The compressed form of a text frame; none when it is no shorter.
    pub(crate) fn squeezed(&mut self, frame: &Bytes) -> Option<Bytes> {
        let same = |known: &Bytes| known.as_ptr() == frame.as_ptr() && known.len() == frame.len();
        if let Some((_, squeezed)) = self.recent.iter().find(|(known, _)| same(known)) {
            return squeezed.clone();
        }
        let (_, head) = Header::read(frame, true).ok().flatten()?;
        let squeezed = ws::encode::text_compressed(&frame[head..], &mut self.deflater);
        if self.recent.len() == FRAMES_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((frame.clone(), squeezed.clone()));
        squeezed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use leeward_core::ws::{Decoder, Inflater, Message, Role};

    #[test]
    fn a_frame_is_compressed_once_and_reads_the_same() {
        let mut squeeze = Squeeze::default();
        let frame = ws::encode::text("all the same ".repeat(200).as_bytes());
        let first = squeeze.squeezed(&frame).expect("it is very regular");
        let second = squeeze.squeezed(&frame.clone()).expect("as before");
        assert_eq!(first.as_ptr(), second.as_ptr(), "the same bytes are shared");
        assert!(first.len() < frame.len() / 5);
        let mut decoder = Decoder::new(Role::Client, 1 << 20, true);
        let (mut bytes, mut at) = (first.to_vec(), 0);
        let message = decoder.next(&mut bytes, &mut at, &mut Inflater::default());
        let text = "all the same ".repeat(200);
        assert_eq!(message, Ok(Some(Message::Text(text.into()))));
    }
}
