//! Messages: posted once, read back in pages, edited with their history kept, found again.

use crate::api::Server;
use serde_json::{Value, json};

fn say(nonce: &str, text: &str) -> Value {
    json!({ "nonce": nonce, "draft": { "kind": "message", "text": text } })
}

#[tokio::test]
async fn a_repeated_nonce_repeats_the_answer_and_not_the_deed() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let events = format!("/api/v1/rooms/{}/events", server.lobby);
    let first = owner.post(&events, say("same", "once")).await;
    let second = owner.post(&events, say("same", "once")).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 200));
    assert_eq!(first.ok()["seq"], second.ok()["seq"]);
    let texts = owner.get(&events).await.ok();
    let count = texts.as_array().expect("a list").iter().filter(|e| e["text"] == "once").count();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn pages_join_without_a_gap() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let room = format!("/api/v1/rooms/{}", server.lobby);
    for n in 0..25 {
        owner.post(&format!("{room}/events"), say(&format!("n{n}"), &format!("m{n}"))).await.ok();
    }
    let newest = owner.get(&format!("{room}/lines?limit=10")).await.ok();
    assert_eq!((&newest["more_before"], &newest["more_after"]), (&json!(true), &json!(false)));
    let first = newest["lines"][0]["seq"].as_u64().expect("a seq");
    let older = owner.get(&format!("{room}/lines?limit=10&before={first}")).await.ok();
    let texts = |page: &Value| -> Vec<String> {
        let lines = page["lines"].as_array().expect("lines");
        lines.iter().map(|l| l["text"].as_str().expect("a text").to_owned()).collect()
    };
    let expected: Vec<_> = (5..25).map(|n| format!("m{n}")).collect();
    assert_eq!([texts(&older), texts(&newest)].concat(), expected);
    let around = owner.get(&format!("{room}/lines?limit=5&around={first}")).await.ok();
    assert!(texts(&around).contains(&"m15".to_owned()));
    for bad in ["limit=0", "limit=201", "limit=x", "before=0", "before=-1"] {
        let asked = owner.get(&format!("{room}/lines?{bad}")).await;
        assert_eq!(asked.refused(400), "bad_request", "{bad}");
    }
}

#[tokio::test]
async fn an_edit_keeps_what_stood_there_and_a_deletion_does_not() {
    let server = Server::with_people(&["member"]).await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let room = format!("/api/v1/rooms/{}", server.lobby);
    let events = format!("{room}/events");
    let seq = member.post(&events, say("a", "the former")).await.ok()["seq"].clone();
    let edit = json!({ "kind": "edit", "target": seq, "text": "the latter" });
    let post = |n: &str, draft: &Value| json!({ "nonce": n, "draft": draft });
    assert_eq!(owner.post(&events, post("x", &edit)).await.refused(403), "forbidden");
    member.post(&events, post("b", &edit)).await.ok();
    let line = format!("{room}/lines/{seq}");
    assert_eq!(owner.get(&line).await.ok()["text"], "the latter");
    let revisions = owner.get(&format!("{line}/revisions")).await.ok();
    let texts = (&revisions[0]["text"], &revisions[1]["text"]);
    assert_eq!(texts, (&json!("the former"), &json!("the latter")));
    let react = json!({ "kind": "react", "target": seq, "emoji": "tada", "on": true });
    owner.post(&events, post("c", &react)).await.ok();
    assert_eq!(owner.get(&line).await.ok()["reactions"][0]["emoji"], "tada");
    member.post(&events, post("d", &json!({ "kind": "delete", "target": seq }))).await.ok();
    assert_eq!(owner.get(&line).await.ok()["deleted"], true);
    assert_eq!(owner.get(&format!("{line}/revisions")).await.ok(), json!([]));
    assert!(!owner.get(&events).await.text().contains("the latter"), "the text is gone everywhere");
}

#[tokio::test]
async fn what_was_said_is_found_by_those_who_may_read_it() {
    let server = Server::with_people(&["member", "another"]).await;
    let (member, another) = (server.person("member"), server.person("another"));
    let ask = json!({ "kind": "private", "name": "closed" });
    let closed = member.post("/api/v1/rooms", ask).await.ok()["id"].clone();
    member.post(&format!("/api/v1/rooms/{closed}/events"), say("a", "a perigee syzygy")).await.ok();
    let lobby = format!("/api/v1/rooms/{}/events", server.lobby);
    member.post(&lobby, say("b", "an apogee syzygy")).await.ok();
    server.until_searchable(&member, "apogee").await;
    let found = |hits: Value| hits["hits"].as_array().expect("hits").len();
    assert_eq!(found(member.get("/api/v1/search?q=syzygy").await.ok()), 2);
    assert_eq!(found(another.get("/api/v1/search?q=syzygy").await.ok()), 1);
    assert_eq!(found(member.get("/api/v1/search?q=syzygy%20in:closed").await.ok()), 1);
    assert_eq!(found(another.get("/api/v1/search?q=perigee").await.ok()), 0);
    for bad in ["", "q=", "q=before:someday", "q=has:nothing", "q=x&limit=0"] {
        let asked = member.get(&format!("/api/v1/search?{bad}")).await;
        assert!(matches!(asked.status.as_u16(), 400 | 422), "{bad}: {}", asked.text());
    }
    for odd in ["%22", "%22%22%22", "*", "AND%20OR%20NOT", "a%22b*(c)%3A", "NEAR(a,b)", "'", "%5C"]
    {
        let asked = member.get(&format!("/api/v1/search?q={odd}")).await;
        assert!(matches!(asked.status.as_u16(), 200 | 422), "{odd}: {}", asked.text());
    }
}

#[tokio::test]
async fn a_thread_that_is_answered_is_followed() {
    let server = Server::with_people(&["member"]).await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let room = format!("/api/v1/rooms/{}", server.lobby);
    let root = owner.post(&format!("{room}/events"), say("a", "root")).await.ok()["seq"].clone();
    let reply = json!({ "nonce": "b",
        "draft": { "kind": "message", "text": "reply", "thread": root } });
    member.post(&format!("{room}/events"), reply).await.ok();
    let threads = owner.get("/api/v1/threads").await.ok();
    assert_eq!((&threads[0]["root"]["text"], &threads[0]["unread"]), (&json!("root"), &json!(1)));
    let page = owner.get(&format!("{room}/lines?thread={root}")).await.ok();
    assert_eq!(page["lines"].as_array().expect("lines").len(), 2);
    let last = threads[0]["last"]["seq"].clone();
    let read = format!("{room}/threads/{root}/read");
    owner.put(&read, json!({ "seq": last })).await.ok();
    assert_eq!(owner.get("/api/v1/threads").await.ok()[0]["unread"], 0);
    let follow = format!("{room}/threads/{root}/follow");
    owner.put(&follow, json!({ "on": false })).await.ok();
    assert_eq!(owner.get("/api/v1/threads").await.ok(), json!([]));
}

#[tokio::test]
async fn whoever_is_named_finds_it_among_the_mentions() {
    let server = Server::with_people(&["member"]).await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let events = format!("/api/v1/rooms/{}/events", server.lobby);
    for n in 0..3 {
        owner.post(&events, say(&format!("n{n}"), &format!("@member {n}"))).await.ok();
    }
    owner.post(&events, say("other", "nobody")).await.ok();
    let texts = |page: &Value| -> Vec<String> {
        let mentions = page["mentions"].as_array().expect("mentions").iter();
        mentions.map(|m| m["event"]["text"].as_str().expect("a text").to_owned()).collect()
    };
    let newest = member.get("/api/v1/mentions?limit=2").await.ok();
    assert_eq!(texts(&newest), ["@member 2", "@member 1"]);
    assert_eq!(newest["mentions"][0]["room"], json!(server.lobby));
    let next = newest["next"].as_str().expect("there is more");
    let older = member.get(&format!("/api/v1/mentions?limit=2&before={next}")).await.ok();
    assert_eq!(texts(&older), ["@member 0"]);
    assert!(older.get("next").is_none(), "{older}");
    assert_eq!(texts(&owner.get("/api/v1/mentions").await.ok()), Vec::<String>::new());
    for bad in ["limit=0", "limit=201", "before=1", "before=1.2.x", "before=1.2.3.4", "before="] {
        let asked = member.get(&format!("/api/v1/mentions?{bad}")).await;
        assert!(matches!(asked.status.as_u16(), 400 | 422), "{bad}: {}", asked.text());
    }
}
