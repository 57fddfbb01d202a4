//! One room: its facts, its state, and how the account that asks stands to it.

use super::App;
use super::answer::{Answer, Id, Json, Path, Problem, stored};
use super::auth::Who;
use super::changed::{author, take_out, through};
use super::me::Version;
use super::text::{Line, RoomName};
use super::workspace::subject;
use crate::node::Actor;
use axum::extract::State;
use http::StatusCode;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{RoomId, Seq};
use leeward_core::limits;
use leeward_core::room::{MemberRole, RoomFacts, RoomKind, RoomSummary};
use leeward_core::rules;
use leeward_core::wire::{RoomSettings, ServerFrame, Snapshot};
use leeward_store::Access;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(room, edit_room))
        .routes(routes!(snapshot))
        .routes(routes!(join_room))
        .routes(routes!(leave_room))
        .routes(routes!(mark_read))
        .routes(routes!(room_settings))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct RoomPath {
    /// Which room.
    room: Id,
}

impl RoomPath {
    pub(super) fn id(&self) -> RoomId {
        self.room.into()
    }
}

/// A room as whoever may read it sees it.
#[derive(Serialize, ToSchema)]
struct Room {
    /// Which.
    id: RoomId,
    /// Its facts.
    #[serde(flatten)]
    facts: RoomFacts,
    /// What whoever asks may do here; absent for who is not in it.
    #[serde(skip_serializing_if = "Option::is_none")]
    role: Option<MemberRole>,
}

/// A room's facts
#[utoipa::path(get, path = "/rooms/{room}", tag = "rooms", params(RoomPath),
    responses((status = 200, body = Room)))]
async fn room(State(app): State<App>, Who(actor): Who, Path(path): Path<RoomPath>) -> Answer<Room> {
    let access = app.access(&actor, path.id()).await?;
    Ok(Json(Room { id: path.id(), facts: access.facts, role: access.role }))
}

/// What is to be different about a room; what is left out stays.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct EditRoom {
    #[serde(default)]
    pub(super) name: Option<RoomName>,
    #[serde(default)]
    pub(super) topic: Option<Line>,
    /// Kept for reading only, hidden from the list.
    #[serde(default)]
    pub(super) archived: Option<bool>,
    /// Only moderators write.
    #[serde(default)]
    pub(super) read_only: Option<bool>,
}

/// Change a room
#[utoipa::path(patch, path = "/rooms/{room}", tag = "rooms", params(RoomPath),
    request_body = EditRoom, responses((status = 200, body = Room)))]
async fn edit_room(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Json(edit): Json<EditRoom>,
) -> Answer<Room> {
    let room = path.id();
    let role = app.access(&actor, room).await?.role;
    let facts = through(async move { change_room(&app, &actor, room, edit).await }).await?;
    Ok(Json(Room { id: room, facts, role }))
}

/// Changes a room's facts and tells everybody.
pub(super) async fn change_room(
    app: &App,
    actor: &Actor,
    room: RoomId,
    edit: EditRoom,
) -> Result<RoomFacts, Problem> {
    let access = app.access(actor, room).await?;
    rules::may_administer(&access.facts, access.role, actor.role)?;
    let mut facts = access.facts.clone();
    if let Some(name) = edit.name {
        facts.name = name.checked()?;
    }
    facts.topic = edit.topic.map_or(facts.topic, Into::into);
    facts.archived = edit.archived.unwrap_or(facts.archived);
    facts.read_only = edit.read_only.unwrap_or(facts.read_only);
    change_facts(app, actor, (room, access), facts).await
}

/// Changes a room's facts to these, and tells everybody.
pub(super) async fn change_facts(
    app: &App,
    actor: &Actor,
    (room, access): (RoomId, Access),
    facts: RoomFacts,
) -> Result<RoomFacts, Problem> {
    rules::may_administer(&access.facts, access.role, actor.role)?;
    if facts == access.facts {
        return Ok(facts);
    }
    if access.facts.room_kind == RoomKind::Direct {
        return Err(Refusal::because(Code::Forbidden, "a direct room stays as it is").into());
    }
    let at = app.node.now();
    let change = app.node.store.edit_room(author(actor), room, facts.clone(), at).await;
    app.announce(&stored(change)?).await;
    let detail =
        format!("name {}, archived {}, read-only {}", facts.name, facts.archived, facts.read_only);
    app.audit(actor, "room.edit", subject(room), detail).await;
    Ok(facts)
}

/// A room's state at one position, with its newest lines
#[utoipa::path(get, path = "/rooms/{room}/snapshot", tag = "rooms", params(RoomPath),
    responses((status = 200, body = Snapshot)))]
async fn snapshot(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
) -> Answer<Snapshot> {
    app.access(&actor, path.id()).await?;
    let snapshot = app.node.store.snapshot(path.id(), limits::SNAPSHOT_MESSAGES).await;
    Ok(Json(stored(snapshot)?.ok_or(Code::NotFound)?))
}

/// Enter a public room
#[utoipa::path(post, path = "/rooms/{room}/join", tag = "rooms", params(RoomPath),
    responses((status = 200, body = RoomSummary)))]
async fn join_room(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
) -> Answer<RoomSummary> {
    let room = path.id();
    through(async move {
        join(&app, &actor, room).await?;
        app.summary(actor.account, room).await.map(Json)
    })
    .await
}

/// Brings the actor into a public room.
pub(super) async fn join(app: &App, actor: &Actor, room: RoomId) -> Result<(), Problem> {
    let access = app.access(actor, room).await?;
    if access.role.is_some() {
        return Ok(());
    }
    rules::may_join(&access.facts, actor.role, access.banned)?;
    let (by, at) = (author(actor), app.node.now());
    let change = app.node.store.join(by, room, actor.account, MemberRole::Member, at).await;
    app.announce(&stored(change)?).await;
    Ok(())
}

/// Leave a room
#[utoipa::path(post, path = "/rooms/{room}/leave", tag = "rooms", params(RoomPath),
    responses((status = 204)))]
async fn leave_room(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
) -> Result<StatusCode, Problem> {
    let room = path.id();
    through(async move { take_out(&app, &actor, room, actor.account, false).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Up to where somebody has read.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadUpTo {
    /// The last event read; 0: nothing.
    #[schema(value_type = u64, maximum = 9_007_199_254_740_991u64)]
    seq: Seq,
}

/// Where the mark is.
#[derive(Serialize, ToSchema)]
struct Marked {
    /// The last event read.
    seq: Seq,
    /// Messages above it that name the account.
    mentions: u32,
    /// The version of the account's state with this change.
    version: u64,
}

/// Set how far one has read, for all devices
#[utoipa::path(put, path = "/rooms/{room}/read", tag = "rooms", params(RoomPath),
    request_body = ReadUpTo, responses((status = 200, body = Marked)))]
async fn mark_read(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Json(up_to): Json<ReadUpTo>,
) -> Answer<Marked> {
    let room = path.id();
    let seq = checked(up_to.seq)?;
    through(async move {
        let mark = stored(app.node.mark_read(actor.account, room, seq).await)?;
        Ok(Json(Marked { seq: mark.seq, mentions: mark.mentions, version: mark.version }))
    })
    .await
}

/// A seq that every client can read exactly.
pub(super) fn checked(seq: Seq) -> Result<Seq, Problem> {
    if seq.0 < 1 << 53 { Ok(seq) } else { Err(Problem::bad("seq is below 2^53")) }
}

/// Set when to be told about a room, and whether it is a favourite
#[utoipa::path(patch, path = "/rooms/{room}/settings", tag = "rooms", params(RoomPath),
    request_body = RoomSettings, responses((status = 200, body = RoomSummary)))]
async fn room_settings(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Json(settings): Json<RoomSettings>,
) -> Answer<RoomSummary> {
    let room = path.id();
    through(async move {
        let kept = stored(app.node.store.room_settings(actor.account, room, settings).await)?;
        app.node.accounts.bump(actor.account, kept.version);
        let summary = kept.value;
        let frame =
            ServerFrame::AccountRoom { version: kept.version, room: Box::new(summary.clone()) };
        app.node.push_account(actor.account, &frame);
        Ok(Json(summary))
    })
    .await
}

/// For changes of which only the version is told.
pub(super) fn version(version: u64) -> Json<Version> {
    Json(Version { version })
}
