//! Accounts: making them, changing them, looking them up.

use super::codes;
use super::writer::Tx;
use super::{Sqlite, notes, sessions, workspace};
use crate::error::StoreError;
use crate::records::{Credentials, IndexEntry, NewAccount};
use leeward_core::account::{Person, Role};
use leeward_core::code::Code;
use leeward_core::id::{AccountId, SessionId};
use leeward_core::rules;
use rusqlite::{Connection, OptionalExtension, Row};
use std::collections::BTreeSet;

impl Sqlite {
    pub(crate) async fn index(&self) -> Result<Vec<IndexEntry>, StoreError> {
        self.read(|conn| {
            let mut statement = conn.prepare_cached(&format!("{ENTRY} ORDER BY id"))?;
            let entries = statement.query_map([], read_entry)?;
            Ok(entries.collect::<Result<_, _>>()?)
        })
        .await
    }

    pub(crate) async fn set_up(
        &self,
        workspace: String,
        owner: NewAccount,
    ) -> Result<IndexEntry, StoreError> {
        self.change(move |tx| {
            if owners(tx.conn)? > 0 {
                return Err(StoreError::because(Code::Conflict, "the workspace is set up already"));
            }
            workspace::set_name(tx.conn, &workspace)?;
            create(tx, &NewAccount { role: Role::Owner, bot: false, ..owner })
        })
        .await
    }

    pub(crate) async fn create_account(
        &self,
        account: NewAccount,
    ) -> Result<IndexEntry, StoreError> {
        self.change(move |tx| create(tx, &account)).await
    }

    pub(crate) async fn credentials(
        &self,
        name: String,
    ) -> Result<Option<Credentials>, StoreError> {
        self.read(move |conn| {
            let sql =
                "SELECT id, name, display, role, bot, disabled, status, version, password_hash,
                       scram FROM accounts WHERE name = ?1";
            let found = conn.prepare_cached(sql)?.query_row([name], |row| {
                Ok(Credentials {
                    person: read_entry(row)?.person,
                    password_hash: row.get(8)?,
                    scram: row.get(9)?,
                })
            });
            Ok(found.optional()?)
        })
        .await
    }

    pub(crate) async fn keep_scram(
        &self,
        account: AccountId,
        hash: String,
        scram: Vec<u8>,
    ) -> Result<(), StoreError> {
        self.change(move |tx| {
            tx.conn.execute(
                "UPDATE accounts SET scram = ?3 WHERE id = ?1 AND password_hash = ?2",
                (account.0, hash, scram),
            )?;
            Ok(())
        })
        .await
    }

    pub(crate) async fn set_password_hash(
        &self,
        account: AccountId,
        hash: Option<String>,
        keep: Option<SessionId>,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.change(move |tx| {
            tx.conn.execute(
                "UPDATE accounts SET password_hash = ?2, scram = NULL WHERE id = ?1",
                (account.0, hash),
            )?;
            existing(tx.conn, account)?;
            notes::forget_bosh(tx.conn)?;
            sessions::revoke_all(tx.conn, account, keep)
        })
        .await
    }

    pub(crate) async fn edit_person(
        &self,
        account: AccountId,
        display: Option<String>,
        status: Option<String>,
    ) -> Result<IndexEntry, StoreError> {
        self.change(move |tx| {
            tx.conn.execute(
                "UPDATE accounts SET display = coalesce(?2, display), status = coalesce(?3, status),
                 version = version + 1 WHERE id = ?1",
                (account.0, display, status),
            )?;
            existing(tx.conn, account)
        })
        .await
    }

    pub(crate) async fn set_role(
        &self,
        account: AccountId,
        role: Role,
    ) -> Result<IndexEntry, StoreError> {
        self.change(move |tx| {
            if role != Role::Owner {
                must_not_be_last_owner(tx.conn, account)?;
            }
            tx.conn.execute(
                "UPDATE accounts SET role = ?2, version = version + 1 WHERE id = ?1",
                (account.0, codes::of_role(role)),
            )?;
            existing(tx.conn, account)
        })
        .await
    }

    pub(crate) async fn set_disabled(
        &self,
        account: AccountId,
        disabled: bool,
    ) -> Result<(IndexEntry, Vec<SessionId>), StoreError> {
        self.change(move |tx| {
            if disabled {
                must_not_be_last_owner(tx.conn, account)?;
            }
            tx.conn.execute(
                "UPDATE accounts SET disabled = ?2, version = version + 1 WHERE id = ?1",
                (account.0, disabled),
            )?;
            let entry = existing(tx.conn, account)?;
            let ended =
                if disabled { sessions::revoke_all(tx.conn, account, None)? } else { Vec::new() };
            Ok((entry, ended))
        })
        .await
    }
}

const ENTRY: &str = "SELECT id, name, display, role, bot, disabled, status, version FROM accounts";

fn read_entry(row: &Row<'_>) -> rusqlite::Result<IndexEntry> {
    let person = Person {
        id: AccountId(row.get(0)?),
        name: row.get(1)?,
        display: row.get(2)?,
        role: codes::role(row.get(3)?)?,
        bot: row.get(4)?,
        disabled: row.get(5)?,
        status: row.get(6)?,
    };
    Ok(IndexEntry { person, version: row.get(7)? })
}

pub(super) fn entry(
    conn: &Connection,
    account: AccountId,
) -> Result<Option<IndexEntry>, StoreError> {
    let mut statement = conn.prepare_cached(&format!("{ENTRY} WHERE id = ?1"))?;
    Ok(statement.query_row([account.0], read_entry).optional()?)
}

fn existing(conn: &Connection, account: AccountId) -> Result<IndexEntry, StoreError> {
    entry(conn, account)?
        .ok_or_else(|| StoreError::because(Code::NotFound, "there is no such account"))
}

/// The people of those ids, by id.
pub(super) fn people(
    conn: &Connection,
    ids: BTreeSet<AccountId>,
) -> Result<Vec<Person>, StoreError> {
    let mut people = Vec::with_capacity(ids.len());
    for id in ids {
        people.extend(entry(conn, id)?.map(|entry| entry.person));
    }
    Ok(people)
}

pub(super) fn named(conn: &Connection, name: &str) -> Result<Option<AccountId>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT id FROM accounts WHERE name = ?1")?;
    Ok(statement.query_row([name], |row| row.get(0).map(AccountId)).optional()?)
}

fn owners(conn: &Connection) -> Result<u64, StoreError> {
    let mut statement =
        conn.prepare_cached("SELECT count(*) FROM accounts WHERE role = ?1 AND disabled = 0")?;
    Ok(statement.query_row([codes::of_role(Role::Owner)], |row| row.get(0))?)
}

fn must_not_be_last_owner(conn: &Connection, account: AccountId) -> Result<(), StoreError> {
    let entry = existing(conn, account)?;
    let owns = entry.person.role == Role::Owner && !entry.person.disabled;
    if owns && owners(conn)? == 1 {
        return Err(StoreError::because(Code::Conflict, "a workspace keeps at least one owner"));
    }
    Ok(())
}

/// Makes an account.
pub(super) fn create(tx: &Tx<'_>, account: &NewAccount) -> Result<IndexEntry, StoreError> {
    rules::check_account_name(&account.name)?;
    if named(tx.conn, &account.name)?.is_some() {
        let taken = format!("the name {} is taken", account.name);
        return Err(StoreError::because(Code::Conflict, taken));
    }
    tx.conn
        .prepare_cached(
            "INSERT INTO accounts (name, display, role, bot, password_hash, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute((
            &account.name,
            &account.display,
            codes::of_role(account.role),
            account.bot,
            &account.password_hash,
            account.at.0,
        ))?;
    existing(tx.conn, AccountId(tx.conn.last_insert_rowid().unsigned_abs()))
}
