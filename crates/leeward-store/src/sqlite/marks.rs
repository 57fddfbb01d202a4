//! What an account keeps for itself: how far it has read, when it wants to be told, its settings.

use super::append::EVERYBODY;
use super::codes::{self, place};
use super::events::end_of;
use super::{Sqlite, state};
use crate::error::StoreError;
use crate::records::{ReadMark, Versioned};
use leeward_core::code::Code;
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::RoomSummary;
use leeward_core::wire::RoomSettings;
use rusqlite::{Connection, OptionalExtension};

/// Settings one account may keep: a client needs a dozen.
const SETTINGS_MAX: usize = 200;

impl Sqlite {
    pub(crate) async fn mark_read(
        &self,
        account: AccountId,
        room: RoomId,
        seq: Seq,
    ) -> Result<ReadMark, StoreError> {
        self.write(0, move |tx| {
            let known = tx.cache.room(tx.conn, room)?.ok_or(Code::NotFound)?;
            if !known.members.contains_key(&account) {
                return Err(Code::NotFound.into());
            }
            let seq = Seq(seq.0.min(known.head));
            tx.conn
                .prepare_cached("UPDATE members SET read = ?3 WHERE account = ?1 AND room = ?2")?
                .execute((account.0, room.0, seq.0))?;
            let mentions = mentions(tx.conn, account, room, seq)?;
            Ok(ReadMark { seq, mentions, version: bump(tx.conn, account)? })
        })
        .await
    }

    pub(crate) async fn room_settings(
        &self,
        account: AccountId,
        room: RoomId,
        settings: RoomSettings,
    ) -> Result<Versioned<RoomSummary>, StoreError> {
        self.change(move |tx| {
            tx.conn
                .prepare_cached(
                    "UPDATE members SET notify = coalesce(?3, notify), favourite = coalesce(?4, favourite)
                     WHERE account = ?1 AND room = ?2",
                )?
                .execute((account.0, room.0, settings.notify.map(codes::of_notify), settings.favourite))?;
            let version = bump(tx.conn, account)?;
            let value = state::room_summary(tx.conn, account, room)?.ok_or(Code::NotFound)?;
            Ok(Versioned { value, version })
        })
        .await
    }

    pub(crate) async fn set_setting(
        &self,
        account: AccountId,
        key: String,
        value: String,
    ) -> Result<Versioned<()>, StoreError> {
        self.change(move |tx| {
            set_setting(tx.conn, account, &key, &value)?;
            Ok(Versioned { value: (), version: bump(tx.conn, account)? })
        })
        .await
    }
}

fn set_setting(
    conn: &Connection,
    account: AccountId,
    key: &str,
    value: &str,
) -> Result<(), StoreError> {
    if value.is_empty() {
        conn.prepare_cached("DELETE FROM settings WHERE account = ?1 AND key = ?2")?
            .execute((account.0, key))?;
        return Ok(());
    }
    let others: usize = conn
        .prepare_cached("SELECT count(*) FROM settings WHERE account = ?1 AND key <> ?2")?
        .query_row((account.0, key), |row| row.get(0))?;
    if others >= SETTINGS_MAX {
        let most = format!("an account keeps at most {SETTINGS_MAX} settings");
        return Err(StoreError::because(Code::TooMany, most));
    }
    conn.prepare_cached(
        "INSERT INTO settings (account, key, value) VALUES (?1, ?2, ?3)
         ON CONFLICT (account, key) DO UPDATE SET value = ?3",
    )?
    .execute((account.0, key, value))?;
    Ok(())
}

/// Messages of others above `read` that name an account; in a direct room, all of them.
pub(super) fn mentions(
    conn: &Connection,
    account: AccountId,
    room: RoomId,
    read: Seq,
) -> Result<u32, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT count(*) FROM (
           SELECT place FROM mentions WHERE account = ?1 AND place > ?2 AND place <= ?3 AND author <> ?1
           UNION SELECT place FROM mentions WHERE account = ?4 AND place > ?2 AND place <= ?3 AND author <> ?1)",
    )?;
    Ok(statement
        .query_row((account.0, place(room, read), end_of(room), EVERYBODY), |row| row.get(0))?)
}

/// Raises the version of an account's own state.
pub(super) fn bump(conn: &Connection, account: AccountId) -> Result<u64, StoreError> {
    conn.prepare_cached(
        "UPDATE accounts SET version = version + 1 WHERE id = ?1 RETURNING version",
    )?
    .query_row([account.0], |row| row.get(0))
    .optional()?
    .ok_or_else(|| StoreError::because(Code::NotFound, "there is no such account"))
}

/// Raises the version of everybody's own state who is in a room.
pub(super) fn bump_members(
    conn: &Connection,
    room: RoomId,
) -> Result<Vec<(AccountId, u64)>, StoreError> {
    let mut statement = conn.prepare_cached(
        "UPDATE accounts SET version = version + 1
         WHERE id IN (SELECT account FROM members WHERE room = ?1) RETURNING id, version",
    )?;
    let versions =
        statement.query_map([room.0], |row| Ok((AccountId(row.get(0)?), row.get(1)?)))?;
    Ok(versions.collect::<Result<_, _>>()?)
}
