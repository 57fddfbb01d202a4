//! The workspace itself: its name, its epoch, its keys.

use super::Sqlite;
use super::failure::damaged;
use crate::error::StoreError;
use crate::records::KeyMaterial;
use leeward_core::id::Epoch;
use rusqlite::{Connection, OptionalExtension};
use std::time::{SystemTime, UNIX_EPOCH};

/// How many keys before the current one still open what they sealed.
const PREVIOUS_KEYS: usize = 2;

impl Sqlite {
    pub(crate) async fn keys(&self) -> Result<KeyMaterial, StoreError> {
        self.read(keys).await
    }

    pub(crate) async fn rotate_keys(&self, key: [u8; 32]) -> Result<KeyMaterial, StoreError> {
        self.change(move |tx| {
            tx.conn.execute("INSERT INTO keys (key) VALUES (?1)", [key])?;
            tx.conn.execute(
                "DELETE FROM keys WHERE id <= (SELECT max(id) FROM keys) - ?1",
                [PREVIOUS_KEYS + 1],
            )?;
            keys(tx.conn)
        })
        .await
    }

    pub(crate) async fn workspace(&self) -> Result<String, StoreError> {
        self.read(name).await
    }

    pub(crate) async fn set_workspace(&self, name: String) -> Result<(), StoreError> {
        self.change(move |tx| set_name(tx.conn, &name)).await
    }

    pub(crate) async fn epoch(&self) -> Result<Epoch, StoreError> {
        self.read(epoch).await
    }
}

/// Gives a database that has none its epoch and its first key.
pub(super) fn found(conn: &Connection) -> Result<(), StoreError> {
    let founded: bool =
        conn.query_row("SELECT EXISTS (SELECT 1 FROM meta WHERE key = 'epoch')", [], |r| r.get(0))?;
    if founded {
        return Ok(());
    }
    let tx = conn.unchecked_transaction()?;
    first_key(&tx)?;
    set_epoch(&tx, next_epoch(Epoch(0)))?;
    tx.commit()?;
    Ok(())
}

fn first_key(conn: &Connection) -> Result<(), StoreError> {
    let mut key = [0u8; 32];
    getrandom::fill(&mut key)
        .map_err(|e| StoreError::Unusable(format!("the system has no random numbers: {e}")))?;
    conn.execute("INSERT INTO keys (key) VALUES (?1)", [key])?;
    Ok(())
}

/// Begins another history with what a database holds. Whatever was sealed before opens no more: a
/// backup knows neither which sessions were ended after it was made nor which ids were given since.
pub(super) fn begin_again(conn: &Connection, epoch: Epoch) -> Result<(), StoreError> {
    let tx = conn.unchecked_transaction()?;
    set_epoch(&tx, epoch)?;
    tx.execute("DELETE FROM keys", [])?;
    tx.execute("DELETE FROM meta WHERE key LIKE 'note.%'", [])?;
    first_key(&tx)?;
    tx.execute("DELETE FROM sessions", [])?;
    tx.commit()?;
    Ok(())
}

/// An epoch that no history of this workspace has had, nor that of another at the same address: the
/// time of day in seconds, or the one after the last where the clock has been turned back.
pub(super) fn next_epoch(last: Epoch) -> Epoch {
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    Epoch(seconds.max(last.0 + 1))
}

pub(super) fn epoch(conn: &Connection) -> Result<Epoch, StoreError> {
    let epoch: Option<u64> = conn
        .prepare_cached("SELECT value FROM meta WHERE key = 'epoch'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    epoch.map(Epoch).ok_or_else(|| damaged(&"it has no epoch"))
}

fn set_epoch(conn: &Connection, epoch: Epoch) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('epoch', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1",
        [epoch.0],
    )?;
    Ok(())
}

pub(super) fn name(conn: &Connection) -> Result<String, StoreError> {
    let name: Option<String> = conn
        .prepare_cached("SELECT value FROM meta WHERE key = 'name'")?
        .query_row([], |row| row.get(0))
        .optional()?;
    Ok(name.unwrap_or_default())
}

pub(super) fn set_name(conn: &Connection, name: &str) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO meta (key, value) VALUES ('name', ?1) ON CONFLICT (key) DO UPDATE SET value = ?1",
        [name],
    )?;
    Ok(())
}

fn keys(conn: &Connection) -> Result<KeyMaterial, StoreError> {
    let mut statement = conn.prepare_cached("SELECT id, key FROM keys ORDER BY id DESC")?;
    let mut keys = statement
        .query_map([], |row| Ok(((row.get::<_, u64>(0)? & 0xff) as u8, row.get(1)?)))?
        .collect::<Result<Vec<(u8, [u8; 32])>, _>>()?;
    if keys.is_empty() {
        return Err(damaged(&"it has no keys"));
    }
    let current = keys.remove(0);
    Ok(KeyMaterial { current, previous: keys })
}
