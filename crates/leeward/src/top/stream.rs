//! The server's event stream: one request whose answer does not end, read event by event.
//!
//! Lines as the HTML standard has them for `text/event-stream`; only `event` and `data` matter here.

use anyhow::{Context as _, Result, bail};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How long reaching the server may take, and how long it may say nothing: it says something each second.
const SILENCE_MAX: Duration = Duration::from_secs(5);
/// Longest event; a document has some ten kilobytes.
const EVENT_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One event.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Event {
    pub(super) name: String,
    pub(super) data: String,
}

/// The events of one connection.
pub(super) struct Stream {
    body: Incoming,
    driver: JoinHandle<()>,
    parser: Parser,
}

impl Stream {
    /// Asks for the stream.
    pub(super) async fn open(address: SocketAddr, path: &str) -> Result<Self> {
        let away = || format!("no server answers at {address}");
        let connect = timeout(SILENCE_MAX, TcpStream::connect(address));
        let socket = connect.await.with_context(away)?.with_context(away)?;
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(socket)).await.with_context(away)?;
        let driver = tokio::spawn(async move {
            // Its end is seen as the end of the body.
            let _ = connection.await;
        });
        let request = Request::builder().method(Method::GET).uri(path);
        let request =
            request.header("host", address.to_string()).header("accept", "text/event-stream");
        let asked = sender.send_request(request.body(Empty::<Bytes>::new())?);
        let answer = timeout(SILENCE_MAX, asked).await.with_context(away)?.with_context(away)?;
        if !answer.status().is_success() {
            driver.abort();
            bail!("the server at {address} answered {}", answer.status());
        }
        Ok(Self { body: answer.into_body(), driver, parser: Parser::default() })
    }

    /// The next event. An error is the end of the stream.
    pub(super) async fn next(&mut self) -> Result<Event> {
        loop {
            if let Some(event) = self.parser.next() {
                return Ok(event);
            }
            let frame = timeout(SILENCE_MAX, self.body.frame()).await;
            let frame = frame.context("the server says nothing")?;
            let frame = frame.context("the server went away")?.context("the server went away")?;
            if let Some(bytes) = frame.data_ref() {
                self.parser.take(bytes)?;
            }
        }
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

/// Makes events of bytes.
#[derive(Default)]
struct Parser {
    bytes: Vec<u8>,
    name: String,
    data: Option<String>,
}

impl Parser {
    fn take(&mut self, bytes: &[u8]) -> Result<()> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() + self.data.as_ref().map_or(0, String::len) > EVENT_BYTES_MAX {
            bail!("the server sends an event without end");
        }
        Ok(())
    }

    fn next(&mut self) -> Option<Event> {
        while let Some(end) = self.bytes.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = self.bytes.drain(..=end).collect();
            let line = String::from_utf8_lossy(line.trim_ascii_end()).into_owned();
            if line.is_empty() {
                let name = std::mem::take(&mut self.name);
                if let Some(data) = self.data.take() {
                    return Some(Event { name, data });
                }
                continue;
            }
            let (field, value) = line.split_once(':').unwrap_or((&line, ""));
            let value = value.strip_prefix(' ').unwrap_or(value);
            match field {
                "event" => value.clone_into(&mut self.name),
                "data" => match &mut self.data {
                    Some(data) => {
                        data.push('\n');
                        data.push_str(value);
                    }
                    None => self.data = Some(value.to_owned()),
                },
                _ => {}
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(parts: &[&[u8]]) -> Vec<Event> {
        let mut parser = Parser::default();
        let mut events = Vec::new();
        for part in parts {
            parser.take(part).expect("it is short");
            events.extend(std::iter::from_fn(|| parser.next()));
        }
        events
    }

    #[test]
    fn events_are_the_same_however_they_are_cut() {
        let text = b"retry: 1000\n\nevent: status\r\ndata: {\"a\":\ndata: 1}\n\n: a comment\n\nid: 7\nevent: journal\ndata:x\n\n";
        let whole = parsed(&[text]);
        let event = |name: &str, data: &str| Event { name: name.to_owned(), data: data.to_owned() };
        assert_eq!(whole, [event("status", "{\"a\":\n1}"), event("journal", "x")]);
        for at in 0..text.len() {
            let (one, two) = text.split_at(at);
            assert_eq!(parsed(&[one, two]), whole, "cut at {at}");
        }
    }

    #[test]
    fn an_event_without_end_is_given_up() {
        let mut parser = Parser::default();
        let long = vec![b'x'; EVENT_BYTES_MAX];
        parser.take(&long).expect("still within bounds");
        assert!(parser.next().is_none());
        assert!(parser.take(b"x").is_err());
    }
}
