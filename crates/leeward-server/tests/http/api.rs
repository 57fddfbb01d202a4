//! A real server on port 0 with a directory of its own, and the people the tests need; and what holds
//! for the API as a whole.

use crate::client::{Answer, Client};
use leeward_server::run::{Listeners, serve};
use leeward_server::{Node, NodeConfig};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use tempfile::TempDir;
use tokio::sync::oneshot;

pub(crate) const SETUP_TOKEN: &str = "the-token-of-the-set-up-link";
pub(crate) const PASSWORD: &str = "correct horse battery";

/// A server that ends with the test.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    /// The first room; 0 before set-up.
    pub(crate) lobby: u64,
    pub(crate) node: Arc<Node>,
    people: BTreeMap<String, (u64, String)>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
    pub(crate) dir: TempDir,
}

impl Server {
    /// Nobody has an account yet.
    pub(crate) fn fresh() -> Self {
        Self::configured(|_| {})
    }

    /// The same with other settings.
    pub(crate) fn configured(change: impl FnOnce(&mut NodeConfig)) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mut config = NodeConfig::new(dir.path());
        config.setup_token = Some(SETUP_TOKEN.to_owned());
        config.shards = 2;
        config.file_bytes_max = 3 * 1024 * 1024;
        change(&mut config);
        let public = TcpListener::bind("127.0.0.1:0").expect("a port");
        let address = public.local_addr().expect("an address");
        let (stop, stopped) = oneshot::channel::<()>();
        let (opened, open) = sync_channel(1);
        let thread = std::thread::spawn(move || {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runs");
            let listeners = Listeners::public(public);
            let shutdown = async {
                // Dropped with the test: that ends the server too.
                let _ = stopped.await;
            };
            runtime.block_on(async move {
                let node = Node::open(config).await.expect("opened");
                opened.send(Arc::clone(&node)).expect("the test waits for it");
                serve(node, listeners, shutdown).await.expect("served");
            });
        });
        let node = open.recv().expect("opened");
        let (people, thread) = (BTreeMap::new(), Some(thread));
        Self { address, lobby: 0, node, people, stop: Some(stop), thread, dir }
    }

    /// Set up, with these members besides the owner, all in the lobby.
    pub(crate) async fn with_people(names: &[&str]) -> Self {
        Self::configured_with_people(|_| {}, names).await
    }

    /// The same with other settings.
    pub(crate) async fn configured_with_people(
        change: impl FnOnce(&mut NodeConfig),
        names: &[&str],
    ) -> Self {
        let mut server = Self::configured(change);
        let made = server.stranger().post("/api/v1/setup", owner_account()).await.ok();
        server.keep("owner", &made);
        let owner = server.person("owner");
        server.lobby = owner.get("/api/v1/rooms").await.ok()[0]["id"].as_u64().expect("an id");
        if names.is_empty() {
            return server;
        }
        let ask = json!({ "uses_max": names.len() });
        let invite = owner.post("/api/v1/invites", ask).await.ok();
        let token = invite["token"].as_str().expect("a token");
        let path = format!("/api/v1/invites/by-token/{token}/accept");
        for name in names {
            let account = json!({ "name": name, "password": PASSWORD });
            let made = server.stranger().post(&path, account).await.ok();
            server.keep(name, &made);
        }
        server
    }

    fn keep(&mut self, name: &str, made: &Value) {
        let id = made["account"]["id"].as_u64().expect("an id");
        let token = made["token"].as_str().expect("a token").to_owned();
        self.people.insert(name.to_owned(), (id, token));
    }

    pub(crate) fn stranger(&self) -> Client {
        Client::stranger(self.address)
    }

    /// Somebody signed in.
    pub(crate) fn person(&self, name: &str) -> Client {
        self.stranger().bearer(&self.token(name))
    }

    pub(crate) fn token(&self, name: &str) -> String {
        self.people[name].1.clone()
    }

    pub(crate) fn id(&self, name: &str) -> u64 {
        self.people[name].0
    }

    /// Waits until a search for `word` finds something: indexing follows the commit.
    pub(crate) async fn until_searchable(&self, who: &Client, word: &str) {
        for _ in 0..2_000 {
            let found = who.get(&format!("/api/v1/search?q={word}")).await;
            if found.status.as_u16() == 429 {
                tokio::task::yield_now().await;
                continue;
            }
            if !found.ok()["hits"].as_array().expect("hits").is_empty() {
                return;
            }
        }
        panic!("{word} is not found");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(std::thread::panicking() || ended.is_ok(), "the server failed");
        }
    }
}

pub(crate) fn owner_account() -> Value {
    json!({ "token": SETUP_TOKEN, "name": "owner", "display": "The owner", "password": PASSWORD,
        "workspace": "The workspace" })
}

async fn document(server: &Server) -> Value {
    server.stranger().get("/api/v1/openapi.json").await.ok()
}

#[tokio::test]
async fn every_route_of_the_document_is_served_and_says_what_it_does_not_take() {
    let server = Server::with_people(&[]).await;
    let document = document(&server).await;
    for (path, item) in document["paths"].as_object().expect("paths") {
        let concrete = path
            .replace("{token}", "0123456789abcdef0123")
            .replace("{key}", "theme")
            .replace("{name}", "name")
            .split('/')
            .map(|part| if part.starts_with('{') { "987654" } else { part })
            .collect::<Vec<_>>()
            .join("/");
        let asked = server.stranger().send(http::Method::TRACE, &concrete, "").await;
        assert_eq!(asked.refused(405), "bad_request", "{path}");
        let allow = asked.header("allow").to_lowercase();
        for method in item.as_object().expect("methods").keys() {
            assert!(
                allow.split(',').any(|m| m.trim() == method),
                "{path}: {method} not in {allow}"
            );
        }
    }
}

/// What the clients of this API rely on.
const RELIED_ON: &[&str] = &[
    "get /api/v1/workspace",
    "post /api/v1/setup",
    "post /api/v1/sign-in",
    "post /api/v1/sign-out",
    "get /api/v1/sessions",
    "get /api/v1/me",
    "patch /api/v1/me",
    "post /api/v1/me/password",
    "put /api/v1/me/settings/{key}",
    "get /api/v1/people",
    "patch /api/v1/people/{account}",
    "post /api/v1/bots",
    "get /api/v1/rooms",
    "post /api/v1/rooms",
    "get /api/v1/rooms/browse",
    "post /api/v1/rooms/direct",
    "patch /api/v1/rooms/{room}",
    "get /api/v1/rooms/{room}/snapshot",
    "get /api/v1/rooms/{room}/lines",
    "get /api/v1/rooms/{room}/lines/{seq}",
    "get /api/v1/rooms/{room}/lines/{seq}/revisions",
    "get /api/v1/rooms/{room}/pins",
    "get /api/v1/rooms/{room}/files",
    "get /api/v1/rooms/{room}/events",
    "post /api/v1/rooms/{room}/events",
    "put /api/v1/rooms/{room}/read",
    "patch /api/v1/rooms/{room}/settings",
    "put /api/v1/rooms/{room}/members/{account}",
    "delete /api/v1/rooms/{room}/members/{account}",
    "post /api/v1/rooms/{room}/join",
    "post /api/v1/rooms/{room}/leave",
    "post /api/v1/rooms/{room}/command",
    "put /api/v1/rooms/{room}/threads/{seq}/follow",
    "get /api/v1/threads",
    "get /api/v1/mentions",
    "get /api/v1/commands",
    "post /api/v1/files",
    "patch /api/v1/files/{file}",
    "get /api/v1/files/{file}",
    "get /api/v1/files/{file}/thumbnail",
    "get /api/v1/files/{file}/upload",
    "get /api/v1/search",
    "get /api/v1/audit",
    "post /hooks/{token}",
];

#[tokio::test]
async fn what_clients_rely_on_is_in_the_document() {
    let server = Server::fresh();
    let document = document(&server).await;
    for route in RELIED_ON {
        let (method, path) = route.split_once(' ').expect("method and path");
        assert!(document["paths"][path][method].is_object(), "{route}");
    }
}

#[tokio::test]
async fn every_answer_keeps_a_browser_from_being_used_against_its_owner() {
    let server = Server::with_people(&[]).await;
    let stranger = server.stranger();
    let answers: Vec<Answer> = vec![
        stranger.get("/").await,
        stranger.get("/r/1").await,
        stranger.get("/api/docs").await,
        stranger.get("/api/v1/workspace").await,
        stranger.get("/api/v1/me").await,
        stranger.get("/api/v1/nothing").await,
    ];
    for answer in answers {
        assert!(answer.header("content-security-policy").contains("default-src 'none'"));
        assert!(answer.header("content-security-policy").contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("referrer-policy"), "same-origin");
        assert!(answer.header("permissions-policy").contains("camera=()"));
    }
    assert_eq!(stranger.get("/api/v1/workspace").await.header("cache-control"), "no-store");
}

#[tokio::test]
async fn the_page_of_the_api_loads_nothing_from_elsewhere() {
    let server = Server::fresh();
    for path in ["/api/docs", "/api/docs/docs.js", "/api/docs/docs.css"] {
        let answer = server.stranger().get(path).await;
        assert_eq!(answer.status.as_u16(), 200);
        let text = answer.text();
        assert!(!text.contains("https://") && !text.contains("http://"), "{path}");
        assert!(!text.contains("<script>") && !text.contains("style="), "{path}");
    }
}

#[tokio::test]
async fn bodies_of_another_kind_or_size_are_refused_in_the_same_form() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let path = "/api/v1/rooms";
    let send = async |kind: &str, body: Vec<u8>| {
        owner.with("content-type", kind).send(http::Method::POST, path, body).await
    };
    let good = br#"{"kind":"public","name":"room"}"#.to_vec();
    assert_eq!(send("text/plain", good.clone()).await.refused(415), "unsupported");
    assert_eq!(
        owner.send(http::Method::POST, path, good.clone()).await.refused(415),
        "unsupported"
    );
    let bodies: [&[u8]; 9] = [
        b"",
        b"{",
        b"null",
        b"[]",
        b"{\"kind\":\"public\"}",
        b"{\"kind\":\"direct\",\"name\":\"x\"}",
        b"{\"kind\":\"public\",\"name\":7}",
        b"{\"kind\":\"public\",\"name\":\"x\",\"more\":1}",
        b"{\"kind\":\"public\",\"name\":\"\xff\xfe\"}",
    ];
    for body in bodies {
        let answer = send("application/json", body.to_vec()).await;
        assert_eq!(answer.refused(400), "bad_request", "{body:?}");
    }
    let deep = [b"[".repeat(100_000), b"]".repeat(100_000)].concat();
    assert_eq!(send("application/json", deep).await.refused(400), "bad_request");
    let long = vec![b' '; 300 * 1024];
    assert_eq!(send("application/json", long).await.refused(413), "too_long");
    send("application/json; charset=utf-8", good).await.ok();
}

#[tokio::test]
async fn a_body_without_a_length_is_measured_as_it_comes() {
    let server = Server::with_people(&[]).await;
    let mut request = format!(
        "POST /api/v1/rooms HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n",
        server.address,
        server.token("owner")
    )
    .into_bytes();
    for _ in 0..40 {
        request.extend_from_slice(b"2000\r\n");
        request.extend_from_slice(&[b' '; 0x2000]);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    let answer = server.stranger().raw(&request).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("too_long"), "{answer}");
}

#[tokio::test]
async fn ids_outside_their_bounds_and_unknown_parameters_are_refused() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    for id in ["0", "-1", "x", "1.5", "9007199254740992", "99999999999999999999", "%00", "%2e%2e"] {
        let answer = owner.get(&format!("/api/v1/rooms/{id}/lines")).await;
        assert_eq!(answer.refused(400), "bad_request", "{id}");
    }
    let slip = owner.get(&format!("/api/v1/rooms/{}/lines?limmit=5", server.lobby)).await;
    assert_eq!(slip.refused(400), "bad_request");
    let far = owner.get("/api/v1/rooms/9007199254740991/lines").await;
    assert_eq!(far.refused(404), "not_found");
}

#[tokio::test]
async fn synthetic_people_are_made_for_an_operator_who_asked_for_them() {
    let server = Server::with_people(&[]).await;
    let ask = json!({ "accounts": 5, "room_size": 2 });
    let refused = server.person("owner").post("/api/v1/load", ask.clone()).await;
    assert_eq!(refused.refused(403), "forbidden");
    let server = Server::configured_with_people(|config| config.allow_load = true, &[]).await;
    let made = server.person("owner").post("/api/v1/load", ask).await.ok();
    assert_eq!(made["rooms"].as_array().expect("a list").len(), 3);
    let one = &made["people"][0];
    let client = server.stranger().bearer(one["token"].as_str().expect("a token"));
    let rooms = client.get("/api/v1/rooms").await.ok();
    assert_eq!(rooms[0]["id"], one["room"]);
    assert_eq!(rooms[0]["facts"]["name"], one["room_name"]);
}

#[tokio::test]
async fn synthetic_people_have_a_password_where_one_is_asked_for() {
    let server = Server::configured_with_people(|config| config.allow_load = true, &[]).await;
    let owner = server.person("owner");
    let ask = |password: &str| json!({ "accounts": 3, "room_size": 3, "password": password });
    assert_eq!(owner.post("/api/v1/load", ask("short")).await.refused(400), "bad_request");
    let made = owner.post("/api/v1/load", ask("of all of them")).await.ok();
    for person in made["people"].as_array().expect("a list") {
        let signs_in = json!({ "name": person["name"], "password": "of all of them" });
        server.stranger().post("/api/v1/sign-in", signs_in).await.ok();
        let kept = server.node.store.credentials(person["name"].as_str().expect("text").into());
        let kept = kept.await.expect("read").expect("an account");
        assert!(kept.scram.is_some(), "nothing has to be hashed for SCRAM");
    }
}

#[tokio::test]
async fn synthetic_people_are_taken_away_and_nobody_else_is() {
    let server =
        Server::configured_with_people(|config| config.allow_load = true, &["member"]).await;
    let owner = server.person("owner");
    let kept = json!({ "kind": "private", "name": "load-planning" });
    let kept = owner.post("/api/v1/rooms", kept).await.ok();
    let made = owner.post("/api/v1/load", json!({ "accounts": 5, "room_size": 2 })).await.ok();
    let one = server.stranger().bearer(made["people"][0]["token"].as_str().expect("a token"));
    assert_eq!(server.person("member").delete("/api/v1/load").await.refused(403), "forbidden");
    one.get("/api/v1/me").await.ok();

    assert_eq!(owner.delete("/api/v1/load").await.status, 204);
    assert_eq!(one.get("/api/v1/me").await.refused(401), "sign_in");
    server.person("member").get("/api/v1/me").await.ok();
    let rooms = owner.get("/api/v1/rooms").await.ok();
    let rooms: Vec<_> = rooms.as_array().expect("a list").iter().map(|r| &r["id"]).collect();
    assert!(rooms.contains(&&kept["id"]), "a room that people made stays");
    assert!(made["rooms"].as_array().expect("a list").iter().all(|id| !rooms.contains(&id)));
}
