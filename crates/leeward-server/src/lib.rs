//! The async shell around the core: listeners, shards, connections, the HTTP API and the operator's
//! listener.
//!
//! In reading order: [`config`] what a node is told, [`run`] its life, [`node`] the spine that every
//! post passes, [`accounts`] and [`passwords`] who may come in, [`http`] everything that is not live.
//!
//! What is live: `door` accepts sockets and speaks HTTP on them, `upgrade` judges who wants to go
//! live, `shard` owns the connections of one thread, `reads` asks the store for it and `heart` is its loop; `conn` is one connection
//! with its `socket` and its `outbound` queue, `live` does what its session wants done, `xmpp` what
//! one that speaks XMPP does. `admission`
//! asks who may come in, `wheel` knows when to look at whom. [`doctor`] holds the machine's limits
//! against what will be asked of them; `watch` shows what goes on, `operator` serves it.

pub mod accounts;
mod admission;
mod assets;
pub mod config;
mod conn;
pub mod doctor;
mod door;
pub mod guard;
mod heart;
pub mod http;
mod kept;
mod live;
mod lot;
pub mod metrics;
pub mod node;
pub mod operate;
mod operator;
mod outbound;
pub mod passwords;
mod pulse;
mod reads;
pub mod run;
mod shard;
mod socket;
mod squeeze;
mod state;
mod stopwatch;
mod tls;
mod upgrade;
mod watch;
mod wheel;
mod xmpp;

pub use config::NodeConfig;
pub use node::{Actor, Node, Posted};
pub use watch::metrics_table;

/// The words, for the program: it depends on this crate and on the client alone.
pub use leeward_core as core;
/// The store, for commands on a data directory that nobody serves.
pub use leeward_store as store;
