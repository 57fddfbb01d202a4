//! Messages to frames. A server's frames are the same for every receiver, so they are encoded once
//! and shared as [`Bytes`]; a client's are masked with a key that the caller draws. Never fragments:
//! the size of a message is bounded by whoever made it.

use super::close;
use super::deflate::Deflater;
use super::frame::{Header, Opcode, mask};
use bytes::Bytes;

/// A server's text frame, to be shared by all its receivers.
pub fn text(payload: &[u8]) -> Bytes {
    server(Opcode::Text, false, payload)
}

/// A server's binary frame.
pub fn binary(payload: &[u8]) -> Bytes {
    server(Opcode::Binary, false, payload)
}

/// A server's ping; the payload is cut to what a control frame holds.
pub fn ping(payload: &[u8]) -> Bytes {
    server(Opcode::Ping, false, control(payload))
}

/// A server's answer to a ping: its payload.
pub fn pong(payload: &[u8]) -> Bytes {
    server(Opcode::Pong, false, control(payload))
}

/// The header of a server's text frame whose payload, of so many bytes, follows in parts.
pub fn text_header(payload_bytes: usize) -> Bytes {
    let mut out = Vec::with_capacity(super::frame::HEADER_BYTES_MAX);
    let payload_bytes = payload_bytes as u64;
    Header { fin: true, compressed: false, opcode: Opcode::Text, mask: None, payload_bytes }
        .write(&mut out);
    Bytes::from(out)
}

/// A server's close frame. The reason is cut to fit.
pub fn close(code: u16, reason: &str) -> Bytes {
    server(Opcode::Close, false, &close::payload(code, reason))
}

/// A server's answer to a close frame: the same code, or none where there was none.
pub fn close_reply(received: Option<&close::CloseFrame>) -> Bytes {
    match received {
        Some(frame) => close(frame.code, ""),
        None => server(Opcode::Close, false, &[]),
    }
}

/// A server's text frame compressed without context, for every receiver whose agreed window is at
/// least the deflater's; `None` when compression does not make it smaller.
pub fn text_compressed(payload: &[u8], deflater: &mut Deflater) -> Option<Bytes> {
    let small = deflater.deflate(payload);
    (small.len() < payload.len()).then(|| server(Opcode::Text, true, &small))
}

/// Any whole message or control frame of a client, masked with `key`, appended to `out`. The key
/// must be unpredictable (RFC 6455, 10.3).
pub fn client(opcode: Opcode, payload: &[u8], key: [u8; 4], out: &mut Vec<u8>) {
    frame(
        Header { fin: true, compressed: false, opcode, mask: Some(key), payload_bytes: 0 },
        payload,
        out,
    );
}

/// Any frame as its header says, appended to `out`; the length is the payload's.
pub fn frame(header: Header, payload: &[u8], out: &mut Vec<u8>) {
    out.reserve(payload.len() + super::frame::HEADER_BYTES_MAX);
    Header { payload_bytes: payload.len() as u64, ..header }.write(out);
    let start = out.len();
    out.extend_from_slice(payload);
    if let Some(key) = header.mask {
        mask(&mut out[start..], key, 0);
    }
}

fn server(opcode: Opcode, compressed: bool, payload: &[u8]) -> Bytes {
    let mut out = Vec::new();
    let header = Header { fin: true, compressed, opcode, mask: None, payload_bytes: 0 };
    let head = if payload.len() <= 125 { 2 } else { 4 + 6 * usize::from(payload.len() > 65_535) };
    out.reserve_exact(payload.len() + head);
    let header = Header { payload_bytes: payload.len() as u64, ..header };
    header.write(&mut out);
    out.extend_from_slice(payload);
    Bytes::from(out)
}

fn control(payload: &[u8]) -> &[u8] {
    &payload[..payload.len().min(super::frame::CONTROL_BYTES_MAX)]
}
