//! XMPP, for every client that people already have: pure, no socket, no clock, no randomness, no task.
//!
//! What is said in XMPP becomes a draft for a room's log, and what stands in the log is rendered for
//! XMPP; no stanza is ever passed on. In reading order: [`xml`] and [`jid`], the words; [`stream`], one
//! connection's way in, with [`sasl`] and [`bosh`]; [`station`], the clients of one shard and the rooms
//! as they see them; [`muc`] what they do in rooms; [`features`] everything else, one file each.

#![warn(missing_docs)]

pub mod jid;
pub mod ns;
pub mod time;
pub mod xml;

pub mod bosh;
pub mod sasl;
pub mod stream;

mod packed;
mod refusal;
pub mod stanza;
pub mod station;

pub mod features;
pub mod muc;

#[cfg(test)]
#[path = "../tests/stage/mod.rs"]
mod stage;
