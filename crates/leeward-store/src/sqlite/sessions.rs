//! Sessions, and the tokens of bots.

use super::Sqlite;
use super::codes;
use crate::error::StoreError;
use crate::records::{BotToken, NewSession, Session, SessionRecord};
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis, SessionId};
use rusqlite::{Connection, OptionalExtension, Row};

impl Sqlite {
    pub(crate) async fn create_session(&self, session: NewSession) -> Result<Session, StoreError> {
        self.change(move |tx| create(tx.conn, &session)).await
    }

    pub(crate) async fn sessions(
        &self,
        account: AccountId,
        at: Millis,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT id, account, device, created_at, seen_at, expires_at FROM sessions
                 WHERE account = ?1 AND revoked = 0 AND expires_at > ?2 ORDER BY seen_at DESC, id DESC",
            )?;
            let sessions = statement.query_map((account.0, at.0), |row| {
                Ok(SessionRecord {
                    id: SessionId(row.get(0)?),
                    account: AccountId(row.get(1)?),
                    device: row.get(2)?,
                    created_at: Millis(row.get(3)?),
                    seen_at: Millis(row.get(4)?),
                    expires_at: Millis(row.get(5)?),
                })
            })?;
            Ok(sessions.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn revoke_session(
        &self,
        account: AccountId,
        session: SessionId,
    ) -> Result<bool, StoreError> {
        self.change(move |tx| {
            let revoked = tx
                .conn
                .prepare_cached(
                    "UPDATE sessions SET revoked = 1 WHERE id = ?1 AND account = ?2 AND revoked = 0",
                )?
                .execute((session.0, account.0))?;
            Ok(revoked == 1)
        })
        .await
    }

    pub(crate) async fn revoke_sessions(
        &self,
        account: AccountId,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.change(move |tx| revoke_all(tx.conn, account, keep)).await
    }

    pub(crate) async fn revoked_sessions(&self, at: Millis) -> Result<Vec<SessionId>, StoreError> {
        self.change(move |tx| {
            tx.conn.execute("DELETE FROM sessions WHERE expires_at <= ?1", [at.0])?;
            let mut statement =
                tx.conn.prepare_cached("SELECT id FROM sessions WHERE revoked = 1")?;
            let revoked = statement.query_map([], |row| row.get(0).map(SessionId))?;
            Ok(revoked.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn touch_sessions(
        &self,
        seen: Vec<(SessionId, Millis)>,
    ) -> Result<(), StoreError> {
        self.change(move |tx| {
            let mut statement = tx
                .conn
                .prepare_cached("UPDATE sessions SET seen_at = max(seen_at, ?2) WHERE id = ?1")?;
            for (session, at) in seen {
                statement.execute((session.0, at.0))?;
            }
            Ok(())
        })
        .await
    }

    pub(crate) async fn create_bot_token(
        &self,
        account: AccountId,
        token_hash: [u8; 32],
        note: String,
        at: Millis,
    ) -> Result<BotToken, StoreError> {
        self.change(move |tx| {
            let entry = super::accounts::entry(tx.conn, account)?.ok_or(Code::NotFound)?;
            if !entry.person.bot {
                return Err(StoreError::because(Code::BadRequest, "only bots sign in by token"));
            }
            tx.conn.execute(
                "INSERT INTO bot_tokens (account, token_hash, note, created_at) VALUES (?1, ?2, ?3, ?4)",
                (account.0, token_hash, &note, at.0),
            )?;
            let id = tx.conn.last_insert_rowid().unsigned_abs();
            Ok(BotToken { id, account, token_hash, note, created_at: at })
        })
        .await
    }

    pub(crate) async fn bot_tokens(&self) -> Result<Vec<BotToken>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT t.id, t.account, t.token_hash, t.note, t.created_at
                 FROM bot_tokens t JOIN accounts a ON a.id = t.account WHERE a.disabled = 0 ORDER BY t.id",
            )?;
            let tokens = statement.query_map([], bot_token)?;
            Ok(tokens.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn revoke_bot_token(&self, id: u64) -> Result<Option<BotToken>, StoreError> {
        self.change(move |tx| {
            let mut statement = tx.conn.prepare_cached(
                "DELETE FROM bot_tokens WHERE id = ?1 RETURNING id, account, token_hash, note, created_at",
            )?;
            Ok(statement.query_row([id], bot_token).optional()?)
        })
        .await
    }
}

fn bot_token(row: &Row<'_>) -> rusqlite::Result<BotToken> {
    Ok(BotToken {
        id: row.get(0)?,
        account: AccountId(row.get(1)?),
        token_hash: row.get(2)?,
        note: row.get(3)?,
        created_at: Millis(row.get(4)?),
    })
}

fn create(conn: &Connection, session: &NewSession) -> Result<Session, StoreError> {
    let NewSession { account, device, at, expires_at } = session;
    let role: Option<u8> = conn
        .prepare_cached("SELECT role FROM accounts WHERE id = ?1 AND disabled = 0")?
        .query_row([account.0], |row| row.get(0))
        .optional()?;
    let role = codes::role(role.ok_or(Code::Banned)?)?;
    conn.prepare_cached(
        "INSERT INTO sessions (account, device, created_at, seen_at, expires_at) VALUES (?1, ?2, ?3, ?3, ?4)",
    )?
    .execute((account.0, device, at.0, expires_at.0))?;
    let id = SessionId(conn.last_insert_rowid().unsigned_abs());
    Ok(Session { id, account: *account, role })
}

/// Ends all sessions of an account but one; returns those ended.
pub(super) fn revoke_all(
    conn: &Connection,
    account: AccountId,
    keep: Option<SessionId>,
) -> Result<Vec<SessionId>, StoreError> {
    let mut statement = conn.prepare_cached(
        "UPDATE sessions SET revoked = 1 WHERE account = ?1 AND id <> ?2 AND revoked = 0 RETURNING id",
    )?;
    let kept = keep.unwrap_or_default();
    let ended = statement.query_map((account.0, kept.0), |row| row.get(0).map(SessionId))?;
    Ok(ended.collect::<Result<_, _>>()?)
}
