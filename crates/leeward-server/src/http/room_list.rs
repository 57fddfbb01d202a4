//! The rooms there are: one's own, those to find, and those to be made.

use super::App;
use super::answer::{Answer, Id, Json, Params, Problem, stored};
use super::auth::{Who, not_guest};
use super::changed::{author, through};
use super::text::{Line, RoomName};
use super::workspace::{subject, topic};
use crate::node::Actor;
use axum::extract::State;
use http::StatusCode;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind, RoomSummary};
use leeward_core::rules;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Others in one direct room.
const DIRECT_MAX: usize = 8;
/// People brought in when a room is made.
const MEMBERS_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(rooms, create_room))
        .routes(routes!(browse_rooms))
        .routes(routes!(open_direct))
}

/// The rooms of the account that asks
#[utoipa::path(get, path = "/rooms", tag = "rooms",
    responses((status = 200, body = Vec<RoomSummary>)))]
async fn rooms(State(app): State<App>, Who(actor): Who) -> Answer<Vec<RoomSummary>> {
    let state = stored(app.node.store.account_state(actor.account).await)?;
    Ok(Json(state.ok_or(Code::NotFound)?.rooms))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct BrowseQuery {
    /// Part of a name or of a topic, whatever its case.
    #[param(max_length = 64)]
    q: Option<String>,
}

/// A public room as the list for browsing shows it.
#[derive(Serialize, ToSchema)]
struct Listing {
    /// Which.
    id: RoomId,
    /// Its facts.
    #[serde(flatten)]
    facts: RoomFacts,
    /// How many people are in it.
    members: u32,
    /// When its last message was stored.
    last_at: Millis,
    /// Whether whoever asks is in it.
    joined: bool,
}

/// The public rooms
#[utoipa::path(get, path = "/rooms/browse", tag = "rooms", params(BrowseQuery),
    responses((status = 200, body = Vec<Listing>)))]
async fn browse_rooms(
    State(app): State<App>,
    Who(actor): Who,
    Params(query): Params<BrowseQuery>,
) -> Answer<Vec<Listing>> {
    not_guest(&actor)?;
    let part = query.q.unwrap_or_default();
    if part.chars().count() > 64 {
        return Err(Problem::bad("q: at most 64 characters"));
    }
    let part = part.to_lowercase();
    let rooms = stored(app.node.store.public_rooms(actor.account).await)?;
    let fits = |f: &RoomFacts| f.name.contains(&part) || f.topic.to_lowercase().contains(&part);
    let listing = |r: leeward_store::RoomListing| Listing {
        id: r.id,
        facts: r.facts,
        members: r.members,
        last_at: r.last_at,
        joined: r.joined,
    };
    Ok(Json(rooms.into_iter().filter(|r| fits(&r.facts)).map(listing).collect()))
}

/// Kinds of rooms that have a name.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum NamedKind {
    /// Any member of the workspace finds and enters it.
    Public,
    /// Those invited.
    Private,
}

/// A room to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskRoom {
    /// Who can find and enter it.
    kind: NamedKind,
    /// Unique in the workspace.
    name: RoomName,
    /// What it is about.
    #[serde(default)]
    topic: Option<Line>,
    /// Who is in it from the start, besides whoever makes it.
    #[serde(default)]
    #[schema(max_items = 200)]
    members: Vec<Id>,
}

/// Make a room
#[utoipa::path(post, path = "/rooms", tag = "rooms", request_body = AskRoom,
    responses((status = 201, body = RoomSummary)))]
async fn create_room(
    State(app): State<App>,
    Who(actor): Who,
    Json(ask): Json<AskRoom>,
) -> Result<(StatusCode, Json<RoomSummary>), Problem> {
    let room_kind = match ask.kind {
        NamedKind::Public => RoomKind::Public,
        NamedKind::Private => RoomKind::Private,
    };
    rules::may_create_room(actor.role, room_kind)?;
    app.by_account.admit(actor.account, app.node.now())?;
    if ask.members.len() > MEMBERS_MAX {
        return Err(Refusal::because(Code::TooMany, "members: at most 200 at first").into());
    }
    let others = people(&app, &actor, &ask.members)?;
    let mut members = vec![(actor.account, MemberRole::Moderator)];
    members.extend(others.into_iter().map(|id| (id, MemberRole::Member)));
    let facts = RoomFacts {
        room_kind,
        name: ask.name.checked()?,
        topic: topic(ask.topic),
        archived: false,
        read_only: false,
    };
    let name = facts.name.clone();
    through(async move {
        let summary = make(&app, &actor, facts, members).await?.1;
        app.audit(&actor, "room.create", subject(summary.id), name).await;
        Ok((StatusCode::CREATED, Json(summary)))
    })
    .await
}

/// The accounts of these ids, without the actor; each has to exist.
fn people(app: &App, actor: &Actor, ids: &[Id]) -> Result<BTreeSet<AccountId>, Problem> {
    let ids: BTreeSet<AccountId> = ids.iter().map(|id| (*id).into()).collect();
    if let Some(unknown) = ids.iter().find(|id| app.node.accounts.disabled(**id)) {
        let words = format!("there is nobody with the id {unknown}");
        return Err(Refusal::because(Code::NotFound, words).into());
    }
    Ok(ids.into_iter().filter(|id| *id != actor.account).collect())
}

/// Makes a room; whether it is new, and as its maker sees it.
pub(super) async fn make(
    app: &App,
    actor: &Actor,
    facts: RoomFacts,
    members: Vec<(AccountId, MemberRole)>,
) -> Result<(bool, RoomSummary), Problem> {
    let at = app.node.now();
    let made = stored(app.node.store.create_room(author(actor), facts, members, at).await)?;
    app.announce(&made).await;
    Ok((made.created, app.summary(actor.account, made.room).await?))
}

/// Who is to be in a direct room.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskDirect {
    /// The others.
    #[schema(min_items = 1, max_items = 8)]
    people: Vec<Id>,
}

/// Open the direct room of these people, made when there is none
#[utoipa::path(post, path = "/rooms/direct", tag = "rooms", request_body = AskDirect,
    responses((status = 200, body = RoomSummary), (status = 201, body = RoomSummary)))]
async fn open_direct(
    State(app): State<App>,
    Who(actor): Who,
    Json(ask): Json<AskDirect>,
) -> Result<(StatusCode, Json<RoomSummary>), Problem> {
    app.by_account.admit(actor.account, app.node.now())?;
    let ids: Vec<AccountId> = ask.people.into_iter().map(Into::into).collect();
    let (created, summary) = direct(app, actor, ids).await.map_err(Problem::by_rule)?;
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(summary)))
}

/// The direct room of the actor and these people, and whether it had to be made.
pub(super) async fn direct(
    app: App,
    actor: Actor,
    ids: Vec<AccountId>,
) -> Result<(bool, RoomSummary), Problem> {
    rules::may_create_room(actor.role, RoomKind::Direct)?;
    if ids.len() > DIRECT_MAX {
        let words = "people: a direct room is of at most 8 others";
        return Err(Refusal::because(Code::TooMany, words).into());
    }
    let visible = app.visible_people(&actor).await?;
    if visible.is_some_and(|v| ids.iter().any(|id| !v.contains(id))) {
        return Err(Code::NotFound.into());
    }
    let ids: Vec<Id> = ids.into_iter().map(|id| Id(id.0)).collect();
    let others = people(&app, &actor, &ids)?;
    let mut members = vec![(actor.account, MemberRole::Member)];
    members.extend(others.into_iter().map(|id| (id, MemberRole::Member)));
    let facts = RoomFacts {
        room_kind: RoomKind::Direct,
        name: String::new(),
        topic: String::new(),
        archived: false,
        read_only: false,
    };
    through(async move { make(&app, &actor, facts, members).await }).await
}
