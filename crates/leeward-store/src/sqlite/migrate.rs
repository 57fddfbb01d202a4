//! Brings the schema of a database up to what this program knows, one numbered file after another.
//!
//! Each step is one transaction. A file that has been released is never changed, only followed.

use super::failure::damaged;
use crate::error::StoreError;
use rusqlite::Connection;

/// The steps, oldest first; the number of a step is its place here, from 1.
const STEPS: &[&str] = &[
    include_str!("schema/0001.sql"),
    include_str!("schema/0002.sql"),
    include_str!("schema/0003.sql"),
    include_str!("schema/0004.sql"),
    include_str!("schema/0005.sql"),
];
/// "Leew": in the header of the database file, so that another program's file is not taken for ours.
const APPLICATION_ID: i32 = 0x4c65_6577;

/// Brings the database up to date.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), StoreError> {
    let known = STEPS.len();
    let found = version(conn)?;
    if found > known {
        return Err(StoreError::Unusable(format!(
            "the database is of a later version of leeward (schema {found}, this program knows up to \
             {known}): run that version, or restore a backup made by this one"
        )));
    }
    refuse_foreign(conn, found)?;
    for (at, step) in STEPS.iter().enumerate().skip(found) {
        let tx = conn.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        // Another process may have taken the step while this one waited for the lock.
        if version(&tx)? == at {
            tx.execute_batch(step)?;
            tx.pragma_update(None, "application_id", APPLICATION_ID)?;
            tx.pragma_update(None, "user_version", at + 1)?;
            tx.commit()?;
        }
    }
    if found < known {
        tracing::info!(from = found, schema = known, "the database is up to date");
    }
    Ok(())
}

/// The schema that a database has; 0 for none.
pub(super) fn version(conn: &Connection) -> Result<usize, StoreError> {
    let version: i64 = conn.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).map_err(|_| damaged(&"its schema has a negative number"))
}

fn refuse_foreign(conn: &Connection, found: usize) -> Result<(), StoreError> {
    let id: i32 = conn.pragma_query_value(None, "application_id", |row| row.get(0))?;
    let tables: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let ours = if found == 0 { tables == 0 } else { id == APPLICATION_ID };
    if ours {
        return Ok(());
    }
    Err(StoreError::Unusable(
        "leeward.db is not a database of leeward: move it away, or name another data directory"
            .into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_is_taken_once() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn).unwrap(), STEPS.len());
    }

    #[test]
    fn a_database_of_an_earlier_version_is_brought_up_to_date() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch(STEPS[0]).unwrap();
        conn.pragma_update(None, "application_id", APPLICATION_ID).unwrap();
        conn.pragma_update(None, "user_version", 1).unwrap();
        migrate(&mut conn).unwrap();
        assert_eq!(version(&conn).unwrap(), STEPS.len());
        conn.prepare("SELECT place FROM file_uses INDEXED BY file_uses_place").unwrap();
    }

    #[test]
    fn a_database_of_a_later_version_is_refused_in_words() {
        let mut conn = Connection::open_in_memory().unwrap();
        migrate(&mut conn).unwrap();
        conn.pragma_update(None, "user_version", STEPS.len() + 1).unwrap();
        let refused = migrate(&mut conn).unwrap_err();
        assert!(matches!(&refused, StoreError::Unusable(words) if words.contains("later version")));
    }

    #[test]
    fn the_database_of_another_program_is_refused() {
        let mut conn = Connection::open_in_memory().unwrap();
        conn.execute_batch("CREATE TABLE theirs (x)").unwrap();
        assert!(matches!(migrate(&mut conn), Err(StoreError::Unusable(_))));
    }
}
