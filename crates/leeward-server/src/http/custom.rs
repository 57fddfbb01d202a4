//! Slash commands of the workspace's own: what an administrator has registered, and how a call of one
//! is carried to where it is answered, in the form that Slack sends.

use super::App;
use super::answer::{Answer, Id, Json, Path, Problem, stored};
use super::auth::Admin;
use super::command::{COMMANDS, Call, Outcome};
use super::errand::{self, Trouble};
use super::hooks::{cut, shown_name};
use super::invites::random_token;
use super::slack::Payload;
use super::text::{Line, Url};
use super::workspace::{message, topic};
use aws_lc_rs::hmac;
use axum::extract::State;
use http::{HeaderName, StatusCode, Uri};
use leeward_core::account::Role;
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis};
use leeward_core::limits::TEXT_BYTES_MAX;
use leeward_store::NewCommand;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(custom_commands, create_command))
        .routes(routes!(delete_command))
}

/// A command of the workspace's own, without its secret.
#[derive(Serialize, ToSchema)]
struct CustomCommand {
    /// Which.
    id: u64,
    /// What is typed after `/`.
    name: String,
    /// Where it is answered.
    url: String,
    /// What may follow the name.
    usage: String,
    /// What it does.
    about: String,
    /// The role that one needs to use it.
    least: Role,
    /// Who made it.
    by: AccountId,
    /// When it was made.
    created_at: Millis,
}

fn shown(c: leeward_store::Command) -> CustomCommand {
    let leeward_store::Command { id, name, url, usage, about, least, by, created_at } = c;
    CustomCommand { id, name, url, usage, about, least, by, created_at }
}

/// The commands of the workspace's own
#[utoipa::path(get, path = "/commands/custom", tag = "commands",
    responses((status = 200, body = Vec<CustomCommand>)))]
async fn custom_commands(State(app): State<App>, _: Admin) -> Answer<Vec<CustomCommand>> {
    let commands = stored(app.node.store.commands().await)?;
    Ok(Json(commands.into_iter().map(shown).collect()))
}

/// A command to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskCommand {
    /// What is typed after `/`.
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,31}$", max_length = 32, example = "weather")]
    name: String,
    /// Where it is answered.
    url: Url,
    /// What may follow the name.
    #[serde(default)]
    usage: Option<Line>,
    /// What it does.
    #[serde(default)]
    about: Option<Line>,
    /// The role that one needs to use it; a member's when left out.
    #[serde(default)]
    least: Option<Role>,
}

/// A command and the secret that its requests are signed with, which is not shown again.
#[derive(Serialize, ToSchema)]
struct MadeCommand {
    /// The command.
    command: CustomCommand,
    /// What the signature is made with.
    secret: String,
}

/// Make a command
///
/// Whoever types `/name text` has the server post a form there, as Slack does: `command`, `text`,
/// `user_id`, `user_name`, `channel_id`, `channel_name`, `team_domain`, `trigger_id`. The headers
/// `x-slack-request-timestamp` and `x-slack-signature` prove that it comes from here. The answer, JSON
/// with `text` and `response_type`, is shown to whoever typed it, or sent into the room.
#[utoipa::path(post, path = "/commands/custom", tag = "commands", request_body = AskCommand,
    responses((status = 201, body = MadeCommand)))]
async fn create_command(
    State(app): State<App>,
    Admin(actor): Admin,
    Json(ask): Json<AskCommand>,
) -> Result<(StatusCode, Json<MadeCommand>), Problem> {
    let AskCommand { name, url, usage, about, least } = ask;
    check_name(&name)?;
    let url: String = url.into();
    let target: Uri = url.parse().map_err(|_| Problem::bad("url: it is no address"))?;
    if !app.errands.allows(&target) {
        return Err(Refusal::because(Code::Forbidden, OUT_OF_REACH).into());
    }
    let secret = random_token();
    let new = NewCommand {
        name,
        url,
        usage: topic(usage),
        about: topic(about),
        least: least.unwrap_or(Role::Member),
        secret: secret.clone(),
        by: actor.account,
        at: app.node.now(),
    };
    let made = stored(app.node.store.create_command(new).await)?;
    app.audit(&actor, "command.create", format!("command:{}", made.id), made.name.clone()).await;
    Ok((StatusCode::CREATED, Json(MadeCommand { command: shown(made), secret })))
}

const OUT_OF_REACH: &str = "the address is in a network that commands do not reach; the operator \
     may name it in `commands.private_targets`";

fn check_name(name: &str) -> Result<(), Problem> {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_');
    let begins = name.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if !begins || name.len() > 32 || !name.bytes().all(plain) {
        return Err(Problem::bad("name: a letter, then letters, digits, - and _; at most 32"));
    }
    if COMMANDS.iter().any(|c| c.name == name) {
        let words = format!("there is a command /{name} already");
        return Err(Refusal::because(Code::Conflict, words).into());
    }
    Ok(())
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct CommandPath {
    /// Which command.
    command: Id,
}

/// End a command
#[utoipa::path(delete, path = "/commands/custom/{command}", tag = "commands",
    params(CommandPath), responses((status = 204)))]
async fn delete_command(
    State(app): State<App>,
    Admin(actor): Admin,
    Path(path): Path<CommandPath>,
) -> Result<StatusCode, Problem> {
    let id = path.command.0;
    let gone = stored(app.node.store.delete_command(id).await)?.ok_or(Code::NotFound)?;
    app.audit(&actor, "command.delete", format!("command:{id}"), gone.name).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Calls the command of that name; none where there is none, or none for this account.
pub(super) async fn call(name: &str, call: Call) -> Result<Option<Outcome>, Problem> {
    let Call { app, actor, room, .. } = &call;
    let found = stored(app.node.store.command_named(name.to_owned()).await)?;
    let Some((command, secret)) = found.filter(|(c, _)| actor.role >= c.least) else {
        return Ok(None);
    };
    let who = app.node.accounts.person(actor.account).ok_or(Code::NotFound)?;
    let here = app.access(actor, *room).await?;
    let workspace = stored(app.node.store.workspace().await)?;
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("command", &format!("/{name}"))
        .append_pair("text", &call.rest)
        .append_pair("user_id", &actor.account.to_string())
        .append_pair("user_name", &who.name)
        .append_pair("channel_id", &room.to_string())
        .append_pair("channel_name", &here.facts.name)
        .append_pair("team_domain", &workspace)
        .append_pair("trigger_id", call.nonce.as_str())
        .finish();
    let url: Uri = command.url.parse().map_err(|_| Code::Internal)?;
    let headers = signed(&secret, app.node.now(), &form);
    let answer = match app.errands.post(&url, &headers, form).await {
        Ok(answer) => answer,
        Err(Trouble::Busy) => {
            let words = "too many commands are under way";
            return Err(Refusal::because(Code::RateLimited, words).into());
        }
        Err(trouble) => return Ok(Some(told(why(name, trouble)))),
    };
    let payload = match read(&answer) {
        Ok(payload) => payload,
        Err(words) => return Ok(Some(told(format!("`/{name}` {words}.")))),
    };
    let text = cut(payload.markdown(), TEXT_BYTES_MAX);
    if text.trim().is_empty() {
        return Ok(Some(Outcome::default()));
    }
    if payload.response_type.as_deref() != Some("in_channel") {
        return Ok(Some(told(text)));
    }
    // It is theirs who gave the command, with their rights, and says what speaks for them.
    let speaker = shown_name(Some(&format!("/{name} · {}", who.display)));
    let posted = app.node.post(actor, *room, call.nonce.clone(), message(text), speaker).await?;
    Ok(Some(Outcome { seq: Some(posted.seq), ..Outcome::default() }))
}

fn told(text: String) -> Outcome {
    Outcome { text: Some(text), ..Outcome::default() }
}

fn why(name: &str, trouble: Trouble) -> String {
    match trouble {
        Trouble::Busy | Trouble::Unreachable => format!("`/{name}` could not be reached."),
        Trouble::OutOfReach => format!("`/{name}` could not be reached: {OUT_OF_REACH}."),
        Trouble::Late => format!("`/{name}` did not answer in time."),
        Trouble::Status(status) => format!("`/{name}` answered with an error ({status})."),
        Trouble::TooLong => format!("`/{name}` answered more than can be shown."),
    }
}

/// JSON as Slack's apps answer it, or plain text.
fn read(answer: &errand::Answer) -> Result<Payload, &'static str> {
    if answer.json {
        return serde_json::from_slice(&answer.body).map_err(|_| "answered what is no answer");
    }
    let text = std::str::from_utf8(&answer.body).map_err(|_| "answered what is no text")?;
    Ok(Payload::of_text(text.to_owned()))
}

/// What proves where a request comes from, as Slack's libraries check it: HMAC-SHA256 of the version,
/// the time and the body.
fn signed(secret: &str, at: Millis, body: &str) -> [(HeaderName, String); 2] {
    let seconds = (at.0 / 1_000).to_string();
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{seconds}:{body}").as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    [
        (HeaderName::from_static("x-slack-request-timestamp"), seconds),
        (HeaderName::from_static("x-slack-signature"), format!("v0={hex}")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_that_slacks_documentation_shows() {
        let body = "token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow\
             &channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner\
             &command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands\
             %2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121\
             .803a0bc887a14d10d2c447fce8b6703c";
        let [time, signature] =
            signed("8f742231b10e8888abcd99yyyzzz85a5", Millis(1_531_420_618_000), body);
        assert_eq!(time.1, "1531420618");
        assert_eq!(
            signature.1,
            "v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503"
        );
    }

    #[test]
    fn a_name_is_one_that_can_be_typed_and_is_not_taken() {
        for good in ["weather", "a", "build_it-2"] {
            assert!(check_name(good).is_ok(), "{good}");
        }
        for bad in ["", "Weather", "2fast", "a b", "-x", &"x".repeat(33), "help"] {
            assert!(check_name(bad).is_err(), "{bad}");
        }
    }
}
