//! Who is connected, and what they do, as others see it.
//!
//! Changes are gathered for a second and told once; going away is told only after a few more, so that
//! a connection that is resumed at once is not seen to blink.

use super::attend::framed;
use super::{Conn, Hub, News, Output, Shed, Who};
use crate::id::{AccountId, Instant, RoomId};
use crate::wire::{Presence, ServerFrame};
use bytes::Bytes;
use std::collections::{BTreeMap, BTreeSet};

/// How long changes are gathered, in milliseconds.
const GATHER_MS: u64 = 1_000;
/// How long somebody may be gone before others are told, in milliseconds: the spread over which
/// clients come back, and one more gathering.
const OFFLINE_AFTER_MS: u64 = 6_000;

/// A connection of this shard that was let in.
pub(super) struct Attached {
    pub(super) who: Who,
    pub(super) presence: Presence,
    /// The client has been told that it is in sync.
    pub(super) in_sync: bool,
    /// It hears its rooms in another way.
    pub(super) apart: bool,
    /// It asked for a room that was not loaded.
    pub(super) opened: bool,
    /// Bytes of what it missed that it has been sent.
    pub(super) missed_bytes: u32,
    /// Rooms it waits for.
    pub(super) expected: u32,
    /// Rooms whose events it gets.
    pub(super) rooms: Vec<RoomId>,
    /// Those of them whose presence it gets; sorted.
    pub(super) watched: Vec<RoomId>,
}

impl Attached {
    pub(super) fn new(who: Who, rooms: usize) -> Self {
        Self {
            who,
            presence: Presence::Online,
            in_sync: false,
            apart: false,
            opened: false,
            missed_bytes: 0,
            expected: 0,
            rooms: Vec::with_capacity(rooms),
            watched: Vec::new(),
        }
    }
}

/// Who does what, on all shards.
#[derive(Default)]
pub(super) struct Board {
    /// What each shard says of the accounts connected to it; those it does not name are offline.
    said: BTreeMap<(AccountId, u32), Presence>,
    /// Accounts of this shard whose presence may have changed, and when to look.
    due: BTreeMap<AccountId, Instant>,
    /// The same in the order in which they are due: a whole house that comes back is looked at one by
    /// one, each time without a look at all the others.
    line: BTreeSet<(Instant, AccountId)>,
    /// The whole presence of rooms, encoded; dropped by any change.
    whole: BTreeMap<RoomId, Bytes>,
    shedding: Shed,
}

impl Board {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.line.first().map(|(when, _)| *when)
    }

    /// What an account does, on whichever shard it does most.
    pub(super) fn presence(&self, account: AccountId) -> Presence {
        let all = self.said.range((account, 0)..=(account, u32::MAX)).map(|(_, p)| *p);
        all.reduce(more_present).unwrap_or(Presence::Offline)
    }

    fn look_at(&mut self, account: AccountId, when: Instant) {
        if let Some(before) = self.due.insert(account, when) {
            self.line.remove(&(before, account));
        }
        self.line.insert((when, account));
    }

    fn take_due(&mut self, now: Instant) -> Vec<AccountId> {
        let mut due = Vec::new();
        while let Some((when, account)) = self.line.first().copied()
            && when <= now
        {
            self.line.pop_first();
            self.due.remove(&account);
            due.push(account);
        }
        due
    }
}

fn more_present(a: Presence, b: Presence) -> Presence {
    match (a, b) {
        (Presence::Online, _) | (_, Presence::Online) => Presence::Online,
        (Presence::Away, _) | (_, Presence::Away) => Presence::Away,
        (Presence::Offline, Presence::Offline) => Presence::Offline,
    }
}

impl Hub {
    /// Somebody's connection came.
    pub(super) fn came(&mut self, now: Instant, who: Who) {
        self.presence.look_at(who.account, now.plus_ms(GATHER_MS));
    }

    /// Somebody's connection went.
    pub(super) fn went(&mut self, now: Instant, who: Who) {
        let wait = match self.here(who.account) {
            Presence::Offline => OFFLINE_AFTER_MS,
            Presence::Online | Presence::Away => GATHER_MS,
        };
        self.presence.look_at(who.account, now.plus_ms(wait));
    }

    /// Somebody says what they do.
    pub(super) fn note_presence(&mut self, now: Instant, account: AccountId) {
        self.presence.look_at(account, now.plus_ms(GATHER_MS));
    }

    /// What an account does on this shard.
    fn here(&self, account: AccountId) -> Presence {
        let conns = self.accounts.range((account, 0)..=(account, Conn::MAX));
        let presences = conns.filter_map(|(_, conn)| self.conns.get(*conn as usize)?.as_ref());
        presences.map(|a| a.presence).reduce(more_present).unwrap_or(Presence::Offline)
    }

    /// Tells all shards what has changed here.
    pub(super) fn tell_presence(&mut self, now: Instant) {
        let due = self.presence.take_due(now);
        let said = |account| self.presence.said.get(&(account, self.shard)).copied();
        let changed = |account: &AccountId| {
            let is = self.here(*account);
            (is != said(*account).unwrap_or(Presence::Offline)).then_some((*account, is))
        };
        let changes: Vec<_> = due.iter().filter_map(changed).collect();
        if !changes.is_empty() {
            let changes = changes.into();
            self.outputs.push_back(Output::Publish(News::Presence { shard: self.shard, changes }));
        }
    }

    /// A shard says what has changed there.
    pub(super) fn presence_told(&mut self, shard: u32, changes: &[(AccountId, Presence)]) {
        let mut seen = Vec::new();
        for &(account, presence) in changes {
            let before = self.presence.presence(account);
            match presence {
                Presence::Offline => self.presence.said.remove(&(account, shard)),
                Presence::Online | Presence::Away => {
                    self.presence.said.insert((account, shard), presence)
                }
            };
            let after = self.presence.presence(account);
            if before != after {
                seen.push((account, after));
            }
        }
        if seen.is_empty() {
            return;
        }
        self.presence.whole.clear();
        if self.sheds(Shed::Presence) {
            return;
        }
        for (&id, room) in self.rooms.iter().filter(|(_, room)| !room.watchers.is_empty()) {
            let here = |(account, _): &&(AccountId, Presence)| room.has_member(*account);
            let people: Vec<_> = seen.iter().filter(here).copied().collect();
            if people.is_empty() {
                continue;
            }
            let frame = framed(&ServerFrame::Presence { room: id, people, whole: false });
            let sends = room.watchers.iter().map(|conn| Output::Send(*conn, frame.clone()));
            self.outputs.extend(sends);
        }
    }

    /// Shows a connection who is here in a room that it watches.
    pub(super) fn show_presence(&mut self, conn: Conn, id: RoomId) {
        if self.sheds(Shed::Presence) {
            return;
        }
        let Some(room) = self.rooms.get(&id) else { return };
        let board = &self.presence;
        let frame = board.whole.get(&id).cloned().unwrap_or_else(|| {
            let members = room.members().iter().map(|account| (*account, board.presence(*account)));
            let people = members.filter(|(_, p)| *p != Presence::Offline).collect();
            framed(&ServerFrame::Presence { room: id, people, whole: true })
        });
        self.presence.whole.insert(id, frame.clone());
        self.outputs.push_back(Output::Send(conn, frame));
    }

    pub(super) fn sheds(&self, what: Shed) -> bool {
        self.presence.shedding >= what
    }

    /// What is shed or comes back; who watches is told.
    pub(super) fn shed(&mut self, level: Shed) {
        let before = std::mem::replace(&mut self.presence.shedding, level);
        if before == level {
            return;
        }
        let back = before >= Shed::Presence && level < Shed::Presence;
        let what = level.what().map(|what| what.as_str().to_owned()).collect();
        let frame = framed(&ServerFrame::Shed { what });
        let watching: Vec<(Conn, Vec<RoomId>)> = (0..)
            .zip(&self.conns)
            .filter_map(|(conn, a)| Some((conn, a.as_ref()?.watched.clone())))
            .filter(|(_, watched)| !watched.is_empty())
            .collect();
        for (conn, watched) in watching {
            self.outputs.push_back(Output::Send(conn, frame.clone()));
            for id in watched.into_iter().filter(|_| back) {
                self.show_presence(conn, id);
            }
        }
    }
}
