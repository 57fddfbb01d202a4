//! The threads that people follow.

use super::codes::{place, room_of, seq_of};
use super::log::{FOLDED, folded};
use super::{Sqlite, append, marks};
use crate::error::StoreError;
use crate::records::{ThreadSummary, Versioned};
use leeward_core::code::Code;
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, RoomId, Seq};
use rusqlite::Connection;

impl Sqlite {
    pub(crate) async fn follow(
        &self,
        account: AccountId,
        room: RoomId,
        root: Seq,
        on: bool,
    ) -> Result<Versioned<()>, StoreError> {
        self.change(move |tx| {
            must_be_member(tx, account, room)?;
            starts_a_thread(tx.conn, room, root)?;
            let head = tx.cache.room(tx.conn, room)?.map_or(0, |room| room.head);
            tx.conn
                .prepare_cached(
                    "INSERT INTO follows (account, root, read, follows) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (account, root) DO UPDATE SET follows = ?4",
                )?
                .execute((account.0, place(room, root), head, on))?;
            Ok(Versioned { value: (), version: marks::bump(tx.conn, account)? })
        })
        .await
    }

    pub(crate) async fn mark_thread_read(
        &self,
        account: AccountId,
        room: RoomId,
        root: Seq,
        seq: Seq,
    ) -> Result<Versioned<()>, StoreError> {
        self.change(move |tx| {
            must_be_member(tx, account, room)?;
            tx.conn
                .prepare_cached("UPDATE follows SET read = ?3 WHERE account = ?1 AND root = ?2")?
                .execute((account.0, place(room, root), seq.0))?;
            Ok(Versioned { value: (), version: marks::bump(tx.conn, account)? })
        })
        .await
    }

    pub(crate) async fn threads(
        &self,
        account: AccountId,
        limit: usize,
    ) -> Result<Vec<ThreadSummary>, StoreError> {
        self.read(move |conn| threads(conn, account, limit)).await
    }
}

fn must_be_member(
    tx: &mut super::Tx<'_>,
    account: AccountId,
    room: RoomId,
) -> Result<(), StoreError> {
    let known = tx.cache.room(tx.conn, room)?;
    if known.is_some_and(|room| room.members.contains_key(&account)) {
        return Ok(());
    }
    Err(Code::NotFound.into())
}

fn starts_a_thread(conn: &Connection, room: RoomId, root: Seq) -> Result<(), StoreError> {
    let found = append::target(conn, room, root)?.ok_or(Code::NotFound)?;
    if found.is_message && !found.is_reply {
        return Ok(());
    }
    Err(StoreError::because(Code::BadRequest, "a thread begins with a message that is no reply"))
}

/// Who has begun or answered a thread follows it, unless they have said otherwise. Who answers has
/// read all up to there.
pub(super) fn answered(conn: &Connection, root: u64, reply: &Event) -> Result<(), StoreError> {
    conn.prepare_cached(
        "INSERT INTO follows (account, root, read, follows)
         SELECT author, ?1, ?2, 1 FROM log WHERE place = ?1 ON CONFLICT DO NOTHING",
    )?
    .execute((root, seq_of(root).0))?;
    conn.prepare_cached(
        "INSERT INTO follows (account, root, read, follows) VALUES (?1, ?2, ?3, 1)
         ON CONFLICT (account, root) DO UPDATE SET read = max(read, ?3)",
    )?
    .execute((reply.from.0, root, reply.seq.0))?;
    Ok(())
}

fn threads(
    conn: &Connection,
    account: AccountId,
    limit: usize,
) -> Result<Vec<ThreadSummary>, StoreError> {
    let sql = format!(
        "SELECT {FOLDED}, w.read FROM follows w
         JOIN members m ON m.account = w.account AND m.room = (w.root >> 32)
         JOIN log l ON l.place = w.root LEFT JOIN folds f ON f.place = w.root
         WHERE w.account = ?1 AND w.follows = 1 ORDER BY coalesce(f.last_at, l.at) DESC LIMIT ?2"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query((account.0, limit))?;
    let mut threads = Vec::new();
    while let Some(row) = rows.next()? {
        let at: u64 = row.get(0)?;
        let (root, read) = (folded(conn, row)?, Seq(row.get(18)?));
        let last = last_reply(conn, room_of(at), &root)?;
        let unread = unread(conn, at, read, account)?;
        threads.push(ThreadSummary { room: room_of(at), root, last, read, unread });
    }
    Ok(threads)
}

fn last_reply(conn: &Connection, room: RoomId, root: &Event) -> Result<Option<Event>, StoreError> {
    let What::Message(message) = &root.what else { return Ok(None) };
    let Some(replies) = message.replies else { return Ok(None) };
    super::pages::line(conn, room, replies.last)
}

fn unread(conn: &Connection, root: u64, read: Seq, account: AccountId) -> Result<u32, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT count(*) FROM log WHERE target = ?1 AND kind IN (2, 3) AND kind IN (2, 3, 4)
         AND place > ?2 AND author <> ?3",
    )?;
    Ok(statement.query_row((root, place(room_of(root), read), account.0), |row| row.get(0))?)
}
