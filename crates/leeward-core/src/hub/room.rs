//! One room as a shard knows it: members, position, the newest part of its log, who listens.

use super::{Conn, Published};
use crate::event::{Event, What};
use crate::id::{AccountId, Epoch, Instant, Position, RoomId, Seq};
use crate::wire;
use crate::ws;
use bytes::Bytes;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// What is read of a room once.
#[derive(Clone, Debug, Default)]
pub struct Load {
    /// The last event of its log.
    pub at: Position,
    /// Who is in it, in any order.
    pub members: Vec<AccountId>,
    /// The newest events of its log, in order; the last is that of `at`.
    pub tail: Vec<Event>,
}

/// A room of a hub.
pub(super) struct Room {
    /// Known once it has been loaded.
    state: Option<State>,
    /// Connections that get its events.
    pub(super) subscribers: Vec<Conn>,
    /// Connections that want presence and typing.
    pub(super) watchers: Vec<Conn>,
    /// Connections that wait for it to be loaded, and where they stand.
    pub(super) waiting: Vec<(Conn, Position, bool)>,
    /// Connections that wait for its snapshot.
    pub(super) opening: Vec<Conn>,
    /// Events that wait for the one before them, or for the room to be loaded.
    early: BTreeMap<Seq, Arc<Published>>,
    early_bytes: usize,
    /// The store has been asked for a hole.
    pub(super) catching_up: bool,
    /// The store has been asked for the snapshot.
    pub(super) reading: bool,
    used: Instant,
}

struct State {
    epoch: Epoch,
    head: Seq,
    members: Vec<AccountId>,
    /// Encoded events up to `head`, without holes.
    ring: VecDeque<Bytes>,
    ring_bytes: usize,
    /// The delta that was last asked for: after which seq, up to which, as a frame.
    delta: Option<(Seq, Seq, Bytes)>,
    snapshot: Option<Snapshot>,
}

struct Snapshot {
    at: Seq,
    frame: Bytes,
    used: Instant,
}

/// What a client is to be sent so that it stands where the room does.
pub(super) enum Missing {
    Nothing,
    /// A delta or gap frame.
    Frame(Bytes),
}

impl Room {
    pub(super) fn loading(now: Instant) -> Self {
        Self {
            state: None,
            subscribers: Vec::new(),
            watchers: Vec::new(),
            waiting: Vec::new(),
            opening: Vec::new(),
            early: BTreeMap::new(),
            early_bytes: 0,
            catching_up: false,
            reading: false,
            used: now,
        }
    }

    pub(super) fn is_loaded(&self) -> bool {
        self.state.is_some()
    }

    pub(super) fn load(&mut self, load: Load, ring_bytes_max: usize) {
        let mut members = load.members;
        members.sort_unstable();
        members.dedup();
        let mut state = State {
            epoch: load.at.epoch,
            head: load.at.seq,
            members,
            ring: VecDeque::new(),
            ring_bytes: 0,
            delta: None,
            snapshot: None,
        };
        let whole = load.tail.last().is_none_or(|e| e.seq == load.at.seq)
            && load.tail.windows(2).all(|w| w[1].seq == w[0].seq.next());
        if whole {
            for event in &load.tail {
                state.push(wire::encode_event(event), ring_bytes_max);
            }
        }
        self.state = Some(state);
    }

    pub(super) fn head(&self) -> Option<(Epoch, Seq)> {
        self.state.as_ref().map(|s| (s.epoch, s.head))
    }

    pub(super) fn ring_bytes(&self) -> usize {
        self.state.as_ref().map_or(0, |s| s.ring_bytes)
    }

    pub(super) fn has_member(&self, account: AccountId) -> bool {
        self.state.as_ref().is_some_and(|s| s.members.binary_search(&account).is_ok())
    }

    pub(super) fn members(&self) -> &[AccountId] {
        self.state.as_ref().map_or(&[], |s| &s.members)
    }

    /// Keeps an event that came before its predecessor, or before the room was loaded; false when
    /// there is no room for it, so that it has to be read from the store.
    pub(super) fn keep_early(&mut self, published: &Arc<Published>, bytes_max: usize) -> bool {
        let bytes = published.frame().len();
        if self.early_bytes + bytes > bytes_max {
            return false;
        }
        if self.early.insert(published.event.seq, Arc::clone(published)).is_none() {
            self.early_bytes += bytes;
        }
        true
    }

    /// The event after `head`, if it has come already. Forgets those that are known.
    pub(super) fn take_early(&mut self) -> Option<Arc<Published>> {
        let next = self.state.as_ref()?.head.next();
        while let Some(entry) = self.early.first_entry() {
            if *entry.key() > next {
                return None;
            }
            let published = entry.remove();
            self.early_bytes -= published.frame().len();
            if published.event.seq == next {
                return Some(published);
            }
        }
        None
    }

    pub(super) fn has_early(&self) -> bool {
        !self.early.is_empty()
    }

    /// Applies the event after `head`.
    pub(super) fn apply(&mut self, published: &Published, ring_bytes_max: usize) {
        let Some(state) = &mut self.state else { return };
        debug_assert_eq!(published.event.seq, state.head.next(), "the caller has compared them");
        state.head = published.event.seq;
        state.push(published.body(), ring_bytes_max);
        match &published.event.what {
            What::Join { who, .. } => {
                if let Err(at) = state.members.binary_search(who) {
                    state.members.insert(at, *who);
                }
            }
            What::Leave { who, .. } => {
                if let Ok(at) = state.members.binary_search(who) {
                    state.members.remove(at);
                }
            }
            What::Delete { target } => state.forget(*target),
            What::Message(_)
            | What::Edit { .. }
            | What::React { .. }
            | What::Pin { .. }
            | What::Role { .. }
            | What::Room(_) => {}
        }
    }

    /// What somebody who stands at `at` is to be sent. A position that this history cannot have, that
    /// is too far back to be answered from memory, or whose answer is too long gets a gap.
    pub(super) fn missing(
        &mut self,
        room: RoomId,
        (at, claimed): (Position, bool),
        bytes_max: usize,
    ) -> Missing {
        let Some(state) = &mut self.state else { return Missing::Nothing };
        // What the node itself has just told the client is of this history and may be ahead of this
        // shard; what a client claims may be anything.
        let epoch = if claimed { at.epoch } else { state.epoch };
        let at = Position { epoch, seq: if claimed { at.seq } else { at.seq.min(state.head) } };
        if at.epoch == state.epoch && at.seq == state.head {
            return Missing::Nothing;
        }
        if at.epoch != state.epoch || at.seq > state.head || at.seq < state.before_ring() {
            return Missing::Frame(state.gap(room));
        }
        let delta = state.delta(room, at.seq);
        Missing::Frame(if delta.len() > bytes_max { state.gap(room) } else { delta })
    }

    /// The frames of a snapshot and of what came after it, if memory has both.
    pub(super) fn snapshot(
        &mut self,
        now: Instant,
        room: RoomId,
    ) -> Option<(Bytes, Option<Bytes>)> {
        let state = self.state.as_mut()?;
        let (head, before_ring) = (state.head, state.before_ring());
        let snapshot = state.snapshot.as_mut()?;
        if snapshot.at < before_ring {
            return None;
        }
        snapshot.used = now;
        let (at, frame) = (snapshot.at, snapshot.frame.clone());
        Some((frame, (at < head).then(|| state.delta(room, at))))
    }

    pub(super) fn keep_snapshot(&mut self, now: Instant, at: Position, frame: Bytes) {
        if let Some(state) = self.state.as_mut().filter(|s| s.epoch == at.epoch) {
            state.snapshot = Some(Snapshot { at: at.seq, frame, used: now });
        }
    }

    pub(super) fn drop_stale_snapshot(&mut self, now: Instant, snapshot_ms: u64) {
        let Some(state) = &mut self.state else { return };
        state.delta = None;
        if state.snapshot.as_ref().is_some_and(|s| now.ms_since(s.used) >= snapshot_ms) {
            state.snapshot = None;
        }
    }

    pub(super) fn unsubscribe(&mut self, now: Instant, conn: Conn) {
        self.used = now;
        remove(&mut self.subscribers, conn);
        remove(&mut self.watchers, conn);
        self.forget(conn);
    }

    /// Takes a connection off the lists of those that wait.
    pub(super) fn forget(&mut self, conn: Conn) {
        remove(&mut self.opening, conn);
        self.waiting.retain(|(waiting, _, _)| *waiting != conn);
    }

    pub(super) fn is_idle(&self, now: Instant, idle_ms: u64) -> bool {
        self.is_loaded()
            && self.subscribers.is_empty()
            && !self.catching_up
            && !self.reading
            && now.ms_since(self.used) >= idle_ms
    }
}

impl State {
    fn push(&mut self, body: Bytes, ring_bytes_max: usize) {
        self.ring_bytes += body.len();
        self.ring.push_back(body);
        while self.ring_bytes > ring_bytes_max {
            let Some(oldest) = self.ring.pop_front() else { break };
            self.ring_bytes -= oldest.len();
        }
    }

    /// A message was taken back: nobody who comes from here on is sent its text from memory.
    fn forget(&mut self, target: Seq) {
        (self.snapshot, self.delta) = (None, None);
        for body in &mut self.ring {
            if let Some(blank) = wire::without_text(body, target) {
                self.ring_bytes = self.ring_bytes - body.len() + blank.len();
                *body = blank;
            }
        }
    }

    /// The newest event that is no longer in the ring: who has it can be given all that followed.
    fn before_ring(&self) -> Seq {
        Seq(self.head.0.saturating_sub(self.ring.len() as u64))
    }

    fn gap(&self, room: RoomId) -> Bytes {
        let head = Position { epoch: self.epoch, seq: self.head };
        ws::encode::text(&wire::encode(&wire::ServerFrame::Gap { room, head }))
    }

    /// What came after `seq`, which the ring reaches back to. Kept, because in a storm everybody asks
    /// for the same.
    fn delta(&mut self, room: RoomId, seq: Seq) -> Bytes {
        if let Some((from, to, frame)) = &self.delta
            && (*from, *to) == (seq, self.head)
        {
            return frame.clone();
        }
        let skip = usize::try_from(seq.0 - self.before_ring().0).expect("no longer than the ring");
        let bodies = self.ring.iter().skip(skip).map(|body| &body[..]);
        let frame = ws::encode::text(&wire::delta(room, self.epoch, bodies));
        self.delta = Some((seq, self.head, frame.clone()));
        frame
    }
}

/// Takes one connection out of a list whose order does not matter, and gives memory back when the
/// list has shrunk to a quarter.
pub(super) fn remove(list: &mut Vec<Conn>, conn: Conn) {
    if let Some(at) = list.iter().position(|c| *c == conn) {
        list.swap_remove(at);
        if list.len() * 4 < list.capacity() {
            list.shrink_to(list.len() * 2);
        }
    }
}
