//! Accounts: invites, roles, bots, disabling, and the log of all that.

use crate::api::{PASSWORD, Server};
use serde_json::json;

#[tokio::test]
async fn an_invite_makes_as_many_accounts_as_it_says() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let made = owner.post("/api/v1/invites", json!({ "note": "a test" })).await.ok();
    let token = made["token"].as_str().expect("a token");
    let path = format!("/api/v1/invites/by-token/{token}");
    let seen = server.stranger().get(&path).await.ok();
    assert_eq!(seen["workspace"], "The workspace");
    assert_eq!(seen["rooms"], json!(["lobby"]));
    let accept = |name: &str| json!({ "name": name, "password": PASSWORD });
    let path = format!("{path}/accept");
    let without = server.stranger().post(&path, json!({ "name": "member" })).await;
    assert_eq!(without.refused(422), "bad_request");
    let taken = server.stranger().post(&path, accept("owner")).await;
    assert_eq!(taken.refused(409), "conflict");
    server.stranger().post(&path, accept("member")).await.ok();
    let used_up = server.stranger().post(&path, accept("another")).await;
    assert_eq!(used_up.refused(404), "not_found");
    let wrong = server.stranger().get("/api/v1/invites/by-token/0123456789abcdef0123").await;
    assert_eq!(wrong.refused(404), "not_found");
}

#[tokio::test]
async fn a_revoked_invite_opens_nothing() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let made = owner.post("/api/v1/invites", json!({ "uses_max": 5 })).await.ok();
    owner.delete(&format!("/api/v1/invites/{}", made["invite"]["id"])).await.ok();
    let path = format!("/api/v1/invites/by-token/{}", made["token"].as_str().expect("a token"));
    assert_eq!(server.stranger().get(&path).await.refused(404), "not_found");
    assert_eq!(owner.get("/api/v1/invites").await.ok(), json!([]));
}

#[tokio::test]
async fn members_do_not_manage_accounts() {
    let server = Server::with_people(&["member", "another"]).await;
    let member = server.person("member");
    let (me, other) = (server.id("member"), server.id("another"));
    let forbidden = [
        member.get("/api/v1/invites").await,
        member.post("/api/v1/invites", json!({})).await,
        member.post("/api/v1/bots", json!({ "name": "bot" })).await,
        member.get("/api/v1/audit").await,
        member.patch(&format!("/api/v1/people/{other}"), json!({ "disabled": true })).await,
        member.patch(&format!("/api/v1/people/{me}"), json!({ "role": "owner" })).await,
        member.patch("/api/v1/workspace", json!({ "name": "Mine" })).await,
        member.post("/api/v1/load", json!({ "accounts": 1, "room_size": 1 })).await,
    ];
    for answer in forbidden {
        assert_eq!(answer.refused(403), "forbidden");
    }
}

#[tokio::test]
async fn somebody_disabled_is_out_at_once_and_may_be_let_in_again() {
    let server = Server::with_people(&["member"]).await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let path = format!("/api/v1/people/{}", server.id("member"));
    owner.patch(&path, json!({ "disabled": true })).await.ok();
    assert!(matches!(member.get("/api/v1/me").await.status.as_u16(), 401 | 403));
    let ask = json!({ "name": "member", "password": PASSWORD });
    let refused = server.stranger().post("/api/v1/sign-in", ask.clone()).await;
    assert_eq!(refused.refused(403), "banned");
    owner.patch(&path, json!({ "disabled": false })).await.ok();
    server.stranger().post("/api/v1/sign-in", ask).await.ok();
    let log = owner.get("/api/v1/audit").await.ok();
    let acts: Vec<_> = log.as_array().expect("a list").iter().map(|e| &e["action"]).collect();
    assert!(acts.contains(&&json!("account.disable")) && acts.contains(&&json!("account.enable")));
}

#[tokio::test]
async fn nobody_raises_themselves_and_only_owners_make_owners() {
    let server = Server::with_people(&["member", "another"]).await;
    let owner = server.person("owner");
    let role = |name: &str| format!("/api/v1/people/{}", server.id(name));
    owner.patch(&role("member"), json!({ "role": "admin" })).await.ok();
    let admin = server.person("member");
    let make_owner = json!({ "role": "owner" });
    assert_eq!(admin.patch(&role("another"), make_owner).await.refused(403), "forbidden");
    let own = admin.patch(&role("member"), json!({ "role": "member" })).await;
    assert_eq!(own.refused(403), "forbidden");
    let demote = admin.patch(&role("owner"), json!({ "role": "member" })).await;
    assert_eq!(demote.refused(403), "forbidden");
    admin.patch(&role("another"), json!({ "role": "moderator" })).await.ok();
}

#[tokio::test]
async fn a_bot_posts_by_its_token_until_that_is_revoked() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let bot = owner.post("/api/v1/bots", json!({ "name": "bot" })).await.ok();
    let tokens = format!("/api/v1/bots/{}/tokens", bot["id"]);
    let made = owner.post(&tokens, json!({ "note": "ci" })).await.ok();
    let client = server.stranger().bearer(made["token"].as_str().expect("a token"));
    assert_eq!(client.get("/api/v1/me").await.ok()["me"]["bot"], true);
    let room = server.lobby;
    client.post(&format!("/api/v1/rooms/{room}/join"), json!({})).await.ok();
    let draft = json!({ "nonce": "n1", "draft": { "kind": "message", "text": "built" } });
    client.post(&format!("/api/v1/rooms/{room}/events"), draft).await.ok();
    assert_eq!(owner.get(&tokens).await.ok()[0]["note"], "ci");
    owner.delete(&format!("{tokens}/{}", made["id"])).await.ok();
    assert_eq!(client.get("/api/v1/me").await.refused(401), "sign_in");
}

#[tokio::test]
async fn people_are_found_by_name_and_by_id() {
    let server = Server::with_people(&["member", "another"]).await;
    let member = server.person("member");
    let found = member.get("/api/v1/people?q=ano").await.ok();
    assert_eq!(found[0]["name"], "another");
    let ids = format!("{},{}", server.id("another"), server.id("owner"));
    let found = member.get(&format!("/api/v1/people?ids={ids}")).await.ok();
    assert_eq!(found.as_array().expect("a list").len(), 2);
    for bad in ["a", "1,,2", "-1", "1;2", "99999999999999999999999"] {
        let asked = member.get(&format!("/api/v1/people?ids={bad}")).await;
        assert_eq!(asked.refused(400), "bad_request", "{bad}");
    }
    assert_eq!(member.get("/api/v1/people/999999").await.refused(404), "not_found");
}
