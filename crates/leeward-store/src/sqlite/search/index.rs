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
use std::collections::{BTreeMap, HashSet};
use std::path::Path;

/// Raised when the tokens or the tables change: an index of another version is made again.
const VERSION: u64 = 3;
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
    text, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '3');
  CREATE TABLE terms (term TEXT PRIMARY KEY) WITHOUT ROWID;
";

/// From so many characters on, words are kept in a list, from which the beginning of a word is
/// completed; shorter beginnings have an index of their own.
pub(super) const LISTED_CHARS_MIN: usize = 4;
/// Words remembered to be in the list already: those that most of what is said consists of.
const SEEN_MAX: usize = 200_000;

/// The first document number of a moment.
pub(super) fn doc_at(at_ms: u64) -> u64 {
    at_ms.min(TIME_MAX) << COUNTER_BITS
}

/// What writes the index.
pub(super) struct Index {
    log: Connection,
    index: Connection,
    cursors: BTreeMap<u64, u64>,
    seen: HashSet<String>,
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
        Ok(Self { log, index, cursors, seen: HashSet::new() })
    }

    /// Whether the file of the index is undamaged.
    pub(super) fn is_whole(&self) -> bool {
        super::is_whole(&self.index)
    }

    /// How many events are missing.
    pub(super) fn behind(&self) -> Result<u64, StoreError> {
        let missing = missing(&self.log, &self.cursors)?;
        Ok(missing.iter().map(|(_, from, to)| to - from).sum())
    }

    /// Takes in some of what is missing. Returns how many events are still missing.
    pub(super) fn pass(&mut self) -> Result<u64, StoreError> {
        let left = self.take_some();
        if left.is_err() || self.seen.len() > SEEN_MAX {
            // What was added in a transaction that failed is not in the list.
            self.seen.clear();
        }
        left
    }

    fn take_some(&mut self) -> Result<u64, StoreError> {
        let Self { log, index, cursors, seen } = self;
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
                let mut pass = Pass { log, index: &tx, seen };
                let (taken, last) = pass.take(RoomId(room), Seq(from), budget)?;
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

/// One transaction of the index.
struct Pass<'p> {
    log: &'p Connection,
    index: &'p Connection,
    seen: &'p mut HashSet<String>,
}

impl Pass<'_> {
    /// Takes in the events of one room after `from`. Returns how many, and up to where.
    fn take(&mut self, room: RoomId, from: Seq, most: usize) -> Result<(usize, Seq), StoreError> {
        let mut statement = self.log.prepare_cached(
            "SELECT place, kind, target FROM log WHERE place > ?1 AND place <= ?2 ORDER BY place LIMIT ?3",
        )?;
        let mut rows = statement.query((place(room, from), place(room, Seq(SEQ_MAX)), most))?;
        let (mut taken, mut last) = (0, from);
        while let Some(row) = rows.next()? {
            let at: u64 = row.get(0)?;
            let number: u8 = row.get(1)?;
            if codes::is_message(number) {
                self.refresh(at)?;
            } else if matches!(number, kind::EDIT | kind::DELETE) {
                self.refresh(row.get(2)?)?;
            }
            taken += 1;
            last = seq_of(at);
        }
        Ok((taken, last))
    }

    /// Indexes a message as it stands, in place of what was indexed of it before.
    fn refresh(&mut self, at: u64) -> Result<(), StoreError> {
        let content = content(self.log, at)?;
        let known: Option<u64> = self
            .index
            .prepare_cached("SELECT doc FROM docs WHERE place = ?1")?
            .query_row([at], |row| row.get(0))
            .optional()?;
        if let Some(doc) = known {
            self.index.prepare_cached("DELETE FROM words WHERE rowid = ?1")?.execute([doc])?;
        }
        let Some(content) = content.filter(|content| !content.deleted) else {
            self.index.prepare_cached("DELETE FROM docs WHERE place = ?1")?.execute([at])?;
            return Ok(());
        };
        let doc = match known {
            Some(doc) => doc,
            None => number(self.index, at, content.at)?,
        };
        let terms = self.terms(at, &content)?;
        self.index
            .prepare_cached("INSERT INTO words (rowid, text) VALUES (?1, ?2)")?
            .execute((doc, terms))?;
        Ok(())
    }

    /// What a message is found by: its words with the names of its files; then author, room and what
    /// it has, as tags.
    fn terms(&mut self, at: u64, content: &Content) -> Result<String, StoreError> {
        let extra = Extra::read(content.extra.as_deref())?;
        let mut terms = String::with_capacity(content.text.len() + 32);
        let names = extra.files.iter().map(|file| file.name.as_str());
        for part in std::iter::once(content.text.as_str()).chain(names) {
            for token in tokens(part) {
                terms.push_str(&token.text);
                terms.push(' ');
                self.list(token.text)?;
            }
        }
        terms.push_str(&author_tag(content.author));
        terms.push(' ');
        terms.push_str(&room_tag(room_of(at)));
        let has_link = content.text.contains("http://") || content.text.contains("https://");
        let has_image = extra.files.iter().any(|file| file.mime.starts_with("image/"));
        for (has, tag) in
            [(has_link, LINK_TAG), (!extra.files.is_empty(), FILE_TAG), (has_image, IMAGE_TAG)]
        {
            if has {
                terms.push(' ');
                terms.push_str(tag);
            }
        }
        Ok(terms)
    }

    /// Puts a word into the list of all words.
    fn list(&mut self, term: String) -> Result<(), StoreError> {
        if term.chars().nth(LISTED_CHARS_MIN - 1).is_none() || self.seen.contains(&term) {
            return Ok(());
        }
        self.index
            .prepare_cached("INSERT INTO terms (term) VALUES (?1) ON CONFLICT DO NOTHING")?
            .execute([&term])?;
        self.seen.insert(term);
        Ok(())
    }
}

struct Content {
    at: u64,
    author: u64,
    text: String,
    extra: Option<String>,
    deleted: bool,
}

fn content(log: &Connection, at: u64) -> Result<Option<Content>, StoreError> {
    let mut statement = log.prepare_cached(
        "SELECT l.at, l.author, coalesce(f.text, l.text), l.extra, coalesce(f.deleted, 0)
         FROM log l LEFT JOIN folds f ON f.place = l.place WHERE l.place = ?1",
    )?;
    let content = statement.query_row([at], |row| {
        let (author, text, extra, deleted) = (row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        Ok(Content { at: row.get(0)?, author, text, extra, deleted })
    });
    Ok(content.optional()?)
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

// Tags stand among the words, which saves the index from telling columns apart for every match. The
// sign before them is in no word: words are of letters and digits only.
pub(super) const LINK_TAG: &str = "§link";
pub(super) const FILE_TAG: &str = "§file";
pub(super) const IMAGE_TAG: &str = "§image";

pub(super) fn author_tag(author: u64) -> String {
    format!("§a{author}")
}

pub(super) fn room_tag(room: RoomId) -> String {
    format!("§r{room}")
}
