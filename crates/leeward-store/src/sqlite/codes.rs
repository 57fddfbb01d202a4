//! The numbers that stand in the database for the words of the domain. They never change meaning.

use leeward_core::account::Role;
use leeward_core::id::{RoomId, Seq};
use leeward_core::room::{MemberRole, Notify, RoomKind};

/// The key of an event: room and seq in one integer. What no room can have maps to a place where
/// nothing is, never into another room.
pub(super) fn place(room: RoomId, seq: Seq) -> u64 {
    room.0.min(ROOM_MAX) << 32 | seq.0.min(SEQ_MAX)
}

pub(super) fn room_of(place: u64) -> RoomId {
    RoomId(place >> 32)
}

pub(super) fn seq_of(place: u64) -> Seq {
    Seq(place & SEQ_MAX)
}

/// The last seq a room may reach: 32 bits of a place. At a thousand events a second, 49 days; in the
/// busiest room of a team, some centuries.
pub(super) const SEQ_MAX: u64 = u32::MAX as u64;
const ROOM_MAX: u64 = (1 << 31) - 1;

/// What `log.kind` says. Lines of the timeline: 1, 3 and all from 10.
pub(super) mod kind {
    pub(in crate::sqlite) const MESSAGE: u8 = 1;
    pub(in crate::sqlite) const REPLY: u8 = 2;
    pub(in crate::sqlite) const REPLY_IN_ROOM: u8 = 3;
    pub(in crate::sqlite) const EDIT: u8 = 4;
    pub(in crate::sqlite) const DELETE: u8 = 5;
    pub(in crate::sqlite) const REACT: u8 = 6;
    pub(in crate::sqlite) const UNREACT: u8 = 7;
    pub(in crate::sqlite) const PIN: u8 = 8;
    pub(in crate::sqlite) const UNPIN: u8 = 9;
    pub(in crate::sqlite) const JOIN: u8 = 10;
    pub(in crate::sqlite) const LEAVE: u8 = 11;
    pub(in crate::sqlite) const REMOVED: u8 = 12;
    pub(in crate::sqlite) const ROLE: u8 = 13;
    pub(in crate::sqlite) const ROOM: u8 = 14;
}

pub(super) fn is_message(kind: u8) -> bool {
    matches!(kind, kind::MESSAGE | kind::REPLY | kind::REPLY_IN_ROOM)
}

macro_rules! numbered {
    ($to:ident $from:ident $type:ty { $($name:ident = $number:literal),* $(,)? }) => {
        pub(super) fn $to(value: $type) -> u8 {
            match value { $(<$type>::$name => $number),* }
        }

        pub(super) fn $from(number: u8) -> rusqlite::Result<$type> {
            match number {
                $($number => Ok(<$type>::$name),)*
                _ => Err(rusqlite::Error::IntegralValueOutOfRange(0, number.into())),
            }
        }
    };
}

numbered!(of_role role Role { Guest = 0, Member = 1, Moderator = 2, Admin = 3, Owner = 4 });
numbered!(of_member_role member_role MemberRole { Muted = 0, Member = 1, Moderator = 2 });
numbered!(of_room_kind room_kind RoomKind { Public = 0, Private = 1, Direct = 2 });
numbered!(of_notify notify Notify { All = 0, Mentions = 1, None = 2 });

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_keeps_room_and_seq_apart() {
        let at = place(RoomId(7), Seq(SEQ_MAX));
        assert_eq!((room_of(at), seq_of(at)), (RoomId(7), Seq(SEQ_MAX)));
        assert!(at < place(RoomId(8), Seq(0)));
    }

    #[test]
    fn what_no_room_can_have_never_falls_into_another_room() {
        assert_eq!(room_of(place(RoomId(7), Seq(1 << 33))), RoomId(7));
        assert_eq!(room_of(place(RoomId(1 << 40), Seq(1))), RoomId(ROOM_MAX));
        assert!(i64::try_from(place(RoomId(u64::MAX), Seq(u64::MAX))).is_ok());
    }
}
