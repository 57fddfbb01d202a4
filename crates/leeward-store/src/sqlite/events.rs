//! Reading the log as it was written: what the hub and returning clients ask for.

use super::cache::facts;
use super::codes::{self, kind, place};
use super::log::{PLAIN, plain};
use super::{Sqlite, workspace};
use crate::error::StoreError;
use crate::records::{LoadedRoom, Revision};
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, Millis, Position, RoomId, Seq};
use leeward_core::room::{Member, RoomFacts};
use rusqlite::{Connection, OptionalExtension};

impl Sqlite {
    pub(crate) async fn load_room(
        &self,
        room: RoomId,
        tail_bytes_max: usize,
    ) -> Result<Option<LoadedRoom>, StoreError> {
        self.read(move |conn| load_room(conn, room, tail_bytes_max)).await
    }

    pub(crate) async fn events_after(
        &self,
        room: RoomId,
        seq: Seq,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        self.read(move |conn| {
            let sql = format!(
                "SELECT {PLAIN} FROM log l WHERE l.place > ?1 AND l.place <= ?2 ORDER BY l.place LIMIT ?3"
            );
            let mut statement = conn.prepare_cached(&sql)?;
            let mut rows = statement.query((place(room, seq), end_of(room), limit))?;
            let mut events = Vec::new();
            while let Some(row) = rows.next()? {
                events.push(plain(row)?);
            }
            Ok(events)
        })
        .await
    }

    pub(crate) async fn revisions(
        &self,
        room: RoomId,
        seq: Seq,
    ) -> Result<Vec<Revision>, StoreError> {
        self.read(move |conn| revisions(conn, room, seq)).await
    }
}

/// The last place a room can have.
pub(super) fn end_of(room: RoomId) -> u64 {
    place(room, Seq(codes::SEQ_MAX))
}

/// A room's facts and where its log ends.
pub(super) struct Head {
    pub(super) facts: RoomFacts,
    pub(super) position: Position,
    pub(super) last_message: Seq,
    pub(super) members: u32,
}

pub(super) fn head(conn: &Connection, room: RoomId) -> Result<Option<Head>, StoreError> {
    let epoch = workspace::epoch(conn)?;
    let mut statement = conn.prepare_cached(
        "SELECT r.kind, r.name, r.topic, r.archived, r.read_only, h.head, h.last_message, h.members
         FROM rooms r JOIN heads h ON h.room = r.id WHERE r.id = ?1",
    )?;
    let head = statement.query_row([room.0], |row| {
        Ok(Head {
            facts: facts(row, 0)?,
            position: Position { epoch, seq: Seq(row.get(5)?) },
            last_message: Seq(row.get(6)?),
            members: row.get(7)?,
        })
    });
    Ok(head.optional()?)
}

/// The people of a room, by account, at most `limit`.
pub(super) fn members(
    conn: &Connection,
    room: RoomId,
    limit: usize,
) -> Result<Vec<Member>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT account, role FROM members WHERE room = ?1 ORDER BY account LIMIT ?2",
    )?;
    let members = statement.query_map((room.0, limit), |row| {
        Ok(Member { account: AccountId(row.get(0)?), role: codes::member_role(row.get(1)?)? })
    })?;
    Ok(members.collect::<Result<_, _>>()?)
}

/// No bound, in SQL.
pub(super) const ALL: usize = i64::MAX as usize;

fn load_room(
    conn: &Connection,
    room: RoomId,
    tail_bytes_max: usize,
) -> Result<Option<LoadedRoom>, StoreError> {
    let Some(Head { facts, position, last_message, .. }) = head(conn, room)? else {
        return Ok(None);
    };
    let members = members(conn, room, ALL)?;
    let sql = format!(
        "SELECT {PLAIN} FROM log l WHERE l.place > ?1 AND l.place <= ?2 ORDER BY l.place DESC"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query((place(room, Seq(0)), end_of(room)))?;
    let (mut tail, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let event = plain(row)?;
        bytes += size_of(&event);
        if bytes > tail_bytes_max {
            break;
        }
        tail.push(event);
    }
    tail.reverse();
    Ok(Some(LoadedRoom { facts, position, last_message, members, tail }))
}

/// About what an event takes on the wire, in bytes.
fn size_of(event: &Event) -> usize {
    const FRAME: usize = 160;
    let contents = match &event.what {
        What::Message(m) => m.text.len() + 150 * m.files.len() + 8 * m.mentions.len(),
        What::Edit { text, mentions, .. } => text.len() + 8 * mentions.len(),
        What::Room(facts) => facts.name.len() + facts.topic.len(),
        What::Delete { .. }
        | What::React { .. }
        | What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. } => 0,
    };
    FRAME + contents
}

fn revisions(conn: &Connection, room: RoomId, seq: Seq) -> Result<Vec<Revision>, StoreError> {
    match super::append::target(conn, room, seq)? {
        Some(target) if target.is_message && !target.deleted => {}
        Some(_) | None => return Ok(Vec::new()),
    }
    let mut statement = conn.prepare_cached(
        "SELECT place, at, author, text FROM log WHERE place = ?1
         UNION ALL
         SELECT place, at, author, text FROM log WHERE target = ?1 AND kind = ?2 AND kind IN (2, 3, 4)
         ORDER BY place",
    )?;
    let revisions = statement.query_map((place(room, seq), kind::EDIT), |row| {
        Ok(Revision {
            seq: codes::seq_of(row.get(0)?),
            at: Millis(row.get(1)?),
            from: AccountId(row.get(2)?),
            text: row.get::<_, Option<String>>(3)?.unwrap_or_default(),
        })
    })?;
    Ok(revisions.collect::<Result<_, _>>()?)
}
