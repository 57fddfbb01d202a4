//! Lines of a timeline with their state: snapshots, pages of history, single lines, pins, files.

use super::codes::{kind, place, seq_of};
use super::events::{Head, end_of, head, members};
use super::log::{FOLDED, folded};
use super::{Sqlite, accounts};
use crate::error::StoreError;
use crate::records::{Page, PageFrom, PageQuery};
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::limits::{PAGE_ENTRIES_MAX, SNAPSHOT_MEMBERS_MAX};
use leeward_core::wire::Snapshot;
use rusqlite::{Connection, Params};
use std::collections::BTreeSet;

impl Sqlite {
    pub(crate) async fn snapshot(
        &self,
        room: RoomId,
        lines: usize,
    ) -> Result<Option<Snapshot>, StoreError> {
        self.read(move |conn| snapshot(conn, room, lines)).await
    }

    pub(crate) async fn page(
        &self,
        room: RoomId,
        query: PageQuery,
    ) -> Result<Option<Page>, StoreError> {
        self.read(move |conn| page(conn, room, query)).await
    }

    pub(crate) async fn line(&self, room: RoomId, seq: Seq) -> Result<Option<Event>, StoreError> {
        self.read(move |conn| line(conn, room, seq)).await
    }

    pub(crate) async fn pins(&self, room: RoomId) -> Result<Vec<Event>, StoreError> {
        self.read(move |conn| {
            let sql = format!(
                "SELECT {FOLDED} FROM folds f JOIN log l ON l.place = f.place
                 WHERE f.pinned = 1 AND f.place > ?1 AND f.place <= ?2 ORDER BY f.place DESC"
            );
            lines(conn, &sql, (place(room, Seq(0)), end_of(room)))
        })
        .await
    }

    pub(crate) async fn room_files(
        &self,
        room: RoomId,
        before: Option<Seq>,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(move |conn| {
            let last = before.map_or(end_of(room), |seq| place(room, seq).saturating_sub(1));
            let sql = format!(
                "SELECT {FOLDED} FROM (SELECT DISTINCT place FROM file_uses
                   WHERE place > ?1 AND place <= ?2 ORDER BY place DESC LIMIT ?3) u
                 JOIN log l ON l.place = u.place LEFT JOIN folds f ON f.place = u.place
                 ORDER BY u.place DESC"
            );
            let limit = limit.clamp(1, PAGE_ENTRIES_MAX);
            lines(conn, &sql, (place(room, Seq(0)), last, limit))
        })
        .await
    }
}

/// One line with its state. `None` where there is no event, or one without a line of its own.
pub(super) fn line(conn: &Connection, room: RoomId, seq: Seq) -> Result<Option<Event>, StoreError> {
    let sql = format!(
        "SELECT {FOLDED} FROM log l LEFT JOIN folds f ON f.place = l.place WHERE l.place = ?1"
    );
    let event = lines(conn, &sql, [place(room, seq)])?.pop();
    Ok(event.filter(|event| event.what.is_line()))
}

fn lines(conn: &Connection, sql: &str, params: impl Params) -> Result<Vec<Event>, StoreError> {
    let mut statement = conn.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut lines = Vec::new();
    while let Some(row) = rows.next()? {
        lines.push(folded(conn, row)?);
    }
    Ok(lines)
}

fn snapshot(conn: &Connection, room: RoomId, limit: usize) -> Result<Option<Snapshot>, StoreError> {
    let Some(Head { facts, position, members: total, .. }) = head(conn, room)? else {
        return Ok(None);
    };
    let timeline = Timeline { conn, room, thread: None };
    let (lines, more) = timeline.before(end_of(room), limit)?;
    // Of a large room, the number only: it would be the largest part of the frame.
    let members = if total as usize <= SNAPSHOT_MEMBERS_MAX {
        members(conn, room, SNAPSHOT_MEMBERS_MAX)?
    } else {
        Vec::new()
    };
    let mut people: BTreeSet<AccountId> = members.iter().map(|member| member.account).collect();
    for line in &lines {
        people.extend(named(line));
    }
    let people = accounts::people(conn, people)?;
    Ok(Some(Snapshot {
        room,
        at: position,
        facts,
        members,
        members_total: total,
        people,
        lines,
        more,
    }))
}

/// Whom a line names.
pub(super) fn named(line: &Event) -> Vec<AccountId> {
    let mut named = vec![line.from];
    match &line.what {
        What::Message(message) => {
            named.extend(&message.mentions);
            named.extend(message.reactions.iter().flat_map(|chip| &chip.by));
        }
        What::Join { who, .. } | What::Leave { who, .. } | What::Role { who, .. } => {
            named.push(*who)
        }
        What::Edit { mentions, .. } => named.extend(mentions),
        What::Delete { .. } | What::React { .. } | What::Pin { .. } | What::Room(_) => {}
    }
    named
}

fn page(conn: &Connection, room: RoomId, query: PageQuery) -> Result<Option<Page>, StoreError> {
    let Some(Head { position: at, .. }) = head(conn, room)? else { return Ok(None) };
    let limit = query.limit.clamp(1, PAGE_ENTRIES_MAX);
    let timeline = Timeline { conn, room, thread: query.thread };
    let (first, last) = (place(room, Seq(0)), end_of(room));
    let (lines, more_before, more_after) = match query.from {
        PageFrom::Newest => {
            let (lines, more) = timeline.before(last, limit)?;
            (lines, more, false)
        }
        PageFrom::Before(seq) => {
            let (lines, more) = timeline.before(place(room, seq), limit)?;
            (lines, more, timeline.any_after(place(room, seq).saturating_sub(1))?)
        }
        PageFrom::After(seq) => {
            let (lines, more) = timeline.after(place(room, seq), limit)?;
            (lines, timeline.any_before(place(room, seq) + 1)?, more)
        }
        PageFrom::Around(seq) => {
            let at = place(room, seq).max(first + 1);
            let (mut lines, more_before) = timeline.before(at, limit / 2)?;
            let (after, more_after) = timeline.after(at - 1, limit - limit / 2)?;
            lines.extend(after);
            (lines, more_before, more_after)
        }
    };
    Ok(Some(Page { lines, more_before, more_after, at }))
}

/// The lines of a room, or of one thread in it.
struct Timeline<'c> {
    conn: &'c Connection,
    room: RoomId,
    thread: Option<Seq>,
}

impl Timeline<'_> {
    /// The last lines before a place, in order, and whether there are more before them.
    fn before(&self, at: u64, limit: usize) -> Result<(Vec<Event>, bool), StoreError> {
        let from = place(self.room, Seq(0));
        let mut lines = match self.root() {
            None => lines(self.conn, &room_sql("DESC"), (from, at - 1, limit + 1))?,
            Some(root) => lines(self.conn, &thread_sql("DESC"), (root, from, at - 1, limit + 1))?,
        };
        let more = lines.len() > limit;
        lines.truncate(limit);
        lines.reverse();
        Ok((lines, more))
    }

    /// The first lines after a place, in order, and whether there are more after them.
    fn after(&self, at: u64, limit: usize) -> Result<(Vec<Event>, bool), StoreError> {
        let to = end_of(self.room);
        let mut lines = match self.root() {
            None => lines(self.conn, &room_sql("ASC"), (at, to, limit + 1))?,
            Some(root) => lines(self.conn, &thread_sql("ASC"), (root, at, to, limit + 1))?,
        };
        let more = lines.len() > limit;
        lines.truncate(limit);
        Ok((lines, more))
    }

    fn any_before(&self, at: u64) -> Result<bool, StoreError> {
        self.before(at, 0).map(|(_, more)| more)
    }

    fn any_after(&self, at: u64) -> Result<bool, StoreError> {
        self.after(at, 0).map(|(_, more)| more)
    }

    fn root(&self) -> Option<u64> {
        self.thread.map(|root| place(self.room, root))
    }
}

/// The room's own lines: replies only where they are shown in the room too.
fn room_sql(order: &str) -> String {
    format!(
        "SELECT {FOLDED} FROM log l LEFT JOIN folds f ON f.place = l.place
         WHERE l.place > ?1 AND l.place <= ?2 AND (l.kind IN ({}, {}) OR l.kind >= {})
         ORDER BY l.place {order} LIMIT ?3",
        kind::MESSAGE,
        kind::REPLY_IN_ROOM,
        kind::JOIN
    )
}

/// A thread: its first message and the replies.
fn thread_sql(order: &str) -> String {
    format!(
        "SELECT {FOLDED} FROM log l LEFT JOIN folds f ON f.place = l.place
         WHERE l.place IN (
           SELECT ?1 UNION ALL SELECT place FROM log WHERE target = ?1 AND kind IN (2, 3) AND kind IN (2, 3, 4))
         AND l.place > ?2 AND l.place <= ?3 ORDER BY l.place {order} LIMIT ?4"
    )
}

/// The line that an event belongs to, for those who only have a place.
pub(super) fn line_at(conn: &Connection, at: u64) -> Result<Option<Event>, StoreError> {
    line(conn, super::codes::room_of(at), seq_of(at))
}
