//! Slash commands of the workspace's own: carried to a real server, and what it answers shown or said.

use crate::api::Server;
use crate::client::Client;
use aws_lc_rs::hmac;
use http_body_util::{BodyExt as _, Full};
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use leeward_server::NodeConfig;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// What arrived at the other end.
#[derive(Clone, Default)]
struct Arrived {
    fields: BTreeMap<String, String>,
    body: String,
    time: String,
    signature: String,
}

/// A server elsewhere that answers everything in one way, and the last that arrived there.
struct Elsewhere {
    address: SocketAddr,
    arrived: Arc<Mutex<Vec<Arrived>>>,
}

/// What a server elsewhere does.
#[derive(Clone)]
enum Does {
    Answer(u16, &'static str, String),
    /// Takes the request and never answers.
    Nothing,
}

impl Elsewhere {
    async fn that(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        let arrived = Arc::<Mutex<Vec<Arrived>>>::default();
        let noted = Arc::clone(&arrived);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (does, noted) = (does.clone(), Arc::clone(&noted));
                let service = service_fn(move |request: http::Request<hyper::body::Incoming>| {
                    let (does, noted) = (does.clone(), Arc::clone(&noted));
                    async move {
                        let arrived = read(request).await;
                        noted.lock().expect("unpoisoned").push(arrived);
                        let Does::Answer(status, kind, body) = does else {
                            return std::future::pending().await;
                        };
                        let answer = http::Response::builder().status(status);
                        let answer = answer.header("content-type", kind);
                        let answer = answer.header("location", "/elsewhere");
                        Ok::<_, Infallible>(
                            answer.body(Full::<bytes::Bytes>::from(body)).expect("an answer"),
                        )
                    }
                });
                tokio::spawn(async move {
                    let http = hyper::server::conn::http1::Builder::new();
                    let _ = http.serve_connection(TokioIo::new(stream), service).await;
                });
            }
        });
        Self { address, arrived }
    }

    fn url(&self) -> String {
        format!("http://{}/commands?v=1", self.address)
    }

    fn count(&self) -> usize {
        self.arrived.lock().expect("unpoisoned").len()
    }

    fn last(&self) -> Arrived {
        self.arrived.lock().expect("unpoisoned").last().cloned().expect("something arrived")
    }
}

async fn read(request: http::Request<hyper::body::Incoming>) -> Arrived {
    let header = |name| {
        let value = request.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or_default().to_owned()
    };
    let (time, signature) = (header("x-slack-request-timestamp"), header("x-slack-signature"));
    let body = request.into_body().collect().await.expect("a body").to_bytes();
    let body = String::from_utf8(body.to_vec()).expect("text");
    let fields = form_urlencoded::parse(body.as_bytes()).into_owned().collect();
    Arrived { fields, body, time, signature }
}

async fn server() -> Server {
    let here = |config: &mut NodeConfig| {
        config.command_targets = vec!["127.0.0.1".parse().expect("an address")];
    };
    Server::configured_with_people(here, &["member"]).await
}

async fn a_guest(server: &Server) -> Client {
    let ask = json!({ "role": "guest", "rooms": [server.lobby] });
    let invite = server.person("owner").post("/api/v1/invites", ask).await.ok();
    let path =
        format!("/api/v1/invites/by-token/{}/accept", invite["token"].as_str().unwrap_or(""));
    let made = server.stranger().post(&path, json!({ "name": "guest" })).await.ok();
    server.stranger().bearer(made["token"].as_str().expect("a token"))
}

async fn register(owner: &Client, name: &str, url: &str) -> Value {
    let ask = json!({ "name": name, "url": url, "usage": "PLACE", "about": "Say the weather" });
    owner.post("/api/v1/commands/custom", ask).await.ok()
}

async fn run(who: &Client, server: &Server, text: &str, nonce: &str) -> crate::client::Answer {
    let path = format!("/api/v1/rooms/{}/command", server.lobby);
    who.post(&path, json!({ "text": text, "nonce": nonce })).await
}

async fn lines(who: &Client, server: &Server) -> Vec<Value> {
    let page = who.get(&format!("/api/v1/rooms/{}/lines", server.lobby)).await.ok();
    let lines = page["lines"].as_array().expect("lines").clone();
    lines.into_iter().filter(|line| line["kind"] == "message").collect()
}

#[tokio::test]
async fn a_command_is_carried_signed_and_its_answer_shown_to_whoever_gave_it() {
    let server = server().await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let answer = json!({ "response_type": "ephemeral", "text": "*Rain* & wind" }).to_string();
    let elsewhere = Elsewhere::that(Does::Answer(200, "application/json", answer)).await;
    let made = register(&owner, "weather", &elsewhere.url()).await;
    let before = lines(&member, &server).await.len();
    let told = run(&member, &server, "/Weather  in the harbour ", "n-1").await.ok();
    assert_eq!(told, json!({ "text": "**Rain** & wind" }));
    assert_eq!(lines(&member, &server).await.len(), before, "nobody else sees it");

    let arrived = elsewhere.last();
    let field = |name: &str| arrived.fields.get(name).map(String::as_str);
    assert_eq!((field("command"), field("text")), (Some("/weather"), Some("in the harbour")));
    assert_eq!((field("user_name"), field("channel_name")), (Some("member"), Some("lobby")));
    assert_eq!(field("channel_id"), Some(&*server.lobby.to_string()));
    assert_eq!(field("trigger_id"), Some("n-1"));
    let secret = made["secret"].as_str().expect("a secret, once");
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    let tag = hmac::sign(&key, format!("v0:{}:{}", arrived.time, arrived.body).as_bytes());
    let hex: String = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(arrived.signature, format!("v0={hex}"));

    let list = owner.get("/api/v1/commands/custom").await;
    assert!(!list.text().contains(secret), "the secret is shown once");
    let known = member.get("/api/v1/commands").await.ok();
    let known = known.as_array().expect("a list");
    let mine = known.iter().find(|c| c["name"] == "weather").expect("it is listed");
    assert_eq!((&mine["usage"], &mine["about"]), (&json!("PLACE"), &json!("Say the weather")));
    let help = run(&member, &server, "/help", "n-2").await.ok();
    assert!(help["text"].as_str().expect("text").contains("- `/weather PLACE` — Say the weather"));
}

#[tokio::test]
async fn an_answer_for_the_room_is_said_there_once_with_the_rights_of_whoever_gave_the_command() {
    let server = server().await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let answer = json!({ "response_type": "in_channel", "text": "Rain, @owner" }).to_string();
    let elsewhere = Elsewhere::that(Does::Answer(200, "application/json", answer)).await;
    register(&owner, "weather", &elsewhere.url()).await;
    let first = run(&member, &server, "/weather", "n-1").await.ok();
    let again = run(&member, &server, "/weather", "n-1").await.ok();
    assert_eq!(first, again, "a command that is repeated says what it said before");
    let said = lines(&owner, &server).await;
    let line = said.last().expect("a line");
    assert_eq!((&line["text"], &line["seq"]), (&json!("Rain, @owner"), &first["seq"]));
    assert_eq!(line["name"], "/weather · member");
    assert_eq!(said.iter().filter(|l| l["text"] == "Rain, @owner").count(), 1);

    let settings = format!("/api/v1/rooms/{}", server.lobby);
    owner.patch(&settings, json!({ "read_only": true })).await.ok();
    assert_eq!(run(&member, &server, "/weather", "n-2").await.refused(403), "read_only");
}

#[tokio::test]
async fn what_goes_wrong_elsewhere_is_said_in_words_and_within_seconds() {
    let server = server().await;
    let owner = server.person("owner");
    let json = "application/json";
    let cases = [
        (Does::Answer(500, json, "{}".into()), "`/weather` answered with an error (500)."),
        (Does::Answer(302, json, String::new()), "`/weather` answered with an error (302)."),
        (Does::Answer(200, json, "[1]".into()), "`/weather` answered what is no answer."),
        (
            Does::Answer(200, json, "x".repeat(65 * 1024)),
            "`/weather` answered more than can be shown.",
        ),
        (Does::Nothing, "`/weather` did not answer in time."),
    ];
    for (n, (does, words)) in cases.into_iter().enumerate() {
        let elsewhere = Elsewhere::that(does).await;
        let made = register(&owner, "weather", &elsewhere.url()).await;
        let told = run(&owner, &server, "/weather", &format!("n-{n}")).await.ok();
        assert_eq!(told, json!({ "text": words }));
        assert_eq!(elsewhere.count(), 1, "asked once, and no redirection followed");
        let path = format!("/api/v1/commands/custom/{}", made["command"]["id"]);
        owner.delete(&path).await.ok();
        assert_eq!(owner.delete(&path).await.refused(404), "not_found");
    }
    let plain = Elsewhere::that(Does::Answer(200, "text/plain", "just words".into())).await;
    register(&owner, "weather", &plain.url()).await;
    assert_eq!(run(&owner, &server, "/weather", "n-8").await.ok(), json!({ "text": "just words" }));
    let silent = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/", silent.local_addr().expect("it listens"));
    drop(silent);
    register(&owner, "gone", &url).await;
    let told = run(&owner, &server, "/gone", "n-9").await.ok();
    assert_eq!(told, json!({ "text": "`/gone` could not be reached." }));
}

#[tokio::test]
async fn nothing_private_is_reached_unless_the_operator_has_named_it() {
    let server = Server::with_people(&[]).await;
    let owner = server.person("owner");
    let answer = Does::Answer(200, "text/plain", "a secret of this machine".into());
    let elsewhere = Elsewhere::that(answer).await;
    let path = "/api/v1/commands/custom";
    for url in [
        elsewhere.url(),
        "http://[::1]:9/".into(),
        "http://10.0.0.1/".into(),
        "http://169.254.169.254/latest/meta-data".into(),
        "http://[::ffff:127.0.0.1]/".into(),
    ] {
        let ask = json!({ "name": "peek", "url": url });
        assert_eq!(owner.post(path, ask).await.refused(403), "forbidden", "{url}");
    }
    // A name says nothing until it is looked up.
    let port = elsewhere.address.port();
    register(&owner, "peek", &format!("http://localhost:{port}/")).await;
    let told = run(&owner, &server, "/peek", "n-1").await.ok();
    let words = told["text"].as_str().expect("words");
    assert!(words.contains("`commands.private_targets`"), "{words}");
    assert_eq!(elsewhere.count(), 0, "nobody was asked");
}

#[tokio::test]
async fn who_may_not_register_or_use_a_command_does_not() {
    let server = server().await;
    let (owner, member) = (server.person("owner"), server.person("member"));
    let guest = a_guest(&server).await;
    let path = "/api/v1/commands/custom";
    let elsewhere = Elsewhere::that(Does::Answer(200, "text/plain", "hello".into())).await;
    let ask = json!({ "name": "hello", "url": elsewhere.url() });
    assert_eq!(member.post(path, ask.clone()).await.refused(403), "forbidden");
    assert_eq!(member.get(path).await.refused(403), "forbidden");
    owner.post(path, ask.clone()).await.ok();
    assert_eq!(owner.post(path, ask).await.refused(409), "conflict");
    for (name, url, status) in [
        ("help", "https://example.org/", 409),
        ("Hello", "https://example.org/", 400),
        ("two words", "https://example.org/", 400),
        ("file", "file:///etc/passwd", 400),
        ("user", "https://user:secret@example.org/", 400),
        ("none", "https:///path", 400),
    ] {
        let ask = json!({ "name": name, "url": url });
        assert_eq!(owner.post(path, ask).await.status.as_u16(), status, "{name} {url}");
    }
    assert_eq!(run(&guest, &server, "/hello", "n-1").await.refused(404), "not_found");
    let listed = guest.get("/api/v1/commands").await;
    assert!(!listed.text().contains("\"hello\""), "and does not see it listed");
    assert_eq!(run(&member, &server, "/hello", "n-1").await.ok(), json!({ "text": "hello" }));
}
