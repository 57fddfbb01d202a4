//! Slash commands that are answered elsewhere.

use super::writer::Tx;
use super::{Sqlite, codes};
use crate::error::StoreError;
use crate::records::{Command, NewCommand};
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis};
use rusqlite::{OptionalExtension, Row};

/// Commands of a workspace: the list that completes names stays one that people can read.
const COMMANDS_MAX: u64 = 200;

impl Sqlite {
    pub(crate) async fn create_command(&self, command: NewCommand) -> Result<Command, StoreError> {
        self.change(move |tx| create(tx, command)).await
    }

    pub(crate) async fn commands(&self) -> Result<Vec<Command>, StoreError> {
        self.read(|conn| {
            let sql = format!("SELECT {COMMAND} FROM commands ORDER BY name");
            let mut statement = conn.prepare_cached(&sql)?;
            let commands = statement.query_map([], command)?;
            Ok(commands.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn command_named(
        &self,
        name: String,
    ) -> Result<Option<(Command, String)>, StoreError> {
        self.read(move |conn| {
            let sql = format!("SELECT {COMMAND}, secret FROM commands WHERE name = ?1");
            let mut statement = conn.prepare_cached(&sql)?;
            let found = statement.query_row([name], |row| Ok((command(row)?, row.get(8)?)));
            Ok(found.optional()?)
        })
        .await
    }

    pub(crate) async fn delete_command(&self, id: u64) -> Result<Option<Command>, StoreError> {
        self.change(move |tx| {
            let sql = format!("DELETE FROM commands WHERE id = ?1 RETURNING {COMMAND}");
            Ok(tx.conn.prepare_cached(&sql)?.query_row([id], command).optional()?)
        })
        .await
    }
}

fn create(tx: &mut Tx<'_>, new: NewCommand) -> Result<Command, StoreError> {
    let (count, taken): (u64, bool) = tx.conn.query_row(
        "SELECT count(*), EXISTS (SELECT 1 FROM commands WHERE name = ?1) FROM commands",
        [&new.name],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    if taken {
        let words = format!("there is a command /{} already", new.name);
        return Err(StoreError::because(Code::Conflict, words));
    }
    if count >= COMMANDS_MAX {
        let words = format!("a workspace has at most {COMMANDS_MAX} commands of its own");
        return Err(StoreError::because(Code::TooMany, words));
    }
    tx.conn.execute(
        "INSERT INTO commands (name, url, usage, about, least, maker, created_at, secret)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            &new.name,
            &new.url,
            &new.usage,
            &new.about,
            codes::of_role(new.least),
            new.by.0,
            new.at.0,
            &new.secret,
        ),
    )?;
    let id = tx.conn.last_insert_rowid().unsigned_abs();
    let NewCommand { name, url, usage, about, least, by, at, .. } = new;
    Ok(Command { id, name, url, usage, about, least, by, created_at: at })
}

const COMMAND: &str = "id, name, url, usage, about, least, maker, created_at";

fn command(row: &Row<'_>) -> rusqlite::Result<Command> {
    Ok(Command {
        id: row.get(0)?,
        name: row.get(1)?,
        url: row.get(2)?,
        usage: row.get(3)?,
        about: row.get(4)?,
        least: codes::role(row.get(5)?)?,
        by: AccountId(row.get(6)?),
        created_at: Millis(row.get(7)?),
    })
}
