//! Says things to a WebSocket server that says everything back, and fails when anything comes back
//! otherwise: the codec of `leeward-core` as a client. `scripts/conformance.sh` runs it.
//!
//! ```text
//! cargo run -p leeward-client --example ws_converse -- ws://127.0.0.1:9001
//! ```

use leeward_client::server::{Roots, Server};
use leeward_client::socket::{Ask, Socket, SocketError};
use leeward_core::ws::frame::{Header, Opcode};
use leeward_core::ws::{Deflater, Message};
use std::error::Error;
use std::io::{self, Write};

const SIZES: [usize; 9] = [0, 1, 125, 126, 127, 65_535, 65_536, 1 << 20, 16 << 20];

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args().nth(1).ok_or("which server?")?;
    let server = Server::parse(&url, &Roots::System)?;
    for deflate in [false, true] {
        let ask = Ask { path: "/", deflate, ..Ask::default() };
        let mut socket = Socket::open(&server, ask).await?;
        for size in SIZES {
            let text = text(size);
            socket.say(Opcode::Text, text.as_bytes());
            same(&said_back(&mut socket).await?, text.as_bytes(), "text")?;
            socket.say(Opcode::Binary, &bytes(size));
            same(&said_back(&mut socket).await?, &bytes(size), "binary")?;
            in_pieces(&mut socket, text.as_bytes());
            same(&said_back(&mut socket).await?, text.as_bytes(), "pieces")?;
            if socket.is_deflate() {
                let small = Deflater::default().deflate(text.as_bytes());
                socket.say_frame(header(true, true, Opcode::Text), &small);
                same(&said_back(&mut socket).await?, text.as_bytes(), "compressed")?;
            }
        }
        farewell(&mut socket).await?;
        let agreed = if socket.is_deflate() { "compressed" } else { "plain" };
        writeln!(io::stdout(), "  leeward-client, {agreed}: as said, so heard")?;
    }
    Ok(())
}

fn header(fin: bool, compressed: bool, opcode: Opcode) -> Header {
    Header { fin, compressed, opcode, mask: None, payload_bytes: 0 }
}

/// Three pieces with a ping between.
fn in_pieces(socket: &mut Socket, payload: &[u8]) {
    let (a, b) = (payload.len() / 3, payload.len() / 2);
    socket.say_frame(header(false, false, Opcode::Text), &payload[..a]);
    socket.say_frame(header(false, false, Opcode::Continuation), &payload[a..b]);
    socket.say(Opcode::Ping, b"between");
    socket.say_frame(header(true, false, Opcode::Continuation), &payload[b..]);
}

/// The next data message.
async fn said_back(socket: &mut Socket) -> Result<Vec<u8>, SocketError> {
    let mut heard = None;
    while heard.is_none() {
        socket
            .hear(|message| match message {
                Message::Text(text) => heard = Some(text.as_bytes().to_vec()),
                Message::Binary(bytes) => heard = Some(bytes.to_vec()),
                Message::Ping(_) | Message::Pong(_) | Message::Close(_) => {}
            })
            .await?;
    }
    Ok(heard.unwrap_or_default())
}

/// Closes and expects the same code back.
async fn farewell(socket: &mut Socket) -> Result<(), Box<dyn Error>> {
    socket.say(Opcode::Close, &leeward_core::ws::close::payload(4321, "enough"));
    let mut code = None;
    while code.is_none() {
        socket
            .hear(|message| {
                if let Message::Close(frame) = message {
                    code = Some(frame.as_ref().map(|f| f.code));
                }
            })
            .await?;
    }
    if code == Some(Some(4321)) { Ok(()) } else { Err(format!("closed with {code:?}").into()) }
}

fn same(heard: &[u8], said: &[u8], what: &str) -> Result<(), String> {
    let lens = (heard.len(), said.len());
    if heard == said { Ok(()) } else { Err(format!("{what} came back otherwise: {lens:?} bytes")) }
}

fn text(len: usize) -> String {
    let words = ["leeward ", "κόσμε", "été", "風", "🌊", "\n", "\0"];
    let mut out = String::with_capacity(len + 8);
    for i in 0.. {
        let word = words[(i * i + i / 7) % words.len()];
        if out.len() + word.len() > len {
            break;
        }
        out.push_str(word);
    }
    let short = len - out.len();
    out + &"*".repeat(short)
}

fn bytes(len: usize) -> Vec<u8> {
    (0..len).map(|i| (i * 31 + i / 251) as u8).collect()
}
