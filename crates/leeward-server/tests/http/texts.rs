//! Texts that mean harm: they come back as the texts they are, or are refused; they never do anything.

use crate::api::Server;
use serde_json::json;

const SCRIPT: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&";

#[tokio::test]
async fn markup_in_every_field_comes_back_as_text() {
    let server = Server::with_people(&["member"]).await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let same = |value: &serde_json::Value| assert_eq!(value, &json!(SCRIPT));

    let edited = member.patch("/api/v1/me", json!({ "display": SCRIPT, "status": SCRIPT })).await;
    same(&edited.ok()["display"]);
    same(&edited.ok()["status"]);
    let room = json!({ "kind": "public", "name": "markup", "topic": SCRIPT });
    let room = member.post("/api/v1/rooms", room).await.ok();
    same(&room["topic"]);
    let events = format!("/api/v1/rooms/{}/events", room["id"]);
    let say = json!({ "nonce": "a", "draft": { "kind": "message", "text": SCRIPT } });
    let seq = member.post(&events, say).await.ok()["seq"].clone();
    let line = owner.get(&format!("/api/v1/rooms/{}/lines/{seq}", room["id"])).await;
    same(&line.ok()["text"]);
    assert_eq!(line.header("content-type"), "application/json");
    let invite = json!({ "note": SCRIPT });
    same(&owner.post("/api/v1/invites", invite).await.ok()["invite"]["note"]);
    let hook = json!({ "name": SCRIPT });
    let hooks = format!("/api/v1/rooms/{}/hooks", room["id"]);
    same(&member.post(&hooks, hook).await.ok()["hook"]["name"]);
    owner.patch("/api/v1/workspace", json!({ "name": SCRIPT })).await.ok();
    let workspace = server.stranger().get("/api/v1/workspace").await;
    same(&workspace.ok()["name"]);
    let setting = json!({ "value": SCRIPT });
    member.put("/api/v1/me/settings/note", setting).await.ok();
    same(&member.get("/api/v1/me").await.ok()["settings"]["note"]);
    let file = json!({ "name": SCRIPT, "size": 1 });
    let file = member.post("/api/v1/files", file).await.ok();
    assert!(!file["name"].as_str().expect("a name").contains(['<', '>', '"']), "{file}");
}

#[tokio::test]
async fn characters_that_deceive_are_refused_in_names_and_titles() {
    let server = Server::with_people(&["member"]).await;
    let member = server.person("member");
    for bad in ["a\u{0}", "a\nb", "\u{202e}abc", "\u{2066}abc", "\u{7f}", "\u{85}", "\t"] {
        let display = member.patch("/api/v1/me", json!({ "display": bad })).await;
        assert_eq!(display.refused(400), "bad_request", "{bad:?}");
        let room = json!({ "kind": "public", "name": "room", "topic": bad });
        assert_eq!(member.post("/api/v1/rooms", room).await.refused(400), "bad_request");
        let room = json!({ "kind": "public", "name": bad });
        assert_eq!(member.post("/api/v1/rooms", room).await.refused(422), "bad_request");
    }
    let long = member.patch("/api/v1/me", json!({ "display": "x".repeat(251) })).await;
    assert_eq!(long.refused(413), "too_long");
    for bad in ["Upper", "a b", "../x", "room/x", ""] {
        let account = json!({ "name": bad, "password": "correct horse battery" });
        let asked = server.stranger().post("/api/v1/sign-in", account).await;
        assert_eq!(asked.refused(400), "bad_request", "{bad:?}");
    }
}

#[tokio::test]
async fn messages_out_of_bounds_are_refused_and_nothing_is_stored() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let events = format!("/api/v1/rooms/{}/events", server.lobby);
    let count = async || owner.get(&events).await.ok().as_array().expect("a list").len();
    let before = count().await;
    let drafts = [
        (json!({ "kind": "message", "text": "" }), 422),
        (json!({ "kind": "message", "text": "a\u{0}b" }), 422),
        (json!({ "kind": "message", "text": "x".repeat(32 * 1024 + 1) }), 413),
        (json!({ "kind": "message", "text": "x", "thread": 987_654 }), 404),
        (json!({ "kind": "message", "text": "x", "thread": 9_007_199_254_740_991u64 }), 404),
        (json!({ "kind": "message", "text": "x", "thread": u64::MAX }), 400),
        (json!({ "kind": "message", "text": "x", "files": [987_654] }), 404),
        (json!({ "kind": "message", "text": "x", "files": [1,2,3,4,5,6,7,8,9,10,11] }), 422),
        (json!({ "kind": "edit", "target": 987_654, "text": "x" }), 404),
        (json!({ "kind": "delete", "target": 0 }), 404),
        (json!({ "kind": "react", "target": 1, "emoji": "", "on": true }), 422),
        (json!({ "kind": "react", "target": 1, "emoji": "<b>", "on": true }), 422),
        (json!({ "kind": "fly" }), 400),
        (json!({ "kind": "message", "text": "x", "more": true }), 400),
    ];
    for (n, (draft, status)) in drafts.into_iter().enumerate() {
        let post = json!({ "nonce": format!("n{n}"), "draft": draft });
        let answer = owner.post(&events, post).await;
        answer.refused(status);
    }
    for nonce in ["", "a b", "ä", &"x".repeat(65), "a\nb"] {
        let post = json!({ "nonce": nonce, "draft": { "kind": "message", "text": "x" } });
        assert_eq!(owner.post(&events, post).await.refused(400), "bad_request", "{nonce:?}");
    }
    assert_eq!(count().await, before);
}
