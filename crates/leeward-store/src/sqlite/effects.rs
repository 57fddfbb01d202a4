//! What an event does to the state of the message it is about: the folds, the reactions, the mentions
//! that people count, the threads they follow.

use super::append::EVERYBODY;
use super::codes::{kind, place};
use super::log::{Extra, json};
use super::writer::Tx;
use super::{files, threads};
use crate::error::StoreError;
use leeward_core::event::{Event, Message, What};
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::room::RoomKind;
use rusqlite::Connection;

/// Applies an event that has just been written to the log.
pub(super) fn take_effect(tx: &mut Tx<'_>, room: RoomId, event: &Event) -> Result<(), StoreError> {
    let at = place(room, event.seq);
    match &event.what {
        What::Message(message) => say(tx, room, at, event, message),
        What::Edit { target, text, mentions } => {
            let target = place(room, *target);
            tx.conn
                .prepare_cached(
                    "INSERT INTO folds (place, text, mentions, edited_at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (place) DO UPDATE SET text = ?2, mentions = ?3, edited_at = ?4",
                )?
                .execute((target, text, json(mentions), event.at.0))?;
            unname(tx.conn, target, false)?;
            name(tx.conn, target, event.from, mentions)
        }
        What::Delete { target } => take_back(tx.conn, place(room, *target)),
        What::React { target, emoji, on } => {
            react(tx.conn, place(room, *target), emoji, event, *on)
        }
        What::Pin { target, on } => {
            tx.conn
                .prepare_cached(
                    "INSERT INTO folds (place, pinned) VALUES (?1, ?2)
                     ON CONFLICT (place) DO UPDATE SET pinned = ?2",
                )?
                .execute((place(room, *target), on))?;
            Ok(())
        }
        What::Join { .. } | What::Leave { .. } | What::Role { .. } | What::Room(_) => Ok(()),
    }
}

fn say(
    tx: &mut Tx<'_>,
    room: RoomId,
    at: u64,
    event: &Event,
    message: &Message,
) -> Result<(), StoreError> {
    let Tx { conn, cache } = tx;
    let direct = cache.room(conn, room)?.is_some_and(|r| r.facts.room_kind == RoomKind::Direct);
    name(conn, at, event.from, &message.mentions)?;
    if message.mentions_room || direct {
        name(conn, at, event.from, &[AccountId(EVERYBODY)])?;
    }
    for file in &message.files {
        files::attach(conn, file.id, at)?;
    }
    if let Some(root) = message.thread {
        answer(conn, place(room, root), event)?;
    }
    Ok(())
}

/// Counts a reply at the message that starts its thread.
fn answer(conn: &Connection, root: u64, event: &Event) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO folds (place, replies, last, last_at) VALUES (?1, 1, ?2, ?3)
         ON CONFLICT (place) DO UPDATE SET replies = replies + 1, last = ?2, last_at = ?3",
    )?
    .execute((root, event.seq.0, event.at.0))?;
    threads::answered(conn, root, event)
}

fn name(conn: &Connection, at: u64, by: AccountId, who: &[AccountId]) -> Result<(), StoreError> {
    for who in who {
        conn.prepare_cached(
            "INSERT INTO mentions (account, place, author) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute((who.0, at, by.0))?;
    }
    Ok(())
}

/// Takes back whom a message names in person; and, with `everybody`, the whole room too.
fn unname(conn: &Connection, at: u64, everybody: bool) -> Result<(), StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT l.extra FROM log l WHERE l.place = ?1
         UNION ALL SELECT e.extra FROM log e WHERE e.target = ?1 AND e.kind = ?2 AND e.kind IN (2, 3, 4)",
    )?;
    let mut rows = statement.query((at, kind::EDIT))?;
    let mut named = Vec::new();
    while let Some(row) = rows.next()? {
        let extra: Option<String> = row.get(0)?;
        named.extend(Extra::read(extra.as_deref())?.mentions);
    }
    if everybody {
        named.push(AccountId(EVERYBODY));
    }
    for who in named {
        conn.prepare_cached("DELETE FROM mentions WHERE account = ?1 AND place = ?2")?
            .execute((who.0, at))?;
    }
    Ok(())
}

/// Takes a message back: what it said is gone from the state, from the log and from its edits. What
/// remains is who said it, when, under which name, in which thread, and the thread below it.
fn take_back(conn: &Connection, at: u64) -> Result<(), StoreError> {
    unname(conn, at, true)?;
    files::detach(conn, at)?;
    conn.prepare_cached("DELETE FROM reactions WHERE place = ?1")?.execute([at])?;
    let extra: Option<String> = conn
        .prepare_cached("SELECT extra FROM log WHERE place = ?1")?
        .query_row([at], |row| row.get(0))?;
    let name = Extra::read(extra.as_deref())?.name;
    conn.prepare_cached("UPDATE log SET text = '', extra = ?2 WHERE place = ?1")?
        .execute((at, Extra::of(&Message { name, ..Message::default() })))?;
    conn.prepare_cached(
        "UPDATE log SET text = '', extra = NULL WHERE target = ?1 AND kind = ?2 AND kind IN (2, 3, 4)",
    )?
    .execute((at, kind::EDIT))?;
    conn.prepare_cached(
        "INSERT INTO folds (place, deleted) VALUES (?1, 1) ON CONFLICT (place) DO UPDATE SET
         text = NULL, mentions = NULL, edited_at = NULL, deleted = 1, pinned = 0, reacted = 0",
    )?
    .execute([at])?;
    Ok(())
}

fn react(
    conn: &Connection,
    at: u64,
    emoji: &str,
    event: &Event,
    on: bool,
) -> Result<(), StoreError> {
    let Event { seq: Seq(seq), from: AccountId(by), .. } = event;
    if !on {
        conn.prepare_cached(
            "DELETE FROM reactions WHERE place = ?1 AND emoji = ?2 AND account = ?3",
        )?
        .execute((at, emoji, by))?;
        return Ok(());
    }
    conn.prepare_cached(
        "INSERT INTO reactions (place, emoji, account, chip, seq) VALUES (?1, ?2, ?3, coalesce(
           (SELECT min(chip) FROM reactions WHERE place = ?1 AND emoji = ?2), ?4), ?4)
         ON CONFLICT DO NOTHING",
    )?
    .execute((at, emoji, by, seq))?;
    conn.prepare_cached(
        "INSERT INTO folds (place, reacted) VALUES (?1, 1) ON CONFLICT (place) DO UPDATE SET reacted = 1",
    )?
    .execute([at])?;
    Ok(())
}
