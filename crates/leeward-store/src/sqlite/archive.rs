//! What was said, event by event, in the order of one room or of all direct rooms of an account: for
//! protocols that have archives of what was sent.

use super::Sqlite;
use super::codes::{kind, of_room_kind, place, room_of, seq_of};
use super::events::end_of;
use super::log::{PLAIN, plain};
use crate::error::StoreError;
use leeward_core::archive::{About, ArchivePage, ArchiveQuery, DirectQuery, Told};
use leeward_core::event::{Event, What};
use leeward_core::id::{AccountId, Millis, Nonce, RoomId, Seq};
use leeward_core::limits::PAGE_ENTRIES_MAX;
use leeward_core::room::RoomKind;
use rusqlite::{Connection, OptionalExtension};

impl Sqlite {
    pub(crate) async fn archive(
        &self,
        room: RoomId,
        query: ArchiveQuery,
    ) -> Result<ArchivePage, StoreError> {
        self.read(move |conn| archive(conn, room, &query)).await
    }

    pub(crate) async fn direct_archive(
        &self,
        account: AccountId,
        query: DirectQuery,
    ) -> Result<ArchivePage, StoreError> {
        self.read(move |conn| direct_archive(conn, account, &query)).await
    }

    pub(crate) async fn told_after(
        &self,
        room: RoomId,
        seq: Seq,
        limit: usize,
    ) -> Result<Vec<Told>, StoreError> {
        let events = self.events_after(room, seq, limit).await?;
        self.read(move |conn| events.into_iter().map(|event| told(conn, room, event)).collect())
            .await
    }

    pub(crate) async fn about(
        &self,
        room: RoomId,
        seq: Seq,
        by: AccountId,
    ) -> Result<Option<About>, StoreError> {
        self.read(move |conn| about(conn, place(room, seq), by)).await
    }

    pub(crate) async fn called(
        &self,
        author: AccountId,
        nonce: Nonce,
    ) -> Result<Option<(RoomId, Seq)>, StoreError> {
        self.read(move |conn| {
            let mut statement =
                conn.prepare_cached("SELECT place FROM nonces WHERE nonce = ?1 AND author = ?2")?;
            let found = statement.query_row((nonce.as_str(), author.0), |row| row.get(0));
            Ok(found.optional()?.map(|place| (room_of(place), seq_of(place))))
        })
        .await
    }
}

/// An event, with the message that it is about as that stands.
fn told(conn: &Connection, room: RoomId, event: Event) -> Result<Told, StoreError> {
    let target = match &event.what {
        What::Edit { target, .. } | What::Delete { target } | What::React { target, .. } => *target,
        What::Message(_)
        | What::Pin { .. }
        | What::Join { .. }
        | What::Leave { .. }
        | What::Role { .. }
        | What::Room(_) => return Ok(Told { event, about: None }),
    };
    let about = about(conn, place(room, target), event.from)?;
    Ok(Told { event, about })
}

fn about(conn: &Connection, at: u64, by: AccountId) -> Result<Option<About>, StoreError> {
    let mut statement = conn.prepare_cached("SELECT author, nonce FROM log WHERE place = ?1")?;
    let found = statement
        .query_row([at], |row| Ok((AccountId(row.get(0)?), row.get::<_, Option<String>>(1)?)));
    let Some((from, nonce)) = found.optional()? else { return Ok(None) };
    let mut statement = conn.prepare_cached(
        "SELECT emoji FROM reactions WHERE place = ?1 AND account = ?2 ORDER BY chip, emoji",
    )?;
    let reactions = statement.query_map((at, by.0), |row| row.get(0))?;
    Ok(Some(About {
        target: seq_of(at),
        from,
        nonce: nonce.and_then(|nonce| Nonce::try_from(nonce).ok()),
        reactions: reactions.collect::<Result<_, _>>()?,
    }))
}

/// The first place of a room whose event is not older, by halving: the times of a log rise with its
/// places, but for what a clock that was set does to them.
fn since(conn: &Connection, room: RoomId, at: Millis) -> Result<u64, StoreError> {
    let head: Option<u64> = conn
        .prepare_cached("SELECT head FROM heads WHERE room = ?1")?
        .query_row([room.0], |row| row.get(0))
        .optional()?;
    let (mut low, mut high) = (1, head.unwrap_or(0) + 1);
    let mut time = conn.prepare_cached("SELECT at FROM log WHERE place = ?1")?;
    while low < high {
        let middle = low.midpoint(high);
        let then: u64 = time.query_row([place(room, Seq(middle))], |row| row.get(0))?;
        if then < at.0 { low = middle + 1 } else { high = middle }
    }
    Ok(place(room, Seq(low)))
}

/// A stretch of one room's log, both ends included, and where to begin reading it.
struct Stretch {
    room: RoomId,
    first: u64,
    last: u64,
    /// In the order of time over several rooms: only what comes after, or before, this.
    beyond: Option<(u64, u64)>,
}

impl Stretch {
    fn of(
        conn: &Connection,
        room: RoomId,
        (start, end): (Option<Millis>, Option<Millis>),
    ) -> Result<Self, StoreError> {
        let first = match start {
            Some(start) => since(conn, room, start)?,
            None => place(room, Seq(1)),
        };
        let last = match end {
            Some(end) => since(conn, room, Millis(end.0.saturating_add(1)))?.saturating_sub(1),
            None => end_of(room),
        };
        Ok(Self { room, first, last, beyond: None })
    }

    /// At most so many of its entries, in the order in which they are read.
    fn read(
        &self,
        conn: &Connection,
        backwards: bool,
        limit: usize,
    ) -> Result<Vec<Event>, StoreError> {
        let (order, than) = if backwards { ("DESC", "<") } else { ("ASC", ">") };
        // Everywhere, where nothing is to lie beyond.
        let (at, beyond) = self.beyond.unwrap_or(if backwards { (FAR, FAR) } else { (0, 0) });
        let sql = format!(
            "SELECT {PLAIN} FROM log l WHERE l.place BETWEEN ?1 AND ?2 AND l.kind BETWEEN {} AND {}
             AND (l.at, l.place) {than} (?3, ?4) ORDER BY l.place {order} LIMIT ?5",
            kind::MESSAGE,
            kind::UNREACT
        );
        let mut statement = conn.prepare_cached(&sql)?;
        let mut rows = statement.query((self.first, self.last, at, beyond, limit))?;
        let mut events = Vec::new();
        while let Some(row) = rows.next()? {
            events.push(plain(row)?);
        }
        Ok(events)
    }
}

/// Later than any time and beyond any place.
const FAR: u64 = i64::MAX as u64;

fn archive(
    conn: &Connection,
    room: RoomId,
    query: &ArchiveQuery,
) -> Result<ArchivePage, StoreError> {
    let limit = query.limit.min(PAGE_ENTRIES_MAX);
    let mut stretch = Stretch::of(conn, room, (query.start, query.end))?;
    if let Some(after) = query.after {
        stretch.first = stretch.first.max(place(room, after) + 1);
    }
    if let Some(before) = query.before {
        stretch.last = stretch.last.min(place(room, before).saturating_sub(1));
    }
    let mut events = if query.ids.is_empty() {
        stretch.read(conn, query.backwards, limit + 1)?
    } else {
        let mut events = Vec::new();
        for id in query.ids.iter().take(limit) {
            let at = place(room, *id);
            let one = Stretch { room, first: at, last: at, beyond: None };
            events.extend(one.read(conn, false, 1)?);
        }
        events
    };
    let complete = events.len() <= limit;
    events.truncate(limit);
    if query.backwards {
        events.reverse();
    }
    let entry = |event| Ok((room, told(conn, room, event)?));
    let entries = events.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
    Ok(ArchivePage { entries, complete })
}

fn direct_archive(
    conn: &Connection,
    account: AccountId,
    query: &DirectQuery,
) -> Result<ArchivePage, StoreError> {
    let limit = query.limit.min(PAGE_ENTRIES_MAX);
    let beyond = match if query.backwards { query.before } else { query.after } {
        Some(at) => Some(moment(conn, at)?),
        None => None,
    };
    let mut found = Vec::new();
    for room in direct_rooms(conn, account, query.with)? {
        let mut stretch = Stretch::of(conn, room, (query.start, query.end))?;
        // The other end, where a page is asked for between two places.
        let other = if query.backwards { query.after } else { query.before };
        stretch.beyond = beyond;
        if let Some((at, _)) = beyond {
            let near = since(conn, room, Millis(if query.backwards { at + 1 } else { at }))?;
            if query.backwards {
                stretch.last = stretch.last.min(near.saturating_sub(1));
            } else {
                stretch.first = stretch.first.max(near);
            }
        }
        let mut events = stretch.read(conn, query.backwards, limit + 1)?;
        if let Some(other) = other {
            let (at, end) = moment(conn, other)?;
            events.retain(|event| {
                let this = (event.at.0, place(stretch.room, event.seq));
                if query.backwards { this > (at, end) } else { this < (at, end) }
            });
        }
        found.extend(events.into_iter().map(|event| (room, event)));
    }
    found.sort_by_key(|(room, event)| (event.at, place(*room, event.seq)));
    if query.backwards {
        found.reverse();
    }
    let complete = found.len() <= limit;
    found.truncate(limit);
    if query.backwards {
        found.reverse();
    }
    let entry = |(room, event)| Ok((room, told(conn, room, event)?));
    let entries = found.into_iter().map(entry).collect::<Result<_, StoreError>>()?;
    Ok(ArchivePage { entries, complete })
}

/// Where an entry is in the order of time over several rooms. An entry that is not there is at the end.
fn moment(conn: &Connection, (room, seq): (RoomId, Seq)) -> Result<(u64, u64), StoreError> {
    let at = place(room, seq);
    let mut statement = conn.prepare_cached("SELECT at FROM log WHERE place = ?1")?;
    let time = statement.query_row([at], |row| row.get(0)).optional()?;
    Ok((time.unwrap_or(FAR), at))
}

/// The direct rooms of two people that an account is in.
fn direct_rooms(
    conn: &Connection,
    account: AccountId,
    with: Option<AccountId>,
) -> Result<Vec<RoomId>, StoreError> {
    let direct = of_room_kind(RoomKind::Direct);
    let sql = format!(
        "SELECT m.room FROM members m JOIN rooms r ON r.id = m.room AND r.kind = {direct}
         JOIN heads h ON h.room = m.room AND h.members <= 2
         WHERE m.account = ?1 AND (?2 IS NULL OR EXISTS (
           SELECT 1 FROM members o WHERE o.account = ?2 AND o.room = m.room))"
    );
    let mut statement = conn.prepare_cached(&sql)?;
    let rooms =
        statement.query_map((account.0, with.map(|with| with.0)), |row| Ok(RoomId(row.get(0)?)))?;
    Ok(rooms.collect::<Result<_, _>>()?)
}
