//! Who may see which room, and who is in it.

use super::cache::facts;
use super::codes;
use super::events::{ALL, members};
use super::membership::is_banned;
use super::rooms::room_named;
use super::{Sqlite, accounts};
use crate::error::StoreError;
use crate::records::{Access, RoomListing};
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::room::{Member, MemberRole, RoomFacts};
use leeward_core::rules;
use rusqlite::{Connection, OptionalExtension};

impl Sqlite {
    pub(crate) async fn access(
        &self,
        account: AccountId,
        room: RoomId,
    ) -> Result<Option<Access>, StoreError> {
        self.read(move |conn| {
            let Some(facts) = facts_of(conn, room)? else { return Ok(None) };
            let (role, banned) = (role(conn, account, room)?, is_banned(conn, room, account)?);
            Ok(Some(Access { facts, role, banned }))
        })
        .await
    }

    pub(crate) async fn members(&self, room: RoomId) -> Result<Vec<Member>, StoreError> {
        self.read(move |conn| members(conn, room, ALL)).await
    }

    pub(crate) async fn room_bans(&self, room: RoomId) -> Result<Vec<AccountId>, StoreError> {
        self.read(move |conn| {
            let mut statement =
                conn.prepare_cached("SELECT account FROM room_bans WHERE room = ?1")?;
            let banned = statement.query_map([room.0], |row| row.get(0).map(AccountId))?;
            Ok(banned.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn room_named(&self, name: String) -> Result<Option<RoomId>, StoreError> {
        self.read(move |conn| room_named(conn, &name)).await
    }

    pub(crate) async fn public_rooms(
        &self,
        account: AccountId,
    ) -> Result<Vec<RoomListing>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT r.id, r.kind, r.name, r.topic, r.archived, r.read_only, h.members, h.last_at,
                   EXISTS (SELECT 1 FROM members m WHERE m.account = ?1 AND m.room = r.id)
                 FROM rooms r JOIN heads h ON h.room = r.id
                 WHERE r.kind = 0 AND r.archived = 0 ORDER BY r.name",
            )?;
            let rooms = statement.query_map([account.0], |row| {
                Ok(RoomListing {
                    id: RoomId(row.get(0)?),
                    facts: facts(row, 1)?,
                    members: row.get(6)?,
                    last_at: Millis(row.get(7)?),
                    joined: row.get(8)?,
                })
            })?;
            Ok(rooms.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn facts_of(conn: &Connection, room: RoomId) -> Result<Option<RoomFacts>, StoreError> {
    let mut statement = conn
        .prepare_cached("SELECT kind, name, topic, archived, read_only FROM rooms WHERE id = ?1")?;
    Ok(statement.query_row([room.0], |row| facts(row, 0)).optional()?)
}

/// Whether an account may see a room and what is said in it.
pub(super) fn may_read(
    conn: &Connection,
    account: AccountId,
    room: RoomId,
) -> Result<bool, StoreError> {
    let (Some(facts), Some(entry)) = (facts_of(conn, room)?, accounts::entry(conn, account)?)
    else {
        return Ok(false);
    };
    Ok(rules::may_read(&facts, role(conn, account, room)?, entry.person.role).is_ok())
}

/// What an account may do in a room; `None` when it is not in it.
pub(super) fn role(
    conn: &Connection,
    account: AccountId,
    room: RoomId,
) -> Result<Option<MemberRole>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT role FROM members WHERE account = ?1 AND room = ?2")?;
    let role: Option<u8> = statement.query_row((account.0, room.0), |row| row.get(0)).optional()?;
    Ok(role.map(codes::member_role).transpose()?)
}
