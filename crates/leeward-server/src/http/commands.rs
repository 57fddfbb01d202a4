//! The routes of slash commands: what there is, and one to be run.

use super::App;
use super::answer::{Answer, Json, Path, Problem, stored};
use super::auth::Who;
use super::changed::through;
use super::command::{self, COMMANDS, Call, May, Outcome};
use super::rooms::RoomPath;
use axum::extract::State;
use leeward_core::account::Role;
use leeward_core::id::Nonce;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(commands)).routes(routes!(run_command))
}

/// A slash command.
#[derive(Serialize, ToSchema)]
struct Listed {
    /// What is typed after `/`.
    name: String,
    /// What may follow it.
    usage: String,
    /// What it does.
    about: String,
    /// Who may use it.
    who: May,
}

/// The slash commands
#[utoipa::path(get, path = "/commands", tag = "commands",
    responses((status = 200, body = Vec<Listed>)))]
async fn commands(State(app): State<App>, Who(actor): Who) -> Answer<Vec<Listed>> {
    let own = COMMANDS.iter().map(|c| Listed {
        name: c.name.to_owned(),
        usage: c.usage.to_owned(),
        about: c.about.to_owned(),
        who: c.who,
    });
    let custom = stored(app.node.store.commands().await)?.into_iter();
    let theirs = custom.filter(|c| actor.role >= c.least).map(|c| Listed {
        name: c.name,
        usage: c.usage,
        about: c.about,
        who: if c.least > Role::Guest { May::Member } else { May::Anybody },
    });
    Ok(Json(own.chain(theirs).collect()))
}

/// A command as it was typed.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Typed {
    /// With its slash and what follows.
    #[schema(max_length = 8192, pattern = "^/", example = "/help")]
    text: String,
    /// As for a post: a command that is repeated says what it said before, and says it once.
    #[schema(value_type = String, pattern = "^[!-~]{1,64}$", min_length = 1, max_length = 64)]
    nonce: Nonce,
}

/// Run a slash command in a room
#[utoipa::path(post, path = "/rooms/{room}/command", tag = "commands", params(RoomPath),
    request_body = Typed, responses((status = 200, body = Outcome)))]
async fn run_command(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Json(typed): Json<Typed>,
) -> Answer<Outcome> {
    let room = path.id();
    app.by_account.admit(actor.account, app.node.now())?;
    app.access(&actor, room).await?;
    let Typed { text, nonce } = typed;
    if text.chars().count() > 8_192 {
        return Err(Problem::bad("text: at most 8192 characters"));
    }
    through(async move {
        command::run(&text, |rest| Call { app, actor, room, nonce, rest })
            .await
            .map(Json)
            .map_err(Problem::by_rule)
    })
    .await
}
