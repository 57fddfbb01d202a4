//! What a hub does with events, and how it fills the holes it sees in them.

use super::room::{Load, Missing, Room};
use super::{Conn, Hub, News, Output, Published};
use crate::code::Code;
use crate::event::{Event, What};
use crate::id::{AccountId, Epoch, Instant, Position, RoomId, Seq};
use bytes::Bytes;
use std::collections::btree_map::Entry;
use std::sync::Arc;

/// Events that may wait for the one before them, in bytes for each room.
const EARLY_BYTES_MAX: usize = 1024 * 1024;

impl Hub {
    pub(super) fn news(&mut self, now: Instant, news: News) {
        match news {
            News::Events { room, epoch, events } => self.events(now, room, epoch, &events),
            News::Account { account, frame } | News::Read { account, frame, .. } => {
                for conn in self.connections_of(account) {
                    self.outputs.push_back(Output::Send(conn, frame.clone()));
                }
            }
            News::Person { person, frame } => self.person(person.id, &frame),
            News::Typing { room, who, thread } => self.somebody_types(room, who, thread),
            // Those who have a word for it hear of it beside the hub.
            News::Received { .. } | News::Profile { .. } => {}
            News::Presence { shard, changes } => self.presence_told(shard, &changes),
            News::Fence { account, epoch } => {
                self.close_where(account, Code::Replaced, |who| who.epoch == epoch);
            }
            News::EndSession { account, session } => {
                self.close_where(account, Code::SignedOut, |who| who.session == session);
            }
            News::EndAccount { account, code } => self.close_where(account, code, |_| true),
        }
    }

    fn events(&mut self, now: Instant, id: RoomId, epoch: Epoch, events: &[Arc<Published>]) {
        self.hear(now, id, events);
        if !self.rooms.contains_key(&id) {
            self.load_for_joins(now, id, events);
            return;
        }
        let mut lost = false;
        for published in events {
            lost |= !self.arrive(now, id, epoch, published);
        }
        if lost {
            self.ask_for_hole(id);
        }
    }

    /// One event of a room in memory. False when it had to be dropped.
    fn arrive(
        &mut self,
        now: Instant,
        id: RoomId,
        epoch: Epoch,
        published: &Arc<Published>,
    ) -> bool {
        let Some(room) = self.rooms.get_mut(&id) else { return true };
        let seq = published.event.seq;
        match room.head() {
            // A history is replaced by a restore, which needs all nodes stopped.
            Some((known, _)) if known != epoch => return true,
            Some((_, head)) if seq <= head => {
                self.settle_membership(now, id, &published.event.what);
                return true;
            }
            Some((_, head)) if seq == head.next() => {}
            Some(_) => {
                let until = now.plus_ms(self.limits.reorder_ms);
                self.early.entry(id).or_insert(until);
                return room.keep_early(published, EARLY_BYTES_MAX);
            }
            None => return room.keep_early(published, EARLY_BYTES_MAX),
        }
        self.apply(now, id, published);
        self.apply_early(now, id);
        true
    }

    /// An event that was known from the store before its news came: whoever it brought in or took out
    /// may have been here all along.
    fn settle_membership(&mut self, now: Instant, id: RoomId, what: &What) {
        let (What::Join { who, .. } | What::Leave { who, .. }) = what else { return };
        let member = self.rooms.get(&id).is_some_and(|room| room.has_member(*who));
        for conn in self.connections_of(*who) {
            if member {
                self.subscribe(conn, id);
            } else {
                self.unsubscribe(now, conn, id);
            }
        }
    }

    fn apply_early(&mut self, now: Instant, id: RoomId) {
        while let Some(published) = self.rooms.get_mut(&id).and_then(Room::take_early) {
            self.apply(now, id, &published);
        }
        match self.rooms.get(&id) {
            Some(room) if room.has_early() => {
                self.early.entry(id).or_insert(now.plus_ms(self.limits.reorder_ms));
            }
            Some(_) | None => {
                self.early.remove(&id);
            }
        }
    }

    /// Applies the event after the room's last, and sends it to everybody here.
    fn apply(&mut self, now: Instant, id: RoomId, published: &Published) {
        let ring_bytes_max = self.ring_bytes_max();
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.apply(published, ring_bytes_max);
        match &published.event.what {
            What::Join { who, .. } => {
                for conn in self.connections_of(*who) {
                    self.subscribe(conn, id);
                }
            }
            // Whoever leaves still learns that.
            What::Leave { who, .. } => {
                for conn in self.connections_of(*who) {
                    self.outputs.push_back(Output::Send(conn, published.frame().clone()));
                    self.unsubscribe(now, conn, id);
                }
            }
            What::Message(_)
            | What::Edit { .. }
            | What::Delete { .. }
            | What::React { .. }
            | What::Pin { .. }
            | What::Role { .. }
            | What::Room(_) => {}
        }
        if !self.connections(id).is_empty() {
            self.outputs.push_back(Output::FanOut(id, published.frame().clone()));
        }
    }

    /// A room that nobody here was in: it is loaded if somebody here has come into it.
    fn load_for_joins(&mut self, now: Instant, id: RoomId, events: &[Arc<Published>]) {
        let mut stands: Vec<(Conn, Seq)> = Vec::new();
        for published in events {
            if let What::Join { who, .. } = published.event.what {
                let before = Seq(published.event.seq.0.saturating_sub(1));
                stands.extend(self.connections_of(who).into_iter().map(|conn| (conn, before)));
            }
        }
        let Some(first) = events.first().filter(|_| !stands.is_empty()) else { return };
        // Who comes into a room sees it from there on: as news, not as something missed.
        let from = Seq(first.event.seq.0.saturating_sub(1));
        self.load(now, id);
        for (conn, before) in stands {
            self.wait_for(conn, id, before.max(from));
        }
    }

    /// Has a room read, unless it is here or on its way.
    pub(super) fn load(&mut self, now: Instant, id: RoomId) {
        if let Entry::Vacant(place) = self.rooms.entry(id) {
            place.insert(Room::loading(now));
            self.outputs.push_back(Output::Load(id));
        }
    }

    pub(super) fn loaded(&mut self, now: Instant, id: RoomId, load: Option<Load>) {
        let ring_bytes_max = self.ring_bytes_max();
        let Some(room) = self.rooms.get_mut(&id).filter(|room| !room.is_loaded()) else { return };
        let waiting = std::mem::take(&mut room.waiting);
        let opening = std::mem::take(&mut room.opening);
        match load {
            Some(load) => room.load(load, ring_bytes_max),
            None => {
                self.rooms.remove(&id);
            }
        }
        for (conn, at, claimed) in waiting {
            self.enter(conn, id, at, claimed);
            self.settled(conn);
        }
        for conn in opening {
            match self.rooms.contains_key(&id) {
                true => self.open(now, conn, id),
                false => self.outputs.push_back(Output::Refuse(conn, Some(id), Code::NotFound)),
            }
        }
        self.apply_early(now, id);
    }

    /// Puts a connection into a room in memory, if it may be there, and gives it what it missed.
    pub(super) fn enter(&mut self, conn: Conn, id: RoomId, at: Position, claimed: bool) {
        let Some(Some(attached)) = self.conns.get_mut(conn as usize) else { return };
        let account = attached.who.account;
        let Some(room) = self.rooms.get_mut(&id).filter(|r| r.has_member(account)) else {
            return;
        };
        let left = self.limits.missed_bytes_max.saturating_sub(attached.missed_bytes as usize);
        if let Missing::Frame(frame) = room.missing(id, (at, claimed), left) {
            let bytes = u32::try_from(frame.len()).unwrap_or(u32::MAX);
            attached.missed_bytes = attached.missed_bytes.saturating_add(bytes);
            self.outputs.push_back(Output::Send(conn, frame));
        }
        self.subscribe(conn, id);
    }

    pub(super) fn look_for_holes(&mut self) {
        let ids: Vec<RoomId> = self.rooms.keys().copied().collect();
        for id in ids {
            self.ask_for_hole(id);
        }
    }

    pub(super) fn ask_for_hole(&mut self, id: RoomId) {
        let Some((_, head)) = self.position(id) else { return };
        if let Some(room) = self.rooms.get_mut(&id)
            && !room.catching_up
        {
            room.catching_up = true;
            self.outputs.push_back(Output::CatchUp(id, head));
        }
    }

    /// What the store has after a position. It is asked again until it has nothing more.
    pub(super) fn caught_up(&mut self, now: Instant, id: RoomId, events: Vec<Event>) {
        let Some((epoch, _)) = self.position(id) else { return };
        if let Some(room) = self.rooms.get_mut(&id) {
            room.catching_up = false;
        }
        let more = !events.is_empty();
        for event in events {
            let published = Arc::new(Published::new(id, event));
            self.arrive(now, id, epoch, &published);
        }
        if more {
            self.ask_for_hole(id);
        } else {
            self.apply_early(now, id);
        }
    }

    /// Gives a member a room's state: from memory, or as soon as it has been read.
    pub(super) fn open(&mut self, now: Instant, conn: Conn, id: RoomId) {
        let Some(who) = self.who(conn) else { return };
        // A room that somebody here has just come into may not be in memory yet.
        self.load(now, id);
        let Some(room) = self.rooms.get_mut(&id) else { return };
        if !room.is_loaded() {
            room.opening.push(conn);
            self.note_opened(conn);
            return;
        }
        if !room.has_member(who.account) {
            self.outputs.push_back(Output::Refuse(conn, Some(id), Code::NotFound));
            return;
        }
        if let Some((state, delta)) = room.snapshot(now, id) {
            self.outputs.push_back(Output::Send(conn, state));
            self.outputs.extend(delta.map(|delta| Output::Send(conn, delta)));
            self.subscribe(conn, id);
            return;
        }
        if !room.opening.contains(&conn) {
            room.opening.push(conn);
        }
        if !room.reading {
            room.reading = true;
            self.outputs.push_back(Output::ReadSnapshot(id));
        }
    }

    pub(super) fn snapshot_read(
        &mut self,
        now: Instant,
        id: RoomId,
        snapshot: Option<(Position, Bytes)>,
    ) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        room.reading = false;
        let opening = std::mem::take(&mut room.opening);
        let Some((at, frame)) = snapshot else {
            for conn in opening {
                self.outputs.push_back(Output::Refuse(conn, Some(id), Code::StoreBusy));
            }
            return;
        };
        room.keep_snapshot(now, at, frame.clone());
        let delta = room.snapshot(now, id).and_then(|(_, delta)| delta);
        for conn in opening {
            // Who left while it was read gets nothing.
            let here = |account: AccountId| {
                self.rooms.get(&id).is_some_and(|room| room.has_member(account))
            };
            if self.who(conn).is_some_and(|who| here(who.account)) {
                self.outputs.push_back(Output::Send(conn, frame.clone()));
                self.outputs.extend(delta.clone().map(|delta| Output::Send(conn, delta)));
                self.subscribe(conn, id);
            }
        }
    }
}
