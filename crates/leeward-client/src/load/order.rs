//! What a worker is told, and what it answers: the same in a thread of this process and, as lines of
//! JSON, in a process of its own.

use crate::crew::{Tally, Told, Work};
use crate::histogram::Histogram;
use leeward_core::id::RoomId;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use tokio::sync::mpsc;

/// One order. A worker answers each with what it has [`Seen`] so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Order {
    /// Where the server is; the first order.
    Server { url: String, roots: Option<String> },
    /// Bring these people in, so many at a time.
    Bring { people: Vec<Person>, at_once: usize },
    /// Forget what was counted.
    Reset,
    /// Look.
    Look,
    /// Drop every connection; each comes back at a random moment within so many milliseconds.
    Lose { within_ms: u32 },
    /// In each of these rooms somebody posts at a steady rate, per room and second.
    Talk { rooms: Vec<RoomId>, per_second: f64, text_bytes: usize },
    /// In each of these rooms so many people post as fast as their posts are acknowledged.
    Write { rooms: Vec<RoomId>, each: usize, text_bytes: usize },
    /// Nobody posts any more.
    Hush,
    /// Everybody leaves.
    Leave,
}

/// A synthetic person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Person {
    pub(super) token: String,
    pub(super) room: RoomId,
    pub(super) from: Option<IpAddr>,
}

/// What a worker has counted since it was last told to forget.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Seen {
    /// People who are in and caught up; not a count since, but as it is.
    pub(super) present: usize,
    /// Posts without an answer; as it is.
    pub(super) unanswered: usize,
    /// Connections attempted.
    pub(super) attempts: u64,
    /// How long each took from being brought or dropped to being caught up.
    pub(super) came: Histogram,
    /// Events of other people's posts and one's own, from posting to seeing.
    pub(super) delivered: Histogram,
    /// Posts, from posting to acknowledgement.
    pub(super) posted: Histogram,
    /// Posts and connections refused for good.
    pub(super) refused: u64,
    /// Times that the server said `gap`: events were missed.
    pub(super) gaps: u64,
}

impl Work for Order {
    type Seen = Seen;

    async fn work(orders: mpsc::Receiver<Told<Self>>) {
        super::worker::work(orders).await;
    }
}

impl Tally for Seen {
    fn merge(&mut self, other: &Self) {
        self.present += other.present;
        self.unanswered += other.unanswered;
        self.attempts += other.attempts;
        self.came.merge(&other.came);
        self.delivered.merge(&other.delivered);
        self.posted.merge(&other.posted);
        self.refused += other.refused;
        self.gaps += other.gaps;
    }
}
