//! The messages that name whoever asks.

use super::App;
use super::answer::{Answer, Json, Params, stored};
use super::auth::Who;
use super::lines::bounded;
use super::text::Cursor;
use axum::extract::State;
use leeward_core::event::Event;
use leeward_core::id::RoomId;
use leeward_core::limits::PAGE_ENTRIES_MAX;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(mentions))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct MentionsQuery {
    /// The `next` of the answer before.
    #[param(inline)]
    before: Option<Cursor>,
    /// How many; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// Mentions, latest first.
#[derive(Serialize, ToSchema)]
struct Mentions {
    /// The mentions.
    mentions: Vec<Mention>,
    /// Pass it as `before` for those that follow; absent: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Cursor>,
}

/// A message that names somebody.
#[derive(Serialize, ToSchema)]
struct Mention {
    /// Where.
    room: RoomId,
    /// The message with its state.
    event: Event,
}

/// The messages of others that name one or everybody, in the rooms that one is in, latest first
#[utoipa::path(get, path = "/mentions", tag = "messages", params(MentionsQuery),
    responses((status = 200, body = Mentions)))]
async fn mentions(
    State(app): State<App>,
    Who(actor): Who,
    Params(query): Params<MentionsQuery>,
) -> Answer<Mentions> {
    let limit = bounded(query.limit, 50, PAGE_ENTRIES_MAX)?;
    let before = query.before.map(|cursor| cursor.place());
    let found = stored(app.node.store.mentions(actor.account, before, limit).await)?;
    let last = found.last().filter(|_| found.len() >= limit);
    let next = last.map(|(room, event)| Cursor::after(event.at, *room, event.seq));
    let mentions = found.into_iter().map(|(room, event)| Mention { room, event }).collect();
    Ok(Json(Mentions { mentions, next }))
}
