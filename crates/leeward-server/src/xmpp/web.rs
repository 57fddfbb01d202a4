//! XMPP over the web's own port: a WebSocket (RFC 7395).

use crate::conn::Opening;
use crate::upgrade::{Agreed, accept};
use axum::body::Body;
use http::{Request, Response};

/// Where a WebSocket for XMPP is asked for.
pub(crate) const SOCKET_PATH: &str = "/xmpp-websocket";
/// Where requests of BOSH go.
pub(crate) const BOSH_PATH: &str = "/http-bind";

/// Judges a request for a WebSocket. No cookie counts here, so that any page may ask: whoever has the
/// password may come in.
pub(crate) fn judge<B>(ready: bool, request: &Request<B>) -> (Response<Body>, Option<Agreed>) {
    let (response, accepted) = accept(request, &["xmpp"], false);
    if accepted.is_none() {
        return (response, None);
    }
    // RFC 7395, section 3.1: whoever does not name it may mean something else.
    if !response.headers().contains_key(http::header::SEC_WEBSOCKET_PROTOCOL) {
        let words = "this address speaks the subprotocol xmpp\n";
        return (crate::door::text(http::StatusCode::BAD_REQUEST, words), None);
    }
    // Said before anything is spoken: a stream that never opens is waited for by some for ever.
    if !ready {
        return (crate::door::text(http::StatusCode::SERVICE_UNAVAILABLE, "not ready\n"), None);
    }
    let opening = Opening::new(None);
    (response, Some(Agreed { opening, deflate: false, refuse: None, xmpp: true, from: None }))
}
