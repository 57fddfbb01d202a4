//! WebSocket framing (RFC 6455) with per-message compression (RFC 7692), for both ends.
//!
//! In reading order: [`handshake`] (what is agreed in headers), [`frame`] (the header of a frame),
//! [`Decoder`] (bytes to messages), [`encode`] (messages to bytes), [`deflate`], [`close`], [`utf8`].
//! Never touches a socket: bytes are read by the caller, usually into one buffer shared by all the
//! connections of a thread, and an idle [`Decoder`] owns no heap.
//!
//! ```
//! use leeward_core::ws::{Decoder, Inflater, Message, Role, encode};
//! let mut decoder = Decoder::new(Role::Client, 1 << 16, false);
//! let (mut scratch, mut at) = (encode::text(b"{}").to_vec(), 0);
//! let mut inflater = Inflater::default();
//! while let Some(message) = decoder.next(&mut scratch, &mut at, &mut inflater).expect("well formed") {
//!     assert_eq!(message, Message::Text("{}".into()));
//! }
//! assert_eq!(decoder.memory_bytes(), 0);
//! ```

pub mod close;
mod decoder;
pub mod deflate;
pub mod encode;
pub mod frame;
pub mod handshake;
#[cfg(test)]
mod tests;
pub mod utf8;

pub use close::CloseFrame;
pub use decoder::{Decoder, Message, WsError};
pub use deflate::{Deflater, Inflater};
pub use frame::Role;
