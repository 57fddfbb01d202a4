//! The Rust client of Leeward.
//!
//! In reading order: [`server`] (where it is), [`socket`] (one WebSocket).

#![warn(missing_docs)]

pub mod server;
pub mod socket;
