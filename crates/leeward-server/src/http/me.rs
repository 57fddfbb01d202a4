//! The account of whoever asks: its list of rooms, what it shows, its password and settings.

use super::App;
use super::answer::{Answer, Json, Path, Problem, stored};
use super::auth::Who;
use super::changed::through;
use super::text::{Key, Line, Password, Secret, SettingText, Title};
use axum::extract::State;
use http::StatusCode;
use leeward_core::account::Person;
use leeward_core::code::{Code, Refusal};
use leeward_core::wire::AccountState;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(me, edit_me))
        .routes(routes!(change_password))
        .routes(routes!(put_setting))
}

/// The account that asks, with its rooms and settings
#[utoipa::path(get, path = "/me", tag = "me", responses((status = 200, body = AccountState)))]
async fn me(State(app): State<App>, Who(actor): Who) -> Answer<AccountState> {
    let state = stored(app.node.store.account_state(actor.account).await)?;
    Ok(Json(state.ok_or(Code::NotFound)?))
}

/// What to show of oneself; what is left out stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct EditMe {
    #[serde(default)]
    display: Option<Title>,
    #[serde(default)]
    status: Option<Line>,
}

/// Change what others see of oneself
#[utoipa::path(patch, path = "/me", tag = "me", request_body = EditMe,
    responses((status = 200, body = Person)))]
async fn edit_me(
    State(app): State<App>,
    Who(actor): Who,
    Json(edit): Json<EditMe>,
) -> Answer<Person> {
    let (display, status) = (edit.display.map(Into::into), edit.status.map(Into::into));
    through(async move {
        let entry = stored(app.node.store.edit_person(actor.account, display, status).await)?;
        let person = entry.person.clone();
        app.node.accounts.put(entry);
        app.node.push_person(person.clone());
        Ok(Json(person))
    })
    .await
}

/// A password and the one that takes its place.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ChangePassword {
    /// The one that holds; left out by a guest who has none.
    #[serde(default)]
    current: Option<Secret>,
    /// The one to hold from here on.
    password: Password,
}

/// Change one's password: every other device is signed out
#[utoipa::path(post, path = "/me/password", tag = "me", request_body = ChangePassword,
    responses((status = 204)))]
async fn change_password(
    State(app): State<App>,
    Who(actor): Who,
    Json(ask): Json<ChangePassword>,
) -> Result<StatusCode, Problem> {
    let person = app.person(actor.account)?;
    if person.bot {
        return Err(Refusal::because(Code::Forbidden, "a bot has tokens, no password").into());
    }
    app.by_name.admit(person.name.as_str(), app.node.now())?;
    let kept = stored(app.node.store.credentials(person.name.clone()).await)?;
    if let Some(kept) = kept.and_then(|c| c.password_hash) {
        let current = ask.current.map(String::from).unwrap_or_default();
        if !app.node.passwords.verify(current, Some(kept)).await? {
            return Err(Code::WrongPassword.into());
        }
    }
    let password = String::from(ask.password);
    let hash = app.node.passwords.hash(password.clone()).await?;
    through(async move {
        let (account, keep) = (actor.account, actor.session);
        let kept = Some(hash.clone());
        let ended = stored(app.node.store.set_password_hash(account, kept, keep).await)?;
        for session in ended {
            app.node.end_session(account, session);
        }
        app.node.password_changed(account);
        app.node.keep_scram(account, hash, password);
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct SettingPath {
    /// Which setting.
    #[param(inline)]
    key: Key,
}

/// The value of a setting.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SettingValue {
    /// Empty: forget it.
    value: SettingText,
}

/// The version of the account's state after a change.
#[derive(Serialize, ToSchema)]
pub(super) struct Version {
    /// As in the account's own state.
    pub(super) version: u64,
}

/// Keep a setting for all devices
#[utoipa::path(put, path = "/me/settings/{key}", tag = "me", params(SettingPath),
    request_body = SettingValue, responses((status = 200, body = Version)))]
async fn put_setting(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<SettingPath>,
    Json(setting): Json<SettingValue>,
) -> Answer<Version> {
    let (key, value) = (path.key.into(), setting.value.into());
    let kept = stored(app.node.store.set_setting(actor.account, key, value).await)?;
    app.node.accounts.bump(actor.account, kept.version);
    Ok(Json(Version { version: kept.version }))
}
