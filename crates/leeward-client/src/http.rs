//! The HTTP API, as far as a client needs it: JSON in, JSON out, one connection kept for many
//! requests. Never follows redirects, never keeps cookies: the token goes along as a bearer.

use crate::server::{Server, Stream};
use leeward_core::code::Refusal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The longest answer: a page of the longest messages.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// Why a request did not get what it asked for.
#[derive(Debug)]
pub enum HttpError {
    /// The network failed.
    Io(io::Error),
    /// The server refused, with advice.
    Refused(Refusal),
    /// The server's answer is not of the documented form.
    Form(String),
}

impl std::fmt::Display for HttpError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Io(e) => e.fmt(f),
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Form(what) => write!(f, "the server's answer is not understood: {what}"),
        }
    }
}

impl std::error::Error for HttpError {}

impl From<io::Error> for HttpError {
    fn from(e: io::Error) -> Self {
        Self::Io(e)
    }
}

/// A way to the HTTP API.
pub struct Http {
    server: Server,
    token: Option<String>,
    stream: Option<Stream>,
}

/// What a sign-in gives.
#[derive(Clone, Debug, Deserialize)]
pub struct SignedIn {
    /// What to show from here on, in [`Http::with_token`] and [`crate::Options`].
    pub token: String,
}

impl Http {
    /// Without a token: for what is public.
    pub fn new(server: Server) -> Self {
        Self { server, token: None, stream: None }
    }

    /// With a sign-in token or a bot's.
    pub fn with_token(server: Server, token: &str) -> Self {
        Self { server, token: Some(token.to_owned()), stream: None }
    }

    /// Signs in by name and password.
    ///
    /// # Errors
    /// As [`Self::call`].
    pub async fn sign_in(&mut self, name: &str, password: &str) -> Result<SignedIn, HttpError> {
        let body = serde_json::json!({ "name": name, "password": password });
        let signed_in: SignedIn = self.call("POST", "/api/v1/sign-in", Some(&body)).await?;
        self.token = Some(signed_in.token.clone());
        Ok(signed_in)
    }

    /// Sends one request and reads its answer. A kept connection that the server has closed meanwhile
    /// is opened again.
    ///
    /// # Errors
    /// The network failed, or the server refused: then as it said.
    pub async fn call<A: DeserializeOwned>(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&(impl Serialize + Sync)>,
    ) -> Result<A, HttpError> {
        let form = |e: serde_json::Error| HttpError::Form(e.to_string());
        let body = body.map(serde_json::to_vec).transpose().map_err(form)?;
        let (status, answer) = self.ask(method, path, body.as_deref()).await?;
        if (200..300).contains(&status) {
            let answer = if answer.is_empty() { &b"null"[..] } else { &answer };
            return serde_json::from_slice(answer).map_err(form);
        }
        match serde_json::from_slice(&answer) {
            Ok(refusal) => Err(HttpError::Refused(refusal)),
            Err(_) => Err(HttpError::Form(format!("status {status}"))),
        }
    }

    /// As [`Self::call`], for what is not JSON.
    ///
    /// # Errors
    /// As there.
    pub async fn text(&mut self, method: &str, path: &str) -> Result<String, HttpError> {
        let (status, answer) = self.ask(method, path, None).await?;
        if !(200..300).contains(&status) {
            return Err(HttpError::Form(format!("status {status}")));
        }
        String::from_utf8(answer).map_err(|e| HttpError::Form(e.to_string()))
    }

    async fn ask(
        &mut self,
        method: &str,
        path: &str,
        body: Option<&[u8]>,
    ) -> Result<(u16, Vec<u8>), HttpError> {
        let request = self.request(method, path, body);
        let Some(stream) = self.stream.take() else { return self.exchange_anew(&request).await };
        match self.exchange(stream, &request).await {
            Err(HttpError::Io(_)) => self.exchange_anew(&request).await,
            other => other,
        }
    }

    fn request(&self, method: &str, path: &str, body: Option<&[u8]>) -> Vec<u8> {
        let mut out = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.server.authority());
        if let Some(token) = &self.token {
            out += &format!("Authorization: Bearer {token}\r\n");
        }
        if let Some(body) = body {
            out += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        let mut out = (out + "\r\n").into_bytes();
        out.extend_from_slice(body.unwrap_or_default());
        out
    }

    async fn exchange_anew(&mut self, request: &[u8]) -> Result<(u16, Vec<u8>), HttpError> {
        let stream = self.server.connect(None).await?;
        self.exchange(stream, request).await
    }

    async fn exchange(
        &mut self,
        mut stream: Stream,
        request: &[u8],
    ) -> Result<(u16, Vec<u8>), HttpError> {
        stream.write_all(request).await?;
        let mut reader = Reader { stream, bytes: Vec::new() };
        let head = reader.head().await?;
        let body = match head.length {
            Length::Bytes(len) => reader.take(len).await?,
            Length::Chunked => reader.chunks().await?,
            Length::None => Vec::new(),
        };
        if head.keep && reader.bytes.is_empty() {
            self.stream = Some(reader.stream);
        }
        Ok((head.status, body))
    }
}

struct Head {
    status: u16,
    length: Length,
    keep: bool,
}

enum Length {
    None,
    Bytes(usize),
    Chunked,
}

/// An answer, as far as it has been read.
struct Reader {
    stream: Stream,
    bytes: Vec<u8>,
}

impl Reader {
    async fn more(&mut self) -> Result<(), HttpError> {
        if self.bytes.len() > ANSWER_BYTES_MAX {
            return Err(HttpError::Form("too long".to_owned()));
        }
        if self.stream.read_buf(&mut self.bytes).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
        Ok(())
    }

    /// Up to and without `end`.
    async fn until(&mut self, end: &[u8]) -> Result<Vec<u8>, HttpError> {
        loop {
            if let Some(at) = self.bytes.windows(end.len()).position(|w| w == end) {
                let rest = self.bytes.split_off(at + end.len());
                return Ok(std::mem::replace(&mut self.bytes, rest));
            }
            self.more().await?;
        }
    }

    async fn take(&mut self, len: usize) -> Result<Vec<u8>, HttpError> {
        while self.bytes.len() < len {
            self.more().await?;
        }
        let rest = self.bytes.split_off(len);
        Ok(std::mem::replace(&mut self.bytes, rest))
    }

    async fn chunks(&mut self) -> Result<Vec<u8>, HttpError> {
        let mut out = Vec::new();
        loop {
            let line = self.until(b"\r\n").await?;
            let size = line.split(|b| matches!(b, b';' | b'\r')).next().unwrap_or_default();
            let size = std::str::from_utf8(size).ok().and_then(|s| {
                usize::from_str_radix(s.trim(), 16).ok().filter(|n| *n <= ANSWER_BYTES_MAX)
            });
            let Some(size) = size else { return Err(HttpError::Form("chunk".to_owned())) };
            out.extend(self.take(size).await?);
            self.until(b"\r\n").await?;
            if size == 0 {
                return Ok(out);
            }
        }
    }

    async fn head(&mut self) -> Result<Head, HttpError> {
        let head = self.until(b"\r\n\r\n").await?;
        let mut headers = [httparse::EMPTY_HEADER; 64];
        let mut answer = httparse::Response::new(&mut headers);
        answer.parse(&head).map_err(|e| HttpError::Form(e.to_string()))?;
        let value = |name: &str| {
            let header = answer.headers.iter().find(|h| h.name.eq_ignore_ascii_case(name))?;
            std::str::from_utf8(header.value).ok()
        };
        let length = match (value("transfer-encoding"), value("content-length")) {
            (Some(_), _) => Length::Chunked,
            (None, None) => Length::None,
            (None, Some(text)) => match text.parse() {
                Ok(len) if len <= ANSWER_BYTES_MAX => Length::Bytes(len),
                _ => return Err(HttpError::Form("content-length".to_owned())),
            },
        };
        let keep = !value("connection").is_some_and(|v| v.eq_ignore_ascii_case("close"));
        Ok(Head { status: answer.code.unwrap_or_default(), length, keep })
    }
}
