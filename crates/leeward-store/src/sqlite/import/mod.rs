//! Bringing people, rooms and messages from another system.
//!
//! What was brought is remembered by the other system's ids, so that a second run of the same import
//! adds only what came since. Times are those of the other system; positions are ours.

mod messages;
mod names;
mod people;

use super::writer::Tx;
use super::{Inner, Sqlite, copying, files, open};
use crate::error::StoreError;
use crate::records::{Import, ImportFile, Imported};
use leeward_core::id::RoomId;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

impl Sqlite {
    pub(crate) async fn import(
        &self,
        source: String,
        things: Vec<Import>,
    ) -> Result<Vec<Imported>, StoreError> {
        let from = source.clone();
        let staged = self.apart("store-import", move |inner| stage(inner, &from, things)).await?;
        let dir = self.inner.dir.clone();
        self.change(move |tx| {
            let mut run = Run { tx, source: &source, dir: &dir, rooms: BTreeSet::new() };
            let outcomes =
                staged.into_iter().map(|(thing, files)| run.bring(thing, files)).collect();
            run.nothing_is_unread()?;
            outcomes
        })
        .await
    }
}

/// A file whose bytes are in the data directory already, under a name of their own.
struct Staged {
    file: ImportFile,
    path: PathBuf,
    sum: [u8; 32],
    size: u64,
}

/// Copies the files of messages that are not known yet, before the writer is kept busy with them.
fn stage(
    inner: &Inner,
    source: &str,
    things: Vec<Import>,
) -> Result<Vec<(Import, Vec<Staged>)>, StoreError> {
    let conn = open::reading(&inner.dir.join(open::DATABASE))?;
    let mut staged = Vec::with_capacity(things.len());
    for mut thing in things {
        let mut ready = Vec::new();
        if let Import::Message { external, files, .. } = &mut thing
            && known(&conn, source, MESSAGE, external)?.is_none()
        {
            for file in std::mem::take(files) {
                ready.extend(stage_one(&inner.dir, source, file)?);
            }
        }
        staged.push((thing, ready));
    }
    Ok(staged)
}

fn stage_one(dir: &Path, source: &str, file: ImportFile) -> Result<Option<Staged>, StoreError> {
    let name = blake3::hash(format!("{source}\0{}", file.external).as_bytes()).to_hex().to_string();
    let path = dir.join(open::FILES).join(format!("import-{name}"));
    if !copying::copy(&file.source, &path)? {
        return Ok(None);
    }
    let found = copying::sum(&path)?;
    Ok(found.map(|(sum, size)| Staged { file, path, sum, size }))
}

const ACCOUNT: &str = "account";
const ROOM: &str = "room";
const MESSAGE: &str = "message";
const FILE: &str = "file";

/// What an earlier run has brought under an id of the other system.
fn known(
    conn: &Connection,
    source: &str,
    kind: &str,
    external: &str,
) -> Result<Option<u64>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id FROM externals WHERE source = ?1 AND kind = ?2 AND external = ?3",
    )?;
    Ok(statement.query_row((source, kind, external), |row| row.get(0)).optional()?)
}

/// One call of the import.
struct Run<'r, 'w> {
    tx: &'r mut Tx<'w>,
    source: &'r str,
    dir: &'r Path,
    /// Rooms that something was brought into.
    rooms: BTreeSet<RoomId>,
}

impl Run<'_, '_> {
    fn bring(&mut self, thing: Import, files: Vec<Staged>) -> Result<Imported, StoreError> {
        match thing {
            Import::Account { external, name, display, role, bot, disabled, at } => {
                let looks = people::Looks { name, display, role, bot, disabled };
                self.account(&external, looks, at)
            }
            Import::Room { external, kind, name, topic, archived, members, at } => {
                let facts = leeward_core::room::RoomFacts {
                    room_kind: kind,
                    name,
                    topic,
                    archived,
                    read_only: false,
                };
                self.room(&external, facts, &members, at)
            }
            message @ Import::Message { .. } => self.message(message, files),
        }
    }

    fn known(&self, kind: &str, external: &str) -> Result<Option<u64>, StoreError> {
        known(self.tx.conn, self.source, kind, external)
    }

    fn remember(&self, kind: &str, external: &str, id: u64) -> Result<(), StoreError> {
        self.tx
            .conn
            .prepare_cached(
                "INSERT INTO externals (source, kind, external, id) VALUES (?1, ?2, ?3, ?4)",
            )?
            .execute((self.source, kind, external, id))?;
        Ok(())
    }

    /// Whether something of ours has come from this source already, under whatever id.
    fn is_from_here(&self, kind: &str, id: u64) -> Result<bool, StoreError> {
        let mut statement = self.tx.conn.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM externals WHERE source = ?1 AND kind = ?2 AND id = ?3)",
        )?;
        Ok(statement.query_row((self.source, kind, id), |row| row.get(0))?)
    }

    /// Nobody has thousands of unread messages after an import.
    fn nothing_is_unread(&mut self) -> Result<(), StoreError> {
        for room in &self.rooms {
            let Some(known) = self.tx.cache.room(self.tx.conn, *room)? else { continue };
            let head = known.head;
            self.tx
                .conn
                .prepare_cached("UPDATE members SET read = ?2 WHERE room = ?1")?
                .execute((room.0, head))?;
            self.tx
                .conn
                .prepare_cached("UPDATE follows SET read = ?2 WHERE (root >> 32) = ?1")?
                .execute((room.0, head))?;
        }
        Ok(())
    }

    /// Gives a staged file its id and its place, unless an earlier message has brought it.
    fn file(
        &self,
        staged: &Staged,
        owner: u64,
        at: u64,
    ) -> Result<leeward_core::event::FileRef, StoreError> {
        let conn = self.tx.conn;
        if let Some(known) = self.known(FILE, &staged.file.external)? {
            // The other system shows one file with several messages. The copy is of no use; where it
            // stays, it does no harm.
            let _ = std::fs::remove_file(&staged.path);
            return Ok(files::existing(conn, leeward_core::id::FileId(known))?.file);
        }
        conn.prepare_cached(
            "INSERT INTO files (owner, name, size, created_at) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((owner, &staged.file.name, staged.size, at))?;
        let id = leeward_core::id::FileId(conn.last_insert_rowid().unsigned_abs());
        let upload = crate::records::FinishedUpload {
            sum: staged.sum,
            size: staged.size,
            mime: staged.file.mime.clone(),
            pixels: None,
        };
        files::finish(conn, id, &upload)?;
        let path = files::path(self.dir, id);
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(|e| open::unusable(parent, &e))?;
        }
        std::fs::rename(&staged.path, &path).map_err(|e| open::unusable(&path, &e))?;
        self.remember(FILE, &staged.file.external, id.0)?;
        Ok(leeward_core::event::FileRef {
            id,
            name: staged.file.name.clone(),
            mime: upload.mime,
            size: staged.size,
            width: None,
            height: None,
        })
    }
}
