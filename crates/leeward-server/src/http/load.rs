//! Synthetic people for load tests: accounts that sign in by a token, in rooms of a given size.
//!
//! Refused unless the operator started the server for it, because it makes thousands of accounts.

use super::App;
use super::answer::{Json, Problem, stored};
use super::auth::Who;
use super::changed::{author, take_out, through};
use super::rooms::{EditRoom, change_room};
use crate::node::Actor;
use crate::operate::check_password;
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
    /// What every one of them can sign in by as well, as XMPP clients do; left out: by a token alone.
    password: Option<String>,
}

/// Somebody synthetic.
#[derive(Serialize, ToSchema)]
struct Synthetic {
    /// Who.
    account: AccountId,
    /// What it is called.
    name: String,
    /// What it signs in by.
    token: String,
    /// The room it is in.
    room: RoomId,
    /// What that is called.
    room_name: String,
}

/// A password as it is kept. All of a load have the same one, so that it costs one hash and not
/// thousands.
#[derive(Clone)]
struct Secret {
    hash: String,
    scram: Vec<u8>,
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
    let secret = match ask.password {
        Some(password) => Some(secret(&app, password).await?),
        None => None,
    };
    let accounts = make_accounts(&app, run, ask.accounts, secret).await?;
    let mut load = Load { rooms: Vec::new(), people: Vec::new() };
    for (n, members) in accounts.chunks(ask.room_size).enumerate() {
        let room_name = format!("{NAME}{run}-{n}");
        let room = make_room(&app, &actor, room_name.clone(), members).await?;
        load.rooms.push(room);
        for Made { account, name, token } in members.iter().cloned() {
            let room_name = room_name.clone();
            load.people.push(Synthetic { account, name, token, room, room_name });
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

async fn secret(app: &App, password: String) -> Result<Secret, Problem> {
    check_password(&password)?;
    let hash = app.node.passwords.hash(password.clone()).await?;
    Ok(Secret { hash, scram: app.node.passwords.scram(password).await? })
}

/// An account that was made.
#[derive(Clone)]
struct Made {
    account: AccountId,
    name: String,
    token: String,
}

async fn make_accounts(
    app: &App,
    run: &str,
    count: usize,
    secret: Option<Secret>,
) -> Result<Vec<Made>, Problem> {
    let (mut making, mut made) = (JoinSet::new(), Vec::with_capacity(count));
    for n in 0..count {
        if making.len() >= AT_ONCE
            && let Some(done) = making.join_next().await
        {
            made.push(done.map_err(|_| Code::Internal)??);
        }
        let (app, name) = (std::sync::Arc::clone(app), format!("{NAME}{run}-{n}"));
        making.spawn(make_account(app, name, secret.clone()));
    }
    while let Some(done) = making.join_next().await {
        made.push(done.map_err(|_| Code::Internal)??);
    }
    Ok(made)
}

async fn make_account(app: App, name: String, secret: Option<Secret>) -> Result<Made, Problem> {
    let at = app.node.now();
    let new = NewAccount {
        display: name.clone(),
        name: name.clone(),
        role: Role::Member,
        bot: true,
        password_hash: secret.as_ref().map(|secret| secret.hash.clone()),
        at,
    };
    let entry = stored(app.node.store.create_account(new).await)?;
    let account = entry.person.id;
    if let Some(Secret { hash, scram }) = secret {
        stored(app.node.store.keep_scram(account, hash, scram).await)?;
    }
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
    Ok(Made { account, name, token })
}

async fn make_room(
    app: &App,
    owner: &Actor,
    name: String,
    members: &[Made],
) -> Result<RoomId, Problem> {
    let facts = RoomFacts {
        room_kind: RoomKind::Private,
        name,
        topic: TOPIC.to_owned(),
        archived: false,
        read_only: false,
    };
    let mut in_it = vec![(owner.account, MemberRole::Moderator)];
    in_it.extend(members.iter().map(|made| (made.account, MemberRole::Member)));
    let at = app.node.now();
    let change = stored(app.node.store.create_room(author(owner), facts, in_it, at).await)?;
    for (account, version) in &change.versions {
        app.node.accounts.bump(*account, *version);
    }
    Ok(change.room)
}
