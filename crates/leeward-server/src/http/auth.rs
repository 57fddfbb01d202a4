//! Who asks: a sign-in token in a cookie or a header, a bot token in a header.
//!
//! A browser sends its cookie whichever page makes it ask, so that a write by cookie is let through
//! only when the browser says that the page is ours. A header is never sent by accident.

use super::answer::{Problem, stored};
use super::{App, Http};
use crate::config::Peer;
use crate::node::Actor;
use axum::extract::FromRequestParts;
use axum::response::IntoResponse;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, Method, header};
use leeward_core::account::{Person, Role};
use leeward_core::code::{Code, Refusal};
use leeward_core::id::{AccountId, Millis, SessionId};
use leeward_core::rules;
use leeward_core::seal::Grant;
use leeward_store::{NewAudit, NewSession};
use serde::Serialize;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, Mutex};
use utoipa::ToSchema;

/// How long a sign-in lasts, in milliseconds: 90 days.
const SIGN_IN_MS: u64 = 90 * 24 * 3_600 * 1_000;
/// How exactly "last seen" of a session is kept, in milliseconds.
const SEEN_MS: u64 = 5 * 60 * 1_000;
/// Longest device name kept, in characters.
const DEVICE_CHARS_MAX: usize = 120;

/// Somebody signed in, whoever.
pub(crate) struct Who(pub(crate) Actor);

/// Somebody who may manage accounts.
pub(crate) struct Admin(pub(crate) Actor);

/// Where a request comes from.
pub(crate) struct Source(pub(crate) IpAddr);

impl FromRequestParts<App> for Who {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let actor = match bearer(&parts.headers)? {
            Some(token) => app.node.open_token(token)?,
            None => {
                let secure = app.node.config.secure();
                let token = cookie(&parts.headers, secure).ok_or(Code::SignIn)?;
                let actor = app.node.open_token(token)?;
                let reads = matches!(parts.method, Method::GET | Method::HEAD | Method::OPTIONS);
                if !reads && !from_our_page(&parts.headers, &app.node.config.origins) {
                    return Err(Code::BadOrigin.into());
                }
                actor
            }
        };
        app.seen.note(app, &actor);
        Ok(Self(actor))
    }
}

impl FromRequestParts<App> for Admin {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Who(actor) = Who::from_request_parts(parts, app).await?;
        rules::may_manage_accounts(actor.role)?;
        Ok(Self(actor))
    }
}

impl FromRequestParts<App> for Source {
    type Rejection = Problem;
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if another_page(&parts.headers) {
            return Err(Code::BadOrigin.into());
        }
        let unknown = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
        let direct = parts.extensions.get::<Peer>().map_or(unknown, |peer| peer.address.ip());
        let forwarded = app.node.config.behind_proxy.then(|| forwarded_for(&parts.headers));
        Ok(Self(forwarded.flatten().unwrap_or(direct)))
    }
}

pub(crate) fn forwarded_for(headers: &HeaderMap) -> Option<IpAddr> {
    let last = headers.get_all("x-forwarded-for").iter().next_back()?.to_str().ok()?;
    last.rsplit(',').next()?.trim().parse().ok()
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Problem> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let (scheme, token) =
        value.to_str().ok().and_then(|v| v.split_once(' ')).ok_or(Code::SignIn)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(Code::SignIn.into());
    }
    Ok(Some(token.trim()))
}

/// The name of the cookie: with TLS one that no other host and no plain page can set.
pub(crate) fn cookie_name(secure: bool) -> &'static str {
    if secure { "__Host-leeward" } else { "leeward" }
}

/// The token in the cookie, if there is one.
pub(crate) fn cookie(headers: &HeaderMap, secure: bool) -> Option<&str> {
    let name = cookie_name(secure);
    headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|v| v.to_str().ok())
        .flat_map(|v| v.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| (key == name).then_some(value))
}

/// Whether the browser says that a page served from here asks.
fn from_our_page(headers: &HeaderMap, origins: &[String]) -> bool {
    let text = |name: HeaderName| headers.get(name).and_then(|v| v.to_str().ok());
    match text(HeaderName::from_static("sec-fetch-site")) {
        Some(site) => site == "same-origin" || site == "none",
        None => text(header::ORIGIN).is_some_and(|origin| {
            let host = origin.split_once("://").map(|(_, host)| host);
            origins.iter().any(|ours| ours == origin)
                || host.is_some() && host == text(header::HOST)
        }),
    }
}

/// Whether the browser says that another site's page asks.
fn another_page(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-site").is_some_and(|site| site == "cross-site" || site == "same-site")
}

/// Somebody has come in: who, and by what.
#[derive(Serialize, ToSchema)]
pub(crate) struct SignedIn {
    /// The account.
    account: Person,
    /// The token, for clients that keep no cookie.
    token: String,
}

/// [`SignedIn`], and the cookie for browsers.
pub(crate) struct WithCookie(SignedIn, HeaderValue);

impl IntoResponse for WithCookie {
    fn into_response(self) -> axum::response::Response {
        ([(header::SET_COOKIE, self.1)], super::answer::Json(self.0)).into_response()
    }
}

impl Http {
    /// Begins a session of this account on this device.
    pub(crate) async fn begin_session(
        &self,
        account: Person,
        device: Option<&str>,
    ) -> Result<WithCookie, Problem> {
        let at = self.node.now();
        let expires_at = Millis(at.0 + SIGN_IN_MS);
        let device = device.unwrap_or("unnamed").chars().take(DEVICE_CHARS_MAX).collect();
        let new = NewSession { account: account.id, device, at, expires_at };
        let session = stored(self.node.store.create_session(new).await)?;
        let token = self.node.seal_token(Grant {
            account: account.id,
            session: session.id,
            session_epoch: 0,
            role: session.role,
            issued: at,
            expires: expires_at,
            lease_ms: 0,
        });
        let cookie = self.cookie(&token, SIGN_IN_MS / 1_000);
        Ok(WithCookie(SignedIn { account, token }, cookie))
    }

    /// The header that makes a browser forget its token.
    pub(crate) fn no_cookie(&self) -> HeaderValue {
        self.cookie("", 0)
    }

    fn cookie(&self, token: &str, max_age_s: u64) -> HeaderValue {
        let secure = self.node.config.secure();
        let name = cookie_name(secure);
        let secure = if secure { "; Secure" } else { "" };
        let cookie =
            format!("{name}={token}; Path=/; HttpOnly; SameSite=Lax; Max-Age={max_age_s}{secure}");
        HeaderValue::from_str(&cookie).expect("a token is of base64url characters")
    }

    /// Notes an administrative act. It has been done: a failure is logged, not answered.
    pub(crate) async fn audit(
        &self,
        by: &Actor,
        action: &str,
        subject: impl Into<String>,
        detail: impl Into<String>,
    ) {
        let entry = NewAudit {
            at: self.node.now(),
            by: Some(by.account),
            action: action.to_owned(),
            subject: subject.into(),
            detail: detail.into(),
        };
        if let Err(e) = self.node.store.audit(entry).await {
            tracing::warn!("{action} is missing in the audit log: {e}");
        }
    }

    /// The person behind an account that exists.
    pub(crate) fn person(&self, account: AccountId) -> Result<Person, Problem> {
        self.node.accounts.person(account).ok_or_else(|| Code::NotFound.into())
    }
}

/// Refuses guests.
pub(crate) fn not_guest(actor: &Actor) -> Result<(), Problem> {
    if actor.role >= Role::Member {
        return Ok(());
    }
    Err(Refusal::because(Code::Forbidden, "guests may not do this").into())
}

/// When each session was last heard of, written down now and then.
#[derive(Default)]
pub(crate) struct Seen {
    noted: Mutex<HashMap<SessionId, Millis>>,
}

/// Sessions remembered before those not heard of lately are forgotten.
const SEEN_MAX: usize = 100_000;

impl Seen {
    fn note(&self, app: &App, actor: &Actor) {
        let Some(session) = actor.session else { return };
        let now = app.node.now();
        {
            let mut noted = self.noted.lock().expect("nothing panics while it holds this lock");
            if noted.get(&session).is_some_and(|at| now.0 < at.0 + SEEN_MS) {
                return;
            }
            if noted.len() >= SEEN_MAX {
                noted.retain(|_, at| now.0 < at.0 + SEEN_MS);
            }
            noted.insert(session, now);
        }
        let app = Arc::clone(app);
        tokio::spawn(async move {
            if let Err(e) = app.node.store.touch_sessions(vec![(session, now)]).await {
                tracing::debug!("the time a session was seen is not kept: {e}");
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        let value = |v: &str| HeaderValue::from_str(v).expect("a header");
        pairs.iter().map(|(k, v)| (HeaderName::from_static(k), value(v))).collect()
    }

    #[test]
    fn a_cookie_is_found_among_others() {
        let jar = headers(&[("cookie", "a=1; leeward=abc; b=2")]);
        assert_eq!(cookie(&jar, false), Some("abc"));
        assert_eq!(cookie(&jar, true), None, "under TLS only the __Host- cookie counts");
    }

    #[test]
    fn only_our_own_page_writes_by_cookie() {
        let ours = ["https://chat.example.org".to_owned()];
        let yes = |pairs: &[(&'static str, &str)]| from_our_page(&headers(pairs), &ours);
        assert!(yes(&[("sec-fetch-site", "same-origin")]));
        assert!(yes(&[("sec-fetch-site", "none")]));
        assert!(!yes(&[("sec-fetch-site", "cross-site"), ("origin", "https://chat.example.org")]));
        assert!(!yes(&[("sec-fetch-site", "same-site")]));
        assert!(yes(&[("origin", "https://chat.example.org")]));
        assert!(yes(&[("origin", "http://127.0.0.1:8080"), ("host", "127.0.0.1:8080")]));
        assert!(!yes(&[("origin", "http://evil.example"), ("host", "127.0.0.1:8080")]));
        assert!(!yes(&[("origin", "null"), ("host", "127.0.0.1:8080")]));
        assert!(!yes(&[]));
    }

    #[test]
    fn the_proxys_own_word_is_the_last_address() {
        let hops = headers(&[("x-forwarded-for", "203.0.113.9, 198.51.100.7")]);
        assert_eq!(forwarded_for(&hops), "198.51.100.7".parse().ok());
    }
}
