//! Backups: all of the data directory at one moment, made while serving goes on, and brought back.
//!
//! A backup is the database, the files that it names, and a manifest with their BLAKE3 sums. The
//! index for search is not in it: it is made again.

use super::copying::{copy, fresh_dir, hex, put, sum, sync};
use super::failure::damaged;
use super::open::{self, DATABASE};
use super::{Inner, Sqlite, files, readers, workspace};
use crate::error::StoreError;
use crate::records::{BackupReport, VerifyReport};
use leeward_core::id::FileId;
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

pub(super) const MANIFEST: &str = "manifest.json";
/// Raised when a program that knows only the one before could not read a backup.
pub(super) const FORMAT: u32 = 1;

/// What is in a backup.
#[derive(Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    pub(super) epoch: u64,
    /// BLAKE3 of the database, in hexadecimal.
    pub(super) database: String,
    pub(super) files: Vec<ManifestFile>,
}

/// One uploaded file of a backup.
#[derive(Serialize, Deserialize)]
pub(super) struct ManifestFile {
    pub(super) id: FileId,
    pub(super) size: u64,
    pub(super) blake3: String,
}

impl Sqlite {
    pub(crate) async fn backup(&self, dest: PathBuf) -> Result<BackupReport, StoreError> {
        self.apart("store-backup", move |inner| backup(inner, &dest)).await
    }
}

fn backup(inner: &Inner, dest: &Path) -> Result<BackupReport, StoreError> {
    fresh_dir(dest)?;
    let path = dest.join(DATABASE);
    copy_database(&inner.dir.join(DATABASE), &path)?;
    let copy = open::writing(&path)?;
    // One file that can be read where nothing can be written.
    copy.pragma_update(None, "journal_mode", "DELETE")?;
    let mut files = Vec::new();
    for (file, size, sum) in finished_files(&copy)? {
        if put(&files::path(&inner.dir, file), &files::path(dest, file))? {
            let thumbnail = thumbnail(&files::path(&inner.dir, file));
            put(&thumbnail, &self::thumbnail(&files::path(dest, file)))?;
            files.push(ManifestFile { id: file, size, blake3: hex(sum) });
        } else {
            // Deleted since: the copy of the database forgets it too.
            copy.execute("DELETE FROM files WHERE id = ?1", [file.0])?;
        }
    }
    let events =
        copy.query_row("SELECT coalesce(sum(head), 0) FROM heads", [], |row| row.get(0))?;
    let epoch = workspace::epoch(&copy)?.0;
    copy.close().map_err(|(_, e)| e)?;
    sync(&path)?;
    let (database, database_bytes) = sum(&path)?.ok_or_else(|| damaged(&"the copy is gone"))?;
    let report = BackupReport {
        database_bytes,
        files: files.len() as u64,
        files_bytes: files.iter().map(|file| file.size).sum(),
        events,
    };
    let manifest = Manifest { format: FORMAT, epoch, database: hex(database), files };
    let manifest = serde_json::to_vec_pretty(&manifest)?;
    // Last: a backup that was interrupted has none, and is refused.
    let path = dest.join(MANIFEST);
    fs::write(&path, manifest).map_err(|e| open::unusable(&path, &e))?;
    sync(&path)?;
    sync(dest)?;
    Ok(report)
}

/// Copies the database as it stands at one moment. Writers go on meanwhile.
fn copy_database(from: &Path, to: &Path) -> Result<(), StoreError> {
    let from = open::reading(from)?;
    let mut to = Connection::open(to)?;
    readers::at_one_state(&from, |from| {
        // The first look is what fixes the moment.
        from.query_row("SELECT count(*) FROM meta", [], |_| Ok(()))?;
        let copying = rusqlite::backup::Backup::new(from, &mut to)?;
        let done = copying.step(-1)? == rusqlite::backup::StepResult::Done;
        if done { Ok(()) } else { Err(StoreError::Busy) }
    })
}

/// The thumbnail of a file.
pub(super) fn thumbnail(file: &Path) -> PathBuf {
    file.with_added_extension("thumbnail")
}

/// Every complete file: id, size, sum.
pub(super) fn finished_files(
    conn: &Connection,
) -> Result<Vec<(FileId, u64, [u8; 32])>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT id, size, sum FROM files WHERE finished = 1 AND sum IS NOT NULL ORDER BY id",
    )?;
    let files =
        statement.query_map([], |row| Ok((FileId(row.get(0)?), row.get(1)?, row.get(2)?)))?;
    Ok(files.collect::<Result<_, _>>()?)
}

/// Makes a data directory of a backup, under an epoch and with keys of its own: what clients have seen
/// after the backup was made is recognised as another history, and everybody signs in again.
pub(crate) fn restore(backup: &Path, dest: &Path) -> Result<VerifyReport, StoreError> {
    if !backup.join(MANIFEST).exists() {
        let words = format!("{} is no complete backup: it has no {MANIFEST}", backup.display());
        return Err(StoreError::Unusable(words));
    }
    let mut report = super::verify(backup)?;
    if !report.faults.is_empty() {
        return Err(StoreError::Corrupt(format!(
            "the backup {} is damaged, use another: {}",
            backup.display(),
            report.faults.join("; ")
        )));
    }
    fresh_dir(dest)?;
    let path = dest.join(DATABASE);
    copy(&backup.join(DATABASE), &path)?;
    let conn = open::writing(&path)?;
    for (file, _, _) in finished_files(&conn)? {
        put(&files::path(backup, file), &files::path(dest, file))?;
        put(&thumbnail(&files::path(backup, file)), &thumbnail(&files::path(dest, file)))?;
    }
    report.epoch = workspace::next_epoch(report.epoch);
    workspace::begin_again(&conn, report.epoch)?;
    conn.close().map_err(|(_, e)| e)?;
    sync(dest)?;
    Ok(report)
}
