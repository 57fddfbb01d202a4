//! One client's socket.

use super::{PATIENCE, Seat, World};
use leeward_core::id::RoomId;
use serde_json::{Value, json};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;

/// A live connection.
pub(crate) struct Line<S = TcpStream> {
    socket: WebSocketStream<S>,
    /// What `welcome` said.
    pub(crate) welcome: Value,
    /// What came between `welcome` and `caught_up`.
    pub(crate) missed: Vec<Value>,
}

/// How a connection ended.
#[derive(Debug)]
pub(crate) struct Ended {
    /// The last frame: `refuse` or `goodbye`.
    pub(crate) said: Value,
    /// The close code.
    pub(crate) code: u16,
}

impl Line {
    /// Opens a socket without saying anything.
    pub(crate) async fn open(address: SocketAddr, headers: &[(&'static str, &str)]) -> Self {
        let tcp = TcpStream::connect(address).await.expect("it listens");
        Line::over(tcp, &address.to_string(), headers).await
    }

    /// Signs in and waits until all has come.
    pub(crate) async fn sign_in(world: &World, seat: &Seat) -> Self {
        let mut line = Self::open(world.address, &[]).await;
        line.say(&json!({"t": "hello", "token": seat.token, "build": "test/1"})).await;
        line.come_in().await;
        line
    }

    /// Says hello with a token and does not wait.
    pub(crate) async fn knock(world: &World, seat: &Seat) -> Self {
        let mut line = Self::open(world.address, &[]).await;
        line.say(&json!({"t": "hello", "token": seat.token, "build": "test/1"})).await;
        line
    }

    /// Resumes with the ticket of another line, from where that one stood.
    pub(crate) async fn resume(
        world: &World,
        ticket: &str,
        version: u64,
        at: &[(RoomId, u64)],
    ) -> Self {
        let mut line = Self::open(world.address, &[]).await;
        line.say(&hello(ticket, version, world.epoch, at)).await;
        line.come_in().await;
        line
    }
}

pub(crate) fn hello(ticket: &str, version: u64, epoch: u64, at: &[(RoomId, u64)]) -> Value {
    let positions: Vec<_> = at.iter().map(|(room, seq)| json!([room, epoch, seq])).collect();
    json!({"t": "hello", "ticket": ticket, "build": "test/1", "account_version": version,
           "positions": positions})
}

impl<S: AsyncRead + AsyncWrite + Unpin> Line<S> {
    /// Speaks WebSocket over a stream.
    pub(crate) async fn over(stream: S, host: &str, headers: &[(&'static str, &str)]) -> Self {
        let url = format!("ws://{host}/api/v1/live");
        let mut request = url.into_client_request().expect("a good address");
        let protocol = HeaderValue::from_static("leeward.v1");
        request.headers_mut().insert("sec-websocket-protocol", protocol);
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).expect("a good header");
            request.headers_mut().insert(*name, value);
        }
        let upgrade = tokio_tungstenite::client_async(request, stream);
        let (socket, response) =
            tokio::time::timeout(PATIENCE, upgrade).await.expect("in time").expect("an upgrade");
        let echoed = response.headers().get("sec-websocket-protocol");
        assert_eq!(echoed.map(HeaderValue::as_bytes), Some(&b"leeward.v1"[..]));
        Self { socket, welcome: Value::Null, missed: Vec::new() }
    }

    /// Reads `welcome` and what follows up to `caught_up`.
    pub(crate) async fn come_in(&mut self) {
        self.welcome = self.next().await;
        assert_eq!(self.welcome["t"], "welcome", "{}", self.welcome);
        loop {
            let frame = self.next().await;
            if frame["t"] == "caught_up" {
                return;
            }
            self.missed.push(frame);
        }
    }

    pub(crate) fn ticket(&self) -> String {
        self.welcome["ticket"].as_str().expect("a welcome has a ticket").to_owned()
    }

    /// The version of the account's list, from the `account` frame that came.
    pub(crate) fn version(&self) -> u64 {
        let account = self.missed.iter().find(|frame| frame["t"] == "account");
        account.expect("an account frame came")["version"].as_u64().expect("a number")
    }

    pub(crate) async fn say(&mut self, frame: &Value) {
        self.say_text(&frame.to_string()).await;
    }

    /// Says something to a server that may be gone.
    pub(crate) async fn try_say(&mut self, frame: &Value) {
        use futures_util::SinkExt as _;
        let _ = self.socket.send(Message::text(frame.to_string())).await;
    }

    pub(crate) async fn say_text(&mut self, text: &str) {
        self.send(Message::text(text)).await;
    }

    pub(crate) async fn send(&mut self, message: Message) {
        use futures_util::SinkExt as _;
        self.socket.send(message).await.expect("the socket takes it");
    }

    /// The same, where the other end may have gone.
    pub(crate) async fn try_send(
        &mut self,
        message: Message,
    ) -> Result<(), tokio_tungstenite::tungstenite::Error> {
        use futures_util::SinkExt as _;
        self.socket.send(message).await
    }

    /// The next frame.
    pub(crate) async fn next(&mut self) -> Value {
        match self.next_message().await {
            Some(Message::Text(text)) => serde_json::from_str(&text).expect("frames are JSON"),
            other => panic!("no frame but {other:?}"),
        }
    }

    /// The next message; none at the end of the stream.
    pub(crate) async fn next_message(&mut self) -> Option<Message> {
        use futures_util::StreamExt as _;
        let next = tokio::time::timeout(PATIENCE, self.socket.next());
        next.await.expect("something comes in time").and_then(Result::ok)
    }

    /// The next frame of this type; others are passed over.
    pub(crate) async fn until(&mut self, kind: &str) -> Value {
        loop {
            let frame = self.next().await;
            if frame["t"] == kind {
                return frame;
            }
        }
    }

    /// The last frame of this type, if there was one, before the answer to a ping.
    pub(crate) async fn said_before_pong(&mut self, kind: &str) -> Option<Value> {
        self.say(&json!({"t": "ping", "n": 76})).await;
        let mut said = None;
        loop {
            let frame = self.next().await;
            if frame["t"] == "pong" {
                return said;
            }
            said = if frame["t"] == kind { Some(frame) } else { said };
        }
    }

    /// Posts a message and waits for the answer; events that come before are passed over.
    pub(crate) async fn post(&mut self, room: RoomId, text: &str) -> Value {
        self.say(&post(room, text)).await;
        loop {
            let frame = self.next().await;
            if frame["t"] == "posted" || frame["t"] == "refused" {
                return frame;
            }
        }
    }

    /// The texts of the next `count` message events in a room, which have to be without holes.
    pub(crate) async fn texts(&mut self, count: usize) -> Vec<String> {
        let mut texts: Vec<String> = Vec::new();
        let mut last = None;
        while texts.len() < count {
            let frame = self.until("event").await;
            let seq = frame["event"]["seq"].as_u64().expect("events have a seq");
            assert!(last.is_none_or(|last| seq == last + 1), "a hole before {seq} after {last:?}");
            last = Some(seq);
            texts.extend(frame["event"]["text"].as_str().map(str::to_owned));
        }
        texts
    }

    /// How the connection ends; whatever comes before is passed over.
    pub(crate) async fn end(&mut self) -> Ended {
        let mut said = Value::Null;
        loop {
            match self.next_message().await {
                Some(Message::Text(text)) => {
                    said = serde_json::from_str(&text).expect("frames are JSON");
                }
                Some(Message::Close(frame)) => {
                    let code = frame.map_or(0, |frame| frame.code.into());
                    return Ended { said, code };
                }
                Some(_) => {}
                None => panic!("the stream ended without a word after {said}"),
            }
        }
    }

    /// Asserts that nothing but its own posts came before the answer to a ping.
    pub(crate) async fn quiet(&mut self) {
        self.say(&json!({"t": "ping", "n": 77})).await;
        loop {
            let frame = self.next().await;
            if frame["t"] == "event" && frame["event"]["from"] == self.welcome["account"] {
                continue;
            }
            assert_eq!((&frame["t"], &frame["n"]), (&json!("pong"), &json!(77)), "{frame}");
            return;
        }
    }

    /// The next event, by itself or as the one event of a delta.
    pub(crate) async fn event(&mut self) -> Value {
        loop {
            let frame = self.next().await;
            if frame["t"] == "event" {
                return frame["event"].clone();
            }
            if frame["t"] == "delta" {
                assert_eq!(frame["events"].as_array().map(Vec::len), Some(1), "{frame}");
                return frame["events"][0].clone();
            }
        }
    }
}

pub(crate) fn post(room: RoomId, text: &str) -> Value {
    json!({"t": "post", "room": room, "nonce": text.replace(' ', "-"),
           "draft": {"kind": "message", "text": text}})
}

/// Plain HTTP, byte by byte.
pub(crate) struct Raw;

impl Raw {
    pub(crate) async fn status(address: SocketAddr, path: &str) -> u16 {
        let answer = Self::ask(address, path).await;
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        status.unwrap_or(0)
    }

    /// Posts a command with the operator's secret.
    pub(crate) async fn command(address: SocketAddr, command: &Value) -> (u16, Value) {
        let body = command.to_string();
        let head = format!(
            "POST /command HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer secret\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        let mut stream = TcpStream::connect(address).await.expect("it listens");
        stream.write_all((head + &body).as_bytes()).await.expect("it is sent");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("it is answered");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        (status.unwrap_or(0), serde_json::from_str(body).unwrap_or(Value::Null))
    }

    pub(crate) async fn get(address: SocketAddr, path: &str) -> String {
        let answer = Self::ask(address, path).await;
        answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default()
    }

    async fn ask(address: SocketAddr, path: &str) -> String {
        let Ok(mut stream) = TcpStream::connect(address).await else { return String::new() };
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let mut answer = Vec::new();
        if stream.write_all(request.as_bytes()).await.is_ok() {
            // What came before it broke off is the answer.
            let _ = stream.read_to_end(&mut answer).await;
        }
        String::from_utf8_lossy(&answer).into_owned()
    }
}
