//! The log as rows: writing the next entry of a room, and reading entries back as events.

use super::cache::Cache;
use super::codes::{self, kind, place, room_of, seq_of};
use super::failure::damaged;
use super::writer::Tx;
use crate::error::StoreError;
use leeward_core::code::Code;
use leeward_core::event::{Event, FileRef, Message, What};
use leeward_core::id::{AccountId, Millis, Nonce, RoomId, Seq};
use leeward_core::room::RoomFacts;
use rusqlite::{Connection, Row};
use serde::{Deserialize, Serialize};

/// A row of the log that is still without its place.
pub(super) struct Entry<'a> {
    pub(super) at: Millis,
    pub(super) author: AccountId,
    pub(super) kind: u8,
    pub(super) nonce: Option<&'a Nonce>,
    pub(super) target: Option<u64>,
    pub(super) text: Option<&'a str>,
    pub(super) extra: Option<String>,
}

/// What few messages have; kept as JSON.
#[derive(Default, Serialize, Deserialize)]
pub(super) struct Extra {
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) files: Vec<FileRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) quote: Option<Seq>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) mentions: Vec<AccountId>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(super) mentions_room: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
}

impl Extra {
    pub(super) fn of(message: &Message) -> Option<String> {
        let Message { files, quote, mentions, mentions_room, name, .. } = message;
        if files.is_empty()
            && quote.is_none()
            && mentions.is_empty()
            && !mentions_room
            && name.is_none()
        {
            return None;
        }
        let extra = Self {
            files: files.clone(),
            quote: *quote,
            mentions: mentions.clone(),
            mentions_room: *mentions_room,
            name: name.clone(),
        };
        Some(json(&extra))
    }

    pub(super) fn read(text: Option<&str>) -> Result<Self, StoreError> {
        text.map_or_else(|| Ok(Self::default()), |text| Ok(serde_json::from_str(text)?))
    }
}

pub(super) fn json<T: Serialize>(value: &T) -> String {
    serde_json::to_string(value).expect("our own types have keys that are text")
}

impl Tx<'_> {
    /// Appends an entry to the log of a room that is in the cache.
    pub(super) fn log(&mut self, room: RoomId, entry: &Entry<'_>) -> Result<Seq, StoreError> {
        let Self { conn, cache } = self;
        let (known, seq) = next(conn, cache, room)?;
        conn.prepare_cached(
            "INSERT INTO log (place, at, author, kind, nonce, target, text, extra)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            place(room, seq),
            entry.at.0,
            entry.author.0,
            entry.kind,
            entry.nonce.map(Nonce::as_str),
            entry.target,
            entry.text,
            &entry.extra,
        ))?;
        known.head = seq.0;
        if codes::is_message(entry.kind) {
            known.last_message = seq.0;
            known.last_at = entry.at.0;
        }
        cache.touch(room);
        Ok(seq)
    }
}

/// The room and the seq that its next entry gets.
pub(super) fn next<'c>(
    conn: &Connection,
    cache: &'c mut Cache,
    room: RoomId,
) -> Result<(&'c mut super::cache::Room, Seq), StoreError> {
    let known = cache.room(conn, room)?.ok_or(Code::NotFound)?;
    if known.head >= codes::SEQ_MAX {
        return Err(StoreError::because(Code::TooMany, "the room's log is full: archive it"));
    }
    let seq = Seq(known.head + 1);
    Ok((known, seq))
}

/// The columns that [`plain`] reads, from `log l`.
pub(super) const PLAIN: &str =
    "l.place, l.at, l.author, l.kind, l.nonce, l.target, l.text, l.extra";
/// The columns that [`folded`] reads, from `log l LEFT JOIN folds f ON f.place = l.place`.
pub(super) const FOLDED: &str = "l.place, l.at, l.author, l.kind, l.nonce, l.target, l.text, l.extra, \
     f.place, f.text, f.mentions, f.edited_at, f.deleted, f.pinned, f.reacted, f.replies, f.last, f.last_at";

/// An event as it went over the wire when it happened.
pub(super) fn plain(row: &Row<'_>) -> Result<Event, StoreError> {
    let nonce: Option<String> = row.get(4)?;
    Ok(Event {
        seq: seq_of(row.get(0)?),
        at: Millis(row.get(1)?),
        from: AccountId(row.get(2)?),
        nonce: nonce.map(Nonce::try_from).transpose().map_err(|e| damaged(&e))?,
        what: what(row)?,
    })
}

fn what(row: &Row<'_>) -> Result<What, StoreError> {
    let number: u8 = row.get(3)?;
    if codes::is_message(number) {
        return message(row, number).map(|message| What::Message(Box::new(message)));
    }
    let target = || -> rusqlite::Result<Seq> { row.get(5).map(seq_of) };
    let who = || -> rusqlite::Result<AccountId> { row.get(5).map(AccountId) };
    let role = || -> Result<_, StoreError> {
        Ok(codes::member_role(text(row)?.parse().map_err(|e| damaged(&e))?)?)
    };
    Ok(match number {
        kind::EDIT => What::Edit {
            target: target()?,
            text: text(row)?,
            mentions: Extra::read(extra(row)?)?.mentions,
        },
        kind::DELETE => What::Delete { target: target()? },
        kind::REACT | kind::UNREACT => {
            What::React { target: target()?, emoji: text(row)?, on: number == kind::REACT }
        }
        kind::PIN | kind::UNPIN => What::Pin { target: target()?, on: number == kind::PIN },
        kind::JOIN => What::Join { who: who()?, role: role()? },
        kind::LEAVE | kind::REMOVED => What::Leave { who: who()?, banned: number == kind::REMOVED },
        kind::ROLE => What::Role { who: who()?, role: role()? },
        kind::ROOM => {
            What::Room(serde_json::from_str::<RoomFacts>(extra(row)?.unwrap_or_default())?)
        }
        other => return Err(damaged(&format_args!("an event is of kind {other}"))),
    })
}

fn message(row: &Row<'_>, number: u8) -> Result<Message, StoreError> {
    let extra = Extra::read(extra(row)?)?;
    let thread: Option<u64> = if number == kind::MESSAGE { None } else { row.get(5)? };
    Ok(Message {
        text: text(row)?,
        thread: thread.map(seq_of),
        also_room: number == kind::REPLY_IN_ROOM,
        files: extra.files,
        quote: extra.quote,
        mentions: extra.mentions,
        mentions_room: extra.mentions_room,
        name: extra.name,
        ..Message::default()
    })
}

fn text(row: &Row<'_>) -> rusqlite::Result<String> {
    Ok(row.get::<_, Option<String>>(6)?.unwrap_or_default())
}

fn extra<'r>(row: &'r Row<'_>) -> Result<Option<&'r str>, StoreError> {
    row.get_ref(7)?.as_str_or_null().map_err(|e| damaged(&e))
}

/// An event with all that later ones have done to it.
pub(super) fn folded(conn: &Connection, row: &Row<'_>) -> Result<Event, StoreError> {
    let mut event = plain(row)?;
    let touched: Option<u64> = row.get(8)?;
    if let (What::Message(message), Some(place)) = (&mut event.what, touched) {
        fold(conn, row, place, message)?;
    }
    Ok(event)
}

fn fold(
    conn: &Connection,
    row: &Row<'_>,
    place: u64,
    message: &mut Message,
) -> Result<(), StoreError> {
    if let Some(text) = row.get(9)? {
        message.text = text;
    }
    if let Some(mentions) = row.get_ref(10)?.as_str_or_null().map_err(|e| damaged(&e))? {
        message.mentions = serde_json::from_str(mentions)?;
    }
    message.edited_at = row.get::<_, Option<u64>>(11)?.map(Millis);
    message.deleted = row.get(12)?;
    message.pinned = row.get(13)?;
    if row.get(14)? {
        message.reactions = reactions(conn, place)?;
    }
    let (count, last, last_at): (u32, u64, u64) = (row.get(15)?, row.get(16)?, row.get(17)?);
    if count > 0 {
        let (last, last_at) = (Seq(last), Millis(last_at));
        message.replies = Some(leeward_core::event::Replies { count, last, last_at });
    }
    Ok(())
}

fn reactions(
    conn: &Connection,
    place: u64,
) -> Result<Vec<leeward_core::event::Reaction>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT emoji, account FROM reactions WHERE place = ?1 ORDER BY chip, emoji, seq",
    )?;
    let mut rows = statement.query([place])?;
    let mut chips: Vec<leeward_core::event::Reaction> = Vec::new();
    while let Some(row) = rows.next()? {
        let (emoji, by): (String, _) = (row.get(0)?, AccountId(row.get(1)?));
        match chips.last_mut() {
            Some(chip) if chip.emoji == emoji => chip.by.push(by),
            Some(_) | None => chips.push(leeward_core::event::Reaction { emoji, by: vec![by] }),
        }
    }
    Ok(chips)
}

/// The plain event at a place.
pub(super) fn event_at(conn: &Connection, at: u64) -> Result<(RoomId, Event), StoreError> {
    let sql = format!("SELECT {PLAIN} FROM log l WHERE l.place = ?1");
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query([at])?;
    let row = rows.next()?.ok_or_else(|| damaged(&"a nonce has no event"))?;
    Ok((room_of(at), plain(row)?))
}
