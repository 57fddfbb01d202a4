//! What anybody may know of the workspace, and its set-up by whoever holds the printed link.

use super::answer::{Answer, Json, Problem, stored};
use super::auth::{Admin, Source, WithCookie};
use super::changed::{author, through};
use super::text::{AccountName, Line, Password, Title, Token};
use super::throttle::network;
use super::{App, text, uploads};
use crate::assets;
use crate::node::Actor;
use axum::extract::State;
use leeward_core::account::{Person, Role};
use leeward_core::code::{Code, Refusal};
use leeward_core::event::Draft;
use leeward_core::id::{Nonce, RoomId};
use leeward_core::limits;
use leeward_core::room::{MemberRole, RoomFacts, RoomKind};
use leeward_store::NewAccount;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(workspace, rename_workspace)).routes(routes!(set_up))
}

/// The workspace as anybody may see it.
#[derive(Serialize, ToSchema)]
struct Workspace {
    /// Its name; empty before it is set up.
    name: String,
    /// Nobody has an account yet: `/setup` waits for whoever holds the link.
    needs_setup: bool,
    /// The build of the server.
    build: String,
    /// The build of the web client it serves; empty when it serves none.
    client: String,
    /// What may be sent.
    limits: Limits,
}

/// What may be sent.
#[derive(Serialize, ToSchema)]
struct Limits {
    /// Longest text of a message, in bytes.
    text_bytes: usize,
    /// Largest file, in bytes.
    file_bytes: u64,
    /// Largest piece of an upload, in bytes.
    chunk_bytes: u64,
    /// Most files on one message.
    files_per_message: usize,
    /// Longest name, in bytes.
    name_bytes: usize,
    /// Longest display name, topic or status, in bytes.
    line_bytes: usize,
    /// Shortest password, in characters.
    password_chars: usize,
}

/// What the workspace is called and what may be sent to it
#[utoipa::path(get, path = "/workspace", tag = "workspace", security(()),
    responses((status = 200, body = Workspace)))]
async fn workspace(State(app): State<App>) -> Answer<Workspace> {
    let name = stored(app.node.store.workspace().await)?;
    Ok(Json(Workspace {
        name,
        needs_setup: app.node.accounts.is_empty(),
        build: env!("CARGO_PKG_VERSION").to_owned(),
        client: assets::build(),
        limits: Limits {
            text_bytes: limits::TEXT_BYTES_MAX,
            file_bytes: app.node.config.file_bytes_max,
            chunk_bytes: uploads::CHUNK_BYTES_MAX,
            files_per_message: limits::FILES_PER_MESSAGE_MAX,
            name_bytes: limits::NAME_BYTES_MAX,
            line_bytes: limits::LINE_BYTES_MAX,
            password_chars: text::PASSWORD_CHARS_MIN,
        },
    }))
}

/// Another name for the workspace.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Rename {
    name: Title,
}

/// Rename the workspace
#[utoipa::path(patch, path = "/workspace", tag = "workspace", request_body = Rename,
    responses((status = 204)))]
async fn rename_workspace(
    State(app): State<App>,
    Admin(actor): Admin,
    Json(rename): Json<Rename>,
) -> Result<http::StatusCode, Problem> {
    let name = String::from(rename.name);
    stored(app.node.store.set_workspace(name.clone()).await)?;
    app.node.xmpp.domain.workspace.rename(name.clone());
    app.audit(&actor, "workspace.rename", "workspace", name).await;
    Ok(http::StatusCode::NO_CONTENT)
}

/// What the set-up page asks for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SetUp {
    /// From the link that the server printed when it first started.
    token: Token,
    /// The owner's name.
    name: AccountName,
    /// What is shown of the owner; the name when left out.
    #[serde(default)]
    display: Option<Title>,
    /// The owner's password.
    password: Password,
    /// What the workspace is called.
    workspace: Title,
}

/// Make the owner's account, the workspace and its first room
#[utoipa::path(post, path = "/setup", tag = "workspace", request_body = SetUp, security(()),
    responses((status = 200, body = super::auth::SignedIn)))]
async fn set_up(
    State(app): State<App>,
    Source(source): Source,
    Json(ask): Json<SetUp>,
) -> Result<WithCookie, Problem> {
    app.by_network.admit(network(source), app.node.now())?;
    let given = blake3::hash(ask.token.as_ref().as_bytes());
    let expected = app.node.config.setup_token.as_deref().map(|t| blake3::hash(t.as_bytes()));
    if !app.node.accounts.is_empty() {
        return Err(Refusal::because(Code::Conflict, "the workspace is set up already").into());
    }
    // Hashes compare in constant time.
    if expected != Some(given) {
        return Err(Refusal::because(Code::SignIn, "this is not the link that was printed").into());
    }
    through(async move { found(&app, ask).await }).await
}

async fn found(app: &App, ask: SetUp) -> Result<WithCookie, Problem> {
    let password = String::from(ask.password);
    let hash = app.node.passwords.hash(password.clone()).await?;
    let password_hash = Some(hash.clone());
    let name = ask.name.unreserved()?;
    let display = ask.display.map_or_else(|| name.clone(), Into::into);
    let at = app.node.now();
    let owner = NewAccount { name, display, role: Role::Owner, bot: false, password_hash, at };
    let workspace = String::from(ask.workspace);
    let entry = stored(app.node.store.set_up(workspace.clone(), owner).await)?;
    let person = entry.person.clone();
    app.node.accounts.put(entry);
    app.node.xmpp.domain.workspace.rename(workspace.clone());
    app.node.keep_scram(person.id, hash, password);
    let actor = Actor { account: person.id, role: person.role, session: None, bot: false };
    open_lobby(app, &actor, &person, &workspace).await?;
    app.audit(&actor, "workspace.set_up", "workspace", workspace).await;
    app.begin_session(person, Some("set-up")).await
}

/// The first room, with its pinned welcome.
async fn open_lobby(
    app: &App,
    actor: &Actor,
    owner: &Person,
    workspace: &str,
) -> Result<(), Problem> {
    let facts = RoomFacts {
        room_kind: RoomKind::Public,
        name: "lobby".to_owned(),
        topic: "Everybody is here".to_owned(),
        archived: false,
        read_only: false,
    };
    let members = vec![(owner.id, MemberRole::Moderator)];
    let at = app.node.now();
    let made = stored(app.node.store.create_room(author(actor), facts, members, at).await)?;
    app.announce(&made).await;
    let text = WELCOME.replace("{workspace}", workspace);
    let welcome = message(text);
    let posted = app.node.post(actor, made.room, nonce("welcome"), welcome, None).await?;
    let pin = Draft::Pin { target: posted.seq, on: true };
    app.node.post(actor, made.room, nonce("welcome-pin"), pin, None).await?;
    Ok(())
}

const WELCOME: &str = "**Welcome to {workspace}.** This room is for everybody. Three things to try:

1. **Open a second window as a guest.** Make an invite, open it in a private window, and write \
from both: each word is in the other at once.
2. **Pull the plug.** Stop the server, go on writing, start it again. What you wrote goes out once, \
in order, and the bar above the field says at every moment how things stand.
3. **Bring your team.** Invite people, make rooms, drop a file in here.";

/// A plain message.
pub(super) fn message(text: String) -> Draft {
    Draft::Message { text, thread: None, also_room: false, files: Vec::new(), quote: None }
}

/// A nonce that this server makes itself.
pub(super) fn nonce(text: impl Into<String>) -> Nonce {
    Nonce::try_from(text.into()).expect("nonces made here are short and of visible ASCII")
}

/// A topic as facts carry it.
pub(super) fn topic(line: Option<Line>) -> String {
    line.map(Into::into).unwrap_or_default()
}

/// For messages about a room, such as in the audit log.
pub(super) fn subject(room: RoomId) -> String {
    format!("room:{room}")
}
