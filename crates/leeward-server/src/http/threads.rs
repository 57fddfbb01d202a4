//! The threads an account follows.

use super::App;
use super::answer::{Answer, Json, Params, Path, Problem, stored};
use super::auth::Who;
use super::lines::{LinePath, bounded};
use super::me::Version;
use super::rooms::{checked, version};
use axum::extract::State;
use leeward_core::event::Event;
use leeward_core::id::{RoomId, Seq};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Most threads in one answer.
const THREADS_MAX: usize = 200;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(threads))
        .routes(routes!(follow_thread))
        .routes(routes!(read_thread))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct ThreadsQuery {
    /// How many; 50 when left out.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<usize>,
}

/// A thread that is followed.
#[derive(Serialize, ToSchema)]
struct Thread {
    /// Where.
    room: RoomId,
    /// Its first message.
    root: Event,
    /// The last reply.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Event>,
    /// The last reply read.
    read: Seq,
    /// Replies of others above it.
    unread: u32,
}

/// The threads that one follows, latest reply first
#[utoipa::path(get, path = "/threads", tag = "threads", params(ThreadsQuery),
    responses((status = 200, body = Vec<Thread>)))]
async fn threads(
    State(app): State<App>,
    Who(actor): Who,
    Params(query): Params<ThreadsQuery>,
) -> Answer<Vec<Thread>> {
    let limit = bounded(query.limit, 50, THREADS_MAX)?;
    let threads = stored(app.node.store.threads(actor.account, limit).await)?;
    let shown = |t: leeward_store::ThreadSummary| Thread {
        room: t.room,
        root: t.root,
        last: t.last,
        read: t.read,
        unread: t.unread,
    };
    Ok(Json(threads.into_iter().map(shown).collect()))
}

/// Whether to follow.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Follow {
    /// On or off.
    on: bool,
}

/// Follow the thread below a message, or stop
#[utoipa::path(put, path = "/rooms/{room}/threads/{seq}/follow", tag = "threads",
    params(LinePath), request_body = Follow, responses((status = 200, body = Version)))]
async fn follow_thread(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<LinePath>,
    Json(follow): Json<Follow>,
) -> Answer<Version> {
    let (room, root) = path.ids();
    app.access(&actor, room).await?;
    let kept = app.node.store.follow(actor.account, room, root, follow.on).await;
    let kept = stored(kept).map_err(Problem::by_rule)?;
    app.node.accounts.bump(actor.account, kept.version);
    Ok(version(kept.version))
}

/// Up to where somebody has read in a thread.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ReadReply {
    /// The last reply read; 0: none.
    #[schema(value_type = u64, maximum = 9_007_199_254_740_991u64)]
    seq: Seq,
}

/// Set how far one has read in a thread
#[utoipa::path(put, path = "/rooms/{room}/threads/{seq}/read", tag = "threads",
    params(LinePath), request_body = ReadReply, responses((status = 200, body = Version)))]
async fn read_thread(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<LinePath>,
    Json(read): Json<ReadReply>,
) -> Answer<Version> {
    let (room, root) = path.ids();
    let seq = checked(read.seq)?;
    app.access(&actor, room).await?;
    let kept = app.node.store.mark_thread_read(actor.account, room, root, seq).await;
    let kept = stored(kept).map_err(Problem::by_rule)?;
    app.node.accounts.bump(actor.account, kept.version);
    Ok(version(kept.version))
}
