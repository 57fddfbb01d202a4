//! What a node shows of itself: the status document, its history and stream, the console's page, the
//! figures that alerts and dashboards name, and statsd.

use crate::support::{LOOPBACK, Line, PATIENCE, Raw, World};
use leeward_server::config::Statsd;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};

async fn storm(world: &World) -> Value {
    serde_json::from_str(&world.page("/api/storm").await).unwrap_or_default()
}

/// The event stream, read as it comes.
struct Stream(TcpStream, String);

impl Stream {
    async fn open(operator: SocketAddr) -> Self {
        let mut stream = TcpStream::connect(operator).await.expect("it listens");
        let request = b"GET /api/storm/stream HTTP/1.1\r\nhost: x\r\n\r\n";
        stream.write_all(request).await.expect("it is sent");
        Self(stream, String::new())
    }

    /// All that has come when it holds these words.
    async fn until(&mut self, words: &str) -> &str {
        let read = async {
            while !self.1.contains(words) {
                let mut bytes = [0; 8_192];
                let count = self.0.read(&mut bytes).await.expect("it can be read");
                assert!(count > 0, "it ended without {words}: {}", self.1);
                self.1.push_str(&String::from_utf8_lossy(&bytes[..count]));
            }
        };
        tokio::time::timeout(PATIENCE, read).await.unwrap_or_else(|_| panic!("no {words}"));
        &self.1
    }
}

#[tokio::test]
async fn the_document_tells_who_is_in_and_what_people_notice() {
    let world = World::start().await;
    let owner = world.account("owner").await;
    let room = world.room("lobby", &[&owner]).await;
    let mut line = Line::sign_in(&world, &owner).await;
    line.post(room, "hello").await;
    line.until("event").await;
    world
        .until("the document tells of it", async |world| {
            let seen = storm(world).await;
            let users = &seen["users"];
            seen["connections"]["live"] == 1
                && users["send_to_seen_ms"]["p50"].as_f64().is_some_and(|ms| ms > 0.0)
                && users["in_sync_ms"]["p95"].as_f64().is_some_and(|ms| ms > 0.0)
                && seen["matrix"][0]["ok"].as_u64().is_some_and(|ok| ok > 0)
        })
        .await;
    let seen = storm(&world).await;
    assert_eq!(seen["state"], "calm");
    let sentence = seen["sentence"].as_str().expect("there is one");
    assert!(sentence.starts_with("Calm. 1 connection · if all were lost now"), "{sentence}");
    world
        .until("a second has passed into history", async |world| {
            let page: Value =
                serde_json::from_str(&world.page("/api/storm/history").await).expect("JSON");
            let at =
                page["columns"].as_array().and_then(|all| all.iter().position(|c| c == "live"));
            let last = page["rows"].as_array().and_then(|rows| rows.last().cloned());
            last.is_some_and(|row| row[at.expect("it is a column")] == 1)
        })
        .await;
}

#[tokio::test]
async fn the_stream_tells_of_a_gate_while_nobody_gets_in() {
    let world = World::start().await;
    let member = world.account("member").await;
    let mut stream = Stream::open(world.operator).await;
    let begun = stream.until("event: status\ndata: {").await;
    assert!(begun.starts_with("HTTP/1.1 200 OK\r\n") && begun.contains("text/event-stream"));
    world
        .ordered(
            json!({"command": "gate", "gate": {"state": "closed", "message": "Back at noon."}}),
        )
        .await;
    let told = stream.until("event: journal\ndata: {").await;
    assert!(told.contains("id: "), "{told}");
    stream.until("The gate was closed by the operator and says “Back at noon.”").await;
    stream.until("\"sentence\":\"Gate closed, 00:").await;
    let mut refused = Line::knock(&world, &member).await;
    assert_eq!(refused.end().await.said["code"], "gate", "the public side is shut meanwhile");
    world.ordered(json!({"command": "gate", "gate": {"state": "open"}})).await;
    stream.until("The gate was opened by the operator.").await;
    stream.until("\"sentence\":\"Calm. ").await;
}

#[tokio::test]
async fn so_many_may_watch_and_the_next_is_told_so() {
    let world = World::start().await;
    let mut streams = Vec::new();
    for _ in 0..32 {
        let mut stream = Stream::open(world.operator).await;
        stream.until("event: status").await;
        streams.push(stream);
    }
    assert_eq!(Raw::status(world.operator, "/api/storm/stream").await, 503);
    assert_eq!(storm(&world).await["watchers"], 32);
    streams.pop();
    world
        .until("a place is free", async |world| {
            let mut stream = Stream::open(world.operator).await;
            let mut begun = [0; 12];
            stream.0.read_exact(&mut begun).await.is_ok() && &begun == b"HTTP/1.1 200"
        })
        .await;
}

#[tokio::test]
async fn the_page_comes_whole_and_with_its_policy() {
    let world = World::start().await;
    let mut stream = TcpStream::connect(world.operator).await.expect("it listens");
    let request = b"GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.expect("it is sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it is answered");
    let (head, body) = answer.split_once("\r\n\r\n").expect("a head and a body");
    let policy = head.lines().find(|line| line.starts_with("content-security-policy: "));
    let policy = policy.expect("it has a policy");
    assert!(policy.contains("default-src 'none'"), "{policy}");
    let nonce = policy.split("'nonce-").nth(1).and_then(|rest| rest.split('\'').next());
    let script = format!("<script nonce=\"{}\">", nonce.expect("a number"));
    assert!(body.contains(&script) && body.trim_end().ends_with("</html>"));
    assert_eq!(Raw::status(world.address, "/api/storm").await, 404, "it is not for everybody");
}

/// Names of metrics in a text.
fn named(text: &str) -> BTreeSet<String> {
    let starts = text.match_indices("leeward_").map(|(at, _)| &text[at..]);
    let name = |rest: &str| -> String {
        rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect()
    };
    starts.map(name).collect()
}

/// Names of the samples that a page of metrics holds.
fn exported(page: &str) -> BTreeSet<String> {
    let samples = page.lines().filter(|line| !line.starts_with('#'));
    samples.filter_map(|line| line.split(['{', ' ']).next()).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_metric_that_alerts_and_the_dashboard_name_is_exported() {
    let world = World::start().await;
    world.until("it has looked", async |world| storm(world).await.is_object()).await;
    let exported = exported(&world.page("/metrics").await);
    let deploy = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy");
    for (file, many) in [("prometheus/leeward.rules.yml", 15), ("grafana/leeward.json", 30)] {
        let text = std::fs::read_to_string(deploy.join(file)).expect("it is there");
        let named = named(&text);
        assert!(named.len() >= many, "{file} names {}", named.len());
        let missing: Vec<_> = named.difference(&exported).collect();
        assert!(missing.is_empty(), "{file}: {missing:?}");
    }
    let dashboard = std::fs::read(deploy.join("grafana/leeward.json")).expect("it is there");
    let dashboard: Value = serde_json::from_slice(&dashboard).expect("it is JSON");
    let panels = dashboard["panels"].as_array().expect("it has panels");
    let asks = |panel: &Value| panel["targets"].as_array().is_some_and(|all| !all.is_empty());
    assert!(panels.len() >= 20 && panels.iter().all(asks));
    assert!(!exported.contains("leeward_storms_per_fortnight"), "not everything is exported");
}

#[tokio::test]
async fn statsd_is_told_the_same_figures() {
    let daemon = UdpSocket::bind(LOOPBACK).await.expect("a port");
    let address = daemon.local_addr().expect("it is bound").to_string();
    let every = Duration::from_millis(50);
    let statsd = Statsd { address, prefix: "chat".into(), every };
    let world = World::with(|config| config.statsd = Some(statsd)).await;
    let member = world.account("member").await;
    let _line = Line::sign_in(&world, &member).await;
    let wanted = ["chat.standing.live:1|g", "chat.welcomes.begun:1|c", "chat.state.calm:1|g"];
    let mut missing = BTreeSet::from(wanted);
    let hear = async {
        while !missing.is_empty() {
            let mut bytes = [0; 65_536];
            let count = daemon.recv(&mut bytes).await.expect("it can be read");
            let text = std::str::from_utf8(&bytes[..count]).expect("it is text");
            missing.retain(|line| !text.lines().any(|told| told == *line));
        }
    };
    tokio::time::timeout(PATIENCE, Box::pin(hear)).await.expect("it is told");
}

#[tokio::test]
async fn a_daemon_that_nobody_finds_holds_nothing_up() {
    let every = Duration::from_millis(20);
    let statsd = Statsd { address: "nowhere.invalid:8125".into(), prefix: String::new(), every };
    let world = World::with(|config| config.statsd = Some(statsd)).await;
    let begun = async |world: &World| storm(world).await["up_ms"].as_u64();
    world.until("it has looked", async |world| begun(world).await.is_some()).await;
    let first = begun(&world).await;
    world.until("it goes on looking", async |world| begun(world).await > first).await;
}
