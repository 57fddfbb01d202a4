//! The headers every answer carries, and the time an answer may take.

use super::answer::Problem;
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use leeward_core::code::{Code, Refusal};
use std::time::Duration;

/// What a page of the web client may load: itself, from here, and nothing else.
pub(crate) const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; \
    worker-src 'self'; manifest-src 'self'; frame-src 'self' blob:; base-uri 'none'; \
    form-action 'self'; frame-ancestors 'none'";
/// What an answer that is not a page may load: nothing.
const DATA_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'none'";
/// Features of the browser that no page here uses.
const FEATURES: &str = "accelerometer=(), camera=(), display-capture=(), geolocation=(), \
    gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";
/// How long a route may take before it answers: longer than any honest answer, shorter than the
/// patience of a proxy (60 s in most).
const ANSWER_WITHIN: Duration = Duration::from_secs(50);
/// How long one piece of an upload may take: 8 MiB at 15 KiB a second.
const UPLOAD_WITHIN: Duration = Duration::from_secs(600);

/// Adds what is missing of the headers that keep a browser from being used against its owner.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    let api =
        request.uri().path().starts_with("/api/") || request.uri().path().starts_with("/hooks/");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let mut add = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    add(header::CONTENT_SECURITY_POLICY, DATA_POLICY);
    add(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    add(header::REFERRER_POLICY, "same-origin");
    add(HeaderName::from_static("permissions-policy"), FEATURES);
    add(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    add(HeaderName::from_static("cross-origin-resource-policy"), "same-origin");
    if api {
        add(header::CACHE_CONTROL, "no-store");
    }
    response
}

/// Ends a request that takes too long, with advice.
pub(crate) async fn deadline(request: Request, next: Next) -> Response {
    let within = if request.method() == Method::PATCH { UPLOAD_WITHIN } else { ANSWER_WITHIN };
    match tokio::time::timeout(within, next.run(request)).await {
        Ok(response) => response,
        Err(_) => {
            let refusal = Refusal::because(Code::StoreBusy, "no answer was ready in time");
            Problem::with_status(refusal, StatusCode::SERVICE_UNAVAILABLE).into_response()
        }
    }
}
