//! What a node shows of itself: the status document, ten minutes of history, the journal, and those
//! who watch.
//!
//! In reading order: [`status`] the document, `reading` what it is made from, `detect` when there is
//! a storm, `observe` how one becomes the other, `sentence`, `tell` and `journal` its words,
//! `figures` its metrics, `gather` where a reading comes from, `statsd` who else is told.
//!
//! It has a thread of its own, which waits for nobody: neither for a watcher that does not read nor
//! for a public side that is full.

mod detect;
mod figures;
mod gather;
mod history;
mod journal;
mod observe;
mod reading;
mod sentence;
mod statsd;
pub(crate) mod status;
mod table;
mod tell;

pub(crate) use history::Row;
pub(crate) use journal::Entry;
pub(crate) use observe::LIMITS;
pub use table::metrics_table;
pub(crate) use tell::rebuilt;

use crate::node::{Node, StartError};
use leeward_core::durations::{Counts, Durations};
use leeward_core::id::Millis;
use observe::Observer;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use status::{State, Status};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How often is looked.
const LOOK: Duration = Duration::from_millis(250);
/// Looks between two documents that are sent in calm times.
const CALM_LOOKS: u32 = 4;
/// Most who watch at a time: an operator's team and their walls.
pub(crate) const WATCHERS_MAX: usize = 32;
/// What may wait for one who watches; whoever is further behind is cut off and may come again.
const WAITING_MAX: usize = 16;

/// Sentences that may wait for the next look.
const SAID_MAX: usize = 16;

/// What those who watch are told.
#[derive(Clone, Debug)]
pub(crate) enum Told {
    /// How things stand.
    Status(Arc<Status>),
    /// What has happened.
    Journal(Entry),
}

/// What a node shows of itself.
#[derive(Debug)]
pub(crate) struct Watch {
    /// From a draft's arrival to the last write of its delivery on a shard.
    pub(crate) send_to_seen: Durations,
    /// From a live connection's opening to all that it missed having been sent.
    pub(crate) in_sync: Durations,
    build: String,
    inner: Mutex<Inner>,
    /// Sentences that wait for the next look.
    said: Mutex<Vec<(Millis, String)>>,
}

#[derive(Debug, Default)]
struct Inner {
    observer: Observer,
    watchers: Vec<mpsc::Sender<Told>>,
}

impl Watch {
    /// Nothing has been seen. `build` is the web app's.
    pub(crate) fn new(build: String) -> Self {
        Self {
            send_to_seen: Durations::default(),
            in_sync: Durations::default(),
            build,
            inner: Mutex::default(),
            said: Mutex::default(),
        }
    }

    /// How things stand; `None` until somebody has looked.
    pub(crate) fn status(&self) -> Option<Status> {
        self.lock().status(&self.build)
    }

    /// The last ten minutes, oldest first.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.lock().observer.rows()
    }

    /// Has the journal told a sentence at the next look. Whoever says it never waits for one.
    pub(crate) fn say(&self, at: Millis, text: String) {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        if said.len() < SAID_MAX {
            said.push((at, text));
        }
    }

    /// Watches from here on, beginning with how things stand. `None`: too many do.
    pub(crate) fn watch(&self) -> Option<mpsc::Receiver<Told>> {
        let mut inner = self.lock();
        inner.watchers.retain(|watcher| !watcher.is_closed());
        if inner.watchers.len() >= WATCHERS_MAX {
            return None;
        }
        let (watcher, told) = mpsc::channel(WAITING_MAX);
        inner.watchers.push(watcher.clone());
        if let Some(status) = inner.status(&self.build) {
            // It has just been made: there is room for one.
            let _ = watcher.try_send(Told::Status(Arc::new(status)));
        }
        Some(told)
    }

    /// Takes a reading. `send`: those who watch are due a document, whatever the state.
    fn look(&self, reading: reading::Reading, send: bool) {
        let mut inner = self.lock();
        let was = inner.observer.state();
        let said = std::mem::take(&mut *self.said.lock().unwrap_or_else(PoisonError::into_inner));
        let mut entries: Vec<Entry> =
            said.iter().map(|(at, text)| inner.observer.say(*at, text)).collect();
        entries.extend(inner.observer.look(reading));
        for entry in entries {
            tracing::info!(journal = entry.number, "{}", entry.text);
            inner.tell(&Told::Journal(entry));
        }
        let state = inner.observer.state();
        if (send || state != State::Calm || was != state)
            && !inner.watchers.is_empty()
            && let Some(status) = inner.status(&self.build)
        {
            inner.tell(&Told::Status(Arc::new(status)));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().expect("nothing panics while it holds this lock")
    }
}

impl Inner {
    fn status(&self, build: &str) -> Option<Status> {
        self.observer.status(build, self.watchers.len() as u64)
    }

    /// Tells everybody who keeps up; the others are told nothing more.
    fn tell(&mut self, told: &Told) {
        self.watchers.retain(|watcher| watcher.try_send(told.clone()).is_ok());
    }
}

/// Looks until dropped.
pub(crate) struct Lookout {
    _stop: oneshot::Sender<()>,
}

/// Starts the thread that looks.
pub(crate) fn start(node: Arc<Node>) -> Result<Lookout, StartError> {
    let (stop, stopped) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(StartError::Thread)?;
    std::thread::Builder::new()
        .name("watch".into())
        .spawn(move || runtime.block_on(look_out(node, stopped)))
        .map_err(StartError::Thread)?;
    Ok(Lookout { _stop: stop })
}

async fn look_out(node: Arc<Node>, mut stopped: oneshot::Receiver<()>) {
    let statsd = node.config.statsd.clone();
    if let Some(config) = statsd {
        tokio::spawn(statsd::send(Arc::clone(&node), config));
    }
    let mut time = tokio::time::interval(LOOK);
    time.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut looks = 0u32;
    loop {
        tokio::select! {
            biased;
            // 1. The end of the node.
            _ = &mut stopped => return,
            // 2. Time.
            _ = time.tick() => {}
        }
        node.watch.look(gather::reading(&node), looks.is_multiple_of(CALM_LOOKS));
        looks = looks.wrapping_add(1);
    }
}

/// Shows the figures of the document where metrics are shown.
#[derive(Debug)]
pub(crate) struct Figures(pub(crate) Arc<Watch>);

impl Collector for Figures {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        if let Some(status) = self.0.status() {
            figures::encode(&figures::figures(&status), &mut encoder)?;
        }
        let help = "From a draft's arrival to its last delivery on a shard";
        histogram(&mut encoder, "send_to_seen_seconds", help, &self.0.send_to_seen.counts())?;
        let help = "From a live connection's opening to being in sync";
        histogram(&mut encoder, "in_sync_seconds", help, &self.0.in_sync.counts())
    }
}

fn histogram(
    encoder: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    counts: &Counts,
) -> Result<(), std::fmt::Error> {
    let mut below = 0;
    let mut buckets: Vec<(f64, u64)> = Vec::new();
    for (bound_us, up_to) in counts.doublings() {
        buckets.push((bound_us as f64 / 1e6, up_to - below));
        below = up_to;
    }
    buckets.push((f64::INFINITY, counts.count() - below));
    let mut metric = encoder.encode_descriptor(name, help, None, MetricType::Histogram)?;
    let sum = counts.sum_us() as f64 / 1e6;
    metric.encode_histogram::<NoLabelSet>(sum, counts.count(), &buckets, None)
}

#[cfg(test)]
mod tests;
