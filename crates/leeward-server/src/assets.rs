//! The web client, embedded: `web/dist` as it was when the binary was built.
//!
//! Files under `assets/` carry a hash in their names and never change; all others are asked for
//! again each time. Where a brotli copy lies beside a file, it is served as it lies. Any path that
//! is no file is a page of the client: `index.html`.

use crate::http::PAGE_POLICY;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// The entry page, for every path that is no file.
const INDEX: &str = "index.html";
/// What stands there while the client has not been built.
const PLACEHOLDER: &str = include_str!("http/placeholder.html");
/// For a file whose name changes with its content.
const FOREVER: &str = "public, max-age=31536000, immutable";

/// Answers a GET or HEAD of anything that is not the API.
pub(crate) fn serve(method: &Method, path: &str, headers: &HeaderMap) -> Response {
    if method != Method::GET && method != Method::HEAD {
        return (StatusCode::METHOD_NOT_ALLOWED, [(header::ALLOW, "GET, HEAD")]).into_response();
    }
    let path = path.trim_start_matches('/');
    let known = !path.is_empty() && !path.ends_with(".br") && Dist::get(path).is_some();
    let name = if known { path } else { INDEX };
    if !known && path.starts_with("assets/") {
        // A page of an older build asks for a piece that is gone: it must not get HTML as script.
        return StatusCode::NOT_FOUND.into_response();
    }
    match pick(name, headers) {
        Some((file, brotli)) => answer(method, name, &file, brotli, headers),
        None => placeholder(),
    }
}

/// The build of the client, for clients to compare with their own; empty when there is none.
pub(crate) fn build() -> String {
    let named = Dist::get("build.txt").and_then(|f| String::from_utf8(f.data.into_owned()).ok());
    named.map(|name| name.trim().to_owned()).unwrap_or_default()
}

fn pick(name: &str, headers: &HeaderMap) -> Option<(EmbeddedFile, bool)> {
    if takes_brotli(headers)
        && let Some(file) = Dist::get(&format!("{name}.br"))
    {
        return Some((file, true));
    }
    Dist::get(name).map(|file| (file, false))
}

fn takes_brotli(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|v| v.to_str().ok());
    accepted.flat_map(|v| v.split(',')).any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        let refused = |p: &str| p.strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        parts.next().is_some_and(|c| c.eq_ignore_ascii_case("br")) && !parts.any(refused)
    })
}

fn tag(file: &EmbeddedFile) -> String {
    URL_SAFE_NO_PAD.encode(&file.metadata.sha256_hash()[..18])
}

fn answer(
    method: &Method,
    name: &str,
    file: &EmbeddedFile,
    brotli: bool,
    headers: &HeaderMap,
) -> Response {
    let etag = format!("\"{}\"", tag(file));
    let unchanged = headers
        .get(header::IF_NONE_MATCH)
        .and_then(|v| v.to_str().ok())
        .is_some_and(|v| v.split(',').any(|t| t.trim().trim_start_matches("W/") == etag));
    let mime = mime_guess::from_path(name).first_or_octet_stream();
    let mime = if mime.type_() == "text" || mime.subtype() == "javascript" {
        format!("{}; charset=utf-8", mime.essence_str())
    } else {
        mime.essence_str().to_owned()
    };
    let body = match (unchanged, method == Method::HEAD, file.data.clone()) {
        (true, _, _) | (_, true, _) => Body::empty(),
        (_, _, std::borrow::Cow::Borrowed(bytes)) => Body::from(bytes),
        (_, _, std::borrow::Cow::Owned(bytes)) => Body::from(bytes),
    };
    let status = if unchanged { StatusCode::NOT_MODIFIED } else { StatusCode::OK };
    let mut response = (status, body).into_response();
    let out = response.headers_mut();
    let text = |s: &str| HeaderValue::from_str(s).expect("tags and media types are visible ASCII");
    out.insert(header::ETAG, text(&etag));
    out.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    let caching = if name.starts_with("assets/") { FOREVER } else { "no-cache" };
    out.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if !unchanged {
        out.insert(header::CONTENT_TYPE, text(&mime));
        out.insert(header::CONTENT_LENGTH, HeaderValue::from(file.data.len()));
        if brotli {
            out.insert(header::CONTENT_ENCODING, HeaderValue::from_static("br"));
        }
    }
    out.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    response
}

fn placeholder() -> Response {
    let headers =
        [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (headers, PLACEHOLDER).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::ACCEPT_ENCODING, HeaderValue::from_static(value))])
    }

    #[test]
    fn brotli_is_sent_to_those_who_take_it() {
        assert!(takes_brotli(&accepting("gzip, deflate, br")));
        assert!(takes_brotli(&accepting("BR;q=0.5")));
        assert!(!takes_brotli(&accepting("gzip, br;q=0")));
        assert!(!takes_brotli(&accepting("gzip")));
        assert!(!takes_brotli(&HeaderMap::new()));
    }

    #[test]
    fn a_missing_piece_of_the_client_is_not_answered_with_a_page() {
        let answer = serve(&Method::GET, "/assets/gone-1234.js", &HeaderMap::new());
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
    }

    #[test]
    fn any_other_path_is_a_page() {
        for path in ["/", "/r/1/2", "/../../etc/passwd", "/..%2f"] {
            let answer = serve(&Method::GET, path, &HeaderMap::new());
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            let mime = answer.headers()[header::CONTENT_TYPE].to_str().expect("ASCII");
            assert!(mime.starts_with("text/html"), "{path}: {mime}");
        }
    }

    #[test]
    fn pages_are_only_read() {
        let answer = serve(&Method::POST, "/", &HeaderMap::new());
        assert_eq!(answer.status(), StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(answer.headers()[header::ALLOW], "GET, HEAD");
    }
}
