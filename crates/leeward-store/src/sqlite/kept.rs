//! What clients of other protocols keep with the server, and the devices that they run on.

use super::Sqlite;
use crate::error::StoreError;
use leeward_core::code::Code;
use leeward_core::id::{AccountId, SessionId};

/// Keys of one account: a client has some dozen.
const KEYS_MAX: u64 = 200;
/// Bytes of all values of one account.
const BYTES_MAX: u64 = 1024 * 1024;
/// Devices of one account: the oldest sign-ins are forgotten beyond.
const DEVICES_MAX: u64 = 100;

impl Sqlite {
    pub(crate) async fn kept_for_clients(
        &self,
        account: AccountId,
        prefix: String,
    ) -> Result<Vec<(String, String)>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT key, value FROM kept WHERE account = ?1 AND substr(key, 1, ?3) = ?2
                 ORDER BY key",
            )?;
            let length = prefix.chars().count();
            let kept = statement
                .query_map((account.0, &prefix, length), |row| Ok((row.get(0)?, row.get(1)?)))?;
            Ok(kept.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn keep_for_clients(
        &self,
        account: AccountId,
        key: String,
        value: String,
    ) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.conn
                .execute("DELETE FROM kept WHERE account = ?1 AND key = ?2", (account.0, &key))?;
            if value.is_empty() {
                return Ok(());
            }
            let (keys, bytes): (u64, u64) = tx.conn.query_row(
                "SELECT count(*), coalesce(sum(octet_length(value)), 0) FROM kept WHERE account = ?1",
                [account.0],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )?;
            if keys >= KEYS_MAX || bytes + value.len() as u64 > BYTES_MAX {
                let words = "that is more than is kept for the clients of one account";
                return Err(StoreError::because(Code::TooMany, words));
            }
            let sql = "INSERT INTO kept (account, key, value) VALUES (?1, ?2, ?3)";
            tx.conn.execute(sql, (account.0, key, value))?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn devices(
        &self,
    ) -> Result<Vec<((AccountId, String), SessionId)>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(
                "SELECT d.account, d.agent, d.session FROM devices d
                 JOIN sessions s ON s.id = d.session AND s.revoked = 0",
            )?;
            let devices = statement.query_map([], |row| {
                Ok(((AccountId(row.get(0)?), row.get(1)?), SessionId(row.get(2)?)))
            })?;
            Ok(devices.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn keep_device(
        &self,
        account: AccountId,
        agent: String,
        session: SessionId,
    ) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.conn.execute(
                "INSERT INTO devices (account, agent, session) VALUES (?1, ?2, ?3)
                 ON CONFLICT (account, agent) DO UPDATE SET session = excluded.session",
                (account.0, agent, session.0),
            )?;
            tx.conn.execute(
                "DELETE FROM devices WHERE account = ?1 AND session NOT IN (
                   SELECT session FROM devices WHERE account = ?1 ORDER BY session DESC LIMIT ?2)",
                (account.0, DEVICES_MAX),
            )?;
            Ok(())
        })
        .await
    }
}
