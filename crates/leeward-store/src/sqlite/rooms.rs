//! Making rooms and changing their facts.

use super::codes::{self, kind};
use super::log::{Entry, json};
use super::writer::Tx;
use super::{Sqlite, marks, membership};
use crate::error::StoreError;
use crate::records::{Author, RoomChange};
use leeward_core::account::Role;
use leeward_core::code::Code;
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::rules;
use rusqlite::{Connection, OptionalExtension};
use std::collections::BTreeSet;

impl Sqlite {
    pub(crate) async fn create_room(
        &self,
        by: Author,
        facts: RoomFacts,
        members: Vec<(AccountId, MemberRole)>,
        at: Millis,
    ) -> Result<RoomChange, StoreError> {
        self.change(move |tx| create_room(tx, by, facts, &members, at)).await
    }

    pub(crate) async fn edit_room(
        &self,
        by: Author,
        room: RoomId,
        facts: RoomFacts,
        at: Millis,
    ) -> Result<RoomChange, StoreError> {
        self.change(move |tx| edit_room(tx, by, room, facts, at)).await
    }
}

/// A change to a room that has not changed anything yet.
pub(super) fn unchanged(tx: &Tx<'_>, room: RoomId) -> RoomChange {
    RoomChange { room, epoch: tx.cache.epoch, events: vec![], versions: vec![], created: false }
}

fn create_room(
    tx: &mut Tx<'_>,
    by: Author,
    mut facts: RoomFacts,
    members: &[(AccountId, MemberRole)],
    at: Millis,
) -> Result<RoomChange, StoreError> {
    rules::may_create_room(by.role, facts.room_kind)?;
    if !members.iter().any(|(who, _)| *who == by.account) {
        return Err(StoreError::because(Code::BadRequest, "whoever makes a room is in it"));
    }
    let mut once = BTreeSet::new();
    if !members.iter().all(|(who, _)| once.insert(*who)) {
        return Err(StoreError::because(Code::BadRequest, "nobody is in a room twice"));
    }
    let mut people = None;
    if facts.room_kind == RoomKind::Direct {
        facts.name.clear();
        let key = people_key(members)?;
        if let Some(room) = room_of_people(tx.conn, &key)? {
            return Ok(unchanged(tx, room));
        }
        for (who, _) in members {
            may_meet(tx.conn, by, *who)?;
        }
        people = Some(key);
    } else {
        check_name(tx.conn, &facts.name, None)?;
    }
    let room = insert(tx.conn, &facts, people, at)?;
    let mut change = RoomChange { created: true, ..unchanged(tx, room) };
    change.events.push(tell_facts(tx, room, by.account, facts, at)?);
    for (who, role) in members {
        let (event, version) = membership::enter(tx, by.account, room, (*who, *role), at)?;
        change.events.push(event);
        change.versions.push((*who, version));
    }
    Ok(change)
}

/// Adds the room itself, without a log.
pub(super) fn insert(
    conn: &Connection,
    facts: &RoomFacts,
    people: Option<String>,
    at: Millis,
) -> Result<RoomId, StoreError> {
    conn.prepare_cached(
        "INSERT INTO rooms (kind, name, topic, archived, read_only, people, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
    )?
    .execute((
        codes::of_room_kind(facts.room_kind),
        &facts.name,
        &facts.topic,
        facts.archived,
        facts.read_only,
        people,
        at.0,
    ))?;
    let id = conn.last_insert_rowid();
    conn.prepare_cached(
        "INSERT INTO heads (room, head, last_message, last_at, members) VALUES (?1, 0, 0, ?2, 0)",
    )?
    .execute((id, at.0))?;
    Ok(RoomId(id.unsigned_abs()))
}

/// What two direct rooms of the same people have in common.
pub(super) fn people_key(members: &[(AccountId, MemberRole)]) -> Result<String, StoreError> {
    let mut ids: Vec<u64> = members.iter().map(|(who, _)| who.0).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != members.len() || ids.len() < 2 {
        return Err(StoreError::because(
            Code::BadRequest,
            "a direct room is of two people or more",
        ));
    }
    Ok(ids.iter().map(u64::to_string).collect::<Vec<_>>().join(","))
}

pub(super) fn room_of_people(conn: &Connection, key: &str) -> Result<Option<RoomId>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT id FROM rooms WHERE people = ?1")?;
    Ok(statement.query_row([key], |row| row.get(0).map(RoomId)).optional()?)
}

/// A guest may only meet people it shares a room with, and nobody meets who does not exist.
fn may_meet(conn: &Connection, by: Author, who: AccountId) -> Result<(), StoreError> {
    if by.role > Role::Guest || by.account == who {
        return Ok(());
    }
    let together: bool = conn
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM members a JOIN members b ON b.room = a.room
             WHERE a.account = ?1 AND b.account = ?2)",
        )?
        .query_row((by.account.0, who.0), |row| row.get(0))?;
    if together { Ok(()) } else { Err(Code::NotFound.into()) }
}

fn check_name(conn: &Connection, name: &str, but: Option<RoomId>) -> Result<(), StoreError> {
    rules::check_room_name(name)?;
    match room_named(conn, name)? {
        Some(room) if Some(room) != but => Err(StoreError::because(
            Code::Conflict,
            format!("there is a room named {name} already"),
        )),
        Some(_) | None => Ok(()),
    }
}

pub(super) fn room_named(conn: &Connection, name: &str) -> Result<Option<RoomId>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT id FROM rooms WHERE name = ?1 AND kind <> 2")?;
    Ok(statement.query_row([name], |row| row.get(0).map(RoomId)).optional()?)
}

/// Writes the facts of a room into its log.
pub(super) fn tell_facts(
    tx: &mut Tx<'_>,
    room: RoomId,
    by: AccountId,
    facts: RoomFacts,
    at: Millis,
) -> Result<Event, StoreError> {
    let extra = Some(json(&facts));
    let entry =
        Entry { at, author: by, kind: kind::ROOM, nonce: None, target: None, text: None, extra };
    let seq = tx.log(room, &entry)?;
    Ok(Event { seq, at, from: by, nonce: None, what: What::Room(facts) })
}

fn edit_room(
    tx: &mut Tx<'_>,
    by: Author,
    room: RoomId,
    facts: RoomFacts,
    at: Millis,
) -> Result<RoomChange, StoreError> {
    let known = tx.cache.room(tx.conn, room)?.ok_or(Code::NotFound)?;
    rules::may_administer(&known.facts, known.members.get(&by.account).copied(), by.role)?;
    if known.facts == facts {
        return Ok(unchanged(tx, room));
    }
    let direct = |facts: &RoomFacts| facts.room_kind == RoomKind::Direct;
    if direct(&known.facts) || direct(&facts) {
        return Err(StoreError::because(
            Code::BadRequest,
            "a room cannot become or stop being direct",
        ));
    }
    rules::check_line("topic", &facts.topic, false)?;
    check_name(tx.conn, &facts.name, Some(room))?;
    tx.conn
        .prepare_cached(
            "UPDATE rooms SET kind = ?2, name = ?3, topic = ?4, archived = ?5, read_only = ?6 WHERE id = ?1",
        )?
        .execute((
            room.0,
            codes::of_room_kind(facts.room_kind),
            &facts.name,
            &facts.topic,
            facts.archived,
            facts.read_only,
        ))?;
    let mut change = unchanged(tx, room);
    change.events.push(tell_facts(tx, room, by.account, facts.clone(), at)?);
    if let Some(known) = tx.cache.room(tx.conn, room)? {
        known.facts = facts;
    }
    change.versions = marks::bump_members(tx.conn, room)?;
    Ok(change)
}
