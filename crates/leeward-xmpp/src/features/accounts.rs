//! What a station knows of the accounts that are here, or were until lately: their direct rooms, so that
//! whoever comes back need not have them read again.

use crate::station::{Answer, Around, Conn, Output, Question, Station};
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Instant, Millis, RoomId, Seq};
use leeward_core::room::{RoomKind, RoomSummary};
use std::collections::{BTreeMap, BTreeSet};

/// How long an account is remembered of which nobody is here, in milliseconds.
const KEPT_MS: u64 = 15 * 60_000;

/// Events that may come in a room while its account's list is read.
const LATE_MAX: u64 = 64;

/// The accounts known.
#[derive(Default)]
pub struct Accounts {
    known: BTreeMap<AccountId, Known>,
    /// The direct rooms of two that are listened to, and for whom: never for nobody.
    rooms: BTreeMap<RoomId, Vec<End>>,
    /// Who is known here and has a direct room with whom, by the other.
    with: BTreeSet<(AccountId, AccountId)>,
    /// Accounts to be forgotten, and when; and the same by the time.
    due: BTreeMap<AccountId, Instant>,
    due_at: BTreeSet<(Instant, AccountId)>,
}

/// One of the two of a direct room that is listened to. Each has a place of its own: their rooms are
/// read at different times.
struct End {
    account: AccountId,
    /// What was told last.
    heard: Seq,
    /// What was said before is not told: it is in the archive.
    since: Millis,
}

#[derive(Default)]
struct Known {
    version: u64,
    /// Direct rooms of two, and who is at the other end.
    direct: BTreeMap<RoomId, AccountId>,
    asking: bool,
    read: bool,
}

impl Accounts {
    /// With whom an account has a direct room.
    pub(crate) fn direct_with(&self, account: AccountId) -> BTreeSet<AccountId> {
        let known = self.known.get(&account);
        known.map(|known| known.direct.values().copied().collect()).unwrap_or_default()
    }

    /// Whether two have a direct room, as far as the first is known.
    pub(crate) fn is_direct(&self, account: AccountId, other: AccountId) -> bool {
        self.with.contains(&(other, account))
    }

    /// Who is known here and has a direct room with somebody.
    pub(crate) fn known_with(&self, other: AccountId) -> impl Iterator<Item = AccountId> {
        self.with
            .range((other, AccountId(0))..=(other, AccountId(u64::MAX)))
            .map(|(_, known)| *known)
    }

    fn meet(&mut self, account: AccountId, room: RoomId, other: AccountId) -> bool {
        let known = self.known.entry(account).or_default();
        let fresh = known.direct.insert(room, other).is_none();
        self.with.insert((other, account));
        fresh
    }

    fn forget_at(&mut self, account: AccountId, at: Option<Instant>) {
        if let Some(before) = self.due.remove(&account) {
            self.due_at.remove(&(before, account));
        }
        if let Some(at) = at {
            self.due.insert(account, at);
            self.due_at.insert((at, account));
        }
    }

    /// The direct room of two.
    pub(crate) fn room(&self, account: AccountId, other: AccountId) -> Option<RoomId> {
        let known = self.known.get(&account)?;
        known.direct.iter().find(|(_, with)| **with == other).map(|(room, _)| *room)
    }

    /// Who is at the other end of a direct room.
    pub(crate) fn other(&self, account: AccountId, room: RoomId) -> Option<AccountId> {
        self.known.get(&account)?.direct.get(&room).copied()
    }

    /// The two of a direct room that is listened to, as far as they are known here.
    pub(super) fn ends(&self, room: RoomId) -> Vec<AccountId> {
        self.rooms.get(&room).into_iter().flatten().map(|end| end.account).collect()
    }

    /// Direct rooms of an account with what was heard of each last.
    pub(super) fn positions(&self, account: AccountId) -> Vec<(RoomId, Seq)> {
        let rooms = self.known.get(&account).into_iter().flat_map(|known| known.direct.keys());
        rooms.filter_map(|room| Some((*room, self.end(*room, account)?.heard))).collect()
    }

    fn end(&self, room: RoomId, account: AccountId) -> Option<&End> {
        self.rooms.get(&room)?.iter().find(|end| end.account == account)
    }

    /// An event of a direct room has been heard: to whom it is told, which is none of those who have
    /// heard it before, or are here only since.
    pub(super) fn hear(&mut self, room: RoomId, event: &Event) -> Vec<AccountId> {
        let mut told = Vec::new();
        for end in self.rooms.get_mut(&room).into_iter().flatten() {
            if event.seq > end.heard {
                end.heard = event.seq;
                if event.at >= end.since {
                    told.push(end.account);
                }
            }
        }
        told
    }

    pub(super) fn is_listened(&self, room: RoomId) -> bool {
        self.rooms.contains_key(&room)
    }

    /// What is known of an account is as new as this.
    pub(super) fn is_at(&mut self, account: AccountId, version: u64) {
        if let Some(known) = self.known.get_mut(&account) {
            known.version = version;
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.due_at.first().map(|(at, _)| *at)
    }
}

/// Somebody is here: their rooms are read, unless what is known of them is as new as they are.
pub(super) fn came(station: &mut Station, around: Around<'_>, account: AccountId) {
    station.accounts.forget_at(account, None);
    look(station, around, account);
}

/// An account's own list has changed.
pub(super) fn look(station: &mut Station, around: Around<'_>, account: AccountId) {
    let version = around.names.version(account);
    let known = station.accounts.known.entry(account).or_default();
    if known.asking || known.read && known.version >= version {
        return;
    }
    known.asking = true;
    let asked = around.names.wall();
    station.ask(Question::Account(account), move |station, around, answer| {
        let Answer::Account(version, rooms) = answer else {
            if let Some(known) = station.accounts.known.get_mut(&account) {
                known.asking = false;
            }
            return;
        };
        let fresh = take_in(station, account, (version, asked), &rooms);
        for (room, heard, since) in fresh {
            listen(station, room, End { account, heard, since });
        }
        // It may have changed again while it was read.
        look(station, around, account);
    });
}

/// Takes in an account's list, asked for at that time; the direct rooms that are new, and from where and
/// when they are to be heard: one that has come into being since from its beginning, and the others from
/// where they stood when it was asked, which may be before it was read.
fn take_in(
    station: &mut Station,
    account: AccountId,
    (version, asked): (u64, Millis),
    rooms: &[RoomSummary],
) -> Vec<(RoomId, Seq, Millis)> {
    let Some(known) = station.accounts.known.get_mut(&account) else { return Vec::new() };
    (known.asking, known.version) = (false, version);
    let before = std::mem::replace(&mut known.read, true);
    let mut fresh = Vec::new();
    for room in rooms.iter().filter(|room| room.facts.room_kind == RoomKind::Direct) {
        if let [other] = room.with[..]
            && station.accounts.meet(account, room.id, other)
        {
            let early = Seq(room.head.0.saturating_sub(LATE_MAX));
            fresh.push(match before {
                true => (room.id, Seq(0), Millis(0)),
                false if room.last_at >= asked => (room.id, early, asked),
                false => (room.id, room.head, asked),
            });
        }
    }
    fresh
}

/// Listens to a direct room for one more of the two. What came before they were known, and is to be
/// told to them, is heard again; the other is not told twice.
fn listen(station: &mut Station, room: RoomId, end: End) {
    let ends = station.accounts.rooms.entry(room).or_default();
    let reached = ends.iter().map(|other| other.heard).min();
    let from = end.heard;
    ends.push(end);
    match reached {
        None => station.output(Output::Listen(room, from)),
        Some(reached) if from < reached => {
            station.output(Output::Unlisten(room));
            station.output(Output::Listen(room, from));
        }
        Some(_) => {}
    }
}

/// A direct room has just been made, or found.
pub(super) fn found(
    station: &mut Station,
    account: AccountId,
    other: AccountId,
    (room, made): (RoomId, bool),
) {
    // One that was there before comes with the account's list, from where it stands.
    if made && station.accounts.meet(account, room, other) {
        listen(station, room, End { account, heard: Seq(0), since: Millis(0) });
    }
}

/// A client of an account is gone.
pub(super) fn gone(station: &mut Station, around: Around<'_>, conn: Conn) {
    let Some(account) = station.client(conn).map(crate::station::Client::account) else { return };
    if station.clients_of(account).len() <= 1 {
        station.accounts.forget_at(account, Some(around.now.plus_ms(KEPT_MS)));
    }
}

/// Forgets those who have been away for long.
pub(super) fn tick(station: &mut Station, around: Around<'_>) {
    while let Some((at, account)) = station.accounts.due_at.first().copied()
        && at <= around.now
    {
        station.accounts.forget_at(account, None);
        let Some(known) = station.accounts.known.remove(&account) else { continue };
        for (room, other) in known.direct {
            station.accounts.with.remove(&(other, account));
            let Some(ends) = station.accounts.rooms.get_mut(&room) else { continue };
            ends.retain(|end| end.account != account);
            if ends.is_empty() {
                station.accounts.rooms.remove(&room);
                station.output(Output::Unlisten(room));
            }
        }
    }
}
