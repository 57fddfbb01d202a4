//! The Rust client of Leeward: connects, resumes, posts exactly once, streams events.
//!
//! In reading order: [`Client`], the [`http`] API, [`server`] (where it is), [`socket`] (one
//! WebSocket), [`load`] (thousands of clients), [`drill`] (thousands that lose their connection),
//! [`xmpp`] (such as speak XMPP).
//!
//! ```no_run
//! use leeward_client::{Client, Heard, Options, http::Http, server::{Roots, Server}};
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! let server = Server::parse("https://chat.example", &Roots::System)?;
//! let signed_in = Http::new(server.clone()).sign_in("bot", "correct horse").await?;
//! let mut client = Client::new(Options::new(server, signed_in.token));
//! loop {
//!     if let Heard::Event { room, event } = client.next().await {
//!         println!("{room} {event:?}");
//!     }
//! }
//! # }
//! ```

#![warn(missing_docs)]

mod alarm;
mod client;
mod crew;
pub mod drill;
mod frames;
pub mod gauge;
pub mod histogram;
pub mod http;
pub mod load;
mod machine;
mod outbox;
mod positions;
pub mod server;
pub mod socket;
pub mod xmpp;

pub use client::{Client, Heard, Listener, Options};
