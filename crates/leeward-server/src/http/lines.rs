//! Reading a room's log: pages of its timeline, single lines, their revisions, pins, files,
//! plain events.

use super::App;
use super::answer::{Answer, Id, Json, Params, Path, Problem, stored};
use super::auth::Who;
use super::rooms::RoomPath;
use axum::extract::State;
use leeward_core::code::Code;
use leeward_core::event::Event;
use leeward_core::id::{AccountId, Millis, Position, RoomId, Seq};
use leeward_core::limits::{PAGE_ENTRIES_MAX, SNAPSHOT_MESSAGES};
use leeward_store::{PageFrom, PageQuery};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most plain events in one answer.
const EVENTS_MAX: usize = 500;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lines))
        .routes(routes!(line))
        .routes(routes!(revisions))
        .routes(routes!(pins))
        .routes(routes!(room_files))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct LinesQuery {
    /// Lines before this one, nearest first; counts unless `around` is given.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991u64)]
    before: Option<Id>,
    /// Lines after this one, nearest first; counts unless another place is given.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991u64)]
    after: Option<Id>,
    /// As many lines on either side of this one.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991u64)]
    around: Option<Id>,
    /// Only the thread below this message.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991u64)]
    thread: Option<Id>,
    /// How many lines; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// One page of a room's timeline, oldest first.
#[derive(Serialize, ToSchema)]
struct Page {
    /// The lines, with their state at `at`.
    lines: Vec<Event>,
    /// There are older lines.
    more_before: bool,
    /// There are later lines.
    more_after: bool,
    /// All up to here has been applied to the lines.
    at: Position,
}

/// A page of a room's timeline, or of a thread; the newest when no place is given
#[utoipa::path(get, path = "/rooms/{room}/lines", tag = "messages", params(RoomPath, LinesQuery),
    responses((status = 200, body = Page)))]
async fn lines(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Params(query): Params<LinesQuery>,
) -> Answer<Page> {
    let from = match (query.before, query.after, query.around) {
        (_, _, Some(seq)) => PageFrom::Around(seq.into()),
        (Some(seq), _, None) => PageFrom::Before(seq.into()),
        (None, Some(seq), None) => PageFrom::After(seq.into()),
        (None, None, None) => PageFrom::Newest,
    };
    let limit = bounded(query.limit, SNAPSHOT_MESSAGES, PAGE_ENTRIES_MAX)?;
    app.access(&actor, path.id()).await?;
    let thread = query.thread.map(Into::into);
    let page = stored(app.node.store.page(path.id(), PageQuery { from, thread, limit }).await)?;
    let leeward_store::Page { lines, more_before, more_after, at } = page.ok_or(Code::NotFound)?;
    Ok(Json(Page { lines, more_before, more_after, at }))
}

/// A limit within its bounds.
pub(super) fn bounded(asked: Option<usize>, usual: usize, most: usize) -> Result<usize, Problem> {
    let limit = asked.unwrap_or(usual);
    if (1..=most).contains(&limit) {
        Ok(limit)
    } else {
        Err(Problem::bad(format!("limit is from 1 to {most}")))
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct LinePath {
    /// Which room.
    room: Id,
    /// Which line.
    seq: Id,
}

impl LinePath {
    pub(super) fn ids(&self) -> (RoomId, Seq) {
        (self.room.into(), self.seq.into())
    }
}

/// One line with its state
#[utoipa::path(get, path = "/rooms/{room}/lines/{seq}", tag = "messages", params(LinePath),
    responses((status = 200, body = Event)))]
async fn line(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<LinePath>,
) -> Answer<Event> {
    let (room, seq) = path.ids();
    app.access(&actor, room).await?;
    Ok(Json(stored(app.node.store.line(room, seq).await)?.ok_or(Code::NotFound)?))
}

/// One text a message has had.
#[derive(Serialize, ToSchema)]
struct Revision {
    /// The event that brought it.
    seq: Seq,
    /// When.
    at: Millis,
    /// By whom.
    from: AccountId,
    /// The text.
    text: String,
}

/// Every text a message has had, first first; empty once it was deleted
#[utoipa::path(get, path = "/rooms/{room}/lines/{seq}/revisions", tag = "messages",
    params(LinePath), responses((status = 200, body = Vec<Revision>)))]
async fn revisions(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<LinePath>,
) -> Answer<Vec<Revision>> {
    let (room, seq) = path.ids();
    app.access(&actor, room).await?;
    stored(app.node.store.line(room, seq).await)?.ok_or(Code::NotFound)?;
    let revisions = stored(app.node.store.revisions(room, seq).await)?;
    let shown =
        |r: leeward_store::Revision| Revision { seq: r.seq, at: r.at, from: r.from, text: r.text };
    Ok(Json(revisions.into_iter().map(shown).collect()))
}

/// The pinned messages of a room, latest first
#[utoipa::path(get, path = "/rooms/{room}/pins", tag = "messages", params(RoomPath),
    responses((status = 200, body = Vec<Event>)))]
async fn pins(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
) -> Answer<Vec<Event>> {
    app.access(&actor, path.id()).await?;
    Ok(Json(stored(app.node.store.pins(path.id()).await)?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct FilesQuery {
    /// Messages before this one; the newest when left out.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 9_007_199_254_740_991u64)]
    before: Option<Id>,
    /// How many messages; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// The messages of a room that carry files, latest first
#[utoipa::path(get, path = "/rooms/{room}/files", tag = "messages",
    params(RoomPath, FilesQuery), responses((status = 200, body = Vec<Event>)))]
async fn room_files(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Params(query): Params<FilesQuery>,
) -> Answer<Vec<Event>> {
    let limit = bounded(query.limit, SNAPSHOT_MESSAGES, PAGE_ENTRIES_MAX)?;
    app.access(&actor, path.id()).await?;
    let before = query.before.map(Into::into);
    Ok(Json(stored(app.node.store.room_files(path.id(), before, limit).await)?))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// The last event known; 0 for none.
    #[param(value_type = Option<u64>, minimum = 0, maximum = 9_007_199_254_740_991u64)]
    after: Option<u64>,
    /// How many; 200 when left out.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// The plain events of a room's log, in order
#[utoipa::path(get, path = "/rooms/{room}/events", tag = "messages",
    params(RoomPath, EventsQuery), responses((status = 200, body = Vec<Event>)))]
pub(super) async fn events(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<RoomPath>,
    Params(query): Params<EventsQuery>,
) -> Answer<Vec<Event>> {
    let limit = bounded(query.limit, PAGE_ENTRIES_MAX, EVENTS_MAX)?;
    let after = super::rooms::checked(Seq(query.after.unwrap_or(0)))?;
    app.access(&actor, path.id()).await?;
    Ok(Json(stored(app.node.store.events_after(path.id(), after, limit).await)?))
}
