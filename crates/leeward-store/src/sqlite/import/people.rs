//! Accounts and rooms of an import.

use super::super::{accounts, codes, membership, rooms};
use super::names::{account_name, numbered, room_name};
use super::{ACCOUNT, ROOM, Run};
use crate::error::StoreError;
use crate::records::{Imported, NewAccount};
use leeward_core::account::Role;
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::limits::LINE_BYTES_MAX;
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use rusqlite::OptionalExtension;

/// How an imported account looks.
pub(super) struct Looks {
    pub(super) name: String,
    pub(super) display: String,
    pub(super) role: Role,
    pub(super) bot: bool,
    pub(super) disabled: bool,
}

impl Run<'_, '_> {
    pub(super) fn account(
        &mut self,
        external: &str,
        looks: Looks,
        at: Millis,
    ) -> Result<Imported, StoreError> {
        if let Some(id) = self.known(ACCOUNT, external)? {
            return Ok(Imported::Known(id));
        }
        let base = account_name(&looks.name);
        let mut name = base.clone();
        let mut number = 1;
        while let Some(taken) = accounts::named(self.tx.conn, &name)? {
            if number == 1 && !self.is_from_here(ACCOUNT, taken.0)? {
                self.remember(ACCOUNT, external, taken.0)?;
                return Ok(Imported::Stored(taken.0));
            }
            number += 1;
            name = numbered(&base, number);
        }
        let display = line(&looks.display);
        let account = NewAccount {
            display: if display.is_empty() { name.clone() } else { display },
            name,
            role: looks.role.min(Role::Member),
            bot: looks.bot,
            password_hash: None,
            at,
        };
        let id = accounts::create(self.tx, &account)?.person.id;
        if looks.disabled {
            self.tx.conn.execute("UPDATE accounts SET disabled = 1 WHERE id = ?1", [id.0])?;
        }
        self.remember(ACCOUNT, external, id.0)?;
        Ok(Imported::Stored(id.0))
    }

    pub(super) fn room(
        &mut self,
        external: &str,
        mut facts: RoomFacts,
        members: &[String],
        at: Millis,
    ) -> Result<Imported, StoreError> {
        let mut people = Vec::new();
        for member in members {
            if let Some(id) = self.known(ACCOUNT, member)?.map(AccountId)
                && !people.iter().any(|(known, _)| *known == id)
            {
                people.push((id, MemberRole::Member));
            }
        }
        if let Some(id) = self.known(ROOM, external)? {
            self.enter_all(RoomId(id), &people, at)?;
            return Ok(Imported::Known(id));
        }
        let Some(by) = people.first().map(|(who, _)| *who).or(self.owner()?) else {
            return Ok(Imported::Skipped("there is nobody to make the room".into()));
        };
        facts.topic = line(&facts.topic);
        let room = match self.existing(&mut facts, &people)? {
            Existing::Same(room) => room,
            Existing::None(people_key) => {
                let room = rooms::insert(self.tx.conn, &facts, people_key, at)?;
                rooms::tell_facts(self.tx, room, by, facts, at)?;
                room
            }
            Existing::Impossible(why) => return Ok(Imported::Skipped(why)),
        };
        self.remember(ROOM, external, room.0)?;
        self.enter_all(room, &people, at)?;
        Ok(Imported::Stored(room.0))
    }

    /// Finds the room that this one is, or the name under which it can be made.
    fn existing(
        &self,
        facts: &mut RoomFacts,
        people: &[(AccountId, MemberRole)],
    ) -> Result<Existing, StoreError> {
        if facts.room_kind == RoomKind::Direct {
            facts.name.clear();
            if people.len() < 2 {
                return Ok(Existing::Impossible("a direct room is of two people or more".into()));
            }
            let key = rooms::people_key(people)?;
            let found = rooms::room_of_people(self.tx.conn, &key)?;
            return Ok(found.map_or(Existing::None(Some(key)), Existing::Same));
        }
        let base = room_name(&facts.name);
        facts.name.clone_from(&base);
        let mut number = 1;
        while let Some(taken) = rooms::room_named(self.tx.conn, &facts.name)? {
            let fits = facts.room_kind == RoomKind::Public && self.is_public(taken)?;
            if number == 1 && fits && !self.is_from_here(ROOM, taken.0)? {
                return Ok(Existing::Same(taken));
            }
            number += 1;
            facts.name = numbered(&base, number);
        }
        Ok(Existing::None(None))
    }

    fn is_public(&self, room: RoomId) -> Result<bool, StoreError> {
        let mut statement = self.tx.conn.prepare_cached("SELECT kind FROM rooms WHERE id = ?1")?;
        let number: u8 = statement.query_row([room.0], |row| row.get(0))?;
        Ok(codes::room_kind(number)? == RoomKind::Public)
    }

    fn owner(&self) -> Result<Option<AccountId>, StoreError> {
        let mut statement = self
            .tx
            .conn
            .prepare_cached("SELECT id FROM accounts ORDER BY role DESC, id LIMIT 1")?;
        Ok(statement.query_row([], |row| row.get(0).map(AccountId)).optional()?)
    }

    fn enter_all(
        &mut self,
        room: RoomId,
        people: &[(AccountId, MemberRole)],
        at: Millis,
    ) -> Result<(), StoreError> {
        for (who, role) in people {
            let known = self.tx.cache.room(self.tx.conn, room)?;
            if known.is_some_and(|room| !room.members.contains_key(who)) {
                membership::enter(self.tx, *who, room, (*who, *role), at)?;
            }
        }
        self.rooms.insert(room);
        Ok(())
    }
}

enum Existing {
    Same(RoomId),
    /// None; for a direct room, with what tells it from others.
    None(Option<String>),
    Impossible(String),
}

/// A text as one line within the limit.
pub(super) fn line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let joined = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    cut(&joined, LINE_BYTES_MAX).to_owned()
}

/// The beginning of a text that fits.
pub(super) fn cut(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
