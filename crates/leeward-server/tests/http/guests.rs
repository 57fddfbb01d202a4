//! Guests: the rooms they are invited to and the people in them, and nothing else whatever they try.

use crate::api::Server;
use crate::client::Client;
use serde_json::json;

async fn guest_of(server: &Server, room: u64) -> Client {
    let ask = json!({ "role": "guest", "rooms": [room] });
    let made = server.person("owner").post("/api/v1/invites", ask).await.ok();
    let token = made["token"].as_str().expect("a token");
    let path = format!("/api/v1/invites/by-token/{token}/accept");
    let made = server.stranger().post(&path, json!({ "name": "guest" })).await.ok();
    server.stranger().bearer(made["token"].as_str().expect("a token"))
}

#[tokio::test]
async fn a_guest_sees_its_rooms_and_the_people_in_them() {
    let server = Server::with_people(&["member", "another"]).await;
    let member = server.person("member");
    let ask = json!({ "kind": "public", "name": "open" });
    let open = member.post("/api/v1/rooms", ask).await.ok()["id"].as_u64().expect("an id");
    let owner = server.person("owner");
    owner.post(&format!("/api/v1/rooms/{open}/join"), json!({})).await.ok();
    let guest = guest_of(&server, open).await;

    let rooms = guest.get("/api/v1/rooms").await.ok();
    assert_eq!(rooms.as_array().expect("a list").len(), 1);
    assert_eq!(rooms[0]["id"], open);
    let say = json!({ "nonce": "a", "draft": { "kind": "message", "text": "hello" } });
    guest.post(&format!("/api/v1/rooms/{open}/events"), say).await.ok();

    let lobby = server.lobby;
    for path in ["", "/lines", "/snapshot", "/members", "/events", "/pins", "/lines/1"] {
        let asked = guest.get(&format!("/api/v1/rooms/{lobby}{path}")).await;
        assert_eq!(asked.refused(404), "not_found", "{path}");
    }
    let say = json!({ "nonce": "b", "draft": { "kind": "message", "text": "hello" } });
    for path in ["join", "events"] {
        let tried = guest.post(&format!("/api/v1/rooms/{lobby}/{path}"), say.clone()).await;
        assert_eq!(tried.refused(404), "not_found", "{path}");
    }
    assert_eq!(guest.get("/api/v1/rooms/browse").await.refused(403), "forbidden");

    let people = guest.get("/api/v1/people").await.ok();
    let names: Vec<_> = people.as_array().expect("a list").iter().map(|p| &p["name"]).collect();
    assert!(names.contains(&&json!("member")) && !names.contains(&&json!("another")), "{names:?}");
    let hidden = server.id("another");
    assert_eq!(guest.get(&format!("/api/v1/people/{hidden}")).await.refused(404), "not_found");
    assert_eq!(guest.get(&format!("/api/v1/people?ids={hidden}")).await.ok(), json!([]));
    let direct = guest.post("/api/v1/rooms/direct", json!({ "people": [hidden] })).await;
    assert_eq!(direct.refused(404), "not_found");
}

#[tokio::test]
async fn a_guest_makes_and_manages_nothing() {
    let server = Server::with_people(&["member"]).await;
    let guest = guest_of(&server, server.lobby).await;
    let lobby = server.lobby;
    let tried = [
        guest.post("/api/v1/rooms", json!({ "kind": "public", "name": "mine" })).await,
        guest.post("/api/v1/invites", json!({ "rooms": [lobby] })).await,
        guest.patch(&format!("/api/v1/rooms/{lobby}"), json!({ "topic": "mine" })).await,
        guest.post(&format!("/api/v1/rooms/{lobby}/hooks"), json!({ "name": "x" })).await,
        guest.get(&format!("/api/v1/rooms/{lobby}/bans")).await,
        guest.get("/api/v1/audit").await,
    ];
    for answer in tried {
        assert_eq!(answer.refused(403), "forbidden");
    }
    let member = server.id("member");
    let path = format!("/api/v1/rooms/{lobby}/members/{member}");
    assert_eq!(guest.delete(&path).await.refused(403), "forbidden");
    let command = json!({ "nonce": "c", "text": "/invite @member" });
    let run = guest.post(&format!("/api/v1/rooms/{lobby}/command"), command).await;
    assert_eq!(run.refused(403), "forbidden");
}
