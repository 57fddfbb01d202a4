//! Synthetic people for load tests: accounts that sign in by a token, in rooms of a given size.
//!
//! Refused unless the operator started the server for it, because it makes thousands of accounts.

use super::App;
use super::answer::{Json, Problem, stored};
use super::auth::Who;
use super::changed::{author, take_out, through};
use super::rooms::{EditRoom, change_room};
use crate::node::Actor;
use axum::extract::State;
use http::StatusCode;
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_core::seal::Grant;
use leeward_store::{NewAccount, NewSession};
use serde::{Deserialize, Serialize};
use tokio::task::JoinSet;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most accounts at a time.
const ACCOUNTS_MAX: usize = 20_000;
/// Accounts made at once: one commit of the database takes them together.
const AT_ONCE: usize = 256;
/// How the names of synthetic accounts and their rooms begin; a drill names one more room itself.
const NAME: &str = "load-";
const DRILL_NAME: &str = "drill-";
/// What such a room says of itself.
const TOPIC: &str = "A load test";
/// How long the tokens last, in milliseconds: a day.
const TOKEN_MS: u64 = 24 * 3_600 * 1_000;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(make_load, remove_load))
}

/// The people to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskLoad {
    /// How many.
    #[schema(minimum = 1, maximum = 20000)]
    accounts: usize,
    /// How many are in one room.
    #[schema(minimum = 1, maximum = 20000)]
    room_size: usize,
}

/// Somebody synthetic.
#[derive(Serialize, ToSchema)]
struct Synthetic {
    /// Who.
    account: AccountId,
    /// What it signs in by.
    token: String,
    /// The room it is in.
    room: RoomId,
}

/// What was made.
#[derive(Serialize, ToSchema)]
struct Load {
    /// The rooms.
    rooms: Vec<RoomId>,
    /// The people.
    people: Vec<Synthetic>,
}

/// Make synthetic people in rooms, for load tests
#[utoipa::path(post, path = "/load", tag = "workspace", request_body = AskLoad,
    responses((status = 201, body = Load)))]
async fn make_load(
    State(app): State<App>,
    Who(actor): Who,
    Json(ask): Json<AskLoad>,
) -> Result<(StatusCode, Json<Load>), Problem> {
    if actor.role < Role::Owner {
        return Err(Code::Forbidden.into());
    }
    if !app.node.config.allow_load {
        let words = "this server was not started for load tests";
        return Err(Refusal::because(Code::Forbidden, words).into());
    }
    if !(1..=ACCOUNTS_MAX).contains(&ask.accounts) || !(1..=ACCOUNTS_MAX).contains(&ask.room_size) {
        return Err(Problem::bad("accounts and room_size are from 1 to 20000"));
    }
    let run = &super::invites::random_token().to_lowercase().replace(['_', '-'], "x")[..8];
    let accounts = make_accounts(&app, run, ask.accounts).await?;
    let mut load = Load { rooms: Vec::new(), people: Vec::new() };
    for (n, members) in accounts.chunks(ask.room_size).enumerate() {
        let room = make_room(&app, &actor, format!("{NAME}{run}-{n}"), members).await?;
        load.rooms.push(room);
        for (account, token) in members {
            load.people.push(Synthetic { account: *account, token: token.clone(), room });
        }
    }
    app.audit(&actor, "load.create", "workspace", format!("{} accounts", ask.accounts)).await;
    Ok((StatusCode::CREATED, Json(load)))
}

/// Take all synthetic people away, and the rooms made for them
#[utoipa::path(delete, path = "/load", tag = "workspace", responses((status = 204)))]
async fn remove_load(State(app): State<App>, Who(actor): Who) -> Result<StatusCode, Problem> {
    if actor.role < Role::Owner {
        return Err(Code::Forbidden.into());
    }
    through(async move {
        let people = app.node.accounts.all().into_iter();
        let synthetic = people.filter(|p| p.bot && !p.disabled && p.name.starts_with(NAME));
        let ids: Vec<AccountId> = synthetic.map(|person| person.id).collect();
        let count = ids.len();
        remove_accounts(&app, ids).await?;
        remove_rooms(&app, &actor).await?;
        app.audit(&actor, "load.remove", "workspace", format!("{count} accounts")).await;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

async fn remove_accounts(app: &App, ids: Vec<AccountId>) -> Result<(), Problem> {
    let mut removing = JoinSet::new();
    for id in ids {
        if removing.len() >= AT_ONCE
            && let Some(done) = removing.join_next().await
        {
            done.map_err(|_| Code::Internal)??;
        }
        removing.spawn(remove_account(std::sync::Arc::clone(app), id));
    }
    while let Some(done) = removing.join_next().await {
        done.map_err(|_| Code::Internal)??;
    }
    Ok(())
}

async fn remove_account(app: App, id: AccountId) -> Result<(), Problem> {
    let (entry, ended) = stored(app.node.store.set_disabled(id, true).await)?;
    app.node.accounts.put(entry);
    app.node.end_account(id, Code::Banned);
    for session in ended {
        app.node.end_session(id, session);
    }
    Ok(())
}

/// Archives the rooms that were made for synthetic people, and takes the owner out of them.
async fn remove_rooms(app: &App, actor: &Actor) -> Result<(), Problem> {
    let state = stored(app.node.store.account_state(actor.account).await)?;
    let rooms = state.map(|state| state.rooms).unwrap_or_default();
    for room in rooms.into_iter().filter(|room| is_for_load(&room.facts)) {
        let edit = EditRoom { archived: Some(true), ..EditRoom::default() };
        change_room(app, actor, room.id, edit).await?;
        take_out(app, actor, room.id, actor.account, false).await?;
    }
    Ok(())
}

/// By kind, name and topic together, so that no room that people made is taken for one.
fn is_for_load(facts: &RoomFacts) -> bool {
    let named = facts.name.starts_with(NAME) || facts.name.starts_with(DRILL_NAME);
    named && facts.room_kind == RoomKind::Private && facts.topic == TOPIC
}

async fn make_accounts(
    app: &App,
    run: &str,
    count: usize,
) -> Result<Vec<(AccountId, String)>, Problem> {
    let (mut making, mut made) = (JoinSet::new(), Vec::with_capacity(count));
    for n in 0..count {
        if making.len() >= AT_ONCE
            && let Some(done) = making.join_next().await
        {
            made.push(done.map_err(|_| Code::Internal)??);
        }
        making.spawn(make_account(std::sync::Arc::clone(app), format!("{NAME}{run}-{n}")));
    }
    while let Some(done) = making.join_next().await {
        made.push(done.map_err(|_| Code::Internal)??);
    }
    Ok(made)
}

async fn make_account(app: App, name: String) -> Result<(AccountId, String), Problem> {
    let at = app.node.now();
    let new = NewAccount {
        display: name.clone(),
        name,
        role: Role::Member,
        bot: true,
        password_hash: None,
        at,
    };
    let entry = stored(app.node.store.create_account(new).await)?;
    let account = entry.person.id;
    app.node.accounts.put(entry);
    let expires_at = Millis(at.0 + TOKEN_MS);
    let session = NewSession { account, device: "load".to_owned(), at, expires_at };
    let session = stored(app.node.store.create_session(session).await)?;
    let token = app.node.seal_token(Grant {
        account,
        session: session.id,
        session_epoch: 0,
        role: session.role,
        issued: at,
        expires: expires_at,
        lease_ms: 0,
    });
    Ok((account, token))
}

async fn make_room(
    app: &App,
    owner: &Actor,
    name: String,
    members: &[(AccountId, String)],
) -> Result<RoomId, Problem> {
    let facts = RoomFacts {
        room_kind: RoomKind::Private,
        name,
        topic: TOPIC.to_owned(),
        archived: false,
        read_only: false,
    };
    let mut in_it = vec![(owner.account, MemberRole::Moderator)];
    in_it.extend(members.iter().map(|(id, _)| (*id, MemberRole::Member)));
    let at = app.node.now();
    let change = stored(app.node.store.create_room(author(owner), facts, in_it, at).await)?;
    for (account, version) in &change.versions {
        app.node.accounts.bump(*account, *version);
    }
    Ok(change.room)
}
