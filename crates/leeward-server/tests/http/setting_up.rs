//! Setting up: the one-time link, and what stands there afterwards.

use crate::api::{SETUP_TOKEN, Server, owner_account};
use serde_json::json;

#[tokio::test]
async fn a_fresh_server_waits_to_be_set_up_and_then_no_more() {
    let server = Server::fresh();
    let stranger = server.stranger();
    let before = stranger.get("/api/v1/workspace").await.ok();
    assert_eq!(before["needs_setup"], true);
    assert_eq!(stranger.get("/api/v1/me").await.refused(401), "sign_in");

    let made = stranger.post("/api/v1/setup", owner_account()).await;
    let token = made.ok()["token"].as_str().expect("a token").to_owned();
    assert!(made.header("set-cookie").starts_with("leeward="));
    assert!(made.header("set-cookie").contains("HttpOnly; SameSite=Lax"));

    let after = stranger.get("/api/v1/workspace").await.ok();
    assert_eq!(after["needs_setup"], false);
    assert_eq!(after["name"], "The workspace");
    let again = stranger.post("/api/v1/setup", owner_account()).await;
    assert_eq!(again.refused(409), "conflict");

    let owner = stranger.bearer(&token);
    let me = owner.get("/api/v1/me").await.ok();
    assert_eq!(me["me"]["role"], "owner");
    assert_eq!(me["rooms"][0]["name"], "lobby");
    let lobby = me["rooms"][0]["id"].as_u64().expect("an id");
    let pins = owner.get(&format!("/api/v1/rooms/{lobby}/pins")).await.ok();
    assert!(pins[0]["text"].as_str().expect("a text").contains("Welcome to The workspace"));
}

#[tokio::test]
async fn only_the_printed_link_sets_up() {
    let server = Server::fresh();
    let mut account = owner_account();
    account["token"] = json!("0000000000000000000000000000000000");
    assert_eq!(server.stranger().post("/api/v1/setup", account).await.refused(401), "sign_in");
    let mut account = owner_account();
    account["password"] = json!("short");
    let short = server.stranger().post("/api/v1/setup", account).await;
    assert_eq!(short.refused(400), "bad_request");
    assert!(!short.text().contains(SETUP_TOKEN), "a refusal repeats no secret");
}
