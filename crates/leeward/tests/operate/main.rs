//! What an operator does to a running node and with it: has it examined, moves its gates, drains it,
//! watches it. Against the program itself, with good input and with nonsense.

#[path = "../program/mod.rs"]
mod program;

mod doctor;
mod gate;
mod top;

use program::{Server, done};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;

/// A server in that directory that is ready, and where its operator connects.
fn serving(dir: &Path, more: &[&str]) -> (Server, SocketAddr) {
    let server = Server::start(dir, more, Stdio::null());
    server.ready();
    (server, operator(dir))
}

/// Where the operator of the server of that directory connects.
fn operator(dir: &Path) -> SocketAddr {
    door(dir).0
}

/// The same, and the secret that makes an order one.
fn door(dir: &Path) -> (SocketAddr, String) {
    let door = std::fs::read(dir.join("leeward-data/operator.json")).expect("it serves");
    let door: Value = serde_json::from_slice(&door).expect("JSON");
    let field = |name: &str| door[name].as_str().expect("a text").to_owned();
    (field("address").parse().expect("an address"), field("secret"))
}

/// The first line of the answer to an order that is given as it should be.
fn order(dir: &Path, body: &str) -> String {
    let (operator, secret) = door(dir);
    post(operator, Some(&secret), body)
}

/// Posts to a listener, with a secret or without, and returns the first line of the answer.
fn post(address: SocketAddr, secret: Option<&str>, body: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("it listens");
    let bearer = secret.map_or_else(String::new, |s| format!("authorization: Bearer {s}\r\n"));
    let request = format!(
        "POST /command HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{bearer}\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("it is taken");
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.lines().next().unwrap_or_default().to_owned()
}

/// What a command prints as JSON, and its exit status.
fn told(dir: &Path, arguments: &[&str]) -> (Value, i32) {
    let out = done(dir, arguments);
    let text = String::from_utf8_lossy(&out.stdout);
    let words = String::from_utf8_lossy(&out.stderr);
    let value = serde_json::from_str(&text);
    let value = value.unwrap_or_else(|e| panic!("{arguments:?}: {e}: {text}{words}"));
    (value, out.status.code().expect("it ends by itself"))
}
