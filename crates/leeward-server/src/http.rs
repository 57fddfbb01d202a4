//! Everything that is not live: the HTTP API under `/api/v1`, incoming webhooks, the web client.
//!
//! In reading order: [`text`] and [`answer`] read what comes in and form what goes out, [`auth`]
//! says who asks, [`changed`] tells everybody what a route has changed; then one file per subject.
//! `/api/v1/live` never comes here: the listener takes it before.

mod answer;
mod audit;
mod auth;
mod bots;
mod changed;
mod command;
mod commands;
mod custom;
mod docs;
mod download;
mod errand;
mod files;
mod headers;
mod hooks;
mod invites;
mod lines;
mod load;
mod me;
mod members;
mod mentions;
mod people;
mod pictures;
mod posts;
mod reach;
mod room_list;
mod rooms;
mod search;
mod sign_in;
mod slack;
mod sniff;
mod spoken;
mod text;
mod threads;
mod throttle;
mod uploads;
mod workspace;

pub(crate) use auth::forwarded_for;
pub(crate) use changed::{bring_in, take_out};
pub(crate) use headers::PAGE_POLICY;
pub use slack::{Payload as SlackPayload, markdown as slack_markdown};
pub use sniff::media_type;
pub(crate) use spoken::{change_display, change_facts, enter, make_direct, make_room, upload_slot};
pub(crate) use text::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};
pub(crate) use throttle::{Throttle, network};

use crate::assets;
use crate::node::Node;
use answer::Problem;
use axum::Router;
use axum::extract::Request;
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use leeward_core::code::{Code, Refusal};
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// What every route may use.
pub(crate) struct Http {
    pub(crate) node: Arc<Node>,
    /// Sign-ins and the like, per name: a guesser gets one try in 6 s after the first ten.
    by_name: Throttle,
    /// The same, per network: a team behind one address signs in on a Monday morning.
    by_network: Throttle,
    /// Messages per webhook: Slack's own limit is one a second.
    by_hook: Throttle,
    /// Posts and room changes by HTTP, per account: what a busy bot does, not what a broken one does.
    by_account: Throttle,
    errands: errand::Errands,
    pictures: pictures::Pictures,
    uploads: uploads::Uploads,
    seen: auth::Seen,
}

/// [`Http`], as the routes hold it.
pub(crate) type App = Arc<Http>;

/// What the routes of a node use.
pub(crate) fn app(node: Arc<Node>) -> App {
    let errands = errand::Errands::new(node.config.command_targets.clone());
    Arc::new(Http {
        node,
        errands,
        by_name: Throttle::new(10, 6_000),
        by_network: Throttle::new(100, 1_000),
        by_hook: Throttle::new(30, 1_000),
        by_account: Throttle::new(200, 20),
        pictures: pictures::Pictures::new(),
        uploads: uploads::Uploads::default(),
        seen: auth::Seen::default(),
    })
}

/// The routes of a node.
pub(crate) fn router(app: App) -> Router {
    let (routes, document) = routes().split_for_parts();
    routes
        .merge(docs::routes(document))
        .merge(spoken::routes())
        .method_not_allowed_fallback(method_not_allowed)
        .fallback(elsewhere)
        .layer(from_fn(headers::deadline))
        .layer(from_fn(headers::guard))
        .with_state(app)
}

/// Every route of the API, with its description.
fn routes() -> OpenApiRouter<App> {
    let v1 = OpenApiRouter::new()
        .merge(workspace::routes())
        .merge(sign_in::routes())
        .merge(invites::routes())
        .merge(me::routes())
        .merge(people::routes())
        .merge(bots::routes())
        .merge(room_list::routes())
        .merge(rooms::routes())
        .merge(members::routes())
        .merge(lines::routes())
        .merge(posts::routes())
        .merge(threads::routes())
        .merge(mentions::routes())
        .merge(commands::routes())
        .merge(custom::routes())
        .merge(files::routes())
        .merge(download::routes())
        .merge(search::routes())
        .merge(hooks::routes())
        .merge(audit::routes())
        .merge(load::routes());
    OpenApiRouter::with_openapi(docs::preamble()).nest("/api/v1", v1).merge(hooks::incoming())
}

/// A path of the API with another method. The router adds the header `allow`.
async fn method_not_allowed() -> Problem {
    let refusal = Refusal::because(Code::BadRequest, "this path does not take this method");
    Problem::with_status(refusal, StatusCode::METHOD_NOT_ALLOWED)
}

/// Whatever is no route: the web client, unless it looks like the API.
async fn elsewhere(request: Request) -> Response {
    let path = request.uri().path();
    if ["/api/", "/hooks/", "/xmpp/"].iter().any(|ours| path.starts_with(ours)) {
        return Problem::from(Code::NotFound).into_response();
    }
    assets::serve(request.method(), path, request.headers())
}
