//! Invites: making, listing, accepting.

use super::codes;
use super::log::json;
use super::rooms::unchanged;
use super::writer::Tx;
use super::{Sqlite, accounts, membership};
use crate::error::StoreError;
use crate::records::{Invite, NewAccount, NewInvite, Redeemed};
use leeward_core::code::Code;
use leeward_core::id::{AccountId, Millis};
use leeward_core::room::{MemberRole, RoomKind};
use rusqlite::{Connection, Row};

impl Sqlite {
    pub(crate) async fn create_invite(&self, invite: NewInvite) -> Result<Invite, StoreError> {
        self.change(move |tx| create(tx, &invite)).await
    }

    pub(crate) async fn invites(&self, at: Millis) -> Result<Vec<Invite>, StoreError> {
        self.read(move |conn| {
            let mut statement =
                conn.prepare_cached(&format!("{INVITE} WHERE {OPEN} ORDER BY id DESC"))?;
            let mut rows = statement.query([at.0])?;
            let mut invites = Vec::new();
            while let Some(row) = rows.next()? {
                invites.push(read(row)?);
            }
            Ok(invites)
        })
        .await
    }

    pub(crate) async fn invite_by_token(
        &self,
        token_hash: [u8; 32],
        at: Millis,
    ) -> Result<Option<Invite>, StoreError> {
        self.read(move |conn| by_token(conn, token_hash, at)).await
    }

    pub(crate) async fn revoke_invite(&self, id: u64) -> Result<bool, StoreError> {
        self.change(move |tx| {
            let revoked = tx
                .conn
                .execute("UPDATE invites SET revoked = 1 WHERE id = ?1 AND revoked = 0", [id])?;
            Ok(revoked == 1)
        })
        .await
    }

    pub(crate) async fn redeem_invite(
        &self,
        token_hash: [u8; 32],
        account: NewAccount,
    ) -> Result<Redeemed, StoreError> {
        self.change(move |tx| redeem(tx, token_hash, account)).await
    }
}

const INVITE: &str =
    "SELECT id, inviter, role, rooms, uses, uses_max, expires_at, note, created_at FROM invites";
/// It can still be accepted at the time ?1.
const OPEN: &str = "revoked = 0 AND uses < uses_max AND expires_at > ?1";

fn read(row: &Row<'_>) -> Result<Invite, StoreError> {
    Ok(Invite {
        id: row.get(0)?,
        by: AccountId(row.get(1)?),
        role: codes::role(row.get(2)?)?,
        rooms: serde_json::from_str(&row.get::<_, String>(3)?)?,
        uses: row.get(4)?,
        uses_max: row.get(5)?,
        expires_at: Millis(row.get(6)?),
        note: row.get(7)?,
        created_at: Millis(row.get(8)?),
    })
}

fn by_token(
    conn: &Connection,
    token_hash: [u8; 32],
    at: Millis,
) -> Result<Option<Invite>, StoreError> {
    let mut statement =
        conn.prepare_cached(&format!("{INVITE} WHERE {OPEN} AND token_hash = ?2"))?;
    let mut rows = statement.query((at.0, token_hash))?;
    rows.next()?.map(read).transpose()
}

fn create(tx: &mut Tx<'_>, invite: &NewInvite) -> Result<Invite, StoreError> {
    let mut rooms = Vec::with_capacity(invite.rooms.len());
    for room in &invite.rooms {
        if rooms.contains(room) {
            continue;
        }
        rooms.push(*room);
        let known = tx.cache.room(tx.conn, *room)?.ok_or(Code::NotFound)?;
        if known.facts.room_kind == RoomKind::Direct {
            return Err(StoreError::because(
                Code::BadRequest,
                "nobody is invited into a direct room",
            ));
        }
    }
    tx.conn.execute(
        "INSERT INTO invites (token_hash, inviter, role, rooms, uses_max, expires_at, note, created_at)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        (
            invite.token_hash,
            invite.by.0,
            codes::of_role(invite.role),
            json(&rooms),
            invite.uses_max,
            invite.expires_at.0,
            &invite.note,
            invite.at.0,
        ),
    )?;
    Ok(Invite {
        id: tx.conn.last_insert_rowid().unsigned_abs(),
        by: invite.by,
        role: invite.role,
        rooms,
        uses: 0,
        uses_max: invite.uses_max,
        expires_at: invite.expires_at,
        note: invite.note.clone(),
        created_at: invite.at,
    })
}

fn redeem(
    tx: &mut Tx<'_>,
    token_hash: [u8; 32],
    account: NewAccount,
) -> Result<Redeemed, StoreError> {
    let at = account.at;
    let invite = by_token(tx.conn, token_hash, at)?.ok_or_else(|| {
        StoreError::because(Code::NotFound, "the invite has been used, has ended or never was")
    })?;
    tx.conn.execute("UPDATE invites SET uses = uses + 1 WHERE id = ?1", [invite.id])?;
    let mut entry = accounts::create(tx, &NewAccount { role: invite.role, bot: false, ..account })?;
    let who = entry.person.id;
    let mut rooms = Vec::new();
    for room in invite.rooms {
        let Some(known) = tx.cache.room(tx.conn, room)? else { continue };
        // An invite in the database may name a room more than once.
        if known.facts.archived || known.members.contains_key(&who) {
            continue;
        }
        let mut change = unchanged(tx, room);
        let (event, version) = membership::enter(tx, who, room, (who, MemberRole::Member), at)?;
        change.events.push(event);
        change.versions.push((who, version));
        entry.version = version;
        rooms.push(change);
    }
    Ok(Redeemed { entry, rooms })
}
