//! The whole workspace in a form that other programs read: one line of JSON for each thing, and the
//! uploaded files. Written as it is read, so that a large workspace needs no large memory.
//!
//! Lines are of type `workspace`, `account`, `room`, `member`, `file` and `event`, in this order. Events
//! are those of the wire, messages with their state. No password, token or session is among them.

use super::cache::facts;
use super::copying::{fresh_dir, hex, put, sync};
use super::events::{ALL, members};
use super::log::{FOLDED, folded};
use super::{Inner, Sqlite, accounts, codes, files, open, readers, workspace};
use crate::error::StoreError;
use crate::records::ExportReport;
use leeward_core::id::{AccountId, FileId, RoomId};
use rusqlite::Connection;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

const LINES: &str = "workspace.jsonl";

impl Sqlite {
    pub(crate) async fn export(&self, dest: PathBuf) -> Result<ExportReport, StoreError> {
        self.apart("store-export", move |inner| export(inner, &dest)).await
    }
}

fn export(inner: &Inner, dest: &Path) -> Result<ExportReport, StoreError> {
    fresh_dir(dest)?;
    let conn = open::reading(&inner.dir.join(open::DATABASE))?;
    let path = dest.join(LINES);
    let file = File::create_new(&path).map_err(|e| open::unusable(&path, &e))?;
    let mut out = Lines { out: BufWriter::new(file), path: path.clone(), lines: 0 };
    let files = readers::at_one_state(&conn, |conn| {
        let (name, epoch) = (workspace::name(conn)?, workspace::epoch(conn)?);
        out.line(&json!({"type": "workspace", "format": 1, "name": name, "epoch": epoch}))?;
        accounts(conn, &mut out)?;
        let rooms = rooms(conn, &mut out)?;
        let files = write_files(conn, inner, dest, &mut out)?;
        for room in rooms {
            events(conn, room, &mut out)?;
        }
        Ok(files)
    })?;
    let lines = out.finish()?;
    sync(&path)?;
    Ok(ExportReport { lines, files })
}

struct Lines {
    out: BufWriter<File>,
    path: PathBuf,
    lines: u64,
}

impl Lines {
    fn line(&mut self, value: &Value) -> Result<(), StoreError> {
        self.lines += 1;
        writeln!(self.out, "{value}").map_err(|e| open::unusable(&self.path, &e))
    }

    fn finish(mut self) -> Result<u64, StoreError> {
        self.out.flush().map_err(|e| open::unusable(&self.path, &e))?;
        Ok(self.lines)
    }
}

fn accounts(conn: &Connection, out: &mut Lines) -> Result<(), StoreError> {
    let mut statement = conn.prepare("SELECT id, created_at FROM accounts ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let created_at: u64 = row.get(1)?;
        if let Some(entry) = accounts::entry(conn, AccountId(row.get(0)?))? {
            out.line(
                &json!({"type": "account", "account": entry.person, "created_at": created_at}),
            )?;
        }
    }
    Ok(())
}

fn rooms(conn: &Connection, out: &mut Lines) -> Result<Vec<RoomId>, StoreError> {
    let mut statement = conn.prepare(
        "SELECT id, kind, name, topic, archived, read_only, created_at FROM rooms ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, created_at): (u64, u64) = (row.get(0)?, row.get(6)?);
        out.line(
            &json!({"type": "room", "id": id, "facts": facts(row, 1)?, "created_at": created_at}),
        )?;
        for member in members(conn, RoomId(id), ALL)? {
            out.line(&json!({"type": "member", "room": id, "account": member.account, "role": member.role}))?;
        }
        ids.push(RoomId(id));
    }
    Ok(ids)
}

fn write_files(
    conn: &Connection,
    inner: &Inner,
    dest: &Path,
    out: &mut Lines,
) -> Result<u64, StoreError> {
    let mut statement = conn.prepare(
        "SELECT id, owner, name, mime, size, sum, created_at FROM files WHERE finished = 1 ORDER BY id",
    )?;
    let mut rows = statement.query([])?;
    let mut files = 0;
    while let Some(row) = rows.next()? {
        let id = FileId(row.get(0)?);
        let (owner, name, mime): (u64, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
        let (size, sum, created_at): (u64, Option<[u8; 32]>, u64) =
            (row.get(4)?, row.get(5)?, row.get(6)?);
        let there = put(&files::path(&inner.dir, id), &files::path(dest, id))?;
        files += u64::from(there);
        let path = files::path(Path::new(""), id).display().to_string();
        out.line(&json!({
            "type": "file", "id": id, "owner": owner, "name": name, "mime": mime, "size": size,
            "blake3": sum.map(hex), "created_at": created_at, "path": there.then_some(path),
        }))?;
    }
    Ok(files)
}

fn events(conn: &Connection, room: RoomId, out: &mut Lines) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {FOLDED} FROM log l LEFT JOIN folds f ON f.place = l.place
         WHERE l.place > ?1 AND l.place <= ?2 ORDER BY l.place"
    );
    let mut statement = conn.prepare(&sql)?;
    let from = codes::place(room, leeward_core::id::Seq(0));
    let mut rows = statement.query((from, super::events::end_of(room)))?;
    while let Some(row) = rows.next()? {
        let event = folded(conn, row)?;
        out.line(&json!({"type": "event", "room": room, "event": event}))?;
    }
    Ok(())
}
