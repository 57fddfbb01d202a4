//! What one node tells the others, and one shard the other shards of its node.
//!
//! Delivery is at most once: a shard that does not keep up loses news and is told that it did; it
//! heals from the store, by the holes it sees. Never reads or writes the store itself.

mod local;

pub use local::{Inbox, Local};

use leeward_core::hub::News;
use std::sync::Arc;

/// How news travels.
pub enum Bus {
    /// Between the shards of one process.
    Local(Local),
}

impl Bus {
    /// A bus for the shards of one process; each inbox holds at most so many bytes.
    pub fn local(inbox_bytes_max: usize) -> Self {
        Self::Local(Local::new(inbox_bytes_max))
    }

    /// Tells every shard.
    pub fn publish(&self, news: &News) {
        match self {
            Self::Local(local) => local.publish(news),
        }
    }

    /// Bytes that wait in all inboxes.
    pub fn waiting_bytes(&self) -> usize {
        match self {
            Self::Local(local) => local.waiting_bytes(),
        }
    }

    /// An inbox that gets all that is published from here on.
    pub fn subscribe(&self) -> Arc<Inbox> {
        match self {
            Self::Local(local) => local.subscribe(),
        }
    }
}
