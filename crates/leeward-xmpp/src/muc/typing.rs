//! Who types (XEP-0085). Told to those who are there when somebody begins and when nothing more is
//! heard of it; nobody gets it later.

use super::Due;
use super::memory::carrying;
use crate::ns;
use crate::station::{Around, Mark, Station};
use crate::xml::Element;
use leeward_core::id::{AccountId, RoomId};

/// How long after the last sign of it somebody is taken not to type any more, in milliseconds.
const PAUSE_MS: u64 = 6_000;

/// Somebody types.
pub(super) fn typing(station: &mut Station, around: Around<'_>, id: RoomId, who: AccountId) {
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    if room.here.is_empty() || !room.members.contains_key(&who) {
        return;
    }
    if room.typing.insert(who, around.now).is_none() {
        station.rooms.due.insert((around.now.plus_ms(PAUSE_MS), Due::Typing(id, who)));
        tell(station, around, (id, who), "composing");
    }
}

/// Looks whether somebody still types.
pub(super) fn stopped(station: &mut Station, around: Around<'_>, id: RoomId, who: AccountId) {
    let Some(room) = station.rooms.here.get_mut(&id) else { return };
    let Some(last) = room.typing.get(&who).copied() else { return };
    if around.now.ms_since(last) < PAUSE_MS {
        station.rooms.due.insert((last.plus_ms(PAUSE_MS), Due::Typing(id, who)));
        return;
    }
    room.typing.remove(&who);
    tell(station, around, (id, who), "paused");
}

fn tell(
    station: &mut Station,
    around: Around<'_>,
    (id, who): (RoomId, AccountId),
    state: &'static str,
) {
    let Some(room) = station.rooms.here.get(&id) else { return };
    let from = room.scene(around, &station.domain).occupant(who);
    let own = |conn: &crate::station::Conn| {
        station.client(*conn).is_some_and(|client| client.account() == who)
    };
    let conns: Vec<_> = room.here.iter().copied().filter(|conn| !own(conn)).collect();
    if !conns.is_empty() {
        let rest = carrying(&from, Element::new(state, ns::CHAT_STATES));
        // Later it is not true any more.
        station.fan_out_as(conns, rest, &Mark::Passing);
    }
}
