//! A server that does exactly what a test says: it accepts one connection at a time, and hears and
//! says one frame at a time.

use leeward_client::server::{Roots, Server};
use leeward_client::{Client, Heard, Options};
use leeward_core::wire::{ClientFrame, ServerFrame};
use leeward_core::ws::handshake::{self, Request};
use leeward_core::ws::{Decoder, Inflater, Message, Role, encode};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Long enough for a machine under load; nothing waits so long when it works.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Script {
    listener: TcpListener,
}

pub(crate) struct Peer {
    socket: TcpStream,
    decoder: Decoder,
    heard: VecDeque<ClientFrame>,
}

pub(crate) async fn script() -> (Script, Client) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let server = Server::parse(&url, &Roots::System).expect("an address");
    (Script { listener }, Client::new(Options::new(server, "a token")))
}

impl Script {
    /// Accepts the next connection, while `client` is driven; it must tell nothing but its bar.
    pub(crate) async fn accept(&self, client: &mut Client) -> Peer {
        let accepted = async {
            let (mut socket, _) = self.listener.accept().await.expect("a connection");
            upgrade(&mut socket).await;
            Peer { socket, decoder: Decoder::new(Role::Server, 1 << 20, false), heard: [].into() }
        };
        within(driven(client, accepted)).await
    }
}

impl Peer {
    /// The next frame of the client.
    pub(crate) async fn hear(&mut self, client: &mut Client) -> ClientFrame {
        within(driven(client, self.read())).await
    }

    pub(crate) async fn say(&mut self, json: &str) {
        self.socket.write_all(&encode::text(json.as_bytes())).await.expect("an open connection");
    }

    async fn read(&mut self) -> ClientFrame {
        let mut scratch = vec![0; 4096];
        loop {
            if let Some(frame) = self.heard.pop_front() {
                return frame;
            }
            let (len, mut at) = (self.socket.read(&mut scratch).await.expect("readable"), 0);
            assert!(len > 0, "the client has closed the connection");
            let mut inflater = Inflater::default();
            while let Some(message) =
                self.decoder.next(&mut scratch[..len], &mut at, &mut inflater).expect("well formed")
            {
                let Message::Text(text) = message else { panic!("{message:?}") };
                self.heard.push_back(serde_json::from_str(&text).expect("a frame"));
            }
        }
    }
}

/// Welcomes a client whose one room, 7, stands at seq 10.
pub(crate) async fn welcome(peer: &mut Peer) {
    peer.say(
        r#"{"t":"welcome","session":1,"account":2,"ticket":"ticket","now":0,"resumed":false,
            "build":"","lease":{"ping_ms":60000,"lease_ms":90000,"spread_ms":0}}"#,
    )
    .await;
    peer.say(
        r#"{"t":"account","version":3,"workspace":"w","settings":{},"people":[],
            "me":{"id":2,"name":"bot","display":"Bot","role":"member"},
            "rooms":[{"id":7,"room_kind":"public","name":"lobby","epoch":1,"head":10,"read":0,
            "last_message":10,"last_at":0,"mentions":0,"role":"member","notify":"all","members":1}]}"#,
    )
    .await;
    peer.say(r#"{"t":"caught_up","now":0}"#).await;
}

/// One message event of room 7.
pub(crate) async fn event(peer: &mut Peer, seq: u64) {
    let event = format!(r#"{{"seq":{seq},"at":1,"from":2,"kind":"message","text":"m{seq}"}}"#);
    peer.say(&format!(r#"{{"t":"event","room":7,"event":{event}}}"#)).await;
}

/// The next thing the client tells that is not its bar.
pub(crate) async fn told(client: &mut Client) -> Heard {
    within(async {
        loop {
            let heard = client.next().await;
            if !matches!(heard, Heard::Bar(_)) {
                return heard;
            }
        }
    })
    .await
}

/// Reads what the client tells up to and with `caught_up`.
pub(crate) async fn until_caught_up(client: &mut Client) {
    loop {
        if let Heard::Frame(frame) = told(client).await
            && matches!(*frame, ServerFrame::CaughtUp { .. })
        {
            return;
        }
    }
}

async fn driven<T>(client: &mut Client, future: impl Future<Output = T>) -> T {
    tokio::pin!(future);
    loop {
        tokio::select! {
            biased;
            done = &mut future => return done,
            heard = client.next() => assert!(matches!(heard, Heard::Bar(_)), "{heard:?}"),
        }
    }
}

async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, future).await.expect("within the patience of a test")
}

async fn upgrade(socket: &mut TcpStream) {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        assert!(socket.read_buf(&mut head).await.expect("readable") > 0);
    }
    let head = String::from_utf8(head).expect("text");
    let value = |name: &str| {
        let line = head.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_default()
    };
    assert!(head.starts_with("GET /api/v1/live HTTP/1.1\r\n"));
    let request = Request {
        connection: value("Connection"),
        upgrade: value("Upgrade"),
        version: value("Sec-WebSocket-Version"),
        key: value("Sec-WebSocket-Key"),
        protocols: value("Sec-WebSocket-Protocol"),
        extensions: "",
    };
    let accepted = handshake::accept(&request, &["leeward.v1"], false).expect("a proper request");
    let answer = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {}\r\nSec-WebSocket-Protocol: {}\r\n\r\n",
        accepted.accept,
        accepted.protocol.expect("offered"),
    );
    socket.write_all(answer.as_bytes()).await.expect("writable");
}
