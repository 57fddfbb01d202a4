//! Writing to a room's log: messages, edits, deletions, reactions, pins.

use super::App;
use super::answer::{Json, Path, Problem};
use super::auth::Who;
use super::lines::{__path_events, events};
use super::rooms::RoomPath;
use axum::extract::State;
use http::StatusCode;
use leeward_core::event::Draft;
use leeward_core::id::{Millis, Nonce, Seq};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(events, post_event))
}

/// A draft, and what its sender calls it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Post {
    /// Unique per sender for ever: repeating it repeats the answer, never the deed.
    #[schema(value_type = String, pattern = "^[!-~]{1,64}$", min_length = 1, max_length = 64)]
    nonce: Nonce,
    /// What to append.
    draft: Draft,
}

/// Where a draft went.
#[derive(Serialize, ToSchema)]
pub(super) struct Posted {
    /// What its sender calls it.
    nonce: Nonce,
    /// Its place in the log.
    seq: Seq,
    /// When it was stored.
    at: Millis,
    /// It had been stored before: this is the first answer again.
    repeated: bool,
}

/// Append to a room's log
#[utoipa::path(post, path = "/rooms/{room}/events", tag = "messages", params(RoomPath),
    request_body = Post,
    responses((status = 201, body = Posted), (status = 200, body = Posted,
        description = "stored before under the same nonce")))]
async fn post_event(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Json(post): Json<Post>,
) -> Result<(StatusCode, Json<Posted>), Problem> {
    app.by_account.admit(actor.account, app.node.now())?;
    let nonce = post.nonce.clone();
    let done = app.node.post(&actor, path.id(), post.nonce, post.draft, None).await;
    let done = done.map_err(Problem::by_rule)?;
    let status = if done.repeated { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, Json(posted(nonce, done))))
}

/// What came of a post, as the API tells it.
pub(super) fn posted(nonce: Nonce, done: crate::node::Posted) -> Posted {
    Posted { nonce, seq: done.seq, at: done.at, repeated: done.repeated }
}
