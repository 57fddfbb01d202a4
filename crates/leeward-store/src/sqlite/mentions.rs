//! Where an account is named, over all its rooms.

use super::Sqlite;
use super::append::EVERYBODY;
use super::codes::{SEQ_MAX, of_room_kind, place, room_of};
use super::log::{FOLDED, folded};
use crate::error::StoreError;
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Millis, RoomId, Seq};
use leeward_core::limits::PAGE_ENTRIES_MAX;
use leeward_core::room::RoomKind;
use rusqlite::Connection;

impl Sqlite {
    pub(crate) async fn mentions(
        &self,
        account: AccountId,
        before: Option<(Millis, RoomId, Seq)>,
        limit: usize,
    ) -> Result<Vec<(RoomId, Event)>, StoreError> {
        self.read(move |conn| mentions(conn, account, before, limit)).await
    }
}

/// The places are put in order before anything else of the messages is read. In a direct room every
/// message is marked as one for everybody, which would bury those that name somebody.
fn mentions(
    conn: &Connection,
    account: AccountId,
    before: Option<(Millis, RoomId, Seq)>,
    limit: usize,
) -> Result<Vec<(RoomId, Event)>, StoreError> {
    let (at, end) = before.map_or((i64::MAX as u64, 0), |(at, room, seq)| (at.0, place(room, seq)));
    let sql = format!(
        "SELECT {FOLDED} FROM (
           SELECT o.place, o.at FROM log o WHERE o.place IN (
             SELECT m.place FROM mentions m JOIN members r ON r.account = m.account AND r.room = m.place >> 32
             WHERE m.account = ?1 AND m.author <> ?1
             UNION
             SELECT m.place FROM members r JOIN rooms k ON k.id = r.room AND k.kind <> {direct}
             JOIN mentions m ON m.account = {EVERYBODY}
               AND m.place > r.room << 32 AND m.place <= (r.room << 32 | {SEQ_MAX})
             WHERE r.account = ?1 AND m.author <> ?1)
           AND (o.at, o.place) < (?2, ?3) ORDER BY o.at DESC, o.place DESC LIMIT ?4) w
         JOIN log l ON l.place = w.place LEFT JOIN folds f ON f.place = w.place
         ORDER BY w.at DESC, w.place DESC",
        direct = of_room_kind(RoomKind::Direct)
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let mut rows = statement.query((account.0, at, end, limit.clamp(1, PAGE_ENTRIES_MAX)))?;
    let mut mentions = Vec::new();
    while let Some(row) = rows.next()? {
        mentions.push((room_of(row.get(0)?), folded(conn, row)?));
    }
    Ok(mentions)
}
