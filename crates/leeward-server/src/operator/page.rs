//! The console: one page, made of the files in `console/`, that asks nobody but this listener.
//!
//! Its policy lets in nothing from elsewhere and no script but its own, which carries a number that is
//! another in each answer.

use axum::body::Body;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderValue, Response, StatusCode};
use std::sync::LazyLock;

/// The page, but for its number.
static PAGE: LazyLock<String> = LazyLock::new(|| {
    let script = [
        include_str!("../../console/words.js"),
        include_str!("../../console/plots.js"),
        include_str!("../../console/panels.js"),
        include_str!("../../console/hand.js"),
        include_str!("../../console/main.js"),
    ];
    let script = format!("\"use strict\";\n{}", script.join("\n"));
    include_str!("../../console/page.html")
        .replace("{{style}}", include_str!("../../console/page.css"))
        .replace("{{script}}", &script)
});

/// The page, with a number of its own.
pub(super) fn page(random: &[u8]) -> Response<Body> {
    let nonce: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'"
    );
    let mut response = Response::new(Body::from(PAGE.replace("{{nonce}}", &nonce)));
    *response.status_mut() = StatusCode::OK;
    let headers = response.headers_mut();
    let policy = HeaderValue::try_from(policy).expect("it is made of visible letters");
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    let fixed: [(HeaderName, &str); 5] = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CACHE_CONTROL, "no-store"),
        (REFERRER_POLICY, "no-referrer"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a page may weigh, so that it comes through when little else does.
    const PAGE_BYTES_MAX: usize = 60_000;

    #[test]
    fn the_page_is_light_and_whole_and_asks_for_nothing_elsewhere() {
        assert!(PAGE.len() < PAGE_BYTES_MAX, "{} bytes", PAGE.len());
        assert!(!PAGE.contains("{{style}}") && !PAGE.contains("{{script}}"));
        let links = PAGE
            .match_indices("http")
            .filter(|(at, _)| !PAGE[*at..].starts_with("http://www.w3.org/2000/svg"));
        assert_eq!(links.count(), 0);
        for sink in ["innerHTML", "outerHTML", "document.write", "eval(", " style=\"", "onclick=\""]
        {
            assert!(!PAGE.contains(sink), "{sink}");
        }
    }

    #[test]
    fn no_two_answers_have_the_same_number() {
        let policies = [[1, 2], [3, 4]].map(|random: [u8; 2]| {
            page(&random).headers()[CONTENT_SECURITY_POLICY].to_str().map(str::to_owned)
        });
        let [Ok(one), Ok(other)] = policies else { panic!("policies are text") };
        assert!(one.contains("'nonce-0102'"), "{one}");
        assert_ne!(one, other);
        assert!(!one.contains("unsafe"));
    }
}
