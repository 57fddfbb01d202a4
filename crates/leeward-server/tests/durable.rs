//! Accepted means durable: a server is killed again and again while a client posts, and what was
//! acknowledged is there, once, in its place. What was not acknowledged is sent again and is there
//! once too.
//!
//! This program is both: started with a directory it is the server that is killed.

#[path = "live/support/mod.rs"]
mod support;

use leeward_core::account::Role;
use leeward_core::id::{RoomId, Seq};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::{Line, World, text_of};

/// Times the server is killed.
const KILLS: usize = 6;
/// Posts on their way at a time.
const WINDOW: u64 = 32;

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime");
    match std::env::args().skip_while(|arg| arg != "--serve").nth(1) {
        Some(dir) => runtime.block_on(serve(Path::new(&dir))),
        None => runtime.block_on(what_is_acknowledged_survives_being_killed()),
    }
}

/// The server: says where it is and how to sign in, and goes on until it is killed.
async fn serve(dir: &Path) {
    let world = World::over(dir, |_| {}).await;
    let (seat, room) = match world.node.accounts.by_name("owner") {
        Some(owner) => (world.sign_in(owner, Role::Member).await, RoomId(1)),
        None => {
            let owner = world.account("owner").await;
            let room = world.room("lobby", &[&owner]).await;
            (owner, room)
        }
    };
    let hello = json!({"address": world.address, "token": seat.token, "room": room});
    writeln!(std::io::stdout(), "{hello}").expect("somebody reads it");
    std::future::pending::<()>().await;
}

struct Server {
    process: Child,
    address: SocketAddr,
    token: String,
    room: RoomId,
}

impl Server {
    fn start(dir: &Path) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut process = Command::new(program)
            .arg("--serve")
            .arg(dir)
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program starts");
        let mut line = String::new();
        let stdout = process.stdout.take().expect("it is piped");
        BufReader::new(stdout).read_line(&mut line).expect("it says where it is");
        let hello: Value = serde_json::from_str(&line).expect("JSON");
        Self {
            process,
            address: hello["address"].as_str().and_then(|a| a.parse().ok()).expect("an address"),
            token: hello["token"].as_str().expect("a token").to_owned(),
            room: RoomId(hello["room"].as_u64().expect("a room")),
        }
    }

    fn kill(mut self) {
        self.process.kill().expect("it is alive");
        self.process.wait().expect("it is dead");
    }
}

async fn what_is_acknowledged_survives_being_killed() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let mut acknowledged: BTreeMap<u64, u64> = BTreeMap::new();
    let mut next = 0;
    for round in 0..KILLS {
        let server = Server::start(dir.path());
        let mut line = Line::open(server.address, &[]).await;
        line.say(&json!({"t": "hello", "token": server.token})).await;
        line.come_in().await;
        let until = acknowledged.len() + 150 + 37 * round;
        // What was not answered before the kill is sent again first.
        let mut sent = next;
        for n in (0..next).filter(|n| !acknowledged.contains_key(n)).collect::<Vec<_>>() {
            line.say(&draft(server.room, n)).await;
        }
        while acknowledged.len() < until {
            while sent < acknowledged.len() as u64 + WINDOW {
                line.say(&draft(server.room, sent)).await;
                sent += 1;
            }
            let posted = line.until("posted").await;
            let n = posted["nonce"].as_str().and_then(|n| n[1..].parse().ok()).expect("ours");
            let seq = posted["seq"].as_u64().expect("a seq");
            let before = acknowledged.insert(n, seq);
            assert!(before.is_none_or(|before| before == seq), "a second answer differs");
        }
        next = sent;
        server.kill();
    }
    let world = World::over(dir.path(), |_| {}).await;
    let log = world.log(RoomId(1)).await;
    let holes = log.windows(2).filter(|w| w[1].seq != Seq(w[0].seq.0 + 1)).count();
    let mut places: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
    for event in &log {
        if let Some(n) = text_of(event).and_then(|text| text.parse().ok()) {
            places.entry(n).or_default().push(event.seq.0);
        }
    }
    let doubled = places.values().filter(|seqs| seqs.len() > 1).count();
    let lost = acknowledged.iter().filter(|(n, seq)| places.get(n) != Some(&vec![**seq])).count();
    let figures = format!(
        "{} acknowledged over {KILLS} kills: {lost} lost, {doubled} doubled, {holes} holes",
        acknowledged.len()
    );
    writeln!(std::io::stdout(), "{figures}").expect("somebody reads it");
    assert_eq!((lost, doubled, holes), (0, 0, 0), "{figures}");
    assert_eq!(log.first().map(|e| e.seq), Some(Seq(1)));
}

fn draft(room: RoomId, n: u64) -> Value {
    json!({"t": "post", "room": room, "nonce": format!("n{n}"),
           "draft": {"kind": "message", "text": n.to_string()}})
}
