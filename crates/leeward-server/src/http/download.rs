//! Downloading: files and thumbnails, whole or in part, for those who may see them, and in a form in
//! which no browser runs what they contain.

use super::App;
use super::answer::{Id, Path, Problem, stored};
use super::auth::Who;
use super::files::FilePath;
use super::sniff;
use super::uploads::thumbnail_path;
use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, FileId};
use leeward_store::StoredFile;
use serde::Deserialize;
use std::path::PathBuf;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// What is shown in place may load nothing and run nothing. The reader of PDF in some browsers is
/// itself a page that a sandbox would forbid; it runs no script of the file.
const SANDBOX: &str = "default-src 'none'; img-src 'self'; media-src 'self'; \
    style-src 'unsafe-inline'; frame-ancestors 'self'; sandbox";
const SANDBOX_PDF: &str = "default-src 'none'; object-src 'self'; \
    style-src 'unsafe-inline'; frame-ancestors 'self'";
/// Bytes never change under one id; who may see them may.
const CACHING: &str = "private, max-age=86400";

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(download))
        .routes(routes!(download_named))
        .routes(routes!(thumbnail))
}

/// A file's bytes
#[utoipa::path(get, path = "/files/{file}", tag = "files", params(FilePath),
    responses((status = 200, content_type = "*/*", body = Vec<u8>),
        (status = 206, content_type = "*/*", body = Vec<u8>, description = "the part asked for"),
        (status = 304, description = "as the browser has it"),
        (status = 416, body = Refusal, description = "there is no such part")))]
async fn download(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<FilePath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    whole(&app, actor.account, path.id(), &headers).await
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct NamedPath {
    /// Which file.
    file: Id,
    /// Any name: for the address bar, and for programs that save under it.
    #[serde(rename = "name")]
    #[param(rename = "name")]
    _name: String,
}

/// A file's bytes, under a name
#[utoipa::path(get, path = "/files/{file}/{name}", tag = "files", params(NamedPath),
    responses((status = 200, content_type = "*/*", body = Vec<u8>),
        (status = 206, content_type = "*/*", body = Vec<u8>, description = "the part asked for"),
        (status = 304, description = "as the browser has it"),
        (status = 416, body = Refusal, description = "there is no such part")))]
async fn download_named(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<NamedPath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    whole(&app, actor.account, path.file.into(), &headers).await
}

/// A file as it was uploaded, whatever it is called in the address.
async fn whole(
    app: &App,
    account: AccountId,
    id: FileId,
    asked: &HeaderMap,
) -> Result<Response, Problem> {
    let file = visible(app, account, id).await?;
    let bytes = app.node.store.file_path(file.file.id);
    serve(&file, &file.file.mime, bytes, asked, "").await
}

/// A picture, small
#[utoipa::path(get, path = "/files/{file}/thumbnail", tag = "files", params(FilePath),
    responses((status = 200, content_type = "*/*", body = Vec<u8>),
        (status = 206, content_type = "*/*", body = Vec<u8>, description = "the part asked for"),
        (status = 304, description = "as the browser has it"),
        (status = 416, body = Refusal, description = "there is no such part")))]
async fn thumbnail(
    State(app): State<App>,
    Who(actor): Who,
    Path(path): Path<FilePath>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let file = visible(&app, actor.account, path.id()).await?;
    if file.file.width.is_none() {
        return Err(Code::NotFound.into());
    }
    let bytes = thumbnail_path(&app.node.store.file_path(file.file.id));
    let mut head = [0u8; 16];
    let mut open = File::open(&bytes).await.map_err(|_| Code::NotFound)?;
    let n = open.read(&mut head).await.map_err(|_| Code::Internal)?;
    let mime = sniff::media_type(&head[..n], false);
    serve(&file, mime, bytes, &headers, "t").await
}

async fn visible(app: &App, account: AccountId, id: FileId) -> Result<StoredFile, Problem> {
    let file = stored(app.node.store.file(id).await)?.filter(|f| f.finished);
    let file = file.ok_or(Code::NotFound)?;
    if file.owner != account && !stored(app.node.store.may_see_file(account, id).await)? {
        return Err(Code::NotFound.into());
    }
    Ok(file)
}

/// The bytes of a file, or the part that was asked for.
pub(super) async fn serve(
    file: &StoredFile,
    mime: &str,
    path: PathBuf,
    asked: &HeaderMap,
    variant: &str,
) -> Result<Response, Problem> {
    let lost = |e: std::io::Error| {
        tracing::error!("the bytes of file {} cannot be read: {e}", file.file.id);
        Problem::from(Code::Internal)
    };
    let mut bytes = File::open(&path).await.map_err(lost)?;
    let size = bytes.metadata().await.map_err(lost)?.len();
    let etag = format!("\"{}{variant}\"", URL_SAFE_NO_PAD.encode(file.sum.unwrap_or_default()));
    let mut headers = fixed_headers(mime, &file.file.name, &etag);
    let text = |name| asked.get(name).and_then(|v: &HeaderValue| v.to_str().ok());
    if text(header::IF_NONE_MATCH).is_some_and(|v| v == "*" || v.contains(&etag)) {
        headers.remove(header::CONTENT_TYPE);
        return Ok((StatusCode::NOT_MODIFIED, headers).into_response());
    }
    let range = text(header::RANGE).filter(|_| text(header::IF_RANGE).is_none_or(|v| v == etag));
    let part = match range.map(|range| part(range, size)) {
        None | Some(Part::Whole) => None,
        Some(Part::Of { from, to }) => Some((from, to)),
        Some(Part::Beyond) => {
            let words = format!("the file ends at {size}");
            let refusal = Refusal::because(Code::BadRequest, words);
            let problem = Problem::with_status(refusal, StatusCode::RANGE_NOT_SATISFIABLE);
            let beyond = HeaderValue::from_str(&format!("bytes */{size}")).expect("visible ASCII");
            return Ok(([(header::CONTENT_RANGE, beyond)], problem).into_response());
        }
    };
    let (status, from, length) = match part {
        None => (StatusCode::OK, 0, size),
        Some((from, to)) => {
            let range = format!("bytes {from}-{to}/{size}");
            let range = HeaderValue::from_str(&range).expect("visible ASCII");
            headers.insert(header::CONTENT_RANGE, range);
            (StatusCode::PARTIAL_CONTENT, from, to - from + 1)
        }
    };
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    bytes.seek(std::io::SeekFrom::Start(from)).await.map_err(lost)?;
    let stream = ReaderStream::with_capacity(bytes.take(length), 64 * 1024);
    Ok((status, headers, Body::from_stream(stream)).into_response())
}

fn fixed_headers(mime: &str, name: &str, etag: &str) -> HeaderMap {
    let place = if sniff::shown_in_place(mime) { "inline" } else { "attachment" };
    let disposition = format!("{place}; filename*=UTF-8''{}", percent_encoded(name));
    let policy = if mime == "application/pdf" { SANDBOX_PDF } else { SANDBOX };
    let text = |s: &str| HeaderValue::from_str(s).expect("made here of visible ASCII");
    HeaderMap::from_iter([
        (header::CONTENT_TYPE, text(mime)),
        (header::CONTENT_DISPOSITION, text(&disposition)),
        (header::CONTENT_SECURITY_POLICY, text(policy)),
        (header::CACHE_CONTROL, text(CACHING)),
        (header::ACCEPT_RANGES, text("bytes")),
        (header::ETAG, text(etag)),
    ])
}

/// As RFC 8187 wants it.
pub(super) fn percent_encoded(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for b in name.bytes() {
        if b.is_ascii_alphanumeric() || b"-._~".contains(&b) {
            out.push(char::from(b));
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

#[derive(PartialEq, Eq, Debug)]
enum Part {
    /// No single part was asked for: all of it (RFC 9110, 14.2 lets the server choose).
    Whole,
    /// From this byte to that one, both included.
    Of { from: u64, to: u64 },
    /// Nothing of it exists.
    Beyond,
}

fn part(range: &str, size: u64) -> Part {
    let Some((first, last)) = range.strip_prefix("bytes=").and_then(|r| r.split_once('-')) else {
        return Part::Whole;
    };
    let (from, to) = match (first.trim(), last.trim()) {
        ("", suffix) => match suffix.parse::<u64>() {
            Ok(0) => return Part::Beyond,
            Ok(n) => (size.saturating_sub(n), u64::MAX),
            Err(_) => return Part::Whole,
        },
        (first, "") => match first.parse() {
            Ok(from) => (from, u64::MAX),
            Err(_) => return Part::Whole,
        },
        (first, last) => match (first.parse(), last.parse()) {
            (Ok(from), Ok(to)) if from <= to => (from, to),
            (Ok(_) | Err(_), Ok(_) | Err(_)) => return Part::Whole,
        },
    };
    if from >= size { Part::Beyond } else { Part::Of { from, to: to.min(size - 1) } }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_cut_as_it_was_asked_for() {
        assert_eq!(part("bytes=0-9", 100), Part::Of { from: 0, to: 9 });
        assert_eq!(part("bytes=90-", 100), Part::Of { from: 90, to: 99 });
        assert_eq!(part("bytes=-5", 100), Part::Of { from: 95, to: 99 });
        assert_eq!(part("bytes=-500", 100), Part::Of { from: 0, to: 99 });
        assert_eq!(part("bytes=50-500", 100), Part::Of { from: 50, to: 99 });
        assert_eq!(part("bytes=100-", 100), Part::Beyond);
        assert_eq!(part("bytes=-0", 100), Part::Beyond);
        assert_eq!(part("bytes=0-", 0), Part::Beyond);
        for odd in ["bytes=9-0", "bytes=a-b", "lines=1-2", "bytes=0-1,5-6", "", "bytes=-x"] {
            assert_eq!(part(odd, 100), Part::Whole, "{odd}");
        }
    }

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        let name = "a\"; filename=evil.html\r\nset-cookie: x=1 ü";
        let headers = fixed_headers("text/html", name, "\"x\"");
        let disposition = headers[header::CONTENT_DISPOSITION].to_str().expect("ASCII");
        assert_eq!(
            disposition,
            "attachment; filename*=UTF-8''a%22%3B%20filename%3Devil.html%0D%0Aset-cookie%3A%20x%3D1%20%C3%BC"
        );
    }

    #[test]
    fn what_could_run_is_saved_and_what_is_shown_is_in_a_sandbox() {
        let of = |mime: &str| fixed_headers(mime, "a", "\"x\"");
        let place = |mime: &str| of(mime)[header::CONTENT_DISPOSITION].clone();
        assert!(place("image/svg+xml").to_str().expect("ASCII").starts_with("attachment"));
        assert!(place(sniff::UNKNOWN).to_str().expect("ASCII").starts_with("attachment"));
        assert!(place("image/png").to_str().expect("ASCII").starts_with("inline"));
        assert!(
            of(sniff::TEXT)[header::CONTENT_SECURITY_POLICY]
                .to_str()
                .expect("ASCII")
                .ends_with("sandbox")
        );
    }
}
