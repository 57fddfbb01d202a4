//! What a node notes for itself, to know it after a restart: a few bytes under a name.

use super::Sqlite;
use crate::error::StoreError;
use crate::records::Note;
use rusqlite::{Connection, OptionalExtension};

impl Sqlite {
    pub(crate) async fn note(&self, note: Note) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached("SELECT value FROM meta WHERE key = ?1")?;
            Ok(statement.query_row([key(note)], |row| row.get(0)).optional()?)
        })
        .await
    }

    pub(crate) async fn keep_note(&self, note: Note, bytes: Vec<u8>) -> Result<(), StoreError> {
        const KEEP: &str = "INSERT INTO meta (key, value) VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = ?2";
        self.change(move |tx| {
            tx.conn.prepare_cached(KEEP)?.execute((key(note), bytes))?;
            Ok(())
        })
        .await
    }
}

/// The key of [`Note::Bosh`].
const BOSH: &str = "note.bosh";

/// Forgets sessions that are gone on with by whoever knows their names.
pub(super) fn forget_bosh(conn: &Connection) -> Result<(), StoreError> {
    conn.execute("DELETE FROM meta WHERE key = ?1", [BOSH])?;
    Ok(())
}

fn key(note: Note) -> &'static str {
    match note {
        Note::TlsTickets => "note.tls_tickets",
        Note::Storm => "note.storm",
        Note::Xmpp => "note.xmpp",
        Note::Sleepers => "note.sleepers",
        Note::Bosh => BOSH,
    }
}
