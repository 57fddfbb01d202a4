//! What is known of uploaded files. Their bytes are in the directory `files`, named by their ids.

use super::Sqlite;
use super::codes::room_of;
use super::open::FILES;
use crate::error::StoreError;
use crate::records::{FinishedUpload, StoredFile};
use leeward_core::code::Code;
use leeward_core::event::FileRef;
use leeward_core::id::{AccountId, FileId, Millis};
use rusqlite::{Connection, OptionalExtension, Row};
use std::path::{Path, PathBuf};

/// Where the bytes of a file are in a data directory: a thousand to a directory.
pub(super) fn path(dir: &Path, file: FileId) -> PathBuf {
    dir.join(FILES).join((file.0 / 1_000).to_string()).join(file.0.to_string())
}

impl Sqlite {
    pub(crate) fn file_path(&self, file: FileId) -> PathBuf {
        path(&self.inner.dir, file)
    }

    pub(crate) async fn create_upload(
        &self,
        owner: AccountId,
        name: String,
        size: u64,
        at: Millis,
    ) -> Result<StoredFile, StoreError> {
        self.change(move |tx| {
            tx.conn
                .prepare_cached(
                    "INSERT INTO files (owner, name, size, created_at) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((owner.0, name, size, at.0))?;
            existing(tx.conn, FileId(tx.conn.last_insert_rowid().unsigned_abs()))
        })
        .await
    }

    pub(crate) async fn progress(&self, file: FileId, received: u64) -> Result<(), StoreError> {
        self.write(0, move |tx| {
            tx.conn
                .prepare_cached("UPDATE files SET received = ?2 WHERE id = ?1 AND finished = 0")?
                .execute((file.0, received))?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn finish_upload(
        &self,
        file: FileId,
        upload: FinishedUpload,
    ) -> Result<StoredFile, StoreError> {
        self.change(move |tx| {
            finish(tx.conn, file, &upload)?;
            existing(tx.conn, file)
        })
        .await
    }

    pub(crate) async fn file(&self, file: FileId) -> Result<Option<StoredFile>, StoreError> {
        self.read(move |conn| find(conn, file)).await
    }

    pub(crate) async fn may_see_file(
        &self,
        account: AccountId,
        file: FileId,
    ) -> Result<bool, StoreError> {
        self.read(move |conn| {
            let Some(found) = find(conn, file)? else { return Ok(false) };
            if found.owner == account {
                return Ok(true);
            }
            let mut statement =
                conn.prepare_cached("SELECT place FROM file_uses WHERE file = ?1")?;
            let mut rows = statement.query([file.0])?;
            while let Some(row) = rows.next()? {
                if super::access::may_read(conn, account, room_of(row.get(0)?))? {
                    return Ok(true);
                }
            }
            Ok(false)
        })
        .await
    }

    pub(crate) async fn delete_file(&self, file: FileId) -> Result<bool, StoreError> {
        self.change(move |tx| {
            let deleted = tx
                .conn
                .prepare_cached(
                    "DELETE FROM files WHERE id = ?1
                     AND NOT EXISTS (SELECT 1 FROM file_uses WHERE file = ?1)",
                )?
                .execute([file.0])?;
            Ok(deleted == 1)
        })
        .await
    }

    pub(crate) async fn stray_files(
        &self,
        before: Millis,
        limit: usize,
    ) -> Result<Vec<FileId>, StoreError> {
        self.read(move |conn| {
            let mut statement = conn.prepare_cached(
                "SELECT id FROM files WHERE created_at < ?1
                 AND NOT EXISTS (SELECT 1 FROM file_uses WHERE file = id) ORDER BY id LIMIT ?2",
            )?;
            let stray = statement.query_map((before.0, limit), |row| row.get(0).map(FileId))?;
            Ok(stray.collect::<Result<_, _>>()?)
        })
        .await
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<StoredFile> {
    let file = FileRef {
        id: FileId(row.get(0)?),
        name: row.get(2)?,
        mime: row.get(3)?,
        size: row.get(4)?,
        width: row.get(5)?,
        height: row.get(6)?,
    };
    Ok(StoredFile {
        file,
        owner: AccountId(row.get(1)?),
        sum: row.get(7)?,
        received: row.get(8)?,
        finished: row.get(9)?,
        created_at: Millis(row.get(10)?),
    })
}

fn find(conn: &Connection, file: FileId) -> Result<Option<StoredFile>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT id, owner, name, mime, size, width, height, sum, received, finished, created_at
         FROM files WHERE id = ?1",
    )?;
    Ok(statement.query_row([file.0], read).optional()?)
}

pub(super) fn existing(conn: &Connection, file: FileId) -> Result<StoredFile, StoreError> {
    find(conn, file)?.ok_or_else(|| StoreError::because(Code::NotFound, "there is no such file"))
}

pub(super) fn finish(
    conn: &Connection,
    file: FileId,
    upload: &FinishedUpload,
) -> Result<(), StoreError> {
    conn.prepare_cached(
        "UPDATE files SET sum = ?2, size = ?3, received = ?3, mime = ?4, width = ?5, height = ?6,
         finished = 1 WHERE id = ?1",
    )?
    .execute((
        file.0,
        upload.sum,
        upload.size,
        &upload.mime,
        upload.pixels.map(|(width, _)| width),
        upload.pixels.map(|(_, height)| height),
    ))?;
    Ok(())
}

/// The files that a message of `by` is to carry: its own, complete.
pub(super) fn attached(
    conn: &Connection,
    by: AccountId,
    files: &[FileId],
) -> Result<Vec<FileRef>, StoreError> {
    let mut attached = Vec::with_capacity(files.len());
    for file in files {
        let found = find(conn, *file)?.filter(|found| found.owner == by);
        let Some(found) = found else {
            return Err(StoreError::because(Code::NotFound, format!("you have no file {file}")));
        };
        if !found.finished {
            let early = format!("file {file} is not uploaded completely");
            return Err(StoreError::because(Code::Conflict, early));
        }
        attached.push(found.file);
    }
    Ok(attached)
}

pub(super) fn attach(conn: &Connection, file: FileId, place: u64) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO file_uses (file, place) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
    )?
    .execute((file.0, place))?;
    Ok(())
}

/// A deleted message carries its files no more. Called while the log still names them.
pub(super) fn detach(conn: &Connection, place: u64) -> Result<(), StoreError> {
    let extra: Option<String> = conn
        .prepare_cached("SELECT extra FROM log WHERE place = ?1")?
        .query_row([place], |row| row.get(0))?;
    for file in super::log::Extra::read(extra.as_deref())?.files {
        conn.prepare_cached("DELETE FROM file_uses WHERE file = ?1 AND place = ?2")?
            .execute((file.id.0, place))?;
    }
    Ok(())
}
