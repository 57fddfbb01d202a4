//! What was posted and not yet answered. Kept over any number of connections, so that each draft is
//! stored exactly once: the nonce makes a repetition harmless, and of each room one draft at a time
//! is on its way, so that the order is kept whatever happens.

use leeward_core::event::Draft;
use leeward_core::id::{Instant, Nonce, RoomId};
use leeward_core::wire::ClientFrame;
use std::collections::VecDeque;

/// Drafts in the order in which they were posted.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    pending: VecDeque<Pending>,
}

#[derive(Debug)]
struct Pending {
    room: RoomId,
    nonce: Nonce,
    draft: Draft,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    Waiting,
    /// On its way over the connection there is.
    Sent,
    /// Refused for a while.
    Retry(Instant),
}

impl Outbox {
    /// Keeps a draft until it is answered.
    pub(crate) fn push(&mut self, room: RoomId, nonce: Nonce, draft: Draft) {
        self.pending.push_back(Pending { room, nonce, draft, state: State::Waiting });
    }

    /// How many are not answered.
    pub(crate) fn len(&self) -> usize {
        self.pending.len()
    }

    /// The next frame to send: of each room the first draft, unless it is on its way or must wait.
    pub(crate) fn next_frame(&mut self, now: Instant) -> Option<ClientFrame> {
        let may = |p: &Pending| match p.state {
            State::Waiting => true,
            State::Sent => false,
            State::Retry(at) => at <= now,
        };
        let first = (0..self.pending.len()).find(|&i| {
            let room = self.pending[i].room;
            may(&self.pending[i]) && !self.pending.iter().take(i).any(|p| p.room == room)
        })?;
        let pending = &mut self.pending[first];
        pending.state = State::Sent;
        Some(ClientFrame::Post {
            room: pending.room,
            nonce: pending.nonce.clone(),
            draft: pending.draft.clone(),
        })
    }

    /// Stored, or refused for good: whether it was still waited for.
    pub(crate) fn answered(&mut self, nonce: &Nonce) -> bool {
        let before = self.pending.len();
        self.pending.retain(|p| p.nonce != *nonce);
        if self.pending.is_empty() {
            self.pending = VecDeque::new();
        }
        self.pending.len() < before
    }

    /// Refused for a while: it and what follows in its room wait until `at`.
    pub(crate) fn retry(&mut self, nonce: &Nonce, at: Instant) {
        if let Some(pending) = self.pending.iter_mut().find(|p| p.nonce == *nonce) {
            pending.state = State::Retry(at);
        }
    }

    /// The connection is gone, and with it any answer on its way.
    pub(crate) fn lost(&mut self) {
        for pending in &mut self.pending {
            if pending.state == State::Sent {
                pending.state = State::Waiting;
            }
        }
    }

    /// When the first refused draft may be sent again.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let retries = self.pending.iter().filter_map(|p| match p.state {
            State::Retry(at) => Some(at),
            State::Waiting | State::Sent => None,
        });
        retries.min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Instant = Instant(0);

    fn nonce(text: &str) -> Nonce {
        Nonce::try_from(text.to_owned()).expect("short and visible")
    }

    fn outbox(posts: &[(u64, &str)]) -> Outbox {
        let mut outbox = Outbox::default();
        for (room, name) in posts {
            outbox.push(RoomId(*room), nonce(name), Draft::Delete { target: Default::default() });
        }
        outbox
    }

    fn sent(outbox: &mut Outbox, now: Instant) -> Vec<String> {
        let mut out = Vec::new();
        while let Some(ClientFrame::Post { nonce, .. }) = outbox.next_frame(now) {
            out.push(nonce.as_str().to_owned());
        }
        out
    }

    #[test]
    fn of_each_room_one_draft_is_on_its_way() {
        let mut outbox = outbox(&[(1, "a"), (1, "b"), (2, "c")]);
        assert_eq!(sent(&mut outbox, NOW), ["a", "c"]);
        assert!(outbox.answered(&nonce("a")));
        assert_eq!(sent(&mut outbox, NOW), ["b"]);
    }

    #[test]
    fn what_was_on_its_way_is_sent_again_with_its_nonce() {
        let mut outbox = outbox(&[(1, "a"), (1, "b")]);
        assert_eq!(sent(&mut outbox, NOW), ["a"]);
        outbox.lost();
        assert_eq!(sent(&mut outbox, NOW), ["a"]);
    }

    #[test]
    fn a_draft_refused_for_a_while_holds_up_its_room_only() {
        let mut outbox = outbox(&[(1, "a"), (1, "b"), (2, "c")]);
        sent(&mut outbox, NOW);
        let at = NOW.plus_ms(1000);
        outbox.retry(&nonce("a"), at);
        assert_eq!(outbox.deadline(), Some(at));
        assert!(outbox.answered(&nonce("c")));
        assert_eq!(sent(&mut outbox, NOW), [""; 0]);
        assert_eq!(sent(&mut outbox, at), ["a"]);
    }

    #[test]
    fn an_answer_heard_twice_counts_once() {
        let mut outbox = outbox(&[(1, "a")]);
        assert!(outbox.answered(&nonce("a")));
        assert!(!outbox.answered(&nonce("a")));
        assert_eq!(outbox.len(), 0);
    }
}
