//! A WebSocket server that says everything back: the codec of `leeward-core` and a socket, nothing
//! else. Made for conformance suites and other libraries to be run against.
//!
//! ```text
//! cargo run -p leeward-client --example ws_echo -- 127.0.0.1:9001
//! ```
//!
//! It prints the address it listens on (port 0 picks one). The Autobahn suite is run against it with
//! `wstest -m fuzzingclient` and `"url": "ws://127.0.0.1:9001"`; `scripts/conformance.sh` runs it
//! against `ws` (npm) and `websockets` (PyPI). Messages go up to 64 MiB, texts are answered
//! compressed where that was agreed. It never times anybody out.

use leeward_core::ws::handshake::{self, Accepted, Request};
use leeward_core::ws::{Decoder, Deflater, Inflater, Message, Role, encode};
use std::io::{self, Write};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const MESSAGE_BYTES_MAX: usize = 64 << 20;
const HEAD_BYTES_MAX: usize = 16 << 10;

#[tokio::main(flavor = "current_thread")]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:9001".to_owned());
    let listener = TcpListener::bind(&address).await?;
    writeln!(io::stdout(), "{}", listener.local_addr()?)?;
    loop {
        let (socket, _) = listener.accept().await?;
        tokio::spawn(async move {
            // What a peer does wrong ends its own connection and nothing else.
            let _ = serve(socket).await;
        });
    }
}

async fn serve(mut socket: TcpStream) -> io::Result<()> {
    socket.set_nodelay(true)?;
    let Some((accepted, early)) = open(&mut socket).await? else { return Ok(()) };
    let window_bits = accepted.deflate.map(|d| d.server_window_bits);
    let mut deflater = window_bits.map(Deflater::with_window_bits);
    let mut decoder = Decoder::new(Role::Server, MESSAGE_BYTES_MAX, deflater.is_some());
    let mut inflater = Inflater::default();
    let (mut scratch, mut len) = (vec![0; 64 << 10], early.len());
    scratch[..len].copy_from_slice(&early);
    loop {
        let mut at = 0;
        loop {
            let (reply, last) = match decoder.next(&mut scratch[..len], &mut at, &mut inflater) {
                Ok(None) => break,
                Ok(Some(message)) => answer(&message, deflater.as_mut()),
                Err(error) => (Some(encode::close(error.close_code(), error.as_str())), true),
            };
            if let Some(frame) = reply {
                socket.write_all(&frame).await?;
            }
            if last {
                return end(&mut socket, &mut scratch).await;
            }
        }
        len = socket.read(&mut scratch).await?;
        if len == 0 {
            return Ok(());
        }
    }
}

/// The frame that answers a message, and whether it is the last.
fn answer(message: &Message<'_>, deflater: Option<&mut Deflater>) -> (Option<bytes::Bytes>, bool) {
    match message {
        Message::Text(text) => {
            let small = deflater.and_then(|d| encode::text_compressed(text.as_bytes(), d));
            (Some(small.unwrap_or_else(|| encode::text(text.as_bytes()))), false)
        }
        Message::Binary(bytes) => (Some(encode::binary(bytes)), false),
        Message::Ping(bytes) => (Some(encode::pong(bytes)), false),
        Message::Pong(_) => (None, false),
        Message::Close(frame) => (Some(encode::close_reply(frame.as_ref())), true),
    }
}

/// Says that nothing follows, then reads until the peer says so too, so that no reset overtakes the
/// close frame.
async fn end(socket: &mut TcpStream, scratch: &mut [u8]) -> io::Result<()> {
    socket.shutdown().await?;
    let drained = async {
        while socket.read(scratch).await? > 0 {}
        io::Result::Ok(())
    };
    tokio::time::timeout(std::time::Duration::from_secs(1), drained).await.unwrap_or(Ok(()))
}

/// Reads the request and answers it: what was agreed, and the bytes that came after the head.
async fn open(socket: &mut TcpStream) -> io::Result<Option<(Accepted, Vec<u8>)>> {
    let mut head = Vec::new();
    let end = loop {
        if let Some(at) = head.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        if head.len() > HEAD_BYTES_MAX || socket.read_buf(&mut head).await? == 0 {
            return Ok(None);
        }
    };
    let mut headers = [httparse::EMPTY_HEADER; 64];
    let mut parsed = httparse::Request::new(&mut headers);
    if parsed.parse(&head[..end]).is_err() {
        return Ok(None);
    }
    let value = |name: &str| -> String {
        let of_name = parsed.headers.iter().filter(|h| h.name.eq_ignore_ascii_case(name));
        let values: Vec<_> = of_name.map(|h| String::from_utf8_lossy(h.value)).collect();
        values.join(", ")
    };
    let names = [
        "connection",
        "upgrade",
        "sec-websocket-version",
        "sec-websocket-key",
        "sec-websocket-protocol",
        "sec-websocket-extensions",
    ];
    let [connection, upgrade, version, key, protocols, extensions] = names.map(value);
    let request = Request {
        connection: &connection,
        upgrade: &upgrade,
        version: &version,
        key: &key,
        protocols: &protocols,
        extensions: &extensions,
    };
    match handshake::accept(&request, &[], true) {
        Ok(accepted) => {
            let mut answer = format!(
                "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                 Sec-WebSocket-Accept: {}\r\n",
                accepted.accept
            );
            if let Some(deflate) = accepted.deflate {
                answer += &format!("Sec-WebSocket-Extensions: {}\r\n", deflate.header());
            }
            socket.write_all((answer + "\r\n").as_bytes()).await?;
            Ok(Some((accepted, head.split_off(end))))
        }
        Err(error) => {
            let status = error.status();
            let refusal = format!(
                "HTTP/1.1 {status} Refused\r\nSec-WebSocket-Version: 13\r\nContent-Length: 0\r\n\r\n"
            );
            socket.write_all(refusal.as_bytes()).await?;
            Ok(None)
        }
    }
}
