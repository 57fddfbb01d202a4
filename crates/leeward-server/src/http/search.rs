//! Searching what has been said, in the rooms of whoever asks.

use super::App;
use super::answer::{Answer, Id, Json, Params, Problem, stored};
use super::auth::Who;
use super::lines::bounded;
use super::text::Query;
use axum::extract::State;
use leeward_core::event::Event;
use leeward_core::id::RoomId;
use leeward_core::search_query::SearchQuery;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct SearchParams {
    /// Words, "phrases" and `from: in: before: after: has:`.
    #[param(inline)]
    q: Query,
    /// How many matches; 20 when left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<usize>,
    /// The `next` of the answer before.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991u64)]
    before: Option<Id>,
}

/// Matches, latest first.
#[derive(Serialize, ToSchema)]
struct Found {
    /// The matches.
    hits: Vec<Hit>,
    /// Pass it as `before` for those that follow; absent: there are none.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<u64>,
}

/// One match.
#[derive(Serialize, ToSchema)]
struct Hit {
    /// Where.
    room: RoomId,
    /// The message with its state.
    event: Event,
    /// The part of the text around the match, on one line; plain text.
    snippet: String,
}

/// Search messages
#[utoipa::path(get, path = "/search", tag = "messages", params(SearchParams),
    responses((status = 200, body = Found)))]
async fn search(
    State(app): State<App>,
    Who(actor): Who,
    Params(params): Params<SearchParams>,
) -> Answer<Found> {
    app.by_account.admit(actor.account, app.node.now())?;
    let limit = bounded(params.limit, 20, 100)?;
    let query = SearchQuery::parse(params.q.as_ref()).map_err(Problem::by_rule)?;
    let before = params.before.map(|id| id.0);
    let found = stored(app.node.store.search(actor.account, query, limit, before).await)?;
    let next = found.last().filter(|_| found.len() >= limit).map(|hit| hit.cursor);
    let hit = |h: leeward_store::Hit| Hit { room: h.room, event: h.event, snippet: h.snippet };
    Ok(Json(Found { hits: found.into_iter().map(hit).collect(), next }))
}
