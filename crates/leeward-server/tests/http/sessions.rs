//! Signing in and out: tokens, cookies, guesses, and requests that other pages make.

use crate::api::{PASSWORD, Server};
use crate::client::Client;
use leeward_core::account::Role;
use leeward_core::id::{AccountId, Millis, SessionId};
use leeward_core::seal::Grant;
use serde_json::json;

#[tokio::test]
async fn a_wrong_name_and_a_wrong_password_look_the_same() {
    let server = Server::with_people(&["member"]).await;
    let stranger = server.stranger();
    let ask = |name: &str, password: &str| json!({ "name": name, "password": password });
    let wrong = stranger.post("/api/v1/sign-in", ask("member", "not the password")).await;
    let nobody = stranger.post("/api/v1/sign-in", ask("nobody", "not the password")).await;
    assert_eq!(wrong.refused(401), "wrong_password");
    assert_eq!(wrong.text(), nobody.text());
    stranger.post("/api/v1/sign-in", ask("member", PASSWORD)).await.ok();
}

#[tokio::test]
async fn guessing_is_slowed_down_per_name() {
    let server = Server::with_people(&["member"]).await;
    let guess = json!({ "name": "member", "password": "a guess" });
    let mut last = None;
    for _ in 0..14 {
        last = Some(server.stranger().post("/api/v1/sign-in", guess.clone()).await);
    }
    let last = last.expect("asked");
    assert_eq!(last.refused(429), "rate_limited");
    assert!(last.header("retry-after").parse::<u32>().expect("seconds") >= 1);
}

#[tokio::test]
async fn a_session_is_listed_until_it_is_signed_out() {
    let server = Server::with_people(&["member"]).await;
    let first = server.person("member");
    let ask = json!({ "name": "member", "password": PASSWORD, "device": "phone" });
    let second = server.stranger().post("/api/v1/sign-in", ask).await.ok();
    let second = server.stranger().bearer(second["token"].as_str().expect("a token"));

    let sessions = first.get("/api/v1/sessions").await.ok();
    let phone = sessions.as_array().expect("a list").iter().find(|s| s["device"] == "phone");
    let phone = phone.expect("listed");
    assert_eq!(phone["this"], false);
    second.get("/api/v1/me").await.ok();
    first.delete(&format!("/api/v1/sessions/{}", phone["id"])).await.ok();
    assert_eq!(second.get("/api/v1/me").await.refused(401), "sign_in");
    first.get("/api/v1/me").await.ok();

    let out = first.post("/api/v1/sign-out", json!({})).await;
    out.ok();
    assert!(out.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(first.get("/api/v1/me").await.refused(401), "sign_in");
}

#[tokio::test]
async fn a_forged_expired_or_foreign_token_opens_nothing() {
    let server = Server::with_people(&["member"]).await;
    let token = server.token("member");
    let forged = [
        String::new(),
        "x".to_owned(),
        "A".repeat(4_000),
        format!("{token}A"),
        flip(&token, token.len() - 2),
        flip(&token, 4),
        "🎉".to_owned(),
    ];
    for token in forged.iter().filter(|t| t.is_ascii()) {
        let asked = server.stranger().bearer(token).get("/api/v1/me").await;
        assert_eq!(asked.refused(401), "sign_in", "{token}");
        assert_eq!(asked.header("www-authenticate"), "Bearer");
    }
    let basic = server.stranger().with("authorization", "Basic b3duZXI6cGFzc3dvcmQ=");
    assert_eq!(basic.get("/api/v1/me").await.refused(401), "sign_in");
    let expired = server.node.seal_token(Grant {
        account: AccountId(server.id("member")),
        session: SessionId(1),
        session_epoch: 0,
        role: Role::Member,
        issued: Millis(0),
        expires: Millis(server.node.now().0 - 1),
        lease_ms: 0,
    });
    let late = server.stranger().bearer(&expired).get("/api/v1/me").await;
    assert_eq!(late.refused(401), "sign_in");
    let elsewhere = Server::with_people(&["member"]).await;
    let foreign = elsewhere.stranger().bearer(&token).get("/api/v1/me").await;
    assert_eq!(foreign.refused(401), "sign_in", "another workspace has other keys");
}

fn flip(token: &str, at: usize) -> String {
    let mut bytes = token.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).expect("ASCII")
}

#[tokio::test]
async fn by_cookie_only_our_own_page_writes() {
    let server = Server::with_people(&["member"]).await;
    let cookie = format!("leeward={}", server.token("member"));
    let browser = Client::stranger(server.address).with("cookie", &cookie);
    browser.get("/api/v1/me").await.ok();
    let edit = || json!({ "status": "here" });
    assert_eq!(browser.patch("/api/v1/me", edit()).await.refused(403), "bad_origin");
    for site in ["cross-site", "same-site"] {
        let page = browser.with("sec-fetch-site", site);
        assert_eq!(page.patch("/api/v1/me", edit()).await.refused(403), "bad_origin");
    }
    let evil = browser.with("origin", "http://evil.example");
    assert_eq!(evil.patch("/api/v1/me", edit()).await.refused(403), "bad_origin");
    browser.with("sec-fetch-site", "same-origin").patch("/api/v1/me", edit()).await.ok();
    let origin = format!("http://{}", server.address);
    browser.with("origin", &origin).patch("/api/v1/me", edit()).await.ok();
    let sign_in = json!({ "name": "member", "password": PASSWORD });
    let foreign = server.stranger().with("sec-fetch-site", "cross-site");
    assert_eq!(foreign.post("/api/v1/sign-in", sign_in).await.refused(403), "bad_origin");
}

#[tokio::test]
async fn a_changed_password_signs_every_other_device_out() {
    let server = Server::with_people(&["member"]).await;
    let first = server.person("member");
    let ask = json!({ "name": "member", "password": PASSWORD });
    let second = server.stranger().post("/api/v1/sign-in", ask).await.ok();
    let second = server.stranger().bearer(second["token"].as_str().expect("a token"));
    let wrong = json!({ "current": "not it", "password": "another password" });
    assert_eq!(first.post("/api/v1/me/password", wrong).await.refused(401), "wrong_password");
    let right = json!({ "current": PASSWORD, "password": "another password" });
    first.post("/api/v1/me/password", right).await.ok();
    first.get("/api/v1/me").await.ok();
    assert_eq!(second.get("/api/v1/me").await.refused(401), "sign_in");
    let old = json!({ "name": "member", "password": PASSWORD });
    let old = server.stranger().post("/api/v1/sign-in", old).await;
    assert_eq!(old.refused(401), "wrong_password");
}
