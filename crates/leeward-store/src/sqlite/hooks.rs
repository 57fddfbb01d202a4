//! Incoming webhooks.

use super::Sqlite;
use crate::error::StoreError;
use crate::records::{Hook, NewHook};
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis, RoomId};
use rusqlite::{OptionalExtension, Row};

impl Sqlite {
    pub(crate) async fn create_hook(&self, hook: NewHook) -> Result<Hook, StoreError> {
        self.change(move |tx| {
            let known = tx.cache.room(tx.conn, hook.room)?.ok_or(Code::NotFound)?;
            if !known.members.contains_key(&hook.account) {
                return Err(StoreError::because(
                    Code::BadRequest,
                    "the hook's account is not in the room",
                ));
            }
            tx.conn.execute(
                "INSERT INTO hooks (token_hash, room, account, maker, name, created_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                (hook.token_hash, hook.room.0, hook.account.0, hook.by.0, &hook.name, hook.at.0),
            )?;
            let id = tx.conn.last_insert_rowid().unsigned_abs();
            let NewHook { room, account, by, name, at, .. } = hook;
            Ok(Hook { id, room, account, by, name, created_at: at })
        })
        .await
    }

    pub(crate) async fn hooks(&self, room: RoomId) -> Result<Vec<Hook>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn
                .prepare_cached(&format!("SELECT {HOOK} FROM hooks WHERE room = ?1 ORDER BY id"))?;
            let hooks = statement.query_map([room.0], hook)?;
            Ok(hooks.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn hook_by_token(
        &self,
        token_hash: [u8; 32],
    ) -> Result<Option<Hook>, StoreError> {
        self.read(move |conn| {
            let mut statement =
                conn.prepare_cached(&format!("SELECT {HOOK} FROM hooks WHERE token_hash = ?1"))?;
            Ok(statement.query_row([token_hash], hook).optional()?)
        })
        .await
    }

    pub(crate) async fn delete_hook(&self, id: u64) -> Result<Option<Hook>, StoreError> {
        self.change(move |tx| {
            let sql = format!("DELETE FROM hooks WHERE id = ?1 RETURNING {HOOK}");
            Ok(tx.conn.prepare_cached(&sql)?.query_row([id], hook).optional()?)
        })
        .await
    }
}

const HOOK: &str = "id, room, account, maker, name, created_at";

fn hook(row: &Row<'_>) -> rusqlite::Result<Hook> {
    Ok(Hook {
        id: row.get(0)?,
        room: RoomId(row.get(1)?),
        account: AccountId(row.get(2)?),
        by: AccountId(row.get(3)?),
        name: row.get(4)?,
        created_at: Millis(row.get(5)?),
    })
}
