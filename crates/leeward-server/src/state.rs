//! What state a node is in: ready, stopping, failed; and which sessions live on which shard.

use crate::admission::Number;
use crate::guard::GuardFigures;
use crate::node::Node;
use crate::pulse::Pulse;
use leeward_core::hub::Shed;
use leeward_core::lease::Terms;
use leeward_core::storm::{Figures, View};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use tokio::sync::{Notify, watch};

/// The state of a node.
pub(crate) struct State {
    ready: AtomicBool,
    failed: AtomicBool,
    failure: Notify,
    stopping: watch::Sender<bool>,
    /// The connections of sessions, by epoch.
    live: Mutex<BTreeMap<u32, Number>>,
    /// Connections of each shard.
    shards: Vec<AtomicI64>,
    /// What is shed, and why.
    shed: Mutex<(Shed, &'static str)>,
    /// On what terms leases are granted; `None`: on those of the configuration.
    terms: Mutex<Option<Terms>>,
}

impl State {
    pub(crate) fn new(shards: usize) -> Self {
        Self {
            ready: AtomicBool::new(false),
            failed: AtomicBool::new(false),
            failure: Notify::new(),
            stopping: watch::Sender::new(false),
            live: Mutex::default(),
            shards: (0..shards).map(|_| AtomicI64::new(0)).collect(),
            shed: Mutex::default(),
            terms: Mutex::default(),
        }
    }

    fn live(&self) -> MutexGuard<'_, BTreeMap<u32, Number>> {
        self.live.lock().expect("nothing panics while it holds this lock")
    }
}

impl Node {
    /// Whether the node takes connections: false before it has loaded, and from the moment that it
    /// is asked to stop.
    pub fn ready(&self) -> bool {
        self.state.ready.load(Ordering::Acquire)
    }

    pub(crate) fn set_ready(&self, ready: bool) {
        self.state.ready.store(ready, Ordering::Release);
    }

    /// Turns true when the node stops.
    pub(crate) fn stopping(&self) -> watch::Receiver<bool> {
        self.state.stopping.subscribe()
    }

    pub(crate) fn stop(&self) {
        self.state.stopping.send_replace(true);
    }

    /// A part of the node cannot go on: the whole stops.
    pub(crate) fn fail(&self, what: &str) {
        tracing::error!(what, "failed");
        self.state.failed.store(true, Ordering::Release);
        self.state.failure.notify_one();
    }

    pub(crate) async fn failed(&self) {
        self.state.failure.notified().await;
    }

    pub(crate) fn has_failed(&self) -> bool {
        self.state.failed.load(Ordering::Acquire)
    }

    /// A session has a connection.
    pub(crate) fn live_began(&self, epoch: u32, number: Number) {
        self.state.live().insert(epoch, number);
    }

    /// It has none any more.
    pub(crate) fn live_ended(&self, epoch: u32) {
        self.state.live().remove(&epoch);
    }

    /// The connection of a session, if it has one.
    pub(crate) fn live(&self, epoch: u32) -> Option<Number> {
        self.state.live().get(&epoch).copied()
    }

    /// How the node's connections stand, by the shards' own tables.
    pub fn view(&self) -> View {
        self.admission.view()
    }

    /// Sockets that shards have taken in and that have not said yet what they want.
    pub fn openings(&self) -> usize {
        let count = |pulse: &Pulse| pulse.openings_count.load(Ordering::Relaxed);
        self.admission.pulses().map(count).sum()
    }

    /// What the limiter shows of itself.
    pub fn storm(&self) -> Arc<Figures> {
        self.admission.figures(self.instant())
    }

    /// What the guard has seen and done.
    pub fn guard(&self) -> GuardFigures {
        self.guarded.figures(self.instant())
    }

    /// How much is shed.
    pub(crate) fn shed(&self) -> Shed {
        self.state.shed.lock().expect("nothing panics while it holds this lock").0
    }

    /// What is shed and why, in the order in which it was.
    pub(crate) fn shed_why(&self) -> Vec<(&'static str, &'static str)> {
        let (level, why) =
            *self.state.shed.lock().expect("nothing panics while it holds this lock");
        level.what().map(|what| (what.as_str(), why)).collect()
    }

    pub(crate) fn set_shed(&self, level: Shed, why: &'static str) {
        *self.state.shed.lock().expect("nothing panics while it holds this lock") = (level, why);
        self.admission.stir_all();
    }

    /// On what terms leases are granted from here on.
    pub(crate) fn terms(&self) -> Terms {
        let set = *self.state.terms.lock().expect("nothing panics while it holds this lock");
        set.unwrap_or(self.config.lease)
    }

    /// Changes them. What has been granted stays.
    pub(crate) fn set_terms(&self, terms: Terms) {
        *self.state.terms.lock().expect("nothing panics while it holds this lock") = Some(terms);
        self.admission.stir_all();
    }

    /// A shard has so many connections more.
    pub(crate) fn count(&self, shard: u32, more: i64) {
        if let Some(count) = self.state.shards.get(shard as usize) {
            count.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// Connections of each shard.
    pub(crate) fn counts(&self) -> Vec<i64> {
        self.state.shards.iter().map(|count| count.load(Ordering::Relaxed)).collect()
    }

    /// How many more connections a shard has than the emptiest.
    pub(crate) fn skew(&self, shard: u32) -> i64 {
        let counts = self.state.shards.iter().map(|count| count.load(Ordering::Relaxed));
        let least = counts.min().unwrap_or(0);
        self.state.shards.get(shard as usize).map_or(0, |c| c.load(Ordering::Relaxed) - least)
    }
}
