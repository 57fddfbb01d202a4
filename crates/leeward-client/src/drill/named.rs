//! The logs of a client that speaks XMPP, by what a room calls its messages (XEP-0359). Whoever signs in
//! anew hears the end of the past again, which closes the gap if it reaches back far enough; otherwise
//! one log has ended and another begins. Never asks an archive, as a person who scrolls up would.

use super::ears::Ears;
use super::ledger::{Log, name};
use crate::xmpp::Message;
use leeward_core::id::{RoomId, Seq};

/// A room by its name in XMPP.
pub(super) struct Named {
    pub(super) name: Box<str>,
    pub(super) room: RoomId,
    /// What came of its past on the way in: places and names.
    past: Vec<(Seq, u64)>,
}

impl Named {
    pub(super) fn new(name: &str, room: RoomId) -> Self {
        Self { name: name.into(), room, past: Vec::new() }
    }
}

impl Ears {
    /// Where a message is, if logs are kept: the room, the place, and its name there.
    pub(super) fn place(&self, message: Message<'_>) -> Option<(RoomId, Seq, u64)> {
        let named = self.named.iter().find(|named| *named.name == *message.room())?;
        let seq = message.stanza_id()?.parse().ok()?;
        Some((named.room, Seq(seq), name(message.id())))
    }

    /// What was told of the past on a connection that is gone is told again.
    pub(super) fn forgets_the_past(&mut self) {
        self.named.iter_mut().for_each(|named| named.past = Vec::new());
    }

    /// Something was said before one was in.
    pub(super) fn hears_of_the_past(&mut self, message: Message<'_>) {
        let Some((room, seq, name)) = self.place(message) else { return };
        let named = self.named.iter_mut().find(|named| named.room == room);
        named.into_iter().for_each(|named| named.past.push((seq, name)));
    }

    /// One is in, having signed in anew.
    pub(super) fn begins_anew(&mut self) {
        for at in 0..self.named.len() {
            let (room, past) = (self.named[at].room, std::mem::take(&mut self.named[at].past));
            let kept = self.logs.iter_mut().rev().find(|log| log.room() == room);
            let next = kept.as_ref().map(|log| log.next());
            let reaches = |next: &Seq| past.first().is_none_or(|(first, _)| first <= next);
            if let Some(next) = next.filter(reaches) {
                let rest = past.into_iter().filter(|(seq, _)| *seq >= next);
                rest.for_each(|(seq, name)| self.account(room, seq, name));
                continue;
            }
            if let Some(log) = kept {
                log.end();
            }
            let seen = past.last().map_or(Seq(0), |(last, _)| *last);
            self.logs.push(Log::of_messages(room, seen));
        }
    }
}
