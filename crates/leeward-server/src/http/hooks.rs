//! Incoming webhooks: addresses to which other systems send what Slack calls a message.

use super::App;
use super::answer::{Answer, Id, Json, Path, Problem, media_type, parse, stored, whole_body};
use super::auth::Who;
use super::changed::{author, bring_in, through};
use super::invites::{random_token, token_hash};
use super::rooms::RoomPath;
use super::slack::Payload;
use super::text::{Title, Token, deceives};
use super::workspace::{message, nonce, subject};
use crate::node::Actor;
use axum::extract::{Request, State};
use http::{HeaderMap, StatusCode};
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis, RoomId};
use leeward_core::{limits, rules};
use leeward_store::{NewAccount, NewHook};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Hooks of one room.
const HOOKS_MAX: usize = 50;
/// Largest payload, in bytes: Slack's own messages with blocks stay below a tenth of it.
const PAYLOAD_BYTES_MAX: usize = 512 * 1024;
/// The account that hooks write as, with the name that the hook or the payload gives itself.
const HOOKS_NAME: &str = "webhooks";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(hooks, create_hook)).routes(routes!(delete_hook))
}

/// What other systems call; outside `/api/v1`, as short as it can be.
pub(super) fn incoming() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(incoming_webhook))
}

/// An incoming webhook, without its token.
#[derive(Serialize, ToSchema)]
struct Hook {
    /// Which.
    id: u64,
    /// Where its messages go.
    room: RoomId,
    /// The account they are from.
    account: AccountId,
    /// Who made it.
    by: AccountId,
    /// The name its messages carry.
    name: String,
    /// When it was made.
    created_at: Millis,
}

fn shown(h: leeward_store::Hook) -> Hook {
    Hook {
        id: h.id,
        room: h.room,
        account: h.account,
        by: h.by,
        name: h.name,
        created_at: h.created_at,
    }
}

async fn administers(app: &App, actor: &Actor, room: RoomId) -> Result<(), Problem> {
    let access = app.access(actor, room).await?;
    Ok(rules::may_administer(&access.facts, access.role, actor.role)?)
}

/// The webhooks of a room
#[utoipa::path(get, path = "/rooms/{room}/hooks", tag = "webhooks", params(RoomPath),
    responses((status = 200, body = Vec<Hook>)))]
async fn hooks(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
) -> Answer<Vec<Hook>> {
    administers(&app, &actor, path.id()).await?;
    let hooks = stored(app.node.store.hooks(path.id()).await)?;
    Ok(Json(hooks.into_iter().map(shown).collect()))
}

/// A webhook to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskHook {
    /// The name its messages carry unless they bring one.
    name: Title,
}

/// A webhook and its address, which is not shown again.
#[derive(Serialize, ToSchema)]
struct MadeHook {
    /// The webhook.
    hook: Hook,
    /// Where to send to, from the root of this server.
    path: String,
}

/// Make a webhook
#[utoipa::path(post, path = "/rooms/{room}/hooks", tag = "webhooks", params(RoomPath),
    request_body = AskHook, responses((status = 201, body = MadeHook)))]
async fn create_hook(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Json(ask): Json<AskHook>,
) -> Result<(StatusCode, Json<MadeHook>), Problem> {
    let room = path.id();
    administers(&app, &actor, room).await?;
    if stored(app.node.store.hooks(room).await)?.len() >= HOOKS_MAX {
        return Err(Refusal::because(Code::TooMany, "a room has at most 50 webhooks").into());
    }
    through(async move {
        let account = messenger(&app).await?;
        bring_in(&app, &actor, room, account, None).await?;
        let token = random_token();
        let new = NewHook {
            token_hash: token_hash(&token),
            room,
            account,
            by: actor.account,
            name: ask.name.into(),
            at: app.node.now(),
        };
        let hook = stored(app.node.store.create_hook(new).await)?;
        app.audit(&actor, "hook.create", subject(room), hook.name.clone()).await;
        let made = MadeHook { hook: shown(hook), path: format!("/hooks/{token}") };
        Ok((StatusCode::CREATED, Json(made)))
    })
    .await
}

/// The bot that hooks write as, made when there is none.
async fn messenger(app: &App) -> Result<AccountId, Problem> {
    let accounts = &app.node.accounts;
    for n in 1..100 {
        let name = if n == 1 { HOOKS_NAME.to_owned() } else { format!("{HOOKS_NAME}-{n}") };
        let Some(id) = accounts.by_name(&name) else {
            let display = "Webhooks".to_owned();
            let (role, at) = (Role::Member, app.node.now());
            let bot = NewAccount { name, display, role, bot: true, password_hash: None, at };
            let entry = stored(app.node.store.create_account(bot).await)?;
            let id = entry.person.id;
            accounts.put(entry);
            return Ok(id);
        };
        if accounts.standing(id).is_some_and(|s| s.bot && !s.disabled) {
            return Ok(id);
        }
    }
    Err(Code::Conflict.into())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct HookPath {
    /// Which webhook.
    hook: Id,
}

/// End a webhook
#[utoipa::path(delete, path = "/rooms/{room}/hooks/{hook}", tag = "webhooks",
    params(RoomPath, HookPath), responses((status = 204)))]
async fn delete_hook(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Path(HookPath { hook }): Path<HookPath>,
) -> Result<StatusCode, Problem> {
    let room = path.id();
    administers(&app, &actor, room).await?;
    let hooks = stored(app.node.store.hooks(room).await)?;
    if !hooks.iter().any(|h| h.id == hook.0) {
        return Err(Code::NotFound.into());
    }
    through(async move {
        let gone = stored(app.node.store.delete_hook(hook.0).await)?.ok_or(Code::NotFound)?;
        app.audit(&actor, "hook.delete", subject(room), gone.name).await;
        if !hooks.iter().any(|h| h.id != gone.id && h.account == gone.account) {
            let (by, at) = (author(&actor), app.node.now());
            let change = app.node.store.leave(by, room, gone.account, false, at).await;
            app.announce(&stored(change)?).await;
        }
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct IncomingPath {
    /// The token in the webhook's address.
    #[param(inline)]
    token: Token,
}

/// Send a message by webhook
///
/// Takes the payload that Slack takes, as JSON or as the field `payload` of a form, and answers `ok`.
/// A payload with a header `x-idempotency-key` that came before is not posted again.
#[utoipa::path(post, path = "/hooks/{token}", tag = "webhooks", security(()),
    params(IncomingPath, ("x-idempotency-key" = Option<String>, Header, max_length = 200)),
    request_body(content = inline(super::slack::PayloadForm), content_type = "application/json"),
    responses((status = 200, content_type = "text/plain", body = String)))]
async fn incoming_webhook(
    State(app): State<App>,
    Path(path): Path<IncomingPath>,
    headers: HeaderMap,
    request: Request,
) -> Result<&'static str, Problem> {
    let hook = stored(app.node.store.hook_by_token(token_hash(path.token.as_ref())).await)?;
    let hook = hook.ok_or(Code::NotFound)?;
    app.by_hook.admit(hook.id, app.node.now())?;
    let form = match media_type(&headers) {
        Some(m) if m.eq_ignore_ascii_case("application/json") => false,
        Some(m) if m.eq_ignore_ascii_case("application/x-www-form-urlencoded") => true,
        _ => {
            let words = "the payload comes as application/json, or as the field payload of a form";
            return Err(Refusal::because(Code::Unsupported, words).into());
        }
    };
    let body = whole_body(request, PAYLOAD_BYTES_MAX).await?;
    let payload: Payload = if form {
        let field = form_urlencoded::parse(&body).find(|(key, _)| key == "payload");
        let (_, json) = field.ok_or_else(|| Problem::bad("the form has no field payload"))?;
        parse(json.as_bytes())?
    } else {
        parse(&body)?
    };
    let text = cut(payload.markdown(), limits::TEXT_BYTES_MAX);
    if text.trim().is_empty() {
        let words = "the payload says nothing: no text, attachments or blocks";
        return Err(Problem::by_rule(Refusal::because(Code::BadRequest, words)));
    }
    let name = shown_name(payload.username.as_deref()).unwrap_or(hook.name);
    let key = headers.get("x-idempotency-key").map(|key| key.as_bytes());
    let nonce = match key {
        Some(key) => nonce(format!("hook-{}-{}", hook.id, &blake3::hash(key).to_hex()[..32])),
        None => nonce(format!("hook-{}", random_token())),
    };
    let standing = app.node.accounts.standing(hook.account).ok_or(Code::NotFound)?;
    let actor = Actor { account: hook.account, role: standing.role, session: None, bot: true };
    app.node.post(&actor, hook.room, nonce, message(text), Some(name)).await?;
    Ok("ok")
}

/// A name that a payload gives itself, fit to be shown.
pub(super) fn shown_name(given: Option<&str>) -> Option<String> {
    let clean: String = given?.chars().filter(|c| !deceives(*c)).collect();
    let clean = cut(clean.trim().to_owned(), limits::LINE_BYTES_MAX);
    (!clean.is_empty()).then_some(clean)
}

/// At most so many bytes of a text, its end marked where it was cut.
pub(super) fn cut(mut text: String, bytes_max: usize) -> String {
    text.retain(|c| c != '\0');
    if text.len() > bytes_max {
        let mut end = bytes_max - '…'.len_utf8();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_too_long_is_cut_where_a_character_ends() {
        assert_eq!(cut("ääää".to_owned(), 7), "ää…");
        assert_eq!(cut("abc\0".to_owned(), 3), "abc");
    }

    #[test]
    fn a_name_that_hides_something_is_shown_without_it() {
        assert_eq!(shown_name(Some(" ci\u{202e}\n ")), Some("ci".to_owned()));
        assert_eq!(shown_name(Some("\n")), None);
        assert_eq!(shown_name(None), None);
    }
}
