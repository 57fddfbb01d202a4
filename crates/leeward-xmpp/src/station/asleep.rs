//! What is kept of a client whose connection is gone until it is taken up again (XEP-0198), or whose
//! server stops (XEP-0124): which rooms it is in and up to where it has seen each, never what was said
//! there.

use super::{Around, Bound, Client, Conn, Framing, Mark, Sm, Station};
use crate::stanza::Rest;
use leeward_core::id::{Millis, RoomId, Seq};
use std::collections::BTreeMap;

/// A session that sleeps.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asleep {
    /// Who it is.
    pub bound: Bound,
    /// Stanzas of the client that are done with.
    pub handled: u32,
    /// Stanzas that the client has acknowledged.
    pub acked: u32,
    /// What it was sent since, in order.
    pub unacked: Vec<Mark>,
    /// The rooms that it hears of, and up to where it was sent their events: those that it has joined
    /// and the direct ones of its account.
    pub rooms: Vec<(RoomId, Seq)>,
    /// What it was in the rooms that it had joined.
    pub joined: crate::muc::Joined,
    /// What the features keep of it.
    pub own: crate::features::Own,
    /// When it fell asleep: what came since in direct rooms that are not among `rooms` is news to it.
    pub since: Millis,
}

/// What a client is to be sent when it has been taken up again.
pub(super) struct Missed {
    /// Of its own, as they were.
    own: Vec<Rest>,
    /// What it has seen of each room.
    rooms: Vec<(RoomId, Seq)>,
    /// Since when it has seen nothing.
    since: Millis,
}

pub(super) fn of(station: &Station, around: Around<'_>, conn: Conn) -> Option<Asleep> {
    let client = station.client(conn)?;
    let counts = client.sm().map(|sm| (sm.acked, sm.unacked.iter().cloned().collect()));
    let (acked, unacked) = counts.unwrap_or_default();
    let (direct, since) = crate::features::positions(station, around, conn);
    let mut rooms = crate::muc::positions(station, conn);
    rooms.extend(direct);
    Some(Asleep {
        bound: client.bound().clone(),
        handled: client.handled(),
        acked,
        unacked,
        rooms,
        joined: client.joined.clone(),
        own: client.own.clone(),
        since,
    })
}

impl Asleep {
    /// Whether a client can have handled so many stanzas of it.
    pub fn fits(&self, h: u32) -> bool {
        h.wrapping_sub(self.acked) as usize <= self.unacked.len()
    }

    /// The id that it is taken up by.
    pub fn id(&self) -> &str {
        self.bound.sm.as_ref().and_then(Option::as_deref).unwrap_or_default()
    }
}

pub(super) fn wake(generation: u64, framing: Framing, asleep: Asleep, h: u32) -> (Client, Missed) {
    let Asleep { mut bound, handled, acked, unacked, rooms, joined, own, since } = asleep;
    bound.framing = framing;
    let sm = bound.sm.clone().map(|id| Sm::at(id, h));
    let mut client = Client::new(generation, bound);
    client.set_counts(handled, sm);
    (client.joined, client.own) = (joined, own);
    let seen = h.wrapping_sub(acked) as usize;
    let mut rooms: BTreeMap<RoomId, Seq> = rooms.into_iter().collect();
    let mut kept = Vec::new();
    for mark in unacked.into_iter().skip(seen) {
        match mark {
            Mark::Event(room, seq) => {
                // The first that it has not seen: from there on it is all sent again.
                let at = rooms.entry(room).or_insert(seq);
                *at = (*at).min(Seq(seq.0.saturating_sub(1)));
            }
            Mark::Own(rest) => kept.push(rest),
            Mark::Passing => {}
        }
    }
    (client, Missed { own: kept, rooms: rooms.into_iter().collect(), since })
}

pub(super) fn go_on(station: &mut Station, around: Around<'_>, conn: Conn, missed: Missed) {
    for rest in missed.own {
        station.give(conn, rest, None);
    }
    crate::features::catch_up(station, conn, &missed.rooms, missed.since);
    for (room, seq) in missed.rooms {
        crate::muc::catch_up(station, around, conn, room, seq);
    }
}
