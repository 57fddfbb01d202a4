//! Uploading: a file is announced, then sent in pieces, each at the place where the last one ended,
//! so that an upload goes on after a lost connection.

use super::answer::{Id, Json, Path, Problem, drain, stored};
use super::auth::Who;
use super::changed::through;
use super::uploads::{self, CHUNK_BYTES_MAX, Writing};
use super::{App, text};
use crate::node::Actor;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use leeward_core::code::{Code, Refusal};
use leeward_core::event::FileRef;
use leeward_core::id::FileId;
use leeward_store::StoredFile;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// Where a piece begins, in bytes from the start of the file.
pub(super) const UPLOAD_OFFSET: HeaderName = HeaderName::from_static("upload-offset");

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_file))
        .routes(routes!(upload_state))
        .routes(routes!(upload_piece, delete_file))
}

/// A file to be uploaded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AskFile {
    /// Its name. Any path in it is left away, and characters that deceive.
    #[schema(max_length = 1024)]
    name: String,
    /// Its size in bytes.
    #[schema(maximum = 9_007_199_254_740_991u64)]
    size: u64,
}

/// A file that waits for its bytes.
#[derive(Serialize, ToSchema)]
struct MadeFile {
    /// Which.
    id: FileId,
    /// The name it has been given.
    name: String,
    /// Where the next piece begins.
    offset: u64,
    /// Largest piece.
    chunk_bytes_max: u64,
}

/// Announce a file
#[utoipa::path(post, path = "/files", tag = "files", request_body = AskFile,
    responses((status = 201, body = MadeFile)))]
async fn create_file(
    State(app): State<App>,
    Who(actor): Who,
    Json(ask): Json<AskFile>,
) -> Result<(StatusCode, Json<MadeFile>), Problem> {
    app.by_account.admit(actor.account, app.node.now())?;
    let most = app.node.config.file_bytes_max;
    if ask.size > most {
        let words = format!("a file is at most {most} bytes");
        return Err(Refusal::because(Code::TooLong, words).into());
    }
    if ask.name.chars().count() > 1_024 {
        return Err(Problem::bad("name: at most 1024 characters"));
    }
    uploads::sweep(&app);
    let name = text::file_name(&ask.name);
    let made = app.node.store.create_upload(actor.account, name, ask.size, app.node.now()).await;
    let made = stored(made)?;
    let made = MadeFile {
        id: made.file.id,
        name: made.file.name,
        offset: 0,
        chunk_bytes_max: CHUNK_BYTES_MAX,
    };
    Ok((StatusCode::CREATED, Json(made)))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
pub(super) struct FilePath {
    /// Which file.
    file: Id,
}

impl FilePath {
    pub(super) fn id(&self) -> FileId {
        self.file.into()
    }
}

/// Where an upload stands.
#[derive(Serialize, ToSchema)]
struct UploadState {
    /// Where the next piece begins; the size of the file once it is complete.
    offset: u64,
    /// The size announced.
    size: u64,
    /// The file, once all its bytes are there.
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<FileRef>,
}

fn upload_answer(state: UploadState) -> Response {
    let offset = HeaderValue::from(state.offset);
    ([(UPLOAD_OFFSET, offset)], Json(state)).into_response()
}

/// The actor's own file.
async fn own(app: &App, actor: &Actor, id: FileId) -> Result<StoredFile, Problem> {
    let file = stored(app.node.store.file(id).await)?;
    file.filter(|f| f.owner == actor.account).ok_or_else(|| Code::NotFound.into())
}

/// Where an upload stands
#[utoipa::path(get, path = "/files/{file}/upload", tag = "files", params(FilePath),
    responses((status = 200, body = UploadState, headers(("upload-offset" = u64)))))]
async fn upload_state(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<FilePath>,
) -> Result<Response, Problem> {
    let file = own(&app, &actor, path.id()).await?;
    let offset = uploads::on_disk(&app, &file).await?;
    let size = file.file.size;
    let file = file.finished.then_some(file.file);
    Ok(upload_answer(UploadState { offset, size, file }))
}

/// Send the next piece of a file
///
/// The header `upload-offset` says where it begins; when that is not where the last one ended, the
/// answer is 409 and tells the right place in the same header. The piece that completes the file is
/// answered with the file.
#[utoipa::path(patch, path = "/files/{file}", tag = "files",
    params(FilePath, ("upload-offset" = u64, Header, description = "where this piece begins")),
    request_body(content = Option<Vec<u8>>, content_type = "application/octet-stream"),
    responses((status = 200, body = UploadState, headers(("upload-offset" = u64)))))]
async fn upload_piece(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<FilePath>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let (file, lock, offset) = match placed(&app, &actor, path.id(), &headers).await {
        Ok(Placed::Here { file, lock, offset }) => (file, lock, offset),
        Ok(Placed::Answered(answer)) => {
            drain(request.into_body()).await;
            return Ok(answer);
        }
        Err(problem) => {
            drain(request.into_body()).await;
            return Err(problem);
        }
    };
    let offset = uploads::receive(&app, &file, offset, request).await?;
    let size = file.file.size;
    if offset < size {
        return Ok(upload_answer(UploadState { offset, size, file: None }));
    }
    let file = through(async move {
        let _lock = lock;
        uploads::finish(&app, &file).await
    })
    .await?;
    Ok(upload_answer(UploadState { offset, size, file: Some(file) }))
}

/// Where a piece goes.
enum Placed {
    /// To the end of this file, which nobody else writes to meanwhile.
    Here { file: StoredFile, lock: Writing, offset: u64 },
    /// Nowhere: the file is complete, or its end is elsewhere.
    Answered(Response),
}

async fn placed(
    app: &App,
    actor: &Actor,
    id: FileId,
    headers: &HeaderMap,
) -> Result<Placed, Problem> {
    let given = headers.get(UPLOAD_OFFSET).and_then(|v| v.to_str().ok());
    let given: u64 = given
        .and_then(|v| v.parse().ok())
        .ok_or_else(|| Problem::bad("the header upload-offset is missing or no number"))?;
    let file = own(app, actor, id).await?;
    if file.finished {
        let (offset, size) = (file.file.size, file.file.size);
        return Ok(Placed::Answered(if given == offset {
            upload_answer(UploadState { offset, size, file: Some(file.file) })
        } else {
            misplaced(offset)
        }));
    }
    let lock = app.uploads.lock(id)?;
    let offset = uploads::on_disk(app, &file).await?;
    if given != offset {
        return Ok(Placed::Answered(misplaced(offset)));
    }
    Ok(Placed::Here { file, lock, offset })
}

fn misplaced(offset: u64) -> Response {
    let words = format!("the next piece begins at {offset}");
    let problem = Problem::from(Refusal::because(Code::Conflict, words));
    ([(UPLOAD_OFFSET, HeaderValue::from(offset))], problem).into_response()
}

/// Take back a file that no message carries
#[utoipa::path(delete, path = "/files/{file}", tag = "files", params(FilePath),
    responses((status = 204)))]
async fn delete_file(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<FilePath>,
) -> Result<StatusCode, Problem> {
    let file = own(&app, &actor, path.id()).await?;
    let id = file.file.id;
    let _lock = app.uploads.lock(id)?;
    if !uploads::delete(&app, id).await? {
        let words = "a message carries this file; delete the message";
        return Err(Refusal::because(Code::Conflict, words).into());
    }
    Ok(StatusCode::NO_CONTENT)
}
