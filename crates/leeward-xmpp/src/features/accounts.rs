//! What a station knows of the accounts that are here, or were until lately: their direct rooms, so that
//! whoever comes back need not have them read again.

use super::{blocking, direct};
use crate::station::{Answer, Around, Conn, Output, Question, Station};
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Instant, Millis, RoomId, Seq};
use leeward_core::room::{RoomKind, RoomSummary};
use std::collections::{BTreeMap, BTreeSet};

/// How long an account is remembered of which nobody is here, in milliseconds.
const KEPT_MS: u64 = 15 * 60_000;

/// Events that may come in a room while its account's list is read.
const LATE_MAX: u64 = 64;
/// How long after the store could not answer it is asked again, in milliseconds.
const AGAIN_MS: u64 = 2_000;
/// How long it may take until a room is listened to that has come into being, in milliseconds.
const UNHEARD_MS: u64 = 10_000;
/// Events of a room that has come into being while a client slept, that it is sent.
const NEW_MAX: u64 = 500;

/// The accounts known.
#[derive(Default)]
pub struct Accounts {
    known: BTreeMap<AccountId, Known>,
    /// The direct rooms of two that are listened to.
    rooms: BTreeMap<RoomId, Listened>,
    /// Who is known here and has a direct room with whom, by the other.
    with: BTreeSet<(AccountId, AccountId)>,
    /// Accounts to be forgotten, by the time: as [`Known::due`].
    due: BTreeSet<(Instant, AccountId)>,
    /// Accounts to be read once more because they could not be, and when.
    again: BTreeMap<AccountId, Instant>,
}

/// A direct room that is listened to.
struct Listened {
    /// Those of the two that are known here.
    ends: BTreeSet<AccountId>,
    /// What was heard last.
    heard: Seq,
    /// What was in it when its account was read last.
    listed: Seq,
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
    /// Whom it does not want to hear from.
    blocked: BTreeSet<AccountId>,
    /// When it is to be forgotten, if nobody comes.
    due: Option<Instant>,
    /// Clients that have come back before it was read, and what each has seen.
    waking: Vec<(Conn, u64, Seen)>,
}

/// What a client has seen of direct rooms, and since when it has seen nothing.
pub(super) type Seen = (BTreeMap<RoomId, Seq>, Millis);

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

    /// Whether somebody does not want to hear from another.
    pub(super) fn blocks(&self, account: AccountId, other: AccountId) -> bool {
        self.known.get(&account).is_some_and(|known| known.blocked.contains(&other))
    }

    pub(super) fn block(&mut self, account: AccountId, blocked: BTreeSet<AccountId>) {
        if let Some(known) = self.known.get_mut(&account) {
            known.blocked = blocked;
        }
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
        let Some(known) = self.known.get_mut(&account) else { return };
        if let Some(before) = std::mem::replace(&mut known.due, at) {
            self.due.remove(&(before, account));
        }
        self.due.extend(at.map(|at| (at, account)));
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
        Some(self.rooms.get(&room)?.ends.iter().copied().collect())
    }

    /// Direct rooms of an account with what was heard of each.
    fn positions(&self, account: AccountId) -> Vec<(RoomId, &Listened)> {
        let rooms = self.known.get(&account).into_iter().flat_map(|known| known.direct.keys());
        rooms.filter_map(|room| Some((*room, self.rooms.get(room)?))).collect()
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
        let due = self.due.first().map(|(at, _)| at);
        due.into_iter().chain(self.again.values()).copied().min()
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
            station.accounts.again.insert(account, around.now.plus_ms(AGAIN_MS));
            return;
        };
        if station.accounts.known.get(&account).is_some_and(|known| !known.read) {
            blocking::read(station, account);
        }
        let fresh = take_in(station, account, (version, asked), &rooms);
        let mut late = Vec::new();
        for (room, from, since) in fresh {
            let heard = listen(station, account, room, (from, since)).filter(|heard| *heard > from);
            late.extend(heard.map(|heard| (heard, room, from, since)));
        }
        for room in &rooms {
            if let Some(listened) = station.accounts.rooms.get_mut(&room.id) {
                listened.listed = room.head;
            }
        }
        let known = station.accounts.known.get_mut(&account);
        let waking = known.map(|known| std::mem::take(&mut known.waking)).unwrap_or_default();
        // What was heard for the other end alone, before it was known here that this one is in it.
        let mut conns = station.clients_of(account);
        conns.retain(|conn| waking.iter().all(|(of, _, _)| of != conn));
        for (heard, room, from, since) in late {
            let place = direct::Missed { account, room, heard, told: Millis(0) };
            conns.iter().for_each(|conn| direct::catch_up(station, *conn, place, (from, since)));
        }
        for (conn, generation, seen) in waking {
            if station.client(conn).is_some_and(|client| client.generation == generation) {
                tell_missed(station, account, conn, &seen);
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

/// The direct rooms that a client hears of, up to where it was sent their events, and since when it has
/// not heard of any other.
pub(super) fn positions(
    station: &Station,
    around: Around<'_>,
    conn: Conn,
) -> (Vec<(RoomId, Seq)>, Millis) {
    let now = around.names.wall();
    let Some(client) = station.client(conn) else { return (Vec::new(), now) };
    let known = station.accounts.known.get(&client.account());
    let mut waking = known.into_iter().flat_map(|known| &known.waking);
    let own = waking.find(|(of, generation, _)| (*of, *generation) == (conn, client.generation));
    if let Some((_, _, (rooms, since))) = own {
        return (rooms.iter().map(|(room, seq)| (*room, *seq)).collect(), *since);
    }
    let rooms = station.accounts.positions(client.account()).into_iter();
    (rooms.map(|(room, listened)| (room, listened.heard)).collect(), now)
}

/// Sends a client that has come back what it missed, as soon as its account is known.
pub(super) fn catch_up(station: &mut Station, conn: Conn, seen: Seen) {
    let Some(client) = station.client(conn) else { return };
    let (account, generation) = (client.account(), client.generation);
    let Some(known) = station.accounts.known.get_mut(&account) else { return };
    if known.read {
        return tell_missed(station, account, conn, &seen);
    }
    known.waking.retain(|(of, _, _)| *of != conn);
    known.waking.push((conn, generation, seen));
}

fn tell_missed(station: &mut Station, account: AccountId, conn: Conn, (rooms, since): &Seen) {
    let missed = |(room, listened): (RoomId, &Listened)| {
        let Listened { heard, listed, since: told, .. } = *listened;
        let place = direct::Missed { account, room, heard, told };
        let newest = heard.max(listed);
        let (after, from) = match rooms.get(&room) {
            Some(after) => (*after, Millis(0)),
            None => {
                let from = Millis(since.0.saturating_sub(UNHEARD_MS));
                (Seq(newest.0.saturating_sub(NEW_MAX)), from)
            }
        };
        (after < newest).then_some((place, after, from))
    };
    let here = station.accounts.positions(account).into_iter();
    for (place, after, from) in here.filter_map(missed).collect::<Vec<_>>() {
        direct::catch_up(station, conn, place, (after, from));
    }
}

/// Listens to a room for one of its two; up to where it has been heard, if the other listened before.
fn listen(
    station: &mut Station,
    account: AccountId,
    room: RoomId,
    (from, since): (Seq, Millis),
) -> Option<Seq> {
    let rooms = &mut station.accounts.rooms;
    if let Some(listened) = rooms.get_mut(&room) {
        listened.ends.insert(account);
        return Some(listened.heard);
    }
    let ends = BTreeSet::from([account]);
    rooms.insert(room, Listened { ends, heard: from, listed: from, since });
    station.output(Output::Listen(room, from));
    None
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
        listen(station, account, room, (Seq(0), Millis(0)));
    }
}

/// A client of an account is gone.
pub(super) fn gone(station: &mut Station, around: Around<'_>, conn: Conn) {
    let Some(account) = station.client(conn).map(crate::station::Client::account) else { return };
    if station.clients_of(account).len() <= 1 {
        station.accounts.forget_at(account, Some(around.now.plus_ms(KEPT_MS)));
    }
}

/// Forgets those who have been away for long, and reads those who could not be.
pub(super) fn tick(station: &mut Station, around: Around<'_>) {
    let again = station.accounts.again.extract_if(.., |_, at| *at <= around.now);
    for (account, _) in again.collect::<Vec<_>>() {
        if !station.clients_of(account).is_empty() {
            look(station, around, account);
        }
    }
    while let Some((at, account)) = station.accounts.due.first().copied()
        && at <= around.now
    {
        station.accounts.forget_at(account, None);
        let Some(known) = station.accounts.known.remove(&account) else { continue };
        for (room, other) in known.direct {
            station.accounts.with.remove(&(other, account));
            let Some(listened) = station.accounts.rooms.get_mut(&room) else { continue };
            listened.ends.remove(&account);
            if listened.ends.is_empty() {
                station.accounts.rooms.remove(&room);
                station.output(Output::Unlisten(room));
            }
        }
    }
}
