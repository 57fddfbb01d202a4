//! The rooms of one shard, and which of its connections are in them.

mod news;

pub use news::{News, Published};
