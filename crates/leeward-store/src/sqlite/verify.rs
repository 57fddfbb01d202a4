//! Checking a backup or a data directory: by opening it and looking, not by its name.

use super::backup::{FORMAT, MANIFEST, Manifest, finished_files};
use super::copying::{hex, sum};
use super::open::DATABASE;
use super::{files, open, readers, workspace};
use crate::error::StoreError;
use crate::records::VerifyReport;
use rusqlite::{Connection, OpenFlags};
use std::fs;
use std::path::Path;

/// Faults listed; whoever has more needs another backup, not a longer list.
const FAULTS_MAX: usize = 50;

/// Looks at everything that can be checked.
pub(crate) fn verify(dir: &Path) -> Result<VerifyReport, StoreError> {
    let path = dir.join(DATABASE);
    if !path.exists() {
        return Err(StoreError::Unusable(format!("there is no {DATABASE} in {}", dir.display())));
    }
    let manifest = manifest(dir)?;
    let mut faults = Vec::new();
    if let Some(manifest) = &manifest {
        check_manifest(dir, manifest, &mut faults)?;
    }
    // A backup is one file that nobody writes; a data directory may be in use.
    let conn = if manifest.is_some() { reading_only(&path)? } else { open::reading(&path)? };
    let report = readers::at_one_state(&conn, |conn| {
        let counted = |sql: &str| -> Result<u64, StoreError> {
            Ok(conn.query_row(sql, [], |row| row.get(0))?)
        };
        check_pages(conn, &mut faults)?;
        check_logs(conn, &mut faults)?;
        check_nonces(conn, &mut faults)?;
        let files = check_files(conn, dir, &mut faults)?;
        Ok(VerifyReport {
            epoch: workspace::epoch(conn)?,
            accounts: counted("SELECT count(*) FROM accounts")?,
            rooms: counted("SELECT count(*) FROM rooms")?,
            events: counted("SELECT count(*) FROM log")?,
            files,
            bot_tokens: counted("SELECT count(*) FROM bot_tokens")?,
            hooks: counted("SELECT count(*) FROM hooks")?,
            invites: counted("SELECT count(*) FROM invites WHERE revoked = 0 AND uses < uses_max")?,
            faults: Vec::new(),
        })
    })?;
    faults.truncate(FAULTS_MAX);
    Ok(VerifyReport { faults, ..report })
}

fn manifest(dir: &Path) -> Result<Option<Manifest>, StoreError> {
    let path = dir.join(MANIFEST);
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(open::unusable(&path, &e)),
    };
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|e| StoreError::Corrupt(format!("{} is damaged: {e}", path.display())))?;
    if manifest.format > FORMAT {
        return Err(StoreError::Unusable(format!(
            "the backup is of a later version of leeward (format {}, this program knows up to {FORMAT})",
            manifest.format
        )));
    }
    Ok(Some(manifest))
}

fn check_manifest(
    dir: &Path,
    manifest: &Manifest,
    faults: &mut Vec<String>,
) -> Result<(), StoreError> {
    match sum(&dir.join(DATABASE))? {
        Some((found, _)) if hex(found) == manifest.database => {}
        Some(_) | None => faults.push("the database is not the one that was backed up".into()),
    }
    for file in &manifest.files {
        match sum(&files::path(dir, file.id))? {
            Some((found, size)) if hex(found) == file.blake3 && size == file.size => {}
            Some(_) => faults.push(format!("file {} is not the one that was backed up", file.id)),
            None => faults.push(format!("file {} is missing", file.id)),
        }
    }
    Ok(())
}

fn reading_only(path: &Path) -> Result<Connection, StoreError> {
    // In a URI, these three mean something else.
    let name =
        path.display().to_string().replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(format!("file:{name}?immutable=1"), flags)?)
}

fn check_pages(conn: &Connection, faults: &mut Vec<String>) -> Result<(), StoreError> {
    let mut statement = conn.prepare("PRAGMA integrity_check(20)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let said: String = row.get(0)?;
        if said != "ok" {
            faults.push(format!("the database is damaged: {said}"));
        }
    }
    Ok(())
}

/// Every log counts 1, 2, 3… up to where the room says it ends.
fn check_logs(conn: &Connection, faults: &mut Vec<String>) -> Result<(), StoreError> {
    let mut statement = conn.prepare(
        "SELECT r.id, h.head, coalesce(l.events, 0), coalesce(l.first, 1), coalesce(l.last, 0), h.members,
           (SELECT count(*) FROM members m WHERE m.room = r.id)
         FROM rooms r LEFT JOIN heads h ON h.room = r.id LEFT JOIN (
           SELECT place >> 32 AS room, count(*) AS events,
             min(place) & 0xffffffff AS first, max(place) & 0xffffffff AS last FROM log GROUP BY place >> 32
         ) l ON l.room = r.id",
    )?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let room: u64 = row.get(0)?;
        let Some(head) = row.get::<_, Option<u64>>(1)? else {
            faults.push(format!("room {room} has no end"));
            continue;
        };
        let (events, first, last): (u64, u64, u64) = (row.get(2)?, row.get(3)?, row.get(4)?);
        if (first, last, events) != (1, head, head) {
            faults.push(format!(
                "room {room} ends at {head}, but its log has {events} events from {first} to {last}"
            ));
        }
        let (said, counted): (u64, u64) = (row.get(5)?, row.get(6)?);
        if said != counted {
            faults.push(format!("room {room} says it has {said} members, but has {counted}"));
        }
    }
    let strays: u64 = conn.query_row(
        "SELECT count(*) FROM log WHERE NOT EXISTS (SELECT 1 FROM rooms WHERE id = place >> 32)",
        [],
        |row| row.get(0),
    )?;
    if strays > 0 {
        faults.push(format!("{strays} events belong to no room"));
    }
    Ok(())
}

/// Every event with a nonce is the one that its nonce leads to, and the other way round.
fn check_nonces(conn: &Connection, faults: &mut Vec<String>) -> Result<(), StoreError> {
    let (named, known): (u64, u64) = conn.query_row(
        "SELECT (SELECT count(*) FROM log WHERE nonce IS NOT NULL), (SELECT count(*) FROM nonces)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    let astray: u64 = conn.query_row(
        "SELECT count(*) FROM log l WHERE l.nonce IS NOT NULL AND NOT EXISTS (
           SELECT 1 FROM nonces n WHERE n.nonce = l.nonce AND n.author = l.author AND n.place = l.place)",
        [],
        |row| row.get(0),
    )?;
    if named != known || astray > 0 {
        faults.push(format!(
            "{named} events carry a nonce and {known} nonces are known; {astray} lead elsewhere"
        ));
    }
    Ok(())
}

fn check_files(conn: &Connection, dir: &Path, faults: &mut Vec<String>) -> Result<u64, StoreError> {
    let mut checked = 0;
    for (file, size, expected) in finished_files(conn)? {
        match sum(&files::path(dir, file))? {
            Some(found) if found == (expected, size) => checked += 1,
            Some(_) => faults.push(format!("file {file} has other bytes than were uploaded")),
            None => faults.push(format!("file {file} is missing")),
        }
    }
    Ok(checked)
}
