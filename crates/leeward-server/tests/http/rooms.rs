//! Rooms: made, found, entered, changed, left, and those one is kept out of.

use crate::api::Server;
use serde_json::json;

#[tokio::test]
async fn a_public_room_is_found_and_entered_and_a_private_one_is_not() {
    let server = Server::with_people(&["member", "another"]).await;
    let (member, another) = (server.person("member"), server.person("another"));
    let ask = json!({ "kind": "public", "name": "open", "topic": "For all" });
    let open = member.post("/api/v1/rooms", ask.clone()).await.ok()["id"].clone();
    assert_eq!(member.post("/api/v1/rooms", ask).await.refused(409), "conflict");
    let ask = json!({ "kind": "private", "name": "closed" });
    let closed = member.post("/api/v1/rooms", ask).await.ok()["id"].clone();

    let listed = another.get("/api/v1/rooms/browse?q=For").await.ok();
    assert_eq!(listed.as_array().expect("a list").len(), 1);
    assert_eq!(listed[0]["name"], "open");
    another.get(&format!("/api/v1/rooms/{open}/lines")).await.ok();
    another.post(&format!("/api/v1/rooms/{open}/join"), json!({})).await.ok();
    for path in ["", "/lines", "/snapshot", "/members", "/events", "/pins", "/files", "/lines/1"] {
        let asked = another.get(&format!("/api/v1/rooms/{closed}{path}")).await;
        assert_eq!(asked.refused(404), "not_found", "{path}");
    }
    let joined = another.post(&format!("/api/v1/rooms/{closed}/join"), json!({})).await;
    assert_eq!(joined.refused(404), "not_found");
}

#[tokio::test]
async fn somebody_banned_does_not_come_back_by_themselves() {
    let server = Server::with_people(&["member", "another"]).await;
    let (member, another) = (server.person("member"), server.person("another"));
    let ask = json!({ "kind": "public", "name": "open", "members": [server.id("another")] });
    let room = member.post("/api/v1/rooms", ask).await.ok()["id"].clone();
    let who = format!("/api/v1/rooms/{room}/members/{}", server.id("another"));
    assert_eq!(
        another
            .delete(&format!("/api/v1/rooms/{room}/members/{}", server.id("member")))
            .await
            .refused(403),
        "forbidden"
    );
    member.delete(&format!("{who}?ban=true")).await.ok();
    let joined = another.post(&format!("/api/v1/rooms/{room}/join"), json!({})).await;
    assert_eq!(joined.refused(403), "forbidden");
    let bans = member.get(&format!("/api/v1/rooms/{room}/bans")).await.ok();
    assert_eq!(bans, json!([server.id("another")]));
    member.put(&who, json!({})).await.ok();
    another.get(&format!("/api/v1/rooms/{room}/members")).await.ok();
}

#[tokio::test]
async fn a_read_only_room_is_written_in_by_moderators_alone() {
    let server = Server::with_people(&["member", "another"]).await;
    let (member, another) = (server.person("member"), server.person("another"));
    let ask = json!({ "kind": "public", "name": "news", "members": [server.id("another")] });
    let room = member.post("/api/v1/rooms", ask).await.ok()["id"].clone();
    let path = format!("/api/v1/rooms/{room}");
    let edit = json!({ "read_only": true });
    assert_eq!(another.patch(&path, edit.clone()).await.refused(403), "forbidden");
    assert_eq!(member.patch(&path, edit).await.ok()["read_only"], true);
    let say = |n: &str| json!({ "nonce": n, "draft": { "kind": "message", "text": "hear" } });
    let events = format!("{path}/events");
    assert_eq!(another.post(&events, say("a")).await.refused(403), "read_only");
    member.post(&events, say("a")).await.ok();
    member.patch(&path, json!({ "archived": true })).await.ok();
    assert_eq!(member.post(&events, say("b")).await.refused(409), "archived");
}

#[tokio::test]
async fn the_direct_room_of_the_same_people_is_the_same_room() {
    let server = Server::with_people(&["member", "another"]).await;
    let (member, another) = (server.person("member"), server.person("another"));
    let with = |id: u64| json!({ "people": [id] });
    let first = member.post("/api/v1/rooms/direct", with(server.id("another"))).await;
    assert_eq!(first.status.as_u16(), 201);
    let second = another.post("/api/v1/rooms/direct", with(server.id("member"))).await;
    assert_eq!(second.status.as_u16(), 200);
    assert_eq!(first.ok()["id"], second.ok()["id"]);
    let room = first.ok()["id"].clone();
    let owner = server.person("owner");
    assert_eq!(owner.get(&format!("/api/v1/rooms/{room}/lines")).await.refused(404), "not_found");
    let left = member.post(&format!("/api/v1/rooms/{room}/leave"), json!({})).await;
    assert_eq!(left.refused(403), "forbidden");
    let nobody = member.post("/api/v1/rooms/direct", with(987_654)).await;
    assert_eq!(nobody.refused(404), "not_found");
}

#[tokio::test]
async fn read_marks_and_settings_are_kept() {
    let server = Server::with_people(&["member"]).await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let room = server.lobby;
    let text = "hello @member";
    let say = json!({ "nonce": "a", "draft": { "kind": "message", "text": text } });
    let seq = owner.post(&format!("/api/v1/rooms/{room}/events"), say).await.ok()["seq"].clone();
    let of = async || {
        let rooms = member.get("/api/v1/rooms").await.ok();
        rooms.as_array().expect("a list").iter().find(|r| r["id"] == room).expect("in it").clone()
    };
    assert_eq!(of().await["mentions"], 1);
    let read = member.put(&format!("/api/v1/rooms/{room}/read"), json!({ "seq": seq })).await.ok();
    assert_eq!((&read["seq"], &read["mentions"]), (&seq, &json!(0)));
    let settings = json!({ "notify": "all", "favourite": true });
    member.patch(&format!("/api/v1/rooms/{room}/settings"), settings).await.ok();
    let room = of().await;
    assert_eq!((&room["notify"], &room["favourite"]), (&json!("all"), &json!(true)));
    member.put("/api/v1/me/settings/theme", json!({ "value": "dark" })).await.ok();
    assert_eq!(member.get("/api/v1/me").await.ok()["settings"]["theme"], "dark");
}

#[tokio::test]
async fn slash_commands_do_what_they_say() {
    let server = Server::with_people(&["member", "another"]).await;
    let owner = server.person("owner");
    let path = format!("/api/v1/rooms/{}/command", server.lobby);
    let run = |n: &str, text: &str| json!({ "nonce": n, "text": text });
    owner.post(&path, run("c1", "/topic What we do")).await.ok();
    let room = owner.get(&format!("/api/v1/rooms/{}", server.lobby)).await.ok();
    assert_eq!(room["topic"], "What we do");
    let said = owner.post(&path, run("c2", "/me waves")).await.ok();
    let line = format!("/api/v1/rooms/{}/lines/{}", server.lobby, said["seq"]);
    assert_eq!(owner.get(&line).await.ok()["text"], "_waves_");
    let direct = owner.post(&path, run("c3", "/msg @member psst")).await.ok();
    assert!(direct["room"].is_u64());
    assert!(owner.post(&path, run("c4", "/help")).await.ok()["text"].is_string());
    let slip = owner.post(&path, run("c5", "/topci x")).await;
    assert!(slip.text().contains("did you mean /topic?"));
    assert_eq!(slip.refused(404), "not_found");
    let member = server.person("member");
    let no = member.post(&path, run("c6", "/kick @another")).await;
    assert_eq!(no.refused(403), "forbidden");
    let nobody = owner.post(&path, run("c7", "/kick @nobody")).await;
    assert_eq!(nobody.refused(404), "not_found");
}
