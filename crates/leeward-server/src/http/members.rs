//! Who is in a room, and what they may do there.

use super::App;
use super::answer::{Answer, Id, Json, Params, Path, Problem, stored};
use super::auth::Who;
use super::changed::{bring_in, take_out, through};
use super::rooms::RoomPath;
use super::workspace::subject;
use axum::extract::State;
use http::StatusCode;
use leeward_core::code::Code;
use leeward_core::id::{AccountId, RoomId};
use leeward_core::room::{Member, MemberRole};
use leeward_core::rules;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(members))
        .routes(routes!(bans))
        .routes(routes!(put_member, remove_member))
}

/// Everybody in a room
#[utoipa::path(get, path = "/rooms/{room}/members", tag = "members", params(RoomPath),
    responses((status = 200, body = Vec<Member>)))]
async fn members(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
) -> Answer<Vec<Member>> {
    app.access(&actor, path.id()).await?;
    Ok(Json(stored(app.node.store.members(path.id()).await)?))
}

/// Those removed from a room for good
#[utoipa::path(get, path = "/rooms/{room}/bans", tag = "members", params(RoomPath),
    responses((status = 200, body = Vec<AccountId>)))]
async fn bans(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
) -> Answer<Vec<AccountId>> {
    let access = app.access(&actor, path.id()).await?;
    rules::may_administer(&access.facts, access.role, actor.role)?;
    Ok(Json(stored(app.node.store.room_bans(path.id()).await)?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct MemberPath {
    /// Which room.
    room: Id,
    /// Which account.
    account: Id,
}

/// What somebody is to be in a room.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskMember {
    /// What they may do there; left out: a member, or what they are.
    #[serde(default)]
    role: Option<MemberRole>,
}

/// Bring somebody into a room, or give them another role there
#[utoipa::path(put, path = "/rooms/{room}/members/{account}", tag = "members",
    params(MemberPath), request_body = AskMember, responses((status = 200, body = Member)))]
async fn put_member(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<MemberPath>,
    Json(ask): Json<AskMember>,
) -> Answer<Member> {
    let (room, who): (RoomId, AccountId) = (path.room.into(), path.account.into());
    app.by_account.admit(actor.account, app.node.now())?;
    let visible = app.visible_people(&actor).await?;
    if visible.is_some_and(|v| !v.contains(&who)) {
        return Err(Code::NotFound.into());
    }
    through(async move {
        bring_in(&app, &actor, room, who, ask.role).await?;
        let access = stored(app.node.store.access(who, room).await)?;
        let role = access.and_then(|a| a.role).ok_or(Code::Conflict)?;
        if ask.role.is_some() {
            let detail = format!("account:{who} {role:?}").to_lowercase();
            app.audit(&actor, "room.role", subject(room), detail).await;
        }
        Ok(Json(Member { account: who, role }))
    })
    .await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct RemoveQuery {
    /// For good: they may not enter again.
    ban: Option<bool>,
}

/// Remove somebody from a room
#[utoipa::path(delete, path = "/rooms/{room}/members/{account}", tag = "members",
    params(MemberPath, RemoveQuery), responses((status = 204)))]
async fn remove_member(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<MemberPath>,
    Params(query): Params<RemoveQuery>,
) -> Result<StatusCode, Problem> {
    let (room, who) = (path.room.into(), path.account.into());
    let banned = query.ban.unwrap_or(false);
    through(async move { take_out(&app, &actor, room, who, banned).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}
