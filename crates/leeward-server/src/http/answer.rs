//! What comes in and goes out: JSON bodies, paths and queries read into types, and every refusal in
//! one form, whoever made it: a route, the store, or the router itself.

use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use bytes::{Bytes, BytesMut};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body_util::BodyExt;
use leeward_core::code::{Code, Refusal};
use leeward_store::StoreError;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::time::Duration;

/// Largest JSON body, in bytes: the longest message with every byte escaped, and its envelope.
pub(crate) const JSON_BYTES_MAX: usize = 256 * 1024;

/// A refusal as an HTTP answer.
#[derive(Debug)]
pub(crate) struct Problem {
    refusal: Refusal,
    /// Where the protocol's own table has no code for the status, such as 405.
    status: Option<StatusCode>,
}

/// What a route answers.
pub(crate) type Answer<T> = Result<Json<T>, Problem>;

impl Problem {
    /// The request is not of the documented form; `message` says where.
    pub(crate) fn bad(message: impl Into<String>) -> Self {
        Refusal::because(Code::BadRequest, message).into()
    }

    /// What the rules refuse of a request that is of the documented form. The protocol has one code
    /// for both; HTTP has a status for each.
    pub(crate) fn by_rule(refusal: impl Into<Refusal>) -> Self {
        let refusal = refusal.into();
        let status = (refusal.code == Code::BadRequest).then_some(StatusCode::UNPROCESSABLE_ENTITY);
        Self { refusal, status }
    }

    /// Why.
    pub(crate) fn code(&self) -> Code {
        self.refusal.code
    }

    /// A refusal under another status than its code has.
    pub(crate) fn with_status(refusal: impl Into<Refusal>, status: StatusCode) -> Self {
        Self { refusal: refusal.into(), status: Some(status) }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self { refusal, status: None }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Refusal::new(code).into()
    }
}

impl From<Problem> for Refusal {
    fn from(problem: Problem) -> Self {
        problem.refusal
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status.unwrap_or_else(|| {
            StatusCode::from_u16(self.refusal.code.http())
                .expect("the table of codes holds three-digit statuses")
        });
        let mut response = (status, Json(&self.refusal)).into_response();
        let headers = response.headers_mut();
        if let Some(after_ms) = self.refusal.after_ms {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(after_ms.div_ceil(1_000)));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

/// A JSON body, in either direction.
pub(crate) struct Json<T>(pub(crate) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => {
                let json = HeaderValue::from_static("application/json");
                ([(header::CONTENT_TYPE, json)], body).into_response()
            }
            Err(e) => {
                tracing::error!("an answer cannot be written as JSON: {e}");
                StatusCode::INTERNAL_SERVER_ERROR.into_response()
            }
        }
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;
    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        if !media_type(request.headers()).is_some_and(is_json) {
            return Err(Refusal::because(
                Code::Unsupported,
                "the body must be JSON, and the header content-type: application/json",
            )
            .into());
        }
        let body = whole_body(request, JSON_BYTES_MAX).await?;
        parse(&body).map(Self)
    }
}

/// Reads JSON bytes into a type.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // Serde would also take a list of the values of an object.
    if !body.trim_ascii_start().starts_with(b"{") {
        return Err(Problem::bad("the body does not fit: it is no JSON object"));
    }
    serde_json::from_slice(body).or_else(|e| {
        // To JSON, 7.0 is the integer 7.
        let whole = serde_json::from_slice(body).ok().map(with_integers);
        let again = whole.and_then(|value| serde_json::from_value(value).ok());
        again.ok_or_else(|| unfit("the body", &e.to_string()))
    })
}

fn with_integers(value: Value) -> Value {
    match value {
        Value::Number(n) => match n.as_f64() {
            Some(f) if n.is_f64() && f.fract() == 0.0 && f.abs() < (1u64 << 53) as f64 => {
                json!(f as i64)
            }
            Some(_) | None => Value::Number(n),
        },
        Value::Array(items) => items.into_iter().map(with_integers).collect(),
        Value::Object(fields) => {
            Value::Object(fields.into_iter().map(|(k, v)| (k, with_integers(v))).collect())
        }
        Value::Null | Value::Bool(_) | Value::String(_) => value,
    }
}

/// What is to be said of something that could not be read.
fn unfit(what: &str, why: &str) -> Problem {
    let code = if why.contains(TOO_LONG) { Code::TooLong } else { Code::BadRequest };
    Refusal::because(code, format!("{what} does not fit: {why}")).into()
}

/// What the error of a text says that is longer than its limit.
pub(crate) const TOO_LONG: &str = "longer than its limit";

/// The media type of a body, without its parameters.
pub(crate) fn media_type(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next().unwrap_or_default().trim())
}

fn is_json(media_type: &str) -> bool {
    let lower = media_type.to_ascii_lowercase();
    lower == "application/json" || (lower.starts_with("application/") && lower.ends_with("+json"))
}

/// A body of at most `bytes_max`, whole.
pub(crate) async fn whole_body(request: Request, bytes_max: usize) -> Result<Bytes, Problem> {
    let too_big = || {
        Problem::from(Refusal::because(
            Code::TooLong,
            format!("the body is larger than {bytes_max} bytes"),
        ))
    };
    let announced = request.headers().get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|v| v.to_str().ok()).and_then(|v| v.parse::<u64>().ok());
    let mut body = request.into_body();
    if announced.is_some_and(|n| n > bytes_max as u64) {
        drain(body).await;
        return Err(too_big());
    }
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let piece = frame.map_err(|_| Problem::bad("the body ended early"))?;
        let piece = piece.into_data().unwrap_or_default();
        if whole.len() + piece.len() > bytes_max {
            drain(body).await;
            return Err(too_big());
        }
        whole.extend_from_slice(&piece);
    }
    Ok(whole.freeze())
}

/// Reads the rest of a refused body, within reason: a connection closed over unread bytes is reset,
/// and whoever sent them never reads why.
pub(crate) async fn drain(mut body: Body) {
    let rest = async {
        let mut left = DRAINED_BYTES_MAX;
        while let Some(Ok(frame)) = body.frame().await {
            let length = frame.data_ref().map_or(0, Bytes::len);
            if length > left {
                return;
            }
            left -= length;
        }
    };
    // Longer is not waited: then the reset is what the sender gets.
    let _ = tokio::time::timeout(DRAINED_WITHIN, rest).await;
}

/// How much of a refused body is read, in bytes: twice the largest piece of an upload.
const DRAINED_BYTES_MAX: usize = 16 * 1024 * 1024;
/// For how long a refused body is read.
const DRAINED_WITHIN: Duration = Duration::from_secs(5);

/// The variables of a path.
pub(crate) struct Path<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match axum::extract::Path::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(e @ PathRejection::FailedToDeserializePathParams(_)) => {
                Err(unfit("the path", &e.body_text()))
            }
            Err(e) => Err(Problem::bad(e.body_text())),
        }
    }
}

/// The variables of a query.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Params<T> {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        axum::extract::Query::from_request_parts(parts, state)
            .await
            .map(|axum::extract::Query(params)| Self(params))
            .map_err(|e: QueryRejection| unfit("the query", &e.body_text()))
    }
}

/// Any id in a path or a body: an integer from 1 to 2^53 - 1.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(try_from = "u64")]
#[schema(value_type = u64, minimum = 1, maximum = 9_007_199_254_740_991u64, example = 1)]
pub(crate) struct Id(pub(crate) u64);

impl TryFrom<u64> for Id {
    type Error = &'static str;
    fn try_from(n: u64) -> Result<Self, Self::Error> {
        if (1..1 << 53).contains(&n) { Ok(Self(n)) } else { Err("an id is from 1 to 2^53 - 1") }
    }
}

macro_rules! from_id {
    ($($name:ident),*) => {
        $(impl From<Id> for leeward_core::id::$name {
            fn from(id: Id) -> Self {
                Self(id.0)
            }
        })*
    };
}
from_id!(AccountId, RoomId, FileId, SessionId, Seq);

/// The store's failures, in the protocol's words.
pub(crate) fn stored<T>(result: Result<T, StoreError>) -> Result<T, Problem> {
    result.map_err(|e| {
        if let StoreError::Corrupt(what) = &e {
            tracing::error!("the database is damaged: {what}");
        }
        Refusal::from(e).into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize, PartialEq, Debug)]
    struct Asked {
        id: Id,
    }

    #[test]
    fn an_integer_may_be_written_with_a_point() {
        let parsed = |body: &str| parse::<Asked>(body.as_bytes()).ok();
        assert_eq!(parsed(r#"{"id":7}"#), Some(Asked { id: Id(7) }));
        assert_eq!(parsed(r#" {"id":7.0}"#), Some(Asked { id: Id(7) }));
        assert_eq!(parsed(r#"{"id":7.5}"#), None);
        assert_eq!(parsed(r#"{"id":0}"#), None);
        assert_eq!(parsed(r#"{"id":-7.0}"#), None);
        assert_eq!(parsed(r#"{"id":1e300}"#), None);
    }

    #[test]
    fn a_list_is_not_an_object() {
        assert!(parse::<Asked>(b"[7]").is_err());
    }
}
