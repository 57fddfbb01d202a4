//! The description of the API: OpenAPI 3.1, made from the routes themselves, and a page to browse it.

use super::App;
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use bytes::Bytes;
use http::header;
use leeward_core::code::{Code, Refusal};
use leeward_core::limits;
use serde_json::{Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{
    Components, Content, Info, OpenApi, OpenApiBuilder, PathItem, Ref, RefOr,
    Response as Documented, ResponseBuilder, SecurityRequirement,
};
use utoipa::{PartialSchema, ToSchema};

const PAGE: &str = include_str!("docs.html");
const SCRIPT: &str = include_str!("docs.js");
const STYLE: &str = include_str!("docs.css");

/// What stands above the routes.
pub(super) fn preamble() -> OpenApi {
    let mut info = Info::new("Leeward", env!("CARGO_PKG_VERSION"));
    info.description = Some(ABOUT.to_owned());
    let mut components = Components::new();
    components.schemas.insert(Refusal::name().into_owned(), Refusal::schema());
    let mut more = Vec::new();
    Refusal::schemas(&mut more);
    components.schemas.extend(more);
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new("leeward"));
    components.add_security_scheme("cookie", SecurityScheme::ApiKey(cookie));
    let nothing: [&str; 0] = [];
    OpenApiBuilder::new()
        .info(info)
        .components(Some(components))
        .security(Some([
            SecurityRequirement::new("token", nothing),
            SecurityRequirement::new("cookie", nothing),
        ]))
        .build()
}

const ABOUT: &str = "Everything a person can do, over HTTP. Live events come by WebSocket at \
`/api/v1/live`; see `docs/protocol.md`.

Sign in with a token in the header `authorization: Bearer`, from `/sign-in` or made for a bot. Whatever \
is refused is answered with a `Refusal`: a code, the same in words, and what to do about it. `retry` \
comes with a time in `after_ms` and in the header `retry-after`.";

/// Says of the protocol's own types what their limits are: the core has them as checks, not as types.
fn with_limits(document: &OpenApi) -> Value {
    let mut document = serde_json::to_value(document).expect("the document is plain data");
    let schemas = &mut document["components"]["schemas"];
    let codes: Vec<_> = Code::ALL.iter().map(|code| code.as_str()).collect();
    schemas["Code"]["enum"] = json!(codes);
    for id in ["AccountId", "RoomId", "FileId", "SessionId", "Seq", "Epoch"] {
        schemas[id]["maximum"] = json!((1u64 << 53) - 1);
    }
    for draft in schemas["Draft"]["oneOf"].as_array_mut().into_iter().flatten() {
        draft["additionalProperties"] = json!(false);
        let fields = &mut draft["properties"];
        if fields["text"].is_object() {
            fields["text"]["maxLength"] = json!(limits::TEXT_BYTES_MAX);
            fields["text"]["pattern"] = json!(r"^[^\u0000]*$");
        }
        if fields["files"].is_object() {
            fields["files"]["maxItems"] = json!(limits::FILES_PER_MESSAGE_MAX);
        }
        if fields["emoji"].is_object() {
            fields["emoji"]["maxLength"] = json!(limits::EMOJI_BYTES_MAX);
            fields["emoji"]["pattern"] = json!(r"^[^\s\u0000-\u001f\u007f-\u009f:<>&]+$");
        }
    }
    document
}

/// Adds to every operation what every operation may answer.
fn completed(mut document: OpenApi) -> OpenApi {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            let too_long = ResponseBuilder::new()
                .description("the address and the headers are longer than 16 KiB; no body");
            let too_long = RefOr::T(too_long.build());
            operation.responses.responses.entry("431".to_owned()).or_insert(too_long);
            for (status, about) in [
                ("4XX", "refused: the code says why"),
                ("5XX", "not done: come back after the time given"),
            ] {
                let refusal = RefOr::T(refused(about));
                operation.responses.responses.entry(status.to_owned()).or_insert(refusal);
            }
        }
    }
    document
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut utoipa::openapi::path::Operation> {
    [
        item.get.as_mut(),
        item.put.as_mut(),
        item.post.as_mut(),
        item.delete.as_mut(),
        item.patch.as_mut(),
        item.head.as_mut(),
    ]
    .into_iter()
    .flatten()
}

fn refused(about: &str) -> Documented {
    let refusal = Content::new(Some(Ref::from_schema_name(Refusal::name())));
    ResponseBuilder::new().description(about).content("application/json", refusal).build()
}

/// The document and its page.
pub(super) fn routes(document: OpenApi) -> Router<App> {
    let json = Bytes::from(with_limits(&completed(document)).to_string());
    Router::new()
        .route("/api/v1/openapi.json", get(move || file("application/json", json.clone())))
        .route("/api/docs", get(page))
        .route("/api/docs/docs.js", get(|| text("text/javascript; charset=utf-8", SCRIPT)))
        .route("/api/docs/docs.css", get(|| text("text/css; charset=utf-8", STYLE)))
}

fn file(mime: &'static str, body: Bytes) -> std::future::Ready<Response> {
    std::future::ready(([(header::CONTENT_TYPE, mime)], body).into_response())
}

fn text(mime: &'static str, body: &'static str) -> std::future::Ready<Response> {
    file(mime, Bytes::from_static(body.as_bytes()))
}

fn page() -> std::future::Ready<Response> {
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, super::PAGE_POLICY),
    ];
    std::future::ready((headers, PAGE).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    fn document() -> Value {
        let document = super::super::routes().into_openapi();
        with_limits(&completed(document))
    }

    fn each(document: &serde_json::Value) -> Vec<(String, serde_json::Value)> {
        let paths = document["paths"].as_object().expect("paths");
        paths
            .iter()
            .flat_map(|(path, item)| {
                let item = item.as_object().expect("operations").clone();
                item.into_iter().map(move |(method, op)| (format!("{method} {path}"), op))
            })
            .collect()
    }

    #[test]
    fn every_operation_has_a_name_of_its_own_and_says_how_it_refuses() {
        let document = document();
        let mut names = BTreeMap::new();
        for (which, operation) in each(&document) {
            let name = operation["operationId"].as_str().expect(&which).to_owned();
            assert!(operation["summary"].is_string(), "{which} has no summary");
            assert!(operation["tags"].is_array(), "{which} has no subject");
            for status in ["4XX", "5XX"] {
                assert!(operation["responses"][status].is_object(), "{which} lacks {status}");
            }
            let twin = names.insert(name, which.clone());
            assert!(twin.is_none(), "{which} is called like {twin:?}");
        }
        assert!(names.len() > 50, "{} operations", names.len());
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let text = document.to_string();
        for reference in text.split("\"#/components/schemas/").skip(1) {
            let name = reference.split('"').next().expect("a name");
            assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
        }
    }

    #[test]
    fn it_says_which_version_of_openapi_it_is() {
        assert_eq!(document()["openapi"], "3.1.0");
    }
}
