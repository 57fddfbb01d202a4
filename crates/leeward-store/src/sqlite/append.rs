//! The spine: a draft becomes the next event of its room, once.
//!
//! Everything is checked before anything is written, so that a refused draft costs no savepoint. The
//! nonce decides last: a draft that its author has sent before gets the answer it got then, even if
//! the room has been archived or left meanwhile. In another room it is refused: that draft is not
//! stored, and nobody may think that it is.

use super::codes::{self, kind, place};
use super::effects::take_effect;
use super::log::{Entry, Extra, event_at};
use super::writer::Tx;
use super::{Sqlite, files};
use crate::error::StoreError;
use crate::records::{Append, Appended};
use leeward_core::code::Code;
use leeward_core::event::{Draft, Event, Message, What};
use leeward_core::id::{AccountId, RoomId, Seq};
use leeward_core::limits::REACTIONS_PER_MESSAGE_MAX;
use leeward_core::rules::{self, Target};
use rusqlite::{Connection, OptionalExtension};

/// In the table of mentions: everybody in the room.
pub(super) const EVERYBODY: u64 = 0;

impl Sqlite {
    pub(crate) async fn append(&self, draft: Append) -> Result<Appended, StoreError> {
        self.write(bytes(&draft), move |tx| append(tx, draft)).await
    }
}

fn bytes(append: &Append) -> usize {
    let text = match &append.draft {
        Draft::Message { text, .. } | Draft::Edit { text, .. } => text.len(),
        Draft::Delete { .. } | Draft::React { .. } | Draft::Pin { .. } => 0,
    };
    text + append.mentions.len() * size_of::<AccountId>() + size_of::<Append>()
}

fn append(tx: &mut Tx<'_>, a: Append) -> Result<Appended, StoreError> {
    match checked(tx, &a) {
        Ok(what) => match claim(tx, &a)? {
            Some(seq) => write(tx, a, seq, what),
            None => repeated(tx, &a)?.ok_or_else(|| {
                StoreError::because(Code::Conflict, "the nonce is that of a draft in another room")
            }),
        },
        Err(refused @ StoreError::Refused(_)) => repeated(tx, &a)?.ok_or(refused),
        Err(e) => Err(e),
    }
}

/// The answer that the nonce got when it was used first, if that was in this room.
fn repeated(tx: &Tx<'_>, a: &Append) -> Result<Option<Appended>, StoreError> {
    let found: Option<u64> = tx
        .conn
        .prepare_cached("SELECT place FROM nonces WHERE nonce = ?1 AND author = ?2")?
        .query_row((a.nonce.as_str(), a.author.account.0), |row| row.get(0))
        .optional()?;
    let Some(at) = found else { return Ok(None) };
    let (room, event) = event_at(tx.conn, at)?;
    if room != a.room {
        return Ok(None);
    }
    Ok(Some(Appended { room, event, epoch: tx.cache.epoch, repeated: true }))
}

/// Takes the nonce for the room's next seq. `None`: it was taken already.
fn claim(tx: &mut Tx<'_>, a: &Append) -> Result<Option<Seq>, StoreError> {
    let (_, seq) = super::log::next(tx.conn, tx.cache, a.room)?;
    let taken = tx
        .conn
        .prepare_cached(
            "INSERT INTO nonces (nonce, author, place) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        )?
        .execute((a.nonce.as_str(), a.author.account.0, place(a.room, seq)))?;
    Ok((taken == 1).then_some(seq))
}

/// Whether the draft may become an event, and which.
fn checked(tx: &mut Tx<'_>, a: &Append) -> Result<What, StoreError> {
    let Tx { conn, cache } = tx;
    let by = a.author.account;
    let room = cache.room(conn, a.room)?.ok_or(Code::NotFound)?;
    let member = *room.members.get(&by).ok_or(Code::NotFound)?;
    let target = match rules::target_of(&a.draft) {
        Some(seq) => target(conn, a.room, seq)?,
        None => None,
    };
    rules::may_post(&room.facts, member, a.author.role, &a.draft, target, by)?;
    let mentions = || {
        let here = a.mentions.iter().copied().filter(|who| room.members.contains_key(who));
        here.collect::<Vec<_>>()
    };
    Ok(match &a.draft {
        Draft::Message { text, thread, also_room, files, quote } => {
            if let Some(quoted) = quote {
                let quoted = self::target(conn, a.room, *quoted)?.ok_or(Code::NotFound)?;
                if !quoted.is_message {
                    return Err(StoreError::because(
                        Code::BadRequest,
                        "what is quoted is no message",
                    ));
                }
            }
            What::Message(Box::new(Message {
                text: text.clone(),
                thread: *thread,
                also_room: *also_room,
                files: files::attached(conn, by, files)?,
                quote: *quote,
                mentions: mentions(),
                mentions_room: a.mentions_room,
                name: a.name.clone(),
                ..Message::default()
            }))
        }
        Draft::Edit { target, text } => {
            What::Edit { target: *target, text: text.clone(), mentions: mentions() }
        }
        Draft::Delete { target } => What::Delete { target: *target },
        Draft::React { target, emoji, on } => {
            if *on {
                check_chips(conn, place(a.room, *target), emoji)?;
            }
            What::React { target: *target, emoji: emoji.clone(), on: *on }
        }
        Draft::Pin { target, on } => What::Pin { target: *target, on: *on },
    })
}

/// The message that a draft is about.
pub(super) fn target(
    conn: &Connection,
    room: RoomId,
    seq: Seq,
) -> Result<Option<Target>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT l.kind, l.author, coalesce(f.deleted, 0) FROM log l LEFT JOIN folds f ON f.place = l.place
         WHERE l.place = ?1",
    )?;
    let target = statement.query_row([place(room, seq)], |row| {
        let number: u8 = row.get(0)?;
        Ok(Target {
            author: AccountId(row.get(1)?),
            deleted: row.get(2)?,
            is_message: codes::is_message(number),
            is_reply: matches!(number, kind::REPLY | kind::REPLY_IN_ROOM),
        })
    });
    Ok(target.optional()?)
}

fn check_chips(conn: &Connection, message: u64, emoji: &str) -> Result<(), StoreError> {
    let others: usize = conn
        .prepare_cached(
            "SELECT count(DISTINCT emoji) FROM reactions WHERE place = ?1 AND emoji <> ?2",
        )?
        .query_row((message, emoji), |row| row.get(0))?;
    if others >= REACTIONS_PER_MESSAGE_MAX {
        let most =
            format!("a message carries at most {REACTIONS_PER_MESSAGE_MAX} different reactions");
        return Err(StoreError::because(Code::TooMany, most));
    }
    Ok(())
}

/// Stores what has been checked. From here on only the database itself can fail.
fn write(tx: &mut Tx<'_>, a: Append, seq: Seq, what: What) -> Result<Appended, StoreError> {
    let (number, target, text, extra) = columns(&what);
    let entry = Entry {
        at: a.at,
        author: a.author.account,
        kind: number,
        nonce: Some(&a.nonce),
        target: target.map(|seq| place(a.room, seq)),
        text,
        extra,
    };
    let written = tx.log(a.room, &entry)?;
    assert_eq!(written, seq, "the nonce was claimed for another seq");
    let event = Event { seq, at: a.at, from: a.author.account, nonce: Some(a.nonce), what };
    take_effect(tx, a.room, &event)?;
    Ok(Appended { room: a.room, event, epoch: tx.cache.epoch, repeated: false })
}

/// Kind, target, text and extra of an event that began as a draft.
fn columns(what: &What) -> (u8, Option<Seq>, Option<&str>, Option<String>) {
    match what {
        What::Message(m) => {
            let number = match (m.thread, m.also_room) {
                (None, _) => kind::MESSAGE,
                (Some(_), false) => kind::REPLY,
                (Some(_), true) => kind::REPLY_IN_ROOM,
            };
            (number, m.thread, Some(&m.text), Extra::of(m))
        }
        What::Edit { target, text, mentions } => {
            let named = Message { mentions: mentions.clone(), ..Message::default() };
            (kind::EDIT, Some(*target), Some(text), Extra::of(&named))
        }
        What::Delete { target } => (kind::DELETE, Some(*target), None, None),
        What::React { target, emoji, on } => {
            (if *on { kind::REACT } else { kind::UNREACT }, Some(*target), Some(emoji), None)
        }
        What::Pin { target, on } => {
            (if *on { kind::PIN } else { kind::UNPIN }, Some(*target), None, None)
        }
        What::Join { .. } | What::Leave { .. } | What::Role { .. } | What::Room(_) => {
            unreachable!("no draft becomes one of these")
        }
    }
}
