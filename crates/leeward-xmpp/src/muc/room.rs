//! One room as a station keeps it, from when somebody comes until a while after the last has gone.

use super::memory::Memory;
use super::render::{Frame, View};
use super::standing::{SEEN_MAX, Scene, Seen};
use crate::jid::Jid;
use crate::station::{About, Around, Conn, Domain, RoomState};
use leeward_core::account::Role;
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Instant, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::rules;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// What rooms of more than two people that have no name are called before their number.
pub(super) const GROUP: &str = "group-";

/// One room.
pub(super) struct Room {
    pub(super) id: RoomId,
    /// Which time that a room came into memory: what was asked before that is of no use.
    pub(super) load: u64,
    /// Where it is: `lobby@rooms.chat.example.org`.
    pub(super) address: Arc<str>,
    pub(super) facts: RoomFacts,
    pub(super) members: BTreeMap<AccountId, MemberRole>,
    /// The last event that everybody in `here` was sent.
    pub(super) head: Seq,
    pub(super) memory: Memory,
    pub(super) seen: Seen,
    /// Clients that are in it and have seen everything up to `head`.
    pub(super) here: BTreeSet<Conn>,
    /// Clients that are in it and have seen everything up to there.
    pub(super) behind: BTreeMap<Conn, Seq>,
    /// From where on the store has been asked what those missed.
    pub(super) reading: Option<Seq>,
    /// Events in their order, of which the first waits to learn what it is about.
    pub(super) heard: VecDeque<Event>,
    pub(super) asking: bool,
    /// What the first of them is about, as the store has answered.
    pub(super) learnt: Option<Option<About>>,
    /// Who types, since when at most.
    pub(super) typing: BTreeMap<AccountId, Instant>,
    /// When the last client went.
    pub(super) left: Instant,
}

/// What somebody may know of a room.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Access {
    /// Everything: they are in it.
    Member(MemberRole),
    /// Everything: anybody may come in.
    Open,
    /// Not even that it is there.
    Hidden,
}

impl Room {
    pub(super) fn new(around: Around<'_>, domain: &Domain, state: RoomState) -> Self {
        let members = state.members.iter().map(|member| (member.account, member.role)).collect();
        let mut room = Self {
            id: state.room,
            load: 0,
            address: address(domain, state.room, &state.facts).into(),
            facts: state.facts,
            members,
            head: state.at.seq,
            memory: Memory::new(state.at.seq, state.lines),
            seen: Seen::default(),
            here: BTreeSet::new(),
            behind: BTreeMap::new(),
            reading: None,
            heard: VecDeque::new(),
            asking: false,
            learnt: None,
            typing: BTreeMap::new(),
            left: around.now,
        };
        room.look_at_all(around, domain);
        room
    }

    /// Looks anew at everybody, because something about the room has changed.
    pub(super) fn look_at_all(&mut self, around: Around<'_>, domain: &Domain) {
        let everybody = self.everybody_is_seen();
        let Self { id, address, facts, members, seen, .. } = self;
        let scene = Scene { domain, names: around.names, room: *id, address, facts };
        for (who, role) in members {
            seen.look(scene, *who, *role, everybody);
        }
    }

    pub(super) fn everybody_is_seen(&self) -> bool {
        self.members.len() <= SEEN_MAX
    }

    pub(super) fn scene<'a>(&'a self, around: Around<'a>, domain: &'a Domain) -> Scene<'a> {
        Scene {
            domain,
            names: around.names,
            room: self.id,
            address: &self.address,
            facts: &self.facts,
        }
    }

    /// What its events are rendered from for those who are in it.
    pub(super) fn view<'a>(&'a self, around: Around<'a>, domain: &'a Domain) -> View<'a> {
        let frame = Frame { room: self.id, by: &self.address, group: true, delayed: false };
        View { domain, names: around.names, frame, quoted: None }
    }

    /// Everybody's clients that are in it.
    pub(super) fn clients(&self) -> Vec<Conn> {
        self.here.iter().chain(self.behind.keys()).copied().collect()
    }

    pub(super) fn has(&self, conn: Conn) -> bool {
        self.here.contains(&conn) || self.behind.contains_key(&conn)
    }

    /// Takes a client out.
    pub(super) fn forget(&mut self, conn: Conn, now: Instant) {
        self.here.remove(&conn);
        self.behind.remove(&conn);
        self.left = now;
    }

    pub(super) fn is_empty(&self) -> bool {
        self.here.is_empty() && self.behind.is_empty()
    }

    /// What an account with this role in the workspace may know of it.
    pub(super) fn access(&self, account: AccountId, role: Role) -> Access {
        match self.members.get(&account) {
            Some(member) => Access::Member(*member),
            None if rules::may_read(&self.facts, None, role).is_ok() => Access::Open,
            None => Access::Hidden,
        }
    }

    /// Whether an account moderates it.
    pub(super) fn moderates(&self, account: AccountId, role: Role) -> bool {
        rules::moderates(&self.facts, self.members.get(&account).copied(), role)
    }
}

/// Where a room is.
pub(super) fn address(domain: &Domain, room: RoomId, facts: &RoomFacts) -> String {
    let local = match facts.room_kind {
        RoomKind::Public | RoomKind::Private => facts.name.clone(),
        RoomKind::Direct => format!("{GROUP}{room}"),
    };
    Jid::of(&local, &service(domain)).to_string()
}

/// Where rooms are.
pub(super) fn service(domain: &Domain) -> String {
    format!("rooms.{}", domain.name)
}
