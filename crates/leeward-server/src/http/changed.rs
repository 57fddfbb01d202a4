//! What a change to a room means for others: its log's new entries to those in the room, and the room
//! itself to those whose list it came into, changed in or left.

use super::answer::{Problem, stored};
use super::{App, Http};
use crate::node::Actor;
use leeward_core::code::Code;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::RoomSummary;
use leeward_core::rules;
use leeward_core::wire::ServerFrame;
use leeward_store::{Access, Author, RoomChange};

/// Does something to its end even when the client goes away in the middle, so that nothing is
/// stored and not told.
pub(crate) async fn through<T: Send + 'static>(
    work: impl Future<Output = Result<T, Problem>> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::spawn(work).await {
        Ok(answer) => answer,
        Err(e) => {
            tracing::error!("a request ended in a panic: {e}");
            Err(Code::Internal.into())
        }
    }
}

impl Http {
    /// Tells everybody what a change did.
    pub(crate) async fn announce(&self, change: &RoomChange) {
        self.node.publish(change.room, change.epoch, &change.events);
        for (account, version) in &change.versions {
            self.node.accounts.bump(*account, *version);
        }
        for (account, version) in &change.versions {
            if let Err(e) = self.push_room(*account, change.room, *version).await {
                tracing::debug!("an account learns of a room only when it resumes: {e:?}");
            }
        }
    }

    async fn push_room(
        &self,
        account: AccountId,
        room: RoomId,
        version: u64,
    ) -> Result<(), Problem> {
        let frame = match stored(self.node.store.room_summary(account, room).await)? {
            Some(found) => {
                ServerFrame::AccountRoom { version: found.version, room: Box::new(found.value) }
            }
            None => ServerFrame::AccountRoomGone { version, room },
        };
        self.node.push_account(account, &frame);
        Ok(())
    }

    /// What the actor is to a room that it may read; `not_found` for all others.
    pub(crate) async fn access(&self, actor: &Actor, room: RoomId) -> Result<Access, Problem> {
        let access = stored(self.node.store.access(actor.account, room).await)?;
        let access = access.ok_or(Code::NotFound)?;
        rules::may_read(&access.facts, access.role, actor.role)?;
        Ok(access)
    }

    /// The room as the actor's list shows it; the actor has to be in it.
    pub(crate) async fn summary(
        &self,
        account: AccountId,
        room: RoomId,
    ) -> Result<RoomSummary, Problem> {
        let found = stored(self.node.store.room_summary(account, room).await)?;
        Ok(found.ok_or(Code::NotFound)?.value)
    }
}

/// The actor, as the store wants to know it.
pub(crate) fn author(actor: &Actor) -> Author {
    Author { account: actor.account, role: actor.role }
}

/// Brings somebody into a room, or gives somebody in it another role there.
pub(crate) async fn bring_in(
    app: &App,
    actor: &Actor,
    room: RoomId,
    who: AccountId,
    role: Option<leeward_core::room::MemberRole>,
) -> Result<(), Problem> {
    use leeward_core::room::MemberRole;
    let access = app.access(actor, room).await?;
    let person = app.person(who)?;
    if person.disabled {
        return Err(Code::NotFound.into());
    }
    let before = stored(app.node.store.access(who, room).await)?.and_then(|a| a.role);
    let at = app.node.now();
    let change = match (before, role) {
        (Some(before), Some(role)) if before != role => {
            rules::may_administer(&access.facts, access.role, actor.role)?;
            app.node.store.set_member_role(author(actor), room, who, role, at).await
        }
        (Some(_), _) => return Ok(()),
        (None, role) => {
            let role = role.unwrap_or(MemberRole::Member);
            rules::may_add(&access.facts, access.role, actor.role)?;
            if role != MemberRole::Member {
                rules::may_administer(&access.facts, access.role, actor.role)?;
            }
            app.node.store.join(author(actor), room, who, role, at).await
        }
    };
    app.announce(&stored(change)?).await;
    Ok(())
}

/// Takes somebody out of a room: oneself, or another where one moderates.
pub(crate) async fn take_out(
    app: &App,
    actor: &Actor,
    room: RoomId,
    who: AccountId,
    banned: bool,
) -> Result<(), Problem> {
    let access = app.access(actor, room).await?;
    rules::may_leave(&access.facts)?;
    if who != actor.account || banned {
        rules::may_administer(&access.facts, access.role, actor.role)?;
    }
    let at = app.node.now();
    let change = stored(app.node.store.leave(author(actor), room, who, banned, at).await)?;
    app.announce(&change).await;
    if who != actor.account {
        let action = if banned { "room.ban" } else { "room.remove" };
        app.audit(actor, action, format!("room:{room}"), format!("account:{who}")).await;
    }
    Ok(())
}
