//! What another protocol has done, in the words of this one: the same deeds under the same rules. And
//! the addresses that XMPP clients are given: where a file is put and got without a header (XEP-0363),
//! where the server is to be found (XEP-0156).

use super::answer::{Problem, drain, stored};
use super::changed::through;
use super::room_list;
use super::rooms;
use super::uploads;
use super::{App, download, text};
use crate::node::Actor;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, put};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use leeward_core::code::{Code, Refusal};
use leeward_core::event::FileRef;
use leeward_core::id::{AccountId, FileId, Millis, RoomId, SessionId};
use leeward_core::room::{MemberRole, RoomFacts};
use leeward_core::rules;
use leeward_core::seal::{Grant, Purpose};

/// How long the address of a file opens, in milliseconds: archives are read years later, but each time
/// with a new address.
const GET_MS: u64 = 365 * 24 * 3_600_000;
/// How long a file may be put, in milliseconds.
const PUT_MS: u64 = 15 * 60_000;

/// The direct room of an actor and somebody, and whether it had to be made.
pub(crate) async fn make_direct(
    app: &App,
    actor: &Actor,
    other: AccountId,
) -> Result<(RoomId, bool), Refusal> {
    let (made, room) = room_list::direct(App::clone(app), *actor, vec![other]).await?;
    Ok((room.id, made))
}

/// Makes a room with its maker in it.
pub(crate) async fn make_room(
    app: &App,
    actor: &Actor,
    facts: RoomFacts,
) -> Result<(RoomId, bool), Refusal> {
    rules::may_create_room(actor.role, facts.room_kind)?;
    app.by_account.admit(actor.account, app.node.now())?;
    rules::check_room_name(&facts.name)?;
    let members = vec![(actor.account, MemberRole::Moderator)];
    let name = facts.name.clone();
    let (made, room) = room_list::make(app, actor, facts, members).await?;
    app.audit(actor, "room.create", super::workspace::subject(room.id), name).await;
    Ok((room.id, made))
}

/// Brings an actor into a public room.
pub(crate) async fn enter(app: &App, actor: &Actor, room: RoomId) -> Result<(), Refusal> {
    Ok(rooms::join(app, actor, room).await?)
}

/// Changes a room's facts to these.
pub(crate) async fn change_facts(
    app: &App,
    actor: &Actor,
    room: RoomId,
    facts: RoomFacts,
) -> Result<(), Refusal> {
    rules::check_room_name(&facts.name)?;
    rules::check_line("topic", &facts.topic, false)?;
    let access = app.access(actor, room).await?;
    rooms::change_facts(app, actor, (room, access), facts).await?;
    Ok(())
}

/// Changes the name that an actor is shown under.
pub(crate) async fn change_display(
    app: &App,
    actor: &Actor,
    display: String,
) -> Result<(), Refusal> {
    rules::check_line("display", &display, true)?;
    let entry = app.node.store.edit_person(actor.account, Some(display), None).await?;
    let person = entry.person.clone();
    app.node.accounts.put(entry);
    app.node.push_person(person);
    Ok(())
}

/// Announces a file; where it is put, and where it can be got then.
pub(crate) async fn upload_slot(
    app: &App,
    actor: &Actor,
    name: String,
    size: u64,
    _kind: Option<String>,
) -> Result<(String, String), Refusal> {
    app.by_account.admit(actor.account, app.node.now())?;
    let most = app.node.config.file_bytes_max;
    if size > most {
        return Err(Refusal::because(Code::TooLong, format!("a file is at most {most} bytes")));
    }
    uploads::sweep(app);
    let name: String = name.chars().take(1_024).collect();
    let name = text::file_name(&name);
    let at = app.node.now();
    let made = app.node.store.create_upload(actor.account, name, size, at).await?.file;
    let put = app.node.file_address(Purpose::Put, actor.account, &made, PUT_MS);
    Ok((put, app.node.file_address(Purpose::File, actor.account, &made, GET_MS)))
}

impl crate::node::Node {
    /// Where whoever has the address can get a file.
    pub(crate) fn file_url(&self, file: &FileRef) -> String {
        self.file_address(Purpose::File, AccountId(0), file, GET_MS)
    }

    fn file_address(&self, purpose: Purpose, who: AccountId, file: &FileRef, ms: u64) -> String {
        let at = self.now();
        // The same address for a day, so that it is fetched once.
        let day = Millis(at.0 / 86_400_000 * 86_400_000);
        let grant = Grant {
            account: who,
            session: SessionId(file.id.0),
            session_epoch: 0,
            role: leeward_core::account::Role::Guest,
            issued: day,
            expires: Millis(day.0 + ms + 86_400_000),
            lease_ms: 0,
        };
        let token = self.keys().seal(purpose, &grant);
        let name = download::percent_encoded(&file.name);
        let web = &self.xmpp.domain.files_url;
        format!("{web}/xmpp/files/{}/{token}/{name}", file.id)
    }
}

/// The routes that are no part of the API.
pub(super) fn routes() -> axum::Router<App> {
    axum::Router::new()
        .route("/xmpp/files/{file}/{token}/{name}", put(put_file).get(get_file).options(preflight))
        .route("/.well-known/host-meta", get(host_meta))
        .route("/.well-known/host-meta.json", get(host_meta_json))
}

type FileAddress = Path<(u64, String, String)>;

/// Pages of other origins may do this: the address is the right.
fn open(mut response: Response) -> Response {
    let any = HeaderValue::from_static("*");
    response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, any);
    response
}

async fn preflight() -> Response {
    let fixed = |text| HeaderValue::from_static(text);
    let headers = HeaderMap::from_iter([
        (header::ACCESS_CONTROL_ALLOW_METHODS, fixed("GET, HEAD, PUT, OPTIONS")),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, fixed("content-type, authorization")),
        (header::ACCESS_CONTROL_MAX_AGE, fixed("86400")),
    ]);
    open((StatusCode::NO_CONTENT, headers).into_response())
}

fn granted(
    app: &App,
    purpose: Purpose,
    (file, token): (u64, &str),
) -> Result<(AccountId, FileId), Problem> {
    let grant = app.node.keys().open(purpose, token, app.node.now()).map_err(|_| Code::NotFound)?;
    if grant.session.0 != file {
        return Err(Code::NotFound.into());
    }
    Ok((grant.account, FileId(file)))
}

async fn get_file(
    State(app): State<App>,
    Path((file, token, _)): FileAddress,
    headers: HeaderMap,
) -> Response {
    let served = async {
        let (_, file) = granted(&app, Purpose::File, (file, &token))?;
        let found = stored(app.node.store.file(file).await)?.filter(|file| file.finished);
        let found = found.ok_or(Code::NotFound)?;
        let path = app.node.store.file_path(file);
        download::serve(&found, &found.file.mime, path, &headers, "").await
    };
    open(served.await.unwrap_or_else(IntoResponse::into_response))
}

async fn put_file(
    State(app): State<App>,
    Path((file, token, _)): FileAddress,
    request: Request,
) -> Response {
    open(received(app, (file, token), request).await.unwrap_or_else(IntoResponse::into_response))
}

async fn received(
    app: App,
    (file, token): (u64, String),
    request: Request,
) -> Result<Response, Problem> {
    let place = async {
        let (owner, id) = granted(&app, Purpose::Put, (file, &token))?;
        let file = stored(app.node.store.file(id).await)?.ok_or(Code::NotFound)?;
        if file.owner != owner || file.finished {
            return Err(Problem::from(Code::Conflict));
        }
        let lock = app.uploads.lock(id)?;
        Ok((file, lock))
    };
    let (file, lock) = match place.await {
        Ok(place) => place,
        Err(problem) => {
            drain(request.into_body()).await;
            return Err(problem);
        }
    };
    let received = uploads::receive(&app, &file, 0, request).await?;
    if received != file.file.size {
        return Err(Problem::bad("the file has not the size that was announced"));
    }
    through(async move {
        let _lock = lock;
        uploads::finish(&app, &file).await
    })
    .await?;
    Ok(StatusCode::CREATED.into_response())
}

/// Where the server is to be found by clients that begin with the web. Nothing is looked up.
async fn host_meta(State(app): State<App>, headers: HeaderMap) -> Response {
    let (socket, bosh) = addresses(&app, &headers);
    let body = format!(
        "<?xml version='1.0' encoding='utf-8'?>\n\
         <XRD xmlns='http://docs.oasis-open.org/ns/xri/xrd-1.0'>\n\
         <Link rel='urn:xmpp:alt-connections:websocket' href='{socket}'/>\n\
         <Link rel='urn:xmpp:alt-connections:xbosh' href='{bosh}'/>\n</XRD>\n"
    );
    meta("application/xrd+xml; charset=utf-8", body)
}

async fn host_meta_json(State(app): State<App>, headers: HeaderMap) -> Response {
    let (socket, bosh) = addresses(&app, &headers);
    let link = |rel: &str, href: String| serde_json::json!({ "rel": rel, "href": href });
    let body = serde_json::json!({ "links": [
        link("urn:xmpp:alt-connections:websocket", socket),
        link("urn:xmpp:alt-connections:xbosh", bosh),
    ]});
    meta("application/json", body.to_string())
}

fn meta(kind: &'static str, body: String) -> Response {
    let headers: [(HeaderName, HeaderValue); 2] = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600")),
    ];
    open((headers, body).into_response())
}

/// The addresses of WebSocket and BOSH: at the configured origin, or at the host that was asked.
fn addresses(app: &App, headers: &HeaderMap) -> (String, String) {
    let config = &app.node.config;
    let asked = || {
        let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let host = host.filter(|host| {
            host.bytes().all(|b| b.is_ascii_alphanumeric() || b".-:[]".contains(&b))
        });
        let scheme = if config.secure() { "https" } else { "http" };
        format!("{scheme}://{}", host.unwrap_or("localhost"))
    };
    let web = config.origins.first().cloned().unwrap_or_else(asked);
    let socket = web.replacen("http", "ws", 1);
    (format!("{socket}{}", crate::xmpp::SOCKET_PATH), format!("{web}{}", crate::xmpp::BOSH_PATH))
}
