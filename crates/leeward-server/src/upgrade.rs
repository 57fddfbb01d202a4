//! From an HTTP request to a live connection: `/api/v1/live`.
//!
//! A browser cannot read why an upgrade failed. So whoever asks for a WebSocket in good form gets
//! one, and is told in it why it is closed again.

use crate::config::NodeConfig;
use crate::conn::Opening;
use axum::body::Body;
use http::header::{
    AUTHORIZATION, CONNECTION, COOKIE, HOST, HeaderName, ORIGIN, SEC_WEBSOCKET_ACCEPT,
    SEC_WEBSOCKET_EXTENSIONS, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::{HeaderMap, Request, Response, StatusCode};
use leeward_core::code::{Code, Refusal};
use leeward_core::wire::SUBPROTOCOL;
use leeward_core::ws::deflate::WINDOW_BITS_MAX;
use leeward_core::ws::handshake::{self, HandshakeError};

/// Where live connections are asked for.
pub(crate) const PATH: &str = "/api/v1/live";

/// What an accepted request agreed on.
pub(crate) struct Agreed {
    pub(crate) opening: Opening,
    pub(crate) deflate: bool,
    /// It is refused at once, for this reason.
    pub(crate) refuse: Option<Refusal>,
    /// It speaks XMPP.
    pub(crate) xmpp: bool,
    /// Where it comes from, as far as the proxy in front tells.
    pub(crate) from: Option<std::net::IpAddr>,
}

/// Judges a request; the answer to it, and what was agreed if it is an upgrade.
pub(crate) fn judge<B>(
    config: &NodeConfig,
    ready: bool,
    request: &Request<B>,
) -> (Response<Body>, Option<Agreed>) {
    let headers = request.headers();
    let (response, accepted) = accept(request, &[SUBPROTOCOL], true);
    let Some(deflate) = accepted else { return (response, None) };
    let refuse = if !ready {
        Some(Refusal::new(Code::Drain))
    } else if !origin_allowed(config, headers) {
        Some(Refusal::new(Code::BadOrigin))
    } else {
        None
    };
    let opening = Opening::new(token(headers));
    (response, Some(Agreed { opening, deflate, refuse, xmpp: false, from: None }))
}

/// Answers a request for a WebSocket; whether frames may be compressed if there is one.
pub(crate) fn accept<B>(
    request: &Request<B>,
    protocols_known: &[&'static str],
    compress: bool,
) -> (Response<Body>, Option<bool>) {
    let headers = request.headers();
    let joined = |name: &HeaderName| {
        let values: Vec<_> = headers.get_all(name).iter().filter_map(|v| v.to_str().ok()).collect();
        values.join(", ")
    };
    let [connection, upgrade, version, key, protocols, extensions] = [
        &CONNECTION,
        &UPGRADE,
        &SEC_WEBSOCKET_VERSION,
        &SEC_WEBSOCKET_KEY,
        &SEC_WEBSOCKET_PROTOCOL,
        &SEC_WEBSOCKET_EXTENSIONS,
    ]
    .map(joined);
    let asked = handshake::Request {
        connection: &connection,
        upgrade: &upgrade,
        version: &version,
        key: &key,
        protocols: &protocols,
        extensions: &extensions,
    };
    let accepted = match handshake::accept(&asked, protocols_known, compress) {
        Ok(accepted) if request.method() == http::Method::GET => accepted,
        Ok(_) => return (failed(HandshakeError::NotWebSocket), None),
        Err(e) => return (failed(e), None),
    };
    let mut response = Response::builder()
        .status(StatusCode::SWITCHING_PROTOCOLS)
        .header(CONNECTION, "upgrade")
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_ACCEPT, accepted.accept);
    if let Some(protocol) = accepted.protocol {
        response = response.header(SEC_WEBSOCKET_PROTOCOL, protocol);
    }
    // Frames are compressed once for all who take them, so with the window that suits all.
    let deflate = accepted.deflate.filter(|d| d.server_window_bits == WINDOW_BITS_MAX);
    if let Some(deflate) = deflate {
        response = response.header(SEC_WEBSOCKET_EXTENSIONS, deflate.header());
    }
    let response = response.body(Body::empty()).expect("these headers are well formed");
    (response, Some(deflate.is_some()))
}

fn failed(e: HandshakeError) -> Response<Body> {
    let refusal = Refusal::because(Code::BadRequest, e.to_string());
    let body = serde_json::to_vec(&refusal).expect("a refusal is text and numbers");
    Response::builder()
        .status(e.status())
        .header(UPGRADE, "websocket")
        .header(SEC_WEBSOCKET_VERSION, handshake::VERSION)
        .header(http::header::CONTENT_TYPE, "application/json")
        .body(Body::from(body))
        .expect("these headers are well formed")
}

/// Whether the page that asks may: it was served from here. Whoever is not a browser sends no origin,
/// and no cookie that somebody else's page could ride on.
fn origin_allowed(config: &NodeConfig, headers: &HeaderMap) -> bool {
    let Some(origin) = headers.get(ORIGIN) else { return true };
    let Ok(origin) = origin.to_str() else { return false };
    if !config.origins.is_empty() {
        return config.origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin));
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let authority = origin.split_once("://").map(|(_, authority)| authority);
    matches!((host, authority), (Some(host), Some(authority)) if host.eq_ignore_ascii_case(authority))
}

/// The token in the `Authorization` header, or in the cookie.
fn token(headers: &HeaderMap) -> Option<String> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let bearer = text(AUTHORIZATION).and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
    });
    let cookie = || {
        let cookies = headers.get_all(COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs = cookies.flat_map(|c| c.split(';')).filter_map(|pair| pair.split_once('='));
        pairs.find_map(|(name, value)| COOKIES.contains(&name.trim()).then(|| value.trim()))
    };
    bearer.or_else(cookie).map(str::to_owned)
}

/// The cookie's name, over TLS and without.
const COOKIES: [&str; 2] = ["__Host-leeward", "leeward"];

#[cfg(test)]
mod tests {
    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request<()> {
        let mut request = Request::builder()
            .uri(PATH)
            .header("host", "chat.example.org")
            .header("connection", "keep-alive, Upgrade")
            .header("upgrade", "websocket")
            .header("sec-websocket-version", "13")
            .header("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==")
            .header("sec-websocket-protocol", "leeward.v1");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).expect("a well-formed request")
    }

    fn refused(config: &NodeConfig, headers: &[(&str, &str)]) -> Option<Code> {
        let (response, agreed) = judge(config, true, &request(headers));
        assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
        agreed.expect("it was upgraded").refuse.map(|refusal| refusal.code)
    }

    #[test]
    fn only_pages_from_here_may_connect() {
        let mut config = NodeConfig::new("unused");
        assert_eq!(refused(&config, &[]), None, "not a browser");
        assert_eq!(refused(&config, &[("origin", "https://chat.example.org")]), None);
        for origin in ["https://evil.example", "null", "https://chat.example.org.evil.example"] {
            assert_eq!(refused(&config, &[("origin", origin)]), Some(Code::BadOrigin), "{origin}");
        }
        config.origins = vec!["https://team.example.org".into()];
        assert_eq!(refused(&config, &[("origin", "https://team.example.org")]), None);
        let other = [("origin", "https://chat.example.org")];
        assert_eq!(refused(&config, &other), Some(Code::BadOrigin));
    }

    #[test]
    fn a_token_comes_by_header_or_by_cookie() {
        let token = |headers: &[(&str, &str)]| super::token(request(headers).headers());
        assert_eq!(token(&[("authorization", "Bearer abc")]).as_deref(), Some("abc"));
        assert_eq!(token(&[("cookie", "theme=dark; leeward=abc")]).as_deref(), Some("abc"));
        assert_eq!(token(&[("cookie", "__Host-leeward=abc")]).as_deref(), Some("abc"));
        assert_eq!(token(&[("cookie", "xleeward=abc"), ("authorization", "Basic abc")]), None);
    }

    #[test]
    fn what_is_no_upgrade_is_refused_by_status() {
        let config = NodeConfig::new("unused");
        let plain = Request::builder().uri(PATH).body(()).expect("a well-formed request");
        let (response, agreed) = judge(&config, true, &plain);
        assert_eq!(response.status(), StatusCode::UPGRADE_REQUIRED);
        assert!(agreed.is_none());
    }
}
