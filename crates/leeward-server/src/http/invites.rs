//! Invites: links by which people and guests make themselves an account.

use super::App;
use super::answer::{Answer, Id, Json, Path, Problem, stored};
use super::auth::{Admin, Source, WithCookie};
use super::changed::through;
use super::text::{AccountName, Line, Password, Title, Token};
use super::throttle::network;
use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::StatusCode;
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::room::RoomKind;
use leeward_core::rules;
use leeward_store::{NewAccount, NewInvite};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Rooms one invite may name.
const ROOMS_MAX: usize = 50;
/// Longest life of an invite, in hours: a month.
const HOURS_MAX: u32 = 31 * 24;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(invites, create_invite))
        .routes(routes!(revoke_invite))
        .routes(routes!(read_invite))
        .routes(routes!(accept_invite))
}

/// 256 random bits, as text.
pub(super) fn random_token() -> String {
    let mut bytes = [0u8; 32];
    getrandom::fill(&mut bytes).expect("the system gives random bytes once it has started");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of a token.
pub(super) fn token_hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}

/// An invite as those see it who manage them.
#[derive(Serialize, ToSchema)]
struct Invite {
    /// Which.
    id: u64,
    /// Who made it.
    by: AccountId,
    /// What it makes of whoever accepts it.
    role: Role,
    /// The rooms it leads to.
    rooms: Vec<RoomId>,
    /// How many have accepted it.
    uses: u32,
    /// How many may.
    uses_max: u32,
    /// When it was made.
    created_at: Millis,
    /// Until when it may be accepted.
    expires_at: Millis,
    /// What it is for.
    note: String,
}

fn shown(invite: leeward_store::Invite) -> Invite {
    Invite {
        id: invite.id,
        by: invite.by,
        role: invite.role,
        rooms: invite.rooms,
        uses: invite.uses,
        uses_max: invite.uses_max,
        created_at: invite.created_at,
        expires_at: invite.expires_at,
        note: invite.note,
    }
}

/// The invites that can still be accepted
#[utoipa::path(get, path = "/invites", tag = "invites",
    responses((status = 200, body = Vec<Invite>)))]
async fn invites(State(app): State<App>, _: Admin) -> Answer<Vec<Invite>> {
    let invites = stored(app.node.store.invites(app.node.now()).await)?;
    Ok(Json(invites.into_iter().map(shown).collect()))
}

/// An invite to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskInvite {
    /// What whoever accepts it becomes; a member when left out.
    #[serde(default)]
    role: Option<Role>,
    /// The rooms it leads to. A guest sees no others; a member is in `#lobby` when left out.
    #[serde(default)]
    #[schema(max_items = 50)]
    rooms: Vec<Id>,
    /// How many may accept it; one when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1000)]
    uses_max: Option<u32>,
    /// For how long, in hours; a week when left out.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 744)]
    hours: Option<u32>,
    /// What it is for.
    #[serde(default)]
    note: Option<Line>,
}

/// An invite and the token that is not shown again.
#[derive(Serialize, ToSchema)]
struct MadeInvite {
    /// The invite.
    invite: Invite,
    /// What the link carries.
    token: String,
}

/// Make an invite
#[utoipa::path(post, path = "/invites", tag = "invites", request_body = AskInvite,
    responses((status = 201, body = MadeInvite)))]
async fn create_invite(
    State(app): State<App>,
    Admin(actor): Admin,
    Json(ask): Json<AskInvite>,
) -> Result<(StatusCode, Json<MadeInvite>), Problem> {
    let role = ask.role.unwrap_or(Role::Member);
    rules::may_set_role(actor.role, Role::Guest, role)?;
    let (uses_max, hours) = (ask.uses_max.unwrap_or(1), ask.hours.unwrap_or(7 * 24));
    if !(1..=1_000).contains(&uses_max) || !(1..=HOURS_MAX).contains(&hours) {
        return Err(Problem::bad("uses_max is from 1 to 1000, hours from 1 to 744"));
    }
    if ask.rooms.len() > ROOMS_MAX {
        return Err(Refusal::because(Code::TooMany, "an invite names at most 50 rooms").into());
    }
    let mut rooms: Vec<RoomId> = ask.rooms.into_iter().map(Into::into).collect();
    if rooms.is_empty() {
        if role == Role::Guest {
            let words = "a guest's invite names the rooms it leads to";
            return Err(Problem::by_rule(Refusal::because(Code::BadRequest, words)));
        }
        rooms.extend(stored(app.node.store.room_named("lobby".to_owned()).await)?);
    }
    for room in &rooms {
        let access = app.access(&actor, *room).await?;
        rules::may_add(&access.facts, access.role, actor.role)?;
        if access.facts.room_kind == RoomKind::Private && access.role.is_none() {
            return Err(Code::NotFound.into());
        }
    }
    let (token, at) = (random_token(), app.node.now());
    let new = NewInvite {
        token_hash: token_hash(&token),
        by: actor.account,
        role,
        rooms,
        uses_max,
        expires_at: Millis(at.0 + u64::from(hours) * 3_600_000),
        note: super::workspace::topic(ask.note),
        at,
    };
    let invite = stored(app.node.store.create_invite(new).await)?;
    app.audit(&actor, "invite.create", format!("invite:{}", invite.id), invite.note.clone()).await;
    Ok((StatusCode::CREATED, Json(MadeInvite { invite: shown(invite), token })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct InvitePath {
    /// Which invite.
    invite: Id,
}

/// End an invite
#[utoipa::path(delete, path = "/invites/{invite}", tag = "invites", params(InvitePath),
    responses((status = 204)))]
async fn revoke_invite(
    State(app): State<App>,
    Admin(actor): Admin,
    Path(path): Path<InvitePath>,
) -> Result<StatusCode, Problem> {
    let id = path.invite.0;
    if !stored(app.node.store.revoke_invite(id).await)? {
        return Err(Code::NotFound.into());
    }
    app.audit(&actor, "invite.revoke", format!("invite:{id}"), "").await;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct TokenPath {
    /// The token that the link carries.
    #[param(inline)]
    token: Token,
}

/// An invite as whoever holds its link sees it.
#[derive(Serialize, ToSchema)]
struct OpenInvite {
    /// The workspace it leads to.
    workspace: String,
    /// Who invites.
    by: String,
    /// What one becomes.
    role: Role,
    /// The names of the rooms it leads to.
    rooms: Vec<String>,
    /// Until when it may be accepted.
    expires_at: Millis,
    /// Whether a password has to be chosen.
    needs_password: bool,
}

/// Where a link leads
#[utoipa::path(get, path = "/invites/by-token/{token}", tag = "invites", params(TokenPath),
    security(()), responses((status = 200, body = OpenInvite)))]
async fn read_invite(
    State(app): State<App>,
    Source(source): Source,
    Path(path): Path<TokenPath>,
) -> Answer<OpenInvite> {
    let now = app.node.now();
    app.by_network.admit(network(source), now)?;
    let invite = app.node.store.invite_by_token(token_hash(path.token.as_ref()), now).await;
    let invite = stored(invite)?.ok_or(Code::NotFound)?;
    let mut rooms = Vec::new();
    for room in &invite.rooms {
        let access = stored(app.node.store.access(invite.by, *room).await)?;
        rooms.extend(access.map(|a| a.facts.name));
    }
    Ok(Json(OpenInvite {
        workspace: stored(app.node.store.workspace().await)?,
        by: app.node.accounts.person(invite.by).map(|p| p.display).unwrap_or_default(),
        role: invite.role,
        rooms,
        expires_at: invite.expires_at,
        needs_password: invite.role > Role::Guest,
    }))
}

/// Who accepts an invite.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Accept {
    /// The name of the account to be made.
    name: AccountName,
    /// What is shown; the name when left out.
    #[serde(default)]
    display: Option<Title>,
    /// A password. A guest may go without: then this device alone stays signed in.
    #[serde(default)]
    password: Option<Password>,
}

/// Accept an invite
#[utoipa::path(post, path = "/invites/by-token/{token}/accept", tag = "invites",
    params(TokenPath), request_body = Accept, security(()),
    responses((status = 200, body = super::auth::SignedIn)))]
async fn accept_invite(
    State(app): State<App>,
    Source(source): Source,
    Path(path): Path<TokenPath>,
    Json(ask): Json<Accept>,
) -> Result<WithCookie, Problem> {
    let now = app.node.now();
    app.by_network.admit(network(source), now)?;
    let hash = token_hash(path.token.as_ref());
    let invite = stored(app.node.store.invite_by_token(hash, now).await)?.ok_or(Code::NotFound)?;
    if invite.role > Role::Guest && ask.password.is_none() {
        let words = "password: a member chooses one";
        return Err(Problem::by_rule(Refusal::because(Code::BadRequest, words)));
    }
    let name = ask.name.unreserved()?;
    if app.node.accounts.by_name(&name).is_some() {
        return Err(Refusal::because(Code::Conflict, format!("the name {name} is taken")).into());
    }
    let password = ask.password.map(String::from);
    let password_hash = match &password {
        Some(password) => Some(app.node.passwords.hash(password.clone()).await?),
        None => None,
    };
    let kept = password_hash.clone().zip(password);
    let display = ask.display.map_or_else(|| name.clone(), Into::into);
    let account =
        NewAccount { name, display, role: invite.role, bot: false, password_hash, at: now };
    through(async move {
        let redeemed = stored(app.node.store.redeem_invite(hash, account).await)?;
        let person = redeemed.entry.person.clone();
        app.node.accounts.put(redeemed.entry);
        app.node.push_person(person.clone());
        if let Some((hash, password)) = kept {
            app.node.keep_scram(person.id, hash, password);
        }
        for change in &redeemed.rooms {
            app.announce(change).await;
        }
        app.begin_session(person, None).await
    })
    .await
}
