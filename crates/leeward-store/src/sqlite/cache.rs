//! What the writer remembers of rooms, so that an append reads nothing: facts, members, where the log
//! ends. Exact, because every change passes the writer; forgotten whenever a transaction fails.

use super::codes;
use crate::error::StoreError;
use leeward_core::id::{AccountId, Epoch, RoomId};
use leeward_core::room::{MemberRole, RoomFacts};
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::{BTreeSet, HashMap};

/// Members remembered over all rooms, beyond which everything is forgotten: some 50 MiB.
const MEMBERS_MAX: usize = 1_000_000;

/// One room as the writer keeps it.
pub(super) struct Room {
    pub(super) facts: RoomFacts,
    pub(super) head: u64,
    pub(super) last_message: u64,
    pub(super) last_at: u64,
    pub(super) members: HashMap<AccountId, MemberRole>,
}

/// The rooms that the writer has used lately.
pub(super) struct Cache {
    pub(super) epoch: Epoch,
    rooms: HashMap<RoomId, Room>,
    members: usize,
    /// Changed in this transaction: their heads are to be written.
    touched: BTreeSet<RoomId>,
    /// Changed by this job.
    touched_by_job: Vec<RoomId>,
}

impl Cache {
    pub(super) fn new(conn: &Connection) -> Result<Self, StoreError> {
        Ok(Self {
            epoch: super::workspace::epoch(conn)?,
            rooms: HashMap::new(),
            members: 0,
            touched: BTreeSet::new(),
            touched_by_job: Vec::new(),
        })
    }

    /// A room, from memory if it is there. Whoever changes it says so by [`Cache::touch`].
    pub(super) fn room(
        &mut self,
        conn: &Connection,
        id: RoomId,
    ) -> Result<Option<&mut Room>, StoreError> {
        if !self.rooms.contains_key(&id) {
            let Some(room) = load(conn, id)? else { return Ok(None) };
            if self.members > MEMBERS_MAX && self.touched.is_empty() {
                self.forget();
            }
            self.members += room.members.len();
            self.rooms.insert(id, room);
        }
        Ok(self.rooms.get_mut(&id))
    }

    /// A room's head, members or last message are about to change in memory.
    pub(super) fn touch(&mut self, id: RoomId) {
        self.touched.insert(id);
        self.touched_by_job.push(id);
    }

    /// A job begins that may be taken back: what earlier jobs changed goes to the database first, so
    /// that the rooms can be read from there again.
    pub(super) fn begin_job(&mut self, conn: &Connection) -> Result<(), StoreError> {
        self.write_heads(conn)
    }

    /// The job's changes were taken back.
    pub(super) fn forget_job(&mut self) {
        for id in std::mem::take(&mut self.touched_by_job) {
            self.rooms.remove(&id);
            self.touched.remove(&id);
        }
    }

    pub(super) fn forget(&mut self) {
        self.rooms.clear();
        self.touched.clear();
        self.touched_by_job.clear();
        self.members = 0;
    }

    /// Writes where the logs of the rooms changed in this transaction end.
    pub(super) fn write_heads(&mut self, conn: &Connection) -> Result<(), StoreError> {
        self.touched_by_job.clear();
        for id in std::mem::take(&mut self.touched) {
            if let Some(room) = self.rooms.get(&id) {
                write_head(conn, id, room)?;
            }
        }
        Ok(())
    }
}

fn write_head(conn: &Connection, id: RoomId, room: &Room) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO heads (room, head, last_message, last_at, members) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (room) DO UPDATE SET head = ?2, last_message = ?3, last_at = ?4, members = ?5",
    )?
    .execute((id.0, room.head, room.last_message, room.last_at, room.members.len()))?;
    Ok(())
}

fn load(conn: &Connection, id: RoomId) -> Result<Option<Room>, StoreError> {
    let room = conn
        .prepare_cached(
            "SELECT r.kind, r.name, r.topic, r.archived, r.read_only, h.head, h.last_message, h.last_at
             FROM rooms r JOIN heads h ON h.room = r.id WHERE r.id = ?1",
        )?
        .query_row([id.0], |row| {
            Ok(Room {
                facts: facts(row, 0)?,
                head: row.get(5)?,
                last_message: row.get(6)?,
                last_at: row.get(7)?,
                members: HashMap::new(),
            })
        })
        .optional()?;
    let Some(mut room) = room else { return Ok(None) };
    let mut members = conn.prepare_cached("SELECT account, role FROM members WHERE room = ?1")?;
    let mut rows = members.query([id.0])?;
    while let Some(row) = rows.next()? {
        room.members.insert(AccountId(row.get(0)?), codes::member_role(row.get(1)?)?);
    }
    Ok(Some(room))
}

/// A room's facts, in the order kind, name, topic, archived, read_only from column `from`.
pub(super) fn facts(row: &Row<'_>, from: usize) -> rusqlite::Result<RoomFacts> {
    Ok(RoomFacts {
        room_kind: codes::room_kind(row.get(from)?)?,
        name: row.get(from + 1)?,
        topic: row.get(from + 2)?,
        archived: row.get(from + 3)?,
        read_only: row.get(from + 4)?,
    })
}
