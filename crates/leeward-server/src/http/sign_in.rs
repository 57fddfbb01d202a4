//! Signing in and out, and the sessions of an account.

use super::answer::{Answer, Id, Json, Path, Problem, stored};
use super::auth::{Source, Who, WithCookie};
use super::changed::through;
use super::text::{AccountName, Secret, Title};
use super::throttle::network;
use super::{App, Http};
use crate::node::Actor;
use axum::extract::State;
use axum::response::IntoResponse;
use http::{HeaderMap, StatusCode, header};
use leeward_core::code::Code;
use leeward_core::id::{Millis, SessionId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sign_in))
        .routes(routes!(sign_out))
        .routes(routes!(sessions))
        .routes(routes!(end_session))
}

/// Who wants to come in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SignIn {
    /// The name of the account.
    name: AccountName,
    /// Its password.
    password: Secret,
    /// What to call this device in the list of sessions.
    #[serde(default)]
    device: Option<Title>,
}

/// Sign in by name and password
#[utoipa::path(post, path = "/sign-in", tag = "sessions", request_body = SignIn, security(()),
    responses((status = 200, body = super::auth::SignedIn)))]
async fn sign_in(
    State(app): State<App>,
    Source(source): Source,
    headers: HeaderMap,
    Json(ask): Json<SignIn>,
) -> Result<WithCookie, Problem> {
    let now = app.node.now();
    app.by_network.admit(network(source), now)?;
    app.by_name.admit(ask.name.as_ref(), now)?;
    let name = String::from(ask.name);
    let found = stored(app.node.store.credentials(name.clone()).await)?;
    let kept = found.as_ref().and_then(|c| c.password_hash.clone());
    let password = String::from(ask.password);
    let right = app.node.passwords.verify(password.clone(), kept).await?;
    let Some(found) = found.filter(|_| right) else { return Err(Code::WrongPassword.into()) };
    if found.person.disabled {
        return Err(Code::Banned.into());
    }
    app.by_name.forgive(name.as_str());
    if let Some(hash) = found.password_hash.filter(|_| found.scram.is_none()) {
        app.node.keep_scram(found.person.id, hash, password);
    }
    let agent = headers.get(header::USER_AGENT).and_then(|v| v.to_str().ok());
    let device = ask.device.as_ref().map(AsRef::as_ref).or(agent);
    app.begin_session(found.person, device).await
}

/// End this session
#[utoipa::path(post, path = "/sign-out", tag = "sessions", responses((status = 204)))]
async fn sign_out(
    State(app): State<App>,
    Who(actor): Who,
) -> Result<axum::response::Response, Problem> {
    let cookie = app.no_cookie();
    if let Some(session) = actor.session {
        through(async move { app.end_session(&actor, session).await }).await?;
    }
    Ok((StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response())
}

/// One device that is signed in.
#[derive(Serialize, ToSchema)]
struct Session {
    /// Which.
    id: SessionId,
    /// What it is called.
    device: String,
    /// When it signed in.
    created_at: Millis,
    /// When it was last heard of, to within some minutes.
    seen_at: Millis,
    /// When it has to sign in again.
    expires_at: Millis,
    /// The one that asks.
    this: bool,
}

/// The devices signed in to this account
#[utoipa::path(get, path = "/sessions", tag = "sessions",
    responses((status = 200, body = Vec<Session>)))]
async fn sessions(State(app): State<App>, Who(actor): Who) -> Answer<Vec<Session>> {
    let records = stored(app.node.store.sessions(actor.account, app.node.now()).await)?;
    let session = |r: leeward_store::SessionRecord| Session {
        id: r.id,
        device: r.device,
        created_at: r.created_at,
        seen_at: r.seen_at,
        expires_at: r.expires_at,
        this: actor.session == Some(r.id),
    };
    Ok(Json(records.into_iter().map(session).collect()))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct SessionPath {
    /// Which session.
    session: Id,
}

/// Sign a device out
#[utoipa::path(delete, path = "/sessions/{session}", tag = "sessions", params(SessionPath),
    responses((status = 204)))]
async fn end_session(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<SessionPath>,
) -> Result<StatusCode, Problem> {
    let session = path.session.into();
    through(async move { app.end_session(&actor, session).await }).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Http {
    async fn end_session(&self, actor: &Actor, session: SessionId) -> Result<(), Problem> {
        if !stored(self.node.store.revoke_session(actor.account, session).await)? {
            return Err(Code::NotFound.into());
        }
        self.node.end_session(actor.account, session);
        Ok(())
    }
}
