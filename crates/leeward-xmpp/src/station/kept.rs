//! What sleeps, as bytes: so that a session can be taken up after the server has been stopped and started.

use super::{Asleep, Bound, Framing, Mark};
use crate::features::{FLAGS, Own};
use crate::jid::Jid;
use crate::muc::Joined;
use crate::packed::{In, Out};
use crate::stanza::{Kind, Rest};
use bytes::Bytes;
use leeward_core::account::Role;
use leeward_core::id::{AccountId, Instant, Millis, Nonce, RoomId, Seq, SessionId};

/// Of this form; what is of another is not read.
const VERSION: u8 = 3;

impl Asleep {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Out(vec![VERSION]);
        let Self { bound, handled, acked, unacked, rooms, joined, own, since } = self;
        out.number(bound.account.0);
        out.number(role_number(bound.role));
        out.number(bound.session.0);
        out.text(&bound.jid.to_string());
        match &bound.sm {
            None => out.number(0),
            Some(None) => out.number(1),
            Some(Some(id)) => {
                out.number(2);
                out.text(id);
            }
        }
        out.number((*handled).into());
        out.number((*acked).into());
        out.number(unacked.len() as u64);
        for mark in unacked {
            match mark {
                Mark::Passing => out.number(0),
                Mark::Event(room, seq) => {
                    [1, room.0, seq.0].into_iter().for_each(|number| out.number(number));
                }
                Mark::Own(rest) => {
                    out.number(2 + kind_number(rest.kind));
                    out.bytes(&rest.bytes);
                }
            }
        }
        out.number(rooms.len() as u64);
        rooms.iter().for_each(|(room, seq)| {
            out.number(room.0);
            out.number(seq.0);
        });
        out.number(joined.rooms.len() as u64);
        joined.rooms.iter().for_each(|(room, address)| {
            out.number(room.0);
            out.text(address);
        });
        let flags = own.flags();
        out.number(flags.iter().fold(0, |sum, flag| sum << 1 | u64::from(*flag)));
        out.text(&own.salt);
        let said = own.said_lately();
        out.number(said.len() as u64);
        said.for_each(|nonce| out.text(nonce.as_str()));
        out.number(since.0);
        out.0
    }

    /// Reads what [`Asleep::to_bytes`] has written.
    pub fn read(bytes: &[u8]) -> Option<Self> {
        let (&version, rest) = bytes.split_first()?;
        let mut from = In(rest);
        let account = AccountId(from.number()?);
        let role = role_of(from.number()?)?;
        let session = SessionId(from.number()?);
        let jid = Jid::parse(&from.text()?).ok()?;
        let sm = match from.number()? {
            0 => None,
            1 => Some(None),
            2 => Some(Some(from.text()?)),
            _ => return None,
        };
        let handled = u32::try_from(from.number()?).ok()?;
        let acked = u32::try_from(from.number()?).ok()?;
        let unacked = from.list(|from| match from.number()? {
            0 => Some(Mark::Passing),
            1 => Some(Mark::Event(RoomId(from.number()?), Seq(from.number()?))),
            kind => {
                let kind = kind_of(kind - 2)?;
                Some(Mark::Own(Rest { kind, bytes: Bytes::copy_from_slice(from.bytes()?) }))
            }
        })?;
        let rooms = from.list(|from| Some((RoomId(from.number()?), Seq(from.number()?))))?;
        let joined = from.list(|from| Some((RoomId(from.number()?), from.text()?.into())))?;
        let joined = joined.into_iter().collect();
        let flags = from.number()?;
        let flag = |bit: u32| flags >> bit & 1 == 1;
        let salt = from.text()?;
        let said = from.list(|from| Nonce::try_from(from.text()?).ok())?;
        let own = Own::kept(salt, std::array::from_fn(|at| flag((FLAGS - 1 - at) as u32)), said);
        let since = Millis(from.number()?);
        let bound = Bound {
            account,
            role,
            session,
            jid,
            framing: Framing::Stream,
            carbons: own.carbons,
            inactive: own.inactive,
            began: Instant(0),
            sm,
        };
        let whole = version == VERSION && from.0.is_empty();
        let joined = Joined { rooms: joined };
        whole.then_some(Self { bound, handled, acked, unacked, rooms, joined, own, since })
    }
}

fn role_number(role: Role) -> u64 {
    match role {
        Role::Guest => 0,
        Role::Member => 1,
        Role::Moderator => 2,
        Role::Admin => 3,
        Role::Owner => 4,
    }
}

fn role_of(number: u64) -> Option<Role> {
    [Role::Guest, Role::Member, Role::Moderator, Role::Admin, Role::Owner]
        .into_iter()
        .find(|role| role_number(*role) == number)
}

fn kind_number(kind: Kind) -> u64 {
    match kind {
        Kind::Message => 0,
        Kind::Presence => 1,
        Kind::Iq => 2,
    }
}

fn kind_of(number: u64) -> Option<Kind> {
    [Kind::Message, Kind::Presence, Kind::Iq].into_iter().find(|kind| kind_number(*kind) == number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asleep() -> Asleep {
        let rest = Rest { kind: Kind::Iq, bytes: Bytes::from_static(b" type='result'/>") };
        let said = vec![Nonce::try_from("said".to_owned()).unwrap()];
        let own = Own::kept("salt".into(), [true, false, true, false, false, true], said);
        Asleep {
            bound: Bound {
                account: AccountId(7),
                role: Role::Member,
                session: SessionId(3),
                jid: Jid::of("member", "x").with("phone"),
                framing: Framing::Stream,
                carbons: true,
                inactive: false,
                began: Instant(0),
                sm: Some(Some("id".into())),
            },
            handled: 5,
            acked: u32::MAX,
            unacked: vec![Mark::Event(RoomId(1), Seq(9)), Mark::Passing, Mark::Own(rest)],
            rooms: vec![(RoomId(1), Seq(9)), (RoomId(2), Seq(4))],
            joined: Joined { rooms: [(RoomId(1), "lobby@rooms.x".into())].into() },
            own,
            since: Millis(1_790_000_000_000),
        }
    }

    #[test]
    fn what_sleeps_is_read_as_it_was_written() {
        for sm in [None, Some(None), Some(Some("id".into()))] {
            let mut asleep = asleep();
            asleep.bound.sm = sm;
            assert_eq!(Asleep::read(&asleep.to_bytes()), Some(asleep));
        }
    }

    #[test]
    fn what_is_damaged_is_not_taken_for_something_else() {
        let bytes = asleep().to_bytes();
        for cut in 0..bytes.len() {
            assert_eq!(Asleep::read(&bytes[..cut]), None, "{cut}");
        }
        let mut other = bytes;
        other[0] = 9;
        assert_eq!(Asleep::read(&other), None);
    }
}
