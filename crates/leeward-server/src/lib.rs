//! The async shell around the core: listeners, shards, connections, the HTTP API and the operator's
//! listener.
//!
//! In reading order: [`config`] what a node is told, [`node`] the spine that every post passes,
//! [`accounts`] and [`passwords`] who may come in, [`http`] everything that is not live.

pub mod accounts;
mod assets;
pub mod config;
pub mod http;
pub mod metrics;
pub mod node;
pub mod operate;
pub mod passwords;

pub use config::NodeConfig;
pub use node::{Actor, Node, Posted};

/// The words, for the program: it depends on this crate and on the client alone.
pub use leeward_core as core;
/// The store, for commands on a data directory that nobody serves.
pub use leeward_store as store;
