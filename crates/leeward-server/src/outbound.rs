//! What waits to be written to one connection: shared frames, bounded in bytes.
//!
//! Nothing waits as long as the socket takes everything, and then nothing is allocated.

use bytes::Bytes;
use std::collections::VecDeque;
use std::io::IoSlice;

/// Frames written in one call: what one page of pointers holds, and more than a socket's buffer takes
/// of usual messages.
const SLICES_MAX: usize = 64;

/// The queue of one connection.
#[derive(Default)]
pub(crate) struct Outbound {
    frames: VecDeque<Bytes>,
    /// Bytes of the first frame that have been written.
    written: usize,
    bytes: usize,
}

impl Outbound {
    pub(crate) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Bytes that wait.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Adds a frame of which `written` bytes have been written already.
    pub(crate) fn push(&mut self, frame: Bytes, written: usize) {
        debug_assert!(written == 0 || self.frames.is_empty(), "only the first is part-written");
        self.bytes += frame.len() - written;
        if self.frames.is_empty() {
            self.written = written;
        }
        self.frames.push_back(frame);
    }

    /// Adds the parts of one frame, of which `written` bytes in all have been written already.
    pub(crate) fn push_parts(&mut self, parts: &[&Bytes], mut written: usize) {
        for part in parts {
            if written < part.len() || part.is_empty() {
                self.push((*part).clone(), written);
            }
            written = written.saturating_sub(part.len());
        }
    }

    /// Gives what waits to `write`, once, as far as one call takes it; returns what it returned.
    pub(crate) fn write<E>(
        &mut self,
        write: impl FnOnce(&[IoSlice<'_>]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let mut slices = [IoSlice::new(&[]); SLICES_MAX];
        let mut count = 0;
        for (slice, frame) in slices.iter_mut().zip(&self.frames) {
            let from = if count == 0 { self.written } else { 0 };
            *slice = IoSlice::new(&frame[from..]);
            count += 1;
        }
        let taken = write(&slices[..count])?;
        self.take(taken);
        Ok(taken)
    }

    fn take(&mut self, taken: usize) {
        self.bytes -= taken;
        self.written += taken;
        while let Some(first) = self.frames.front()
            && self.written >= first.len()
        {
            self.written -= first.len();
            self.frames.pop_front();
        }
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
    }

    /// Forgets all but the frame that has been begun, which has to be ended for the next to be read.
    pub(crate) fn forget(&mut self) {
        self.frames.truncate(usize::from(self.written > 0));
        self.bytes = self.frames.front().map_or(0, |first| first.len() - self.written);
        if self.frames.is_empty() {
            self.frames = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes at most `most` bytes a call.
    fn drain(queue: &mut Outbound, most: usize) -> Vec<u8> {
        let mut out = Vec::new();
        while !queue.is_empty() {
            let before = (queue.bytes(), out.len());
            queue
                .write(|slices| {
                    let all: Vec<u8> = slices.iter().flat_map(|s| s.iter().copied()).collect();
                    let taken = all.len().min(most);
                    out.extend_from_slice(&all[..taken]);
                    Ok::<_, ()>(taken)
                })
                .expect("it always takes");
            assert_eq!(queue.bytes(), before.0 - (out.len() - before.1));
        }
        out
    }

    #[test]
    fn bytes_come_out_in_order_whatever_a_call_takes() {
        for most in [1, 2, 3, 7, 1_000] {
            let mut queue = Outbound::default();
            queue.push(Bytes::from_static(b"one"), 1);
            for _ in 0..100 {
                queue.push(Bytes::from_static(b"two"), 0);
            }
            let expected = [b"ne".to_vec(), b"two".repeat(100)].concat();
            assert_eq!(queue.bytes(), expected.len());
            assert_eq!(drain(&mut queue, most), expected, "{most}");
            assert_eq!(queue.frames.capacity(), 0, "an empty queue owns nothing");
        }
    }

    #[test]
    fn a_frame_in_parts_goes_on_where_it_stopped() {
        for written in 0..7 {
            let mut queue = Outbound::default();
            let parts = [b"ab", b"cd", b"ef"].map(|part| Bytes::from_static(part));
            queue.push_parts(&[&parts[0], &parts[1], &parts[2]], written);
            assert_eq!(drain(&mut queue, 2), b"abcdef"[written..], "{written}");
        }
    }

    #[test]
    fn what_is_forgotten_leaves_the_frame_that_was_begun() {
        let mut queue = Outbound::default();
        queue.push(Bytes::from_static(b"begun"), 2);
        queue.push(Bytes::from_static(b"gone"), 0);
        queue.forget();
        queue.push(Bytes::from_static(b"bye"), 0);
        assert_eq!(drain(&mut queue, 2), b"gunbye");
        queue.push(Bytes::from_static(b"gone"), 0);
        queue.forget();
        assert!(queue.is_empty() && queue.bytes() == 0);
    }
}
