//! Incoming webhooks: what Slack takes, as Slack takes it.

use crate::api::Server;
use crate::client::Client;
use http::Method;
use serde_json::{Value, json};

async fn hook(server: &Server) -> (Client, String) {
    let owner = server.person("owner");
    let hooks = format!("/api/v1/rooms/{}/hooks", server.lobby);
    let made = owner.post(&hooks, json!({ "name": "ci" })).await.ok();
    (owner, made["path"].as_str().expect("a path").to_owned())
}

async fn last(owner: &Client, server: &Server) -> Value {
    let page = owner.get(&format!("/api/v1/rooms/{}/lines?limit=1", server.lobby)).await.ok();
    page["lines"][0].clone()
}

#[tokio::test]
async fn a_payload_becomes_a_message_under_its_own_name() {
    let server = Server::with_people(&[]).await;
    let (owner, path) = hook(&server).await;
    let payload =
        json!({ "text": "Build *passed* <https://ci.example/1|#1>", "icon_emoji": ":x:" });
    let sent = server.stranger().post(&path, payload).await;
    assert_eq!((sent.status.as_u16(), sent.text().as_str()), (200, "ok"));
    let line = last(&owner, &server).await;
    assert_eq!(line["text"], "Build **passed** [\\#1](<https://ci.example/1>)");
    assert_eq!(line["name"], "ci");
    let form = "payload=%7B%22text%22%3A%22from+a+form%22%2C%22username%22%3A%22deploy%22%7D";
    let form = server
        .stranger()
        .with("content-type", "application/x-www-form-urlencoded")
        .send(Method::POST, &path, form)
        .await;
    assert_eq!(form.text(), "ok");
    let line = last(&owner, &server).await;
    assert_eq!((&line["text"], &line["name"]), (&json!("from a form"), &json!("deploy")));
}

#[tokio::test]
async fn a_payload_sent_twice_under_one_key_is_posted_once() {
    let server = Server::with_people(&[]).await;
    let (owner, path) = hook(&server).await;
    let keyed = server.stranger().with("x-idempotency-key", "build 42 / passed");
    for _ in 0..2 {
        keyed.post(&path, json!({ "text": "only once" })).await;
    }
    let events = owner.get(&format!("/api/v1/rooms/{}/events", server.lobby)).await;
    assert_eq!(events.text().matches("only once").count(), 1);
}

#[tokio::test]
async fn what_is_no_payload_is_refused() {
    let server = Server::with_people(&[]).await;
    let (_, path) = hook(&server).await;
    let stranger = server.stranger();
    assert_eq!(stranger.post(&path, json!({})).await.refused(422), "bad_request");
    assert_eq!(stranger.post(&path, json!({ "text": " " })).await.refused(422), "bad_request");
    assert_eq!(stranger.post(&path, json!({ "text": [1] })).await.refused(400), "bad_request");
    assert_eq!(stranger.send(Method::POST, &path, "x").await.refused(415), "unsupported");
    let wrong = "/hooks/0123456789abcdef0123456789abcdef";
    assert_eq!(stranger.post(wrong, json!({ "text": "x" })).await.refused(404), "not_found");
    let long = json!({ "text": "x".repeat(600 * 1024) });
    assert_eq!(stranger.post(&path, long).await.refused(413), "too_long");
}

#[tokio::test]
async fn a_text_that_is_too_long_is_cut_and_not_lost() {
    let server = Server::with_people(&[]).await;
    let (owner, path) = hook(&server).await;
    server.stranger().post(&path, json!({ "text": "ä".repeat(40_000) })).await;
    let text = last(&owner, &server).await["text"].as_str().expect("a text").to_owned();
    assert!(text.len() <= 32 * 1024 && text.ends_with('…'), "{} bytes", text.len());
}

#[tokio::test]
async fn a_hook_that_was_ended_takes_nothing_and_floods_are_slowed() {
    let server = Server::with_people(&[]).await;
    let (owner, path) = hook(&server).await;
    let mut refused = None;
    for n in 0..40 {
        let sent = server.stranger().post(&path, json!({ "text": format!("{n}") })).await;
        if sent.status.as_u16() != 200 {
            refused = Some(sent);
            break;
        }
    }
    assert_eq!(refused.expect("slowed down").refused(429), "rate_limited");
    let hooks = format!("/api/v1/rooms/{}/hooks", server.lobby);
    let id = owner.get(&hooks).await.ok()[0]["id"].clone();
    owner.delete(&format!("{hooks}/{id}")).await.ok();
    let sent = server.stranger().post(&path, json!({ "text": "late" })).await;
    assert_eq!(sent.refused(404), "not_found");
}
