//! Messages of an import, with what has happened to them since.

use super::super::codes::{kind, place, room_of, seq_of};
use super::super::log::{Entry, Extra};
use super::super::{accounts, effects};
use super::people::{cut, line};
use super::{ACCOUNT, MESSAGE, ROOM, Run, Staged};
use crate::error::StoreError;
use crate::records::{Import, ImportReaction, Imported};
use leeward_core::event::{Event, Message, What};
use leeward_core::id::{AccountId, RoomId};
use leeward_core::limits::{REACTIONS_PER_MESSAGE_MAX, TEXT_BYTES_MAX};
use leeward_core::{mentions, rules};
use rusqlite::OptionalExtension;

/// Imported reactions come before any that is given here, whose order is a seq.
const BEFORE_ALL: i64 = -1_000_000;

impl Run<'_, '_> {
    pub(super) fn message(
        &mut self,
        thing: Import,
        staged: Vec<Staged>,
    ) -> Result<Imported, StoreError> {
        let Import::Message {
            external,
            room,
            author,
            at,
            text,
            thread,
            also_room,
            reactions,
            edited_at,
            pinned,
            name,
            ..
        } = thing
        else {
            unreachable!("only messages are brought here")
        };
        if let Some(known) = self.known(MESSAGE, &external)? {
            return Ok(Imported::Known(seq_of(known).0));
        }
        let Some(room) = self.known(ROOM, &room)?.map(RoomId) else {
            return Ok(Imported::Skipped(format!("room {room} is not known")));
        };
        let Some(author) = self.known(ACCOUNT, &author)?.map(AccountId) else {
            return Ok(Imported::Skipped(format!("author {author} is not known")));
        };
        let text = cut(&text.replace('\0', ""), TEXT_BYTES_MAX).to_owned();
        if text.trim().is_empty() && staged.is_empty() {
            return Ok(Imported::Skipped("there is nothing in it".into()));
        }
        let root = match thread {
            Some(root) => self.root(room, &root)?,
            None => None,
        };
        let mut attached = Vec::new();
        for staged in &staged {
            attached.push(self.file(staged, author.0, at.0)?);
        }
        let (mentions, mentions_room) = self.mentioned(room, &text)?;
        let also_room = also_room && root.is_some();
        let message = Message {
            thread: root.map(seq_of),
            also_room,
            mentions,
            mentions_room,
            text,
            files: attached,
            name: name.as_deref().map(line).filter(|name| !name.is_empty()),
            ..Message::default()
        };
        let entry = Entry {
            at,
            author,
            kind: match (root, also_room) {
                (None, _) => kind::MESSAGE,
                (Some(_), false) => kind::REPLY,
                (Some(_), true) => kind::REPLY_IN_ROOM,
            },
            nonce: None,
            target: root,
            text: Some(&message.text),
            extra: Extra::of(&message),
        };
        let seq = self.tx.log(room, &entry)?;
        self.rooms.insert(room);
        self.remember(MESSAGE, &external, place(room, seq))?;
        let event =
            Event { seq, at, from: author, nonce: None, what: What::Message(Box::new(message)) };
        effects::take_effect(self.tx, room, &event)?;
        self.state(place(room, seq), edited_at.map(|at| at.0), pinned, &reactions)?;
        Ok(Imported::Stored(seq.0))
    }

    /// The message that starts a thread; one that is itself a reply leads to the start of its own.
    fn root(&self, room: RoomId, external: &str) -> Result<Option<u64>, StoreError> {
        let Some(found) = self.known(MESSAGE, external)? else { return Ok(None) };
        let mut statement =
            self.tx.conn.prepare_cached("SELECT kind, target FROM log WHERE place = ?1")?;
        let row: Option<(u8, Option<u64>)> =
            statement.query_row([found], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let root = match row {
            Some((kind::REPLY | kind::REPLY_IN_ROOM, Some(root))) => root,
            Some(_) => found,
            None => return Ok(None),
        };
        Ok((room_of(root) == room).then_some(root))
    }

    /// Whom of the room a text names, and whether it names the whole room.
    fn mentioned(
        &mut self,
        room: RoomId,
        text: &str,
    ) -> Result<(Vec<AccountId>, bool), StoreError> {
        let found = mentions::mentions(text);
        let mut mentioned = Vec::new();
        for name in found.names {
            let named = accounts::named(self.tx.conn, &name.to_ascii_lowercase())?;
            let known = self.tx.cache.room(self.tx.conn, room)?;
            let here = |who: &AccountId| known.is_some_and(|r| r.members.contains_key(who));
            mentioned.extend(named.filter(here).filter(|who| !mentioned.contains(who)));
        }
        Ok((mentioned, found.room))
    }

    fn state(
        &self,
        at: u64,
        edited_at: Option<u64>,
        pinned: bool,
        reactions: &[ImportReaction],
    ) -> Result<(), StoreError> {
        let conn = self.tx.conn;
        let mut reacted = false;
        let valid = reactions.iter().filter(|r| rules::check_emoji(&r.emoji).is_ok());
        for (chip, reaction) in (BEFORE_ALL..).zip(valid.take(REACTIONS_PER_MESSAGE_MAX)) {
            for (order, by) in (BEFORE_ALL..).zip(&reaction.by) {
                let Some(by) = self.known(ACCOUNT, by)? else { continue };
                conn.prepare_cached(
                    "INSERT INTO reactions (place, emoji, account, chip, seq) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT DO NOTHING",
                )?
                .execute((at, &reaction.emoji, by, chip, order))?;
                reacted = true;
            }
        }
        if reacted || pinned || edited_at.is_some() {
            conn.prepare_cached(
                "INSERT INTO folds (place, edited_at, pinned, reacted) VALUES (?1, ?2, ?3, ?4)
                 ON CONFLICT (place) DO UPDATE SET edited_at = ?2, pinned = ?3, reacted = ?4",
            )?
            .execute((at, edited_at, pinned, reacted))?;
        }
        Ok(())
    }
}
