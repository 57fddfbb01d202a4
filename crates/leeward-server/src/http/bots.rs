//! Bots: accounts of programs, and the tokens they come in by.

use super::App;
use super::answer::{Answer, Id, Json, Path, Problem, stored};
use super::auth::Admin;
use super::invites::{random_token, token_hash};
use super::text::{AccountName, Line, Title};
use axum::extract::State;
use http::StatusCode;
use leeward_core::account::{Person, Role};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis};
use leeward_core::rules;
use leeward_store::NewAccount;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Tokens of one bot that are valid at a time.
const TOKENS_MAX: usize = 20;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_bot))
        .routes(routes!(bot_tokens, create_bot_token))
        .routes(routes!(revoke_bot_token))
}

/// A bot to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskBot {
    /// The name of its account.
    name: AccountName,
    /// What is shown; the name when left out.
    #[serde(default)]
    display: Option<Title>,
    /// What it may do; a member when left out.
    #[serde(default)]
    role: Option<Role>,
}

/// Make a bot
#[utoipa::path(post, path = "/bots", tag = "bots", request_body = AskBot,
    responses((status = 201, body = Person)))]
async fn create_bot(
    State(app): State<App>,
    Admin(actor): Admin,
    Json(ask): Json<AskBot>,
) -> Result<(StatusCode, Json<Person>), Problem> {
    let role = ask.role.unwrap_or(Role::Member);
    rules::may_set_role(actor.role, Role::Guest, role)?;
    if role == Role::Owner {
        return Err(Refusal::because(Code::Forbidden, "a bot cannot be an owner").into());
    }
    let name = ask.name.unreserved()?;
    let display = ask.display.map_or_else(|| name.clone(), Into::into);
    let at = app.node.now();
    let bot = NewAccount { name, display, role, bot: true, password_hash: None, at };
    let entry = stored(app.node.store.create_account(bot).await)?;
    let person = entry.person.clone();
    app.node.accounts.put(entry);
    app.node.push_person(person.clone());
    app.audit(&actor, "bot.create", format!("account:{}", person.id), person.name.clone()).await;
    Ok((StatusCode::CREATED, Json(person)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct BotPath {
    /// Which bot.
    account: Id,
}

/// A token of a bot, without the token itself.
#[derive(Serialize, ToSchema)]
struct BotToken {
    /// Which.
    id: u64,
    /// What it is for.
    note: String,
    /// When it was made.
    created_at: Millis,
}

fn shown(token: leeward_store::BotToken) -> BotToken {
    BotToken { id: token.id, note: token.note, created_at: token.created_at }
}

async fn tokens_of(app: &App, bot: AccountId) -> Result<Vec<BotToken>, Problem> {
    if !app.person(bot)?.bot {
        return Err(Code::NotFound.into());
    }
    let tokens = stored(app.node.store.bot_tokens().await)?;
    Ok(tokens.into_iter().filter(|t| t.account == bot).map(shown).collect())
}

/// The tokens of a bot
#[utoipa::path(get, path = "/bots/{account}/tokens", tag = "bots", params(BotPath),
    responses((status = 200, body = Vec<BotToken>)))]
async fn bot_tokens(
    State(app): State<App>,
    _: Admin,
    Path(path): Path<BotPath>,
) -> Answer<Vec<BotToken>> {
    tokens_of(&app, path.account.into()).await.map(Json)
}

/// A token to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskBotToken {
    /// What it is for.
    #[serde(default)]
    note: Option<Line>,
}

/// A token, which is not shown again.
#[derive(Serialize, ToSchema)]
struct MadeBotToken {
    /// Which.
    id: u64,
    /// For the header `authorization: Bearer`.
    token: String,
}

/// Make a token for a bot
#[utoipa::path(post, path = "/bots/{account}/tokens", tag = "bots", params(BotPath),
    request_body = AskBotToken, responses((status = 201, body = MadeBotToken)))]
async fn create_bot_token(
    State(app): State<App>,
    Admin(actor): Admin,
    Path(path): Path<BotPath>,
    Json(ask): Json<AskBotToken>,
) -> Result<(StatusCode, Json<MadeBotToken>), Problem> {
    let bot = path.account.into();
    if tokens_of(&app, bot).await?.len() >= TOKENS_MAX {
        return Err(Refusal::because(Code::TooMany, "a bot has at most 20 tokens").into());
    }
    rules::may_set_role(actor.role, app.person(bot)?.role, Role::Member)?;
    let token = random_token();
    let (hash, note) = (token_hash(&token), super::workspace::topic(ask.note));
    let made = app.node.store.create_bot_token(bot, hash, note, app.node.now()).await;
    let made = stored(made)?;
    app.node.accounts.put_token(&made);
    app.audit(&actor, "bot.token", format!("account:{bot}"), made.note.clone()).await;
    Ok((StatusCode::CREATED, Json(MadeBotToken { id: made.id, token })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct BotTokenPath {
    /// Which bot.
    account: Id,
    /// Which of its tokens.
    id: Id,
}

/// End a token of a bot
#[utoipa::path(delete, path = "/bots/{account}/tokens/{id}", tag = "bots",
    params(BotTokenPath), responses((status = 204)))]
async fn revoke_bot_token(
    State(app): State<App>,
    Admin(actor): Admin,
    Path(path): Path<BotTokenPath>,
) -> Result<StatusCode, Problem> {
    let (bot, id) = (path.account.into(), path.id.0);
    if !tokens_of(&app, bot).await?.iter().any(|t| t.id == id) {
        return Err(Code::NotFound.into());
    }
    stored(app.node.store.revoke_bot_token(id).await)?.ok_or(Code::NotFound)?;
    app.node.accounts.drop_token(id);
    app.node.end_account(bot, Code::SignedOut);
    app.audit(&actor, "bot.revoke", format!("account:{bot}"), format!("token {id}")).await;
    Ok(StatusCode::NO_CONTENT)
}
