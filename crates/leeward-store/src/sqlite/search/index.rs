//! The index for full-text search: a file of its own that follows the logs, and can be thrown away
//! and made again at any time.
//!
//! A document's number is the time of its message in milliseconds, times 2²⁰, plus a counter: the
//! newest matches come first without sorting, and `before:` and `after:` are ranges of numbers.

use super::super::codes::{self, SEQ_MAX, kind, place, room_of, seq_of};
use super::super::log::Extra;
use super::super::{open, readers, workspace};
use super::tokens::tokens;
use crate::error::StoreError;
use leeward_core::id::{RoomId, Seq};
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeMap;
use std::path::Path;

/// Raised when the tokens or the tables change: an index of another version is made again.
const VERSION: u64 = 1;
/// Events taken in one transaction: some 20 ms of work.
const PASS_EVENTS: usize = 2_000;
/// Bits of a document's number below the time.
const COUNTER_BITS: u32 = 20;
/// The year 2109: what claims to be later is indexed as if it were from then.
const TIME_MAX: u64 = (1 << 42) - 1;

const SCHEMA: &str = "
  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE cursors (room INTEGER PRIMARY KEY, seq INTEGER NOT NULL);
  CREATE TABLE docs (doc INTEGER PRIMARY KEY, place INTEGER NOT NULL UNIQUE);
  CREATE VIRTUAL TABLE words USING fts5(
    text, tags, content = '', contentless_delete = 1, tokenize = 'ascii');
";

/// The first document number of a moment.
pub(super) fn doc_at(at_ms: u64) -> u64 {
    at_ms.min(TIME_MAX) << COUNTER_BITS
}

/// What writes the index.
pub(super) struct Index {
    log: Connection,
    index: Connection,
    cursors: BTreeMap<u64, u64>,
}

impl Index {
    /// Opens the index, making it when it is missing, damaged, or of another history.
    pub(super) fn open(dir: &Path) -> Result<Self, StoreError> {
        let log = open::reading(&dir.join(open::DATABASE))?;
        let index = match fitting(dir, &log) {
            Ok(Some(index)) => index,
            Ok(None) | Err(StoreError::Corrupt(_) | StoreError::Refused(_)) => afresh(dir, &log)?,
            Err(e) => return Err(e),
        };
        let mut cursors = BTreeMap::new();
        {
            let mut statement = index.prepare("SELECT room, seq FROM cursors")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                cursors.insert(row.get(0)?, row.get(1)?);
            }
        }
        Ok(Self { log, index, cursors })
    }

    /// Takes in some of what is missing. Returns how many events are still missing.
    pub(super) fn pass(&mut self) -> Result<u64, StoreError> {
        let Self { log, index, cursors } = self;
        readers::at_one_state(log, |log| {
            let missing = missing(log, cursors)?;
            if missing.is_empty() {
                return Ok(0);
            }
            let mut left: u64 = missing.iter().map(|(_, from, to)| to - from).sum();
            let mut budget = PASS_EVENTS;
            let mut reached = Vec::new();
            let tx = index.transaction()?;
            for (room, from, _) in missing {
                if budget == 0 {
                    break;
                }
                let (taken, last) = take(log, &tx, RoomId(room), Seq(from), budget)?;
                tx.prepare_cached(
                    "INSERT INTO cursors (room, seq) VALUES (?1, ?2) ON CONFLICT (room) DO UPDATE SET seq = ?2",
                )?
                .execute((room, last.0))?;
                reached.push((room, last.0));
                left -= last.0 - from;
                budget -= taken.min(budget);
            }
            tx.commit()?;
            cursors.extend(reached);
            Ok(left)
        })
    }
}

/// The index that is there, if it belongs to this log.
fn fitting(dir: &Path, log: &Connection) -> Result<Option<Connection>, StoreError> {
    let path = dir.join(open::SEARCH);
    if !path.exists() {
        return Ok(None);
    }
    let index = connect(&path)?;
    let meta = |key: &str| -> Result<Option<u64>, StoreError> {
        let mut statement = index.prepare("SELECT value FROM meta WHERE key = ?1")?;
        Ok(statement.query_row([key], |row| row.get(0)).optional()?)
    };
    let fits =
        meta("version")? == Some(VERSION) && meta("epoch")? == Some(workspace::epoch(log)?.0);
    // A cheap question that reads a page of each tree: a damaged file is noticed here or when it is
    // searched, and made again then.
    index.query_row("SELECT count(*) FROM (SELECT rowid FROM words LIMIT 1)", [], |_| Ok(()))?;
    Ok(fits.then_some(index))
}

/// An empty index in place of whatever is there.
fn afresh(dir: &Path, log: &Connection) -> Result<Connection, StoreError> {
    for end in ["", "-wal", "-shm"] {
        let path = dir.join(format!("{}{end}", open::SEARCH));
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => {}
            Err(e) => return Err(open::unusable(&path, &e)),
        }
    }
    let mut index = connect(&dir.join(open::SEARCH))?;
    let tx = index.transaction()?;
    tx.execute_batch(SCHEMA)?;
    tx.execute("INSERT INTO meta VALUES ('version', ?1)", [VERSION])?;
    tx.execute("INSERT INTO meta VALUES ('epoch', ?1)", [workspace::epoch(log)?.0])?;
    tx.commit()?;
    Ok(index)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let conn = open::writing(path)?;
    // What a power cut takes from the index is taken in again from the log.
    conn.pragma_update(None, "synchronous", "NORMAL")?;
    conn.pragma_update(None, "wal_autocheckpoint", 1_000)?;
    Ok(conn)
}

/// Rooms whose log goes on beyond what has been taken in: room, from, to.
fn missing(
    log: &Connection,
    cursors: &BTreeMap<u64, u64>,
) -> Result<Vec<(u64, u64, u64)>, StoreError> {
    let mut statement = log.prepare_cached("SELECT room, head FROM heads")?;
    let mut rows = statement.query([])?;
    let mut missing = Vec::new();
    while let Some(row) = rows.next()? {
        let (room, head) = (row.get(0)?, row.get(1)?);
        let from = cursors.get(&room).copied().unwrap_or(0);
        if head > from {
            missing.push((room, from, head));
        }
    }
    Ok(missing)
}

/// Takes in the events of one room after `from`. Returns how many, and up to where.
fn take(
    log: &Connection,
    index: &Connection,
    room: RoomId,
    from: Seq,
    most: usize,
) -> Result<(usize, Seq), StoreError> {
    let mut statement = log.prepare_cached(
        "SELECT place, kind, target FROM log WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3",
    )?;
    let mut rows = statement.query((place(room, from), place(room, Seq(SEQ_MAX)), most))?;
    let (mut taken, mut last) = (0, from);
    while let Some(row) = rows.next()? {
        let at: u64 = row.get(0)?;
        let number: u8 = row.get(1)?;
        if codes::is_message(number) {
            refresh(log, index, at)?;
        } else if matches!(number, kind::EDIT | kind::DELETE) {
            refresh(log, index, row.get(2)?)?;
        }
        taken += 1;
        last = seq_of(at);
    }
    Ok((taken, last))
}

struct Content {
    at: u64,
    author: u64,
    text: String,
    extra: Option<String>,
    deleted: bool,
}

/// Indexes a message as it stands, in place of what was indexed of it before.
fn refresh(log: &Connection, index: &Connection, at: u64) -> Result<(), StoreError> {
    let content = log
        .prepare_cached(
            "SELECT l.at, l.author, coalesce(f.text, l.text), l.extra, coalesce(f.deleted, 0)
             FROM log l LEFT JOIN folds f ON f.place = l.place WHERE l.place = ?1",
        )?
        .query_row([at], |row| {
            let (author, text, extra, deleted) =
                (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
            Ok(Content { at: row.get(0)?, author, text, extra, deleted })
        })
        .optional()?;
    let known: Option<u64> = index
        .prepare_cached("SELECT doc FROM docs WHERE place = ?1")?
        .query_row([at], |row| row.get(0))
        .optional()?;
    if let Some(doc) = known {
        index.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([doc])?;
    }
    let Some(content) = content.filter(|content| !content.deleted) else {
        index.prepare_cached("DELETE FROM docs WHERE place = ?1")?.execute([at])?;
        return Ok(());
    };
    let doc = match known {
        Some(doc) => doc,
        None => number(index, at, content.at)?,
    };
    let (text, tags) = terms(at, &content)?;
    index
        .prepare_cached("INSERT INTO words (rowid, text, tags) VALUES (?1, ?2, ?3)")?
        .execute((doc, text, tags))?;
    Ok(())
}

/// Gives a message its document number.
fn number(index: &Connection, at: u64, at_ms: u64) -> Result<u64, StoreError> {
    let (first, end) = (doc_at(at_ms), doc_at(at_ms) + (1 << COUNTER_BITS));
    let last: Option<u64> = index
        .prepare_cached("SELECT max(doc) FROM docs WHERE doc >= ?1 AND doc < ?2")?
        .query_row((first, end), |row| row.get(0))?;
    let doc = last.map_or(first, |last| last + 1);
    index.prepare_cached("INSERT INTO docs (doc, place) VALUES (?1, ?2)")?.execute((doc, at))?;
    Ok(doc)
}

/// What a message is found by: its words with the names of its files; and author, room and what it has.
fn terms(at: u64, content: &Content) -> Result<(String, String), StoreError> {
    let extra = Extra::read(content.extra.as_deref())?;
    let mut text = String::with_capacity(content.text.len() + 16);
    let names = extra.files.iter().map(|file| file.name.as_str());
    for part in std::iter::once(content.text.as_str()).chain(names) {
        for token in tokens(part) {
            text.push_str(&token.text);
            text.push(' ');
        }
    }
    let mut tags = format!("{} {}", author_tag(content.author), room_tag(room_of(at)));
    if content.text.contains("http://") || content.text.contains("https://") {
        tags.push_str(" hl");
    }
    if !extra.files.is_empty() {
        tags.push_str(" hf");
    }
    if extra.files.iter().any(|file| file.mime.starts_with("image/")) {
        tags.push_str(" hi");
    }
    Ok((text, tags))
}

pub(super) fn author_tag(author: u64) -> String {
    format!("a{author}")
}

pub(super) fn room_tag(room: RoomId) -> String {
    format!("r{room}")
}
