//! An account's own list of rooms and settings.

use super::cache::facts;
use super::codes;
use super::marks::mentions;
use super::{Sqlite, accounts, workspace};
use crate::error::StoreError;
use crate::records::Versioned;
use leeward_core::id::{AccountId, Epoch, Millis, RoomId, Seq};
use leeward_core::room::{RoomKind, RoomSummary};
use leeward_core::wire::AccountState;
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::{BTreeMap, BTreeSet};

/// People that come with the state: those of a team; the frame stays below 64 KiB.
const PEOPLE_MAX: usize = 300;

impl Sqlite {
    pub(crate) async fn account_state(
        &self,
        account: AccountId,
    ) -> Result<Option<AccountState>, StoreError> {
        self.read(move |conn| account_state(conn, account)).await
    }

    pub(crate) async fn room_summary(
        &self,
        account: AccountId,
        room: RoomId,
    ) -> Result<Option<Versioned<RoomSummary>>, StoreError> {
        self.read(move |conn| {
            let Some(entry) = accounts::entry(conn, account)? else { return Ok(None) };
            let summary = room_summary(conn, account, room)?;
            Ok(summary.map(|value| Versioned { value, version: entry.version }))
        })
        .await
    }
}

const SUMMARY: &str = "SELECT m.room, r.kind, r.name, r.topic, r.archived, r.read_only, h.head, h.last_message, \
     h.last_at, h.members, m.role, m.read, m.notify, m.favourite \
     FROM members m JOIN rooms r ON r.id = m.room JOIN heads h ON h.room = m.room WHERE m.account = ?1";

pub(super) fn room_summary(
    conn: &Connection,
    account: AccountId,
    room: RoomId,
) -> Result<Option<RoomSummary>, StoreError> {
    let epoch = workspace::epoch(conn)?;
    let mut statement = conn.prepare_cached(&format!("{SUMMARY} AND m.room = ?2"))?;
    let summary = statement.query_row((account.0, room.0), |row| summary(row, epoch)).optional()?;
    let Some(mut summary) = summary else { return Ok(None) };
    complete(conn, account, &mut summary)?;
    Ok(Some(summary))
}

/// All but what other tables say.
fn summary(row: &Row<'_>, epoch: Epoch) -> rusqlite::Result<RoomSummary> {
    let notify: Option<u8> = row.get(12)?;
    Ok(RoomSummary {
        id: RoomId(row.get(0)?),
        facts: facts(row, 1)?,
        epoch,
        head: Seq(row.get(6)?),
        last_message: Seq(row.get(7)?),
        last_at: Millis(row.get(8)?),
        members: row.get(9)?,
        role: codes::member_role(row.get(10)?)?,
        read: Seq(row.get(11)?),
        mentions: 0,
        notify: notify.map(codes::notify).transpose()?.unwrap_or_default(),
        favourite: row.get(13)?,
        with: Vec::new(),
    })
}

fn complete(
    conn: &Connection,
    account: AccountId,
    room: &mut RoomSummary,
) -> Result<(), StoreError> {
    if room.last_message > room.read {
        room.mentions = mentions(conn, account, room.id, room.read)?;
    }
    if room.facts.room_kind == RoomKind::Direct {
        let people = super::events::members(conn, room.id, super::events::ALL)?;
        room.with = people.into_iter().map(|m| m.account).filter(|who| *who != account).collect();
    }
    Ok(())
}

fn account_state(
    conn: &Connection,
    account: AccountId,
) -> Result<Option<AccountState>, StoreError> {
    let Some(entry) = accounts::entry(conn, account)? else { return Ok(None) };
    let epoch = workspace::epoch(conn)?;
    let mut statement = conn.prepare_cached(&format!("{SUMMARY} ORDER BY m.room"))?;
    let mut rooms = statement
        .query_map([account.0], |row| summary(row, epoch))?
        .collect::<Result<Vec<_>, _>>()?;
    for room in &mut rooms {
        complete(conn, account, room)?;
    }
    let people = accounts::people(conn, people_of(conn, account, &rooms)?)?;
    Ok(Some(AccountState {
        version: entry.version,
        me: entry.person,
        workspace: workspace::name(conn)?,
        rooms,
        settings: settings(conn, account)?,
        people,
    }))
}

/// Those in direct rooms first: their names stand in the list.
fn people_of(
    conn: &Connection,
    account: AccountId,
    rooms: &[RoomSummary],
) -> Result<BTreeSet<AccountId>, StoreError> {
    let mut people = BTreeSet::from([account]);
    for who in rooms.iter().flat_map(|room| &room.with) {
        if people.len() < PEOPLE_MAX {
            people.insert(*who);
        }
    }
    for room in rooms.iter().filter(|room| room.facts.room_kind != RoomKind::Direct) {
        let left = PEOPLE_MAX - people.len();
        if left == 0 {
            break;
        }
        people.extend(super::events::members(conn, room.id, left)?.iter().map(|m| m.account));
    }
    Ok(people)
}

fn settings(conn: &Connection, account: AccountId) -> Result<BTreeMap<String, String>, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT key, value FROM settings WHERE account = ?1")?;
    let settings = statement.query_map([account.0], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(settings.collect::<Result<_, _>>()?)
}
