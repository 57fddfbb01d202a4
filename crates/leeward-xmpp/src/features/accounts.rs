//! What a station knows of the accounts that are here, or were until lately: their direct rooms, so that
//! whoever comes back need not have them read again.

use super::direct;
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
    /// The direct rooms of two that are listened to.
    rooms: BTreeMap<RoomId, Listened>,
    /// Accounts to be forgotten, and when.
    due: BTreeMap<AccountId, Instant>,
}

/// A direct room that is listened to.
struct Listened {
    /// How many of the two are known here.
    ends: u8,
    /// What was heard last.
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
        self.room(account, other).is_some()
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
    pub(super) fn ends(&self, room: RoomId) -> Option<Vec<AccountId>> {
        self.rooms.get(&room)?;
        let in_it = |(_, known): &(&AccountId, &Known)| known.direct.contains_key(&room);
        Some(self.known.iter().filter(in_it).map(|(account, _)| *account).collect())
    }

    /// Direct rooms of an account with what was heard of each last.
    pub(super) fn positions(&self, account: AccountId) -> Vec<(RoomId, Seq)> {
        let rooms = self.known.get(&account).into_iter().flat_map(|known| known.direct.keys());
        rooms.filter_map(|room| Some((*room, self.rooms.get(room)?.heard))).collect()
    }

    /// An event of a direct room has been heard. False: it is none, was heard before, or is older than
    /// those who listen.
    pub(super) fn hear(&mut self, room: RoomId, event: &Event) -> bool {
        match self.rooms.get_mut(&room) {
            Some(listened) if event.seq > listened.heard => {
                listened.heard = event.seq;
                event.at >= listened.since
            }
            Some(_) | None => false,
        }
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
        self.due.values().copied().min()
    }
}

/// Somebody is here: their rooms are read, unless what is known of them is as new as they are.
pub(super) fn came(station: &mut Station, around: Around<'_>, account: AccountId) {
    station.accounts.due.remove(&account);
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
        for (room, from, since) in fresh {
            if let Some(heard) = listen(station, room, from, since) {
                direct::missed(station, (account, room), (from, heard), since);
            }
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
            && known.direct.insert(room.id, other).is_none()
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

/// Listens to a room for one more of its two. What was heard of it last, if the other has heard more
/// than this one wants: that was not told to this one.
fn listen(station: &mut Station, room: RoomId, from: Seq, since: Millis) -> Option<Seq> {
    match station.accounts.rooms.get_mut(&room) {
        Some(listened) => {
            listened.ends += 1;
            Some(listened.heard).filter(|heard| *heard > from)
        }
        None => {
            station.accounts.rooms.insert(room, Listened { ends: 1, heard: from, since });
            station.output(Output::Listen(room, from));
            None
        }
    }
}

/// A direct room has just been made, or found.
pub(super) fn found(
    station: &mut Station,
    account: AccountId,
    other: AccountId,
    (room, made): (RoomId, bool),
) {
    station.accounts.known.entry(account).or_default();
    // One that was there before comes with the account's list, from where it stands.
    if !made {
        return;
    }
    // The other may be here as well, and is not to miss the first word.
    for (account, with) in [(account, other), (other, account)] {
        let known = station.accounts.known.get_mut(&account);
        if known.is_some_and(|known| known.direct.insert(room, with).is_none()) {
            listen(station, room, Seq(0), Millis(0));
        }
    }
}

/// A client of an account is gone.
pub(super) fn gone(station: &mut Station, around: Around<'_>, conn: Conn) {
    let Some(account) = station.client(conn).map(crate::station::Client::account) else { return };
    if station.clients_of(account).len() <= 1 {
        station.accounts.due.insert(account, around.now.plus_ms(KEPT_MS));
    }
}

/// Forgets those who have been away for long.
pub(super) fn tick(station: &mut Station, around: Around<'_>) {
    let due = station.accounts.due.extract_if(.., |_, due| *due <= around.now);
    let due: Vec<AccountId> = due.map(|(account, _)| account).collect();
    for account in due {
        let Some(known) = station.accounts.known.remove(&account) else { continue };
        for room in known.direct.into_keys() {
            let Some(listened) = station.accounts.rooms.get_mut(&room) else { continue };
            listened.ends -= 1;
            if listened.ends == 0 {
                station.accounts.rooms.remove(&room);
                station.output(Output::Unlisten(room));
            }
        }
    }
}
