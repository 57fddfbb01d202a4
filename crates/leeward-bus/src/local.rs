//! The bus of a single node: one bounded inbox for each shard.

use leeward_core::hub::News;
use std::sync::{Arc, Mutex, MutexGuard, RwLock};
use tokio::sync::Notify;

/// The inboxes of the shards of one process.
pub struct Local {
    inboxes: RwLock<Vec<Arc<Inbox>>>,
    bytes_max: usize,
}

/// One shard's inbox.
pub struct Inbox {
    waiting: Mutex<Waiting>,
    arrived: Notify,
    bytes_max: usize,
}

#[derive(Default)]
struct Waiting {
    news: Vec<News>,
    bytes: usize,
    lost: bool,
}

impl Local {
    pub(crate) fn new(bytes_max: usize) -> Self {
        Self { inboxes: RwLock::default(), bytes_max }
    }

    pub(crate) fn publish(&self, news: &News) {
        let cost = news.cost_bytes();
        let inboxes = self.inboxes.read().expect("nothing panics while it holds this lock");
        for inbox in inboxes.iter() {
            inbox.put(news.clone(), cost);
        }
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        let inboxes = self.inboxes.read().expect("nothing panics while it holds this lock");
        inboxes.iter().map(|inbox| inbox.bytes()).sum()
    }

    pub(crate) fn subscribe(&self) -> Arc<Inbox> {
        let inbox = Arc::new(Inbox {
            waiting: Mutex::default(),
            arrived: Notify::new(),
            bytes_max: self.bytes_max,
        });
        let mut inboxes = self.inboxes.write().expect("nothing panics while it holds this lock");
        inboxes.push(Arc::clone(&inbox));
        inbox
    }
}

impl Inbox {
    fn put(&self, news: News, cost: usize) {
        let mut waiting = self.lock();
        if waiting.bytes + cost > self.bytes_max {
            waiting.lost = true;
        } else {
            waiting.bytes += cost;
            waiting.news.push(news);
        }
        drop(waiting);
        self.arrived.notify_one();
    }

    /// Resolves when there may be something to take.
    pub async fn arrived(&self) {
        self.arrived.notified().await;
    }

    /// Moves all that waits into `into`, which is empty. True when news was lost since the last take.
    pub fn take(&self, into: &mut Vec<News>) -> bool {
        let mut waiting = self.lock();
        std::mem::swap(&mut waiting.news, into);
        waiting.bytes = 0;
        std::mem::take(&mut waiting.lost)
    }

    /// Bytes that wait.
    pub fn bytes(&self) -> usize {
        self.lock().bytes
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().expect("nothing panics while it holds this lock")
    }
}
