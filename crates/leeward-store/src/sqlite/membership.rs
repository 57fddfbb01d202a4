//! Coming into rooms, leaving them, and what people may do in them.

use super::codes::{self, kind};
use super::log::Entry;
use super::rooms::unchanged;
use super::writer::Tx;
use super::{Sqlite, marks};
use crate::error::StoreError;
use crate::records::{Author, RoomChange};
use leeward_core::code::Code;
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, Millis, RoomId, Seq};
use leeward_core::room::{MemberRole, RoomKind};
use leeward_core::rules;
use rusqlite::Connection;

impl Sqlite {
    pub(crate) async fn join(
        &self,
        by: Author,
        room: RoomId,
        who: AccountId,
        role: MemberRole,
        at: Millis,
    ) -> Result<RoomChange, StoreError> {
        self.change(move |tx| join(tx, by, room, (who, role), at)).await
    }

    pub(crate) async fn leave(
        &self,
        by: Author,
        room: RoomId,
        who: AccountId,
        banned: bool,
        at: Millis,
    ) -> Result<RoomChange, StoreError> {
        self.change(move |tx| leave(tx, by, room, (who, banned), at)).await
    }

    pub(crate) async fn set_member_role(
        &self,
        by: Author,
        room: RoomId,
        who: AccountId,
        role: MemberRole,
        at: Millis,
    ) -> Result<RoomChange, StoreError> {
        self.change(move |tx| set_member_role(tx, by, room, (who, role), at)).await
    }
}

pub(super) fn is_banned(
    conn: &Connection,
    room: RoomId,
    who: AccountId,
) -> Result<bool, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM room_bans WHERE room = ?1 AND account = ?2)",
    )?;
    Ok(statement.query_row((room.0, who.0), |row| row.get(0))?)
}

fn join(
    tx: &mut Tx<'_>,
    by: Author,
    room: RoomId,
    (who, mut role): (AccountId, MemberRole),
    at: Millis,
) -> Result<RoomChange, StoreError> {
    let banned = is_banned(tx.conn, room, who)?;
    let known = tx.cache.room(tx.conn, room)?.ok_or(Code::NotFound)?;
    if known.members.contains_key(&who) && known.members.contains_key(&by.account) {
        return Ok(unchanged(tx, room));
    }
    let here = known.members.get(&by.account).copied();
    if by.account == who {
        rules::may_join(&known.facts, by.role, banned)?;
        role = MemberRole::Member;
    } else {
        rules::may_add(&known.facts, here, by.role)?;
        if banned || role == MemberRole::Moderator {
            rules::may_administer(&known.facts, here, by.role)?;
        }
    }
    if banned {
        tx.conn
            .execute("DELETE FROM room_bans WHERE room = ?1 AND account = ?2", (room.0, who.0))?;
    }
    let mut change = unchanged(tx, room);
    let present = tx.cache.room(tx.conn, room)?.is_some_and(|r| r.members.contains_key(&who));
    if !present {
        let (event, version) = enter(tx, by.account, room, (who, role), at)?;
        change.events.push(event);
        change.versions.push((who, version));
    }
    Ok(change)
}

/// Brings somebody into a room who is not in it, whatever the rules say.
pub(super) fn enter(
    tx: &mut Tx<'_>,
    by: AccountId,
    room: RoomId,
    (who, role): (AccountId, MemberRole),
    at: Millis,
) -> Result<(Event, u64), StoreError> {
    let version = marks::bump(tx.conn, who)?;
    let seq = tell(tx, room, by, (kind::JOIN, who, Some(role)), at)?;
    tx.conn
        .prepare_cached(
            "INSERT INTO members (account, room, role, since, read) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute((who.0, room.0, codes::of_member_role(role), at.0, seq.0))?;
    if let Some(known) = tx.cache.room(tx.conn, room)? {
        known.members.insert(who, role);
    }
    Ok((Event { seq, at, from: by, nonce: None, what: What::Join { who, role } }, version))
}

fn tell(
    tx: &mut Tx<'_>,
    room: RoomId,
    by: AccountId,
    (kind, who, role): (u8, AccountId, Option<MemberRole>),
    at: Millis,
) -> Result<Seq, StoreError> {
    let role = role.map(|role| codes::of_member_role(role).to_string());
    let target = Some(who.0);
    let text = role.as_deref();
    tx.log(room, &Entry { at, author: by, kind, nonce: None, target, text, extra: None })
}

fn leave(
    tx: &mut Tx<'_>,
    by: Author,
    room: RoomId,
    (who, banned): (AccountId, bool),
    at: Millis,
) -> Result<RoomChange, StoreError> {
    let known = tx.cache.room(tx.conn, room)?.ok_or(Code::NotFound)?;
    let here = known.members.get(&by.account).copied();
    let present = known.members.contains_key(&who);
    if by.account == who {
        if !present {
            return Ok(unchanged(tx, room));
        }
        rules::may_leave(&known.facts)?;
    } else {
        rules::may_administer(&known.facts, here, by.role)?;
        if known.facts.room_kind == RoomKind::Direct {
            return Err(Code::Forbidden.into());
        }
    }
    if banned && by.account != who {
        tx.conn
            .prepare_cached(
                "INSERT INTO room_bans (room, account) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            )?
            .execute((room.0, who.0))?;
    }
    let mut change = unchanged(tx, room);
    if present {
        let banned = banned && by.account != who;
        let number = if banned { kind::REMOVED } else { kind::LEAVE };
        tx.cache.touch(room);
        tx.conn
            .prepare_cached("DELETE FROM members WHERE account = ?1 AND room = ?2")?
            .execute((who.0, room.0))?;
        if let Some(known) = tx.cache.room(tx.conn, room)? {
            known.members.remove(&who);
        }
        let seq = tell(tx, room, by.account, (number, who, None), at)?;
        let what = What::Leave { who, banned };
        change.events.push(Event { seq, at, from: by.account, nonce: None, what });
        change.versions.push((who, marks::bump(tx.conn, who)?));
    }
    Ok(change)
}

fn set_member_role(
    tx: &mut Tx<'_>,
    by: Author,
    room: RoomId,
    (who, role): (AccountId, MemberRole),
    at: Millis,
) -> Result<RoomChange, StoreError> {
    let known = tx.cache.room(tx.conn, room)?.ok_or(Code::NotFound)?;
    rules::may_administer(&known.facts, known.members.get(&by.account).copied(), by.role)?;
    let has = known.members.get_mut(&who).ok_or(Code::NotFound)?;
    if *has == role {
        return Ok(unchanged(tx, room));
    }
    *has = role;
    tx.cache.touch(room);
    tx.conn
        .prepare_cached("UPDATE members SET role = ?3 WHERE account = ?1 AND room = ?2")?
        .execute((who.0, room.0, codes::of_member_role(role)))?;
    let mut change = unchanged(tx, room);
    let seq = tell(tx, room, by.account, (kind::ROLE, who, Some(role)), at)?;
    let what = What::Role { who, role };
    change.events.push(Event { seq, at, from: by.account, nonce: None, what });
    change.versions.push((who, marks::bump(tx.conn, who)?));
    Ok(change)
}
